# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How far the integers of each layer are from the floats, on images that are evaluated.

Each transform of the typed codec reads what the float codec gives it, rounded to the type of its
argument: the errors of a layer include those of the layers before it in its transform, and none of
another transform. The centre of an image is enough, and bounds the memory: `CROP` pixels square at most.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch_mlir import ir

from licc import calibration
from licc.dialects.quantized import Quantized, quantized
from licc.evaluate.images import Pixels
from licc.evaluate.metrics import energies
from licc.interp import arith, lic
from licc.quantize import facts

CROP = 256

Energies = dict[str, tuple[float, float]]
Floats = NDArray[Any]
# What each transform reads, among the results of `calibration.run_codec`.
_SOURCES = {"g_a": "image", "h_a": "g_a", "h_s": "h_a", "g_s": "latent_hat"}


def layer_energies(float_codec: ir.Module, typed: ir.Module, image: Pixels) -> Energies:
    """Sums of squares of the floats of each layer, and of the errors of its integers.

    Args:
        float_codec: the `lic` functions in floats.
        typed: the same functions on integers.
        image: HxWx3 of 8 bits.
    """
    crop = centre(image)
    wanted: dict[str, Floats] = {}

    def keep(op: Any, values: Floats) -> None:
        layer = _layer(op)
        if layer:
            wanted[layer] = values

    x = np.moveaxis(crop, -1, 0)[None].astype(np.float32) / np.float32(255.0)
    results = {"image": x, **calibration.run_codec(float_codec, x, keep)}
    found: Energies = {}

    def compare(op: Any, values: Floats) -> None:
        layer = _layer(op)
        if layer not in wanted:
            return
        real, kind = _real(op, values), quantized(op.operation.results[0].type)
        floats = wanted[layer]
        if kind is not None and not kind.signed and kind.bits == 8 and _is_returned(op):
            # A picture: what lies outside of black and white is cut off in floats as well.
            floats = np.clip(floats, 0.0, 1.0)
        if real.shape == floats.shape:
            found[layer] = energies(floats, real)

    for name, function in facts.functions(typed).items():
        source = results.get(_SOURCES.get(name, ""))
        kind = quantized(function.arguments[0].type)
        if source is not None and kind is not None:
            stored = arith.quantize(source, kind.scale, kind.lo, kind.hi, kind.zero_point)
            lic.run(typed, name, stored, observe=compare)
    return found


def centre(image: Pixels) -> Pixels:
    """The centre of an image, of whole multiples of 64 pixels and `CROP` at most; edges fill a smaller one."""
    multiple = calibration.MULTIPLE
    for axis in (0, 1):
        extent = image.shape[axis]
        size = min(max(extent // multiple * multiple, multiple), CROP)
        first = max(extent - size, 0) // 2
        image = np.take(image, np.clip(np.arange(first, first + size), 0, extent - 1), axis=axis)
    return image


def _layer(op: Any) -> str:
    """The layer that an op belongs to: a requantization finishes the one before it."""
    if isinstance(op, ir.BlockArgument):
        return ""
    operation = op.operation
    while "layer" not in operation.attributes:
        if operation.name != "lic.requantize" or isinstance(
            operation.operands[0], ir.BlockArgument
        ):
            return ""
        operation = operation.operands[0].owner
    return ir.StringAttr(operation.attributes["layer"]).value


def _is_returned(op: Any) -> bool:
    """Whether a function returns what an op gives."""
    return any(use.owner.operation.name == "func.return" for use in op.operation.results[0].uses)


def _real(op: Any, values: Floats) -> Floats:
    """What stored integers stand for."""
    result = op.operation.results[0]
    kind = quantized(result.type)
    if kind is None:
        return values
    real = (values - kind.zero_point) * _steps(kind, values.ndim)
    if facts.CHANNEL_SCALES in op.operation.attributes:
        divided = facts.elements(op.operation.attributes[facts.CHANNEL_SCALES])
        real = real * divided.astype(np.float64)[None, :, None, None]
    return real


def _steps(kind: Quantized, rank: int) -> NDArray[np.float64]:
    shape = [1] * rank
    if kind.axis is not None:
        shape[kind.axis] = len(kind.scales)
    return np.array(kind.scales, dtype=np.float64).reshape(shape)
