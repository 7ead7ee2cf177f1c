# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The integer law against rational arithmetic on Python's own integers."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from licc.interp import arith
from licc.interp.arith import RangeError

SETTINGS = settings(max_examples=200, deadline=None)
HALF = Fraction(1, 2)
I32 = 1 << 31


def half_up(value: Fraction) -> int:
    """The nearest integer, halves towards plus infinity."""
    return math.floor(value + HALF)


def edges(least: int, most: int) -> st.SearchStrategy[int]:
    """Integers of a range: any, its ends, and the neighbours of powers of two."""
    powers = {sign * (1 << bit) + by for bit in range(63) for sign in (1, -1) for by in (-1, 0, 1)}
    special = sorted({v for v in powers | {0, least, most} if least <= v <= most})
    return st.integers(least, most) | st.sampled_from(special)


SHIFTS = st.integers(0, 62) | st.sampled_from((0, 1, 61, 62))
MULTIPLIERS = edges(0, (1 << 17) - 1)
ACCUMULATORS = edges(-I32, I32)
WIDE = edges(-(1 << 62), (1 << 62) - 1)


@st.composite
def bounds(draw: st.DrawFn) -> tuple[int, int]:
    least, most = sorted(draw(st.tuples(edges(-I32, I32), edges(-I32, I32))))
    return least, most


I8 = st.just((-128, 127))
BOUNDS = bounds() | I8


def saturated(value: int, bounds: tuple[int, int]) -> int:
    return sorted((bounds[0], value, bounds[1]))[1]


# --------------------------------------------------------------------------------------------------
# rshr
# --------------------------------------------------------------------------------------------------
@SETTINGS
@given(WIDE, SHIFTS)
@example(-(1 << 62), 62)
@example((1 << 62) - 1, 62)
@example(-(1 << 62), 0)
@example(-1, 1)
@example(-3, 1)
@example(-(1 << 61), 62)
def test_rshr_rounds_half_up(value: int, shift: int) -> None:
    assert arith.rshr(value, shift) == half_up(Fraction(value, 1 << shift))


@pytest.mark.parametrize("shift", range(1, 62))
def test_rshr_halves_go_up(shift: int) -> None:
    half = 1 << (shift - 1)
    values = [-3 * half, -half - 1, -half, -half + 1, half - 1, half, half + 1, 3 * half]
    if shift == 61:
        values = values[1:-1]  # three halves of 2^61 are the law's limit
        assert arith.rshr(values, shift).tolist() == [-1, 0, 0, 0, 1, 1]
        return
    assert arith.rshr(values, shift).tolist() == [-1, -1, 0, 0, 0, 1, 1, 2]


def test_rshr_broadcasts_shifts() -> None:
    assert arith.rshr([[5], [-5]], [0, 1, 2]).tolist() == [[5, 3, 1], [-5, -2, -1]]


@pytest.mark.parametrize("value", [1 << 62, -(1 << 62) - 1])
def test_rshr_refuses_what_could_overflow(value: int) -> None:
    with pytest.raises(RangeError, match="shifted value"):
        arith.rshr(value, 1)


@pytest.mark.parametrize("shift", [-1, 63])
def test_rshr_refuses_shifts(shift: int) -> None:
    with pytest.raises(RangeError, match=r"shift of .* is outside 0\.\.62"):
        arith.rshr(1, shift)


# --------------------------------------------------------------------------------------------------
# Conversions
# --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32", "uint32", "int64", "bool"])
def test_integers_keeps_values(dtype: str) -> None:
    limits = np.array([0, 1], dtype) if dtype == "bool" else np.iinfo(dtype)
    values = limits if dtype == "bool" else np.array([limits.min, limits.max], dtype)
    result = arith.integers(values)
    assert result.dtype == np.int64
    assert result.tolist() == [int(v) for v in values]


