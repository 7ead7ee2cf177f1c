# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""From `lic.stage` ops to the processes that they become, and back to attributes.

A stage is a chain, stages are a graph. A convolution becomes two processes, its MAC array and what drains its
sums; the drain does what follows. So does a GDN, its norm and its root. Elementwise ops without either are a
process alone, and so is a stage without ops, which copies.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch_mlir import ir
from torch_mlir.dialects import func

from licc.cost.folding import Folding
from licc.cost.geometry import ConvGeometry, Shape
from licc.cost.process import Process, Unit, auxiliary
from licc.dialects.ext import array
from licc.dialects.hls import packing_refusal
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
# Of a stage without ops.
COPY = "copy"
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
class Piece:
    """A process and the ops that it does.

    Of a convolution's group the array has the convolution, the drain what follows it; of a GDN's, the norm
    has the GDN, the root that and what follows it.
    """

    process: Process
    ops: tuple[Any, ...]


@dataclass(frozen=True)
class Stage:
    """A `lic.stage` and its processes in order.

    Attributes:
        op: the `lic.stage`.
        layer: that it is named after.
        pieces: its processes.
        sources: the stages of the transform that it reads, in the order of its operands; None for the port.
    """

    op: Any
    layer: str
    pieces: tuple[Piece, ...]
    sources: tuple[int | None, ...]


@dataclass(frozen=True)
class Transform:
    """One function: a graph of stages, each behind those that it reads; the last one is what it returns."""

    name: str
    function: Any
    stages: tuple[Stage, ...]

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """All processes in order."""
        return tuple(piece for stage in self.stages for piece in stage.pieces)

    @property
    def sources(self) -> tuple[tuple[int | None, ...], ...]:
        """Of each of `pieces`, the processes that it reads; None for the port."""
        found: list[tuple[int | None, ...]] = []
        last: list[int] = []
        for stage in self.stages:
            found.append(tuple(None if i is None else last[i] for i in stage.sources))
            for _ in stage.pieces[1:]:
                found.append((len(found) - 1,))
            last.append(len(found) - 1)
        return tuple(found)


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
    *operations, terminator = function.entry_block.operations
    made: dict[ir.Value, int | None] = {function.entry_block.arguments[0]: None}
    for op in operations:
        if op.operation.name != "lic.stage":
            raise StageError(op, "expected only 'lic.stage' ops; run lic-fuse first")
        layer = ir.StringAttr(op.attributes["layer"]).value
        sources = tuple(made[value] for value in op.operation.operands)
        made[op.results[0]] = len(stages)
        stages.append(Stage(op, layer, _pieces(op, layer, names), sources))
    if not stages:
        raise StageError(function, "expected at least one 'lic.stage'")
    _check_ends(function, stages, terminator)
    return Transform(name, function, tuple(stages))


def _check_ends(function: Any, stages: Sequence[Stage], terminator: Any) -> None:
    """The first stage reads the port, the last one gives what is returned, and one or two read all others."""
    if [stage.sources.count(None) for stage in stages] != [1, *[0] * (len(stages) - 1)]:
        raise StageError(
            function,
            "expected its argument to be read once, by its first stage; run lic-fuse first",
        )
    readers = [sum(s.sources.count(i) for s in stages) for i in range(len(stages))]
    returned = list(terminator.operation.operands) == [stages[-1].op.results[0]]
    if not returned or readers[-1] or not all(1 <= count <= 2 for count in readers[:-1]):
        raise StageError(
            function,
            "expected the result of its last stage returned, and all others read by one or two stages; "
            "run lic-fuse first",
        )


def stage_ops(stage: Any) -> list[Any]:
    """The ops of a stage that are not constants, without the terminator."""
    operations = list(stage.regions[0].blocks[0].operations)[:-1]
    return [op for op in operations if op.operation.name != "lic.constant"]


