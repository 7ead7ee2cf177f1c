# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`lic-to-hls`: from scheduled stages to processes, streams and memories."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
from torch_mlir import ir
from torch_mlir.dialects import func

from licc.cost import cycles, streams
from licc.cost.folding import Folding
from licc.cost.process import LEAST_FIFO, Cost, cost
from licc.dialects.ext import array
from licc.dialects.hls import FoldingAttr, MemoryType, StreamType, in_order, line_banks
from licc.dialects.quantized import Quantized, element_type, quantized
from licc.interp.lic import InterpError, elements
from licc.interp.root import TABLES
from licc.passes.registry import Pass, PassFailure
from licc.schedule import images
from licc.schedule.stages import (
    CLOCK,
    TARGET,
    TOPS,
    Chosen,
    Piece,
    Stage,
    StageError,
    Transform,
    emit,
    i64,
    is_join,
    read_schedule,
    read_transforms,
    stream_element,
    value_range,
)
from licc.schedule.stripes import ATTRIBUTE as STRIPES
from licc.target.device import load

_COSTS = ("cycles", "dsp", "bram18", "lut", "ff", "uram")


@dataclass(frozen=True)
class LicToHls(Pass):
    """Replace each function of scheduled stages by an `hls.design` of processes and streams.

    A convolution is two processes, its line buffer with the MAC array and what drains the sums and does the
    elementwise ops behind it; a GDN two, norm and root; elementwise ops alone one. Where a process writes
    other words than the next one reads, an `hls.repack` lies between. A process has a stream for each that
    reads what it gives. Parameters become memory images in the order in which they are read.
    """

    name: ClassVar[str] = "lic-to-hls"

    def run(self, module: ir.Module) -> None:
        """Lower all functions; attributes of the module stay."""
        with module.context, ir.Location.unknown():
            try:
                device, clock = _target(module)
                transforms = read_transforms(module)
                for transform in transforms:
                    with ir.InsertionPoint(module.body):
                        _design(transform, device, clock)
            except StageError as error:
                emit(error)
                raise PassFailure from error
            for transform in transforms:
                transform.function.operation.erase()


def _target(module: ir.Module) -> tuple[str, int]:
    attributes = module.operation.attributes
    for name in (TARGET, CLOCK):
        if name not in attributes:
            raise StageError(
                module.operation, f"requires attribute '{name}'; run lic-schedule first"
            )
    return ir.StringAttr(attributes[TARGET]).value, ir.IntegerAttr(attributes[CLOCK]).value


# --------------------------------------------------------------------------------------------------
# The plan: processes with the words that they read and write
# --------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Words:
    """What a stream carries: `lanes` values of `element` in a word, of `shape`."""

    element: ir.Type
    lanes: int
    shape: tuple[int, int, int]


@dataclass(frozen=True)
class _Input:
    """A stream of `words`, `depth` deep, from the node of that index, or the port where it is None."""

    source: int | None
    words: _Words
    depth: int


@dataclass(frozen=True)
class _Node:
    """A process to be: what it reads and what it writes; `piece` None repacks.

    `array` is the folding of the MAC array that it drains, `cost` its predicted cycles and resources, `fabric`
    whether LUTs multiply in it.
    """

    name: str
    layer: str
    inputs: tuple[_Input, ...]
    writes: _Words
    cost: Mapping[str, int]
    piece: Piece | None = None
    folding: Folding = field(default_factory=lambda: Folding(1, 1))
    array: Folding | None = None
    fabric: bool = False

    @property
    def reads(self) -> _Words:
        """What its first stream carries."""
        return self.inputs[0].words


def _plan(transform: Transform, uram: bool) -> list[_Node]:
    nodes: list[_Node] = []
    made: list[int] = []  # the nodes of its processes
    sources = iter(transform.sources)
    for stage in transform.stages:
        for chosen in read_schedule(stage):
            before = [None if i is None else made[i] for i in next(sources)]
            inputs = list(_inputs(stage, chosen, before, nodes))
            array_ = None if before[0] is None else nodes[before[0]].folding
            made.append(len(nodes))
            nodes.append(_node(stage, chosen, inputs, array_, uram))
    return nodes


def _inputs(
    stage: Stage, chosen: Chosen, before: Sequence[int | None], nodes: list[_Node]
) -> Iterator[_Input]:
    """The streams that a process reads; adds the repacks in front of it to `nodes`."""
    process = chosen.piece.process
    wanted = _read(stage, chosen)
    for slot, (source, words, depth) in enumerate(zip(before, wanted, chosen.depths, strict=True)):
        given = words if source is None else nodes[source].writes
        if given.lanes == words.lanes:
            yield _Input(source, words, depth)
            continue
        _check_repack(stage.op, given, words)
        name = f"{process.name}_repack" if slot == 0 else f"{process.name}_repack_{slot + 1}"
        nodes.append(_repack(name, process.layer, _Input(source, given, LEAST_FIFO), words))
        yield _Input(len(nodes) - 1, words, depth)


