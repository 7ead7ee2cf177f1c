# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What hardware costs, before it is built: DSPs, memories, LUTs, flip-flops and cycles, each formula with its source.

`geometry` says which taps a pixel needs; `cycles`, `dsp`, `memory` and `lut` what a unit takes; `process` adds
them up for whole processes, `streams` for what lies between them. `fifos` sizes FIFOs for a rate, `ddr` counts
traffic. Costs take numbers or numpy arrays of foldings alike. They are predictions: no vendor tool is asked.
docs/cost.md has all formulas on a page.
"""
