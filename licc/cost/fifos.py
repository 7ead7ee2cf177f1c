# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How deep the FIFO in front of each process has to be for a graph of them to keep its rate.

Every process does its steps in a fixed order, so how much it has read and written is known for each of its
steps. One steady frame of T cycles is looked at, as curves of pixels over time. A convolution stretches its rows
evenly to T: what it reads is spread over each row, and some rows read nothing; what it writes comes over the
steps of a row, and the rows of a transposed convolution differ. Everything else takes what comes, as fast as it
can. A FIFO has to hold the greatest difference of the curves on its two sides: then the schedule that was drawn
up is admissible, and hardware, which starts each step as soon as it can, is at least as fast (there are no loops
but those through full FIFOs).

Where two streams are joined it also matters when each of them comes: what is early waits for what line buffers and
pipelines on the other way hold back. So every curve has a place in time, by the delays of all processes in front.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

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
# Cycles from a read to the write of what it makes, by the kind of process: licc_hls.hpp.
STAGES = {"conv": 32, "drain": 24, "norm": 20, "root": 24, "elementwise": 24, "repack": 2}
_TINY = 1e-9
_T = TypeVar("_T")


@dataclass(frozen=True)
class Paced:
    """A process of a graph as it is scheduled.

    Attributes:
        process: what it is.
        folding: of a drain, a root and elementwise units, `oc` is their lanes.
        intake: lanes of the words that it reads; of a drain, anything.
        sources: for each stream that it reads, where in the sequence its writer is, None for the port; if not given,
            it reads the one before it.
    """

    process: Process
    folding: Folding
    intake: int
    sources: tuple[int | None, ...] | None = None


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

    def later(self, cycles: float) -> Curve:
        """The same so many cycles later."""
        return Curve(self.times + cycles, self.counts)

    def frame(self, start: float) -> Curve:
        """The frame of it that starts at that time, instead of the one that is given."""
        first = int(np.floor((start - self.times[0]) / self.interval))
        long = self.repeated(first, first + 1)
        inside = long.times[(long.times > start) & (long.times < start + self.interval)]
        times = np.concatenate([[start], inside, [start + self.interval]])
        return Curve(times, long.at(times))

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
    return _held(written, read, delay(written, read))


def _held(written: Curve, read: Curve, late: float) -> float:
    """Likewise, behind a reader that is late by so much."""
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


def least_of(first: Curve, second: Curve) -> Curve:
    """What has come of both, of the same interval and total, where one waits for the other."""
    start = max(float(first.times[0]), float(second.times[0]))
    one, other = first.frame(start), second.frame(start)
    times = np.union1d(one.times, other.times)
    ahead = one.at(times) - other.at(times)
    crossing = np.flatnonzero(ahead[:-1] * ahead[1:] < 0.0)
    share = ahead[crossing] / (ahead[crossing] - ahead[crossing + 1])
    times = np.union1d(times, times[crossing] + share * (times[crossing + 1] - times[crossing]))
    return Curve(times, np.minimum(one.at(times), other.at(times)))


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
# Graphs
# --------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Flow:
    """What a process has written: `written` where nothing delays it, `starts` cycles later in fact.

    It is in the FIFO `latency` cycles after that at the latest.
    """

    written: Curve
    starts: float
    latency: float

    @property
    def there(self) -> float:
        """How much later than `written` says a reader can count on it."""
        return self.starts + self.latency


def slowest(graph: Sequence[Paced]) -> int:
    """Cycles of the slowest process, repack or port."""
    first = graph[0]
    sources, readers = _sources(graph), _readers(graph)
    spent = [_limit(paced, _at(graph, sources[i][0]), readers[i]) for i, paced in enumerate(graph)]
    return max(_port_cycles(first.process.input, first.intake, first.process.in_bits), *spent)


def depths(graph: Sequence[Paced], interval: int = 0) -> list[int]:
    """Words of the FIFO in front of each process, and last of the one in front of the output port.

    A process that joins has two. The last one, and those in front of repacks, need no more than the least: who
    writes them waits for them, and has the FIFO that this takes in front of it.

    Args:
        graph: the processes from port to port, each behind those that it reads.
        interval: cycles between two frames; those of the slowest process if not given.

    Raises:
        ValueError: a process cannot keep that rate.
    """
    waiting = iter(backlogs(graph, interval))
    found = [
        depth(_at(graph, source), paced, next(waiting), slot)
        for paced, sources in zip(graph, _sources(graph), strict=True)
        for slot, source in enumerate(sources)
    ]
    return [*found, LEAST_FIFO]


def backlogs(graph: Sequence[Paced], interval: int = 0) -> list[float]:
    """Pixels that wait in front of each process, as the curves say: without slack for words."""
    time = float(interval or slowest(graph))
    found: list[float] = []
    flows: list[_Flow] = []
    sources, readers = _sources(graph), _readers(graph)
    for i, paced in enumerate(graph):
        process, before = paced.process, [_at(flows, source) for source in sources[i]]
        limit = _limit(paced, _at(graph, sources[i][0]), readers[i])
        if process.kind == "conv":
            waiting, written, starts = _convolved(paced, before[0], time)
            found.append(waiting)
        elif before[0] is None:
            found.append(0.0)
            written, starts = _even(process.pixels, time), 0.0
        elif len(before) == 1:
            written, waiting = follow(before[0].written, process.pixels / limit)
            found.append(waiting)
            starts = before[0].there
        else:
            written, joined = _joined([flow for flow in before if flow], process.pixels / limit)
            found += joined
            starts = 0.0
        flows.append(
            _Flow(written, starts, _latency(paced, _at(graph, sources[i][0]), limit, time))
        )
    return found


