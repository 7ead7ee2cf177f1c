# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""From `lic.stage` ops to the processes that they become, and back to attributes.

A stage is a chain. A convolution starts a process that also does what follows it; a GDN becomes two, its
norm and its root, and the root does what follows. Elementwise ops without either are a process alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from torch_mlir import ir
from torch_mlir.dialects import func

from licc.cost.geometry import ConvGeometry, Shape
from licc.cost.process import Process, Unit
from licc.dialects.ext import array
from licc.dialects.lic import FoldingAttr
from licc.dialects.quantized import Quantized, quantized, shape_of

CONVOLUTIONS = ("lic.conv2d", "lic.deconv2d", "lic.subpixel_conv2d")
UNITS = {
    "lic.requantize": "requantizer",
    "lic.relu": "relu",
    "lic.leaky_relu": "leaky_relu",
    "lic.abs": "abs",
    "lic.add": "add",
    "lic.round_latent": "round",
}
TARGET, CLOCK, SEPARATE = "lic.target", "lic.clock_mhz", "lic.separate"
TOPS = {"g_a": "encoder", "h_a": "hyper_encoder", "h_s": "hyper_decoder", "g_s": "decoder"}
# Which transforms run on the board at the same time.
ROLES = {"encoder": ("g_a", "h_a"), "decoder": ("g_s", "h_s")}


class StageError(Exception):
    """An op that no process can do; `op` is where, the text is what follows `'dialect.op' op `."""

    def __init__(self, op: Any, message: str) -> None:
        super().__init__(message)
        self.op = op


def emit(error: StageError) -> None:
    """Emit the error at its op in MLIR's wording."""
    error.op.location.emit_error(f"'{error.op.operation.name}' op {error}")


@dataclass(frozen=True)
class Folding:
    """Output channels, input channels, rows and columns of taps in one cycle."""

    oc: int
    ic: int
    kh: int = 1
    kw: int = 1


@dataclass(frozen=True)
class Piece:
    """A process and the ops that it does: the convolution or GDN first, if any."""

    process: Process
    ops: tuple[Any, ...]


@dataclass(frozen=True)
class Stage:
    """A `lic.stage` and its processes in order."""

    op: Any
    layer: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Transform:
    """One function: a chain of stages."""

    name: str
    function: Any
    stages: tuple[Stage, ...]

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """All processes in order."""
        return tuple(piece for stage in self.stages for piece in stage.pieces)


def read_transforms(module: ir.Module) -> tuple[Transform, ...]:
    """The transforms of a fused module.

    Raises:
        StageError: a function that is not a chain of stages, or an op that no process can do.
    """
    names = _Names()
    return tuple(
        _transform(op, names) for op in module.body.operations if isinstance(op, func.FuncOp)
    )


def _transform(function: Any, names: _Names) -> Transform:
    name = ir.StringAttr(function.attributes["sym_name"]).value
    if name not in TOPS:
        raise StageError(function, f"expected one of {', '.join(TOPS)}, but got '{name}'")
    stages: list[Stage] = []
    for op in list(function.entry_block.operations)[:-1]:
        if op.operation.name != "lic.stage":
            raise StageError(op, "expected only 'lic.stage' ops; run lic-fuse first")
        layer = ir.StringAttr(op.attributes["layer"]).value
        stages.append(Stage(op, layer, _pieces(op, layer, names, not stages)))
    if not stages:
        raise StageError(function, "expected at least one 'lic.stage'")
    return Transform(name, function, tuple(stages))


def stage_ops(stage: Any) -> list[Any]:
    """The ops of a stage that are not constants, without the terminator."""
    operations = list(stage.regions[0].blocks[0].operations)[:-1]
    return [op for op in operations if op.operation.name != "lic.constant"]


def _pieces(stage: Any, layer: str, names: _Names, first: bool) -> tuple[Piece, ...]:
    groups: list[list[Any]] = []
    for op in stage_ops(stage):
        name = op.operation.name
        starts = name in CONVOLUTIONS or name == "lic.gdn"
        if not starts and name not in UNITS:
            raise StageError(op, f"layer '{layer}': no process can do this op")
        if starts or not groups:
            groups.append([])
        groups[-1].append(op)
    pieces: list[Piece] = []
    rows = _rows(stage)
    for group in groups:
        for piece in _group_pieces(tuple(group), layer, rows, names):
            from_port = first and not pieces
            pieces.append(_from_port(piece) if from_port else piece)
    return tuple(pieces)


