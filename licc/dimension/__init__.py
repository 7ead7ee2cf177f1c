# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which width of a student meets a rate on a board, by the compiler's own schedules: `licc-dimension`."""
