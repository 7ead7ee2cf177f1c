# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Typing of residual networks, of those without GDN and of those with means, by the plain policy of 8 bits."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from support.networks import random_checkpoint
from torch_mlir import ir

from licc.calibration import load_images, run_codec
from licc.dialects import make_context
from licc.dialects.quantized import Quantized, quantized, shape_of
from licc.driver.golden import emit_options
from licc.driver.options import Options
from licc.ingress import import_checkpoint
from licc.interp import lic as interpreter
from licc.passes.lic_calibrate import LicCalibrate
from licc.passes.lic_raise_torch import LicRaiseTorch
from licc.quantize import facts
from licc.quantize.boundary import boundaries
from licc.quantize.policy import Policy
from licc.quantize.typer import typed_function

SIZE = (128, 128)
RESIDUAL = "cheng2020-anchor"
# What each result keeps at least, in dB of signal to noise on an image that calibration has not seen.
NETWORKS = {
    RESIDUAL: (6, 6, {"g_a": 21.0, "h_a": 16.0, "h_s": 24.0, "g_s": 22.0}),
    "mbt2018-mean-relu": (6, 8, {"g_a": 32.0, "h_a": 28.0, "h_s": 20.0, "g_s": 25.0}),
    "bmshj2018-hyperprior-leaky-relu": (6, 8, {"g_a": 30.0, "h_a": 26.0, "h_s": 30.0, "g_s": 25.0}),
}


@functools.cache
def _calibrated(architecture: str) -> str:
    """A random network's float functions with what calibration saw, as text."""
    n, m, _ = NETWORKS[architecture]
    with tempfile.TemporaryDirectory() as folder:
        path = random_checkpoint(architecture, n, m, 3, Path(folder) / "net.pt")
        module = import_checkpoint(path, SIZE, make_context())
    LicRaiseTorch().run(module)
    LicCalibrate(max_images=5, size="128x128").run(module)
    return module.operation.get_asm()


def _parse(text: str) -> ir.Module:
    return ir.Module.parse(text, context=make_context())


@functools.cache
def _typed_text(text: str) -> str:
    module = _parse(text)
    with module.context:
        functions = facts.functions(module)
        edges = boundaries(functions, Policy())
        for name, function in functions.items():
            typed_function(function, edges[name], Policy())
    assert module.operation.verify()
    return module.operation.get_asm()


def _typed(architecture: str) -> ir.Module:
    return _parse(_typed_text(_calibrated(architecture)))


def _ports(module: ir.Module, name: str) -> tuple[Quantized, Quantized]:
    function = facts.functions(module)[name]
    return _kind(function.arguments[0].type), _kind(function.type.results[0])


def _kind(type_: ir.Type) -> Quantized:
    kind = quantized(type_)
    assert kind is not None
    return kind


def _store(values: NDArray[np.float32], kind: Quantized) -> NDArray[np.int64]:
    return np.clip(np.floor(values / kind.scale + 0.5), kind.lo, kind.hi).astype(np.int64)


def _ops(module: ir.Module, name: str) -> dict[str, list[ir.Operation]]:
    """The typed ops of each layer in their order; a requantize is of the layer before it.

    They live no longer than `module`.
    """
    found: dict[str, list[ir.Operation]] = {}
    layer = ""
    for view in facts.functions(module)[name].entry_block.operations:
        op = view.operation
        if op.name in ("lic.constant", "func.return"):
            continue
        if "layer" in op.attributes:
            layer = ir.StringAttr(op.attributes["layer"]).value
        found.setdefault(layer, []).append(op)
    return found


# --------------------------------------------------------------------------------------------------
# Whole networks
# --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("architecture", NETWORKS)
def test_integers_keep_the_signal(architecture: str) -> None:
    floats, typed = _parse(_calibrated(architecture)), _typed(architecture)
    image = load_images(limit=6, size=SIZE)[-1]
    expected = run_codec(floats, image)
    inputs = {
        "g_a": image,
        "h_a": expected["g_a"],
        "h_s": expected["h_a"],
        "g_s": expected["latent_hat"],
    }
    for name, least in NETWORKS[architecture][2].items():
        argument, result = _ports(typed, name)
        got = interpreter.run(typed, name, _store(inputs[name], argument)) * result.scale
        wanted = np.clip(expected[name], result.lo * result.scale, result.hi * result.scale)
        noise = max(float(((got - wanted) ** 2).mean()), 1e-12)
        assert 10 * np.log10((wanted**2).mean() / noise) > least, name


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_extreme_inputs_of_odd_sizes_stay_in_the_proven_ranges(data: st.DataObject) -> None:
    """The interpreter holds every value to its type; both sides of an addition have one size."""
    module = _typed(data.draw(st.sampled_from(sorted(NETWORKS))))
    name = data.draw(st.sampled_from(sorted(facts.functions(module))))
    argument, _ = _ports(module, name)
    channels = shape_of(facts.functions(module)[name].arguments[0])[1]
    rng = np.random.default_rng(data.draw(st.integers(0, 1 << 32)))
    shape = (1, channels, *data.draw(st.tuples(*[st.integers(1, 21)] * 2)))
    extreme = rng.choice([argument.lo, 0, argument.hi], shape)
    inside = rng.integers(argument.lo, argument.hi, shape, endpoint=True)
    x = np.where(rng.random(shape) < data.draw(st.floats(0, 1)), extreme, inside)
    interpreter.run(module, name, x)


