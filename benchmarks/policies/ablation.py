# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What licc's methods and GDN in i32 are worth: policies that do without.

licc-eval student.pt --images kodak/ --precision int8 benchmarks/policies/ablation.py:GdnInt8
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


class Plain(Int8):
    """W8A8 by the observed extremes, weights to the nearest; GDN computes in i32 as in every policy."""

    channel_scales = False
    clip = False
    adaptive = False
    bias_correction = False
    gdn_headroom = 1.0


class PlainGdnInt8(Plain, GdnInt8):
    """Both."""
