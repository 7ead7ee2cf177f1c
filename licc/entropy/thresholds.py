# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Indexes into the scale table from integers: how many thresholds a scale exceeds.

CompressAI's `GaussianConditional.build_indexes` counts the entries `t` of the scale table, the last one
left out, that a scale `s` exceeds (`s > t`, after `s = max(s, bound)`). For a scale `q * 2^-f` that is
`q > t * 2^f`, and as q is an integer `q > floor(t * 2^f)`: no float is left, ties included.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from torch_mlir import ir

from licc.dialects.quantized import quantized
from licc.entropy import identity
from licc.quantize import facts

__all__ = ["THRESHOLDS", "attach", "describe_scales", "indexes", "read", "scale_thresholds"]

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

SCALE_TABLE = "lic.scale_table"
SCALE_BOUND = "lic.scale_bound"
THRESHOLDS = "lic.scale_thresholds"

ALWAYS = -(1 << 31)
"""The threshold that every scale exceeds: below whatever an i32 holds."""


def scale_thresholds(table: Floats, bound: float, scale: float) -> tuple[int, ...]:
    """The integer thresholds, one fewer than the table has entries, rising.

    Args:
        table: float32, rising.
        bound: smaller scales are taken for this one; compared as a float32.
        scale: the real value of a stored 1, a power of two.

    Raises:
        ValueError: `scale` is no power of two; `q * scale` would not be exact in float32.
    """
    if not (0.0 < scale < math.inf) or math.frexp(scale)[0] != 0.5:
        raise ValueError(f"scales of the hyper path need a power of two, but one is {scale}")
    least = np.float32(bound)
    step = Fraction(scale)
    return tuple(
        ALWAYS if least > entry else math.floor(Fraction(float(entry)) / step)
        for entry in table[:-1]
    )


def indexes(scales: npt.NDArray[np.integer], thresholds: Ints) -> Ints:
    """How many of the rising `thresholds` each stored scale exceeds."""
    return np.searchsorted(thresholds, scales, side="left").astype(np.int64, copy=False)


# --------------------------------------------------------------------------------------------------
# In the IR
# --------------------------------------------------------------------------------------------------
def describe_scales(module: ir.Module, table: Floats, bound: float) -> None:
    """Write a network's scale table on its @h_s, if it has one, where `attach` finds it."""
    h_s = facts.functions(module).get("h_s")
    if h_s is None:
        return
    with h_s.location:
        h_s.attributes[SCALE_TABLE] = ir.DenseF32ArrayAttr.get(list(map(float, table)))
        h_s.attributes[SCALE_BOUND] = ir.FloatAttr.get_f32(bound)


def attach(module: ir.Module) -> None:
    """Replace the scale table on a typed @h_s by integer thresholds, and say which decoder this is.

    `lic.scale_thresholds` counts in stored units of the result of @h_s. `lic.decoder_hash` of the module
    is `licc.entropy.identity.decoder_hash`. A module without @h_s, or without a scale table (a program
    of torch.export), gets no thresholds.
    """
    h_s = facts.functions(module).get("h_s")
    with module.context:
        if h_s is not None and SCALE_TABLE in h_s.attributes:
            result = quantized(h_s.type.results[0])
            if result is not None:
                table = np.array(
                    list(ir.DenseF32ArrayAttr(h_s.attributes[SCALE_TABLE])), np.float32
                )
                bound = ir.FloatAttr(h_s.attributes[SCALE_BOUND]).value
                found = scale_thresholds(table, bound, result.scale)
                h_s.attributes[THRESHOLDS] = ir.DenseI64ArrayAttr.get(found)
                del h_s.attributes[SCALE_TABLE], h_s.attributes[SCALE_BOUND]
        module.operation.attributes[identity.DECODER_HASH] = ir.StringAttr.get(
            identity.decoder_hash(module)
        )


def read(module: ir.Module) -> Ints | None:
    """The thresholds that `attach` wrote on @h_s; None where it has none."""
    h_s = facts.functions(module).get("h_s")
    if h_s is None or THRESHOLDS not in h_s.attributes:
        return None
    return np.array(list(ir.DenseI64ArrayAttr(h_s.attributes[THRESHOLDS])), np.int64)
