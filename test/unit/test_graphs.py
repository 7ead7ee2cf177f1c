# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Transforms whose ways part and meet again: residual blocks, from typed functions to simulated C++."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.residual import Body, Graph, decoder, encoder, random_body, residual_module
from support.schedules import lowered
from support.simulation import emit, expect_exact, make
from support.typed import Layer, sample
from torch_mlir import ir

from licc.cost import fifos
from licc.cost.fifos import STAGES, Curve
from licc.dialects import make_context
from licc.interp import hls, lic
from licc.passes.lic_fuse import LicFuse
from licc.passes.lic_schedule import LicSchedule
from licc.passes.lic_tile import LicTile
from licc.passes.lic_to_hls import LicToHls
from licc.passes.registry import PassFailure
from licc.schedule import check
from licc.schedule.stages import StageError, read_transforms
from licc.schedule.stripes import read

ROOT = Path(__file__).parents[2]


def module_of(name: str, shape: tuple[int, int, int], body: Body, seed: int = 0) -> ir.Module:
    return residual_module(make_context(), {name: (shape, body)}, seed)


def random_graph(seed: int) -> tuple[str, ir.Module]:
    rng = np.random.default_rng(seed)
    name = "g_s" if seed % 2 else "g_a"
    return name, module_of(name, (2, 6, 7), random_body(rng, seed % 2 > 0), seed)


def fused(module: ir.Module) -> ir.Module:
    copy = ir.Module.parse(str(module), module.context)
    LicFuse().run(copy)
    assert copy.operation.verify()
    return copy


def result_of(designs: ir.Module, x: Any) -> Any:
    (design,) = hls.designs(designs).values()
    *_, (_, written) = hls.stream(design, x[0])
    return written[None]


# --------------------------------------------------------------------------------------------------
# No integer changes
# --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(24))
def test_fusing_and_lowering_change_no_integer(seed: int) -> None:
    name, module = random_graph(seed)
    x = sample(module, name)
    wanted = lic.run(module, name, x)
    assert len(np.unique(wanted)) > 5
    np.testing.assert_array_equal(lic.run(fused(module), name, x), wanted)
    designs = lowered(module, np.random.default_rng(seed))
    np.testing.assert_array_equal(result_of(designs, x), wanted)


@pytest.mark.parametrize(
    ("name", "shape", "body"),
    [("g_a", (3, 32, 24), encoder(4, 3)), ("g_s", (3, 4, 5), decoder(4))],
    ids=["encoder", "decoder"],
)
def test_blocks_of_compressai_keep_their_integers(
    name: str, shape: tuple[int, int, int], body: Body
) -> None:
    module = module_of(name, shape, body)
    x = sample(module, name)
    wanted = lic.run(module, name, x)
    np.testing.assert_array_equal(lic.run(fused(module), name, x), wanted)
    designs = lowered(module, np.random.default_rng(1))
    np.testing.assert_array_equal(result_of(designs, x), wanted)


@pytest.mark.parametrize(("kernel", "factor"), [(1, 2), (3, 2), (3, 3), (5, 2), (3, 4)])
def test_a_convolution_and_a_shuffle_are_a_sub_pixel_convolution(kernel: int, factor: int) -> None:
    module = module_of("g_s", (3, 4, 5), lambda graph: graph.shuffled(2, factor, kernel))
    x = sample(module, "g_s")
    wanted = lic.run(module, "g_s", x)
    assert wanted.shape == (1, 2, 4 * factor, 5 * factor)
    whole = fused(module)
    np.testing.assert_array_equal(lic.run(whole, "g_s", x), wanted)
    assert "lic.pixel_shuffle" not in str(whole)
    designs = lowered(module, np.random.default_rng(kernel * factor))
    np.testing.assert_array_equal(result_of(designs, x), wanted)


def three_readers(graph: Graph) -> None:
    """A value that three ops read, and a result that another one reads too."""
    graph.conv_(3)
    graph.narrow()
    first = graph.here
    graph.join(first)
    graph.join(first)
    graph.join(graph.here)


def test_more_than_two_readers_are_given_copies() -> None:
    module = module_of("g_a", (2, 5, 6), three_readers)
    x = sample(module, "g_a")
    whole = fused(module)
    (transform,) = read_transforms(whole)
    names = [piece.process.name for piece in transform.pieces]
    assert names.count("g_a_1_copy") == 1
    np.testing.assert_array_equal(lic.run(whole, "g_a", x), lic.run(module, "g_a", x))
    designs = lowered(module, np.random.default_rng(0))
    np.testing.assert_array_equal(result_of(designs, x), lic.run(module, "g_a", x))


def test_what_is_not_fused_is_refused() -> None:
    module = module_of("g_a", (2, 5, 6), lambda graph: graph.block(2))
    whole = fused(module)
    function = whole.body.operations[0]
    copy = function.entry_block.operations[0]
    copy.results[0].replace_all_uses_with(function.entry_block.arguments[0])
    copy.operation.erase()
    with pytest.raises(StageError, match="its argument to be read once, by its first stage"):
        read_transforms(whole)


