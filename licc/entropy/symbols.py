# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""From latents to symbols and back, in integers (docs/semantics.md, "Symbols")."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from licc.interp import arith

__all__ = ["decoded", "symbols_of"]

Ints = npt.NDArray[np.int64]


def symbols_of(
    latent: Ints, fraction: int, means: Ints | None = None, means_fraction: int = 0
) -> Ints:
    """`round(latent - means)`, halves up, exactly.

    Args:
        latent: stored integers at `2^-fraction`.
        fraction: fraction bits of the latent, at least 0.
        means: stored integers at `2^-means_fraction`; None for zeros.
        means_fraction: fraction bits of the means, at least 0.
    """
    if means is None:
        return arith.rshr(latent, fraction)
    common = max(fraction, means_fraction)
    difference = (latent << (common - fraction)) - (means << (common - means_fraction))
    return arith.rshr(difference, common)


def decoded(
    symbols: Ints,
    fraction: int,
    lo: int,
    hi: int,
    means: Ints | None = None,
    means_fraction: int = 0,
) -> Ints:
    """`symbols + means` at `2^-fraction`, as @g_s takes it: saturated to `lo..hi`.

    Means of more fraction bits are rounded half up, of fewer are exact.
    """
    shift = means_fraction - fraction
    if means is None:
        offsets: Ints | int = 0
    else:
        offsets = arith.rshr(means, shift) if shift > 0 else means << -shift
    # Symbols of a hostile stream may be large; what is beyond the range saturates either way.
    within = np.clip(symbols, -(1 << 31), 1 << 31)
    return arith.clamp((within << fraction) + offsets, lo, hi)
