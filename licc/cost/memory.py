# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Block RAMs (BRAM18) that memories and FIFOs take, by capacity AND by width.

Sources: AMD UG573, tables of the RAMB18E2's simple-dual-port shapes (512x36, 1Kx18, 2Kx9, 4Kx4, 8Kx2,
16Kx1); AMD UG574 for distributed RAM (64x1 a LUT) and shift registers (32x1 a LUT).

Rule for small memories: one of at most 64 words or at most 1024 bits is taken for distributed RAM (LUTs),
and so is a FIFO of at most 32 words or 1024 bits. Vitis HLS chooses by similar rules where the emitted code
does not say; its choice was not verified.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from licc.cost.cycles import ceil_div
from licc.cost.geometry import ConvGeometry

BRAM18_SHAPES = ((512, 36), (1024, 18), (2048, 9), (4096, 4), (8192, 2), (16384, 1))
LUTRAM_WORDS = 64
FIFO_LUT_WORDS = 32
LUTRAM_BITS = 1024
GAMMA_BITS = 17
TABLE_WORDS, TABLE_BITS = 256, 17


def in_lutram(words: Any, width: Any) -> Any:
    """Whether a memory of `words` words of `width` bits is distributed RAM."""
    return (words <= LUTRAM_WORDS) | (words * width <= LUTRAM_BITS)


def bram18(words: Any, width: Any) -> Any:
    """BRAM18s of one memory with a read port and a write port: the best of the six shapes."""
    return np.where(in_lutram(words, width), 0, _blocks(words, width))


def fifo_bram18(depth: Any, width: Any) -> Any:
    """BRAM18s of a FIFO of `depth` words of `width` bits."""
    small = (depth <= FIFO_LUT_WORDS) | (depth * width <= LUTRAM_BITS)
    return np.where(small, 0, _blocks(depth, width))


def _blocks(words: Any, width: Any) -> Any:
    counts = [ceil_div(words, deep) * ceil_div(width, wide) for deep, wide in BRAM18_SHAPES]
    least = counts[0]
    for count in counts[1:]:
        least = np.minimum(least, count)
    return least


def line_buffer(geometry: ConvGeometry, rows: int, bits: int, ic: Any, kw: Any) -> Any:
    """A line buffer of `rows` input rows, from which all tap rows and `kw` tap columns are read at once.

    Every row is a bank of its own (a window may start at any of them), and its columns lie in kw banks,
    column x in bank x mod kw. A bank's word is ic values. Source: convolution.cpp.j2, whose `lines` are
    partitioned completely by rows and banks.
    """
    depth = ceil_div(geometry.input[2], kw) * ceil_div(geometry.input[0], ic)
    return rows * kw * bram18(depth, ic * bits)


def weights(words: Any, lanes: Any) -> Any:
    """The 8-bit weights of a MAC array: one word of all lanes a cycle."""
    return bram18(words, lanes * 8)


def gamma(words: Any, lanes: Any) -> Any:
    """GDN's gammas, 17 bits each."""
    return bram18(words, lanes * GAMMA_BITS)


def per_channel(blocks: Any, lanes: Any, bits: int) -> Any:
    """A memory with one value a channel: biases, betas, multipliers, shifts."""
    return bram18(blocks, lanes * bits)


def table(lanes: Any) -> Any:
    """The table of a root unit: 256 words of 17 bits; the two ports of a BRAM18 serve two lanes."""
    return ceil_div(lanes, 2) * int(bram18(TABLE_WORDS, TABLE_BITS))
