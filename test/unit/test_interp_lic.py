# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The interpreter of `lic`: every op, float and typed, against loops over Python's numbers."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.hls_modules import Gdn
from support.typed import ACTIVATION, IMAGE, NETWORKS, Layer, sample, typed_module
from torch_mlir import ir

from licc.dialects import make_context
from licc.dialects.quantized import Quantized
from licc.interp import exact, lic
from licc.interp.lic import InterpError

CONTEXT = make_context()
I32 = 1 << 31
STORED = {8: "i8", 16: "i16", 32: "i32"}
I16 = Quantized(16, True, -32768, 32767, (1.0,))
LATENT = Quantized(16, True, -32768, 32767, (2.0**-5,))
WIDE = Quantized(32, True, -I32, I32 - 1, (1.0,))
GDN_X = Quantized(32, True, -4096, 4095, (1.0,))
GAMMA = Quantized(32, True, 0, 131071, (1.0,))


# --------------------------------------------------------------------------------------------------
# Modules of one op
# --------------------------------------------------------------------------------------------------
def tensor(shape: tuple[int, ...], kind: Quantized | str) -> str:
    with CONTEXT:
        element = kind if isinstance(kind, str) else str(kind.type())
    return f"tensor<{'x'.join(map(str, shape))}x{element}>"


def constant(name: str, values: np.ndarray, kind: Quantized | str) -> str:
    stored = kind if isinstance(kind, str) else STORED[kind.bits]
    data = values.astype({"f32": "f4"}.get(stored, f"i{int(stored[1:]) // 8}"), casting="unsafe")
    init = f'dense<"0x{data.tobytes().hex().upper()}"> : {tensor(data.shape, stored)}'
    if data.size == 1:
        init = f"dense<{data.ravel()[0]}> : {tensor(data.shape, stored)}"
    return f'%{name} = "lic.constant"() {{value = {init}}} : () -> {tensor(data.shape, kind)}\n'


def parse(text: str) -> ir.Module:
    with CONTEXT, ir.Location.unknown():
        return ir.Module.parse(text)


def function(body: str, argument: str, result: str) -> str:
    return f"func.func @f(%x: {argument}) -> {result} {{\n{body}  return %y : {result}\n}}\n"


def run_op(
    name: str,
    x: np.ndarray,
    kind: Quantized | str,
    shape: tuple[int, ...],
    out: Quantized | str,
    attributes: str = "",
    constants: tuple[tuple[np.ndarray, Quantized | str], ...] = (),
) -> np.ndarray:
    """One op on `x` and constants, through a module's text."""
    argument, result = tensor(x.shape, kind), tensor(shape, out)
    body = "".join(constant(f"c{i}", *c) for i, c in enumerate(constants))
    operands = "".join(f", %c{i}" for i in range(len(constants)))
    types = "".join(f", {tensor(values.shape, kind)}" for values, kind in constants)
    body += f'%y = "lic.{name}"(%x{operands}) {{{attributes}}} : ({argument}{types}) -> {result}\n'
    found = lic.run(parse(function(body, argument, result)), "f", x)
    assert found.shape == shape
    assert found.dtype == (np.float32 if out == "f32" else np.int64)
    return found


def array(values: Any) -> str:
    return f"array<i64: {', '.join(str(int(v)) for v in values)}>"


def half_up(value: Fraction) -> int:
    return math.floor(value + Fraction(1, 2))


def clip(value: int, kind: Quantized) -> int:
    return min(max(value, kind.lo), kind.hi)


def elementwise(x: np.ndarray, law: Callable[..., int], *others: np.ndarray) -> np.ndarray:
    """`law` on Python integers, element by element."""
    broadcast = np.broadcast_arrays(x, *others)
    values = [
        law(*(int(v) for v in vs)) for vs in zip(*(b.ravel() for b in broadcast), strict=True)
    ]
    return np.array(values, dtype=np.int64).reshape(x.shape)


