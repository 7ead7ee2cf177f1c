# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Scales, multiplier and shift pairs, fraction bits."""

from __future__ import annotations

import math

from licc.dialects.quantized import printable_scale

MULTIPLIER_BITS = 17
SHIFT_MAX = 62
FRACTION_BITS_MAX = 10


def multiplier_and_shift(factor: float) -> tuple[int, int]:
    """The pair with `multiplier * 2^-shift` nearest to `factor`, multiplier in [2^16, 2^17).

    The shift may be negative or large; the caller knows what is legal.

    Raises:
        ValueError: `factor` is not positive and finite.
    """
    if not 0.0 < factor < math.inf:
        raise ValueError(f"a scale factor has to be positive and finite, but is {factor}")
    mantissa, exponent = math.frexp(factor)
    multiplier = round(mantissa * (1 << MULTIPLIER_BITS))
    if multiplier == 1 << MULTIPLIER_BITS:
        multiplier, exponent = multiplier >> 1, exponent + 1
    return multiplier, MULTIPLIER_BITS - exponent


def fraction_bits(magnitude: float, bits: int = 16, headroom: int = 1) -> int:
    """Fraction bits f of a signed integer of `bits` bits that holds `magnitude` `2^headroom` times over.

    At least 0 (a scale above one is no latent's) and at most 10: smaller powers of two have more digits
    than a printable scale.
    """
    whole = math.ceil(math.log2(magnitude)) if magnitude > 0.0 else 0
    return min(max(bits - 1 - headroom - whole, 0), FRACTION_BITS_MAX)


def scale_of(magnitude: float, most: int) -> float:
    """The printable scale at which `magnitude` is stored as about `most`; 1 / most for nothing."""
    return printable_scale((magnitude if magnitude > 0.0 else 1.0) / most)


def scale_not_below(scale: float) -> float:
    """The smallest printable scale that is at least `scale`."""
    printable = printable_scale(scale)
    return printable if printable >= scale else printable_scale(scale * (1.0 + 1e-6))
