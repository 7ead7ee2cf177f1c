# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The arithmetic of choosing integers for a float codec: statistics, scales, multipliers and GDN.

Only `facts` knows MLIR; what is chosen for which value is decided by
`licc.passes.lic_assign_precision`.
"""
