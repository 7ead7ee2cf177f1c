# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How alike two pictures are, and how far integers are from the floats that they stand for."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from licc.errors import UserError

LARGEST_PSNR = 100.0
"""What stands for the infinite PSNR of a picture without error, so that means stay finite."""

SMALLEST_MS_SSIM = 161
"""The least height and width: four halvings have to leave the 11 pixels of a window."""


def psnr(decoded: NDArray[np.uint8], original: NDArray[np.uint8]) -> float:
    """Peak signal-to-noise ratio in dB over all pixels and channels of two HxWx3 pictures of 8 bits."""
    error = np.mean((decoded.astype(np.float64) - original.astype(np.float64)) ** 2)
    return LARGEST_PSNR if error == 0 else min(10.0 * math.log10(255.0**2 / error), LARGEST_PSNR)


def ms_ssim(decoded: NDArray[np.uint8], original: NDArray[np.uint8]) -> float | None:
    """Multi-scale structural similarity of two HxWx3 pictures of 8 bits; None for one that is too small.

    Wang, Simoncelli and Bovik (2003) with their five weights and windows of 11x11, by channel, as
    `pytorch-msssim` computes it.

    Raises:
        UserError: that library is not installed.
    """
    if min(original.shape[:2]) < SMALLEST_MS_SSIM:
        return None
    try:
        import torch
        from pytorch_msssim import ms_ssim as library
    except ImportError as error:
        raise missing("pytorch-msssim") from error
    x, y = (
        torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))[None].float()
        for picture in (decoded, original)
    )
    return float(library(x, y, data_range=255.0))


def decibels(similarity: float) -> float:
    """MS-SSIM on the scale on which the field plots it: -10 log10(1 - MS-SSIM)."""
    return -10.0 * math.log10(max(1.0 - similarity, 1e-10))


def ratio(signal: float, noise: float) -> float:
    """Signal-to-noise ratio in dB of two sums of squares; 0 where there is no signal."""
    if signal <= 0:
        return 0.0
    return LARGEST_PSNR if noise <= 0 else min(10.0 * math.log10(signal / noise), LARGEST_PSNR)


def energies(wanted: NDArray[Any], got: NDArray[Any]) -> tuple[float, float]:
    """Sums of squares of what is wanted and of the error of what is there instead."""
    exact = wanted.astype(np.float64).ravel()
    error = got.astype(np.float64).ravel() - exact
    return float(exact @ exact), float(error @ error)


def missing(package: str) -> UserError:
    """What to say when a library of the extra `eval` is not installed."""
    return UserError(f"{package} is not installed, which licc-eval needs: pip install 'licc[eval]'")
