# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The command-line tools: `licc` compiles a student, `licc-opt` runs single passes."""
