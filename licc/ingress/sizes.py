# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How large an image may be; apart from the rest so that it can be checked before torch is imported."""

from __future__ import annotations

from licc.errors import UserError
from licc.images import LARGEST_SIDE


def check_input_size(input_hw: tuple[int, int]) -> None:
    """Raise a UserError unless `input_hw` (height, width) is the size of an image."""
    if not all(1 <= extent <= LARGEST_SIDE for extent in input_hw):
        raise UserError(
            f"--input {input_hw[0]}x{input_hw[1]}: expected height and width from 1 to {LARGEST_SIDE}"
        )