def test_integers_of_64_unsigned_bits() -> None:
    assert arith.integers(np.array([(1 << 63) - 1], np.uint64)).tolist() == [(1 << 63) - 1]
    assert arith.integers(np.array([], np.uint64)).size == 0
    with pytest.raises(RangeError, match="uint64"):
        arith.integers(np.array([1 << 63], np.uint64))


@pytest.mark.parametrize("values", [1.0, [0.5], np.float32(3), "3", 1 << 64, [None]])
def test_integers_refuses_the_rest(values: object) -> None:
    with pytest.raises(RangeError, match="expected integers"):
        arith.integers(values)


def test_span_and_within() -> None:
    assert arith.span(np.array([3, -7, 5])) == (-7, 5)
    nothing = np.array([], np.int64)
    assert arith.span(nothing) == (0, 0)
    assert arith.within(nothing, 1, 2, "it") is nothing
    values = np.array([-2, 9])
    assert arith.within(values, -2, 9, "it") is values
    for least, most in ((-1, 9), (-2, 8)):
        with pytest.raises(RangeError, match=rf"it of -2\.\.9 is outside {least}\.\.{most}"):
            arith.within(values, least, most, "it")


@SETTINGS
@given(WIDE, BOUNDS)
def test_clamp(value: int, bounds: tuple[int, int]) -> None:
    assert arith.clamp(value, *bounds) == saturated(value, bounds)


@SETTINGS
@given(edges(1, (1 << 53) - 1))
@example(1)
@example((1 << 53) - 1)
def test_bit_length(value: int) -> None:
    assert arith.bit_length(value) == value.bit_length()


def test_bit_length_at_powers_of_two() -> None:
    values = sorted({(1 << bit) + by for bit in range(1, 53) for by in (-1, 0, 1)} - {0})
    assert arith.bit_length(values).tolist() == [v.bit_length() for v in values]


@pytest.mark.parametrize("value", [0, -1, 1 << 53])
def test_bit_length_refuses(value: int) -> None:
    with pytest.raises(RangeError):
        arith.bit_length(value)


# --------------------------------------------------------------------------------------------------
# Ops
# --------------------------------------------------------------------------------------------------
@SETTINGS
@given(ACCUMULATORS, MULTIPLIERS, SHIFTS, BOUNDS)
@example(-I32, (1 << 17) - 1, 0, (-I32, I32 - 1))
@example(I32 - 1, (1 << 17) - 1, 62, (-128, 127))
def test_requantize(acc: int, multiplier: int, shift: int, bounds: tuple[int, int]) -> None:
    real = Fraction(acc * multiplier, 1 << shift)
    assert arith.requantize(acc, multiplier, shift, *bounds) == saturated(half_up(real), bounds)


def test_requantize_by_channel() -> None:
    acc = np.arange(-6, 6).reshape(1, 2, 2, 3)
    multiplier, shift = (np.array(v)[:, None, None] for v in ([1 << 16, 3 << 15], [16, 17]))
    found = arith.requantize(acc, multiplier, shift, -4, 3)
    wanted = [
        saturated(half_up(Fraction(int(v)) * (1, Fraction(3, 4))[c]), (-4, 3))
        for (_, c, _, _), v in np.ndenumerate(acc)
    ]
    assert found.ravel().tolist() == wanted


@SETTINGS
@given(ACCUMULATORS, BOUNDS)
def test_relu_and_absolute(value: int, bounds: tuple[int, int]) -> None:
    assert arith.relu(value, *bounds) == saturated(max(value, 0), bounds)
    assert arith.absolute(value, *bounds) == saturated(abs(value), bounds)


def test_the_least_i8_has_no_magnitude() -> None:
    assert arith.absolute([-128, -127, 127], -128, 127).tolist() == [127, 127, 127]


