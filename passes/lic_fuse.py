# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`lic-fuse`: stages, and transposed convolutions by their sub-pixel phases."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from torch_mlir import ir
from torch_mlir.dialects import func

from licc.dialects.quantized import element_type, quantized, shape_of
from licc.passes.registry import Pass, PassFailure
from licc.quantize.facts import elements
from licc.schedule.stages import CONVOLUTIONS, StageError, check_convolution, emit


@dataclass(frozen=True)
class LicFuse(Pass):
    """Group each convolution with what follows it, up to the next one, into a `lic.stage`.

        conv2d -> relu -> requantize -> gdn -> conv2d -> ...
        [            one stage             ]  [ the next ...

    A second GDN starts a stage too; elementwise ops before the first convolution are a stage alone.
    Constants go inside. Each `lic.deconv2d` becomes a `lic.subpixel_conv2d` with its weight transposed to
    [O, I, KH, KW]. No integer changes.
    """

    name: ClassVar[str] = "lic-fuse"

    def run(self, module: ir.Module) -> None:
        """Fuse each function that has no stages yet."""
        with module.context, ir.Location.unknown():
            try:
                for op in module.body.operations:
                    if isinstance(op, func.FuncOp) and not op.is_external:
                        _fuse(op)
            except StageError as error:
                emit(error)
                raise PassFailure from error


def _fuse(function: Any) -> None:
    block = function.entry_block
    operations = list(block.operations)
    chain = [op for op in operations[:-1] if op.operation.name != "lic.constant"]
    if any(op.operation.name == "lic.stage" for op in chain):
        return
    _check_chain(function, chain)
    value = block.arguments[0]
    terminator = operations[-1]
    for group in _groups(chain):
        value = _stage(group, value, terminator)
    terminator.operation.operands[0] = value
    for op in reversed(operations[:-1]):
        op.operation.erase()


def _check_chain(function: Any, chain: list[Any]) -> None:
    """Each op reads the one before and constants; nothing else reads it."""
    value = function.entry_block.arguments[0]
    for op in chain:
        if not op.operation.name.startswith("lic."):
            raise StageError(op, "expected only 'lic' ops; run lic-raise-torch first")
        first, *others = op.operation.operands
        if first != value or any(_is_streamed(other) for other in others):
            raise StageError(op, f"{_where(op)}expected a chain: one input, the op before")
        if op.operation.name in CONVOLUTIONS:
            check_convolution(op)
        value = op.results[0]
        uses = sum(1 for _ in value.uses)
        if uses != 1:
            raise StageError(op, f"{_where(op)}expected a chain: one user, but got {uses}")


def _is_streamed(value: ir.Value) -> bool:
    return isinstance(value, ir.BlockArgument) or value.owner.name != "lic.constant"


def _where(op: Any) -> str:
    if "layer" not in op.attributes:
        return ""
    return f"layer '{ir.StringAttr(op.attributes['layer']).value}': "


def _groups(chain: list[Any]) -> list[list[Any]]:
    groups: list[list[Any]] = []
    for op in chain:
        name = op.operation.name
        normed = bool(groups) and any(o.operation.name == "lic.gdn" for o in groups[-1])
        if not groups or name in CONVOLUTIONS or (name == "lic.gdn" and normed):
            groups.append([])
        groups[-1].append(op)
    return groups


def _stage(group: list[Any], value: ir.Value, before: Any) -> ir.Value:
    """Build the stage of `group` with `value` as its input; returns its result."""
    location = group[0].location
    stage = ir.Operation.create(
        "lic.stage",
        results=[group[-1].results[0].type],
        operands=[value],
        attributes={"layer": ir.StringAttr.get(_layer(group))},
        regions=1,
        loc=location,
        ip=ir.InsertionPoint(before),
    )
    block = stage.regions[0].blocks.append(value.type, arg_locs=[location])
    inner: ir.Value = block.arguments[0]
    with ir.InsertionPoint(block):
        for op in group:
            inner = (
                _subpixel(op, inner) if op.operation.name == "lic.deconv2d" else _copy(op, inner)
            )
        ir.Operation.create("lic.yield", operands=[inner], loc=location)
    return stage.results[0]


def _layer(group: list[Any]) -> str:
    for op in group:
        if "layer" in op.attributes:
            return ir.StringAttr(op.attributes["layer"]).value
    raise StageError(group[0], "expected an op that names its layer")


def _copy(op: Any, value: ir.Value) -> ir.Value:
    constants = [_copy_constant(other) for other in list(op.operation.operands)[1:]]
    copy = op.operation.clone()
    for index, operand in enumerate([value, *constants]):
        copy.operands[index] = operand
    return copy.results[0]


def _copy_constant(value: ir.Value) -> ir.Value:
    return value.owner.clone().results[0]


def _subpixel(op: Any, value: ir.Value) -> ir.Value:
    """`lic.deconv2d` with weight [I, O, KH, KW] -> `lic.subpixel_conv2d` with [O, I, KH, KW]."""
    weight, bias = list(op.operation.operands)[1:]
    check_convolution(op)
    strides = tuple(ir.DenseI64ArrayAttr(op.attributes["strides"]))
    if min(s - k for s, k in zip(strides, shape_of(weight)[2:], strict=True)) > 0:
        raise StageError(op, f"{_where(op)}expected a kernel no smaller than the stride")
    names = ("layer", "strides", "padding", "output_padding")
    kept = {name: op.attributes[name] for name in names}
    extra = {
        named.name: named.attr
        for named in (op.attributes[i] for i in range(len(op.attributes)))
        if named.name.startswith("lic.")
    }
    return ir.Operation.create(
        "lic.subpixel_conv2d",
        results=[op.results[0].type],
        operands=[value, _transposed(weight), _copy_constant(bias)],
        attributes={**kept, **extra},
        loc=op.location,
    ).results[0]


def _transposed(weight: ir.Value) -> ir.Value:
    constant = weight.owner
    inputs, outputs, kh, kw = shape_of(weight)
    stored = element_type(constant.attributes["value"].type)
    values = elements(constant.attributes["value"]).transpose(1, 0, 2, 3)
    dtype = np.float32 if isinstance(stored, ir.F32Type) else np.dtype(f"int{stored.width}")
    array: Any = np.ascontiguousarray(values, dtype=dtype)
    kind = quantized(weight.type)
    element = stored if kind is None else replace(kind, axis=_swapped(kind.axis)).type()
    return ir.Operation.create(
        "lic.constant",
        results=[ir.RankedTensorType.get((outputs, inputs, kh, kw), element)],
        attributes={"value": ir.DenseElementsAttr.get(array, type=stored)},
        loc=constant.location,
    ).results[0]


def _swapped(axis: int | None) -> int | None:
    return {0: 1, 1: 0}.get(axis, axis) if axis is not None else None
