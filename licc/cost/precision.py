# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""DSP cycles of a typed network: what its widths cost before anything is folded.

A layer's cycles are its useful multiply-accumulates over those that its widths let a DSP do at a time. Arrays
of foldings, channels and rows that do not divide, and the multipliers beside the arrays are left out: this
compares precisions, not schedules.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from torch_mlir import ir

from licc.cost import packing
from licc.dialects.ext import array, operations
from licc.dialects.quantized import Quantized, quantized, shape_of

__all__ = ["DspCycles", "dsp_cycles", "macs_per_dsp", "products_per_dsp", "total"]

_CONVOLUTIONS = ("lic.conv2d", "lic.deconv2d", "lic.subpixel_conv2d")


@dataclass(frozen=True)
class DspCycles:
    """What the multiplications of a layer (or of several) take.

    Attributes:
        macs: useful multiply-accumulates of an image: of a transposed convolution those of its phases, no
            products with inserted zeros; those with padding count.
        dsp_cycles: cycles of one DSP that does all of them.
        transform: the function, `g_a`; "" where several are added up.
    """

    macs: int
    dsp_cycles: float
    transform: str = ""

    @property
    def macs_per_dsp(self) -> float:
        """MACs a DSP and cycle: 1, 2 or 4 for a layer, the mean for several."""
        return self.macs / self.dsp_cycles if self.dsp_cycles else 1.0


def macs_per_dsp(weight_bits: int, activation_lo: int, activation_hi: int) -> int:
    """MACs a DSP and cycle of a convolution: 1, 2 or 4.

    Args:
        weight_bits: of weights within `+-(2^(bits-1) - 1)`.
        activation_lo: the least activation, as proven.
        activation_hi: the greatest.
    """
    return products_per_dsp((1 << (weight_bits - 1)) - 1, max(-activation_lo, activation_hi))


def products_per_dsp(weight: int, value: int) -> int:
    """The same for the greatest magnitudes of weights and of activations."""
    return int(packing.shared(max(weight, 1), max(value, 1), 4, 4))


def dsp_cycles(module: ir.Module) -> dict[str, DspCycles]:
    """DSP cycles by layer, of convolutions and of GDNs (one MAC a DSP), in the order of the module.

    Layers that occur twice are told apart by their function: `g_a.0`, but `h_s: shared.0` for a second one.

    Args:
        module: a typed `lic` module, behind lic-assign-precision or lic-fuse.

    Raises:
        ValueError: a value of a convolution is not typed.
    """
    found: dict[str, DspCycles] = {}
    for function in module.body.operations:
        if "sym_name" not in function.attributes:
            continue
        name = ir.StringAttr(function.attributes["sym_name"]).value
        for op in operations(function.operation):
            each = _of(op, name)
            if each is None:
                continue
            layer = ir.StringAttr(op.attributes["layer"]).value
            found[layer if layer not in found else f"{name}: {layer}"] = each
    return found


def total(cycles: Mapping[str, DspCycles], transforms: Iterable[str] | None = None) -> DspCycles:
    """The sum over layers; of the codec, or of some transforms.

    Args:
        cycles: of `dsp_cycles`.
        transforms: names of functions; all without.
    """
    wanted = None if transforms is None else set(transforms)
    those = [each for each in cycles.values() if wanted is None or each.transform in wanted]
    return DspCycles(sum(each.macs for each in those), sum(each.dsp_cycles for each in those))


def _of(op: Any, transform: str) -> DspCycles | None:
    """Of one op; None where it has no array."""
    if op.name == "lic.gdn":
        _, channels, height, width = shape_of(op.operands[0])
        macs = channels * channels * height * width
        return DspCycles(macs, float(macs), transform)
    if op.name not in _CONVOLUTIONS:
        return None
    macs, value, weight = _macs(op), _typed(op, 0), _typed(op, 1)
    each = products_per_dsp(max(-weight.lo, weight.hi), max(-value.lo, value.hi))
    return DspCycles(macs, macs / each, transform)


def _typed(op: Any, operand: int) -> Quantized:
    kind = quantized(op.operands[operand].type)
    if kind is None:
        layer = ir.StringAttr(op.attributes["layer"]).value
        raise ValueError(f"layer '{layer}': expected typed values; run lic-assign-precision first")
    return kind


def _macs(op: Any) -> int:
    """Products of a convolution, group by group."""
    inputs = shape_of(op.operands[0])[1]
    _, outputs, *extents = shape_of(op.results[0])
    kernel = shape_of(op.operands[1])[2:]
    groups = ir.IntegerAttr(op.attributes["groups"]).value if "groups" in op.attributes else 1
    channels = inputs * outputs // groups
    if op.name == "lic.conv2d":
        return channels * math.prod(extents) * math.prod(kernel)
    # An output row y takes the taps j with (y + p - d j) mod s = 0: whole periods and a rest.
    strides, padding = array(op.attributes["strides"]), array(op.attributes["padding"])
    dilations = array(op.attributes["dilations"]) if "dilations" in op.attributes else (1, 1)
    axes = zip(extents, kernel, strides, padding, dilations, strict=True)
    return channels * math.prod(
        sum((y + p - d * j) % s == 0 for y in range(extent) for j in range(k))
        for extent, k, s, p, d in axes
    )
