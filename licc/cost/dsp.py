# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""DSP48E2 slices that a unit takes.

Sources: AMD UG579 (a 27x18 signed multiplier, a 48-bit accumulator); `packing` for products that share a
slice; Yosys `synth_xilinx -family xcup` for the counts
of wider products (24x24: 2, 32x18: 2, 32x32: 4), which `multiplier` gives too. Widths are those of
runtime/hls/licc_hls.hpp.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from licc.cost.folding import Folding
from licc.cost.packing import shared

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


def mac_array(folding: Folding, weight: int, value: int) -> Any:
    """`oc * px * ic * kh * kw` products, two or four of them a slice where they share it.

    Args:
        folding: of the array.
        weight: the greatest magnitude of a weight.
        value: the greatest magnitude of an activation.
    """
    products = shared(weight, value, folding.oc, folding.px)
    alone = multiplier(value.bit_length() + 1, weight.bit_length() + 1)
    return folding.oc * folding.px // products * folding.taps * np.where(products == 1, alone, 1)


def gdn_norm(folding: Folding, intake: Any, form: str) -> Any:
    """One slice a MAC: gamma on 17 bits by a power on 25 (x of 13 bits, squared).

    The squares are taken as the words come in: one 13x13 product a lane, none for |x| (form gdn1).
    """
    return norm_array(folding) + intake * slices(square_products(form))


def norm_array(folding: Folding) -> Any:
    """The MACs of a norm alone."""
    return folding.oc * folding.ic * multiplier(18, 27)


def gdn_root(lanes: Any, form: str, inverse: bool) -> Any:
    """Products of a root unit: see `root_products`."""
    return lanes * slices(root_products(form, inverse))


def unit(kind: str, lanes: Any, bits: int) -> Any:
    """An elementwise unit of `lanes` lanes on values of `bits` bits: see `unit_products`."""
    return lanes * slices(unit_products(kind, bits))


# --------------------------------------------------------------------------------------------------
# Products beside those of the arrays, as (bits, bits): of each lane
# --------------------------------------------------------------------------------------------------
Products = tuple[tuple[int, int], ...]


def slices(products: Products) -> int:
    """Slices of all of them."""
    return sum(multiplier(a, b) for a, b in products)


def square_products(form: str) -> Products:
    """Of a lane that comes into a norm."""
    return ((GDN_INPUT_BITS, GDN_INPUT_BITS),) if form == "rsqrt" else ()


def root_products(form: str, inverse: bool) -> Products:
    """Of a root unit, by the widths in `root_sqrt`, `root_reciprocal` and `scale_by_root`.

    rsqrt: r0^2 (18x18), m*q (19x18), r0*d (18x19), and m*r (19x18) for the inverse; gdn1: m*r0 (18x18)
    and r0*d (18x19), none for the inverse. Both: x*root (13x19) and by the multiplier (32x18).
    """
    if form == "rsqrt":
        newton = ((18, 18), (19, 18), (18, 19), *(((19, 18),) * inverse))
    else:
        newton = () if inverse else ((18, 18), (18, 19))
    return (*newton, (GDN_INPUT_BITS, ROOT_BITS), (SCALED_BITS, MULTIPLIER_BITS))


def unit_products(kind: str, bits: int) -> Products:
    """Of an elementwise unit on values of `bits` bits.

    A requantizer and a leaky ReLU multiply by 17 bits: a slice up to 27 bits, else two. An added constant:
    the value by its multiplier, and the 32-bit constant by its own; two joined values by one each. Others have
    no product.
    """
    scaled = (bits, MULTIPLIER_BITS)
    if kind in ("requantizer", "leaky_relu"):
        return (scaled,)
    if kind == "join":
        return (scaled, scaled)
    return (scaled, (SCALED_BITS, MULTIPLIER_BITS)) if kind == "add" else ()