def _read(stage: Stage, chosen: Chosen) -> list[_Words]:
    """What each stream that a process reads carries."""
    piece, process = chosen.piece, chosen.piece.process
    i32 = ir.IntegerType.get_signless(32)
    if process.kind == "drain":
        return [_Words(i32, chosen.intake, process.input)]
    if process.kind == "root":
        pairs = (2 * process.input[0], *process.input[1:])
        return [_Words(i32, chosen.intake, pairs)]
    values = (piece.ops[0] if piece.ops else stage.op).operands
    streams = list(values)[: len(process.lane_bits)]
    return [_Words(_element(value), chosen.intake, process.input) for value in streams]


def _node(
    stage: Stage, chosen: Chosen, inputs: Sequence[_Input], before: Folding | None, uram: bool
) -> _Node:
    piece, folding = chosen.piece, chosen.folding
    process = piece.process
    array_ = before if process.kind == "drain" else None
    writes = _Words(_written(stage, piece), chosen.writes, process.output)
    if process.kind == "norm":
        writes = replace(writes, shape=(2 * process.input[0], *process.input[1:]))
    fabric = chosen.fabric
    spent = _costs(cost(process, folding, chosen.intake, array_, uram=uram, fabric=fabric))
    names = process.name, process.layer
    return _Node(*names, tuple(inputs), writes, spent, piece, folding, array_, fabric)


def _costs(found: Cost) -> dict[str, int]:
    return {name: int(getattr(found, name)) for name in _COSTS}


def _written(stage: Stage, piece: Piece) -> ir.Type:
    """The element that leaves a process; of an array, a norm, and a drain that nothing follows, i32."""
    if piece.process.kind in ("conv", "norm"):
        return ir.IntegerType.get_signless(32)
    if piece.ops:
        return _element(piece.ops[-1].results[0])
    if piece.process.kind == "drain":
        return ir.IntegerType.get_signless(32)
    return _element(stage.op.results[0])


def _check_repack(stage: Any, before: _Words, after: _Words) -> None:
    channels = before.shape[0]
    if max(before.lanes, after.lanes) > channels:
        raise StageError(
            stage,
            f"expected words of several pixels only between processes that agree on them, but got "
            f"{before.lanes} and {after.lanes} lanes of {channels} channels",
        )


def _repack(name: str, layer: str, before: _Input, after: _Words) -> _Node:
    words = before.words
    channels, height, width = words.shape
    bits = ir.IntegerType(words.element).width
    spent = streams.repack(channels, height * width, words.lanes, after.lanes, bits)
    return _Node(name, layer, (before,), after, _costs(spent))


def _element(value: ir.Value) -> ir.Type:
    """The element that a stream carries of a typed value."""
    width, signed = stream_element(value)
    return ir.IntegerType.get_signless(width) if signed else ir.IntegerType.get_unsigned(width)


# --------------------------------------------------------------------------------------------------
# Building
# --------------------------------------------------------------------------------------------------
def _create(
    kind: str,
    /,
    results: Sequence[ir.Type] = (),
    operands: Sequence[ir.Value] = (),
    regions: int = 0,
    **attributes: ir.Attribute,
) -> Any:
    return ir.Operation.create(
        kind,
        results=list(results),
        operands=list(operands),
        attributes=dict(attributes),
        regions=regions,
    )


def _numbers(values: Sequence[int]) -> ir.Attribute:
    return ir.DenseI64ArrayAttr.get(list(values))


def _constant(value: ir.Value, layer: str) -> Any:
    """The integers of a constant; raises StageError where the printed IR has none."""
    try:
        return elements(value.owner.attributes["value"], f"layer '{layer}'")
    except InterpError as error:
        raise StageError(value.owner, str(error)) from error


def _text(value: str) -> ir.Attribute:
    return ir.StringAttr.get(value)


def _vector(element: ir.Type, lanes: int) -> ir.Type:
    return ir.VectorType.get([lanes], element)


def _stream(words: _Words, depth: int) -> ir.Type:
    return StreamType.get(ir.TypeAttr.get(_vector(words.element, words.lanes)), i64(depth))


def _sizes(folding: Folding) -> tuple[int, int, int, int, int]:
    return folding.oc, folding.ic, folding.kh, folding.kw, folding.px


