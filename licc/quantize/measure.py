# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Signal to quantization noise of typed values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from licc.quantize.statistics import Array

# What is exact, or as good as.
MOST_DB = 120.0


def sqnr(
    floats: Sequence[NDArray[np.float32]], integers: Sequence[NDArray[Any]], steps: Array
) -> float:
    """`10 log10(sum y^2 / sum (y - q step)^2)` in dB, over all elements of all pictures.

    Args:
        floats: y, 1xCxHxW of each picture.
        integers: q, likewise.
        steps: [C] real value of an integer 1 (scale times channel scale).
    """
    wide = steps.astype(np.float32).reshape(1, -1, 1, 1)
    signal = sum(float(np.square(y, dtype=np.float32).sum(dtype=np.float64)) for y in floats)
    noise = sum(
        float(np.square(y - q * wide, dtype=np.float32).sum(dtype=np.float64))
        for y, q in zip(floats, integers, strict=True)
    )
    if noise <= signal * 10.0 ** (-MOST_DB / 10.0):
        return MOST_DB
    return 10.0 * float(np.log10(max(signal, 1e-30) / noise))
