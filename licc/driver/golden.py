# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Golden inputs: an image taken through the designs of a build as encoder and decoder would take it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from torch_mlir import ir

from licc.dialects.quantized import quantized
from licc.driver.options import Options
from licc.target.device import load
from licc.target.emit import EmitOptions
from licc.target.emit.view import view_of
from licc.target.emit.write import golden_input

Values = npt.NDArray[np.int64]


def emit_options(module_hls: ir.Module, module_typed: ir.Module, options: Options) -> EmitOptions:
    """What emission needs to write golden data that is alike what the hardware will see.

    The image goes through @g_a, its latents through @h_a and @h_s, and rounded through @g_s; a design
    whose input is not there keeps emission's pattern. Each design is interpreted once: emission gets
    the results that were found on the way.
    """
    from licc.interp import hls

    designs = {
        design.name: op for op in module_hls.body.operations if (design := view_of(op.operation))
    }
    fraction = _fraction_bits(module_typed)
    done: dict[str, Mapping[str, Values]] = {}
    inputs: dict[str, Values] = {}

    def run(op: Any, values: Values) -> Mapping[str, Values]:
        name = view_of(op).name
        if name not in done:
            done[name] = hls.run(op, values)
        return done[name]

    def result(name: str) -> Values:
        return done[name][view_of(designs[name].operation).processes[-1].name]

    def feed(name: str, values: Values) -> None:
        if name in designs and view_of(designs[name].operation).source.shape == values.shape:
            inputs[name] = values
            run(designs[name].operation, values)

    asked = EmitOptions(golden_image=options.golden)
    if "g_a" in designs:
        feed("g_a", golden_input(view_of(designs["g_a"].operation), asked))
        feed("h_a", result("g_a"))
        if "h_a" in done:
            feed("h_s", result("h_a"))
        feed("g_s", _decoded(result("g_a"), fraction.get("g_a", 0), fraction.get("g_s", 0)))
    return EmitOptions(inputs, options.golden, run, load(options.target).part)


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
