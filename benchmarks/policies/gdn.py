# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What GDN at 8 bits costs when everything else is done as well as licc can.

licc-eval student.pt --images kodak/ --precision int8 benchmarks/policies/gdn.py:GdnInt8
"""

from __future__ import annotations

from licc.quantize.policy import Int8


class GdnInt8(Int8):
    """`int8` with 8 bits for what GDN reads, x and gamma; they sit in the i32 that the type demands."""

    def gdn_bits(self, layer: str) -> int:
        """Of x."""
        del layer
        return 8

    def gamma_bits(self, layer: str) -> int:
        """Unsigned."""
        del layer
        return 8