def _pieces(stage: Any, layer: str, names: _Names) -> tuple[Piece, ...]:
    groups: list[list[Any]] = []
    for op in stage_ops(stage):
        name = op.operation.name
        starts = name in CONVOLUTIONS or name == "lic.gdn"
        if not starts and name not in UNITS:
            raise StageError(op, f"layer '{layer}': no process can do this op")
        if starts or not groups:
            groups.append([])
        groups[-1].append(op)
    if not groups:
        return (_copy(stage, layer, names),)
    heads = [group[0].operation.name for group in groups]
    if heads.count("lic.gdn") > 1 or any(name in CONVOLUTIONS for name in heads[1:]):
        raise StageError(
            stage, f"layer '{layer}': expected one convolution, first, and one GDN at most"
        )
    rows = _rows(stage)
    return tuple(
        piece for group in groups for piece in _group_pieces(tuple(group), layer, rows, names)
    )


def _rows(stage: Any) -> int:
    if "tile" not in stage.attributes:
        return 0
    return ir.IntegerAttr(stage.attributes["tile"].rows).value


def _group_pieces(
    ops: tuple[Any, ...], stage_layer: str, rows: int, names: _Names
) -> Iterator[Piece]:
    head, tail = ops[0], ops[-1]
    layer = layer_of(head, stage_layer)
    kind = head.operation.name
    if kind == "lic.gdn":
        yield from _gdn(ops, layer, names)
    elif kind in CONVOLUTIONS:
        yield from _convolution(ops, layer, rows, names)
    else:
        yield Piece(
            Process(
                "elementwise",
                names.take(layer, UNITS[kind]),
                layer,
                image(head.operands[0]),
                image(tail.results[0]),
                stream_bits(head.operands[0]),
                stream_bits(tail.results[0]),
                units=_units(ops),
                value_bits=value_bits(head.operands[0]),
                other_bits=stream_bits(head.operands[1]) if is_join(head) else 0,
            ),
            ops,
        )


def is_join(op: Any) -> bool:
    """Whether an op of a stage adds two streams, and not a stream and a constant."""
    return op.operation.name == "lic.add" and isinstance(op.operands[1], ir.BlockArgument)


def _copy(stage: Any, layer: str, names: _Names) -> Piece:
    value = stage.operation.operands[0]
    shape, bits = image(value), stream_bits(value)
    name = names.take(layer, COPY)
    return Piece(Process("elementwise", name, layer, shape, shape, bits, bits), ())


def _convolution(ops: tuple[Any, ...], layer: str, rows: int, names: _Names) -> tuple[Piece, Piece]:
    head, tail = ops[0], ops[-1]
    geometry = conv_geometry(head)
    sums = value_bits(head.results[0])
    array_ = Process(
        "conv",
        names.take(layer, "conv" if head.operation.name == "lic.conv2d" else "deconv"),
        layer,
        geometry.input,
        geometry.output,
        stream_bits(head.operands[0]),
        32,
        sums,
        geometry=geometry,
        rows=rows or geometry.least_rows,
        weight_bits=value_bits(head.operands[1]),
        value_bits=value_bits(head.operands[0]),
        most_weight=greatest(head.operands[1]),
        most_value=greatest(head.operands[0]),
    )
    drain = Process(
        "drain",
        names.take(layer, "drain"),
        layer,
        geometry.output,
        image(tail.results[0]),
        32,
        stream_bits(tail.results[0]),
        units=_units(ops[1:]),
        geometry=geometry,
        value_bits=sums,
    )
    return Piece(array_, ops[:1]), Piece(drain, ops[1:])


def _gdn(ops: tuple[Any, ...], layer: str, names: _Names) -> tuple[Piece, Piece]:
    head, tail = ops[0], ops[-1]
    source, target = image(head.operands[0]), image(tail.results[0])
    form = ir.StringAttr(head.attributes["form"]).value
    norm = Process(
        "norm",
        names.take(layer, "norm"),
        layer,
        source,
        source,
        stream_bits(head.operands[0]),
        32,
        array(head.attributes["acc_range"])[1].bit_length() + 1,
        form=form,
        value_bits=value_bits(head.operands[0]),
    )
    root = Process(
        "root",
        names.take(layer, "root"),
        layer,
        source,
        target,
        32,
        stream_bits(tail.results[0]),
        units=_units(ops[1:]),
        form=form,
        inverse=ir.BoolAttr(head.attributes["inverse"]).value,
    )
    return Piece(norm, ops[:1]), Piece(root, ops)


