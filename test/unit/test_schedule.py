# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""lic-tile and lic-schedule: what they choose fits, is deterministic, and is checked by other code."""

from __future__ import annotations

import time
from typing import Any

import pytest
from support.typed import NETWORKS, hyperprior, typed_module
from torch_mlir import ir

from licc.cost.process import Process
from licc.dialects import make_context
from licc.dialects.lic import FoldingAttr
from licc.errors import UserError
from licc.interp import lic
from licc.passes.lic_fuse import LicFuse
from licc.passes.lic_schedule import LicSchedule
from licc.passes.lic_tile import LicTile
from licc.passes.registry import PassFailure
from licc.schedule.check import check, scheduled
from licc.schedule.search import Budget, InfeasibleError, search
from licc.schedule.stages import StageError, i64, identifier, read_transforms


def tiled(transforms: dict[str, Any]) -> ir.Module:
    module = typed_module(make_context(), transforms)
    LicFuse().run(module)
    LicTile().run(module)
    return module


def totals(module: ir.Module, *names: str) -> tuple[int, int, int]:
    """Slowest cycles, DSPs and BRAM18s of the transforms."""
    with module.context:
        found = [
            s
            for transform in read_transforms(module)
            if transform.name in names
            for stage in transform.stages
            for s in scheduled(stage)
        ]
    return max(s.cycles for s in found), sum(s.dsp for s in found), sum(s.bram18 for s in found)


@pytest.fixture(scope="module")
def n64() -> ir.Module:
    module = tiled(hyperprior(64, 192, 720, 1280))
    LicSchedule().run(module)
    assert module.operation.verify()
    return module


def test_a_role_shares_the_device(n64: ir.Module) -> None:
    for role in (("g_a", "h_a"), ("g_s", "h_s")):
        cycles, dsp, bram18 = totals(n64, *role)
        # Nearly all of the 2469 DSPs that may be used, and within the 1732 BRAM18s.
        assert 2300 <= dsp <= 2469
        assert bram18 <= 1732
        assert 300e6 / cycles > 75
    assert "lic.separate" not in n64.operation.attributes


def test_a_role_that_does_not_fit_is_separated() -> None:
    module = tiled(hyperprior(128, 192, 720, 1280))
    start = time.perf_counter()
    LicSchedule().run(module)
    assert time.perf_counter() - start < 10
    assert str(module.operation.attributes["lic.separate"]) == '["encoder"]'
    cycles, dsp, bram18 = totals(module, "g_a")
    assert dsp <= 2469
    assert bram18 <= 1732
    assert 300e6 / cycles > 25
    with pytest.raises(PassFailure):
        LicSchedule(share="role").run(module)


def test_schedules_are_deterministic(n64: ir.Module) -> None:
    module = tiled(hyperprior(64, 192, 720, 1280))
    LicSchedule().run(module)
    assert str(module.operation.get_asm(large_elements_limit=4)) == str(
        n64.operation.get_asm(large_elements_limit=4)
    )


@pytest.mark.parametrize("network", NETWORKS)
def test_tiling_and_scheduling_change_no_integer(network: str) -> None:
    from support.typed import sample

    name, *spec = NETWORKS[network]
    module = typed_module(make_context(), {name: tuple(spec)})
    x = sample(module, name)
    before = lic.run(module, name, x)
    for pass_ in (LicFuse(), LicTile(), LicSchedule()):
        pass_.run(module)
        assert module.operation.verify()
        assert (lic.run(module, name, x) == before).all()


def test_less_budget_is_slower_and_fits() -> None:
    module = tiled({"g_a": NETWORKS["conv, GDN, rounding"][1:]})
    results = []
    for dsp in (30, 100, 400):
        LicSchedule(dsp=dsp).run(module)
        cycles, used, _ = totals(module, "g_a")
        assert used <= dsp
        results.append(cycles)
    assert results == sorted(results, reverse=True)
    assert results[0] > results[-1]


def test_options(n64: ir.Module) -> None:
    with pytest.raises(UserError, match="unknown target 'x'; licc knows kv260"):
        LicSchedule(target="x").run(n64)
    with pytest.raises(UserError, match="clock of 0 MHz: zcu102 runs at 1 to 400 MHz"):
        LicSchedule(clock_mhz=0).run(n64)


# --------------------------------------------------------------------------------------------------
# The check
# --------------------------------------------------------------------------------------------------
def small() -> ir.Module:
    module = tiled({"g_a": NETWORKS["conv, GDN, rounding"][1:]})
    LicSchedule(dsp=200).run(module)
    return module


def first_stage(module: ir.Module) -> Any:
    return next(iter(module.body.operations)).entry_block.operations[0]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("cycles", 1, "expected 'cycles' of"),
        ("dsp", 1, "expected 'dsp' of"),
        ("bram18", 999, "expected 'bram18' of"),
        ("fifo_depth", 2, "expected 'fifo_depth' of 16 for its folding, but got 2"),
        ("gdn_roots", 99, "expected folding oc of g_a_1_root in"),
        ("packing", "single", "expected packing 'pair' for 8-bit activations"),
    ],
)
def test_a_tampered_schedule_is_rejected(name: str, value: Any, message: str) -> None:
    module = small()
    with module.context:
        check(read_transforms(module), 200, 1000)
        stage = first_stage(module)
        stage.attributes[name] = i64(value) if isinstance(value, int) else ir.StringAttr.get(value)
        with pytest.raises(StageError, match=message):
            check(read_transforms(module), 200, 1000)


def test_a_tampered_folding_is_rejected() -> None:
    module = small()
    with module.context:
        first_stage(module).attributes["folding"] = FoldingAttr.get(*[i64(1)] * 5)
        with pytest.raises(StageError, match="expected 'cycles' of"):
            check(read_transforms(module), 200, 1000)
        del first_stage(module).attributes["folding"]
        with pytest.raises(StageError, match="requires attribute 'folding'"):
            check(read_transforms(module), 200, 1000)


def test_a_schedule_beyond_the_budget_is_rejected() -> None:
    module = small()
    with module.context:
        with pytest.raises(StageError, match="expected 'dsp' of at most 10 in all, but got"):
            check(read_transforms(module), 10, 1000)
        with pytest.raises(StageError, match="expected 'bram18' of at most 0 in all, but got"):
            check(read_transforms(module), 200, 0)


def test_infeasible_problems_name_the_resource(n64: ir.Module) -> None:
    with n64.context:
        chain: list[Process] = [p.process for p in read_transforms(n64)[0].pieces]
    with pytest.raises(
        InfeasibleError, match=r"needs at least [0-9]+ BRAM18s, but only 50 may be used"
    ):
        search([chain], Budget(2000, 50))
    with pytest.raises(
        InfeasibleError, match=r"needs at least [0-9]+ DSPs, but only 3 may be used"
    ):
        search([chain], Budget(3, 2000))
    with pytest.raises(InfeasibleError, match="found no schedule that fits both"):
        search([chain], Budget(100, 330))


@pytest.mark.parametrize(
    ("layer", "suffix", "name"),
    [
        ("g_a.0", "conv", "g_a_0_conv"),
        ("h_a.abs", "abs", "h_a_abs"),
        ("0.Net..1", "conv", "l_0_net_1_conv"),
        ("__", "add", "l_add"),
    ],
)
def test_identifiers(layer: str, suffix: str, name: str) -> None:
    assert identifier(layer, suffix) == name
