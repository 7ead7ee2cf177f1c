# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Types of 4 bits in `lic`: they verify, keep their text and are interpreted like any others."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from torch_mlir import ir

from licc.dialects import make_context
from licc.dialects.quantized import quantized
from licc.interp import lic as interpreter
from licc.interp.lic import InterpError
from licc.interp.narrow import is_narrow, narrow_elements

OUTPUTS, INPUTS, EXTENT = 4, 3, 6
MODULE = """
!x = !quant.uniform<{x}:f32, 0.5>
!w = !quant.uniform<i4<-7:7>:f32:0, {{0.25,0.125,0.5,0.25}}>
!b = !quant.uniform<i32:f32:0, {{0.125,0.0625,0.25,0.125}}>
!acc = !quant.uniform<i32<-5000:5000>:f32:1, {{0.125,0.0625,0.25,0.125}}>
!y = !quant.uniform<i4<-7:7>:f32, 1.0>
func.func @g_a(%x: tensor<1x3x6x6x!x>) -> tensor<1x4x6x6x!y> {{
  %w = "lic.constant"() {{value = {weights}}} : () -> tensor<4x3x3x3x!w>
  %b = "lic.constant"() {{value = dense<[3, -4, 50, 0]> : tensor<4xi32>}} : () -> tensor<4x!b>
  %0 = "lic.conv2d"(%x, %w, %b) {{layer = "g_a.0", strides = array<i64: 1, 1>, padding = array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 1}}
    : (tensor<1x3x6x6x!x>, tensor<4x3x3x3x!w>, tensor<4x!b>) -> tensor<1x4x6x6x!acc>
  %1 = "lic.requantize"(%0) {{multiplier = array<i64: 65536, 65536, 65536, 65536>, shift = array<i64: 19, 20, 18, 19>}}
    : (tensor<1x4x6x6x!acc>) -> tensor<1x4x6x6x!y>
  return %1 : tensor<1x4x6x6x!y>
}}
"""


def dense(values: NDArray[np.int64]) -> str:
    return f"dense<{values.tolist()}> : tensor<{'x'.join(map(str, values.shape))}xi4>"


def convolution(x: NDArray[np.int64], weights: NDArray[np.int64]) -> NDArray[np.int64]:
    """By its definition, with the biases and factors of MODULE."""
    padded = np.pad(x[0], ((0, 0), (1, 1), (1, 1)))
    sums = np.zeros((1, OUTPUTS, EXTENT, EXTENT), dtype=np.int64)
    for row in range(3):
        for column in range(3):
            window = padded[:, row : row + EXTENT, column : column + EXTENT]
            sums[0] += np.einsum("oi,iyx->oyx", weights[:, :, row, column], window)
    sums += np.array([3, -4, 50, 0])[:, None, None]
    places = np.array([3, 4, 2, 3])[:, None, None]
    return np.clip((sums + (1 << (places - 1))) >> places, -7, 7)


@pytest.mark.parametrize(("storage", "least", "greatest"), [("i4", -8, 7), ("u4", 0, 15)])
@pytest.mark.parametrize("splat", [False, True])
def test_a_convolution_by_hand(storage: str, least: int, greatest: int, splat: bool) -> None:
    rng = np.random.default_rng(0)
    weights = rng.integers(-7, 8, (OUTPUTS, INPUTS, 3, 3))
    if splat:
        weights[:] = -3
    text = "dense<-3> : tensor<4x3x3x3xi4>" if splat else dense(weights)
    module = ir.Module.parse(MODULE.format(x=storage, weights=text), context=make_context())
    assert module.operation.verify()
    again = ir.Module.parse(module.operation.get_asm(), context=make_context())
    x = rng.integers(least, greatest + 1, (1, INPUTS, EXTENT, EXTENT))
    for each in (module, again):
        got = interpreter.run(each, "g_a", x)
        np.testing.assert_array_equal(got, convolution(x, weights))
        assert splat or len(np.unique(got)) > 4
    with pytest.raises(InterpError, match="outside"):
        interpreter.run(module, "g_a", np.full_like(x, greatest + 1))


def test_a_type_of_four_bits() -> None:
    with make_context():
        kind = quantized(ir.Type.parse("!quant.uniform<i4<-7:7>:f32, 0.5>"))
        assert kind is not None
        assert (kind.bits, kind.lo, kind.hi, kind.magnitude_bits) == (4, -7, 7, 4)
        assert str(kind.type()) == "!quant.uniform<i4<-7:7>:f32, 5.000000e-01>"


@pytest.mark.parametrize("masked", [False, True])
def test_many_elements_are_printed_as_bytes(masked: bool) -> None:
    wanted = np.random.default_rng(1).integers(-8, 8, (16, 8, 3, 3))
    stored = wanted.astype(np.uint8) & (15 if masked else 255)
    with make_context():
        text = f'dense<"0x{stored.tobytes().hex()}"> : tensor<16x8x3x3xi4>'
        attribute = ir.Attribute.parse(text)
        assert is_narrow(attribute.type)
        assert '"0x' in str(attribute)
        np.testing.assert_array_equal(narrow_elements(attribute), wanted)
        assert not is_narrow(ir.Type.parse("tensor<2xi8>"))
        assert not is_narrow(ir.Type.parse("tensor<2xf32>"))
