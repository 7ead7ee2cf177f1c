# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Golden inputs: an image taken through the designs of a build as encoder and decoder would take it."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from torch_mlir import ir

from licc.dialects.quantized import quantized
from licc.driver.options import Options
from licc.target.device import load
from licc.target.emit import EmitOptions

Values = npt.NDArray[np.int64]

# Whose result a transform reads, in the order of a codec.
_SOURCES = {"h_a": "g_a", "h_s": "h_a", "g_s": "g_a"}


def emit_options(module_typed: ir.Module, options: Options) -> EmitOptions:
    """What emission needs to write golden data that is alike what the hardware will see.

    The image goes through @g_a, its latents through @h_a and @h_s, and rounded through @g_s.
    """
    fraction = _fraction_bits(module_typed)

    def feed(name: str, results: Mapping[str, Values]) -> Values | None:
        source = results.get(_SOURCES.get(name, ""))
        if source is None or name != "g_s":
            return source
        return _decoded(source, fraction.get("g_a", 0), fraction.get("g_s", 0))

    return EmitOptions(feed, options.golden, load(options.target).part)


def _fraction_bits(module: ir.Module) -> dict[str, int]:
    """Bits after the point of what @g_a gives and @g_s takes: symbols are integers and have none."""
    found: dict[str, int] = {}
    for function in module.body.operations:
        name = ir.StringAttr(function.attributes["sym_name"]).value
        type_ = ir.FunctionType(ir.TypeAttr(function.attributes["function_type"]).value)
        port = quantized(type_.inputs[0] if name == "g_s" else type_.results[0])
        if port is not None and name in ("g_a", "g_s"):
            found[name] = round(-math.log2(port.scale))
    return found


def _decoded(latents: Values, of_g_a: int, of_g_s: int) -> Values:
    """Latents as the decoder has them: rounded half up to integers, with the fraction bits of @g_s."""
    half = 1 << of_g_a >> 1
    return ((latents + half) >> of_g_a) << max(of_g_s, 0)