def _units(ops: tuple[Any, ...]) -> tuple[Unit, ...]:
    return tuple(_unit(op) for op in ops)


def _unit(op: Any) -> Unit:
    bits = value_bits(op.operands[0])
    if is_join(op):
        return Unit("join", max(bits, value_bits(op.operands[1])))
    return Unit(UNITS[op.operation.name], bits)


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
        owner = value.owner.owner if isinstance(value.owner, ir.Block) else value.owner
        raise StageError(owner, "expected typed values; run lic-assign-precision first")
    return kind


def _signed_bits(kind: Quantized) -> int:
    """Bits of a signed integer that holds the proven range."""
    return kind.magnitude_bits + (kind.lo >= 0)


def value_bits(value: ir.Value) -> int:
    """Bits of a signed integer that holds the proven range of a value: 9 for u8."""
    return _signed_bits(_kind(value))


def value_range(value: ir.Value) -> tuple[int, int]:
    """The proven range of a value."""
    kind = _kind(value)
    return kind.lo, kind.hi


def greatest(value: ir.Value) -> int:
    """The greatest magnitude that a value is proven to have, 1 at least."""
    lo, hi = value_range(value)
    return max(-lo, hi, 1)


def stream_element(value: ir.Value) -> tuple[int, bool]:
    """Width and signedness of what a stream carries of a typed value.

    At a port, and of more than 16 stored bits: as narrow as 8, 16 or 32 bits hold it (GDN's 13-bit inputs travel
    as i16). Between layers activations have the bits that their proven range needs.
    """
    kind = _kind(value)
    if kind.bits <= 16 and not _at_port(value):
        return (_signed_bits(kind) if kind.signed else kind.magnitude_bits), kind.signed
    if kind.bits <= 8:
        return 8, kind.signed
    return (16, True) if kind.bits == 16 or kind.magnitude_bits <= 16 else (32, True)


def _at_port(value: ir.Value) -> bool:
    """Whether a value of a stage, or between stages, is what its function takes or returns."""
    value = _outside(value)
    # Copies have the lanes of what they copy.
    while not isinstance(value.owner, ir.Block) and _is_copy(value.owner):
        value = value.owner.operands[0]
    return isinstance(value.owner, ir.Block) or _is_returned(value)


def _is_copy(op: Any) -> bool:
    """Whether an op is a stage without ops."""
    return op.name == "lic.stage" and len(list(op.regions[0].blocks[0].operations)) == 1


def _is_returned(value: ir.Value) -> bool:
    """Whether a function returns a value, or a copy of it."""
    readers = [use.owner.operation for use in value.uses]
    return any(
        op.name == "func.return" or (_is_copy(op) and _is_returned(op.results[0])) for op in readers
    )


def _outside(value: ir.Value) -> ir.Value:
    """What a stage reads or gives, if that is what the value is in it; else the value."""
    if isinstance(value.owner, ir.Block):
        parent: Any = value.owner.owner
        inside = parent.operation.name == "lic.stage"
        return parent.operands[ir.BlockArgument(value).arg_number] if inside else value
    for use in value.uses:
        user: Any = use.owner
        if user.operation.name == "lic.yield":
            return user.operation.parent.results[use.operand_number]
    return value


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


def write_foldings(
    stage: Stage, foldings: Mapping[str, Folding], intake: int, fabric: Sequence[str] = ()
) -> None:
    """Put the foldings of a stage's processes, by kind, on its op, and what its first process reads.

    Of drains, roots and elementwise processes, oc is their lanes. Those in `fabric` multiply without DSPs.
    """
    attributes = stage.op.attributes
    attributes["intake"] = i64(intake)
    if fabric:
        attributes["fabric"] = ir.ArrayAttr.get([ir.StringAttr.get(kind) for kind in fabric])
    elif "fabric" in attributes:
        del attributes["fabric"]
    for kind, name in (("conv", "folding"), ("elementwise", "folding"), ("norm", "gdn_folding")):
        if kind in foldings:
            folding = foldings[kind]
            numbers = (folding.oc, folding.ic, folding.kh, folding.kw, folding.px)
            attributes[name] = FoldingAttr.get(*[i64(int(number)) for number in numbers])
    for kind, name in (("drain", "drain"), ("root", "gdn_roots")):
        if kind in foldings:
            attributes[name] = i64(int(foldings[kind].oc))


