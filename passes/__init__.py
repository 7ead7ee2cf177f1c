# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The passes of licc, one file each; `registry` names them, `pipelines` orders them."""
