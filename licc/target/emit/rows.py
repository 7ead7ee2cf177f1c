# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The rows of a convolution: when the line buffer reads which, and what its loop has to know of each."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from licc.target.emit.view import RowKind

__all__ = ["Rows", "distances", "frame_steps", "overwritten", "row_kinds"]


@dataclass(frozen=True)
class Rows:
    """When a convolution needs which rows.

    Attributes:
        input, output: channels, height and width.
        stride: input rows from an output row to the next of its phase.
        upsample: row phases.
        taps: (offset of the first tap row, tap rows) of each phase.
        held: rows of the line buffer.
        apart: slots from a row to the next.
    """

    input: tuple[int, int, int]
    output: tuple[int, int, int]
    stride: int
    upsample: int
    taps: tuple[tuple[int, int], ...]
    held: int
    apart: int

    def top(self, row: int) -> int:
        """First tap row of output row `row`."""
        base, phase = divmod(row, self.upsample)
        return base * self.stride + self.taps[phase][0]

    def wanted(self, row: int) -> int:
        """Input rows of a frame that output row `row` needs, from the first."""
        return min(max(self.top(row) + self.taps[row % self.upsample][1], 0), self.input[1])

    def fills(self) -> list[int]:
        """Input rows that are read during each output row of a frame.

        Those that the next one needs; during the last one what is left of the frame, and what the first
        row of the next frame needs.
        """
        fills: list[int] = []
        there = self.wanted(0)
        for row in range(1, self.output[1] + 1):
            last = row == self.output[1]
            wanted = self.input[1] + self.wanted(0) if last else self.wanted(row)
            fills.append(max(wanted - there, 0))
            there = max(there, wanted)
        return fills


def overwritten(rows: Rows) -> int | None:
    """An input row that is overwritten while it is read, in a frame or over the seam to the next; or None."""
    height = rows.input[1]
    filled = rows.wanted(0)
    for frame in range(2):
        for row, fill in enumerate(rows.fills()):
            top = min(max(rows.top(row), 0), height)
            filled += fill
            if filled - rows.held > frame * height + top:
                return top
    return None


def row_kinds(
    rows: Rows, steps: tuple[int, ...], blocks: int, groups: int, words: int, biases: int = 0
) -> tuple[RowKind, ...]:
    """The kinds of rows of a convolution, `words` words of input and `biases` words of biases a row phase.

    Kind 0 reads what the very first row needs. Then come the rows of a frame: groups of `upsample` rows,
    one of equal groups that follow one another. The last group ends the frame and stands by itself.
    """
    each, u = len(steps) // rows.upsample, rows.upsample
    phase_steps = [sum(steps[i * each : (i + 1) * each]) for i in range(u)]
    fills, (height, out_height) = rows.fills(), (rows.input[1], rows.output[1])
    kinds = [_row_kind(rows, 0, rows.wanted(0) * words, 0, 0, rows.top(0), back=0)]
    first = 0
    while first < out_height:
        group = fills[first : first + u]
        last = first + len(group) == out_height
        repeats = 0
        while not last and _same_group(fills, first, repeats + 1, u, out_height):
            repeats += 1
        start = len(kinds)
        for phase, fill in enumerate(group):
            row = first + phase
            ends = phase == len(group) - 1
            frame_ends = last and ends
            on = rows.top(0) - rows.top(row) if frame_ends else rows.top(row + 1) - rows.top(row)
            kind = _row_kind(
                rows,
                phase_steps[phase] * blocks * groups,
                fill * words,
                rows.taps[phase][1],
                blocks * sum(phase_steps[:phase]),
                on,
                seam=height if frame_ends else 0,
                bias=biases * phase,
                repeats=repeats,
                back=start if ends else -1,
                next_=1 if frame_ends else start + phase + 1,
            )
            kinds.append(kind)
        first += u * (repeats + 1)
    return tuple(kinds)


def _same_group(fills: list[int], first: int, number: int, size: int, height: int) -> bool:
    """Whether the group `number` groups behind `first` is like that, and is not the last one."""
    begin = first + number * size
    return begin + size < height and fills[begin : begin + size] == fills[first : first + size]


def _row_kind(
    rows: Rows,
    steps: int,
    words: int,
    taps: int,
    weight: int,
    on: int,
    *,
    seam: int = 0,
    bias: int = 0,
    repeats: int = 0,
    back: int = -1,
    next_: int = 1,
) -> RowKind:
    """A kind of rows; `seam` input rows lie between the frames that it ends and begins."""
    slots = (on + seam) % rows.held * rows.apart
    return RowKind(steps, words, taps, weight, bias, on, slots, repeats, back, next_)


def frame_steps(kinds: tuple[RowKind, ...]) -> int:
    """Iterations of all rows of a frame."""
    return sum(kind.trip * (kind.repeats + 1) for kind in kinds[1:])


def distances(
    width: int,
    words: int,
    groups: int,
    kinds: tuple[RowKind, ...],
    advance: int,
    taps: list[tuple[int, int]],
    kw: int,
) -> tuple[int, int]:
    """Iterations from a write of the line buffer to the first read, and from a last read to the write.

    What a row reads is never what is written during it. So a word is read in the next row at the
    earliest, by the first group of pixels whose window has its column; and it replaces one that was read
    in the row before at the latest, by the last such group. Lower bounds.
    """
    column = np.arange(words, dtype=np.int64) * width // words
    right = max(dx + math.ceil(count / kw) * kw for dx, count in taps) + advance - 1
    left = min(dx for dx, _ in taps)
    # The last column of a word of several pixels is read last, its first one first.
    first_group = np.clip(-(-(column - right) // advance), 0, groups - 1)
    last_group = np.clip((column + math.ceil(width / words) - left) // advance, 0, groups - 1)
    raw = war = 1 << 30
    quickest = min(kind.steps for kind in kinds[1:]) // groups
    for kind in kinds:
        if kind.words == 0:
            continue
        number = np.arange(kind.words, dtype=np.int64)
        when = -(-(number + 1) * kind.trip // kind.words) - 1
        place = number % words
        raw = min(raw, int((kind.trip - when + first_group[place] * quickest).min()))
        war = min(war, int((when + 1 + (groups - 1 - last_group[place]) * quickest).min()))
    return raw, war