def _convolved(paced: Paced, before: _Flow | None, time: float) -> tuple[float, Curve, float]:
    """What waits in front of a convolution, what it writes, and when it starts."""
    process = paced.process
    assert process.geometry is not None
    read, written = conv_curves(process.geometry, paced.folding, paced.intake, time)
    if before is None:
        return burst(read, _port_rate(process.input, paced.intake, process.in_bits)), written, 0.0
    late = delay(before.written, read)
    return _held(before.written, read, late), written, before.there + late


def _joined(flows: Sequence[_Flow], rate: float) -> tuple[Curve, list[float]]:
    """What a process has read of two streams, and what waits of each: the earlier one for the later one."""
    there = [flow.written.later(flow.there) for flow in flows]
    read, _ = follow(least_of(there[0], there[1]), rate)
    early = [flow.written.later(flow.starts).frame(float(read.times[0])) for flow in flows]
    return read, [_held(written, read, 0.0) for written in early]


def _latency(paced: Paced, before: Paced | None, limit: int, time: float) -> float:
    """Cycles that a process keeps what it has read, beyond what its curves say: a pixel, a group, its pipeline.

    A convolution writes a group of sums when all of them are done, a drain when all have come; the others, and
    repacks behind them, have a pixel. A cycle more is that of the FIFO.
    """
    process, folding = paced.process, paced.folding
    pixel = time / process.pixels + limit / process.pixels
    stages = STAGES[process.kind] + STAGES["repack"] + 2
    if process.kind == "conv" and process.geometry is not None:
        groups = int(cycles.groups(process.geometry, folding.px)) * process.geometry.output[1]
        return stages + time / groups * process.geometry.upsample
    if process.kind == "drain" and before is not None and process.geometry is not None:
        groups = int(cycles.groups(process.geometry, before.folding.px)) * process.output[1]
        return stages + limit / groups + pixel
    return stages + pixel


def _sources(graph: Sequence[Paced]) -> list[tuple[int | None, ...]]:
    """For each process, where those are that it reads; None for the port."""
    return [
        (i - 1 if i else None,) if paced.sources is None else paced.sources
        for i, paced in enumerate(graph)
    ]


def _readers(graph: Sequence[Paced]) -> list[list[Paced]]:
    """For each process, those that read it; none in front of the port."""
    found: list[list[Paced]] = [[] for _ in graph]
    for paced, sources in zip(graph, _sources(graph), strict=True):
        for source in sources:
            if source is not None:
                found[source].append(paced)
    return found


def _at(values: Sequence[_T], index: int | None) -> _T | None:
    return None if index is None else values[index]


def _port_cycles(shape: Shape, lanes: int, bits: int) -> int:
    channels, height, width = shape
    return int(cycles.port(height * width, channels, lanes, bits))


def _port_rate(shape: Shape, lanes: int, bits: int) -> float:
    return shape[1] * shape[2] / _port_cycles(shape, lanes, bits)


def _limit(paced: Paced, before: Paced | None, readers: Sequence[Paced]) -> int:
    """Cycles of a process that also waits for the repack or the port behind it, which has no FIFO to speak of."""
    own, process, lanes = own_cycles(paced, before), paced.process, _lanes(paced)
    if not readers:
        return max(own, _port_cycles(process.output, lanes, process.out_bits))
    repacks = (
        cycles.repack(process.pixels, process.output[0], lanes, after.intake)
        for after in readers
        if _repacked(paced, after)
    )
    return max(own, *repacks, 0)


def _repacked(before: Paced | None, after: Paced) -> bool:
    """Whether words of other lanes are made between two processes."""
    if before is None or before.process.kind == "conv":
        return False
    return _lanes(before) != after.intake


def _lanes(paced: Paced) -> int:
    return int(paced.folding.oc)


def depth(before: Paced | None, after: Paced, pixels: float, slot: int = 0) -> int:
    """Words that hold `pixels`, and what is read or written at once, rounded up to what costs no more.

    A drain takes a group of positions; it and a repack may give what they give late, as long as they have
    room in front. The others read and write evenly. `slot` is the stream of those that `after` reads.
    """
    words, width = _stream(before, after, slot)
    at_once = int(_repacked(before, after))
    if before is not None and after.process.kind == "drain":
        assert after.process.geometry is not None
        at_once = int(before.folding.px) * after.process.geometry.upsample
    least = max(int(np.ceil((pixels + at_once) * words)) + SLACK, LEAST_FIFO)
    return deepest(least, width)


def _stream(before: Paced | None, after: Paced, slot: int) -> tuple[float, int]:
    """Words a pixel of the stream that a process reads, and bits of a word."""
    process, lanes, bits = after.process, after.intake, after.process.lane_bits[slot]
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
