# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`licc.dialects.quantized` against upstream's parser and printer."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_mlir import ir
from torch_mlir.dialects import quant

from licc.dialects import make_context
from licc.dialects.quantized import (
    Quantized,
    element_type,
    printable_scale,
    quantized,
    shape_of,
)

CONTEXT = make_context()
SCALES = st.floats(1e-30, 1e30)


@st.composite
def kinds(draw: st.DrawFn) -> Quantized:
    bits, signed = draw(st.sampled_from((8, 16, 32))), draw(st.booleans())
    least, most = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    lo = draw(st.integers(least, most - 1))
    hi = draw(st.integers(lo + 1, most))
    axis = draw(st.none() | st.integers(0, 3))
    scales = draw(st.lists(SCALES, min_size=1, max_size=1 if axis is None else 4))
    return Quantized(bits, signed, lo, hi, tuple(scales), axis)


@settings(max_examples=150, deadline=None)
@given(kinds())
def test_types_survive_text(kind: Quantized) -> None:
    with CONTEXT:
        type_ = kind.type()
        assert quantized(type_) == kind
        assert ir.Type.parse(str(type_)) == type_
        assert quantized(ir.Type.parse(f"tensor<1x4x2x2x{type_}>")) == kind


@pytest.mark.parametrize(
    ("scale", "text"),
    [(0.125, "1.250000e-01"), (1e-5, "1.000000e-05"), (0.1234567891, "0.12345678910000001")],
)
def test_wheel_prints_a_scale_short_or_exactly(scale: float, text: str) -> None:
    with CONTEXT:
        type_ = Quantized(8, True, -128, 127, (scale,)).type()
        assert str(type_) == f"!quant.uniform<i8:f32, {text}>"
        assert quant.UniformQuantizedType(ir.Type.parse(str(type_))).scale == scale


@given(st.floats(1e-30, 1e30))
def test_printable_scales_are_fixed_points(scale: float) -> None:
    printable = printable_scale(scale)
    assert printable_scale(printable) == printable
    assert printable == pytest.approx(scale, rel=1e-6)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("!quant.uniform<i8:f32, 0.5>", Quantized(8, True, -128, 127, (0.5,))),
        ("!quant.uniform<u8:f32, 0.5:7>", Quantized(8, False, 0, 255, (0.5,), None, 7)),
        ("!quant.uniform<i8<-127:127>:f32, 0.5>", Quantized(8, True, -127, 127, (0.5,))),
        (
            "!quant.uniform<i32:f32:1, {0.5,0.25}>",
            Quantized(32, True, -(1 << 31), (1 << 31) - 1, (0.5, 0.25), 1),
        ),
        # A zero point of one channel is not lost: no op takes such a type.
        (
            "!quant.uniform<i8:f32:0, {0.5,0.25:3}>",
            Quantized(8, True, -128, 127, (0.5, 0.25), 0, 3),
        ),
    ],
)
def test_reads(text: str, wanted: Quantized) -> None:
    with CONTEXT:
        assert quantized(ir.Type.parse(text)) == wanted


@pytest.mark.parametrize("text", ["f32", "i8", "tensor<2xf32>", "!quant.any<i8:f32>", "none"])
def test_other_types_are_not_quantized(text: str) -> None:
    with CONTEXT:
        assert quantized(ir.Type.parse(text)) is None


@pytest.mark.parametrize(
    ("lo", "hi", "bits"),
    [
        (0, 0, 1),
        (0, 1, 1),
        (0, 255, 8),
        (0, 131071, 17),
        (-1, 0, 1),
        (-4096, 4095, 13),
        (-4097, 4095, 14),
        (-4096, 4096, 14),
        (-127, 127, 8),
    ],
)
def test_magnitude_bits(lo: int, hi: int, bits: int) -> None:
    assert Quantized(32, True, lo, hi, (1.0,)).magnitude_bits == bits


def test_a_per_axis_type_has_no_single_scale() -> None:
    assert Quantized(8, True, -128, 127, (0.5,)).scale == 0.5
    with pytest.raises(ValueError, match="no single scale"):
        _ = Quantized(8, True, -128, 127, (0.5,), 0).scale


def test_elements_and_shapes() -> None:
    with CONTEXT, ir.Location.unknown():
        assert str(element_type(ir.Type.parse("vector<8xi8>"))) == "i8"
        assert str(element_type(ir.Type.parse("i8"))) == "i8"
        module = ir.Module.parse("func.func private @f(tensor<1x2x3x4xf32>)")
        assert module.operation.verify()
        cast = ir.Operation.create(
            "builtin.unrealized_conversion_cast", results=[ir.Type.parse("tensor<1x2x3x4xf32>")]
        )
        assert shape_of(cast.result) == (1, 2, 3, 4)
