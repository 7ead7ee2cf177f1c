# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Exact convolutions and products against loops over Python's integers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from licc.interp import exact
from licc.interp.arith import RangeError

SETTINGS = settings(max_examples=60, deadline=None)


def integers_of(random: np.random.Generator, shape: tuple[int, ...], bits: int) -> np.ndarray:
    """Signed integers of `bits` magnitude bits, the extremes among them."""
    values = random.integers(-(1 << bits), (1 << bits) + 1, shape)
    ends = random.choice([-(1 << bits), 1 << bits], shape)
    return np.where(random.random(shape) < 0.3, ends, values)


def naive_correlate(x, weight, offsets, stride, size) -> np.ndarray:
    """The definition, on Python's integers."""
    outputs, inputs = weight.shape[:2]
    out = np.zeros((outputs, *size), dtype=object)
    for o, r, c in np.ndindex(outputs, *size):
        total = 0
        for i, (j, dy), (k, dx) in itertools.product(
            range(inputs), enumerate(offsets[0]), enumerate(offsets[1])
        ):
            row, column = r * stride[0] + dy, c * stride[1] + dx
            if 0 <= row < x.shape[1] and 0 <= column < x.shape[2]:
                total += int(weight[o, i, j, k]) * int(x[i, row, column])
        out[o, r, c] = total
    return out


def naive_scatter(x, weight, stride, padding, size) -> np.ndarray:
    out = np.zeros((weight.shape[1], *size), dtype=object)
    for i, o, j, k in np.ndindex(weight.shape):
        for r, c in np.ndindex(x.shape[1:]):
            row, column = r * stride[0] - padding[0] + j, c * stride[1] - padding[1] + k
            if 0 <= row < size[0] and 0 <= column < size[1]:
                out[o, row, column] += int(weight[i, o, j, k]) * int(x[i, r, c])
    return out


def naive_matmul(a, b) -> np.ndarray:
    return a.astype(object) @ b.astype(object)


# Bits of factors: sums below 2^24 (float), 2^53 (double), and beyond (halves).
WIDTHS = [(7, 7), (8, 20), (15, 40), (30, 20), (12, 43)]


@st.composite
def problems(draw: st.DrawFn):
    random = np.random.default_rng(draw(st.integers(0, 1 << 30)))
    taps = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    inputs, outputs = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    x_bits, w_bits = draw(st.sampled_from(WIDTHS))
    x = integers_of(random, (inputs, draw(st.integers(1, 7)), draw(st.integers(1, 7))), x_bits)
    weight = integers_of(random, (outputs, inputs, *taps), w_bits)
    stride = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    size = draw(st.tuples(st.integers(1, 6), st.integers(1, 6)))
    return random, x, weight, taps, stride, size


@SETTINGS
@given(problems(), st.data())
def test_correlate(problem, data: st.DataObject) -> None:
    _, x, weight, taps, stride, size = problem
    offsets = tuple(
        data.draw(st.lists(st.integers(-6, 6), min_size=count, max_size=count)) for count in taps
    )
    found = exact.correlate(x, weight, offsets, stride, size)
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, naive_correlate(x, weight, offsets, stride, size))


@SETTINGS
@given(problems(), st.data())
def test_scatter(problem, data: st.DataObject) -> None:
    _, x, weight, _, stride, size = problem
    padding = data.draw(st.tuples(st.integers(0, 3), st.integers(0, 3)))
    swapped = weight.swapaxes(0, 1)
    found = exact.scatter(x, swapped, stride, padding, size)
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, naive_scatter(x, swapped, stride, padding, size))


@SETTINGS
@given(st.integers(0, 1 << 30), st.tuples(*[st.integers(1, 6)] * 3), st.sampled_from(WIDTHS))
def test_matmul(seed: int, extents: tuple[int, int, int], bits: tuple[int, int]) -> None:
    random = np.random.default_rng(seed)
    rows, depth, columns = extents
    a = integers_of(random, (rows, depth), bits[1])
    b = integers_of(random, (depth, columns), bits[0])
    found = exact.matmul(a, b)
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, naive_matmul(a, b))


