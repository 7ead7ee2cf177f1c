# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How products of weights and activations share a DSP48E2, from their greatest magnitudes alone.

The slice multiplies 27 by 18 signed bits (AMD UG579). Two values of one factor, `v1 * 2^L + v0`, lie side by
side in the 27-bit port: with magnitudes up to m, below `m * (2^L + 1)`, which fits 26 bits and a sign up to
`L = 26 - bits of m`. Their products with the other factor are exact while those of v0, summed, keep to L signed
bits: `n * m * s <= 2^(L-1) - 1` is the longest cascade of n sums; where n is 0, they cannot share (AMD WP486
has L = 18). Four products have lanes of one width too. docs/semantics.md, "Packed multiplication", tells more.

This is the one place that says so: the dialect's verifier, the cost model, the solver and the emitted code
agree with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

__all__ = ["PACKINGS", "Lanes", "Packing", "choice", "packed", "shared"]

Packing = Literal["single", "pair", "pixels", "quad"]
PACKINGS: tuple[Packing, ...] = ("single", "pair", "pixels", "quad")
# Magnitude bits of the ports; each has a sign bit more.
WIDE_PORT, NARROW_PORT = 26, 17


@dataclass(frozen=True)
class Lanes:
    """Lanes in which products lie side by side.

    Attributes:
        bits: of a lane, its sign included.
        cascade: sums of so many products are exact at most; 0 if not even one is.
    """

    bits: int
    cascade: int


def packed(packing: str, weight: int, value: int, *, fours: bool = False) -> Lanes:
    """The lanes of a packing for weights and activations of at most these magnitudes.

    Args:
        packing: "pair" (two weights by an activation), "pixels" (two activations by a weight) or "quad".
        weight: the greatest magnitude of a weight.
        value: the greatest magnitude of an activation.
        fours: a quad of four weights by an activation, not of two by two.
    """
    w, x = weight.bit_length(), value.bit_length()
    if packing == "pair":
        bits = WIDE_PORT - w
    elif packing == "pixels":
        bits = WIDE_PORT - x
    elif fours:
        bits = (WIDE_PORT - w) // 3
    else:
        bits = min((WIDE_PORT - w) // 2, NARROW_PORT - x)
    if bits < 2 or min(weight, value) < 1:
        return Lanes(max(bits, 2), 0)
    cascade = ((1 << (bits - 1)) - 1) // (weight * value)
    # Four weights by an activation are split product by product (licc_hls.hpp).
    return Lanes(bits, min(cascade, 1) if fours else cascade)


def choice(weight: int, value: int, oc: int, px: int) -> Packing:
    """The packing of most products a slice for `oc` outputs by `px` positions; of two, the longer cascade.

    Args:
        weight: the greatest magnitude of a weight.
        value: the greatest magnitude of an activation.
        oc: output channels in a cycle.
        px: positions in a cycle.
    """
    if int(shared(weight, value, oc, px)) == 4:
        return "quad"
    pair = packed("pair", weight, value).cascade if oc % 2 == 0 else 0
    pixels = packed("pixels", weight, value).cascade if px % 2 == 0 else 0
    if max(pair, pixels) == 0:
        return "single"
    return "pair" if pair >= pixels else "pixels"


def shared(weight: int, value: int, oc: Any, px: Any) -> Any:
    """Products that a slice does, 4, 2 or 1; `oc` and `px` may be arrays."""
    square = packed("quad", weight, value).cascade > 0
    fours = packed("quad", weight, value, fours=True).cascade > 0
    pair = packed("pair", weight, value).cascade > 0
    pixels = packed("pixels", weight, value).cascade > 0
    even_oc, even_px = oc % 2 == 0, px % 2 == 0
    four = (square & even_oc & even_px) | (fours & (oc % 4 == 0))
    two = (pair & even_oc) | (pixels & even_px)
    return np.where(four, 4, np.where(two, 2, 1))
