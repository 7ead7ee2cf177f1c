# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which widths and methods typing uses."""

from __future__ import annotations

from dataclasses import dataclass

GDN_INPUT_BITS = 13
SYMBOL_BITS = 10


@dataclass(frozen=True)
class Policy:
    """Widths in bits, by kind of tensor; a subclass may answer by layer.

    Attributes:
        channel_scales: divide activation channels by scales that the next weights absorb.
        clip: choose ranges by squared error; otherwise by the observed extremes.
        adaptive: round weights so that they make up for each other's errors.
        gdn_headroom: how far beyond the observed range GDN's input reaches.
        latent_headroom: bits by which latents may exceed the observed range.
    """

    channel_scales: bool = True
    clip: bool = True
    adaptive: bool = True
    gdn_headroom: float = 1.25
    latent_headroom: int = 1

    def weight_bits(self, layer: str) -> int:
        """Width of the weights of a convolution."""
        del layer
        return 8

    def activation_bits(self, layer: str) -> int:
        """Width of what a convolution reads from the layer before it."""
        del layer
        return 8

    def gdn_bits(self, layer: str) -> int:
        """Width of GDN's input; 13 equals 16 in quality and is what one DSP squares."""
        del layer
        return GDN_INPUT_BITS

    def latent_bits(self) -> int:
        """Width of latents and scales."""
        return 16

    def symbol_bits(self) -> int:
        """Significant bits of symbols at most: 10 still pack two multiplications in a DSP."""
        return SYMBOL_BITS
