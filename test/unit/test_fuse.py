# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""lic-fuse changes structure and no integer."""

from __future__ import annotations

import numpy as np
import pytest
from support.typed import NETWORKS, sample, typed_module
from torch_mlir import ir

from licc.dialects import make_context
from licc.interp import lic
from licc.passes.lic_fuse import LicFuse


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
    np.testing.assert_allclose(lic.run(module, "g_s", x), before, rtol=1e-5, atol=1e-5)