def test_golden_data_decode_around_the_means() -> None:
    typed = _typed("mbt2018-mean-relu")
    feed = emit_options(typed, Options(Path("x.pt"))).feed
    assert feed is not None
    given, parameters, taken = (
        _ports(typed, name)[port] for name, port in (("g_a", 1), ("h_s", 1), ("g_s", 0))
    )
    rng = np.random.default_rng(0)
    latents = rng.integers(given.lo // 8, given.hi // 8, (8, 3, 5))
    # h_s gives more rows and columns than the latent has: scales first, then means.
    means = rng.integers(parameters.lo // 8, parameters.hi // 8, (8, 4, 8))
    of_symbols = np.concatenate([np.full_like(means, parameters.hi), means])
    got = feed("g_s", {"g_a": latents, "h_a": latents, "h_s": of_symbols})
    assert got is not None
    mean = means[:, :3, :5] * parameters.scale
    wanted = np.floor(latents * given.scale - mean + 0.5) + mean
    wanted = np.clip(wanted, taken.lo * taken.scale, taken.hi * taken.scale)
    assert np.abs(got * taken.scale - wanted).max() <= taken.scale
    alone = feed("g_s", {"g_a": latents})
    assert alone is not None
    assert not np.array_equal(alone, got)
    np.testing.assert_array_equal(alone * taken.scale, np.floor(latents * given.scale + 0.5))


# --------------------------------------------------------------------------------------------------
# Residual blocks
# --------------------------------------------------------------------------------------------------
def test_sides_of_an_addition_are_finer_than_the_sum() -> None:
    module = _typed(RESIDUAL)
    ops = _ops(module, "g_a")
    add = ops["g_a.0"][0]
    assert add.name == "lic.add"
    assert [_kind(side.type).hi for side in add.operands] == [511, 511]
    assert _kind(add.results[0].type).hi == 127
    # The sum is read by a convolution and by the next addition: one type for both, of 8 bits.
    (next_add,) = ops["g_a.1"]
    assert add.results[0] in list(next_add.operands)
    assert add.results[0] in list(ops["g_a.1.conv1"][0].operands)


def test_an_addition_of_what_came_in_reads_it_as_it_is() -> None:
    module = _typed(RESIDUAL)
    (latent,) = facts.functions(module)["g_s"].arguments
    (add,) = _ops(module, "g_s")["g_s.0"]
    assert latent in list(add.operands)


def test_pixel_shuffles_move_accumulators_of_one_scale() -> None:
    module = _typed(RESIDUAL)
    ops = _ops(module, "g_s")
    convolution, shuffle = ops["g_s.1.subpel_conv.0"][0], ops["g_s.1.subpel_conv.1"][0]
    assert list(shuffle.operands) == [convolution.results[0]]
    before, after = (_kind(op.results[0].type) for op in (convolution, shuffle))
    assert before.bits == after.bits == 32
    assert before.scales == tuple(scale for scale in after.scales for _ in range(4))
    assert len(set(after.scales)) == 6
    # LeakyReLU follows on accumulators too, then one requantization.
    assert [op.name for op in ops["g_s.1.leaky_relu"]] == ["lic.leaky_relu", "lic.requantize"]


SHUFFLED = """
func.func @g_a(%x: tensor<1x4x4x4xf32> {{lic.role = "latent", lic.observed = #lic.observed<-4.0 : f64, 4.0 : f64>}})
    -> (tensor<1x1x8x8xf32> {{lic.role = "image"}}) {{
  %w = "lic.constant"() {{value = dense<{weight}> : tensor<4x4x1x1xf32>}} : () -> tensor<4x4x1x1xf32>
  %b = "lic.constant"() {{value = dense<0.0> : tensor<4xf32>}} : () -> tensor<4xf32>
  %0 = "lic.conv2d"(%x, %w, %b) {{layer = "g_a.0", strides = array<i64: 1, 1>, padding = array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1, {seen}}} : (tensor<1x4x4x4xf32>, tensor<4x4x1x1xf32>, tensor<4xf32>) -> tensor<1x4x4x4xf32>
  %1 = "lic.{activation}"(%0) {{layer = "g_a.1", {slope}{seen}}} : (tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32>
  %2 = "lic.pixel_shuffle"(%1) {{layer = "g_a.2", factor = 2, {seen}}} : (tensor<1x4x4x4xf32>) -> tensor<1x1x8x8xf32>
  return %2 : tensor<1x1x8x8xf32>
}}
"""
SEEN = "lic.observed = #lic.observed<-6.0 : f64, 6.0 : f64>"


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1 << 32), st.booleans())
def test_shuffled_channels_share_a_scale_whatever_the_weights(seed: int, leaky: bool) -> None:
    """Behind an activation too, and the widest of them decides."""
    rng = np.random.default_rng(seed)
    weight = rng.normal(size=(4, 4, 1, 1)) * 10.0 ** rng.uniform(-3, 0, (4, 1, 1, 1))
    text = SHUFFLED.format(
        weight=weight.tolist(),
        seen=SEEN,
        activation="leaky_relu" if leaky else "relu",
        slope="slope = 0.01 : f32, " if leaky else "",
    )
    floats, typed = _parse(text), _parse(_typed_text(text))
    (convolution,) = _ops(typed, "g_a")["g_a.0"]
    scales = _kind(convolution.operands[1].type).scales
    assert len(set(scales)) == 1
    assert scales[0] >= np.abs(weight).max() / 127 * 0.59
    argument, result = _ports(typed, "g_a")
    x = rng.normal(size=(1, 4, 4, 4)).astype(np.float32)
    got = interpreter.run(typed, "g_a", _store(x, argument)) * result.scale
    wanted = np.clip(interpreter.run(floats, "g_a", x), 0.0, 1.0)
    assert np.abs(got - wanted).max() < 4 * 4 * scales[0] + 2 / 255