def read_folding(stage: Stage, process: Process) -> Folding:
    """The folding that the schedule chose for a process of `stage`.

    Raises:
        StageError: the stage is not scheduled.
    """
    for kind, name in (("drain", "drain"), ("root", "gdn_roots")):
        if process.kind == kind:
            lanes = integer(stage.op, name)
            return Folding(lanes, lanes)
    name = "gdn_folding" if process.kind == "norm" else "folding"
    if name not in stage.op.attributes:
        raise StageError(stage.op, f"requires attribute '{name}'; run lic-schedule first")
    found = stage.op.attributes[name]
    parts = (found.oc, found.ic, found.kh, found.kw, found.px)
    return Folding(*(ir.IntegerAttr(part).value for part in parts))


@dataclass(frozen=True)
class Chosen:
    """A process as the schedule has it.

    Attributes:
        piece: the process and its ops.
        folding: its folding; of drains, roots and elementwise processes, oc is their lanes.
        intake: lanes of the stream that it reads; a pair of GDN has two.
        writes: lanes of the stream that it writes, likewise.
        depths: of the FIFO of each stream that it reads, in words.
        fabric: whether LUTs multiply beside its array, not DSPs.
    """

    piece: Piece
    folding: Folding
    intake: int
    writes: int
    depths: tuple[int, ...]
    fabric: bool = False


def read_schedule(stage: Stage) -> tuple[Chosen, ...]:
    """The processes of a scheduled stage in order.

    Raises:
        StageError: it is not scheduled, or what its attributes say cannot be built.
    """
    intake, depths = integer(stage.op, "intake"), iter(_depths(stage))
    fabric = _fabric(stage)
    chosen: list[Chosen] = []
    for piece in stage.pieces:
        process, folding = piece.process, read_folding(stage, piece.process)
        before = chosen[-1] if chosen else None
        reads = intake if before is None else before.writes
        if process.kind == "root":
            reads = 2 * folding.oc
        writes = _writes(process, folding)
        own = tuple(next(depths) for _ in process.lane_bits)
        each = Chosen(piece, folding, reads, writes, own, process.kind in fabric)
        _CHECKS[process.kind](stage, each, before)
        chosen.append(each)
    return tuple(chosen)


def _writes(process: Process, folding: Folding) -> int:
    if process.kind == "conv":
        return folding.px * folding.oc
    return 2 * folding.oc if process.kind == "norm" else folding.oc


def _fabric(stage: Stage) -> frozenset[str]:
    """Kinds of processes that multiply in LUTs; all of them are there and multiply."""
    if "fabric" not in stage.op.attributes:
        return frozenset()
    kinds = [ir.StringAttr(kind).value for kind in ir.ArrayAttr(stage.op.attributes["fabric"])]
    able = [p.process.kind for p in stage.pieces if auxiliary(p.process)]
    for kind in kinds:
        if kind not in able:
            raise _refused(
                stage,
                f"'fabric' of processes that multiply ({', '.join(able) or 'none'}), but got '{kind}'",
            )
    return frozenset(kinds)


def _depths(stage: Stage) -> tuple[int, ...]:
    if "fifo_depths" not in stage.op.attributes:
        raise StageError(stage.op, "requires attribute 'fifo_depths'; run lic-schedule first")
    depths = array(stage.op.attributes["fifo_depths"])
    streams = sum(len(piece.process.lane_bits) for piece in stage.pieces)
    if len(depths) != streams:
        raise StageError(
            stage.op,
            f"layer '{stage.layer}': expected 'fifo_depths' of {streams} streams, but got {len(depths)}",
        )
    return depths


# --------------------------------------------------------------------------------------------------
# What can be built
# --------------------------------------------------------------------------------------------------
def _refused(stage: Stage, expected: str) -> StageError:
    return StageError(stage.op, f"layer '{stage.layer}': expected {expected}")


