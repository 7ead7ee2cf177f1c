# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""lic-pose, lic-schedule and lic-check-schedule: optimal by brute force, deterministic, and checked by other code."""

from __future__ import annotations

import ast
import itertools
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.typed import NETWORKS, hyperprior, typed_module
from torch_mlir import ir

from licc.cost.folding import Folding
from licc.cost.geometry import ConvGeometry
from licc.cost.process import Process, Unit, auxiliary
from licc.dialects import make_context
from licc.dialects.lic import FoldingAttr, TileAttr
from licc.driver.diagnostics import diagnostics
from licc.errors import UserError
from licc.interp import lic
from licc.passes.lic_check_schedule import LicCheckSchedule
from licc.passes.lic_fuse import LicFuse
from licc.passes.lic_pose import LicPose
from licc.passes.lic_schedule import LicSchedule
from licc.passes.lic_tile import LicTile
from licc.passes.registry import PassFailure
from licc.schedule import solve as solving
from licc.schedule.between import TOO_SLOW
from licc.schedule.candidates import RESOURCES, Pick, divisors, pareto, splits
from licc.schedule.check import check
from licc.schedule.network import Chain, Network
from licc.schedule.solve import Budget, InfeasibleError, Limits, fits, needs, solve
from licc.schedule.stages import StageError, i64, identifier, read_transforms

PLENTY = Budget(dsp=300, bram18=500, uram=0, lut=10**6, ff=10**6, ports=8)


# --------------------------------------------------------------------------------------------------
# Processes without IR
# --------------------------------------------------------------------------------------------------
REQUANTIZER = Unit("requantizer", 27)