@SETTINGS
@given(ACCUMULATORS, MULTIPLIERS, SHIFTS, BOUNDS)
def test_leaky_relu(value: int, multiplier: int, shift: int, bounds: tuple[int, int]) -> None:
    real = Fraction(value) if value >= 0 else Fraction(value * multiplier, 1 << shift)
    assert arith.leaky_relu(value, multiplier, shift, *bounds) == saturated(half_up(real), bounds)


@SETTINGS
@given(ACCUMULATORS, ACCUMULATORS, MULTIPLIERS, MULTIPLIERS, SHIFTS, BOUNDS)
@example(-I32, -I32, (1 << 17) - 1, (1 << 17) - 1, 0, (-I32, I32 - 1))
def test_add(a: int, b: int, ma: int, mb: int, shift: int, bounds: tuple[int, int]) -> None:
    real = Fraction(a * ma + b * mb, 1 << shift)
    assert arith.add(a, b, (ma, mb), shift, *bounds) == saturated(half_up(real), bounds)


@SETTINGS
@given(edges(-(1 << 15), (1 << 15) - 1), st.integers(0, 15), BOUNDS)
def test_round_latent(value: int, fraction_bits: int, bounds: tuple[int, int]) -> None:
    real = Fraction(value, 1 << fraction_bits)
    assert arith.round_latent(value, fraction_bits, *bounds) == saturated(half_up(real), bounds)


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (lambda: arith.requantize(I32 + 1, 1, 0, -1, 1), "accumulator"),
        (lambda: arith.requantize(-I32 - 1, 1, 0, -1, 1), "accumulator"),
        (lambda: arith.requantize(1, 1 << 17, 0, -1, 1), "multiplier"),
        (lambda: arith.requantize(1, -1, 0, -1, 1), "multiplier"),
        (lambda: arith.requantize(1, 1, 63, -1, 1), "shift"),
        (lambda: arith.leaky_relu(I32 + 1, 1, 0, -1, 1), "input"),
        (lambda: arith.leaky_relu(1, 1 << 17, 0, -1, 1), "multiplier"),
        (lambda: arith.absolute((1 << 62) + 1, -1, 1), "input"),
        (lambda: arith.add(I32 + 1, 0, (1, 1), 0, -1, 1), "first addend"),
        (lambda: arith.add(0, I32 + 1, (1, 1), 0, -1, 1), "second addend"),
        (lambda: arith.add(0, 0, (1, -1), 0, -1, 1), "multiplier"),
        (lambda: arith.requantize(np.float32(1), 1, 0, -1, 1), "expected integers"),
    ],
)
def test_widths_are_checked(call, what: str) -> None:
    with pytest.raises(RangeError, match=what):
        call()


# --------------------------------------------------------------------------------------------------
# quantize
# --------------------------------------------------------------------------------------------------
@SETTINGS
@given(st.integers(-(1 << 20), 1 << 20), st.integers(-8, 8), st.integers(-5, 5), BOUNDS)
def test_quantize(eighths: int, power: int, zero: int, bounds: tuple[int, int]) -> None:
    # Multiples of an eighth over a power of two: exact in floats, halves among them.
    value, scale = eighths / 8, 2.0**power
    wanted = saturated(half_up(Fraction(value) / Fraction(scale)) + zero, bounds)
    assert arith.quantize(value, scale, *bounds, zero) == wanted


def test_quantize_saturates_before_the_cast() -> None:
    found = arith.quantize([np.inf, -np.inf, 1e308, -1e308], 1e-3, -128, 127)
    assert found.tolist() == [127, -128, 127, -128]
    assert found.dtype == np.int64


def test_quantize_refuses_nan() -> None:
    with pytest.raises(RangeError, match="not a number"):
        arith.quantize([0.0, np.nan], 1.0, -128, 127)


def test_bytes_of_an_image_are_its_integers() -> None:
    pixels = np.arange(256) / 255.0
    scale = float(f"{1 / 255:.6e}")
    assert arith.quantize(pixels.astype(np.float32), scale, 0, 255).tolist() == list(range(256))
