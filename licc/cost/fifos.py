# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How deep the FIFO in front of each process has to be for a chain to keep its rate.

Every process does its steps in a fixed order, so how much it has read and written is known for each of its
steps. One steady frame of T cycles is looked at, as curves of pixels over time. A convolution stretches its rows
evenly to T: what it reads is spread over each row, and some rows read nothing; what it writes comes over the
steps of a row, and the rows of a transposed convolution differ. Everything else takes what comes, as fast as it
can. A FIFO has to hold the greatest difference of the curves on its two sides: then the schedule that was drawn
up is admissible, and hardware, which starts each step as soon as it can, is at least as fast (a chain has no
loops but those through full FIFOs).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from licc.cost import cycles
from licc.cost.folding import Folding
from licc.cost.geometry import ConvGeometry, Shape
from licc.cost.process import LEAST_FIFO, Process
from licc.cost.streams import SUM_BITS, deepest

Floats = NDArray[np.float64]

# Words for what the curves leave out: steps are whole, and a full FIFO is noticed some cycles later.
SLACK = 8
_TINY = 1e-9


@dataclass(frozen=True)
class Paced:
    """A process of a chain as it is scheduled.

    Attributes:
        process: what it is.
        folding: of a drain, a root and elementwise units, `oc` is their lanes.
        intake: lanes of the words that it reads; of a drain, anything.
    """

    process: Process
    folding: Folding
    intake: int


@dataclass(frozen=True)
class Curve:
    """A count that grows over one frame: linear between points (time, count).

    It goes on periodically: a frame later it is `total` more.
    """

    times: Floats
    counts: Floats

    @property
    def interval(self) -> float:
        """Cycles of a frame."""
        return float(self.times[-1] - self.times[0])

    @property
    def total(self) -> float:
        """What it grows by in a frame."""
        return float(self.counts[-1] - self.counts[0])

    def repeated(self, first: int, last: int) -> Curve:
        """Frames `first` to `last` of it, 0 being the one that is given."""
        frames = range(first, last + 1)
        return Curve(
            np.concatenate([self.times + n * self.interval for n in frames]),
            np.concatenate([self.counts + n * self.total for n in frames]),
        )

    def at(self, times: Floats) -> Floats:
        """Its counts at these times, within its points."""
        return np.interp(times, self.times, self.counts)

    def reaches(self, counts: Floats) -> Floats:
        """When it first is as great as each of `counts`."""
        after = np.clip(
            np.searchsorted(self.counts, counts - _TINY, "left"), 1, len(self.counts) - 1
        )
        return self._between(after, counts)

    def leaves(self, counts: Floats) -> Floats:
        """When it starts to be greater than each of `counts`."""
        after = np.clip(
            np.searchsorted(self.counts, counts + _TINY, "right"), 1, len(self.counts) - 1
        )
        return self._between(after, counts)

    def _between(self, after: NDArray[np.int64], counts: Floats) -> Floats:
        before = after - 1
        rise = self.counts[after] - self.counts[before]
        share = (counts - self.counts[before]) / np.maximum(rise, _TINY)
        span = self.times[after] - self.times[before]
        return self.times[before] + np.clip(share, 0.0, 1.0) * span


# --------------------------------------------------------------------------------------------------
# Differences of curves
# --------------------------------------------------------------------------------------------------
def delay(written: Curve, read: Curve) -> float:
    """The least delay of a reader that does not read before it is written.

    Both are periodic with the same interval and total.
    """
    long, middle = written.repeated(-3, 3), read.repeated(-3, 3)
    at_reads = long.reaches(read.counts) - read.times
    at_writes = written.times - middle.leaves(written.counts)
    return float(max(at_reads.max(), at_writes.max()))


def held(written: Curve, read: Curve) -> float:
    """The most that lies between a writer and a reader that starts as late as it has to."""
    late = delay(written, read)
    shifts = int(np.ceil(abs(late) / written.interval)) + 2
    reader, writer = read.repeated(-shifts, shifts), written.repeated(-shifts, shifts)
    at_writes = written.counts - reader.at(written.times - late)
    at_reads = writer.at(read.times + late) - read.counts
    return float(max(at_writes.max(), at_reads.max(), 0.0))


