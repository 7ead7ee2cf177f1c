# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How much of its work a process does in one cycle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Folding:
    """What is done in one cycle: numbers, or numpy arrays of one shape that stand for many foldings.

    Attributes:
        oc: output channels of a MAC array; of any other process, the lanes that it writes.
        ic: input channels of a MAC array.
        kh: rows of taps.
        kw: columns of taps.
        px: output positions side by side in a row.
    """

    oc: Any
    ic: Any
    kh: Any = 1
    kw: Any = 1
    px: Any = 1

    @property
    def taps(self) -> Any:
        """Products of one output in one cycle."""
        return self.ic * self.kh * self.kw