def conv(
    name: str,
    shape: tuple[int, int, int],
    outputs: int,
    kernel: int = 3,
    stride: int = 1,
    up: int = 1,
) -> tuple[Process, Process]:
    """A convolution (or, with `up`, a transposed one) and its drain."""
    _, height, width = shape
    output = (outputs, -(-height // stride) * up, -(-width // stride) * up)
    make = ConvGeometry.subpixel if up > 1 else ConvGeometry.conv
    geometry = make(shape, output, (kernel, kernel), max(stride, up), (kernel // 2, kernel // 2))
    array = Process(
        "conv", f"{name}_conv", name, shape, output, 8, 32, 24, (), geometry, geometry.least_rows
    )
    drain = Process(
        "drain", f"{name}_drain", name, output, output, 32, 8, 24, (REQUANTIZER,), geometry
    )
    return array, drain


def gdn(name: str, shape: tuple[int, int, int]) -> tuple[Process, Process]:
    return (
        Process("norm", f"{name}_norm", name, shape, shape, 16, 32, 44, form="rsqrt"),
        Process("root", f"{name}_root", name, shape, shape, 32, 8, form="rsqrt"),
    )


def elementwise(name: str, shape: tuple[int, int, int]) -> Process:
    return Process("elementwise", f"{name}_abs", name, shape, shape, 8, 8, 0, (Unit("abs", 8),))


TINY = {
    "conv": Chain(conv("a", (2, 2, 4), 2, kernel=2)),
    "strided": Chain(conv("a", (1, 5, 6), 3, kernel=2, stride=2)),
    "transposed": Chain(conv("a", (1, 3, 2), 2, kernel=3, up=2)),
    "gdn": Chain((*conv("a", (1, 4, 2), 2, kernel=1), *gdn("b", (2, 4, 2)))),
    "two": Chain((*conv("a", (1, 4, 2), 2, kernel=1), *conv("b", (2, 4, 2), 1, kernel=1))),
    "abs": Chain((elementwise("a", (2, 2, 4)), *conv("b", (2, 2, 4), 3, kernel=1))),
}
BUDGETS = {
    "plenty": PLENTY,
    "DSPs": replace(PLENTY, dsp=9),
    "few DSPs": replace(PLENTY, dsp=14),
    "LUTs": replace(PLENTY, lut=6500),
    "flip-flops": replace(PLENTY, ff=6000),
    "both": replace(PLENTY, dsp=12, lut=7000),
    "memory": replace(PLENTY, ports=1, dsp=60),
}


def everything(chain: Chain) -> tuple[np.ndarray, np.ndarray]:
    """Cycles and use of every combination of foldings, intakes and lanes, without the solver's shortcuts."""
    network = Network([chain], 10**6)
    choices: list[list[Pick]] = []
    for index, node in enumerate(network.nodes):
        process = node.process
        if process.kind == "conv":
            table = network.tables[index]
            found = [table.pick(i) for i in range(len(table))]
        elif process.kind == "norm":
            sizes = itertools.product(splits(process.input[0]), repeat=2)
            found = [
                Pick(Folding(oc, ic), 0, fabric) for oc, ic in sizes for fabric in multiply(process)
            ]
        else:
            widths = splits(process.output[0])
            if node.after is None and process.kind == "drain":
                pixels = [k for k in (2, 4, 8) if process.output[2] % k == 0]
                widths = [*widths, *(k * process.output[0] for k in pixels)]
            found = [
                Pick(Folding(width, width), width, fabric)
                for width in widths
                for fabric in multiply(process)
            ]
        choices.append(found)
    cycles, use = [], []
    for combination in itertools.product(*choices):
        chosen = list(combination)
        for index, node in enumerate(network.nodes):
            if node.process.kind == "norm":  # reads what the drain writes
                chosen[index] = chosen[index]._replace(intake=chosen[index - 1].folding.oc)
        spent = [int(table.cycles[0]) for table in network.exact(chosen, {})]
        port = ports(chain, chosen)
        if max(spent) >= TOO_SLOW:
            continue
        spent[-1] = max(spent[-1], port)
        _, waiting = network.queues(chosen, spent)
        cycles.append(max(spent))
        use.append(sum(table.use[0] for table in network.exact(chosen, waiting)))
    return np.array(cycles), np.array(use)


def multiply(process: Process) -> tuple[bool, ...]:
    """Whether LUTs may multiply, where anything is multiplied beside the array."""
    return (False, True) if auxiliary(process) else (False,)


def ports(chain: Chain, chosen: list[Pick]) -> int:
    """Cycles of the slower port: whole 64-bit beats for each word."""
    sides = (
        (chain.processes[0].input, chosen[0].intake, chain.processes[0].in_bits),
        (chain.processes[-1].output, chosen[-1].folding.oc, chain.processes[-1].out_bits),
    )
    spent = []
    for (channels, height, width), lanes, bits in sides:
        words = (
            height * width * -(-channels // lanes)
            if lanes <= channels
            else height * width * channels // lanes
        )
        spent.append(words * -(-lanes * bits // 64))
    return chain.frames * max(spent)


@pytest.fixture(scope="module")
def enumerated() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    return {name: everything(chain) for name, chain in TINY.items()}


def weight(use: np.ndarray, budget: Budget) -> np.ndarray:
    row = budget.row
    return (use / np.maximum(row, 1))[..., row > 0].sum(axis=-1)


@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("name", TINY)
def test_no_combination_beats_the_solver(name: str, budget: str, enumerated: Any) -> None:
    cycles, use = enumerated[name]
    limits, chain = BUDGETS[budget], TINY[name]
    within = (use <= limits.row).all(axis=1)
    first, last = chain.processes[0], chain.processes[-1]
    beats = -(-np.prod(first.input) * 8 // 64) - (-np.prod(last.output) * last.out_bits // 64)
    within &= cycles * limits.ports >= chain.frames * beats
    if not within.any():
        with pytest.raises(InfeasibleError):
            solve([chain], limits)
        return
    found = solve([chain], limits)
    # A bound: nothing that fits is faster than that, and what is found is as fast.
    assert cycles[within].min() >= found.bound
    assert found.cycles == cycles[within].min()
    assert found.gap_ppm == -(-(found.cycles - found.bound) * 10**6 // found.bound)
    assert found.optimal == (found.cycles == found.bound)
    assert found.optimal or "DSPs" not in budget
    # Nothing as fast takes less: shares are rounded up to millionths.
    lightest = weight(use[within & (cycles <= found.cycles)], limits).min()
    used = np.array([found.used[name] for name in RESOURCES])
    assert weight(used, limits) <= lightest + 1e-4
    assert found.use_gap_ppm == 0


def test_two_chains_keep_one_rate() -> None:
    one, two = TINY["conv"], TINY["gdn"]
    alone = [solve([chain], replace(PLENTY, dsp=20)) for chain in (one, two)]
    both = solve([one, two], replace(PLENTY, dsp=20))
    assert both.cycles >= max(schedule.cycles for schedule in alone)
    assert both.used["dsp"] <= 20
    assert [len(choices) for choices in both.choices] == [2, 4]


def test_fast_enough_is_enough() -> None:
    fastest = solve([TINY["gdn"]], PLENTY)
    slower = solve([TINY["gdn"]], PLENTY, at_least=10 * fastest.cycles)
    assert fastest.cycles < slower.cycles <= slower.bound or slower.optimal
    assert slower.used["dsp"] < fastest.used["dsp"]
    with pytest.raises(InfeasibleError):
        solve([TINY["gdn"]], replace(PLENTY, dsp=4), at_most=fastest.cycles)


def test_what_would_be_enough() -> None:
    least = solve([TINY["gdn"]], PLENTY, at_least=10**6)
    small = replace(PLENTY, dsp=least.used["dsp"] - 1)
    assert not fits([TINY["gdn"]], small)
    enough = needs([TINY["gdn"]], small)
    assert enough == {"dsp": least.used["dsp"]}
    assert fits([TINY["gdn"]], replace(small, **enough))
    # One budget is not enough where two lack.
    assert needs([TINY["gdn"]], replace(small, lut=10)) == {}
    # Faster than anything can be.
    assert needs([TINY["gdn"]], PLENTY, 1) == {}


def test_a_limit_that_is_hit_leaves_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    chain, limits = TINY["gdn"], replace(PLENTY, dsp=2)
    exact = solve([chain], limits)
    known = solving._Solver._choose

    def gives_up(self: Any, tables: Any, *args: Any, **kwargs: Any) -> Any:
        status, rows, gap = known(self, tables, *args, **kwargs)
        return ("unknown", [], 0.0) if status == "never" else (status, rows, gap)

    monkeypatch.setattr(solving._Solver, "_choose", gives_up)
    found = solve([chain], limits)
    assert found.cycles == exact.cycles
    assert found.bound < exact.bound
    assert not found.optimal
    assert found.gap_ppm == pytest.approx((found.cycles / found.bound - 1) * 1e6, abs=1)


def test_a_limit_of_the_clock_is_kept() -> None:
    chain = Chain(
        (
            *conv("a", (3, 64, 64), 48, 5, 2),
            *gdn("b", (48, 32, 32)),
            *conv("c", (48, 32, 32), 48, 5, 2),
        )
    )
    start = time.perf_counter()
    found = solve([chain], replace(PLENTY, dsp=200), limits=Limits(effort=1e-9, seconds=0.01))
    assert time.perf_counter() - start < 30
    assert 0 < found.bound <= found.cycles


def test_splits_and_pareto() -> None:
    assert splits(7) == [1, 2, 3, 4, 7]
    assert divisors(12) == [1, 2, 3, 4, 6, 12]
    rng = np.random.default_rng(1)
    use = rng.integers(0, 9, (6000, 3))
    kept = use[pareto(use)]
    for row in kept:
        assert not ((use <= row).all(axis=1) & (use < row).any(axis=1)).any()
    for row in use:
        assert (kept <= row).all(axis=1).any()
    assert len(np.unique(kept, axis=0)) == len(kept)


# --------------------------------------------------------------------------------------------------
# In the IR
# --------------------------------------------------------------------------------------------------
def tiled(transforms: dict[str, Any], stripes: str = "auto") -> ir.Module:
    module = typed_module(make_context(), transforms)
    LicFuse().run(module)
    LicTile(stripes=stripes).run(module)
    return module


def entry(module: ir.Module, group: str) -> dict[str, Any]:
    table = ir.DictAttr(module.operation.attributes["lic.schedule"])
    found: Any = ir.DictAttr(table[group])
    return {
        named.name: named.attr.value if hasattr(named.attr, "value") else str(named.attr)
        for named in found
    }


def text(module: ir.Module) -> str:
    return str(module.operation.get_asm(large_elements_limit=4))


@pytest.fixture(scope="module")
def n64() -> ir.Module:
    module = tiled(hyperprior(64, 192, 720, 1280))
    LicSchedule().run(module)
    assert module.operation.verify()
    return module


def test_a_role_shares_the_device(n64: ir.Module) -> None:
    for role in ("encoder", "decoder"):
        found = entry(n64, role)
        assert found["optimal"]
        assert found["gap_ppm"] == 0
        assert found["bound"] == found["cycles"]
        assert found["bram18"] <= 1732
        # Nearly all DSPs.
        assert 2400 <= found["dsp"] <= 2520
        assert 300e6 / found["cycles"] > 100
    assert "lic.separate" not in n64.operation.attributes
    LicCheckSchedule().run(n64)


@pytest.mark.slow
def test_a_role_that_does_not_fit_is_separated() -> None:
    """N=128 without stripes: h_a takes its turn on the board, and is no faster than it has to be."""
    networks = hyperprior(128, 192, 720, 1280)
    module = tiled({name: networks[name] for name in ("g_a", "h_a")}, stripes="1")
    start = time.perf_counter()
    LicSchedule().run(module)
    assert time.perf_counter() - start < 120
    assert str(module.operation.attributes["lic.separate"]) == '["encoder"]'
    first, second = entry(module, "g_a"), entry(module, "h_a")
    assert 300e6 / first["cycles"] > 32
    assert second["cycles"] <= first["cycles"]
    assert second["dsp"] < 300
    LicCheckSchedule().run(module)


def test_stripes_are_frames_of_an_image() -> None:
    """Twice the stripes take about twice the cycles of one; the rate is that of an image."""
    networks = {"g_a": hyperprior(32, 48, 128, 256)["g_a"]}
    one, two = (tiled(networks, stripes=count) for count in ("1", "2"))
    for module in (one, two):
        LicSchedule(dsp=300).run(module)
    with two.context:
        slowest = max(s.op.attributes["cycles"].value for s in read_transforms(two)[0].stages)
    assert entry(two, "encoder")["cycles"] == 2 * slowest
    # The stripes overlap, and are scheduled on their own.
    assert entry(two, "encoder")["cycles"] > entry(one, "encoder")["cycles"]
    assert 300e6 / entry(two, "encoder")["cycles"] > 0.5 * 300e6 / entry(one, "encoder")["cycles"]


def test_schedules_are_deterministic(n64: ir.Module) -> None:
    module = tiled(hyperprior(64, 192, 720, 1280))
    LicPose().run(module)
    LicSchedule().run(module)
    assert text(module) == text(n64)


def test_a_rate_takes_the_least(n64: ir.Module) -> None:
    module = tiled(
        {name: spec for name, spec in hyperprior(64, 192, 720, 1280).items() if "a" in name}
    )
    LicSchedule(fps=50).run(module)
    slow, fast = entry(module, "encoder"), entry(n64, "encoder")
    assert slow["cycles"] <= 6_000_000
    assert slow["dsp"] < 0.6 * fast["dsp"]
    assert slow["lut"] < fast["lut"]


def test_the_codec_shares_one_board() -> None:
    networks = {name: small_network(name) for name in ("g_a", "h_a", "h_s", "g_s")}
    module = tiled(networks)
    LicSchedule(role="codec", dsp=150).run(module)
    found = entry(module, "codec")
    assert found["transforms"] == '["g_a", "h_a", "g_s", "h_s"]'
    assert found["dsp"] <= 150
    stages = [stage for t in read_transforms(module) for stage in t.stages]
    with module.context:
        assert sum(stage.op.attributes["dsp"].value for stage in stages) == found["dsp"]


def small_network(name: str) -> Any:
    return next(spec[1:] for spec in NETWORKS.values() if spec[0] == name)


@pytest.mark.parametrize("network", NETWORKS)
def test_tiling_and_scheduling_change_no_integer(network: str) -> None:
    from support.typed import sample

    name, *spec = NETWORKS[network]
    module = typed_module(make_context(), {name: tuple(spec)})
    x = sample(module, name)
    before = lic.run(module, name, x)
    for pass_ in (LicFuse(), LicTile(), LicPose(), LicSchedule(), LicCheckSchedule()):
        pass_.run(module)
        assert module.operation.verify()
        assert (lic.run(module, name, x) == before).all()


@pytest.mark.parametrize("network", NETWORKS)
def test_less_budget_is_slower_and_fits(network: str) -> None:
    name, *spec = NETWORKS[network]
    results = []
    for dsp in (30, 60, 100, 400):
        module = tiled({name: tuple(spec)})
        LicSchedule(dsp=dsp).run(module)
        found = entry(module, "encoder" if name.endswith("a") else "decoder")
        assert found["dsp"] <= dsp
        results.append(found["cycles"])
    assert results == sorted(results, reverse=True)
    assert results[0] > results[-1]


def test_options(n64: ir.Module) -> None:
    module = tiled({"g_a": small_network("g_a")})
    with pytest.raises(UserError, match="unknown target 'x'; licc knows kv260"):
        LicSchedule(target="x").run(module)
    with pytest.raises(UserError, match="clock of 0 MHz: zcu102 runs at 1 to 400 MHz"):
        LicSchedule(clock_mhz=0).run(module)
    with n64.context:
        message = refusal(n64, lambda: LicSchedule(dsp=3).run(n64))
    assert message == "requires attribute 'processes'; run lic-pose again"


def refusal(module: ir.Module, run: Any) -> str:
    """The one error that `run` emits, without the name of its op."""
    got: list[Any] = []
    with diagnostics(module.context, got.append), pytest.raises(PassFailure):
        run()
    (found,) = got
    return found.message.partition(" op ")[2]


def test_a_rate_that_cannot_be() -> None:
    module = tiled({"g_a": small_network("g_a")})
    message = refusal(module, lambda: LicSchedule(dsp=40, fps=2_000_000).run(module))
    assert message.startswith(
        "the encoder cannot reach 2000000.00 frames a second on zcu102: it needs at least "
    )
    best = float(message.rpartition("the best rate is ")[2].partition(" ")[0])
    # The nearest feasible choice is one.
    LicSchedule(dsp=40, fps=best - 0.01).run(tiled({"g_a": small_network("g_a")}))
    enough = int(message.partition("at least ")[2].partition(" DSPs")[0])
    LicSchedule(dsp=enough, fps=2_000_000).run(tiled({"g_a": small_network("g_a")}))
    assert refusal(module, lambda: LicSchedule(dsp=enough - 1, fps=2_000_000).run(module))


def test_networks_that_are_too_large() -> None:
    module = tiled({"g_a": small_network("g_a")})
    message = refusal(module, lambda: LicSchedule(bram18=2).run(module))
    assert message.startswith("the encoder does not fit zcu102 however slow: it needs at least ")
    assert message.endswith("BRAM18s, but only 2 may be used; all of zcu102 is enough")
    message = refusal(module, lambda: LicSchedule(bram18=2, dsp=2).run(module))
    assert "it needs more of several resources; the smallest foldings take" in message


def test_the_next_device_is_named() -> None:
    module = tiled({"g_a": hyperprior(64, 192, 720, 1280)["g_a"]})
    message = refusal(module, lambda: LicSchedule(target="ultra96v2").run(module))
    assert message.endswith(
        "BRAM18s, but only 410 may be used; kv260 is the smallest target that is enough"
    )


# --------------------------------------------------------------------------------------------------
# The check
# --------------------------------------------------------------------------------------------------
def test_the_check_shares_no_code_with_the_solver() -> None:
    import licc.schedule.check as module

    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    imported = {
        f"{node.module}.{alias.name}" if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    banned = ("solve", "network", "candidates", "between", "problem")
    assert not [name for name in imported if any(f"schedule.{part}" in name for part in banned)]
    assert not imported & {"licc.cost.cycles", "licc.cost.dsp"}


@pytest.fixture(scope="module")
def scheduled_text() -> str:
    module = tiled({"g_a": small_network("g_a"), "h_a": small_network("h_a")})
    LicSchedule(dsp=120).run(module)
    return str(module)


@pytest.fixture
def small(scheduled_text: str) -> Iterator[ir.Module]:
    module = ir.Module.parse(scheduled_text, make_context())
    with module.context:
        yield module


def stage(module: ir.Module, index: int = 0) -> Any:
    return read_transforms(module)[0].stages[index].op


def folding(stage_: Any, **changed: int) -> Any:
    found = stage_.attributes["folding"]
    numbers = {
        n: ir.IntegerAttr(getattr(found, n)).value for n in ("oc", "ic", "kh", "kw", "px")
    } | changed
    return FoldingAttr.get(*[i64(number) for number in numbers.values()])


def refused(module: ir.Module) -> str:
    with pytest.raises(StageError) as error:
        check(module)
    return str(error.value)


def test_what_is_scheduled_holds(small: ir.Module) -> None:
    check(small)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("cycles", 1, "expected 'cycles' of"),
        ("dsp", 1, "expected 'dsp' of"),
        ("bram18", 999, "expected 'bram18' of"),
        ("uram", 9, "expected 'uram' of 0 for its folding, but got 9"),
        ("lut", 1, "expected 'lut' of"),
        ("ff", 1, "expected 'ff' of"),
        ("gdn_roots", 99, "'gdn_roots' of at most 4 lanes, but got 99"),
        ("drain", 99, "expected words of g_a_0_drain of at most 4 lanes"),
        ("intake", 7, "expected 'intake' of"),
        ("packing", "single", "expected 'dsp' of"),
        ("packing", "quad", "to pack as 'quad'"),
    ],
)
def test_a_tampered_number_is_refused(
    small: ir.Module, name: str, value: Any, message: str
) -> None:
    attributes = stage(small).attributes
    attributes[name] = i64(value) if isinstance(value, int) else ir.StringAttr.get(value)
    assert message in refused(small)


@pytest.mark.parametrize("part", ["oc", "ic", "kh", "kw", "px"])
def test_a_tampered_folding_is_refused(small: ir.Module, part: str) -> None:
    op = stage(small)
    value = ir.IntegerAttr(getattr(op.attributes["folding"], part)).value
    op.attributes["folding"] = folding(op, **{part: value - 1 if value > 1 else 2})
    assert refused(small)


def test_a_missing_attribute_is_refused(small: ir.Module) -> None:
    for name in ("folding", "intake", "drain", "packing", "fifo_depths", "cycles"):
        module = ir.Module.parse(str(small), small.context)
        del stage(module).attributes[name]
        assert f"requires attribute '{name}'" in refused(module)
    del small.operation.attributes["lic.schedule"]
    assert "requires attribute 'lic.schedule'; run lic-schedule first" in refused(small)


def test_a_shallow_fifo_is_refused(small: ir.Module) -> None:
    op = stage(small)
    depths = list(ir.DenseI64ArrayAttr(op.attributes["fifo_depths"]))
    for index, depth in enumerate(depths):
        changed = [*depths[:index], 1, *depths[index + 1 :]]
        op.attributes["fifo_depths"] = ir.DenseI64ArrayAttr.get(changed)
        assert (
            f"expected a FIFO of at least {depth} words in front of " in refused(small)
            or depth > 16
        )


def test_a_line_buffer_of_too_few_rows_is_refused(small: ir.Module) -> None:
    op = stage(small)
    tile = op.attributes["tile"]
    rows = ir.IntegerAttr(tile.rows).value
    for fewer in range(1, rows):
        op.attributes["tile"] = TileAttr.get(tile.stripe, i64(fewer))
        message = refused(small)
        assert any(part in message for part in ("is overwritten", "is not there", "banks of rows"))


def test_the_least_rows_are_just_enough(n64: ir.Module) -> None:
    """One row fewer is overwritten while it is read.

    A transposed convolution reads on in the rows that have the fewer taps, which leaves it one row more.
    """
    with n64.context:
        for transform in read_transforms(n64):
            for each in transform.stages:
                if "tile" not in each.op.attributes:
                    continue
                tile = each.op.attributes["tile"]
                rows = ir.IntegerAttr(tile.rows).value
                geometry = each.pieces[0].process.geometry
                assert geometry is not None
                fewer = rows - (1 if geometry.upsample == 1 else 2)
                each.op.attributes["tile"] = TileAttr.get(tile.stripe, i64(fewer))
                message = refused(n64)
                each.op.attributes["tile"] = tile
                assert f"'{each.layer}'" in message
                assert "is overwritten while it is read" in message
    LicCheckSchedule().run(n64)


def change(module: ir.Module, group: str, **members: Any) -> None:
    """Replace members of `lic.schedule`."""
    table = ir.DictAttr(module.operation.attributes["lic.schedule"])
    groups: dict[str, Any] = {named.name: named.attr for named in table}
    old: dict[str, Any] = {named.name: named.attr for named in ir.DictAttr(groups[group])}
    groups[group] = ir.DictAttr.get({**old, **members})
    module.operation.attributes["lic.schedule"] = ir.DictAttr.get(groups)


def test_tampered_totals_are_refused(small: ir.Module) -> None:
    found = entry(small, "encoder")
    for name in ("cycles", "dsp", "bram18", "lut", "ff", "uram"):
        module = ir.Module.parse(str(small), small.context)
        change(module, "encoder", **{name: i64(found[name] + 1)})
        assert (
            f"expected '{name}' of {found[name]} in 'lic.schedule', but got {found[name] + 1}"
            in refused(module)
        )
    change(small, "encoder", bound=i64(found["cycles"] + 1))
    assert f"expected 'bound' in [1, {found['cycles']}] in 'lic.schedule'" in refused(small)


def test_a_transform_that_is_not_accounted_for_is_refused(small: ir.Module) -> None:
    change(small, "encoder", transforms=ir.ArrayAttr.get([ir.StringAttr.get("g_a")]))
    assert refused(small) == "expected 'lic.schedule' with each of g_a, h_a once"


@pytest.mark.parametrize("name", ["dsp", "bram18", "lut", "ff", "ports"])
def test_a_schedule_beyond_its_budget_is_refused(small: ir.Module, name: str) -> None:
    table = ir.DictAttr(small.operation.attributes["lic.problem"])
    members: dict[str, Any] = {named.name: named.attr for named in table}
    members[name] = i64(0 if name == "ports" else 1)
    small.operation.attributes["lic.problem"] = ir.DictAttr.get(members)
    message = refused(small)
    expected = (
        "words of memory an image" if name == "ports" else f"expected '{name}' of at most 1 in all"
    )
    assert expected in message


def test_without_a_problem_the_device_is_the_budget(small: ir.Module) -> None:
    del small.operation.attributes["lic.problem"]
    check(small)


def test_the_pass_emits_what_is_wrong(small: ir.Module) -> None:
    stage(small).attributes["dsp"] = i64(1)
    assert "expected 'dsp' of" in refusal(small, lambda: LicCheckSchedule().run(small))


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
