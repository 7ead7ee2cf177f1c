# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What quantizing without any of licc's methods gives: ranges as observed, 8 bits, weights to the nearest.

licc-eval student.pt --images kodak/ --precision benchmarks/policies/plain.py:GdnInt8
"""

from __future__ import annotations

from licc.quantize.policy import Policy


class Plain(Policy):
    """W8A8 by the observed extremes; GDN computes in i32 as in every policy."""

    channel_scales = False
    clip = False
    adaptive = False
    bias_correction = False
    gdn_headroom = 1.0


class GdnInt8(Plain):
    """The same with 8 bits for what GDN reads, x and gamma: all that an INT8 GDN has."""

    def gdn_bits(self, layer: str) -> int:
        """Of x, in the i32 that the type demands."""
        del layer
        return 8

    def gamma_bits(self, layer: str) -> int:
        """Unsigned."""
        del layer
        return 8
