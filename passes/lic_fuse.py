# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`lic-fuse`: stages, and transposed convolutions by their sub-pixel phases."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from torch_mlir import ir
from torch_mlir.dialects import func

from licc.dialects.ext import array
from licc.dialects.quantized import Quantized, element_type, quantized, shape_of
from licc.interp.narrow import is_narrow
from licc.passes.registry import Pass, PassFailure
from licc.quantize.facts import elements
from licc.schedule.stages import CONVOLUTIONS, StageError, check_convolution, emit

CONSTANT = "lic.constant"
SHUFFLE = "lic.pixel_shuffle"
# A stage gives what it makes to so many at most; ports give and take once.
READERS = 2
# What computes the same behind a pixel shuffle as in front of it.
MOVABLE = frozenset({"lic.requantize", "lic.relu", "lic.leaky_relu", "lic.abs", "lic.round_latent"})
PER_CHANNEL = ("multiplier", "shift")
# Scales are printed as floats; what is computed with are the multipliers.
SAME_SCALE = 1e-5


@dataclass(frozen=True)
class LicFuse(Pass):
    """Group each convolution with what follows it, up to the next one, into a `lic.stage`.

        conv2d -> relu -> requantize -> gdn -> conv2d -> ...
        [            one stage             ]  [ the next ...

    A second GDN starts a stage too, and so does a `lic.add` of two values, which joins them. A value that
    several ops read ends its stage. Where more than two do, and where that is the function's argument or what
    it returns, stages without ops copy it. Elementwise ops before the first convolution are a stage alone.
    Constants go inside.

    Each `lic.deconv2d` becomes a `lic.subpixel_conv2d` with its weight transposed to [O, I, KH, KW]. So does
    a `lic.conv2d` of stride 1 whose channels a `lic.pixel_shuffle` behind it makes pixels of: kernel and
    stride are larger by its factor, and the bias is that of each phase. No integer changes.
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
    operations = list(function.entry_block.operations)
    graph = [op for op in operations[:-1] if op.operation.name != CONSTANT]
    if any(op.operation.name == "lic.stage" for op in graph):
        return
    _check_graph(graph)
    terminator, argument = operations[-1], function.entry_block.arguments[0]
    result = terminator.operation.operands[0]
    name = ir.StringAttr(function.attributes["sym_name"]).value
    taps = {argument: _taps(f"{name}.input", argument, argument, 1, terminator)}
    for group in _groups(graph):
        inputs = [next(taps[value]) for value in _streamed(group[0])]
        value = group[-1].results[0]
        made = _stage(group, inputs, terminator)
        taps[value] = _taps(_layer(group), value, made, READERS, terminator)
    returned = next(taps[result])
    if _uses(result) > 1:
        # The port reads alone.
        returned = _copied(f"{name}.output", returned, terminator)
    terminator.operation.operands[0] = returned
    for op in reversed(operations[:-1]):
        op.operation.erase()


def _check_graph(graph: list[Any]) -> None:
    """Each op reads one value and constants, or adds two; something reads it."""
    for op in graph:
        name = op.operation.name
        if not name.startswith("lic."):
            raise StageError(op, "expected only 'lic' ops; run lic-raise-torch first")
        first = op.operation.operands[0]
        inputs, most = _streamed(op), 2 if name == "lic.add" else 1
        if not 1 <= len(inputs) <= most or inputs[0] != first:
            raise StageError(
                op,
                f"{_where(op)}expected {'one or two inputs' if most == 2 else 'one input'} that "
                f"{'are' if most == 2 else 'is'} no constant, first, but got {len(inputs)}",
            )
        if name in CONVOLUTIONS:
            check_convolution(op)
        if not _uses(op.results[0]):
            raise StageError(op, f"{_where(op)}expected a reader of its result, but got none")


def _streamed(op: Any) -> list[ir.Value]:
    """The operands that are no constants."""
    return [value for value in op.operation.operands if _is_streamed(value)]


def _is_streamed(value: ir.Value) -> bool:
    return isinstance(value, ir.BlockArgument) or value.owner.name != CONSTANT


def _uses(value: ir.Value) -> int:
    return sum(1 for _ in value.uses)


def _where(op: Any) -> str:
    if "layer" not in op.attributes:
        return ""
    return f"layer '{ir.StringAttr(op.attributes['layer']).value}': "


def _groups(graph: list[Any]) -> list[list[Any]]:
    """The ops of each stage, in the order of their first ones: a stage comes behind those that it reads."""
    groups: list[list[Any]] = []
    ending: dict[ir.Value, list[Any]] = {}
    for op in graph:
        inputs = _streamed(op)
        group = ending.pop(inputs[0], None) if len(inputs) == 1 else None
        if group is None or _uses(inputs[0]) > 1 or _starts(op, group):
            groups.append(group := [])
        group.append(op)
        ending[op.results[0]] = group
    return groups


def _starts(op: Any, group: list[Any]) -> bool:
    """Whether an op that could follow a group starts one of its own."""
    names = [other.operation.name for other in group]
    return op.operation.name in CONVOLUTIONS or (
        op.operation.name == "lic.gdn" and "lic.gdn" in names
    )


def _taps(layer: str, old: ir.Value, made: ir.Value, most: int, before: Any) -> Iterator[ir.Value]:
    """What each reader of `old` reads, one after the other: `made`, which has at most so many, or copies of it."""
    left, room = _uses(old), most
    while left:
        if left > room == 1:
            made, room = _copied(layer, made, before), READERS
        yield made
        left, room = left - 1, room - 1


def _copied(layer: str, value: ir.Value, before: Any) -> ir.Value:
    return _build(layer, [value], value.type, before.location, before, lambda x: x[0])


def _stage(group: list[Any], inputs: list[ir.Value], before: Any) -> ir.Value:
    """Build the stage of `group` with `inputs`; returns its result."""

    def body(arguments: list[ir.Value]) -> ir.Value:
        value, others = arguments[0], arguments[1:]
        for op, factor in _with_factors(group):
            value = _op(op, value, others, factor)
            others = []
        return value

    result = group[-1].results[0].type
    return _build(_layer(group), inputs, result, group[0].location, before, body)


def _build(
    layer: str,
    inputs: list[ir.Value],
    result: ir.Type,
    location: ir.Location,
    before: Any,
    body: Callable[[list[ir.Value]], ir.Value],
) -> ir.Value:
    stage = ir.Operation.create(
        "lic.stage",
        results=[result],
        operands=inputs,
        attributes={"layer": ir.StringAttr.get(layer)},
        regions=1,
        loc=location,
        ip=ir.InsertionPoint(before),
    )
    types = [value.type for value in inputs]
    block = stage.regions[0].blocks.append(*types, arg_locs=[location] * len(types))
    with ir.InsertionPoint(block):
        value = body(list(block.arguments))
        ir.Operation.create("lic.yield", operands=[value], loc=location)
    return stage.results[0]


def _layer(group: list[Any]) -> str:
    for op in group:
        if "layer" in op.attributes:
            return ir.StringAttr(op.attributes["layer"]).value
    raise StageError(group[0], "expected an op that names its layer")


def _op(op: Any, value: ir.Value, others: list[ir.Value], factor: int) -> ir.Value:
    """The op of a stage on `value`; with a factor above 1, in front of a pixel shuffle that is gone."""
    if op.operation.name == "lic.deconv2d":
        return _subpixel(op, value)
    if factor > 1 and op.operation.name == "lic.conv2d":
        return _shuffled_convolution(op, value, factor)
    copy = _copy(op, value, others)
    if factor > 1:
        _shuffle_channels(op, copy, factor)
    return copy.results[0]


def _copy(op: Any, value: ir.Value, others: list[ir.Value]) -> ir.Operation:
    constants = [_copy_constant(v) for v in op.operation.operands if not _is_streamed(v)]
    copy = op.operation.clone()
    for index, operand in enumerate([value, *others, *constants]):
        copy.operands[index] = operand
    return copy


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
    return ir.Operation.create(
        "lic.subpixel_conv2d",
        results=[op.results[0].type],
        operands=[value, _transposed(weight), _copy_constant(bias)],
        attributes={**kept, **_facts(op)},
        loc=op.location,
    ).results[0]


def _facts(op: Any) -> dict[str, ir.Attribute]:
    """Attributes that belong to no dialect op, such as what calibration saw."""
    named = (op.attributes[i] for i in range(len(op.attributes)))
    return {each.name: each.attr for each in named if each.name.startswith("lic.")}


def _transposed(weight: ir.Value) -> ir.Value:
    values = elements(weight.owner.attributes["value"]).transpose(1, 0, 2, 3)
    kind = quantized(weight.type)
    return _weights(weight, values, kind and replace(kind, axis=_swapped(kind.axis)))


def _weights(old: ir.Value, values: Any, kind: Quantized | None) -> ir.Value:
    """A constant of `values`, stored as `old` is, narrow integers as i8; `kind` is None for floats."""
    constant = old.owner
    stored = element_type(constant.attributes["value"].type)
    if is_narrow(constant.attributes["value"].type):
        stored, kind = ir.IntegerType.get_signless(8), kind and replace(kind, bits=8)
    dtype = np.float32 if isinstance(stored, ir.F32Type) else np.dtype(f"int{stored.width}")
    array: Any = np.ascontiguousarray(values, dtype=dtype)
    element = stored if kind is None else kind.type()
    return ir.Operation.create(
        CONSTANT,
        results=[ir.RankedTensorType.get(values.shape, element)],
        attributes={"value": ir.DenseElementsAttr.get(array, type=stored)},
        loc=constant.location,
    ).results[0]


def _swapped(axis: int | None) -> int | None:
    return {0: 1, 1: 0}.get(axis, axis) if axis is not None else None


# --------------------------------------------------------------------------------------------------
# Pixel shuffles
# --------------------------------------------------------------------------------------------------
def _with_factors(group: list[Any]) -> Iterator[tuple[Any, int]]:
    """The ops of a group without its pixel shuffle, and the factor of that for those in front of it; else 1."""
    names = [op.operation.name for op in group]
    if SHUFFLE not in names:
        yield from ((op, 1) for op in group)
        return
    index = names.index(SHUFFLE)
    shuffle = group[index]
    plain = names[0] == "lic.conv2d" and set(array(group[0].attributes["strides"])) == {1}
    if not plain or not {*names[1:index]} <= MOVABLE or names.count(SHUFFLE) > 1:
        raise StageError(
            shuffle,
            f"{_where(shuffle)}expected it behind a 'lic.conv2d' of stride 1, of which it makes a "
            "sub-pixel convolution",
        )
    factor = ir.IntegerAttr(shuffle.attributes["factor"]).value
    yield from ((op, factor) for op in group[:index])
    yield from ((op, 1) for op in group[index + 1 :])


def _shuffled_convolution(op: Any, value: ir.Value, factor: int) -> ir.Value:
    """A convolution whose channels become factor x factor pixels, as the sub-pixel convolution that it is.

    With k taps and padding p, row factor * u + a of the result has the taps j on input rows u + j - p, those of
    channel (o * factor + a) * factor + b. A transposed convolution of stride `factor` and padding
    factor * (k - 1 - p) has tap a + factor * (k - 1 - j) of its kernel there; columns likewise.
    """
    weight, bias = list(op.operation.operands)[1:]
    outputs, inputs, *kernel = shape_of(weight)
    padding = array(op.attributes["padding"])
    outer = [factor * (k - 1 - p) for k, p in zip(kernel, padding, strict=True)]
    if min(outer) < 0:
        raise StageError(op, f"{_where(op)}expected padding of less than the kernel")
    kind = _one_each(op, quantized(weight.type), factor)
    # From [output, a, b, input, row, column], taps backwards: tap a + factor * row is (row, a).
    shape = (outputs // factor**2, factor, factor, inputs, *kernel)
    values = elements(weight.owner.attributes["value"]).reshape(shape)[..., ::-1, ::-1]
    larger = values.transpose(0, 3, 4, 1, 5, 2).reshape(
        shape[0], inputs, *(factor * k for k in kernel)
    )
    pairs = {"strides": (factor, factor), "padding": outer, "output_padding": (0, 0)}
    return ir.Operation.create(
        "lic.subpixel_conv2d",
        results=[_shuffled_type(op, factor)],
        operands=[value, _weights(weight, larger, kind), _copy_constant(bias)],
        attributes={
            "layer": op.attributes["layer"],
            **{name: ir.DenseI64ArrayAttr.get(list(pair)) for name, pair in pairs.items()},
            **_facts(op),
        },
        loc=op.location,
    ).results[0]


def _shuffled_type(op: Any, factor: int) -> ir.Type:
    """What a pixel shuffle makes of the result of `op`."""
    result = op.results[0]
    batch, channels, height, width = shape_of(result)
    shape = (batch, channels // factor**2, height * factor, width * factor)
    kind = _one_each(op, quantized(result.type), factor)
    element = element_type(result.type) if kind is None else kind.type()
    return ir.RankedTensorType.get(shape, element)


def _one_each(op: Any, kind: Quantized | None, factor: int) -> Quantized | None:
    """With one scale for the factor^2 channels that become pixels of one."""
    if kind is None or kind.axis is None:
        return kind
    groups = np.reshape(kind.scales, (-1, factor**2))
    if not np.allclose(groups, groups[:, :1], rtol=SAME_SCALE, atol=0.0):
        raise _differ(op, "scales", factor)
    return replace(kind, scales=tuple(groups[:, 0].tolist()))


def _differ(op: Any, what: str, factor: int) -> StageError:
    return StageError(
        op,
        f"{_where(op)}expected the same {what} for each {factor**2} channels that 'lic.pixel_shuffle' "
        "makes pixels of",
    )


def _shuffle_channels(op: Any, copy: ir.Operation, factor: int) -> None:
    """Let `copy`, of an elementwise op, have one multiplier and constant where factor^2 channels had one each."""
    copy.results[0].set_type(_shuffled_type(op, factor))
    for name in PER_CHANNEL if op.operation.name == "lic.requantize" else ():
        numbers = array(op.attributes[name])
        if len(numbers) > 1:
            copy.attributes[name] = ir.DenseI64ArrayAttr.get(_firsts(op, numbers, name, factor))


def _firsts(op: Any, numbers: Sequence[int], what: str, factor: int) -> list[int]:
    groups = np.reshape(numbers, (-1, factor**2))
    if (groups != groups[:, :1]).any():
        raise _differ(op, what, factor)
    return groups[:, 0].tolist()
