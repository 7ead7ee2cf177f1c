# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The integer law of docs/semantics.md in numpy: every typed op is made of these functions.

All of them take and return int64 arrays (or what converts to one without loss), never round through
a float, and raise `RangeError` rather than wrap around.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "MULTIPLIER_BITS",
    "SHIFT_MAX",
    "Integers",
    "RangeError",
    "absolute",
    "add",
    "bit_length",
    "clamp",
    "integers",
    "leaky_relu",
    "quantize",
    "relu",
    "requantize",
    "round_latent",
    "rshr",
    "span",
    "within",
]

Integers = npt.NDArray[np.int64]

# The widest shift, and the width of a requantization multiplier.
SHIFT_MAX = 62
MULTIPLIER_BITS = 17
# rshr adds at most 2^61 before it shifts; what lies below this bound cannot overflow.
_SAFE = 1 << 62


class RangeError(ValueError):
    """An integer outside the range that the law allows at this place."""


def integers(values: Any) -> Integers:
    """`values` as int64; raises RangeError for floats and for integers that int64 does not hold."""
    raw = np.asarray(values)
    if raw.dtype == np.int64:
        return raw
    if raw.dtype.kind not in "iub" or (
        raw.dtype == np.uint64 and raw.size and raw.max() >= 1 << 63
    ):
        raise RangeError(f"expected integers of at most 64 bits, but got '{raw.dtype}'")
    return raw.astype(np.int64)


def span(values: Integers) -> tuple[int, int]:
    """The least and the greatest of `values`; (0, 0) when there are none."""
    if values.size == 0:
        return 0, 0
    return int(values.min()), int(values.max())


def within(values: Integers, lo: int, hi: int, what: str) -> Integers:
    """`values` themselves; raises RangeError unless all lie in [lo, hi]."""
    least, most = span(values)
    if values.size and (least < lo or most > hi):
        raise RangeError(f"{what} of {least}..{most} is outside {lo}..{hi}")
    return values


def rshr(values: Any, shift: Any) -> Integers:
    """`v` if shift is 0, else `(v + 2^(shift-1)) >> shift`: rounds half up (towards plus infinity).

    `shift` broadcasts against `values`; 0 <= shift <= 62, |v| < 2^62.
    """
    v, s = integers(values), integers(shift)
    within(v, -_SAFE, _SAFE - 1, "shifted value")
    within(s, 0, SHIFT_MAX, "shift")
    # Half of 2^shift is 0 for shift 0, so one formula serves both cases.
    return (v + ((np.int64(1) << s) >> 1)) >> s


def clamp(values: Any, lo: int, hi: int) -> Integers:
    """`min(max(v, lo), hi)`."""
    v = integers(values)
    return np.minimum(np.maximum(v, np.int64(lo)), np.int64(hi))


def bit_length(values: Any) -> Integers:
    """Bits of positive integers below 2^53: 1 for 1, 8 for 255."""
    v = integers(values)
    within(v, 1, (1 << 53) - 1, "value")
    # frexp is exact on integers that a double holds: v = f * 2^e with 1/2 <= f < 1.
    return np.frexp(v.astype(np.float64))[1].astype(np.int64)


def requantize(acc: Any, multiplier: Any, shift: Any, lo: int, hi: int) -> Integers:
    """`clamp(rshr(acc * multiplier, shift), lo, hi)`.

    `multiplier` (unsigned, 17 bits) and `shift` broadcast against `acc`; |acc| <= 2^31.
    """
    a, m = integers(acc), integers(multiplier)
    within(a, -(1 << 31), 1 << 31, "accumulator")
    within(m, 0, (1 << MULTIPLIER_BITS) - 1, "multiplier")
    return clamp(rshr(a * m, shift), lo, hi)


def relu(values: Any, lo: int, hi: int) -> Integers:
    """`max(v, 0)`, saturated to [lo, hi]."""
    return clamp(np.maximum(integers(values), np.int64(0)), lo, hi)


def leaky_relu(values: Any, multiplier: int, shift: int, lo: int, hi: int) -> Integers:
    """`v` where v >= 0, else `rshr(v * multiplier, shift)`; saturated to [lo, hi]. |v| <= 2^31."""
    v = integers(values)
    within(v, -(1 << 31), 1 << 31, "input")
    within(integers(multiplier), 0, (1 << MULTIPLIER_BITS) - 1, "multiplier")
    return clamp(np.where(v >= 0, v, rshr(v * np.int64(multiplier), shift)), lo, hi)


def absolute(values: Any, lo: int, hi: int) -> Integers:
    """`|v|`, saturated to [lo, hi]: the least i8 becomes 127."""
    v = integers(values)
    within(v, -_SAFE, _SAFE, "input")
    return clamp(np.abs(v), lo, hi)


def add(a: Any, b: Any, multipliers: tuple[int, int], shift: int, lo: int, hi: int) -> Integers:
    """`clamp(rshr(a * ma + b * mb, shift), lo, hi)`; |a|, |b| <= 2^31, multipliers of 17 bits."""
    x, y = integers(a), integers(b)
    within(x, -(1 << 31), 1 << 31, "first addend")
    within(y, -(1 << 31), 1 << 31, "second addend")
    within(integers(multipliers), 0, (1 << MULTIPLIER_BITS) - 1, "multiplier")
    total = x * np.int64(multipliers[0]) + y * np.int64(multipliers[1])
    return clamp(rshr(total, shift), lo, hi)


def round_latent(values: Any, fraction_bits: int, lo: int, hi: int) -> Integers:
    """`clamp(rshr(v, f), lo, hi)`: symbols of a latent with `f` fraction bits."""
    return clamp(rshr(values, fraction_bits), lo, hi)


def quantize(values: Any, scale: float, lo: int, hi: int, zero_point: int = 0) -> Integers:
    """`clamp(floor(x / scale + 1/2) + zero_point, lo, hi)` in double precision; NaN is a RangeError.

    The way from floats to integers: it happens on the host only.
    """
    x = np.asarray(values, dtype=np.float64)
    if np.isnan(x).any():
        raise RangeError("not a number among the values to quantize")
    # Clamped as floats first: a cast of a float that int64 does not hold would be undefined.
    with np.errstate(over="ignore"):
        stored = np.floor(x / scale + 0.5) + zero_point
    return np.clip(stored, lo, hi).astype(np.int64)
