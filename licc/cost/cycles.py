# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Cycles that a process takes for one frame in the steady state, with loops of one iteration a cycle.

Frames run back to back and rows are no loops of their own: the depth of a pipeline and the first fill of a
line buffer are paid once a call, not once a frame, and are not counted. Source: the loops of the emitted
processes (`licc/target/emit/templates`).

A word of L lanes is ceil(C / L)-th of a pixel of C channels (the last one zero-filled), or, with L = k * C,
k pixels of a row side by side.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from licc.cost.folding import Folding
from licc.cost.geometry import ConvGeometry

BEAT_BYTES = 8


def ceil_div(a: Any, b: Any) -> Any:
    """`a / b` rounded up, for integers or arrays of them."""
    return -(-a // b)


def side_by_side(channels: int, lanes: Any) -> Any:
    """Pixels in a word of `lanes` lanes: k for k * `channels` lanes, else 1."""
    return np.maximum(lanes // channels, 1)


def words(pixels: int, channels: int, lanes: Any) -> Any:
    """Words of `lanes` lanes in `pixels` pixels; k pixels a word have to divide them."""
    return ceil_div(pixels, side_by_side(channels, lanes)) * ceil_div(
        channels, np.minimum(lanes, channels)
    )


def steps(geometry: ConvGeometry, folding: Folding) -> list[Any]:
    """Words that the MAC array reads for one block of outputs, for each phase, row phases outermost.

    `ceil(taps_h / kh) * ceil(taps_w / kw) * ceil(inputs / ic)`.
    """
    inputs = ceil_div(geometry.input[0], folding.ic)
    return [
        ceil_div(row.count, folding.kh) * ceil_div(column.count, folding.kw) * inputs
        for _, _, row, column in geometry.phases()
    ]


def groups(geometry: ConvGeometry, px: Any) -> Any:
    """Groups of `px` positions in a row, the last one perhaps partly beyond it."""
    return ceil_div(geometry.positions, px)


def row_steps(geometry: ConvGeometry, folding: Folding) -> list[Any]:
    """Steps of one output row, for each row phase: every group, every column phase, every block."""
    each, columns = steps(geometry, folding), len(geometry.columns)
    repeats = groups(geometry, folding.px) * ceil_div(geometry.output[0], folding.oc)
    return [repeats * sum(each[i * columns : (i + 1) * columns]) for i in range(len(geometry.rows))]


def row_words(geometry: ConvGeometry, intake: Any) -> Any:
    """Words of one input row."""
    return words(geometry.input[2], geometry.input[0], intake)


def conv(geometry: ConvGeometry, folding: Folding, intake: Any) -> Any:
    """A MAC array behind its line buffer.

    While an output row is computed, the input rows that the next one needs are read, spread over it: it
    takes the longer of the two. During the last row, the first rows of the next frame are read.
    """
    each, width = row_steps(geometry, folding), row_words(geometry, intake)
    total: Any = 0
    for phase, fill, count in geometry.row_kinds:
        total = total + count * np.maximum(each[phase], fill * width)
    return total


def drain(geometry: ConvGeometry, array: Folding, lanes: Any) -> Any:
    """What brings the sums of `array` into pixel order and writes `lanes` lanes.

    A group of px positions is written while the next one comes in: the longer of the two, for each group.
    """
    channels, height, _ = geometry.output
    taken = geometry.upsample * ceil_div(channels, array.oc)
    given = words(array.px * geometry.upsample, channels, lanes)
    return height * groups(geometry, array.px) * np.maximum(taken, given)


def gdn_norm(pixels: int, channels: int, folding: Folding, intake: Any) -> Any:
    """A matrix product for each pixel, while the words of the next pixel are read."""
    product = ceil_div(channels, folding.oc) * ceil_div(channels, folding.ic)
    return pixels * np.maximum(product, ceil_div(channels, intake))


def elementwise(pixels: int, channels: int, lanes: Any) -> Any:
    """One word a cycle: GDN's roots, abs, added constants; and the least that a drain can take."""
    return words(pixels, channels, lanes)


def repack(pixels: int, channels: int, lanes_in: int, lanes_out: int) -> int:
    """Words of another width: at most one word in and one out a cycle; counted by running it.

    A word is read while fewer lanes are held than leave together, and leaves as soon as it is whole.
    """
    words_in, words_out = ceil_div(channels, lanes_in), ceil_div(channels, lanes_out)
    held = taken = given = count = 0
    while given < words_out:
        if taken < words_in and held < lanes_out:
            taken, held = taken + 1, held + lanes_in
        if held >= lanes_out or taken == words_in:
            given, held = given + 1, max(held - lanes_out, 0)
        count += 1
    return pixels * count


def port(pixels: int, channels: int, lanes: Any, bits: int) -> Any:
    """An AXI port of 64-bit beats: one beat a cycle, and a whole number of them for each word.

    Source: `unpack_beats` and `pack_beats` in runtime/hls/licc_hls.hpp, whose loops have
    II = beats of a word. DDR latency and contention are not counted.
    """
    return words(pixels, channels, lanes) * ceil_div(lanes * (bits // 8), BEAT_BYTES)
