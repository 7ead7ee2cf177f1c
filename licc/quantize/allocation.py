# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which tensor gets how many bits: a multiple-choice knapsack over tensors, solved by OR-Tools CP-SAT.

Each tensor takes one of its widths, at a loss. A convolution takes DSP cycles by the widths of its two
factors together, as two or four products may share a DSP. The sum of losses is least under a budget of
cycles. The solver runs on one thread with a fixed seed and deterministic time, so that equal problems have
equal solutions on all machines.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ortools.sat.python import cp_model

# Losses become integers in these units; a loss of 1 is a squared error twice as large.
UNITS = 1_000_000_000
CYCLE_UNITS = 1_000_000
DETERMINISTIC_SECONDS = 30.0


@dataclass(frozen=True)
class Product:
    """A convolution: two tensors whose widths decide its cycles together.

    Attributes:
        factors: the names of its tensors, one or two.
        cycles: by the widths of the factors, as a share of a reference.
        prices: what widths cost beside cycles, in the unit of losses; none where it is empty.
    """

    factors: tuple[str, ...]
    cycles: Mapping[tuple[int, ...], float]
    prices: Mapping[tuple[int, ...], float] = field(default_factory=dict[tuple[int, ...], float])


class BudgetError(ValueError):
    """No widths keep to the budget; `least` is what they take at the very least."""

    def __init__(self, least: float) -> None:
        super().__init__(f"the cheapest widths take {least:.3f} or more")
        self.least = least


def allocate(
    losses: Mapping[str, Mapping[int, float]],
    products: Sequence[Product],
    budget: float,
) -> dict[str, int]:
    """The widths of least total loss whose cycles are at most `budget`.

    Args:
        losses: by tensor and width, finite; what a width costs beside cycles may be added to it.
        products: over those tensors; a tensor may be in several, or in none.
        budget: in units of `Product.cycles`.

    Raises:
        BudgetError: even the cheapest widths take more.
    """
    model = cp_model.CpModel()
    chosen = {
        (tensor, bits): model.new_bool_var(f"{tensor}:{bits}")
        for tensor, by_bits in losses.items()
        for bits in by_bits
    }
    for tensor, by_bits in losses.items():
        model.add_exactly_one(chosen[tensor, bits] for bits in by_bits)
    spent = [_by_widths(model, chosen, p.factors, p.cycles, CYCLE_UNITS) for p in products]
    prices = [_by_widths(model, chosen, p.factors, p.prices, UNITS) for p in products if p.prices]
    # Rounded shares may add up to half a unit each too much.
    model.add(sum(spent) <= math.floor(budget * CYCLE_UNITS) + len(products))
    model.minimize(
        sum(
            round(loss * UNITS) * chosen[tensor, bits]
            for tensor, by_bits in losses.items()
            for bits, loss in by_bits.items()
        )
        + sum(prices)
    )
    solver = _solver()
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        raise BudgetError(sum(min(product.cycles.values()) for product in products))
    return {
        tensor: next(bits for bits in by_bits if solver.boolean_value(chosen[tensor, bits]))
        for tensor, by_bits in losses.items()
    }


def cycles(products: Sequence[Product], widths: Mapping[str, int]) -> float:
    """What widths take, in units of `Product.cycles`."""
    return sum(p.cycles[tuple(widths[factor] for factor in p.factors)] for p in products)


def _by_widths(
    model: cp_model.CpModel,
    chosen: Mapping[tuple[str, int], cp_model.IntVar],
    factors: tuple[str, ...],
    table: Mapping[tuple[int, ...], float],
    units: int,
) -> cp_model.IntVar:
    """A variable of at least what `table` has for the chosen widths of a convolution's factors."""
    scaled = {widths: round(share * units) for widths, share in table.items()}
    least, most = min(scaled.values()), max(scaled.values())
    found = model.new_int_var(least, most, " ".join(factors))
    first, *rest = factors
    for bits in sorted({widths[0] for widths in scaled}):
        taken = chosen[first, bits]
        if not rest:
            model.add(found >= scaled[(bits,)]).only_enforce_if(taken)
            continue
        terms = [
            value * chosen[rest[0], widths[1]]
            for widths, value in scaled.items()
            if widths[0] == bits
        ]
        model.add(found >= sum(terms)).only_enforce_if(taken)
    return found


def _solver() -> cp_model.CpSolver:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 1
    solver.parameters.max_deterministic_time = DETERMINISTIC_SECONDS
    return solver
