# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`lic-to-hls`: from scheduled stages to processes, streams and memories."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from torch_mlir import ir
from torch_mlir.dialects import func

from licc.cost import cycles
from licc.cost.process import LEAST_FIFO
from licc.dialects.ext import array
from licc.dialects.hls import FoldingAttr, MemoryType, StreamType
from licc.dialects.quantized import Quantized, element_type, quantized
from licc.interp.root import TABLES
from licc.passes.registry import Pass, PassFailure
from licc.quantize.facts import elements
from licc.schedule import images
from licc.schedule.check import Scheduled, scheduled
from licc.schedule.stages import (
    CLOCK,
    TARGET,
    TOPS,
    Folding,
    Piece,
    StageError,
    Transform,
    emit,
    i64,
    read_transforms,
    stream_element,
)


@dataclass(frozen=True)
class LicToHls(Pass):
    """Replace each function of scheduled stages by an `hls.design` of processes and streams.

    A convolution with its elementwise ops is one process (line buffer, MAC array, units), a GDN two (norm
    and root), elementwise ops alone one. Where a process writes other words than the next one reads, an
    `hls.repack` lies between. Parameters become memory images in the order in which they are read.
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
    """What a stream carries: `lanes` channels of `element` in a word, of `shape`."""

    element: ir.Type
    lanes: int
    shape: tuple[int, int, int]


@dataclass(frozen=True)
class _Node:
    """A process to be: what it reads, what it writes, how deep its input is; `piece` None repacks."""

    name: str
    layer: str
    reads: _Words
    writes: _Words
    depth: int
    cost: tuple[int, int, int]
    piece: Piece | None = None
    folding: Folding = field(default_factory=lambda: Folding(1, 1))


def _plan(transform: Transform) -> list[_Node]:
    nodes: list[_Node] = []
    for stage in transform.stages:
        for piece, chosen in zip(stage.pieces, scheduled(stage), strict=True):
            node = _node(piece, chosen)
            if nodes and nodes[-1].writes.lanes != node.reads.lanes:
                nodes.append(_repack(nodes[-1].writes, node))
            nodes.append(node)
    return nodes


def _node(piece: Piece, chosen: Scheduled) -> _Node:
    process, folding = piece.process, chosen.folding
    i32 = ir.IntegerType.get_signless(32)
    channels, height, width = process.input
    pairs = (2 * channels, height, width)
    if process.kind == "root":
        reads = _Words(i32, 2 * folding.oc, pairs)
    else:
        lanes = folding.oc if process.kind == "elementwise" else folding.ic
        reads = _Words(_element(piece.ops[0].operands[0]), lanes, process.input)
    if process.kind == "norm":
        writes = _Words(i32, 2 * folding.oc, pairs)
    else:
        writes = _Words(_element(piece.ops[-1].results[0]), folding.oc, process.output)
    cost = (chosen.cycles, chosen.dsp, chosen.bram18)
    return _Node(
        process.name, process.layer, reads, writes, chosen.fifo_depth, cost, piece, folding
    )


def _repack(before: _Words, after: _Node) -> _Node:
    channels, height, width = before.shape
    spent = cycles.repack(height * width, channels, before.lanes, after.reads.lanes)
    return _Node(
        f"{after.name}_repack", after.layer, before, after.reads, LEAST_FIFO, (spent, 0, 0)
    )


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


def _text(value: str) -> ir.Attribute:
    return ir.StringAttr.get(value)


def _vector(element: ir.Type, lanes: int) -> ir.Type:
    return ir.VectorType.get([lanes], element)


def _stream(words: _Words, depth: int) -> ir.Type:
    return StreamType.get(ir.TypeAttr.get(_vector(words.element, words.lanes)), i64(depth))


def _folding(folding: Folding) -> ir.Attribute:
    numbers = (folding.oc, folding.ic, folding.kh, folding.kw, 1)
    return FoldingAttr.get(*[i64(number) for number in numbers])


def _design(transform: Transform, device: str, clock: int) -> None:
    nodes = _plan(transform)
    source, sink = _roles(transform.function)
    name = transform.name
    with transform.function.location:
        design = _create(
            "hls.design",
            regions=1,
            name=_text(name),
            top=_text(TOPS[name]),
            device=_text(device),
            clock_mhz=i64(clock),
        )
        with ir.InsertionPoint(design.regions[0].blocks.append()):
            first, last = nodes[0].reads, nodes[-1].writes
            stream = _create(
                "hls.port_in",
                [_stream(first, nodes[0].depth)],
                name=_text(f"{name}_input"),
                role=_text(source),
                shape=_numbers(first.shape),
            ).results[0]
            depths = [*[node.depth for node in nodes[1:]], LEAST_FIFO]
            for node, depth in zip(nodes, depths, strict=True):
                stream = _process(node, stream, depth)
            _create(
                "hls.port_out",
                operands=[stream],
                name=_text(f"{name}_output"),
                role=_text(sink),
                shape=_numbers(last.shape),
            )
            _create("hls.end")


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


def _process(node: _Node, stream: ir.Value, depth: int) -> ir.Value:
    with ir.Location.name(node.layer):
        spent, dsp, bram18 = node.cost
        process = _create(
            "hls.process",
            [_stream(node.writes, depth)],
            [stream],
            regions=1,
            name=_text(node.name),
            layer=_text(node.layer),
            cycles=i64(spent),
            dsp=i64(dsp),
            bram18=i64(bram18),
        )
        block = process.regions[0].blocks.append(stream.type, arg_locs=[ir.Location.current])
        with ir.InsertionPoint(block):
            word = _Body(node, block).build()
            _create("hls.write", operands=[word])
    return process.results[0]


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
            return self._units(piece.ops[1:], self._convolution(piece.ops[0]))
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
        weight, bias = (elements(o.owner.attributes["value"]) for o in list(op.operands)[1:])
        weights = self._ram(
            "weights", images.conv_weights(weight.astype(np.int8), geometry, folding)
        )
        biases = self._per_channel("bias", bias, "int32", folding.oc)
        taps = folding.kh * folding.kw * folding.ic
        window = _create(
            "hls.window_buffer",
            [_vector(self._node.reads.element, taps)],
            [self._stream],
            input=_numbers(geometry.input),
            output=_numbers(geometry.output),
            stride=i64(geometry.stride),
            upsample=i64(geometry.upsample),
            row_taps=_numbers([n for t in geometry.rows for n in (t.first, t.count)]),
            column_taps=_numbers([n for t in geometry.columns for n in (t.first, t.count)]),
            rows=i64(process.rows),
            folding=_folding(folding),
        ).results[0]
        kind = _typed(op.results[0])
        return _create(
            "hls.mac_array",
            [_vector(ir.IntegerType.get_signless(32), folding.oc)],
            [window, weights, biases],
            channels=_numbers([geometry.input[0], geometry.output[0]]),
            steps=_numbers(cycles.steps(geometry, folding.ic, folding.kh, folding.kw)),
            packing=self._packing(op),
            acc_range=_numbers([kind.lo, kind.hi]),
            folding=_folding(folding),
        ).results[0]

    def _packing(self, op: Any) -> ir.Attribute:
        return op.operation.parent.attributes["packing"]

    def _norm(self, op: Any) -> ir.Value:
        folding = self._node.folding
        beta, values = (elements(o.owner.attributes["value"]) for o in list(op.operands)[1:])
        gamma = self._ram("gamma", images.gamma(values.astype(np.int32), folding))
        betas = self._per_channel("beta", beta, "int64", folding.oc)
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
        ).results[0]

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
        return self._unit("hls.requantizer", op, [value, *self._scaling(op)])

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
        )

    def add(self, op: Any, value: ir.Value) -> ir.Value:
        """`lic.add` of one constant a channel."""
        owner = op.operands[1].owner
        values = elements(owner.attributes["value"]).reshape(-1)
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


def _typed(value: ir.Value) -> Quantized:
    kind = quantized(value.type)
    assert kind is not None
    return kind