def _folding(folding: Folding) -> ir.Attribute:
    return FoldingAttr.get(*[i64(number) for number in _sizes(folding)])


def _design(transform: Transform, device: str, clock: int) -> None:
    nodes = _plan(transform, load(device).usable.uram > 0)
    source, sink = _roles(transform.function)
    name = transform.name
    attributes = transform.function.attributes
    stripes = {"stripes": attributes[STRIPES]} if STRIPES in attributes else {}
    with transform.function.location:
        design = _create(
            "hls.design",
            regions=1,
            name=_text(name),
            top=_text(TOPS[name]),
            device=_text(device),
            clock_mhz=i64(clock),
            **stripes,
        )
        with ir.InsertionPoint(design.regions[0].blocks.append()):
            first, last = nodes[0].inputs[0], nodes[-1].writes
            port = _create(
                "hls.port_in",
                [_stream(first.words, first.depth)],
                name=_text(f"{name}_input"),
                role=_text(source),
                shape=_numbers(first.words.shape),
            )
            depths = _depths(nodes)
            # Of each node, the streams that are not read yet.
            left: dict[int | None, list[ir.Value]] = {None: list(port.results)}
            for index, node in enumerate(nodes):
                read = [left[each.source].pop(0) for each in node.inputs]
                left[index] = _process(node, read, depths[index])
            _create(
                "hls.port_out",
                operands=left[len(nodes) - 1],
                name=_text(f"{name}_output"),
                role=_text(sink),
                shape=_numbers(last.shape),
            )
            _create("hls.end")


def _depths(nodes: Sequence[_Node]) -> list[list[int]]:
    """Of each node, the depths of the streams that it writes, in the order in which they are read."""
    found: list[list[int]] = [[] for _ in nodes]
    for node in nodes:
        for each in node.inputs:
            if each.source is not None:
                found[each.source].append(each.depth)
    found[-1].append(LEAST_FIFO)
    return found


def _roles(function: func.FuncOp) -> tuple[str, str]:
    found: list[str] = []
    for name in ("arg_attrs", "res_attrs"):
        roles = [
            ir.StringAttr(ir.DictAttr(each)["lic.role"]).value
            for each in function.attributes.get(name, ())
            if "lic.role" in ir.DictAttr(each)
        ]
        if not roles:
            raise StageError(function, f"requires 'lic.role' in '{name}'")
        found.append(roles[0])
    return found[0], found[1]


def _process(node: _Node, streams: Sequence[ir.Value], depths: Sequence[int]) -> list[ir.Value]:
    with ir.Location.name(node.layer):
        process = _create(
            "hls.process",
            [_stream(node.writes, depth) for depth in depths],
            streams,
            regions=1,
            name=_text(node.name),
            layer=_text(node.layer),
            **{name: i64(number) for name, number in node.cost.items()},
        )
        types = [stream.type for stream in streams]
        locations = [ir.Location.current] * len(types)
        block = process.regions[0].blocks.append(*types, arg_locs=locations)
        with ir.InsertionPoint(block):
            word = _Body(node, block).build()
            _create("hls.write", operands=[word])
    return list(process.results)