def _from_port(piece: Piece) -> Piece:
    return Piece(replace(piece.process, from_port=True), piece.ops)


def _rows(stage: Any) -> int:
    if "tile" not in stage.attributes:
        return 0
    return ir.IntegerAttr(stage.attributes["tile"].rows).value


def _group_pieces(
    ops: tuple[Any, ...], stage_layer: str, rows: int, names: _Names
) -> Iterator[Piece]:
    head, tail = ops[0], ops[-1]
    layer = layer_of(head, stage_layer)
    source, target = image(head.operands[0]), image(tail.results[0])
    in_bits, out_bits = stream_bits(head.operands[0]), stream_bits(tail.results[0])
    kind = head.operation.name
    if kind == "lic.gdn":
        form = ir.StringAttr(head.attributes["form"]).value
        inverse = ir.BoolAttr(head.attributes["inverse"]).value
        acc = array(head.attributes["acc_range"])[1].bit_length() + 1
        norm = names.take(layer, "norm")
        root = names.take(layer, "root")
        yield Piece(
            Process("norm", norm, layer, source, source, in_bits, 32, acc, form=form), ops[:1]
        )
        units = _units(ops[1:])
        yield Piece(
            Process(
                "root",
                root,
                layer,
                source,
                target,
                32,
                out_bits,
                0,
                units,
                form=form,
                inverse=inverse,
            ),
            ops,
        )
        return
    if kind not in CONVOLUTIONS:
        name = names.take(layer, UNITS[kind])
        units = _units(ops)
        yield Piece(
            Process("elementwise", name, layer, source, target, in_bits, out_bits, 0, units), ops
        )
        return
    geometry = conv_geometry(head)
    acc = _signed_bits(_kind(head.results[0]))
    suffix = "conv" if kind == "lic.conv2d" else "deconv"
    yield Piece(
        Process(
            "conv",
            names.take(layer, suffix),
            layer,
            source,
            target,
            in_bits,
            out_bits,
            acc,
            _units(ops[1:]),
            geometry,
            rows or geometry.least_rows,
        ),
        ops,
    )


def _units(ops: tuple[Any, ...]) -> tuple[Unit, ...]:
    return tuple(Unit(UNITS[op.operation.name], _signed_bits(_kind(op.operands[0]))) for op in ops)


def layer_of(op: Any, default: str) -> str:
    """The layer that an op names; requantizations name none."""
    return ir.StringAttr(op.attributes["layer"]).value if "layer" in op.attributes else default


def image(value: ir.Value) -> Shape:
    """Channels, height and width of a tensor value."""
    _, channels, height, width = shape_of(value)
    return channels, height, width


def _kind(value: ir.Value) -> Quantized:
    kind = quantized(value.type)
    if kind is None:
        owner = value.owner if isinstance(value.owner, ir.OpView) else value.owner.owner
        raise StageError(owner, "expected typed values; run lic-assign-precision first")
    return kind


def _signed_bits(kind: Quantized) -> int:
    """Bits of a signed integer that holds the proven range."""
    return kind.magnitude_bits + (kind.lo >= 0)


def stream_element(value: ir.Value) -> tuple[int, bool]:
    """Width and signedness of what a stream carries of a typed value.

    The stored integers as narrow as 8, 16 or 32 bits hold them: GDN's 13-bit inputs travel as i16.
    """
    kind = _kind(value)
    if kind.bits == 8:
        return 8, kind.signed
    return (16, True) if kind.bits == 16 or kind.magnitude_bits <= 16 else (32, True)


def stream_bits(value: ir.Value) -> int:
    """Width of a lane of the stream that carries `value`."""
    return stream_element(value)[0]


