# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""search: the allocation is the best there is, and what is chosen keeps to its budget."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.codecs import TRAINED, calibrated, codec
from torch_mlir import ir

from licc import progress
from licc.cost import precision
from licc.errors import UserError
from licc.quantize import search
from licc.quantize.allocation import BudgetError, Product, allocate, cycles
from licc.quantize.hybrid import Hybrid
from licc.quantize.load import load_policy
from licc.quantize.pipeline import typed_module
from licc.quantize.policy import Int8
from licc.quantize.search import Search, priced, products
from licc.quantize.sensitivity import Tensor, as_widths, extrapolated, measure, tensors
from licc.quantize.typer import TypingError

Losses = Mapping[str, Mapping[int, float]]


# --------------------------------------------------------------------------------------------------
# Allocation
# --------------------------------------------------------------------------------------------------
def best(losses: Losses, convolutions: Sequence[Product], budget: float) -> float | None:
    """The least loss, by trying everything; None where nothing keeps to the budget."""
    totals = [
        total(losses, convolutions, widths)
        for bits in itertools.product(*losses.values())
        if cycles(convolutions, widths := dict(zip(losses, bits, strict=True))) <= budget + 1e-9
    ]
    return min(totals, default=None)


def total(losses: Losses, convolutions: Sequence[Product], widths: Mapping[str, int]) -> float:
    return sum(by_bits[widths[tensor]] for tensor, by_bits in losses.items()) + sum(
        p.prices[tuple(widths[f] for f in p.factors)] for p in convolutions if p.prices
    )


numbers = st.integers(0, 1000).map(lambda n: n / 1000)


@st.composite
def problems(draw: st.DrawFn) -> tuple[Losses, list[Product], float]:
    names = [f"t{i}" for i in range(draw(st.integers(1, 4)))]
    widths = draw(st.lists(st.integers(4, 16), min_size=1, max_size=4, unique=True))
    losses = {name: {bits: draw(numbers) for bits in widths} for name in names}
    convolutions: list[Product] = []
    for _ in range(draw(st.integers(0, 3))):
        factors = tuple(draw(st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True)))
        keys = list(itertools.product(widths, repeat=len(factors)))
        tables = [{key: draw(numbers) for key in keys} for _ in range(2)]
        convolutions.append(Product(factors, tables[0], tables[1] if draw(st.booleans()) else {}))
    return losses, convolutions, draw(numbers) * max(len(convolutions), 1)


@settings(max_examples=60, deadline=None)
@given(problems())
def test_allocation_is_the_best_there_is(problem: tuple[Losses, list[Product], float]) -> None:
    losses, convolutions, budget = problem
    wanted = best(losses, convolutions, budget)
    if wanted is None:
        with pytest.raises(BudgetError):
            allocate(losses, convolutions, budget)
        return
    widths = allocate(losses, convolutions, budget)
    assert cycles(convolutions, widths) <= budget + 1e-5
    assert total(losses, convolutions, widths) == pytest.approx(wanted, abs=1e-6)
    assert allocate(losses, convolutions, budget) == widths


def test_a_budget_that_nothing_keeps_to() -> None:
    convolution = Product(("w",), {(4,): 0.5, (8,): 1.0})
    assert allocate({"w": {4: 1.0, 8: 0.0}}, [convolution], 1.0) == {"w": 8}
    assert allocate({"w": {4: 1.0, 8: 0.0}}, [convolution], 0.99) == {"w": 4}
    with pytest.raises(BudgetError, match=r"take 0\.500 or more") as caught:
        allocate({"w": {4: 1.0, 8: 0.0}}, [convolution], 0.49)
    assert caught.value.least == 0.5


# --------------------------------------------------------------------------------------------------
# Losses
# --------------------------------------------------------------------------------------------------
def test_six_decibels_a_bit_beyond_what_was_measured() -> None:
    found = extrapolated({6: 0.5, 8: 0.02}, (4, 6, 8, 9, 12))
    assert found == {4: 8.0, 6: 0.5, 8: 0.02, 9: 0.005, 12: 0.02 / 256}


def test_no_width_loses_less_than_a_larger_one() -> None:
    found = extrapolated({6: 0.001, 8: 0.02}, (4, 6, 8, 9))
    assert [found[b] for b in (4, 6, 8)] == [0.02, 0.02, 0.02]
    assert found[9] == 0.005


def test_bits_that_gain_nothing_are_not_taken() -> None:
    losses = {"w": priced(extrapolated({8: 0.0}, search.WIDTHS))}
    assert allocate(losses, [], 1.0) == {"w": 4}
    losses = {"w": priced(extrapolated({8: 0.01}, search.WIDTHS))}
    assert 9 <= allocate(losses, [], 1.0)["w"] <= 12


# --------------------------------------------------------------------------------------------------
# Products
# --------------------------------------------------------------------------------------------------
def test_cycles_of_products_are_those_of_the_types() -> None:
    seen = codec()
    table = {p.factors[0].removeprefix("weights of "): p for p in products(seen)}
    for w, a in ((4, 4), (8, 10), (9, 10), (10, 10), (6, 12)):
        widths = as_widths({t: w if t.kind == "weights" else a for t in tensors(seen)})
        found = precision.dsp_cycles(typed_module(calibrated(), widths))
        for layer, product in table.items():
            key = (w, a)[: len(product.factors)]
            share = found[layer].dsp_cycles / seen.int8_cycles
            if seen.layer(layer).shape[0] % 2:  # the other counts pairs of outputs all the same
                assert product.cycles[key] >= share
            else:
                assert product.cycles[key] == pytest.approx(share)
    assert table["g_s.4"].cycles[9, 10] == 2 * table["g_s.4"].cycles[9, 9]


