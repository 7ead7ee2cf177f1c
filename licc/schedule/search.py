# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The first search: the same rate for all processes of a role, each with its cheapest folding.

All that runs on the board at once (encoder: g_a and h_a, decoder: g_s and h_s) shares its budget and has
to keep the same frame rate, so they are one problem: the least number of cycles T for which every process
has a folding of at most T cycles such that their DSPs and BRAMs fit. T is found by bisection. For one
T, foldings are chosen one by one: the least dsp + price * bram18, the price rising until the BRAMs fit.
That is a Lagrangian relaxation: it may miss the best choice, and gives no bound.

Deterministic: ties go to the fewest values read a cycle, then to the first in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from licc.cost.cycles import port, repack
from licc.cost.geometry import Shape
from licc.cost.process import Process, cost, pairs
from licc.schedule.stages import Folding

Integers = NDArray[np.int64]

# DSPs that one BRAM18 is worth.
PRICES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0, 100.0)
# What a repack in between is worth, in DSPs: little, as it is some LUTs.
REPACK_PRICE = 0.5
# What a repack that does not keep the rate is worth: more than any device has.
TOO_SLOW = 1e6
# Bisection stops when the interval is this share of T.
PRECISION = 1e-4


@dataclass(frozen=True)
class Budget:
    """What a role may take."""

    dsp: int
    bram18: int


@dataclass(frozen=True)
class Schedule:
    """A folding for each process, in the order of the problem.

    Attributes:
        cycles: of the slowest process.
        dsp: in all.
        bram18: in all.
    """

    foldings: tuple[Folding, ...]
    cycles: int
    dsp: int
    bram18: int


class InfeasibleError(Exception):
    """No schedule meets the budget; the text names the resource that binds."""


@dataclass(frozen=True)
class _Options:
    """All foldings of one process and their costs, as arrays of one length."""

    oc: Integers
    ic: Integers
    kh: Integers
    kw: Integers
    cycles: Integers
    dsp: Integers
    bram18: Integers
    starts: bool
    reads: Integers
    writes: Integers
    pixels: int
    channels: int
    repacks: dict[int, Integers]

    def repack(self, lanes: int) -> Integers:
        """Cycles of the repack that each of them needs behind words of `lanes`; 0 for none."""
        if lanes not in self.repacks:
            sizes, where = np.unique(self.reads, return_inverse=True)
            spent = [
                0 if size == lanes else repack(self.pixels, self.channels, lanes, int(size))
                for size in sizes
            ]
            self.repacks[lanes] = np.array(spent, dtype=np.int64)[where]
        return self.repacks[lanes]

    def folding(self, index: int) -> Folding:
        """One of them."""
        oc, ic, kh, kw = (int(a[index]) for a in (self.oc, self.ic, self.kh, self.kw))
        return Folding(oc, ic, kh, kw)


def search(chains: Sequence[Sequence[Process]], budget: Budget, at_least: int = 0) -> Schedule:
    """The fastest schedule that the search finds for the processes of all `chains` together.

    Args:
        chains: the processes of each transform in order.
        budget: for all of them.
        at_least: a rate of so many cycles is fast enough.

    Returns:
        Foldings in the order of the chains.

    Raises:
        InfeasibleError: not even the smallest foldings fit.
    """
    options = [
        _options(p, i == 0, i == len(chain) - 1) for chain in chains for i, p in enumerate(chain)
    ]
    low = max(at_least, *(int(o.cycles.min()) for o in options))
    high = max(low, *(int(o.cycles.max()) for o in options))
    best = _choose(options, high, budget)
    if best is None:
        raise InfeasibleError(_binding(options, budget))
    while high - low > PRECISION * high:
        middle = (low + high) // 2
        found = _choose(options, middle, budget)
        if found is None:
            low = middle + 1
        else:
            high, best = middle, found
    return _summary(options, best)


def _choose(options: Sequence[_Options], most: int, budget: Budget) -> list[int] | None:
    """Indices of foldings of at most `most` cycles that fit the budget."""
    candidates = [np.flatnonzero(o.cycles <= most) for o in options]
    if any(len(c) == 0 for c in candidates):
        return None
    for price in PRICES:
        chosen: list[int] = []
        lanes = 0
        for option, indices in zip(options, candidates, strict=True):
            value = option.dsp[indices] + price * option.bram18[indices]
            if not option.starts:
                spent = option.repack(lanes)[indices]
                value = value + np.where(spent > most, TOO_SLOW, REPACK_PRICE * (spent > 0))
            index = int(indices[np.argmin(value)])
            chosen.append(index)
            lanes = int(option.writes[index])
        if _total(options, chosen, "dsp") > budget.dsp:
            return None
        if _total(options, chosen, "bram18") <= budget.bram18:
            return chosen
    return None