def conv_geometry(op: Any) -> ConvGeometry:
    """The taps of a convolution.

    Raises:
        StageError: strides that differ between rows and columns, groups or dilations.
    """
    name = op.operation.name
    layer = ir.StringAttr(op.attributes["layer"]).value
    strides, padding = array(op.attributes["strides"]), array(op.attributes["padding"])
    if strides[0] != strides[1]:
        raise StageError(
            op,
            f"layer '{layer}': expected one stride for rows and columns, "
            f"but got '{strides[0]}x{strides[1]}'",
        )
    check_convolution(op)
    _, _, kh, kw = shape_of(op.operands[1])
    source, target = image(op.operands[0]), image(op.results[0])
    make = ConvGeometry.conv if name == "lic.conv2d" else ConvGeometry.subpixel
    return make(source, target, (kh, kw), strides[0], (padding[0], padding[1]))


def check_convolution(op: Any) -> None:
    """Raise StageError for groups and dilations, which no process computes."""
    if "groups" not in op.attributes:
        return
    layer = ir.StringAttr(op.attributes["layer"]).value
    groups = ir.IntegerAttr(op.attributes["groups"]).value
    if groups != 1:
        raise StageError(
            op, f"layer '{layer}': expected a convolution of 1 group, but got {groups}"
        )
    dilations = array(op.attributes["dilations"])
    if max(dilations) != 1:
        raise StageError(
            op, f"layer '{layer}': expected dilations of 1, but got '{dilations[0]}x{dilations[1]}'"
        )


# --------------------------------------------------------------------------------------------------
# Names
# --------------------------------------------------------------------------------------------------
class _Names:
    """Unique lower-case C identifiers made from layer paths."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, layer: str, suffix: str) -> str:
        name = identifier(layer, suffix)
        number = 2
        unique = name
        while unique in self._taken:
            unique = f"{name}_{number}"
            number += 1
        self._taken.add(unique)
        return unique


def identifier(layer: str, suffix: str) -> str:
    """`g_a.0` and `conv` -> `g_a_0_conv`; a path that ends in the suffix keeps it once."""
    plain = re.sub(r"[^a-z0-9]+", "_", layer.lower()).strip("_")
    if not plain or not plain[0].isalpha():
        plain = f"l_{plain}".rstrip("_")
    return plain if plain.endswith(f"_{suffix}") else f"{plain}_{suffix}"


# --------------------------------------------------------------------------------------------------
# A schedule in the IR
# --------------------------------------------------------------------------------------------------
def i64(value: int) -> ir.IntegerAttr:
    """An i64 attribute, in the current context."""
    return ir.IntegerAttr.get(ir.IntegerType.get_signless(64), value)


def integer(op: Any, name: str) -> int:
    """An integer attribute of `op`.

    Raises:
        StageError: it is not there.
    """
    if name not in op.attributes:
        raise StageError(op, f"requires attribute '{name}'; run lic-schedule first")
    return ir.IntegerAttr(op.attributes[name]).value


def write_foldings(stage: Stage, foldings: dict[str, Folding]) -> None:
    """Put the foldings of a stage's processes, by kind, on its op."""
    attributes = stage.op.attributes
    for kind, name in (("conv", "folding"), ("elementwise", "folding"), ("norm", "gdn_folding")):
        if kind in foldings:
            folding = foldings[kind]
            numbers = (folding.oc, folding.ic, folding.kh, folding.kw, 1)
            attributes[name] = FoldingAttr.get(*[i64(number) for number in numbers])
    if "root" in foldings:
        attributes["gdn_roots"] = i64(foldings["root"].oc)


def read_folding(stage: Stage, process: Process) -> Folding:
    """The folding that the schedule chose for a process of `stage`.

    Raises:
        StageError: the stage is not scheduled.
    """
    if process.kind == "root":
        lanes = integer(stage.op, "gdn_roots")
        return Folding(lanes, lanes)
    name = "gdn_folding" if process.kind == "norm" else "folding"
    if name not in stage.op.attributes:
        raise StageError(stage.op, f"requires attribute '{name}'; run lic-schedule first")
    found = stage.op.attributes[name]
    oc, ic, kh, kw, px = (
        ir.IntegerAttr(part).value for part in (found.oc, found.ic, found.kh, found.kw, found.px)
    )
    if px != 1:
        raise StageError(stage.op, f"expected one pixel at a time, but got {px}")
    return Folding(oc, ic, kh, kw)
