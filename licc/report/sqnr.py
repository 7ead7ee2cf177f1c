# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Widths of layers and their signal to quantization noise, as typing has left them in the IR."""

from __future__ import annotations

from typing import Any

from torch_mlir import ir

from licc.dialects.ext import operations
from licc.dialects.quantized import quantized
from licc.quantize.facts import SQNR
from licc.report.data import Decibels, LayerFacts

# Ops that have parameters of their own; the second is gamma, after beta.
_PARAMETER = {"lic.conv2d": 1, "lic.deconv2d": 1, "lic.subpixel_conv2d": 1, "lic.gdn": 2}


def layer_facts(module: ir.Module) -> tuple[LayerFacts, ...]:
    """The layers with their widths, the worst first; in the order of the network where nothing is known.

    Args:
        module: typed `lic` functions.
    """
    ratios = layer_sqnr(module)
    found: dict[str, LayerFacts] = {}
    for op in operations(module.operation):
        if "layer" not in op.attributes or not len(op.operands):
            continue
        read = quantized(op.operands[0].type)
        if read is None:
            continue
        layer = ir.StringAttr(op.attributes["layer"]).value
        at = _PARAMETER.get(op.name)
        weight = None if at is None else quantized(op.operands[at].type)
        bits = 0 if weight is None else weight.magnitude_bits
        work = op.name.removeprefix("lic.")
        found.setdefault(
            layer, LayerFacts(layer, work, bits, read.magnitude_bits, ratios.get(layer))
        )
    return tuple(sorted(found.values(), key=_badness))


def layer_sqnr(module: ir.Module) -> dict[str, Decibels]:
    """Layers with their dB, where the IR says.

    Args:
        module: typed `lic` functions. An op that finishes a layer (a requantization) has no layer of its
            own and tells that of what it reads. Of several values of a layer the worst counts.
    """
    found: dict[str, Decibels] = {}
    for op in operations(module.operation):
        if SQNR not in op.attributes:
            continue
        layer = _layer(op)
        if layer:
            value = Decibels(ir.FloatAttr(op.attributes[SQNR]).value)
            found[layer] = min(value, found.get(layer, value))
    return found


def _badness(facts: LayerFacts) -> tuple[bool, float]:
    return (facts.sqnr is None, facts.sqnr or 0.0)


def _layer(op: Any) -> str:
    while "layer" not in op.attributes:
        if not len(op.operands) or isinstance(op.operands[0], ir.BlockArgument):
            return ""
        op = op.operands[0].owner
    return ir.StringAttr(op.attributes["layer"]).value