def integers(seed: int, shape: tuple[int, ...], kind: Quantized) -> np.ndarray:
    """Stored integers of a type, its ends among them."""
    random = np.random.default_rng(seed)
    values = random.integers(kind.lo, kind.hi + 1, shape)
    values.flat[:2] = kind.lo, kind.hi
    return values


def floats(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


# --------------------------------------------------------------------------------------------------
# Convolutions
# --------------------------------------------------------------------------------------------------
def naive_conv(x, weight, bias, strides, padding, dilations, groups) -> np.ndarray:
    outputs, depth, kh, kw = weight.shape
    height, width = (
        (e + 2 * p - d * (k - 1) - 1) // s + 1
        for e, p, d, k, s in zip(x.shape[2:], padding, dilations, (kh, kw), strides, strict=True)
    )
    out = np.zeros((1, outputs, height, width), dtype=object)
    for o, r, c in np.ndindex(outputs, height, width):
        group = o // (outputs // groups)
        total = bias[o].item()
        for i, j, k in np.ndindex(depth, kh, kw):
            row = r * strides[0] - padding[0] + j * dilations[0]
            column = c * strides[1] - padding[1] + k * dilations[1]
            if 0 <= row < x.shape[2] and 0 <= column < x.shape[3]:
                total += weight[o, i, j, k].item() * x[0, group * depth + i, row, column].item()
        out[0, o, r, c] = total
    return out


def naive_deconv(x, weight, bias, strides, padding, extra, dilations, groups) -> np.ndarray:
    channels, depth, kh, kw = weight.shape
    height, width = (
        (e - 1) * s - 2 * p + d * (k - 1) + o + 1
        for e, s, p, d, k, o in zip(
            x.shape[2:], strides, padding, dilations, (kh, kw), extra, strict=True
        )
    )
    out = np.zeros((1, depth * groups, height, width), dtype=object)
    out += np.array([b.item() for b in bias], dtype=object)[None, :, None, None]
    for i, o, j, k, r, c in np.ndindex(*weight.shape, *x.shape[2:]):
        row = r * strides[0] - padding[0] + j * dilations[0]
        column = c * strides[1] - padding[1] + k * dilations[1]
        if 0 <= row < height and 0 <= column < width:
            target = i // (channels // groups) * depth + o
            out[0, target, row, column] += weight[i, o, j, k].item() * x[0, i, r, c].item()
    return out


def accumulators(outputs: int, axis: int = 0) -> tuple[Quantized, Quantized, Quantized]:
    """Types of weights, bias and sums."""
    ones = (1.0,) * outputs
    return (
        Quantized(8, True, -127, 127, ones, axis),
        Quantized(32, True, -I32, I32 - 1, ones, 0),
        Quantized(32, True, -I32, I32 - 1, ones, 1),
    )


def convolve(
    name: str, x, weight, bias, wanted: np.ndarray, attributes: str, typed: bool, axis: int
) -> None:
    """The op must give `wanted`."""
    attributes = f'layer = "g_a.0", {attributes}'
    if not typed:
        constants = ((weight, "f32"), (bias, "f32"))
        found = run_op(name, x, "f32", wanted.shape, "f32", attributes, constants)
        np.testing.assert_allclose(found, wanted.astype(float), rtol=1e-4, atol=1e-4)
        return
    w, b, acc = accumulators(len(bias), axis)
    found = run_op(name, x, ACTIVATION, wanted.shape, acc, attributes, ((weight, w), (bias, b)))
    np.testing.assert_array_equal(found, wanted)


def parameters(seed: int, typed: bool, x_shape, w_shape, outputs: int):
    if not typed:
        return floats(seed, x_shape), floats(seed + 1, w_shape), floats(seed + 2, (outputs,))
    w, b, _ = accumulators(outputs)
    bias = np.random.default_rng(seed).integers(b.lo // 2, b.hi // 2, outputs)
    return integers(seed, x_shape, ACTIVATION), integers(seed + 1, w_shape, w), bias


@pytest.mark.parametrize("typed", [False, True])
@pytest.mark.parametrize(
    ("kernel", "strides", "padding", "dilations", "groups"),
    [
        ((3, 3), (1, 1), (1, 1), (1, 1), 1),
        ((5, 5), (2, 2), (2, 2), (1, 1), 1),
        ((3, 2), (2, 1), (0, 3), (1, 2), 1),
        ((1, 4), (1, 3), (0, 0), (1, 1), 2),
        ((2, 3), (3, 2), (2, 1), (2, 1), 4),
    ],
)
def test_conv2d(kernel, strides, padding, dilations, groups, typed: bool) -> None:
    shapes = (1, 4, 7, 8), (8, 4 // groups, *kernel)
    x, weight, bias = parameters(1, typed, *shapes, 8)
    wanted = naive_conv(x, weight, bias, strides, padding, dilations, groups)
    attributes = (
        f"strides = {array(strides)}, padding = {array(padding)}, "
        f"dilations = {array(dilations)}, groups = {groups} : i64"
    )
    convolve("conv2d", x, weight, bias, wanted, attributes, typed, 0)


def transposed(strides, padding, extra) -> str:
    return (
        f"strides = {array(strides)}, padding = {array(padding)}, output_padding = {array(extra)}"
    )


@pytest.mark.parametrize(
    ("kernel", "strides", "padding", "extra", "dilations", "groups", "typed"),
    [
        ((5, 5), (2, 2), (2, 2), (1, 1), (1, 1), 1, False),
        ((5, 5), (2, 2), (2, 2), (1, 1), (1, 1), 1, True),
        ((3, 4), (1, 3), (1, 0), (0, 2), (1, 1), 1, True),
        ((2, 3), (3, 2), (0, 1), (2, 0), (2, 3), 1, True),
        ((3, 2), (2, 1), (1, 0), (0, 0), (1, 2), 2, False),
        ((2, 2), (2, 2), (0, 0), (1, 0), (1, 1), 4, False),
    ],
)
def test_deconv2d(kernel, strides, padding, extra, dilations, groups, typed: bool) -> None:
    outputs = 2 * groups
    x, weight, bias = parameters(2, typed, (1, 4, 3, 4), (4, 2, *kernel), outputs)
    wanted = naive_deconv(x, weight, bias, strides, padding, extra, dilations, groups)
    attributes = f"{transposed(strides, padding, extra)}, dilations = {array(dilations)}, groups = {groups} : i64"
    convolve("deconv2d", x, weight, bias, wanted, attributes, typed, 1)


@st.composite
def transposed_cases(draw: st.DrawFn):
    """Kernels 1 to 9, strides 1 to 4, each with paddings that leave an output."""
    axes = []
    for _ in range(2):
        kernel, stride = draw(st.integers(1, 9)), draw(st.integers(1, 4))
        extent, extra = draw(st.integers(1, 3)), draw(st.integers(0, stride - 1))
        whole = (extent - 1) * stride + kernel + extra
        axes.append((extent, kernel, stride, draw(st.integers(0, (whole - 1) // 2)), extra))
    return list(zip(*axes, strict=True)), draw(st.integers(0, 1 << 20)), draw(st.booleans())


@settings(max_examples=120, deadline=None)
@given(transposed_cases())
def test_subpixel_conv2d_is_deconv2d(case) -> None:
    (extents, kernel, strides, padding, extra), seed, typed = case
    x, weight, bias = parameters(seed, typed, (1, 2, *extents), (2, 3, *kernel), 3)
    wanted = naive_deconv(x, weight, bias, strides, padding, extra, (1, 1), 1)
    attributes = transposed(strides, padding, extra)
    plain = f"{attributes}, dilations = array<i64: 1, 1>, groups = 1 : i64"
    convolve("deconv2d", x, weight, bias, wanted, plain, typed, 1)
    # The verifier refuses a phase without taps.
    if all(k >= s for k, s in zip(kernel, strides, strict=True)):
        convolve("subpixel_conv2d", x, weight.swapaxes(0, 1), bias, wanted, attributes, typed, 0)


def test_float_functions_take_images_of_other_sizes() -> None:
    text = one_conv("f32")
    for extents in ((4, 4), (9, 5)):
        assert lic.run(parse(text), "f", floats(0, (1, 1, *extents))).shape == (1, 1, *extents)


def one_conv(element: str) -> str:
    x = f"tensor<1x1x6x6x{element}>"
    body = constant("w", np.ones((1, 1, 3, 3)), element) + constant("b", np.zeros(1), element)
    body += (
        '%y = "lic.conv2d"(%x, %w, %b) {layer = "g_a.0", strides = array<i64: 1, 1>, padding = '
        "array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64} : "
        f"({x}, tensor<1x1x3x3x{element}>, tensor<1x{element}>) -> {x}\n"
    )
    return function(body, x, x)


# --------------------------------------------------------------------------------------------------
# Elementwise
# --------------------------------------------------------------------------------------------------
SHAPE = (1, 4, 3, 5)
LAYER = 'layer = "g_a.1"'


def test_float_elementwise() -> None:
    x, other = floats(5, SHAPE), floats(6, (1, 4, 1, 1))
    other[0, :, 0, 0] = [0, 1, -2, 0.5]

    def run(name: str, attributes: str = LAYER, constants=()) -> np.ndarray:
        return run_op(name, x, "f32", SHAPE, "f32", attributes, constants)

    np.testing.assert_array_equal(run("relu"), np.where(x > 0, x, np.float32(0)))
    np.testing.assert_array_equal(run("abs"), np.where(x > 0, x, -x))
    slope = f"{LAYER}, slope = 0.125 : f32"
    np.testing.assert_array_equal(run("leaky_relu", slope), np.where(x > 0, x, x / 8))
    np.testing.assert_array_equal(run("add", LAYER, ((other, "f32"),)), x + other)
    np.testing.assert_array_equal(run("add", LAYER, ((x, "f32"),)), 2 * x)


def test_float_rounding_is_half_up() -> None:
    x = np.array([-1.5, -0.5, 0.5, 1.5, 2.49]).astype(np.float32).reshape(1, 1, 1, 5)
    found = run_op("round_latent", x, "f32", x.shape, "f32", LAYER)
    assert found.ravel().tolist() == [-1, 0, 1, 2, 2]


@pytest.mark.parametrize("out", [ACTIVATION, Quantized(8, True, 0, 100, (1.0,))])
def test_typed_relu_and_abs(out: Quantized) -> None:
    x = integers(7, SHAPE, ACTIVATION)
    relu = run_op("relu", x, ACTIVATION, SHAPE, out, LAYER)
    np.testing.assert_array_equal(relu, elementwise(x, lambda v: clip(max(v, 0), out)))
    magnitude = run_op("abs", x, ACTIVATION, SHAPE, out, LAYER)
    np.testing.assert_array_equal(magnitude, elementwise(x, lambda v: clip(abs(v), out)))


@pytest.mark.parametrize(("multiplier", "shift"), [(83886, 23), (0, 0), (131071, 17), (65536, 62)])
def test_typed_leaky_relu(multiplier: int, shift: int) -> None:
    x = integers(8, SHAPE, WIDE)
    attributes = (
        f"{LAYER}, slope = 0.5 : f32, multiplier = {multiplier} : i64, shift = {shift} : i64"
    )
    found = run_op("leaky_relu", x, WIDE, SHAPE, WIDE, attributes)

    def law(v: int) -> int:
        return clip(v if v >= 0 else half_up(Fraction(v * multiplier, 1 << shift)), WIDE)

    np.testing.assert_array_equal(found, elementwise(x, law))


@pytest.mark.parametrize("shape", [SHAPE, (1, 4, 1, 1)])
def test_typed_add(shape: tuple[int, ...]) -> None:
    x, other = integers(9, SHAPE, I16), integers(10, shape, LATENT)
    attributes = f"{LAYER}, multiplier = array<i64: 70000, 3>, shift = 14 : i64"
    found = run_op("add", x, I16, SHAPE, I16, attributes, ((other, LATENT),))
    law = elementwise(
        x, lambda a, b: clip(half_up(Fraction(a * 70000 + b * 3, 1 << 14)), I16), other
    )
    np.testing.assert_array_equal(found, law)
    assert {-32768, 32767} <= set(found.ravel().tolist())


@pytest.mark.parametrize("kind", ["f32", ACTIVATION])
def test_pixel_shuffle(kind: Quantized | str) -> None:
    x = np.arange(8 * 2 * 3).reshape(1, 8, 2, 3) - 20
    found = run_op("pixel_shuffle", x, kind, (1, 2, 4, 6), kind, f"{LAYER}, factor = 2 : i64")
    for c, r, s in np.ndindex(2, 4, 6):
        assert found[0, c, r, s] == x[0, c * 4 + r % 2 * 2 + s % 2, r // 2, s // 2]


@pytest.mark.parametrize("per_channel", [False, True])
def test_requantize(per_channel: bool) -> None:
    x = integers(11, SHAPE, WIDE)
    multipliers, shifts = [65536, 131071, 99999, 70001], [0, 62, 33, 40]
    if not per_channel:
        multipliers, shifts = [100003], [39]
    attributes = f"multiplier = {array(multipliers)}, shift = {array(shifts)}"
    found = run_op("requantize", x, WIDE, SHAPE, ACTIVATION, attributes)
    m, s = (np.array(v).reshape(1, -1, 1, 1) for v in (multipliers, shifts))
    law = elementwise(x, lambda v, m, s: clip(half_up(Fraction(v * m, 1 << s)), ACTIVATION), m, s)
    np.testing.assert_array_equal(found, law)


@pytest.mark.parametrize("fraction", [0, 1, 5, 15])
def test_round_latent(fraction: int) -> None:
    kind = Quantized(16, True, -32768, 32767, (2.0**-fraction,))
    x = integers(12, SHAPE, kind)
    found = run_op("round_latent", x, kind, SHAPE, I16, LAYER)
    law = elementwise(x, lambda v: clip(half_up(Fraction(v, 1 << fraction)), I16))
    np.testing.assert_array_equal(found, law)


def test_quantize_and_dequantize() -> None:
    kind = Quantized(8, True, -100, 127, (0.25,))
    x = (np.arange(-600, 600).reshape(1, 4, 15, 20) / 16).astype(np.float32)
    found = run_op("quantize", x, "f32", x.shape, kind)
    real = [Fraction(float(v)) * 4 for v in x.ravel()]
    assert found.ravel().tolist() == [clip(half_up(v), kind) for v in real]
    back = run_op("dequantize", found, kind, x.shape, "f32")
    np.testing.assert_array_equal(back, found / np.float32(4))


def test_quantize_by_channel() -> None:
    kind = Quantized(8, True, -128, 127, (0.5, 2.0), 1)
    x = np.array([3.0, 3.0], np.float32).reshape(1, 2, 1, 1)
    found = run_op("quantize", x, "f32", x.shape, kind)
    assert found.ravel().tolist() == [6, 2]
    assert run_op("dequantize", found, kind, x.shape, "f32").ravel().tolist() == [3.0, 4.0]


# --------------------------------------------------------------------------------------------------
# GDN
# --------------------------------------------------------------------------------------------------
GDNS = list(itertools.product(("rsqrt", "gdn1"), (False, True)))


@pytest.mark.parametrize(("form", "inverse"), GDNS)
def test_float_gdn(form: str, inverse: bool) -> None:
    x, gamma = floats(13, SHAPE), np.abs(floats(14, (4, 4)))
    beta = np.array([1.0, 0.5, 2.0, 1e-3], np.float32)
    attributes = f'{LAYER}, form = "{form}", inverse = {str(inverse).lower()}'
    found = run_op("gdn", x, "f32", SHAPE, "f32", attributes, ((beta, "f32"), (gamma, "f32")))
    for i, r, c in np.ndindex(SHAPE[1:]):
        norm = float(beta[i])
        for j in range(4):
            value = float(x[0, j, r, c])
            norm += float(gamma[i, j]) * (value**2 if form == "rsqrt" else abs(value))
        factor = math.sqrt(norm) if form == "rsqrt" else norm
        wanted = float(x[0, i, r, c]) * (factor if inverse else 1 / factor)
        assert found[0, i, r, c] == pytest.approx(wanted, rel=1e-5)


def gdn_case(form: str, inverse: bool, norm_shift: int, low: int, shift: int):
    """Operands and attributes of a typed GDN; gamma is small enough for any x."""
    x = integers(15, SHAPE, GDN_X)
    x[0, :, 0, 1] = 0
    gamma = np.random.default_rng(16).integers(0, 1 << 17, (4, 4))
    gamma[0, :2] = 0, 131071
    beta = np.array([low, low + 1, low + 5, low + (1 << 20)])
    power = 4096**2 if form == "rsqrt" else 4096
    acc = (low, int((beta + gamma.sum(axis=1) * power).max()))
    norm = [max(1, half_up(Fraction(v, 1 << norm_shift))) for v in acc]
    multiplier = [65536, 131071, 100000, 77777]
    attributes = (
        f'{LAYER}, form = "{form}", inverse = {str(inverse).lower()}, norm = i32, '
        f"norm_shift = {norm_shift} : i64, norm_range = {array(norm)}, acc_range = {array(acc)}, "
        f"multiplier = {array(multiplier)}, shift = {array([shift] * 4)}"
    )
    return x, beta, gamma, multiplier, attributes


@pytest.mark.parametrize(("low", "norm_shift"), [(0, 14), (1, 15), (1 << 30, 12)])
@pytest.mark.parametrize(("form", "inverse"), GDNS)
def test_typed_gdn(form: str, inverse: bool, low: int, norm_shift: int) -> None:
    shift = (33 if form == "rsqrt" else 36) if inverse else (12 if form == "rsqrt" else 7)
    x, beta, gamma, multiplier, attributes = gdn_case(form, inverse, norm_shift, low, shift)
    constants = ((beta, "i64"), (gamma, GAMMA))
    found = run_op("gdn", x, GDN_X, SHAPE, ACTIVATION, attributes, constants)
    seen = set()
    for i, r, c in np.ndindex(SHAPE[1:]):
        column = [int(v) for v in x[0, :, r, c]]
        powers = [v * v if form == "rsqrt" else abs(v) for v in column]
        total = int(beta[i]) + sum(int(g) * p for g, p in zip(gamma[i], powers, strict=True))
        norm = max(1, half_up(Fraction(total, 1 << norm_shift)))
        mantissa, exponent = Gdn.root(SimpleNamespace(form=form, inverse=inverse), norm)
        real = Fraction(column[i] * mantissa * multiplier[i], 1 << (shift + 16 - exponent))
        seen.add(half_up(real))
        assert found[0, i, r, c] == clip(half_up(real), ACTIVATION)
    assert len(seen) > 10


# --------------------------------------------------------------------------------------------------
# Whole functions
# --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("network", NETWORKS)
def test_typed_networks_stay_in_their_ranges(network: str) -> None:
    name, shape, kind, layers = NETWORKS[network]
    module = typed_module(CONTEXT, {name: (shape, kind, layers)})
    x = sample(module, name)
    first, again = lic.run(module, name, x), lic.run(module, name, x)
    np.testing.assert_array_equal(first, again)
    assert len(np.unique(first)) > 10


@pytest.mark.parametrize("network", NETWORKS)
def test_strips_do_not_change_the_result(network: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, shape, kind, layers = NETWORKS[network]
    module = typed_module(CONTEXT, {name: (shape, kind, layers)})
    x = sample(module, name)
    whole = lic.run(module, name, x)
    monkeypatch.setattr(exact, "_STRIP_ELEMENTS", 29)
    np.testing.assert_array_equal(lic.run(module, name, x), whole)


def test_stages_and_values_used_twice() -> None:
    t = tensor((1, 2, 2, 2), ACTIVATION)
    body = f"""%s = "lic.stage"(%x) ({{
      ^bb0(%in: {t}):
        %r = "lic.relu"(%in) {{layer = "g_a.0"}} : ({t}) -> {t}
        "lic.yield"(%r) : ({t}) -> ()
      }}) {{layer = "g_a.0"}} : ({t}) -> {t}
    %t = "lic.add"(%s, %x) {{layer = "g_a.1", multiplier = array<i64: 1, 1>, shift = 0 : i64}} : ({t}, {t}) -> {t}
    %y = "lic.add"(%s, %t) {{layer = "g_a.2", multiplier = array<i64: 1, 1>, shift = 0 : i64}} : ({t}, {t}) -> {t}
    """
    x = integers(17, (1, 2, 2, 2), Quantized(8, True, -30, 30, (1.0,)))
    found = lic.run(parse(function(body, t, t)), "f", x)
    np.testing.assert_array_equal(found, 2 * np.maximum(x, 0) + x)


def test_observe_sees_argument_and_activations() -> None:
    module = typed_module(CONTEXT, {"g_a": ((3, 8, 8), IMAGE, [Layer("conv", 4), Layer("relu")])})
    seen: list[tuple[str, tuple[int, ...]]] = []

    def observe(value: Any, values: np.ndarray) -> None:
        name = "argument" if isinstance(value, ir.BlockArgument) else value.operation.name
        seen.append((name, values.shape))

    x = sample(module, "g_a")
    result = lic.run(module, "g_a", x, observe)
    assert seen == [
        ("argument", (1, 3, 8, 8)),
        ("lic.conv2d", (1, 4, 4, 4)),
        ("lic.relu", (1, 4, 4, 4)),
        ("lic.requantize", (1, 4, 4, 4)),
    ]
    np.testing.assert_array_equal(result, lic.run(module, "g_a", x))


# --------------------------------------------------------------------------------------------------
# Errors
# --------------------------------------------------------------------------------------------------
def small_conv(acc: tuple[int, int], weight: int = 127) -> str:
    """A typed 1x1 convolution: x * weight + 3."""
    w, b, _ = accumulators(1)
    sums = Quantized(32, True, *acc, (1.0,), 1)
    x, y = tensor((1, 1, 2, 2), ACTIVATION), tensor((1, 1, 2, 2), sums)
    body = constant("w", np.full((1, 1, 1, 1), weight), w) + constant("b", np.full(1, 3), b)
    body += (
        '%y = "lic.conv2d"(%x, %w, %b) {layer = "g_a.2", strides = array<i64: 1, 1>, padding = '
        "array<i64: 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64} : "
        f"({x}, {tensor((1, 1, 1, 1), w)}, {tensor((1,), b)}) -> {y}\n"
    )
    return function(body, x, y)


def test_sums_outside_their_proven_range() -> None:
    x = np.full((1, 1, 2, 2), 100)
    assert (lic.run(parse(small_conv((-12703, 12703))), "f", x) == 12703).all()
    message = r"^'lic\.conv2d' of g_a\.2: 12703\.\.12703 is outside the proven range -9\.\.12702$"
    with pytest.raises(InterpError, match=message):
        lic.run(parse(small_conv((-9, 12702))), "f", x)
    with pytest.raises(InterpError, match="proven range -12696"):
        lic.run(parse(small_conv((-12696, 12702))), "f", -x)


def test_arguments_outside_their_range() -> None:
    with pytest.raises(InterpError, match=r"@f: argument: 0\.\.128 is outside .* -128\.\.127"):
        lic.run(parse(small_conv((-I32, I32 - 1))), "f", np.array([[[[0, 128], [0, 0]]]]))


def test_constants_outside_their_range() -> None:
    text = small_conv((-I32, I32 - 1), weight=-128)
    with pytest.raises(InterpError, match=r"'lic\.constant': -128\.\.-128 is outside"):
        lic.run(parse(text), "f", np.zeros((1, 1, 2, 2), np.int64))


@pytest.mark.parametrize("end", ["low", "high"])
def test_gdn_outside_its_proven_ranges(end: str) -> None:
    x, beta, gamma, _, attributes = gdn_case("rsqrt", False, 14, 100, 12)
    # Beyond the beta and gamma that the range was proven for.
    if end == "low":
        beta = beta - 50
    else:
        x, gamma = np.full(SHAPE, -4096), np.full((4, 4), 131071)
    with pytest.raises(InterpError, match=r"^'lic\.gdn' of g_a\.1: sum of the norm of .* outside"):
        run_op("gdn", x, GDN_X, SHAPE, ACTIVATION, attributes, ((beta, "i64"), (gamma, GAMMA)))


def test_elided_constants() -> None:
    text = one_conv("f32").replace(
        constant("w", np.ones((1, 1, 3, 3)), "f32").split("value = ")[1].split("}")[0],
        "dense_resource<__elided__> : tensor<1x1x3x3xf32>",
    )
    assert "__elided__" in text
    with pytest.raises(InterpError, match=r"'lic\.constant' at .* its values were elided"):
        lic.run(parse(text), "f", floats(0, (1, 1, 6, 6)))


def test_unknown_function() -> None:
    module = parse(one_conv("f32"))
    with pytest.raises(InterpError, match=r"^no function @g_s; there are: f$"):
        lic.run(module, "g_s", floats(0, (1, 1, 6, 6)))
    with pytest.raises(InterpError, match=r"there are: none$"):
        lic.function(parse(""), "f")


@pytest.mark.parametrize("shape", [(1, 2, 6, 6), (2, 1, 6, 6), (1, 6, 6), (1, 1, 6)])
def test_inputs_of_a_wrong_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(InterpError, match="@f: expected an input of 1x1xHxW, but got"):
        lic.run(parse(one_conv("f32")), "f", floats(0, shape))


def test_an_input_smaller_than_the_kernel() -> None:
    text = one_conv("f32").replace("padding = array<i64: 1, 1>", "padding = array<i64: 0, 0>")
    head, _, tail = text.rpartition("-> tensor<1x1x6x6xf32>\n")
    text = f"{head}-> tensor<1x1x4x4xf32>\n{tail}".replace(
        "%y : tensor<1x1x6x6", "%y : tensor<1x1x4x4"
    )
    text = text.replace(") -> tensor<1x1x6x6xf32> {", ") -> tensor<1x1x4x4xf32> {")
    with pytest.raises(InterpError, match=r"'lic\.conv2d' of g_a\.0: .* smaller than the kernel"):
        lic.run(parse(text), "f", floats(0, (1, 1, 2, 2)))


def test_floats_for_a_typed_function() -> None:
    with pytest.raises(InterpError, match="@f: argument: expected integers"):
        lic.run(parse(small_conv((-I32, I32 - 1))), "f", floats(0, (1, 1, 2, 2)))


def test_unknown_ops() -> None:
    text = "func.func @f(%x: tensor<1x1x2x2xf32>) -> tensor<1x1x2x2xf32> {\n%y = math.absf %x : tensor<1x1x2x2xf32>\nreturn %y : tensor<1x1x2x2xf32>\n}"
    with pytest.raises(InterpError, match=r"'math\.absf': no interpretation of this op"):
        lic.run(parse(text), "f", floats(0, (1, 1, 2, 2)))
