# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A chain of processes between FIFOs, cycle by cycle: what licc/cost/fifos.py says, found out by trying.

A process is the endless sequence of its steps, each of which reads a word or none and writes a word or none, one
step a cycle at most. A step waits until its word is there and until there is room.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count

from licc.cost import cycles
from licc.cost.fifos import Paced

Step = tuple[int, int, bool]  # words read, words written, whether a frame ends


def conv(paced: Paced) -> Iterator[Step]:
    """Rows of steps; reads by the counter of convolution.cpp.j2, a word of sums behind each block."""
    geometry, folding = paced.process.geometry, paced.folding
    assert geometry is not None
    each = cycles.steps(geometry, folding)
    columns = len(geometry.columns)
    groups = cycles.groups(geometry, folding.px)
    blocks = cycles.ceil_div(geometry.output[0], folding.oc)
    width = int(cycles.row_words(geometry, paced.intake))
    for _ in range(geometry.first_fill * width):
        yield 1, 0, False
    while True:
        for row, fill in enumerate(geometry.fills):
            phase = row % geometry.upsample
            writes: list[int] = []
            for _ in range(groups):
                for side in range(columns):
                    writes += ([0] * (each[phase * columns + side] - 1) + [1]) * blocks
            words = fill * width
            trip = max(len(writes), words)
            due = 0
            for step in range(trip):
                due += words
                read = due >= trip
                due -= trip * read
                last = row + 1 == len(geometry.fills) and step + 1 == trip
                yield int(read), writes[step] if step < len(writes) else 0, last


def drain(paced: Paced, array: Paced) -> Iterator[Step]:
    """Groups of positions: one comes in while another leaves."""
    geometry = paced.process.geometry
    assert geometry is not None
    height, px = geometry.output[1], array.folding.px
    taken = geometry.upsample * cycles.ceil_div(geometry.output[0], array.folding.oc)
    channels, _, width = geometry.output
    given = int(cycles.words(px * geometry.upsample, channels, paced.folding.oc))
    groups = cycles.groups(geometry, px)
    trip = max(taken, given)
    beyond = groups * px * geometry.upsample - width
    shorter = given - int(cycles.words(beyond, channels, paced.folding.oc))
    for turn in count():
        due = 0
        leaves = shorter if turn % groups == 0 else given
        for step in range(trip):
            due += taken
            read = due >= trip
            due -= trip * read
            last = turn and turn % (height * groups) == 0 and step + 1 == trip
            yield int(read), int(turn > 0 and step < leaves), bool(last)


def norm(paced: Paced) -> Iterator[Step]:
    """Pixels: one comes in while another is multiplied; a word leaves behind each block of outputs."""
    channels, folding = paced.process.input[0], paced.folding
    inputs, blocks = cycles.ceil_div(channels, folding.ic), cycles.ceil_div(channels, folding.oc)
    taken = cycles.ceil_div(channels, paced.intake)
    trip = max(inputs * blocks, taken)
    for turn in count():
        due = 0
        for step in range(trip):
            due += taken
            read = due >= trip
            due -= trip * read
            write = turn > 0 and step < inputs * blocks and step % inputs == inputs - 1
            yield int(read), int(write), False


def root(_: Paced) -> Iterator[Step]:
    """A word in, a word out."""
    while True:
        yield 1, 1, False


def repack(channels: int, lanes_in: int, lanes_out: int) -> Iterator[Step]:
    """As repack.cpp.j2 does it."""
    words_in, words_out = cycles.ceil_div(channels, lanes_in), cycles.ceil_div(channels, lanes_out)
    while True:
        held = taken = given = 0
        while given < words_out:
            read = taken < words_in and held < lanes_out
            taken, held = taken + read, held + read * lanes_in
            write = held >= lanes_out or taken == words_in
            given, held = given + write, max(held - lanes_out, 0) if write else held
            yield int(read), int(write), False


def source(words: int) -> Iterator[Step]:
    """A port that always has a word."""
    while True:
        for word in range(words):
            yield 0, 1, word + 1 == words


def sink(words: int) -> Iterator[Step]:
    """A port that always has room."""
    while True:
        for word in range(words):
            yield 1, 0, word + 1 == words


def interval(steps: Sequence[Iterator[Step]], depths: Sequence[int], frames: int) -> int:
    """Cycles between the last two ends of a frame at the last process."""
    filled = [0] * len(depths)
    pending = [next(process) for process in steps]
    ends: list[int] = []
    for cycle in count():
        before = list(filled)
        for i, (read, write, last) in enumerate(pending):
            if read and before[i - 1] < read:
                continue
            if write and before[i] + write > depths[i]:
                continue
            if read:
                filled[i - 1] -= read
            if write:
                filled[i] += write
            if last and i + 1 == len(pending):
                ends.append(cycle)
                if len(ends) == frames:
                    return ends[-1] - ends[-2]
            pending[i] = next(steps[i])
    raise AssertionError