@pytest.mark.parametrize("limit", [1 << 24, 1 << 53])
@pytest.mark.parametrize("by", [-1, 0, 1])
def test_sums_at_the_limits_of_floats(limit: int, by: int) -> None:
    # The sum of the weights; a type that holds integers below the limit rounds limit + 1.
    a, b = np.array([[limit - 2, 1, 1 + by]]), np.ones((3, 1), np.int64)
    assert exact.matmul(a, b)[0, 0] == limit + by
    x, weight = b[:, :, None], a[:, :, None, None]
    assert exact.correlate(x, weight, ([0], [0]), (1, 1), (1, 1))[0, 0, 0] == limit + by
    assert exact.scatter(x, weight.swapaxes(0, 1), (1, 1), (0, 0), (1, 1))[0, 0, 0] == limit + by


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int16, np.int32])
def test_narrow_types_do_not_wrap(dtype) -> None:
    limits = np.iinfo(dtype)
    x = np.array([[[limits.min, limits.max]]], dtype)
    weight = np.array([[[[-128, -128]]]], np.int8)
    found = exact.correlate(x, weight, ([0], [0, 1]), (1, 1), (1, 1))
    assert found[0, 0, 0] == -128 * (int(limits.min) + int(limits.max))


def test_strips_do_not_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    x, weight = integers_of(random, (2, 11, 5), 8), integers_of(random, (3, 2, 3, 2), 7)
    arguments = (x, weight, (range(-1, 2), (-2, 1)), (2, 1), (6, 5))
    transposed = (x, weight.swapaxes(0, 1), (2, 1), (1, 0), (22, 6))
    whole, scattered = exact.correlate(*arguments), exact.scatter(*transposed)
    for limit in (1, 2 * 6 * 5 * 4 * 4):
        monkeypatch.setattr(exact, "_STRIP_BYTES", limit)
        np.testing.assert_array_equal(exact.correlate(*arguments), whole)
        np.testing.assert_array_equal(exact.scatter(*transposed), scattered)


@pytest.mark.parametrize(("rows", "columns"), [(1, 0), (1, 1), (3, 1000), (1 << 20, 3), (0, 5)])
def test_strips_cut_columns(rows: int, columns: int) -> None:
    cuts = list(exact.strips(rows, columns))
    assert [c for cut in cuts for c in range(columns)[cut]] == list(range(columns))
    widest = max((len(range(columns)[cut]) for cut in cuts), default=0)
    assert widest == 1 or widest * rows <= exact._STRIP_ELEMENTS


def test_no_taps_sum_to_zero() -> None:
    for dtype in (np.int64, np.float32):
        x, weight = np.ones((2, 3, 3), dtype), np.ones((4, 2, 0, 3), dtype)
        found = exact.correlate(x, weight, ([], [0, 1, 2]), (1, 1), (2, 2))
        assert found.shape == (4, 2, 2)
        assert not found.any()
        assert found.dtype == (np.int64 if dtype == np.int64 else np.float32)


def test_floats_stay_floats() -> None:
    random = np.random.default_rng(1)
    x = random.standard_normal((2, 5, 6)).astype(np.float32)
    weight = random.standard_normal((3, 2, 3, 3)).astype(np.float32)
    offsets, stride, size = (range(-1, 2), range(-1, 2)), (2, 1), (3, 6)
    found = exact.correlate(x, weight, offsets, stride, size)
    scale = 1 << 20
    fixed = [np.round(v.astype(np.float64) * scale).astype(np.int64) for v in (x, weight)]
    wanted = naive_correlate(*fixed, offsets, stride, size).astype(np.float64) / scale**2
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)
    assert exact.matmul(weight[0, 0], x[0, :3]).dtype == np.float32
    assert exact.scatter(x, weight.swapaxes(0, 1), (1, 1), (0, 0), (4, 4)).dtype == np.float32


TOO_LARGE = np.array([[[1 << 40]]])


@pytest.mark.parametrize(
    ("x", "weight", "message"),
    [
        (TOO_LARGE, np.array([[[[1 << 22]]]]), "that 64 bits do not hold"),
        (TOO_LARGE, np.array([[[[-(1 << 22)]]]]), "that 64 bits do not hold"),
        (np.array([[[-(1 << 50)]]]), np.array([[[[40000]]]]), "that 64 bits do not hold"),
        (TOO_LARGE, np.array([[[[1 << 14]]]]), "too wide to sum exactly"),
    ],
)
def test_sums_beyond_64_bits(x: np.ndarray, weight: np.ndarray, message: str) -> None:
    with pytest.raises(RangeError, match=message):
        exact.correlate(x, weight, ([0], [0]), (1, 1), (1, 1))
    with pytest.raises(RangeError, match=message):
        exact.matmul(weight[:, :, 0, 0], x[0])
    with pytest.raises(RangeError, match=message):
        exact.scatter(x, weight, (1, 1), (0, 0), (1, 1))


def test_scatter_bounds_all_taps_together() -> None:
    # No single tap is too large, the sum of them is.
    weight = np.full((1, 1, 1, 4), 1 << 30)
    x = np.full((1, 1, 4), 1 << 30)
    with pytest.raises(RangeError, match="64 bits"):
        exact.scatter(x, weight, (1, 1), (0, 0), (1, 7))
