# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The foldings that a process may get, with their costs, as arrays.

A folding computes blocks: ceil(count / n) of something for all n, so that n equal blocks cover it and the last
one is padded least. Output channels also come in the next even number, which shares DSPs at no cost. Words may
be narrower than the array: of a MAC array's inputs any divisor may come in at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from licc.cost import cycles, dsp
from licc.cost.folding import Folding
from licc.cost.process import Cost, Process, auxiliary, cost
from licc.cost.streams import MOST_WORD_BITS, SUM_BITS

Integers = NDArray[np.int64]

# What is shared by all that runs on the board, in the order of the columns of `Table.use`.
RESOURCES = ("dsp", "bram18", "uram", "lut", "ff")
# Positions side by side.
MOST_PIXELS = 16
# So many rows are worth sorting.
SORTED = 4096
# Pixels side by side in a word of a port, where one pixel a word is too slow.
WIDE_WORDS = (2, 4, 8)


def splits(count: int) -> list[int]:
    """The sizes of equal blocks that cover `count`, the last one padded: ceil(count / n) for all n."""
    return sorted({-(-count // n) for n in range(1, count + 1)})


def divisors(count: int) -> list[int]:
    """All divisors, ascending."""
    return [d for d in range(1, count + 1) if count % d == 0]


class Pick(NamedTuple):
    """One of the foldings of a process, the lanes that it reads, and whether LUTs multiply beside its array."""

    folding: Folding
    intake: int
    fabric: bool


@dataclass(frozen=True)
class Table:
    """Foldings of one process, as arrays of one length n.

    Attributes:
        foldings: [n, 5], oc, ic, kh, kw, px.
        intakes: [n], lanes of the words that it reads.
        cycles: [n], of a frame.
        use: [n, 5], of each of RESOURCES.
        fabric: [n], whether LUTs multiply beside the array, not DSPs.
    """

    foldings: Integers
    intakes: Integers
    cycles: Integers
    use: Integers
    fabric: NDArray[np.bool_]

    def __len__(self) -> int:
        """How many."""
        return len(self.cycles)

    @property
    def columns(self) -> Folding:
        """All of them at once: a folding whose members are arrays."""
        return Folding(*self.foldings.T)

    def pick(self, index: int) -> Pick:
        """One of them."""
        folding = Folding(*(int(number) for number in self.foldings[index]))
        return Pick(folding, int(self.intakes[index]), bool(self.fabric[index]))

    def take(self, which: NDArray[Any]) -> Table:
        """Those at the indices `which`."""
        return Table(
            self.foldings[which],
            self.intakes[which],
            self.cycles[which],
            self.use[which],
            self.fabric[which],
        )

    def __add__(self, other: Table) -> Table:
        """All of both."""
        return Table(
            np.concatenate([self.foldings, other.foldings]),
            np.concatenate([self.intakes, other.intakes]),
            np.concatenate([self.cycles, other.cycles]),
            np.concatenate([self.use, other.use]),
            np.concatenate([self.fabric, other.fabric]),
        )

    def floor(self) -> Table:
        """One row for all that have the same folding one after another: the least of each number."""
        changes = (self.foldings[1:] != self.foldings[:-1]).any(axis=1)
        starts = np.concatenate([[0], np.flatnonzero(changes) + 1])
        return Table(
            self.foldings[starts],
            self.intakes[starts],
            np.minimum.reduceat(self.cycles, starts),
            np.minimum.reduceat(self.use, starts),
            self.fabric[starts],
        )

    def times(self, frames: int) -> Table:
        """The cycles of so many frames."""
        return replace(self, cycles=self.cycles * frames)

    def plus(self, cycles_: Integers | int, use: Integers | int) -> Table:
        """With something beside it that takes `cycles_` at the same time, and `use` more resources."""
        return replace(self, cycles=np.maximum(self.cycles, cycles_), use=self.use + use)


def resources(found: Cost, length: int) -> Integers:
    """[length, 5] of RESOURCES; what the model does not know is 0."""
    columns = [
        np.broadcast_to(np.asarray(getattr(found, name, 0), dtype=np.int64), (length,))
        for name in RESOURCES
    ]
    return np.stack(columns, axis=1)


def pareto(use: Integers) -> Integers:
    """Indices of the rows that no other row undercuts in every column; of equal rows the first.

    The row of the least sum (each column relative to its mean) is one of them, and rules out many others; then
    the least of those that are left, and so on.
    """
    # Integers: sums of floats could differ from machine to machine, and with them the order of equal rows.
    weight = (len(use) << 20) // np.maximum(use.sum(axis=0, dtype=np.int64), 1)
    left, values, sums = np.arange(len(use)), use, use @ weight
    kept: list[int] = []
    while len(left) > SORTED:
        best = int(np.argmin(sums))
        kept.append(int(left[best]))
        better = (values < values[best]).any(axis=1)
        left, values, sums = left[better], values[better], sums[better]
    order = np.argsort(sums, kind="stable")
    left, values = left[order], values[order]
    while len(left):
        kept.append(int(left[0]))
        better = (values < values[0]).any(axis=1)
        left, values = left[better], values[better]
    return np.array(kept, dtype=np.int64)


# --------------------------------------------------------------------------------------------------
# Each kind of process
# --------------------------------------------------------------------------------------------------
def convolutions(process: Process, from_port: bool, most_dsp: int, uram: bool) -> Table:
    """All foldings and intakes of a MAC array of at most `most_dsp` DSPs.

    Words of several pixels only come from a port, and only where the array takes all channels at once. Products
    share DSPs as `cost.process.packing` says, in the best way that the proven ranges allow.
    """
    geometry = process.geometry
    assert geometry is not None
    channels, _, width = geometry.input
    outputs = splits(geometry.output[0])
    outputs = sorted(set(outputs) | {o + o % 2 for o in outputs})
    rows = sorted({s for taps in geometry.rows for s in splits(taps.count)})
    columns = sorted({s for taps in geometry.columns for s in splits(taps.count)})
    pixels = _pixels(geometry.positions)
    parts: list[Integers] = []
    for ic in splits(channels):
        intakes = divisors(ic)
        if from_port and ic == channels:
            intakes += [k * channels for k in WIDE_WORDS if width % k == 0]
        parts.append(_mesh(outputs, [ic], rows, columns, pixels, intakes))
    grid = np.concatenate(parts)
    grid = grid[grid[:, 0] * grid[:, 4] * SUM_BITS <= MOST_WORD_BITS]
    spent = dsp.mac_array(Folding(*grid[:, :5].T), *process.factors)
    return _table(process, grid[spent <= most_dsp], uram)


def _pixels(positions: int) -> list[int]:
    """Positions side by side: equal groups of a row, and the next even number, which shares DSPs."""
    equal = splits(positions)
    return sorted({p for s in equal for p in (s, s + s % 2) if p <= min(MOST_PIXELS, positions)})


def norms(process: Process, intake: int) -> Table:
    """All foldings of a GDN's matrix product that reads `intake` lanes, with squares of DSPs and of LUTs."""
    sizes = splits(process.input[0])
    # Two lanes for each output: the value and its norm.
    outputs = [s for s in sizes if 2 * s * SUM_BITS <= MOST_WORD_BITS]
    return _both(process, _mesh(outputs, sizes, [1], [1], [1], [intake]))


def lanes(process: Process, width: int) -> Table:
    """A drain, a root or an elementwise process of `width` lanes, with multipliers of DSPs and of LUTs."""
    return _both(process, np.array([[width, width, 1, 1, 1, width]], dtype=np.int64))


@lru_cache(maxsize=4096)
def single(process: Process, pick: Pick, uram: bool) -> Table:
    """One row."""
    folding = pick.folding
    numbers = (folding.oc, folding.ic, folding.kh, folding.kw, folding.px, pick.intake)
    return _table(process, np.array([numbers], dtype=np.int64), uram, pick.fabric)


def lane_choices(process: Process, to_port: bool) -> Iterator[int]:
    """The words that a drain, root or elementwise process may write, ascending."""
    channels, _, width = process.output
    yield from splits(channels)
    if to_port and process.kind == "drain":
        yield from (k * channels for k in WIDE_WORDS if width % k == 0)


def port_cycles(shape: Sequence[int], width: Any, bits: int) -> Any:
    """Cycles of a port that reads or writes `shape` in words of `width` lanes."""
    channels, height, columns = shape
    return cycles.port(height * columns, channels, width, bits)


def _mesh(*axes: Sequence[int]) -> Integers:
    grid: Any = np.meshgrid(*[np.array(axis, dtype=np.int64) for axis in axes], indexing="ij")
    return np.stack([axis.ravel() for axis in grid], axis=1)


def _both(process: Process, grid: Integers) -> Table:
    """With its multipliers beside the array in DSPs, then, if it has any, in LUTs."""
    table = _table(process, grid)
    return table + _table(process, grid, fabric=True) if auxiliary(process) else table


def _table(process: Process, grid: Integers, uram: bool = False, fabric: bool = False) -> Table:
    if len(grid) == 0:
        return Table(grid[:, :5], grid[:, 5], grid[:, 5], grid[:, :5], np.zeros(0, dtype=np.bool_))
    oc, ic, kh, kw, px, intakes = (np.ascontiguousarray(column) for column in grid.T)
    found = cost(process, Folding(oc, ic, kh, kw, px), intakes, uram=uram, fabric=fabric)
    spent = np.broadcast_to(np.asarray(found.cycles, dtype=np.int64), intakes.shape)
    use = resources(found, len(intakes))
    return Table(grid[:, :5], intakes, spent, use, np.full(len(intakes), fabric))