def follow(written: Curve, rate: float) -> tuple[Curve, float]:
    """What a reader reads that takes what comes, at most `rate` a cycle, and the most that waits for it.

    Raises:
        ValueError: it cannot keep the rate.
    """
    _check_rate(written, rate)
    twice = written.repeated(0, 1)
    times, counts = [float(twice.times[0])], [float(twice.counts[0])]
    most = 0.0
    steps = zip(np.diff(twice.times), np.diff(twice.counts), twice.counts[1:], strict=True)
    waiting = 0.0
    for span, rise, count in steps:
        if span <= 0.0:
            continue
        growth = rise / span - rate
        if waiting > 0.0 and waiting + growth * span < 0.0:
            caught = waiting / -growth
            times.append(times[-1] + caught)
            counts.append(count - rise + rise * caught / span)
            times.append(times[-1] + span - caught)
        else:
            times.append(times[-1] + span)
        waiting = max(waiting + growth * span, 0.0)
        most = max(most, waiting)
        counts.append(count - waiting)
    return _last_frame(np.array(times), np.array(counts), written), most


def _check_rate(curve: Curve, rate: float) -> None:
    if rate * curve.interval < curve.total * (1 - _TINY):
        raise ValueError(f"passes {rate * curve.interval:.1f} of {curve.total:.1f} pixels a frame")


def _last_frame(times: Floats, counts: Floats, written: Curve) -> Curve:
    start = written.times[0] + written.interval
    both = np.unique(np.concatenate([[start, start + written.interval], times[times > start]]))
    values = np.interp(both, times, counts)
    return Curve(both - written.interval, values - written.total)


def burst(read: Curve, rate: float) -> float:
    """The most that a reader takes beyond what comes at `rate` a cycle whenever there is room.

    Raises:
        ValueError: less comes than it reads.
    """
    _check_rate(read, rate)
    long = read.repeated(0, 1)
    ahead = long.counts - rate * long.times
    return float(max((ahead - np.minimum.accumulate(ahead)).max(), 0.0))


# --------------------------------------------------------------------------------------------------
# Curves of processes
# --------------------------------------------------------------------------------------------------
def conv_curves(
    geometry: ConvGeometry, folding: Folding, intake: int, interval: float
) -> tuple[Curve, Curve]:
    """Pixels that a convolution has read and written, stretched to `interval` cycles.

    Raises:
        ValueError: it takes longer than that.
    """
    steps = [int(n) for n in cycles.row_steps(geometry, folding)]
    words = int(cycles.row_words(geometry, intake))
    fills = np.array(geometry.fills)
    own = np.array([steps[row % len(steps)] for row in range(len(fills))])
    spans = np.maximum(own, fills * words)
    if spans.sum() > interval * (1 + _TINY):
        raise ValueError(f"takes {spans.sum()} cycles of {interval:.0f}")
    stretch = interval / spans.sum()
    ends = np.concatenate([[0], np.cumsum(spans)]) * stretch
    rows = geometry.first_fill + np.concatenate([[0], np.cumsum(fills)])
    read = Curve(ends, rows * float(geometry.input[2]))
    # A row that waits for its reads has written before they are done.
    done = ends[:-1] + own * stretch
    written = np.arange(len(fills) + 1) * float(geometry.output[2])
    times = np.stack([ends[:-1], done], axis=1).reshape(-1)
    counts = np.stack([written[:-1], written[1:]], axis=1).reshape(-1)
    return read, Curve(np.append(times, ends[-1]), np.append(counts, written[-1]))


def _even(pixels: int, interval: float) -> Curve:
    return Curve(np.array([0.0, interval]), np.array([0.0, float(pixels)]))


def own_cycles(paced: Paced, before: Paced | None) -> int:
    """Cycles of a process at its fastest; of a drain, behind its array."""
    process, folding = paced.process, paced.folding
    channels = process.output[0]
    if process.kind == "conv":
        assert process.geometry is not None
        return int(cycles.conv(process.geometry, folding, paced.intake))
    if process.kind == "norm":
        return int(cycles.gdn_norm(process.pixels, channels, folding, paced.intake))
    if process.kind == "drain" and before is not None and process.geometry is not None:
        return int(cycles.drain(process.geometry, before.folding, folding.oc))
    return int(cycles.elementwise(process.pixels, channels, folding.oc))


# --------------------------------------------------------------------------------------------------
# Chains
# --------------------------------------------------------------------------------------------------
def slowest(chain: Sequence[Paced]) -> int:
    """Cycles of the slowest process, repack or port."""
    first, sides = chain[0], [None, *chain, None]
    spent = [_limit(paced, sides[i], sides[i + 2]) for i, paced in enumerate(chain)]
    return max(_port_cycles(first.process.input, first.intake, first.process.in_bits), *spent)