# --------------------------------------------------------------------------------------------------
# Stripes
# --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "shape", "body", "count"),
    [
        ("g_a", (3, 16, 96), encoder(2, 2, 1), 2),
        ("g_a", (3, 16, 160), encoder(2, 2, 1), 3),
        ("g_s", (2, 4, 40), decoder(2), 2),
    ],
)
def test_stripes_of_a_graph_are_stitched_exactly(
    name: str, shape: tuple[int, int, int], body: Body, count: int
) -> None:
    module = module_of(name, shape, body)
    x = sample(module, name)
    wanted = lic.run(module, name, x)
    striped = fused(module)
    LicTile(stripes=str(count)).run(striped)
    assert striped.operation.verify()
    stripes = read(striped.body.operations[0])
    assert stripes is not None
    assert stripes.count == count
    # It cuts and stitches.
    np.testing.assert_array_equal(lic.run(striped, name, x), wanted)


# --------------------------------------------------------------------------------------------------
# FIFOs
# --------------------------------------------------------------------------------------------------
def test_pipelines_are_as_deep_as_the_runtime_says() -> None:
    text = (ROOT / "runtime" / "hls" / "licc_hls.hpp").read_text()
    said = {name: int(n) for name, n in re.findall(r"constexpr int (\w+)_STAGES = (\d+);", text)}
    of_kinds = {
        "conv": "CONVOLUTION",
        "drain": "WORD",
        "norm": "NORM",
        "root": "WORD",
        "elementwise": "WORD",
        "repack": "REPACK",
    }
    assert {kind: said[name] for kind, name in of_kinds.items()} == STAGES


def test_what_has_come_of_two_streams() -> None:
    # One steady, 2 later; the other in a burst in the second half of a frame of 10.
    steady = Curve(np.array([2.0, 12.0]), np.array([0.0, 10.0]))
    burst = Curve(np.array([0.0, 5.0, 10.0]), np.array([0.0, 0.0, 10.0]))
    least = fifos.least_of(steady, burst)
    assert least.interval == pytest.approx(10.0)
    assert least.total == pytest.approx(10.0)
    times = np.array([2.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0])
    # 2 (t - 5) until that meets t - 2, at 8.
    np.testing.assert_allclose(least.at(times), [0.0, 0.0, 2.0, 4.0, 6.0, 8.0, 10.0])


def test_frames_of_a_curve() -> None:
    curve = Curve(np.array([0.0, 2.0, 10.0]), np.array([1.0, 5.0, 11.0]))
    for start in (-23.0, 0.0, 1.0, 37.5):
        frame = curve.frame(start)
        assert frame.interval == pytest.approx(10.0)
        assert frame.total == pytest.approx(10.0)
        times = np.linspace(start, start + 10.0, 41)
        np.testing.assert_allclose(frame.at(times), curve.repeated(-4, 5).at(times))


def scheduled(module: ir.Module, **options: Any) -> ir.Module:
    whole = fused(module)
    LicTile().run(whole)
    LicSchedule(**options).run(whole)
    assert whole.operation.verify()
    return whole


@pytest.fixture(scope="module")
def strided() -> tuple[ir.Module, ir.Module]:
    """An encoder of two blocks, and its schedule."""
    module = module_of("g_a", (3, 24, 32), encoder(4, 3, 1))
    return module, scheduled(module, dsp=60)