def _total(options: Sequence[_Options], chosen: Sequence[int], name: str) -> int:
    return sum(int(getattr(o, name)[i]) for o, i in zip(options, chosen, strict=True))


def _summary(options: Sequence[_Options], chosen: Sequence[int]) -> Schedule:
    pairs_ = list(zip(options, chosen, strict=True))
    return Schedule(
        tuple(o.folding(i) for o, i in pairs_),
        max(int(o.cycles[i]) for o, i in pairs_),
        _total(options, chosen, "dsp"),
        _total(options, chosen, "bram18"),
    )


def _binding(options: Sequence[_Options], budget: Budget) -> str:
    least_dsp = sum(int(o.dsp.min()) for o in options)
    least_bram = sum(int(o.bram18.min()) for o in options)
    if least_dsp > budget.dsp:
        return f"needs at least {least_dsp} DSPs, but only {budget.dsp} may be used"
    if least_bram > budget.bram18:
        return f"needs at least {least_bram} BRAM18s, but only {budget.bram18} may be used"
    return (
        f"fits either {budget.dsp} DSPs or {budget.bram18} BRAM18s, but found no schedule that fits "
        f"both; BRAM18s bind"
    )


# --------------------------------------------------------------------------------------------------
# The foldings of one process
# --------------------------------------------------------------------------------------------------
def splits(count: int) -> list[int]:
    """The sizes of equal blocks that cover `count`, the last one padded: ceil(count / n) for all n."""
    return sorted({-(-count // n) for n in range(1, count + 1)})


def _options(process: Process, starts: bool, ends: bool) -> _Options:
    oc, ic, kh, kw = _grid(process)
    found = cost(process, oc, ic, kh, kw)
    order = np.lexsort((oc, kw, kh, ic * kh * kw))
    reads = oc if process.kind in ("root", "elementwise") else ic
    # A port takes the lanes of the process behind it, and has to keep the rate as well.
    slowest: Any = found.cycles
    if starts:
        slowest = np.maximum(slowest, port_cycles(process.input, reads, process.in_bits))
    if ends:
        slowest = np.maximum(slowest, port_cycles(process.output, oc, process.out_bits))

    def spread(values: Any) -> Integers:
        return np.broadcast_to(np.asarray(values, dtype=np.int64), oc.shape)[order]

    return _Options(
        oc=oc[order],
        ic=ic[order],
        kh=kh[order],
        kw=kw[order],
        cycles=spread(slowest),
        dsp=spread(found.dsp),
        bram18=spread(found.bram18),
        starts=starts,
        reads=reads[order],
        writes=oc[order],
        pixels=process.input[1] * process.input[2],
        channels=process.input[0],
        repacks={},
    )


def port_cycles(shape: Shape, lanes: Any, bits: int) -> Any:
    """Cycles of a port that reads or writes `shape` in words of `lanes`."""
    channels, height, width = shape
    return port(height * width, channels, lanes, bits)


def _grid(process: Process) -> tuple[Integers, Integers, Integers, Integers]:
    outputs, inputs = splits(process.output[0]), splits(process.input[0])
    if process.kind in ("root", "elementwise"):
        lanes = np.array(inputs, dtype=np.int64)
        ones = np.ones_like(lanes)
        return lanes, lanes, ones, ones
    if process.kind == "norm":
        return _mesh(outputs, inputs, [1], [1])
    geometry = process.geometry
    assert geometry is not None
    if process.in_bits == 8:
        # An odd number of outputs would not share DSPs: the next even one costs no more.
        outputs = sorted(set(outputs) | {o + o % 2 for o in outputs})
    rows = sorted({s for taps in geometry.rows for s in splits(taps.count)})
    columns = sorted({s for taps in geometry.columns for s in splits(taps.count)})
    return _mesh(outputs, inputs, rows, columns)


def _mesh(*axes: Sequence[int]) -> tuple[Integers, Integers, Integers, Integers]:
    grid: Any = np.meshgrid(*[np.array(a, dtype=np.int64) for a in axes], indexing="ij")
    oc, ic, kh, kw = (axis.ravel() for axis in grid)
    return oc, ic, kh, kw


def packing(process: Process, folding: Folding) -> str:
    """`pair` where two multiplications share a DSP, else `single`."""
    return "pair" if bool(pairs(process, np.int64(folding.oc))) else "single"
