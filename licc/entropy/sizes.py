# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Sizes of what the transforms give for images of any size; functions are compiled for one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch_mlir import ir

__all__ = ["Size", "codec_stride", "result_size"]

Size = tuple[int, int]

LARGEST_STRIDE = 256


def result_size(function: Any, size: Size) -> Size:
    """Height and width of a function's result for an argument of `size`."""
    block = function.operation.regions[0].blocks[0]
    return _walk(block.operations, {block.arguments[0]: size})


def _walk(operations: Iterable[Any], sizes: dict[ir.Value, Size]) -> Size:
    for view in operations:
        op = view.operation
        if op.name in ("func.return", "lic.yield"):
            return sizes[op.operands[0]]
        given = [sizes[value] for value in op.operands if value in sizes]
        if given:  # constants have no operands
            sizes[op.results[0]] = _size(op, given)
    raise ValueError("a function that returns nothing")


def _size(op: Any, given: list[Size]) -> Size:
    size = given[0]
    if op.name == "lic.stage":
        block = op.regions[0].blocks[0]
        return _walk(block.operations, dict(zip(block.arguments, given, strict=True)))
    if op.name == "lic.pixel_shuffle":
        factor = ir.IntegerAttr(op.attributes["factor"]).value
        return size[0] * factor, size[1] * factor
    if op.name not in ("lic.conv2d", "lic.deconv2d", "lic.subpixel_conv2d"):
        return size
    kernel = tuple(ir.ShapedType(op.operands[1].type).shape[2:])
    extents = [_extent(op, axis, size[axis], kernel[axis]) for axis in (0, 1)]
    return extents[0], extents[1]


def _extent(op: Any, axis: int, extent: int, kernel: int) -> int:
    """As the interpreter has it (docs/semantics.md)."""
    stride, padding = _entry(op, "strides", axis, 1), _entry(op, "padding", axis, 0)
    reach = _entry(op, "dilations", axis, 1) * (kernel - 1)
    if op.name == "lic.conv2d":
        return (extent + 2 * padding - reach - 1) // stride + 1
    return (extent - 1) * stride - 2 * padding + reach + _entry(op, "output_padding", axis, 0) + 1


def _entry(op: Any, name: str, axis: int, default: int) -> int:
    if name not in op.attributes:
        return default
    return list(ir.DenseI64ArrayAttr(op.attributes[name]))[axis]


def codec_stride(g_a: Any, g_s: Any) -> Size:
    """The least height and width that come back from @g_a and @g_s as they went in.

    Images are padded to multiples of it.
    """
    found: list[int] = []
    for axis in (0, 1):
        for extent in range(1, LARGEST_STRIDE + 1):
            latent = result_size(g_a, (extent, extent))
            if latent[axis] >= 1 and result_size(g_s, latent)[axis] == extent:
                found.append(extent)
                break
        else:
            raise ValueError("@g_s does not give images of the size that @g_a takes")
    return found[0], found[1]
