# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Memories and FIFOs: block RAMs (BRAM18), UltraRAMs and distributed RAM, by capacity AND by width.

Sources: AMD UG573, tables of the RAMB18E2's simple-dual-port shapes (512x36, 1Kx18, 2Kx9, 4Kx4, 8Kx2,
16Kx1) and of the URAM288 (4096x72); AMD UG574 for distributed RAM (simple dual port: RAM32M16 is 32x14 and
RAM64M8 64x7 in eight LUTs) and shift registers (SRL32: 32x1 a LUT).

Rule for small memories: one of at most 64 words or at most 1024 bits is taken for distributed RAM (LUTs),
and so is a FIFO of at most 32 words or 1024 bits. Vitis HLS chooses by similar rules where the emitted code
does not say; its choice was not verified.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from licc.cost.cycles import ceil_div, side_by_side
from licc.cost.folding import Folding
from licc.cost.geometry import ConvGeometry

BRAM18_SHAPES = ((512, 36), (1024, 18), (2048, 9), (4096, 4), (8192, 2), (16384, 1))
URAM_WORDS, URAM_BITS = 4096, 72
# A memory goes to UltraRAM if it is deeper than this and one UltraRAM takes the place of so many BRAM18s:
# about the ratio of the two on the parts that have both (zcu104 6.5, kv260 4.5, u250 4.2).
URAM_LEAST_WORDS, URAM_WORTH = 1024, 4
LUTRAM_WORDS = 64
FIFO_LUT_WORDS = 32
LUTRAM_BITS = 1024
GAMMA_BITS = 17


def in_lutram(words: Any, width: Any) -> Any:
    """Whether a memory of `words` words of `width` bits is distributed RAM."""
    return (words <= LUTRAM_WORDS) | (words * width <= LUTRAM_BITS)


def distributed(words: Any, width: Any) -> Any:
    """LUTs of a distributed RAM with a read port and a write port: eight for 32x14 or 64x7."""
    shallow, deep = ceil_div(width, 14) * 8, ceil_div(width, 7) * 8
    return np.where(words <= 32, shallow, deep * ceil_div(words, LUTRAM_WORDS))


def bram18(words: Any, width: Any) -> Any:
    """BRAM18s of one memory with a read port and a write port: the best of the six shapes."""
    return np.where(in_lutram(words, width), 0, _blocks(words, width))


def fifo_in_lutram(depth: Any, width: Any) -> Any:
    """Whether a FIFO is made of shift registers."""
    return (depth <= FIFO_LUT_WORDS) | (depth * width <= LUTRAM_BITS)


def fifo_bram18(depth: Any, width: Any) -> Any:
    """BRAM18s of a FIFO of `depth` words of `width` bits."""
    return np.where(fifo_in_lutram(depth, width), 0, _blocks(depth, width))


def _blocks(words: Any, width: Any) -> Any:
    counts = [ceil_div(words, deep) * ceil_div(width, wide) for deep, wide in BRAM18_SHAPES]
    least = counts[0]
    for count in counts[1:]:
        least = np.minimum(least, count)
    return least


def uram(words: Any, width: Any) -> Any:
    """UltraRAMs of a memory that goes there on a part that has them, else 0."""
    count = ceil_div(words, URAM_WORDS) * ceil_div(width, URAM_BITS)
    worth = bram18(words, width) >= URAM_WORTH * count
    return np.where((words > URAM_LEAST_WORDS) & worth, count, 0)


def large(words: Any, width: Any, has_uram: bool) -> tuple[Any, Any]:
    """(BRAM18s, UltraRAMs) of a memory of weights or of image rows."""
    ultra = uram(words, width) if has_uram else uram(words, width) * 0
    return np.where(ultra > 0, 0, bram18(words, width)), ultra


def banks(geometry: ConvGeometry, folding: Folding, rows: int, intake: Any) -> tuple[Any, Any, Any]:
    """Row banks, column banks and words of a bank of a line buffer of `rows` input rows.

    All rows of a window are read at once if there is more than one of them: then every row is a bank of its
    own (a window may start at any of them). Columns: the window of px positions spans (px - 1) * stride + kw
    of them; column x lies in bank x mod CB, CB the least multiple of px * stride that is not smaller, so that
    windows start at few banks; and of the k pixels of a word. Source: convolution.cpp.j2.
    """
    channels, _, width = geometry.input
    advance = folding.px * geometry.stride
    unit = np.lcm(advance, side_by_side(channels, intake))
    columns = unit * ceil_div((folding.px - 1) * geometry.stride + folding.kw, unit)
    lines = np.where(folding.kh == 1, 1, rows)
    return (
        lines,
        columns,
        rows // lines * ceil_div(width, columns) * ceil_div(channels, folding.ic),
    )


def weight_words(geometry: ConvGeometry, folding: Folding) -> Any:
    """Words of a MAC array's weights: each phase and block of outputs has its own."""
    ic, kh, kw = folding.ic, folding.kh, folding.kw
    each = sum(
        ceil_div(row.count, kh) * ceil_div(column.count, kw)
        for _, _, row, column in geometry.phases()
    )
    return ceil_div(geometry.output[0], folding.oc) * ceil_div(geometry.input[0], ic) * each


def gamma(words: Any, lanes: Any) -> Any:
    """GDN's gammas, 17 bits each."""
    return bram18(words, lanes * GAMMA_BITS)


def per_channel(blocks: Any, lanes: Any, bits: int) -> Any:
    """A memory with one value a channel: biases, betas, multipliers, shifts."""
    return bram18(blocks, lanes * bits)
