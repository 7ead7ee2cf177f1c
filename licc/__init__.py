# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""licc: a compiler for learned image compression on FPGAs."""

__version__ = "0.1.0"
