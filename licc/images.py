# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What an image may be, for whoever takes one; nothing heavy is imported here."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from licc.errors import UserError

LARGEST_SIDE = 16384
"""Images larger than this are a mistake: neither 16-bit coordinates nor line buffers would hold them."""

MAX_PIXELS = 1 << 26
"""Larger images are not decoded unless the caller says so: a stream of some bytes may claim any size."""


def check_image(image: npt.NDArray[np.uint8]) -> None:
    """Pass an array of uint8, height x width x 3.

    Raises:
        UserError: it is of another type or shape, or a side is not 1 to 16384.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise UserError(
            f"an image of {image.dtype} and shape {image.shape}: expected uint8, height x width x 3"
        )
    if not all(1 <= extent <= LARGEST_SIDE for extent in image.shape[:2]):
        raise UserError(
            f"an image of {image.shape[0]}x{image.shape[1]}: expected 1 to {LARGEST_SIDE} either way"
        )
