# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The scheduling problem, solved: the fastest foldings that fit the board, then the fewest resources.

Everything that shares a board keeps one rate: minimise T, the cycles of the slowest process, such that every process
has a folding of at most T cycles and all of them fit the budgets together. For one T this is a multiple-choice
knapsack (one folding a process, five resources) that CP-SAT (OR-Tools) decides. T is bisected over the numbers of
cycles that processes can take:

* first without what lies between processes (FIFOs, repacks, ports). This only gets easier as T grows, so that the
  greatest T that is PROVEN not to fit bounds every schedule from below: `bound`;
* then with all of it, from the bound upwards. FIFO depths follow from the foldings: after each choice they are
  computed, and where the FIFOs do not fit, their contents are reserved and the choice is made again.

At the T that is found, the foldings of the least use are chosen: the sum of the shares of the budgets.

Deterministic: one worker, a fixed seed and limits in CP-SAT's own measure of work; no clock is read unless a limit in
seconds is given.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from ortools.sat.python import cp_model

from licc.cost.folding import Folding
from licc.cost.process import LEAST_FIFO, Process
from licc.cost.streams import SUM_BITS
from licc.schedule import between
from licc.schedule.candidates import RESOURCES, Integers, Pick, Table
from licc.schedule.network import Chain, Edge, Network

# Shares of budgets are weighed as integers.
WEIGHT = 10**6
PRECISION = 1000
# How often FIFOs are reserved anew for one T.
ROUNDS = 8
# To say what would be enough, foldings of so many times the DSPs are looked at.
MUCH = 8

Status = Literal["fits", "never", "unknown"]


@dataclass(frozen=True)
class Budget:
    """What may be used in all.

    Attributes:
        dsp: DSP slices.
        bram18: half block RAMs.
        uram: UltraRAMs.
        lut: LUTs.
        ff: flip-flops.
        ports: 64-bit words that the board's memory gives or takes in a cycle.
    """

    dsp: int
    bram18: int
    uram: int
    lut: int
    ff: int
    ports: int

    @property
    def row(self) -> Integers:
        """In the order of RESOURCES."""
        return np.array([getattr(self, name) for name in RESOURCES], dtype=np.int64)


@dataclass(frozen=True)
class Limits:
    """When to stop looking.

    Attributes:
        effort: of each question to CP-SAT, in its deterministic seconds.
        seconds: wall time of all of them; 0 for none. With it, results may depend on the machine.
    """

    effort: float = 20.0
    seconds: float = 0.0


@dataclass(frozen=True)
class Choice:
    """What a process does in a cycle.

    Attributes:
        folding: of its array; of a process without one, oc is the lanes that it writes.
        intake: lanes of the words that it reads.
        depths: of the FIFOs that it reads.
        fabric: whether LUTs multiply beside its array, not DSPs.
    """

    folding: Folding
    intake: int
    depths: tuple[int, ...]
    fabric: bool = False


