# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Integer thresholds and symbols against CompressAI's floats and against fractions."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.entropy import entropy_models
from torch_mlir import ir

from licc.dialects import make_context
from licc.entropy import symbols, thresholds

f32 = st.floats(2**-20, 2**12, width=32, allow_nan=False)


@given(st.lists(f32, min_size=2, max_size=70, unique=True), f32, st.integers(0, 15), st.data())
@settings(deadline=None, max_examples=200)
def test_indexes_are_those_of_compressai(
    table: list[float], bound: float, fraction: int, data: st.DataObject
) -> None:
    table = sorted(table)
    stored = np.array(data.draw(st.lists(st.integers(-(2**15), 2**15), max_size=60)), np.int64)
    # The neighbourhood of every entry and of the bound, where a mistake would be.
    near = np.floor(np.array([*table, bound]) * 2.0**fraction).astype(np.int64)
    stored = np.concatenate([stored, near - 1, near, near + 1, [0]])
    stored = stored[np.abs(stored) < 2**24]  # float32 holds them exactly
    model = entropy_models().GaussianConditional(table, scale_bound=bound)
    scales = torch.from_numpy(stored * 2.0**-fraction).float()
    wanted = model.build_indexes(scales).numpy()
    found = thresholds.scale_thresholds(np.float32(table), bound, 2.0**-fraction)
    np.testing.assert_array_equal(thresholds.indexes(stored, np.array(found)), wanted)
    assert list(found) == sorted(found)


def test_an_entry_that_is_met_exactly_is_not_exceeded() -> None:
    found = thresholds.scale_thresholds(np.float32([0.5, 1.0, 2.0]), 0.11, 2.0**-4)
    assert found == (8, 16)
    assert thresholds.indexes(np.array([8, 9, 16, 17]), np.array(found)).tolist() == [0, 1, 1, 2]


@pytest.mark.parametrize("scale", [0.3, 0.0, -0.5, math.inf, math.nan])
def test_a_scale_that_is_no_power_of_two_is_refused(scale: float) -> None:
    with pytest.raises(ValueError, match="power of two"):
        thresholds.scale_thresholds(np.float32([0.5, 1.0]), 0.11, scale)


def test_the_ir_carries_them() -> None:
    text = """module {
      func.func @h_s(%x: tensor<1x1x1x1x!quant.uniform<i16:f32, 6.250000e-02>>)
          -> tensor<1x1x1x1x!quant.uniform<i16:f32, 6.250000e-02>> {
        return %x : tensor<1x1x1x1x!quant.uniform<i16:f32, 6.250000e-02>>
      }
    }"""
    table = np.float32([0.11, 0.3, 0.7, 5.0])
    with make_context() as context, ir.Location.unknown():
        module = ir.Module.parse(text)
        thresholds.describe_scales(module, table, 0.11)
        module = ir.Module.parse(str(module), context)  # as text the floats survive
        thresholds.attach(module)
        wanted = thresholds.scale_thresholds(table, 0.11, 0.0625)
        assert tuple(thresholds.read(module)) == wanted == (1, 4, 11)
        assert "lic.scale_thresholds = array<i64: 1, 4, 11>" in str(module)
        assert "scale_table" not in str(module)
        assert "scale_bound" not in str(module)


stored = st.integers(-(2**15), 2**15 - 1)


@given(stored, stored, st.integers(0, 10), st.integers(0, 10))
def test_symbols_are_rounded_differences(y: int, m: int, f: int, g: int) -> None:
    difference = Fraction(y, 1 << f) - Fraction(m, 1 << g)
    wanted = math.floor(difference + Fraction(1, 2))
    assert symbols.symbols_of(np.array([y]), f, np.array([m]), g).tolist() == [wanted]
    assert symbols.symbols_of(np.array([y]), f).tolist() == [
        math.floor(Fraction(y, 1 << f) + Fraction(1, 2))
    ]


@given(st.integers(-(2**20), 2**20), stored, st.integers(0, 10), st.integers(0, 10))
def test_what_is_decoded_is_symbol_and_mean(s: int, m: int, f: int, g: int) -> None:
    wanted = math.floor((s + Fraction(m, 1 << g)) * (1 << f) + Fraction(1, 2))
    got = symbols.decoded(np.array([s]), f, -(2**15), 2**15 - 1, np.array([m]), g)
    assert got.tolist() == [min(max(wanted, -(2**15)), 2**15 - 1)]
