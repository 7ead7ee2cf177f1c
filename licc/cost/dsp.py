# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""DSP48E2 slices that a unit takes.

Sources: AMD UG579 (a 27x18 signed multiplier, a 48-bit accumulator); AMD WP486 (two INT8 products a slice
with one operand shared); Yosys `synth_xilinx -family xcup` for the counts of wider products (24x24: 2,
32x18: 2, 32x32: 4), which `multiplier` gives too. Widths are those of runtime/hls/licc_hls.hpp.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from licc.cost.cycles import ceil_div

# Signed bits of a requantization multiplier: 17 unsigned ones.
MULTIPLIER_BITS = 18
GDN_INPUT_BITS = 13
ROOT_BITS = 19
SCALED_BITS = 32


def multiplier(a: int, b: int) -> int:
    """Slices of one signed a x b product: tiles of 27x18, each further tile adds 26 or 17 bits.

    A signed factor of w bits splits into ceil((w - 1) / (p - 1)) parts for a port of p bits.
    """
    return min(_tiles(a, 27) * _tiles(b, 18), _tiles(a, 18) * _tiles(b, 27))


def _tiles(width: int, port: int) -> int:
    return max(1, -(-(width - 1) // (port - 1)))


def mac_array(oc: Any, ic: Any, kh: Any, kw: Any, pair: Any) -> Any:
    """`ceil(oc / 2) * ic * kh * kw` in pairs (two output channels share an activation), else one a MAC.

    INT8 or UINT8 activations pair; a 16-bit activation by an 8-bit weight is one 27x18 product.
    """
    return np.where(pair, ceil_div(oc, 2), oc) * ic * kh * kw


def gdn_norm(oc: Any, ic: Any, form: str) -> Any:
    """One slice a MAC: gamma on 17 bits by a power on 25 (x of 13 bits, squared).

    The squares are taken as the words come in: one 13x13 product a lane, none for |x| (form gdn1).
    """
    squares = ic * multiplier(GDN_INPUT_BITS, GDN_INPUT_BITS) if form == "rsqrt" else 0
    return oc * ic * multiplier(18, 27) + squares


def gdn_root(lanes: Any, form: str, inverse: bool) -> Any:
    """Products of a root unit, by the widths in `root_sqrt`, `root_reciprocal` and `scale_by_root`.

    rsqrt: r0^2 (18x18), m*q (19x19), r0*d (18x19), and m*r (19x19) for the inverse; gdn1: m*r0 (18x18)
    and r0*d (18x19), none for the inverse. Both: x*root (13x19) and by the multiplier (32x18).
    """
    if form == "rsqrt":
        newton = [(18, 18), (19, 19), (18, 19)] + [(19, 19)] * inverse
    else:
        newton = [] if inverse else [(18, 18), (18, 19)]
    scale = [(GDN_INPUT_BITS, ROOT_BITS), (SCALED_BITS, MULTIPLIER_BITS)]
    return lanes * sum(multiplier(a, b) for a, b in newton + scale)


def requantizer(lanes: Any, bits: int) -> Any:
    """One product of the value by a 17-bit multiplier a lane: a slice up to 27 bits, else two."""
    return lanes * multiplier(bits, MULTIPLIER_BITS)


def leaky_relu(lanes: Any, bits: int) -> Any:
    """Like a requantizer."""
    return requantizer(lanes, bits)


def add(lanes: Any, bits: int) -> Any:
    """The value by its multiplier, and the 32-bit constant by its own, a lane."""
    return lanes * (multiplier(bits, MULTIPLIER_BITS) + multiplier(32, MULTIPLIER_BITS))