def _check_conv(stage: Stage, each: Chosen, _: Chosen | None) -> None:
    process, ic = each.piece.process, each.folding.ic
    _check_folding(stage, process, each.folding)
    _check_lanes(stage, f"'intake' of {process.name}", each.intake, process.input)
    channels = process.input[0]
    # Words fill those of the line buffer.
    if ic != channels if each.intake > channels else ic % each.intake:
        raise _refused(
            stage,
            f"'intake' of a divisor of {ic} folded inputs, or of whole pixels where all {channels} are "
            f"folded, but got {each.intake}",
        )
    _check_packing(stage, each)


def _check_drain(stage: Stage, each: Chosen, before: Chosen | None) -> None:
    process, lanes = each.piece.process, each.folding.oc
    _check_lanes(stage, f"words of {process.name}", lanes, process.output)
    assert before is not None
    assert process.geometry is not None
    group, pixels = before.folding.px * process.geometry.upsample, lanes // process.output[0]
    if pixels > 1 and group % pixels:
        raise _refused(
            stage,
            f"words of {process.name} of pixels that divide a group of {group}, but got {pixels}",
        )


def _check_norm(stage: Stage, each: Chosen, _: Chosen | None) -> None:
    process = each.piece.process
    _check_folding(stage, process, each.folding)
    channels = process.input[0]
    if each.intake > channels:
        raise _refused(
            stage, f"words of at most {channels} lanes before {process.name}, but got {each.intake}"
        )


def _check_root(stage: Stage, each: Chosen, _: Chosen | None) -> None:
    channels, lanes = each.piece.process.input[0], each.folding.oc
    if lanes > channels:
        raise _refused(stage, f"'gdn_roots' of at most {channels} lanes, but got {lanes}")


def _check_elementwise(stage: Stage, each: Chosen, _: Chosen | None) -> None:
    process, lanes = each.piece.process, each.folding.oc
    _check_lanes(stage, f"words of {process.name}", lanes, process.output)
    if each.intake != lanes:
        raise _refused(
            stage, f"'intake' of the {lanes} lanes of {process.name}, but got {each.intake}"
        )


_CHECKS = {
    "conv": _check_conv,
    "drain": _check_drain,
    "norm": _check_norm,
    "root": _check_root,
    "elementwise": _check_elementwise,
}


def _check_folding(stage: Stage, process: Process, folding: Folding) -> None:
    geometry, outputs = process.geometry, process.output[0]
    most = {
        # A few outputs too many may be padded to share DSPs.
        "oc": outputs if geometry is None else -(-outputs // 4) * 4,
        "ic": process.input[0],
        "kh": max(taps.count for taps in geometry.rows) if geometry else 1,
        "kw": max(taps.count for taps in geometry.columns) if geometry else 1,
        "px": geometry.positions if geometry else 1,
    }
    for name, limit in most.items():
        value = getattr(folding, name)
        if not 1 <= value <= limit:
            raise _refused(
                stage, f"folding {name} of {process.name} in [1, {limit}], but got {value}"
            )


def _check_lanes(stage: Stage, what: str, lanes: int, shape: Shape) -> None:
    """Words of a part of a pixel, or of whole pixels of a row."""
    channels, _, width = shape
    if lanes > channels and (lanes % channels or width % (lanes // channels)):
        raise _refused(
            stage,
            f"{what} of at most {channels} lanes, or of whole pixels that divide a row of {width}, "
            f"but got {lanes}",
        )


def _check_packing(stage: Stage, each: Chosen) -> None:
    if "packing" not in stage.op.attributes:
        raise StageError(stage.op, "requires attribute 'packing'; run lic-schedule first")
    packing = ir.StringAttr(stage.op.attributes["packing"]).value
    value, weight = list(each.piece.ops[0].operands)[:2]
    missing = packing_refusal(
        packing,
        each.folding.oc,
        each.folding.px,
        value_range(value),
        value_range(weight),
    )
    if missing:
        raise _refused(stage, f"{missing} to pack as '{packing}'")
