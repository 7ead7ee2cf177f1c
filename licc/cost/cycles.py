# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Cycles that a process takes for one frame, with loops of one iteration a cycle (II = 1).

Source: the loops of the emitted processes themselves (`licc/target/emit/templates`); the depths of their
pipelines (some tens of cycles a loop) are not counted.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from licc.cost.geometry import ConvGeometry

BEAT_BYTES = 8


def ceil_div(a: Any, b: Any) -> Any:
    """`a / b` rounded up, for integers or arrays of them."""
    return -(-a // b)


def steps(geometry: ConvGeometry, ic: Any, kh: Any, kw: Any) -> list[Any]:
    """Words that the MAC array reads for one block of outputs, for each phase, row phases outermost.

    `ceil(taps_h / kh) * ceil(taps_w / kw) * ceil(inputs / ic)`.
    """
    inputs = ceil_div(geometry.input[0], ic)
    return [
        ceil_div(row.count, kh) * ceil_div(column.count, kw) * inputs
        for _, _, row, column in geometry.phases()
    ]


def conv(geometry: ConvGeometry, oc: Any, ic: Any, kh: Any, kw: Any) -> Any:
    """A MAC array behind its line buffer.

    The rows that the first output row needs are read first, one word a cycle. Then each output row is
    one loop that computes it and reads what the next one needs: as long as the longer of the two.
    """
    blocks = ceil_div(geometry.output[0], oc)
    words = geometry.input[2] * ceil_div(geometry.input[0], ic)
    each = steps(geometry, ic, kh, kw)
    total = geometry.first_fill * words
    for phase, fill, count in geometry.row_kinds:
        total = total + count * np.maximum(_row(geometry, each, phase) * blocks, fill * words)
    return total


def _row(geometry: ConvGeometry, each: list[Any], phase: int) -> Any:
    """Steps of one block of outputs in a whole output row of row phase `phase`."""
    columns = len(geometry.columns)
    return sum(
        geometry.pixels_of_column_phase(j) * each[phase * columns + j] for j in range(columns)
    )


def conv_row_profile(geometry: ConvGeometry, oc: Any, ic: Any, kh: Any, kw: Any) -> tuple[Any, Any]:
    """The steady state of a line buffer: words read, and cycles, of a group of `upsample` output rows.

    It sizes the FIFO in front.
    """
    words = geometry.input[2] * ceil_div(geometry.input[0], ic)
    blocks = ceil_div(geometry.output[0], oc)
    each = steps(geometry, ic, kh, kw)
    rows = [_row(geometry, each, phase) * blocks for phase in range(geometry.upsample)]
    # The last phase of a group reads the rows that the next group starts from.
    read = geometry.stride * words
    return read, sum(rows[:-1]) + np.maximum(rows[-1], read)


def gdn_norm(pixels: int, channels: int, oc: Any, ic: Any) -> Any:
    """A matrix product for each pixel, while the words of the next pixel are read.

    One pixel more than there are: before the first product, a pixel is only read.
    """
    return (pixels + 1) * ceil_div(channels, oc) * ceil_div(channels, ic)


def elementwise(pixels: int, channels: int, lanes: Any) -> Any:
    """One word a cycle: GDN's roots, abs, added constants."""
    return pixels * ceil_div(channels, lanes)


def repack(pixels: int, channels: int, lanes_in: int, lanes_out: int) -> int:
    """Words of another width: at most one word in and one out a cycle; counted by running it.

    A word is read while fewer lanes are held than leave together, and leaves as soon as it is whole.
    """
    words_in, words_out = ceil_div(channels, lanes_in), ceil_div(channels, lanes_out)
    held = taken = given = steps = 0
    while given < words_out:
        if taken < words_in and held < lanes_out:
            taken, held = taken + 1, held + lanes_in
        if held >= lanes_out or taken == words_in:
            given, held = given + 1, max(held - lanes_out, 0)
        steps += 1
    return pixels * steps


def port(pixels: int, channels: int, lanes: Any, bits: int) -> Any:
    """An AXI port of 64-bit beats: one beat a cycle, and a whole number of them for each word.

    Source: `unpack_beats` and `pack_beats` in runtime/hls/licc_hls.hpp, whose loops have
    II = beats of a word. DDR latency and contention are not counted.
    """
    return pixels * ceil_div(channels, lanes) * ceil_div(lanes * (bits // 8), BEAT_BYTES)
