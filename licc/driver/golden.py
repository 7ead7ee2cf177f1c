# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Golden inputs: an image taken through the designs of a build as encoder and decoder would take it."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from torch_mlir import ir

from licc.dialects.quantized import Quantized, quantized
from licc.driver.options import Options
from licc.entropy.symbols import decoded, symbols_of
from licc.target.device import load
from licc.target.emit import EmitOptions

Values = npt.NDArray[np.int64]

# Whose result a transform reads, in the order of a codec.
_SOURCES = {"h_a": "g_a", "h_s": "h_a", "g_s": "g_a"}


def emit_options(module_typed: ir.Module, options: Options) -> EmitOptions:
    """What emission needs to write golden data that is alike what the hardware will see.

    The image goes through @g_a, its latents through @h_a and @h_s, and as a decoder has them, rounded
    around the means of @h_s where it gives some, through @g_s.
    """
    ports = _ports(module_typed)

    def feed(name: str, results: Mapping[str, Values]) -> Values | None:
        source = results.get(_SOURCES.get(name, ""))
        if source is None or name != "g_s":
            return source
        return _decoded(source, results.get("h_s"), ports)

    return EmitOptions(feed, options.golden, load(options.target).part)


def _ports(module: ir.Module) -> dict[str, Quantized]:
    """The types of what @g_a and @h_s give and of what @g_s takes."""
    found: dict[str, Quantized] = {}
    for function in module.body.operations:
        name = ir.StringAttr(function.attributes["sym_name"]).value
        type_ = ir.FunctionType(ir.TypeAttr(function.attributes["function_type"]).value)
        port = quantized(type_.inputs[0] if name == "g_s" else type_.results[0])
        if port is not None and name in ("g_a", "h_s", "g_s"):
            found[name] = port
    return found


def _decoded(latents: Values, parameters: Values | None, ports: Mapping[str, Quantized]) -> Values:
    """Latents [C, H, W] as the decoder has them; `parameters` [C or 2C, ...] are of the symbols.

    Those of 2C channels are scales, then means. They may have more rows and columns than the latents.
    """
    channels, height, width = latents.shape
    means = None
    if parameters is not None and len(parameters) == 2 * channels:
        means = parameters[channels:, :height, :width]
    of_means = _fraction_bits(ports["h_s"]) if means is not None else 0
    symbols = symbols_of(latents, _fraction_bits(ports["g_a"]), means, of_means)
    taken = ports["g_s"]
    return decoded(symbols, _fraction_bits(taken), taken.lo, taken.hi, means, of_means)


def _fraction_bits(port: Quantized) -> int:
    """Bits after the point of a latent: symbols are integers and have none."""
    return round(-math.log2(port.scale))
