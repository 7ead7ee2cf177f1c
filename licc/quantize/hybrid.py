# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The policy `hybrid`, the default: INT8, and wider where that takes no DSP cycles.

Two products share a DSP beyond 8 by 8 bits: 8 by 10 and 9 by 10, say (docs/semantics.md). What the decoder
gets wrong is in the picture, while errors of an encoder are small beside the rounding of its symbols: so
activations get 10 bits everywhere, and weights more than 8 in the synthesis transform alone. A cascade of
8 by 10 bits still sums four products inside DSPs; 9 by 10 adds each in LUTs, which only g_s is worth.
"""

from __future__ import annotations

from collections.abc import Mapping

from licc.quantize.codec import Codec, Layer, Place, Range
from licc.quantize.policy import BASE_BITS, Widths

SYNTHESIS = "g_s"
# Widths that are tried, the first one that shares DSPs as int8 does is taken.
ACTIVATIONS = (10, 9)
WEIGHTS = (10, 9)


class Hybrid(Widths):
    """INT8, and wider where it pays and takes no more DSP cycles."""

    def prepare(self, codec: Codec) -> None:
        """Choose by the ranges that convolutions read; nothing is measured."""
        ranges = {bits: codec.input_ranges(bits) for bits in ACTIVATIONS}
        convolutions = [layer for layer in codec.layers if layer.reads is not None]
        for name in codec.activations:
            readers = [layer for layer in convolutions if layer.reads and layer.reads.layer == name]
            fitting = (
                bits
                for bits in ACTIVATIONS
                if all(_free(each, _least(each), ranges[bits][each.place]) for each in readers)
            )
            self.activations[name] = next(fitting, BASE_BITS)
        for layer in convolutions:
            if layer.transform == SYNTHESIS:
                self.weights[layer.name] = self._weights(layer, ranges)

    def _weights(self, layer: Layer, ranges: Mapping[int, Mapping[Place, Range]]) -> int:
        """The widest weights that take no more DSP cycles with what the layer reads now."""
        assert layer.reads is not None
        bits = self.activation_bits(layer.reads.layer) if layer.reads.layer else BASE_BITS
        read = ranges[bits][layer.place] if bits in ranges else layer.reads.range
        return next((w for w in WEIGHTS if _free(layer, w, read)), BASE_BITS)


def _least(layer: Layer) -> int:
    """The weights that a layer should still be able to have."""
    return min(WEIGHTS) if layer.transform == SYNTHESIS else BASE_BITS


def _free(layer: Layer, weight_bits: int, read: Range) -> bool:
    """Whether a convolution takes no more DSP cycles than with int8."""
    assert layer.reads is not None
    int8 = layer.macs_per_dsp(BASE_BITS, layer.reads.range)
    return layer.macs_per_dsp(weight_bits, read) >= int8
