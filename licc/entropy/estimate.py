# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What symbols would cost, where no entropy model says: their empirical entropy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["entropy_bits"]


def entropy_bits(symbols: npt.NDArray[np.integer]) -> float:
    """Bits of [C, H, W] at the zeroth-order entropy of each channel's own histogram.

    A bound for an ideal coder that is told the histograms for nothing; no bitstream.
    """
    bits = 0.0
    for channel in symbols:
        _, counts = np.unique(channel, return_counts=True)
        bits -= float(np.sum(counts * np.log2(counts / counts.sum())))
    return bits
