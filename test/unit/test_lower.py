# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""lic-to-hls: memory images decode to the weights, and the design computes what the stages do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.typed import IMAGE, NETWORKS, Layer, hyperprior, sample, typed_module
from torch_mlir import ir

from licc.cost.geometry import ConvGeometry
from licc.dialects import make_context
from licc.interp import lic
from licc.passes.lic_fuse import LicFuse
from licc.passes.lic_schedule import LicSchedule, _annotate
from licc.passes.lic_tile import LicTile
from licc.passes.lic_to_hls import LicToHls
from licc.schedule import images
from licc.schedule.stages import CLOCK, TARGET, Folding, i64, read_transforms


def ceil(a: int, b: int) -> int:
    return -(-a // b)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_weight_images_decode(data: st.DataObject) -> None:
    draw = data.draw
    outputs, inputs = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    kernel, stride = draw(st.integers(1, 5)), draw(st.integers(1, 2))
    transposed = draw(st.booleans()) and kernel >= stride
    make = ConvGeometry.subpixel if transposed else ConvGeometry.conv
    padding = kernel // 2
    geometry = make((inputs, 8, 8), (outputs, 8, 8), (kernel, kernel), stride, (padding, padding))
    folding = Folding(*(draw(st.integers(1, n)) for n in (outputs + 1, inputs, kernel, kernel)))
    weight = np.arange(1, outputs * inputs * kernel**2 + 1).reshape(outputs, inputs, kernel, kernel)
    image = images.conv_weights(weight, geometry, folding)
    found = np.zeros_like(weight)
    word = 0
    for py, px, rows, columns in geometry.phases():
        for o in range(ceil(outputs, folding.oc)):
            for r in range(ceil(rows.count, folding.kh)):
                for c in range(ceil(columns.count, folding.kw)):
                    for i in range(ceil(inputs, folding.ic)):
                        lanes = image[word].reshape(folding.oc, folding.kh, folding.kw, folding.ic)
                        word += 1
                        for (a, b, d, e), value in np.ndenumerate(lanes):
                            oo, rr = o * folding.oc + a, r * folding.kh + b
                            cc, ii = c * folding.kw + d, i * folding.ic + e
                            inside = oo < outputs and ii < inputs
                            if not inside or rr >= rows.count or cc >= columns.count:
                                assert value == 0
                                continue
                            kh, kw = geometry.weight_rows[py][rr], geometry.weight_columns[px][cc]
                            # Tap rr lies where the definition of the op puts kernel row kh.
                            assert rows.first + rr == offset(kh, py, padding, stride, transposed)
                            found[oo, ii, kh, kw] = value
    assert word == len(image)
    np.testing.assert_array_equal(found, weight)


def offset(k: int, phase: int, padding: int, stride: int, transposed: bool) -> int:
    """The input row of kernel row k, from the row that the output row is counted from."""
    if not transposed:
        return k - padding
    assert (phase + padding - k) % stride == 0
    return (phase + padding - k) // stride


def test_gamma_and_channel_images() -> None:
    gamma = np.arange(25).reshape(5, 5)
    image = images.gamma(gamma, Folding(2, 3))
    assert image.shape == (3 * 2, 6)
    np.testing.assert_array_equal(image[0], [0, 1, 2, 5, 6, 7])
    np.testing.assert_array_equal(image[1], [3, 4, 0, 8, 9, 0])
    np.testing.assert_array_equal(image[5], [23, 24, 0, 0, 0, 0])
    one = images.per_channel([7], 5, 2, "int32")
    np.testing.assert_array_equal(one, [[7, 7], [7, 7], [7, 0]])


def designs(module: ir.Module) -> dict[str, Any]:
    return {op.attributes["name"].value: op for op in module.body.operations}


def folded(module: ir.Module, draw: Any) -> None:
    """Give every process a random folding, divisors or not."""
    with module.context:
        for transform in read_transforms(module):
            for stage in transform.stages:
                foldings = [random_folding(piece.process, draw) for piece in stage.pieces]
                _annotate(stage, foldings)
        module.operation.attributes[TARGET] = ir.StringAttr.get("zcu102")
        module.operation.attributes[CLOCK] = i64(100)


def random_folding(process: Any, draw: Any) -> Folding:
    oc = draw(st.integers(1, process.output[0] + process.output[0] % 2))
    ic = draw(st.integers(1, process.input[0]))
    if process.kind in ("root", "elementwise"):
        lanes = min(oc, process.input[0])
        return Folding(lanes, lanes)
    if process.kind == "norm":
        return Folding(min(oc, process.input[0]), ic)
    rows = max(taps.count for taps in process.geometry.rows)
    columns = max(taps.count for taps in process.geometry.columns)
    return Folding(oc, ic, draw(st.integers(1, rows)), draw(st.integers(1, columns)))


@pytest.mark.parametrize("network", NETWORKS)
def test_designs_compute_what_stages_do(network: str) -> None:
    hls = pytest.importorskip("licc.interp.hls")
    name, *spec = NETWORKS[network]
    context = make_context()
    typed = typed_module(context, {name: tuple(spec)})
    x = sample(typed, name)
    expected = lic.run(typed, name, x)[0]

    @settings(max_examples=12, deadline=None)
    @given(st.data())
    def every_folding(data: st.DataObject) -> None:
        module = ir.Module.parse(str(typed), context)
        LicFuse().run(module)
        LicTile().run(module)
        folded(module, data.draw)
        LicToHls().run(module)
        assert module.operation.verify()
        found = hls.run(designs(module)[name], x[0])
        np.testing.assert_array_equal(found[list(found)[-1]], expected)

    every_folding()


@pytest.mark.parametrize("network", NETWORKS)
def test_scheduled_designs_compute_what_stages_do(network: str) -> None:
    hls = pytest.importorskip("licc.interp.hls")
    name, *spec = NETWORKS[network]
    module = typed_module(make_context(), {name: tuple(spec)})
    x = sample(module, name)
    expected = lic.run(module, name, x)[0]
    for pass_ in (LicFuse(), LicTile(), LicSchedule(), LicToHls()):
        pass_.run(module)
        assert module.operation.verify()
    found = hls.run(designs(module)[name], x[0])
    np.testing.assert_array_equal(found[list(found)[-1]], expected)


def test_processes_of_a_hyperprior() -> None:
    module = typed_module(make_context(), hyperprior(6, 8, 32, 48))
    for pass_ in (LicFuse(), LicTile(), LicSchedule(), LicToHls()):
        pass_.run(module)
    assert module.operation.verify()
    found = designs(module)
    assert list(found) == ["g_a", "h_a", "h_s", "g_s"]
    names = [
        op.attributes["name"].value
        for design in found.values()
        for op in design.regions[0].blocks[0].operations
        if op.operation.name == "hls.process"
    ]
    assert len(set(names)) == len(names)
    for name in (
        "g_a_0_conv",
        "g_a_1_norm",
        "g_a_1_root",
        "h_a_0_abs",
        "h_s_0_add",
        "g_s_0_deconv",
    ):
        assert name in names


def test_layers_of_one_path_get_different_names() -> None:
    module = typed_module(
        make_context(), {"g_a": ((3, 8, 8), IMAGE, [Layer("conv", 2, 3), Layer("conv", 2, 3)])}
    )
    LicFuse().run(module)
    with module.context:
        for stage in list(next(iter(module.body.operations)).entry_block.operations)[:-1]:
            conv = next(
                op
                for op in stage.regions[0].blocks[0].operations
                if op.operation.name == "lic.conv2d"
            )
            conv.attributes["layer"] = ir.StringAttr.get("g_a.X")
        names = [piece.process.name for piece in read_transforms(module)[0].pieces]
    assert names == ["g_a_x_conv", "g_a_x_conv_2"]
