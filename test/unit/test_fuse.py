# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""lic-fuse changes structure and no integer."""

from __future__ import annotations

import numpy as np
import pytest
from support.typed import IMAGE, LATENT12, SYMBOLS_SMALL, Layer, typed_module
from torch_mlir import ir

from licc.dialects import make_context
from licc.interp import lic
from licc.passes.lic_fuse import LicFuse

NETWORKS = {
    "conv, GDN, rounding": ("g_a", (3, 11, 9), IMAGE, [Layer("conv", 4), Layer("gdn"), Layer("conv", 3, 3), Layer("round")]),
    "GDN1 and a wide stride": ("g_a", (3, 17, 21), IMAGE, [Layer("conv", 4, 9, 4), Layer("gdn1"), Layer("conv", 3)]),
    "transposed": ("g_s", (5, 4, 3), SYMBOLS_SMALL, [Layer("deconv", 4), Layer("igdn"), Layer("deconv", 3, 9, 4)]),
    "transposed, odd": ("g_s", (3, 4, 5), SYMBOLS_SMALL, [Layer("deconv", 3, 3, 2, 0, 0), Layer("igdn1"), Layer("deconv", 3, 4, 2, 1, 0)]),
    "abs, ReLU": ("h_a", (4, 6, 7), LATENT12, [Layer("abs"), Layer("conv", 3, 3, 1), Layer("relu"), Layer("conv", 2), Layer("round")]),
    "medians, leaky": ("h_s", (3, 4, 3), SYMBOLS_SMALL, [Layer("add"), Layer("deconv", 4), Layer("leaky_relu"), Layer("conv", 6, 3, 1), Layer("relu")]),
}  # fmt: skip


def sample(module: ir.Module, name: str, seed: int = 3) -> np.ndarray:
    """Stored integers over the whole range of the function's argument."""
    function = next(op for op in module.body.operations if op.attributes["sym_name"].value == name)
    from licc.dialects.quantized import quantized, shape_of

    argument = function.entry_block.arguments[0]
    kind = quantized(argument.type)
    assert kind is not None
    random = np.random.default_rng(seed)
    return random.integers(kind.lo, kind.hi + 1, shape_of(argument))


@pytest.mark.parametrize("network", NETWORKS)
def test_fusing_changes_no_integer(network: str) -> None:
    name, *spec = NETWORKS[network]
    module = typed_module(make_context(), {name: tuple(spec)})
    x = sample(module, name)
    before = lic.run(module, name, x)
    assert len(np.unique(before)) > 5
    LicFuse().run(module)
    assert module.operation.verify()
    np.testing.assert_array_equal(lic.run(module, name, x), before)
    again = str(module)
    LicFuse().run(module)
    assert str(module) == again


def test_float_modules_fuse_too() -> None:
    context = make_context()
    text = """
      func.func @g_s(%x: tensor<1x2x3x4xf32>) -> tensor<1x3x6x8xf32> {
        %w = "lic.constant"() {value = dense<0.5> : tensor<2x3x5x5xf32>} : () -> tensor<2x3x5x5xf32>
        %b = "lic.constant"() {value = dense<1.0> : tensor<3xf32>} : () -> tensor<3xf32>
        %0 = "lic.deconv2d"(%x, %w, %b) {layer = "g_s.0", strides = array<i64: 2, 2>, padding = array<i64: 2, 2>, output_padding = array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 1} : (tensor<1x2x3x4xf32>, tensor<2x3x5x5xf32>, tensor<3xf32>) -> tensor<1x3x6x8xf32>
        return %0 : tensor<1x3x6x8xf32>
      }"""
    with context:
        module = ir.Module.parse(text)
    x = np.random.default_rng(0).normal(size=(1, 2, 3, 4)).astype(np.float32)
    before = lic.run(module, "g_s", x)
    LicFuse().run(module)
    assert module.operation.verify()
    np.testing.assert_allclose(lic.run(module, "g_s", x), before, rtol=1e-6)
