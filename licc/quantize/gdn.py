# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""GDN's parameters as integers, with the proven ranges of its sum and of its norm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from licc.dialects.lic.ops import (
    GDN_ACCUMULATOR_MAX,
    GDN_NORM_MAX,
    SHIFT_MAX,
    gdn_exponent,
)
from licc.quantize.policy import GAMMA_BITS
from licc.quantize.scales import multiplier_and_shift, scale_not_below
from licc.quantize.statistics import Array


@dataclass(frozen=True)
class GdnParameters:
    """What a typed `lic.gdn` needs.

    Attributes:
        gamma: [C, C] integers of at most 17 bits.
        gamma_scale: their scale.
        beta: [C] integers at the scale of the sum.
        norm_shift: right shift from the sum to the norm.
        acc_range: proven range of the sum.
        norm_range: proven range of the norm.
        multiplier: one or C of 17 bits.
        shift: as many.
    """

    gamma: NDArray[np.int64]
    gamma_scale: float
    beta: NDArray[np.int64]
    norm_shift: int
    acc_range: tuple[int, int]
    norm_range: tuple[int, int]
    multiplier: tuple[int, ...]
    shift: tuple[int, ...]


@dataclass(frozen=True)
class GdnShape:
    """The float side of a GDN and the types around it.

    Attributes:
        beta: [C], folded.
        gamma: [C, C], folded.
        form: "rsqrt" or "gdn1".
        inverse: whether it multiplies by the root.
        scale: of the stored input.
        lo: smallest stored input.
        hi: largest stored input.
        steps: [C] real value of a stored 1 of the result (its scale times the channel's).
        gamma_bits: width of gamma, at most 17.
    """

    beta: Array
    gamma: Array
    form: str
    inverse: bool
    scale: float
    lo: int
    hi: int
    steps: Array
    gamma_bits: int = GAMMA_BITS


def quantize_gdn(gdn: GdnShape) -> GdnParameters:
    """Choose gamma's scale, then the least norm shift whose norm fits i32 and whose shifts are legal."""
    largest = max(abs(gdn.lo), abs(gdn.hi))
    power, unit = (largest**2, gdn.scale**2) if gdn.form == "rsqrt" else (largest, gdn.scale)
    gamma_scale = _gamma_scale(gdn, power, unit)
    gamma = np.floor(np.maximum(gdn.gamma, 0.0) / gamma_scale + 0.5).astype(np.int64)
    beta = np.floor(np.maximum(gdn.beta, 0.0) / (gamma_scale * unit) + 0.5).astype(np.int64)
    acc_range = int(beta.min()), int((beta + gamma.sum(axis=1) * power).max())
    norm_shift = max(0, acc_range[1].bit_length() - 31)
    while _rshr(acc_range[1], norm_shift) > GDN_NORM_MAX:
        norm_shift += 1
    while norm_shift <= SHIFT_MAX:
        norm_range = tuple(max(1, _rshr(bound, norm_shift)) for bound in acc_range)
        pairs = _pairs(gdn, gamma_scale * unit * 2.0**norm_shift)
        if _legal(gdn, norm_range, [shift for _, shift in pairs]):
            if len(set(pairs)) == 1:
                pairs = pairs[:1]
            return GdnParameters(
                gamma,
                gamma_scale,
                beta,
                norm_shift,
                acc_range,
                (norm_range[0], norm_range[1]),
                tuple(m for m, _ in pairs),
                tuple(s for _, s in pairs),
            )
        norm_shift += 1
    raise ValueError("no norm shift gives GDN legal shifts")


def _gamma_scale(gdn: GdnShape, power: int, unit: float) -> float:
    """The finest scale at which gamma has its bits and every sum fits the accumulator."""
    peak = float(gdn.gamma.max())
    rows = np.maximum(gdn.gamma, 0.0).sum(axis=1)
    # One unit more for each rounded gamma, so that the bound holds for the rounded ones.
    most = GDN_ACCUMULATOR_MAX - power * gdn.gamma.shape[1]
    largest = float((rows * power + np.maximum(gdn.beta, 0.0) / unit).max())
    finest = max(peak / ((1 << gdn.gamma_bits) - 1), largest / most)
    return scale_not_below(finest if finest > 0.0 else 1.0)


def _pairs(gdn: GdnShape, norm_scale: float) -> list[tuple[int, int]]:
    """Multiplier and shift of each channel: x_q * root(norm_q) * multiplier * 2^-shift = y_q."""
    root = norm_scale**0.5 if gdn.form == "rsqrt" else norm_scale
    factor = gdn.scale * (root if gdn.inverse else 1.0 / root)
    return [multiplier_and_shift(float(factor / step)) for step in gdn.steps]


def _legal(gdn: GdnShape, norm_range: tuple[int, ...], shifts: list[int]) -> bool:
    """Shifts that are not negative, as hardware keeps them, and total shifts in [0, 62]."""
    exponents = [gdn_exponent(gdn.form, gdn.inverse, norm) for norm in norm_range]
    least = min(shifts) + 16 - max(exponents)
    most = max(shifts) + 16 - min(exponents)
    return min(shifts) >= 0 and least >= 0 and most <= SHIFT_MAX


def _rshr(value: int, shift: int) -> int:
    return value if shift == 0 else (value + (1 << (shift - 1))) >> shift