def depths(chain: Sequence[Paced], interval: int = 0) -> list[int]:
    """Words of the FIFO in front of each process, and last of the one in front of the output port.

    That, and those in front of repacks, need no more than the least: who writes them waits for them, and has the
    FIFO that this takes in front of it.

    Args:
        chain: the processes from port to port.
        interval: cycles between two frames; those of the slowest process if not given.

    Raises:
        ValueError: a process cannot keep that rate.
    """
    before = [None, *chain]
    waiting = backlogs(chain, interval)
    found = [depth(before[i], paced, waiting[i]) for i, paced in enumerate(chain)]
    return [*found, LEAST_FIFO]


def backlogs(chain: Sequence[Paced], interval: int = 0) -> list[float]:
    """Pixels that wait in front of each process, as the curves say: without slack for words."""
    time = float(interval or slowest(chain))
    found: list[float] = []
    written: Curve | None = None
    for i, paced in enumerate(chain):
        after = chain[i + 1] if i + 1 < len(chain) else None
        if paced.process.kind == "conv":
            assert paced.process.geometry is not None
            read, writes = conv_curves(paced.process.geometry, paced.folding, paced.intake, time)
            found.append(
                burst(read, _port_rate(paced.process.input, paced.intake, paced.process.in_bits))
                if written is None
                else held(written, read)
            )
            written = writes
        elif written is None:
            found.append(0.0)
            written = _even(paced.process.pixels, time)
        else:
            rate = paced.process.pixels / _limit(paced, chain[i - 1], after)
            written, waiting = follow(written, rate)
            found.append(waiting)
    return found


def _port_cycles(shape: Shape, lanes: int, bits: int) -> int:
    channels, height, width = shape
    return int(cycles.port(height * width, channels, lanes, bits))


def _port_rate(shape: Shape, lanes: int, bits: int) -> float:
    return shape[1] * shape[2] / _port_cycles(shape, lanes, bits)


def _limit(paced: Paced, before: Paced | None, after: Paced | None) -> int:
    """Cycles of a process that also waits for the repack or the port behind it, which has no FIFO to speak of."""
    own, process, lanes = own_cycles(paced, before), paced.process, _lanes(paced)
    if after is None:
        return max(own, _port_cycles(process.output, lanes, process.out_bits))
    if not _repacked(paced, after):
        return own
    return max(own, cycles.repack(process.pixels, process.output[0], lanes, after.intake))


def _repacked(before: Paced | None, after: Paced) -> bool:
    """Whether words of other lanes are made between two processes."""
    if before is None or before.process.kind == "conv":
        return False
    return _lanes(before) != after.intake


def _lanes(paced: Paced) -> int:
    return int(paced.folding.oc)


def depth(before: Paced | None, after: Paced, pixels: float) -> int:
    """Words that hold `pixels`, and what is read or written at once, rounded up to what costs no more.

    A drain takes a group of positions; it and a repack may give what they give late, as long as they have
    room in front. The others read and write evenly.
    """
    words, width = _stream(before, after)
    at_once = int(_repacked(before, after))
    if before is not None and after.process.kind == "drain":
        assert after.process.geometry is not None
        at_once = int(before.folding.px) * after.process.geometry.upsample
    least = max(int(np.ceil((pixels + at_once) * words)) + SLACK, LEAST_FIFO)
    return deepest(least, width)


def _stream(before: Paced | None, after: Paced) -> tuple[float, int]:
    """Words a pixel of the stream that a process reads, and bits of a word."""
    process, lanes, bits = after.process, after.intake, after.process.in_bits
    if process.kind == "drain" and before is not None and process.geometry is not None:
        return _sums(process.geometry, before.folding)
    if process.kind == "root":
        bits *= 2
    return int(cycles.words(1 << 20, process.input[0], lanes)) / (1 << 20), lanes * bits


def _sums(geometry: ConvGeometry, folding: Folding) -> tuple[float, int]:
    groups = int(cycles.groups(geometry, folding.px))
    blocks = cycles.ceil_div(geometry.output[0], folding.oc)
    words = groups * geometry.upsample * blocks / geometry.output[2]
    return words, int(folding.px * folding.oc) * SUM_BITS