def test_a_skip_waits_for_the_rows_that_line_buffers_hold(strided) -> None:
    (transform,) = read_transforms(strided[1])
    links = list(check._links(transform))  # pyright: ignore[reportPrivateUsage]
    add = [link for link in links if link.process.other_bits][-1]
    assert add.process.name == "g_a_11_add"
    # Two 3x3 convolutions are in front of the other stream: each reads a row ahead and works on one.
    channels, _, width = add.process.input
    words = width * -(-channels // add.chosen.intake)
    assert 2 * words < max(add.chosen.depths)
    assert 4 * min(add.chosen.depths) < max(add.chosen.depths)


def test_a_schedule_with_a_short_skip_is_refused(strided) -> None:
    copy = ir.Module.parse(str(strided[1]), strided[1].context)
    for op in copy.body.operations[0].entry_block.operations:
        if op.operation.name == "lic.stage" and len(op.operation.operands) == 2:
            with copy.context:
                op.attributes["fifo_depths"] = ir.DenseI64ArrayAttr.get([64, 64])
    with pytest.raises(StageError, match=r"a FIFO of at least \d+ words in front of g_a_6_add"):
        check.check(copy)


def simulated(
    module: ir.Module, designs: ir.Module, name: str, out: Path, **variables: Any
) -> dict[str, Any]:
    """Emit the designs of a scheduled module, and what they take in timed simulation."""
    lowered_ = ir.Module.parse(str(designs), designs.context)
    LicToHls().run(lowered_)
    x = sample(module, name)[0]
    (design,) = hls.designs(lowered_).values()
    emit(str(lowered_), out, hls.run(design, x), {name: x}, frames=1)
    return timed(out, **variables)


def timed(out: Path, **variables: Any) -> dict[str, Any]:
    status, text = make(out, "timed", **{"TIMED_FRAMES": 3, **variables})
    assert status == 0, text
    return json.loads((out / "hls" / "timed.json").read_text())["designs"][0]


def expect_no_loss(run: dict[str, Any]) -> None:
    """Frames come as fast as the slowest process takes them; no FIFO costs a cycle."""
    assert run["fifo_caused"] == 0
    assert run["interval"] == max(process["predicted"] for process in run["processes"])
    for process in run["processes"]:
        # A beat may have the end of a frame and the begin of the next one.
        if not process["name"].endswith(("_load", "_store")):
            assert process["busy"] == process["predicted"], process["name"]


@pytest.mark.slow
def test_a_residual_encoder_loses_no_cycle_and_a_cut_skip_deadlocks(strided, tmp_path) -> None:
    module, schedule = strided
    run = simulated(module, schedule, "g_a", tmp_path)
    expect_no_loss(run)
    skip = "g_a_6_add_to_g_a_11_add"
    held = next(fifo["high_water"] for fifo in run["fifos"] if fifo["name"] == skip)
    # What it holds at most is enough for it, and little less is not.
    enough = timed(tmp_path, DEPTH=f"{skip}={held}")
    assert (enough["interval"], enough["fifo_caused"]) == (run["interval"], 0)
    status, text = make(tmp_path, "timed", TIMED_FRAMES=3, DEPTH=f"{skip}={held // 2}")
    assert status != 0
    assert "deadlock" in text
    assert f"waits for room in '{skip}' (full, depth {held // 2})" in text


@pytest.mark.slow
def test_a_residual_decoder_loses_no_cycle(tmp_path) -> None:
    module = module_of("g_s", (4, 4, 6), decoder(4))
    expect_no_loss(simulated(module, scheduled(module, dsp=54), "g_s", tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [3, 8])
def test_random_graphs_lose_no_cycle(tmp_path, seed: int) -> None:
    name, module = random_graph(seed)
    schedule = scheduled(module, dsp=40 + 40 * seed)
    # Frames of some tens of cycles take a while until they follow one another evenly.
    expect_no_loss(simulated(module, schedule, name, tmp_path, TIMED_FRAMES=12))


# --------------------------------------------------------------------------------------------------
# C++
# --------------------------------------------------------------------------------------------------
def emitted(seed: int, out: Path) -> None:
    name, module = random_graph(seed)
    designs = lowered(module, np.random.default_rng(seed))
    x = sample(module, name)[0]
    (design,) = hls.designs(designs).values()
    emit(str(designs), out, hls.run(design, x), {name: x})


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2, 5])
def test_random_graphs_simulate_exactly(tmp_path, seed: int) -> None:
    emitted(seed, tmp_path)
    expect_exact(tmp_path, 1)


def test_a_block_simulates_exactly(tmp_path) -> None:
    def body(graph: Graph) -> None:
        graph.narrow()
        start = graph.here
        graph.shuffled(2)
        graph.leaky()
        end = graph.here
        graph.back(start)
        graph.shuffled(2, 2, 1)
        other = graph.here
        graph.back(end)
        graph.join(other)
        graph.elementwise(Layer("relu"), graph.path)

    module = module_of("g_s", (2, 3, 4), body)
    designs = lowered(module, np.random.default_rng(2))
    x = sample(module, "g_s")[0]
    (design,) = hls.designs(designs).values()
    emit(str(designs), tmp_path, hls.run(design, x), {"g_s": x})
    expect_exact(tmp_path, 1)


@pytest.mark.slow
@pytest.mark.parametrize("target", ["exact", "sanitize", "lint"])
def test_other_builds_of_a_graph(tmp_path, target: str) -> None:
    emitted(1, tmp_path)
    if target == "lint":
        status, text = make(tmp_path, target)
        assert status == 0, text
        return
    expect_exact(tmp_path, 1, target)


def test_a_pass_failure_names_the_shuffle_that_cannot_be() -> None:
    def body(graph: Graph) -> None:
        graph.narrow()
        graph.conv_(4, 3, 2)
        graph.narrow()
        _, channels, height, width = graph.shape
        shape = (1, channels // 4, 2 * height, 2 * width)
        i64 = ir.IntegerType.get_signless(64)
        factor = ir.IntegerAttr.get(i64, 2)
        graph.op("lic.pixel_shuffle", graph.kind, shape, graph.path, factor=factor)

    with pytest.raises(PassFailure):
        fused(module_of("g_s", (2, 6, 6), body))
