# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What lies between processes: FIFOs, repacks and ports, as rows of RESOURCES."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from licc.cost import cycles, streams
from licc.cost.geometry import Shape
from licc.cost.process import LEAST_FIFO, Cost, Process
from licc.schedule.candidates import RESOURCES, Integers, Table, resources

# Cycles of what cannot be: more than anything takes, and small enough to be multiplied.
TOO_SLOW = 1 << 50


def row(found: Cost) -> Integers:
    """One row of RESOURCES."""
    return resources(found, 1)[0]


def by_value(values: Integers, of: Callable[[int], Integers]) -> Integers:
    """`of` each of the values (small ones, above 0), called once for equal ones: [n, len(of(value))]."""
    present = np.flatnonzero(np.bincount(values))
    rows = [of(int(value)) for value in present]
    if not rows:
        return np.zeros((0, len(RESOURCES)), dtype=np.int64)
    lookup = np.zeros((int(present[-1]) + 1, len(rows[0])), dtype=np.int64)
    lookup[present] = rows
    return lookup[values]


def fifo(depth: int, width: int) -> Integers:
    """A FIFO of `depth` words of `width` bits."""
    brams, luts, ffs = streams.fifo(depth, width)
    return np.array([0, int(brams), 0, int(luts), int(ffs)], dtype=np.int64)


@lru_cache(maxsize=65536)
def _repack(channels: int, lanes_in: int, lanes_out: int, bits: int) -> tuple[int, Integers]:
    """Cycles of a pixel, and resources."""
    found = streams.repack(channels, 1, lanes_in, lanes_out, bits)
    return int(found.cycles), row(found)


def repack(shape: Shape, lanes_in: int, lanes_out: int, bits: int) -> tuple[int, Integers]:
    """Cycles of a frame and resources of what lies between words of `lanes_in` and of `lanes_out`.

    Its own FIFO, which is the shallowest, is counted. Nothing where the words are the same; words of several pixels
    are never repacked.
    """
    channels, height, width = shape
    if lanes_in == lanes_out:
        return 0, np.zeros(len(RESOURCES), dtype=np.int64)
    if max(lanes_in, lanes_out) > channels:
        return TOO_SLOW, np.zeros(len(RESOURCES), dtype=np.int64)
    spent, use = _repack(channels, lanes_in, lanes_out, bits)
    return height * width * spent, use + fifo(LEAST_FIFO, lanes_in * bits)


def repacks(
    shape: Shape, values: Integers, pair: Callable[[int], tuple[int, int]], bits: int
) -> tuple[Integers, Integers]:
    """Likewise for many: `pair` gives the lanes in and out of each of the values: [n] and [n, 5]."""

    def of(value: int) -> Integers:
        spent, use = repack(shape, *pair(value), bits)
        return np.concatenate([[spent], use])

    found = by_value(values, of)
    return found[:, 0], found[:, 1:]


def port(shape: Shape, lanes: int, bits: int) -> Integers:
    """A port that reads or writes `shape` in words of `lanes` lanes."""
    channels, height, width = shape
    return row(streams.port(height * width, channels, lanes, bits))


def beats(shape: Shape, bits: int) -> int:
    """64-bit words of a whole frame in memory."""
    return -(-shape[0] * shape[1] * shape[2] * bits // 64)


def drain_cycles(process: Process, table: Table, lanes: int) -> Integers:
    """Cycles of the drain behind each folding of a convolution when it writes `lanes` lanes.

    A word of several pixels has to be whole in a group of positions and in a row.
    """
    geometry = process.geometry
    assert geometry is not None
    spent = np.asarray(cycles.drain(geometry, table.columns, lanes), dtype=np.int64)
    together = lanes // geometry.output[0]
    if together <= 1:
        return spent
    whole = (table.columns.px * geometry.upsample % together == 0) & (
        geometry.output[2] % together == 0
    )
    return np.where(whole, spent, TOO_SLOW)
