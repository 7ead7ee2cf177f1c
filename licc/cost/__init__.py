# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What hardware costs, before it is built: DSPs, block RAMs and cycles, each formula with its source.

`geometry` says which taps a pixel needs, `cycles`, `dsp` and `memory` what a unit takes, `process` adds
them up for whole processes. All functions take numbers or numpy arrays of foldings alike. They are
predictions: no vendor tool is asked.

LUTs and flip-flops are not modelled yet.
"""