@dataclass(frozen=True)
class Schedule:
    """A choice for each process of each chain.

    Attributes:
        choices: in the order of the problem.
        cycles: of an image, in the slowest process.
        bound: proven: no schedule takes fewer, unless so many were enough.
        used: what it takes of each of RESOURCES, FIFOs, repacks and ports included.
        use_gap_ppm: how much less the sum of shares of budgets might be at this rate, millionths of it.
    """

    choices: tuple[tuple[Choice, ...], ...]
    cycles: int
    bound: int
    used: dict[str, int]
    use_gap_ppm: int

    @property
    def gap_ppm(self) -> int:
        """How far `cycles` may be from the least, millionths of the bound."""
        return -(-(self.cycles - self.bound) * 10**6 // self.bound)

    @property
    def optimal(self) -> bool:
        """Whether no schedule is faster."""
        return self.cycles == self.bound


class InfeasibleError(Exception):
    """No schedule meets the budgets, however slow; `needs` says what would be enough."""


def solve(
    chains: Sequence[Chain],
    budget: Budget,
    at_least: int = 0,
    limits: Limits | None = None,
    known: dict[Process, Table] | None = None,
    at_most: int | None = None,
) -> Schedule:
    """The fastest schedule for all `chains` on one board, of the fewest resources.

    Args:
        chains: the transforms.
        budget: for all of them.
        at_least: so many cycles are fast enough: nothing is spent to be faster.
        limits: when to stop looking.
        known: costs of foldings from an earlier call with the same budget of DSPs and URAMs; it grows.
        at_most: more cycles are of no use.

    Raises:
        InfeasibleError: nothing fits, however slow, or none is found of at most `at_most` cycles.
    """
    return _solver(chains, budget, limits, known).solve(at_least, at_most)


def bound(
    chains: Sequence[Chain],
    budget: Budget,
    at_least: int = 0,
    limits: Limits | None = None,
    known: dict[Process, Table] | None = None,
) -> int:
    """Cycles of an image that no schedule goes below; the arguments are those of `solve`.

    Raises:
        InfeasibleError: nothing fits, however slow.
    """
    return _solver(chains, budget, limits, known).bound(at_least)


def fits(chains: Sequence[Chain], budget: Budget, limits: Limits | None = None) -> bool:
    """Whether there is a schedule at all."""
    solver = _solver(chains, budget, limits, None)
    return solver.possible and solver.fit(solver.network.longest) is not None


def needs(
    chains: Sequence[Chain],
    budget: Budget,
    interval: int | None = None,
    limits: Limits | None = None,
) -> dict[str, int]:
    """Which budgets alone would have to be larger for `interval` cycles an image, and how large.

    Args:
        chains: the transforms.
        budget: what is not enough.
        interval: None for as many cycles as anything takes.
        limits: see `solve`.

    Returns:
        Empty where no single one is enough, or no process can be that fast.
    """
    wide = _solver(chains, _wide(budget), limits, None)
    tables = wide.network.options(wide.network.longest if interval is None else interval, {})
    return {} if tables is None else wide.needs(tables, budget)


def least(chains: Sequence[Chain], budget: Budget) -> dict[str, int]:
    """What the smallest foldings of all processes take of each resource."""
    network = _solver(chains, _wide(budget), None, None).network
    tables = network.options(network.longest, {})
    assert tables is not None  # at that pace every process has a folding
    found = np.sum([table.use.min(axis=0) for table in tables], axis=0)
    return {name: int(number) for name, number in zip(RESOURCES, found, strict=True)}


def _wide(budget: Budget) -> Budget:
    return replace(budget, dsp=MUCH * max(budget.dsp, 2))


def _solver(
    chains: Sequence[Chain],
    budget: Budget,
    limits: Limits | None,
    known: dict[Process, Table] | None,
) -> _Solver:
    return _Solver(chains, budget, limits or Limits(), {} if known is None else known)


@dataclass(frozen=True)
class _Found:
    """What fits: what is chosen for each process, the depths and pixels of its FIFOs, and the totals."""

    chosen: list[Pick]
    depths: list[tuple[int, ...]]
    waiting: dict[Edge, float]
    cycles: int
    used: Integers


@dataclass
class _Solver:
    chains: Sequence[Chain]
    budget: Budget
    limits: Limits
    known: dict[Process, Table]
    waiting: dict[Edge, float] = field(default_factory=dict)
    floors: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.network = Network(self.chains, self.budget.dsp, self.budget.uram > 0, self.known)
        self.started = time.monotonic() if self.limits.seconds else 0.0

    # ----------------------------------------------------------------------------------------------
    # The rate
    # ----------------------------------------------------------------------------------------------
    def solve(self, at_least: int, at_most: int | None) -> Schedule:
        least = self.bound(at_least)
        most = self.network.longest if at_most is None else at_most
        if least > most and at_most is not None:
            raise InfeasibleError
        interval, found = self._fastest(least, max(most, least))
        return self._fewest(max(interval, at_least), found, least)

    @property
    def possible(self) -> bool:
        """Whether each array has a folding within the budget of DSPs at all."""
        return all(len(table) for table in self.network.tables.values())

    def _memory_interval(self) -> int:
        """The cycles that the board's memory takes for a frame of all chains."""
        beats = 0
        for chain in self.chains:
            first, last = chain.processes[0], chain.processes[-1]
            frame = between.beats(first.input, first.in_bits)
            frame += between.beats(last.output, last.out_bits)
            beats += frame * chain.frames
        return -(-beats // self.budget.ports)

    def bound(self, at_least: int) -> int:
        """The least interval, from `at_least` on, that is not proven to be too short."""
        if not self.possible:
            raise InfeasibleError
        low = max(at_least, self._memory_interval(), -(-self.network.work // self.budget.dsp))
        most = max(self.network.longest, low)
        if self._least_fits(low) != "never":
            return low
        if self._least_fits(most) == "never":
            raise InfeasibleError
        return self._first(low, most, lambda interval: self._least_fits(interval) != "never")

    def _first(self, low: int, most: int, fits: Callable[[int], bool]) -> int:
        """The first interval that `fits` after `low`, which does not; `most` does.

        Steps grow from `low` on, then follows bisection. Only intervals that some process can take matter.
        """
        step, high = max(low // 64, 1), most
        while low + step < most:
            wanted = self.network.next_interval(low + step)
            if wanted is None or wanted >= most:
                break
            if fits(wanted):
                high = wanted
                break
            low, step = wanted, 2 * step
        # No interval lies in [below, high).
        below = high
        while below - low > 1:
            middle = (low + below) // 2
            trial = self.network.next_interval(middle)
            if trial is None or trial >= high:
                below = middle
            elif fits(trial):
                below, high = middle, trial
            else:
                low = trial
        return high

    def _least_fits(self, interval: int) -> Status:
        tables = self.network.least(interval)
        if tables is None:
            return "never"
        return self._choose(tables)[0]

    def _fastest(self, bound: int, most: int) -> tuple[int, _Found]:
        """The shortest interval found, of at most `most`, and what fits there."""
        found: dict[int, _Found] = {}

        def fits(interval: int) -> bool:
            fit = self.fit(interval)
            if fit is not None:
                found[interval] = fit
            return fit is not None

        if not fits(bound) and not fits(most):
            raise InfeasibleError
        interval = bound if bound in found else self._first(bound, most, fits)
        return interval, found[interval]

    # ----------------------------------------------------------------------------------------------
    # One rate
    # ----------------------------------------------------------------------------------------------
    def fit(self, interval: int) -> _Found | None:
        """Foldings of at most `interval` cycles that fit with their FIFOs, if they are found."""
        found = self._with_fifos(interval, best=False, widen=True)[0]
        return found or self._with_fifos(interval, best=False, widen=False)[0]

    def _with_fifos(self, interval: int, best: bool, widen: bool) -> tuple[_Found | None, float]:
        """Likewise; with `best` those of the least use, and how much less the use may be at least.

        Args:
            interval: cycles of an image.
            best: whether to look for the least use.
            widen: whether drains may be wider than they have to be.
        """
        waiting, floors = dict(self.waiting), dict(self.floors) if widen else {}
        found, gap = None, 0.0
        aims = np.full(len(RESOURCES), best)
        wider: list[tuple[int, int]] = []
        for _ in range(ROUNDS):
            tables = self.network.options(interval, waiting, floors)
            status, rows, rest = (
                ("never", [], 0.0) if tables is None else self._choose(tables, aims)
            )
            if tables is None or status != "fits":
                if not wider:
                    break
                # Too much for wider drains: only for those that gain most.
                for i, width in wider[len(wider) // 2 :]:
                    floors[i] = width
                wider = wider[: len(wider) // 2]
                continue
            chosen = [table.pick(row) for table, row in zip(tables, rows, strict=True)]
            real = self._real(chosen)
            lacks = real.used > self.budget.row
            enough = not lacks.any()
            if enough and (found is None or self._weight(real) < self._weight(found)):
                found, gap = real, rest
                self.waiting, self.floors = dict(waiting), dict(floors)
            widths = self._wider(real) if widen else {}
            if enough and not (best and widths):
                break
            wider = [(i, floors.get(i, 1)) for i in widths]
            floors |= widths
            aims = aims | lacks
            # Reserve what waits in the FIFOs that this does not change, and choose again.
            changed = {j for i in widths for j in (i, *self.network.nodes[i].readers)}
            for edge, pixels in real.waiting.items():
                reserved = max(pixels, waiting.get(edge, 0.0))
                waiting[edge] = 0.0 if edge[0] in changed else reserved
        return found, gap

    def _wider(self, real: _Found) -> dict[int, int]:
        """Words for the drains that had better be wider, by what that gains.

        A narrow drain lets sums pile up in a FIFO of wide words: the rows of a transposed convolution come at
        different rates. A drain that keeps up with the fastest of them costs multipliers, one that does not costs
        block RAM.
        """
        gains: list[tuple[float, int, int]] = []
        for i, node in enumerate(self.network.nodes):
            width = real.chosen[i].folding.oc
            wider = self.network.wider(i, width) if node.process.kind == "drain" else None
            if wider is None:
                continue
            assert node.before is not None
            array = real.chosen[node.before].folding
            bits = array.oc * array.px * SUM_BITS
            queue = between.fifo(real.depths[i][0], bits)
            short = between.fifo(LEAST_FIFO, bits)
            more = self.network.lane_table(i, wider).use - self.network.lane_table(i, width).use
            # In DSPs, then in LUTs.
            gain = self._share(queue - short) - self._share(more[int(real.chosen[i].fabric)])
            if gain > 0.0:
                gains.append((-gain, i, wider))
        return {i: wider for _, i, wider in sorted(gains)}

    def _real(self, chosen: list[Pick]) -> _Found:
        """A choice with the FIFOs that it needs."""
        spent = [int(table.cycles[0]) for table in self.network.exact(chosen, {})]
        depths, waiting = self.network.queues(chosen, spent)
        used = np.sum([table.use[0] for table in self.network.exact(chosen, waiting)], axis=0)
        return _Found(chosen, depths, waiting, max(spent), used)

    def _fewest(self, interval: int, found: _Found, bound: int) -> Schedule:
        """The least use at `interval`."""
        best, gap = self._with_fifos(interval, best=True, widen=True)
        if best is None:
            best, gap = self._with_fifos(interval, best=True, widen=False)
        if best is None or self._weight(best) > self._weight(found):
            best, gap = found, 1.0
        choices = iter(
            Choice(pick.folding, pick.intake, depths, pick.fabric)
            for pick, depths in zip(best.chosen, best.depths, strict=True)
        )
        return Schedule(
            tuple(tuple(next(choices) for _ in chain.processes) for chain in self.chains),
            best.cycles,
            min(bound, best.cycles),
            {name: int(value) for name, value in zip(RESOURCES, best.used, strict=True)},
            int(np.ceil(gap * 10**6)),
        )

    def _weight(self, found: _Found) -> float:
        return self._share(found.used)

    def _share(self, use: Integers) -> float:
        """The sum of the shares of the budgets; what the board has none of weighs nothing."""
        budget = self.budget.row
        return float((use / np.maximum(budget, 1))[budget > 0].sum())

    # ----------------------------------------------------------------------------------------------
    # The knapsack
    # ----------------------------------------------------------------------------------------------
    def _choose(
        self,
        tables: Sequence[Table],
        aims: NDArray[np.bool_] | None = None,
        budget: Integers | None = None,
    ) -> tuple[Status, list[int], float]:
        """A row of each table that fit together.

        Args:
            tables: of each process.
            aims: the resources of which the least is wanted, as the sum of their shares; None for any choice.
            budget: instead of the solver's.

        Returns:
            Whether there is a choice, the row of each table, and how much less its shares may be at least.
        """
        limit = self.budget.row if budget is None else budget
        least = np.sum([table.use.min(axis=0) for table in tables], axis=0)
        if (least > limit).any():
            return "never", [], 0.0
        shares = [self._shares(table, aims) for table in tables]
        first = [int(np.argmin(share)) for share in shares]
        together = np.sum([t.use[i] for t, i in zip(tables, first, strict=True)], axis=0)
        if (together <= limit).all():
            return "fits", first, 0.0  # the least of each is also the least of all
        model: Any = cp_model.CpModel()
        picks = [[model.new_bool_var("") for _ in range(len(table))] for table in tables]
        every = [pick for row in picks for pick in row]
        for row in picks:
            model.add_exactly_one(row)
        use = np.concatenate([table.use for table in tables])
        for column, most in enumerate(limit):
            if sum(int(table.use[:, column].max()) for table in tables) > most:
                total = cp_model.LinearExpr.weighted_sum(every, use[:, column].tolist())
                model.add(total <= int(most))
        wanted = aims is not None and bool(aims.any())
        if wanted:
            weights = np.concatenate(shares).tolist()
            model.minimize(cp_model.LinearExpr.weighted_sum(every, weights))
        solver = self._solver()
        status = solver.solve(model)
        if status == cp_model.INFEASIBLE:
            return "never", [], 0.0
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return "unknown", [], 0.0
        rows = [next(i for i, pick in enumerate(row) if solver.value(pick)) for row in picks]
        gap = 0.0
        if wanted and status != cp_model.OPTIMAL:
            value = solver.objective_value
            gap = (value - solver.best_objective_bound) / max(value, 1.0)
        return "fits", rows, gap

    def _solver(self) -> Any:
        solver: Any = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 0
        solver.parameters.max_deterministic_time = self.limits.effort
        if self.limits.seconds:
            left = self.limits.seconds - (time.monotonic() - self.started)
            solver.parameters.max_time_in_seconds = max(left, 0.01)
        return solver

    def _shares(self, table: Table, aims: NDArray[np.bool_] | None) -> Integers:
        """The sum of shares of the budgets of each row, of all resources or those that are aimed at."""
        budget = self.budget.row
        # In integers, so that every machine has the same.
        scale = np.where(budget > 0, WEIGHT * PRECISION // np.maximum(budget, 1), 0)
        if aims is not None and aims.any():
            scale = scale * aims
        return -(-(table.use @ scale) // PRECISION)

    def needs(self, tables: Sequence[Table], budget: Budget) -> dict[str, int]:
        """Of each resource, the least that is enough while the others keep to `budget`; what cannot be is left out."""
        found = {name: self._need(tables, i, budget.row) for i, name in enumerate(RESOURCES)}
        return {name: need for name, need in found.items() if need is not None}

    def _need(self, tables: Sequence[Table], column: int, budget: Integers) -> int | None:
        high = sum(int(table.use[:, column].max()) for table in tables)
        low = max(sum(int(table.use[:, column].min()) for table in tables), int(budget[column]) + 1)

        def enough(value: int) -> bool:
            budget[column] = value
            return self._choose(tables, budget=budget)[0] == "fits"

        if high < low or not enough(high):
            return None
        while low < high:
            middle = (low + high) // 2
            if enough(middle):
                high = middle
            else:
                low = middle + 1
        return high