class _Body:
    """Builds the units of one process; memories first, in the order in which they are used."""

    def __init__(self, node: _Node, block: Any) -> None:
        self._node = node
        self._block = block
        self._stream = block.arguments[0]
        self._names: dict[str, int] = {}

    def build(self) -> ir.Value:
        """The units; returns the word to write."""
        node = self._node
        piece = node.piece
        if piece is None:
            return self._read("hls.repack", node.writes)
        process = piece.process
        if process.kind == "norm":
            return self._norm(piece.ops[0])
        if process.kind == "conv":
            return self._convolution(piece.ops[0])
        if process.kind == "drain":
            return self._units(piece.ops, self._drain())
        if process.kind == "root":
            return self._units(piece.ops[1:], self._root(piece.ops[0]))
        return self._units(piece.ops, self._read("hls.read", node.reads))

    # Memories
    def _memory(self, kind: str, name: str, image: Any, element: ir.Type) -> ir.Value:
        self._names[name] = self._names.get(name, 0) + 1
        unique = name if self._names[name] == 1 else f"{name}_{self._names[name]}"
        words, lanes = image.shape
        type_ = MemoryType.get(ir.TypeAttr.get(_vector(element, lanes)), i64(words))
        values: Any = np.ascontiguousarray(image)
        init = ir.DenseElementsAttr.get(values, type=element)
        with self._before_units():
            return _create(kind, [type_], name=_text(unique), init=init).results[0]

    def _before_units(self) -> ir.InsertionPoint:
        """Memories come first, in the order in which they are asked for."""
        for op in self._block.operations:
            if op.operation.name not in ("hls.ram", "hls.rom"):
                return ir.InsertionPoint(op)
        return ir.InsertionPoint(self._block)

    def _ram(self, name: str, image: Any) -> ir.Value:
        element = ir.IntegerType.get_signless(image.dtype.itemsize * 8)
        return self._memory("hls.ram", name, image, element)

    def _per_channel(self, name: str, values: Any, dtype: str, lanes: int) -> ir.Value:
        piece = self._node.piece
        assert piece is not None
        channels = piece.process.output[0]
        return self._ram(name, images.per_channel(values, channels, lanes, dtype))

    def _scaling(self, op: Any) -> tuple[ir.Value, ir.Value]:
        lanes = self._node.folding.oc
        multiplier = self._per_channel(
            "multiplier", array(op.attributes["multiplier"]), "int32", lanes
        )
        shift = self._per_channel("shift", array(op.attributes["shift"]), "int8", lanes)
        return multiplier, shift

    # What reads the stream
    def _read(self, name: str, words: _Words) -> ir.Value:
        vector = _vector(words.element, words.lanes)
        return _create(name, [vector], [self._stream], shape=_numbers(words.shape)).results[0]

    def _convolution(self, op: Any) -> ir.Value:
        piece, folding = self._node.piece, self._node.folding
        assert piece is not None
        process, geometry = piece.process, piece.process.geometry
        assert geometry is not None
        weight, bias = (_constant(value, self._node.layer) for value in list(op.operands)[1:])
        weights = self._ram(
            "weights", images.conv_weights(_stored(op.operands[1], weight), geometry, folding)
        )
        biases = self._ram("bias", images.biases(bias, geometry, folding))
        taps = folding.px * folding.kh * folding.kw * folding.ic
        reads = self._node.reads
        window = _create(
            "hls.window_buffer",
            [_vector(reads.element, taps)],
            [self._stream],
            input=_numbers(geometry.input),
            output=_numbers(geometry.output),
            stride=i64(geometry.stride),
            upsample=i64(geometry.upsample),
            row_taps=_numbers([n for t in geometry.rows for n in (t.first, t.count)]),
            column_taps=_numbers([n for t in geometry.columns for n in (t.first, t.count)]),
            rows=i64(process.rows),
            banks=_numbers(
                line_banks(
                    _sizes(folding),
                    geometry.stride,
                    process.rows,
                    max(1, reads.lanes // reads.shape[0]),
                )
            ),
            folding=_folding(folding),
        ).results[0]
        return _create(
            "hls.mac_array",
            [_vector(ir.IntegerType.get_signless(32), self._node.writes.lanes)],
            [window, weights, biases],
            channels=_numbers([geometry.input[0], geometry.output[0]]),
            steps=_numbers(cycles.steps(geometry, folding)),
            packing=op.operation.parent.attributes["packing"],
            activation_range=_numbers(value_range(op.operands[0])),
            weight_range=_numbers(value_range(op.operands[1])),
            acc_range=_numbers(value_range(op.results[0])),
            folding=_folding(folding),
        ).results[0]

    def _drain(self) -> ir.Value:
        node, array_ = self._node, self._node.array
        assert array_ is not None
        assert node.piece is not None
        geometry = node.piece.process.geometry
        assert geometry is not None
        if in_order(_sizes(array_), geometry.upsample, geometry.output, node.folding.oc):
            return self._read("hls.read", node.reads)
        return _create(
            "hls.drain",
            [_vector(node.reads.element, node.folding.oc)],
            [self._stream],
            shape=_numbers(geometry.output),
            upsample=i64(geometry.upsample),
            folding=_folding(array_),
        ).results[0]

    def _norm(self, op: Any) -> ir.Value:
        folding = self._node.folding
        beta, values = (_constant(value, self._node.layer) for value in list(op.operands)[1:])
        gamma = self._ram("gamma", images.gamma(values.astype(np.int32), folding))
        betas = self._ram("beta", images.blocks(beta, folding.oc, "int64"))
        return _create(
            "hls.gdn_norm",
            [_vector(ir.IntegerType.get_signless(32), 2 * folding.oc)],
            [self._stream, gamma, betas],
            shape=_numbers(self._node.reads.shape),
            form=op.attributes["form"],
            norm_shift=op.attributes["norm_shift"],
            acc_range=op.attributes["acc_range"],
            norm_range=op.attributes["norm_range"],
            folding=_folding(folding),
            **self._fabric(),
        ).results[0]

    def _fabric(self) -> dict[str, ir.Attribute]:
        """What says that a unit multiplies in LUTs."""
        return {"fabric": ir.UnitAttr.get()} if self._node.fabric else {}

    def _root(self, op: Any) -> ir.Value:
        form = ir.StringAttr(op.attributes["form"]).value
        table = self._memory(
            "hls.rom",
            "table",
            TABLES[form].astype(np.int32).reshape(-1, 1),
            ir.IntegerType.get_signless(32),
        )
        multiplier, shift = self._scaling(op)
        pair = self._read("hls.read", self._node.reads)
        kind = _typed(op.results[0])
        return _create(
            "hls.gdn_root",
            [self._lanes(op)],
            [pair, table, multiplier, shift],
            form=op.attributes["form"],
            inverse=op.attributes["inverse"],
            range=_numbers([kind.lo, kind.hi]),
            **self._fabric(),
        ).results[0]

    # What follows
    def _lanes(self, op: Any) -> ir.Type:
        return _vector(_element(op.results[0]), self._node.folding.oc)

    def _units(self, ops: Sequence[Any], value: ir.Value) -> ir.Value:
        for op in ops:
            value = _UNITS[op.operation.name](self, op, value)
        return value

    def _unit(
        self, unit: str, op: Any, operands: Sequence[ir.Value], **attributes: ir.Attribute
    ) -> ir.Value:
        kind = _typed(op.results[0])
        attributes["range"] = _numbers([kind.lo, kind.hi])
        return _create(unit, [self._lanes(op)], operands, **attributes).results[0]

    def requantizer(self, op: Any, value: ir.Value) -> ir.Value:
        """`lic.requantize`."""
        operands = [value, *self._scaling(op)]
        return self._unit("hls.requantizer", op, operands, **self._fabric())

    def activation(self, op: Any, value: ir.Value) -> ir.Value:
        """`lic.relu`, `lic.leaky_relu` and `lic.abs`."""
        kind = op.operation.name.removeprefix("lic.")
        has = "multiplier" in op.attributes
        return self._unit(
            "hls.activation",
            op,
            [value],
            kind=_text(kind),
            multiplier=op.attributes["multiplier"] if has else i64(0),
            shift=op.attributes["shift"] if has else i64(0),
            **(self._fabric() if has else {}),
        )

    def add(self, op: Any, value: ir.Value) -> ir.Value:
        """`lic.add` of one constant a channel, or of the other stream."""
        if is_join(op):
            return self._join(op, value)
        owner = op.operands[1].owner
        values = _constant(op.operands[1], self._node.layer).reshape(-1)
        piece = self._node.piece
        assert piece is not None
        if values.size != piece.process.output[0]:
            raise StageError(
                op, f"layer '{self._node.layer}': expected one added value for each channel"
            )
        width = element_type(owner.attributes["value"].type).width
        constant = self._per_channel("constant", values, f"int{width}", self._node.folding.oc)
        return self._unit(
            "hls.add",
            op,
            [value, constant],
            multiplier=op.attributes["multiplier"],
            shift=op.attributes["shift"],
            **self._fabric(),
        )

    def _join(self, op: Any, value: ir.Value) -> ir.Value:
        words = self._node.inputs[1].words
        vector, stream = _vector(words.element, words.lanes), self._block.arguments[1]
        other = _create("hls.read", [vector], [stream], shape=_numbers(words.shape)).results[0]
        return self._unit(
            "hls.join",
            op,
            [value, other],
            multiplier=op.attributes["multiplier"],
            shift=op.attributes["shift"],
            **self._fabric(),
        )

    def round(self, op: Any, value: ir.Value) -> ir.Value:
        """`lic.round_latent`: the shift is the input's number of fraction bits."""
        shift = round(-math.log2(_typed(op.operands[0]).scale))
        return self._unit("hls.round", op, [value], shift=i64(shift))


_UNITS: Mapping[str, Callable[[_Body, Any, ir.Value], ir.Value]] = {
    "lic.requantize": _Body.requantizer,
    "lic.relu": _Body.activation,
    "lic.leaky_relu": _Body.activation,
    "lic.abs": _Body.activation,
    "lic.add": _Body.add,
    "lic.round_latent": _Body.round,
}


def _stored(value: ir.Value, values: Any) -> Any:
    """Integers of a constant as the parameter file stores them: of 8 bits, or of 16 where the type has more."""
    return values.astype(np.int8 if _typed(value).bits <= 8 else np.int16)


def _typed(value: ir.Value) -> Quantized:
    kind = quantized(value.type)
    assert kind is not None
    return kind