def test_short_cascades_have_their_price() -> None:
    by_factors = {p.factors: p for p in products(codec())}
    convolution = by_factors["weights of g_a.2", "activations of g_a.1"]
    assert convolution.prices[8, 8] < convolution.prices[8, 10] < convolution.prices[9, 10]
    assert convolution.prices[16, 16] < convolution.prices[8, 8]


# --------------------------------------------------------------------------------------------------
# The policy
# --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("budget", [0.96, 1.0, 1.3])
def test_what_is_chosen_keeps_to_the_budget(budget: float) -> None:
    seen = codec()
    policy = Search(budget=budget)
    policy.prepare(seen)
    assert seen.dsp_cycles(policy) <= budget + 1e-6
    again = Search(budget=budget)
    again.prepare(seen)
    assert (again.weights, again.activations) == (policy.weights, policy.activations)


@pytest.mark.slow
def test_more_cycles_lose_less(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = codec(TRAINED)
    hybrid = Hybrid()
    hybrid.prepare(seen)
    known = measure(seen, (4, 6, 8))
    monkeypatch.setattr(search, "measure", lambda _codec, _widths: known)
    losses: list[float] = []
    for budget in (0.8, 1.0, 1.5):
        policy = Search(budget=budget)
        policy.prepare(seen)
        assert seen.dsp_cycles(policy) <= budget + 1e-6
        losses.append(seen.measure(policy).total)
    assert losses[0] > losses[1]
    assert max(losses[1:]) <= seen.measure(hybrid).total
    assert losses[1] < seen.measure(Int8()).total


def test_hybrid_is_taken_where_it_measures_better(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = codec()
    hybrid = Hybrid()
    hybrid.prepare(seen)
    coarse = as_widths(dict.fromkeys(tensors(seen), 4))
    for budget, wanted in ((1.0, hybrid.weights), (0.9, coarse.weights)):
        policy = Search(budget=budget)
        monkeypatch.setattr(Search, "_allocated", lambda _self, _codec, *_: coarse)
        monkeypatch.setattr(search, "measure", lambda _codec, _widths: {})
        monkeypatch.setattr(
            type(seen),
            "measure",
            lambda _self, widths, _=None: _Fixed(widths.weights == coarse.weights),
        )
        policy.prepare(seen)
        assert policy.weights == wanted


def test_sums_that_do_not_fit_are_tried_narrower(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = codec()
    asked: list[tuple[int, ...]] = []

    def allocated(_self: Search, _codec: object, widths: tuple[int, ...] = search.WIDTHS) -> object:
        asked.append(widths)
        return as_widths({})

    def better(*_: object) -> object:
        if len(asked) == 1:
            raise TypingError(None, "has accumulators that do not fit 'i32'")
        return as_widths({})

    monkeypatch.setattr(search, "measure", lambda _codec, _widths: {})
    monkeypatch.setattr(Search, "_allocated", allocated)
    monkeypatch.setattr(search, "_better", better)
    Search().prepare(seen)
    assert asked == [search.WIDTHS, search.SAFE_WIDTHS]
    assert max(search.SAFE_WIDTHS) == 10


class _Fixed:
    def __init__(self, coarse: bool) -> None:
        self.total = 5.0 if coarse else 0.1


@pytest.mark.parametrize("budget", [0.0, -1.0, math.nan, math.inf])
def test_budgets_that_are_none(budget: float) -> None:
    with pytest.raises(UserError, match="option 'budget' expected DSP cycles relative to int8"):
        Search(budget=budget).prepare(codec())


def test_a_budget_that_is_too_small() -> None:
    policy = load_policy("search{budget=0.01}")
    with pytest.raises(UserError, match=r"search\{budget=0.01\}: no widths keep to 0.01 of int8's"):
        policy.prepare(codec())


def test_what_was_found_is_in_the_ir_and_said_meanwhile() -> None:
    said: list[tuple[str, int, int]] = []
    with progress.listening(lambda *what: said.append(what)):
        module = typed_module(calibrated(), "search{budget=1.2}")
    assert said[0] == ("measuring g_a", 0, 22)
    assert [done for _, done, _ in said[:22]] == list(range(22))
    assert said[-1] == ("measuring what was chosen", 1, 2)
    function = next(op for op in module.body.operations if op.attributes["sym_name"].value == "g_a")
    known = {
        ir.StringAttr(op.attributes["layer"]).value: ir.DictAttr(op.attributes["lic.sensitivity"])
        for op in function.entry_block.operations
        if "lic.sensitivity" in op.attributes
    }
    assert list(known) == [f"g_a.{i}" for i in range(5)]
    assert [next(iter(found)).name for found in known.values()] == [
        *("weights", "activations") * 2,
        "weights",
    ]


def test_tensors_by_name() -> None:
    assert Tensor("weights", "g_a.0").name == "weights of g_a.0"
    widths = as_widths({Tensor("weights", "g_a.0"): 9, Tensor("activations", "g_a.1"): 10})
    assert (widths.weights, widths.activations) == ({"g_a.0": 9}, {"g_a.1": 10})
