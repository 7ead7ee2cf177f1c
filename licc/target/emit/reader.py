# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The view of an `hls.design`: everything that the templates print, read from the IR."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from torch_mlir import ir

from licc.cost import cycles
from licc.cost import memory as memories
from licc.dialects.ext import array
from licc.dialects.hls.ops import (
    folding_of,
    memory_word,
    pixels_of_word,
    stream_name,
    stream_word,
)
from licc.target.emit.rows import Rows, distances, frame_steps, overwritten, row_kinds
from licc.target.emit.view import (
    BYTES,
    Body,
    Convolution,
    Design,
    Drain,
    Each,
    EmitError,
    Memory,
    Norm,
    Port,
    Process,
    Repack,
    Statement,
    Stream,
    Word,
)

__all__ = ["signed_bits", "view_of"]

# What the templates call something themselves, so that no memory may be called so.
_LOCALS = frozenset(
    "input output parameters load frames frame step steps total row_step row repeats next again due more "
    "top top_slot slot base left left_column column side out_block block tap_row tap_column word words x y "
    "window taps got picked sums power powers held half pixel pixels group place leaving first fill_part "
    "fill_word fill_row fill_slot fill_column fill_frame fill whole weight taken packed lane total_pixels "
    "count given offset come filling item other beside".split()
)

# The template argument of multipliers in LUTs.
_FABRIC = "licc::FABRIC"


def _fail(op: Any, message: str) -> EmitError:
    return EmitError(f"{op.location}: '{op.operation.name}' op {message}")


def view_of(design: Any) -> Design:
    """The view of an `hls.design` op.

    Raises:
        EmitError: an op, or a shape of the dataflow, that the printer cannot print.
    """
    operations = [op.operation for op in design.operation.regions[0].blocks[0].operations][:-1]
    sources = [op for op in operations if op.name == "hls.port_in"]
    sinks = [op for op in operations if op.name == "hls.port_out"]
    if len(sources) != 1 or len(sinks) != 1:
        raise _fail(design, "expected one 'hls.port_in' and one 'hls.port_out'")
    for op in operations:
        if op.name not in ("hls.port_in", "hls.port_out", "hls.process"):
            raise _fail(op, "is unknown to the printer")
    # Each stands behind those that it reads.
    processes = [op for op in operations if op.name == "hls.process"]
    streams = [stream for op in (sources[0], *processes) for stream in op.results]
    attributes = design.attributes
    return Design(
        name=_string(attributes["name"]),
        top=_string(attributes["top"]),
        device=_string(attributes["device"]),
        clock_mhz=_integer(attributes["clock_mhz"]),
        source=_port(sources[0], sources[0].results[0]),
        sink=_port(sinks[0], sinks[0].operands[0]),
        processes=tuple(_process(op) for op in processes),
        streams=tuple(_stream(stream) for stream in streams),
        stripes=_stripes(attributes),
    )


def _stripes(attributes: Any) -> int:
    """Frames of an image."""
    if "stripes" not in attributes:
        return 1
    return _integer(ir.DictAttr(attributes["stripes"])["count"])


def _string(attribute: Any) -> str:
    return ir.StringAttr(attribute).value


def _integer(attribute: Any) -> int:
    return ir.IntegerAttr(attribute).value


def _triple(attribute: Any) -> tuple[int, int, int]:
    channels, height, width = array(attribute)
    return channels, height, width


def _element(type_: ir.Type) -> str:
    integer = ir.IntegerType(type_)
    return _integer_type(integer.width, unsigned=integer.is_unsigned)


def _integer_type(bits: int, *, unsigned: bool = False) -> str:
    """The C++ type of an integer: the language's own where there is one of so many bits."""
    if bits in (8, 16, 32, 64):
        return f"std::{'u' if unsigned else ''}int{bits}_t"
    return f"licc::{'U' if unsigned else ''}Int<{bits}>"


def _word(vector: ir.VectorType) -> Word:
    return Word(_element(vector.element_type), vector.shape[0])


def _element_range(vector: ir.VectorType) -> tuple[int, int]:
    integer = ir.IntegerType(vector.element_type)
    if integer.is_unsigned:
        return 0, (1 << integer.width) - 1
    return -(1 << (integer.width - 1)), (1 << (integer.width - 1)) - 1


def signed_bits(lo: int, hi: int) -> int:
    """Bits of the smallest two's-complement integer that holds [lo, hi]."""
    return max((-lo - 1).bit_length() if lo < 0 else 0, hi.bit_length() if hi > 0 else 0) + 1


def _port(op: ir.Operation, stream: ir.Value) -> Port:
    return Port(
        _string(op.attributes["name"]),
        _string(op.attributes["role"]),
        _word(stream_word(stream.type)),
        _triple(op.attributes["shape"]),
    )


def _stream(stream: ir.Value) -> Stream:
    type_: Any = stream.type
    return Stream(
        stream_name(stream),
        _word(stream_word(type_)),
        _integer(type_.depth),
    )


class _Reader:
    """Reads one process: its memories, the unit that takes the stream, and the units behind it."""

    def __init__(self, op: ir.Operation) -> None:
        self.op = op
        self.operations = [unit.operation for unit in op.regions[0].blocks[0].operations]
        self.memories: dict[str, Memory] = {}
        self.tables: dict[str, Memory] = {}
        self.statements: list[Statement] = []
        self.value = ""
        self.bits = 0

    def read(self) -> Process:
        """The view of the process."""
        units = [
            unit for unit in self.operations if unit.name not in ("hls.ram", "hls.rom", "hls.write")
        ]
        self._read_memories()
        for unit in units:
            if unit.name not in _SOURCES and unit.name not in _LANE_UNITS:
                raise _fail(unit, "is unknown to the printer")
        source = _SOURCES.get(units[0].name) if units else None
        if source is None:
            raise _fail(units[0] if units else self.op, "cannot start a process")
        body, macs, behind = source(self, units)
        for unit in behind:
            if unit.name not in _LANE_UNITS:
                raise _fail(unit, "cannot follow another unit")
            _LANE_UNITS[unit.name](self, unit)
        words = [_word(stream_word(stream.type)) for stream in self.op.operands]
        return Process(
            name=_string(self.op.attributes["name"]),
            layer=_string(self.op.attributes["layer"]),
            reads=tuple(stream_name(stream) for stream in self.op.operands),
            writes=tuple(stream_name(stream) for stream in self.op.results),
            input=words[0],
            other=words[1] if len(words) > 1 else None,
            output=_word(stream_word(self.op.results[0].type)),
            shape=_out_shape(body),
            body=body,
            memories=tuple(self.memories.values()),
            tables=tuple(self.tables.values()),
            statements=tuple(self.statements),
            macs=macs,
            cycles=_integer(self.op.attributes["cycles"]) if "cycles" in self.op.attributes else 0,
        )

    def _read_memories(self) -> None:
        for unit in self.operations:
            if unit.name not in ("hls.ram", "hls.rom"):
                continue
            name = _string(unit.attributes["name"])
            # A memory may not hide what the template declares.
            legal = f"{name}_memory" if name in _LOCALS else name
            word = memory_word(unit.results[0].type)
            stored = _element(word.element_type)
            image = np.array(unit.attributes["init"]).astype(np.int64)
            memory = Memory(legal, stored, stored, image)
            (self.memories if unit.name == "hls.ram" else self.tables)[name] = memory

    def memory(
        self, value: ir.Value, element: str | int | None = None, *, may_be_ultra: bool = False
    ) -> str:
        """The C++ name of the memory that `value` is.

        It is held on chip as `element`, a type or the bits of a signed integer (default: as stored).
        """
        owner: Any = value.owner
        key = _string(owner.attributes["name"])
        kept = self.memories if key in self.memories else self.tables
        memory = kept[key]
        bits = element if isinstance(element, int) else 8 * BYTES[memory.stored]
        if isinstance(element, int):
            element = _integer_type(element)
        ultra = may_be_ultra and self.ultra(memory.words, bits * memory.lanes)
        kept[key] = replace(memory, element=element or memory.element, ultra=ultra)
        return memory.name

    def ultra(self, words: int, bits: int) -> bool:
        """Whether a memory is UltraRAM: if the process was said to have any, and it is worth it."""
        attributes = self.op.attributes
        has_any = "uram" in attributes and _integer(attributes["uram"]) > 0
        return has_any and bool(memories.uram(words, bits) > 0)

    def take(self, bits: int) -> None:
        """The statements start from a lane of the word that is taken, which needs `bits` bits."""
        self.value, self.bits = "taken.lane[lane]", bits

    def add(self, name: str, bits: int, expression: str) -> None:
        """A statement, whose value is what the next one starts from."""
        taken = {statement.name for statement in self.statements}
        unique = next(n for n in itertools.chain([name], _numbered(name)) if n not in taken)
        self.statements.append(Statement(unique, bits, expression))
        self.value, self.bits = unique, bits

    def clamped(self, name: str, op: ir.Operation, call: str, *arguments: str) -> None:
        """A statement that calls a primitive, which clamps to the op's range."""
        lo, hi = array(op.attributes["range"])
        text = ", ".join((self.value, *arguments, _literal(lo), _literal(hi)))
        parameters = f"{self.bits}, {_FABRIC}" if "fabric" in op.attributes else self.bits
        self.add(name, signed_bits(lo, hi), f"licc::{call}<{parameters}>({text})")


def _numbered(name: str) -> Any:
    return (f"{name}_{number}" for number in itertools.count(2))


def _literal(value: int) -> str:
    # The least int has no literal of its own in C++.
    return f"({value + 1} - 1)" if value == -(1 << 31) else str(value)


def _out_shape(body: Body) -> tuple[int, int, int]:
    if isinstance(body, Convolution):
        return body.output
    channels, height, width = body.shape
    return (2 * channels if isinstance(body, Norm) else channels), height, width


def _process(op: ir.Operation) -> Process:
    return _Reader(op).read()


_Source = tuple[Body, int, Sequence[ir.Operation]]


def _read_source(reader: _Reader, units: list[ir.Operation]) -> _Source:
    unit = units[0]
    channels, height, width = shape = _triple(unit.attributes["shape"])
    vector = ir.VectorType(unit.results[0].type)
    reader.take(_value_bits(reader.op, vector))
    pixels = pixels_of_word(shape, vector.shape[0])
    words = math.ceil(channels / vector.shape[0])
    if len(units) > 1 and units[1].name == "hls.gdn_root":
        # What leaves are single values, no longer (x, norm) pairs.
        channels //= 2
    # A join reads two words.
    behind = [unit for unit in units[1:] if unit.name != "hls.read"]
    return Each((channels, height, width), words, pixels), 0, behind


def _value_bits(process: ir.Operation, vector: ir.VectorType) -> int:
    """Bits of the values of the stream that a process reads: sums have a proven range."""
    for unit in _units_before(process):
        if unit.name == "hls.mac_array":
            lo, hi = array(unit.attributes["acc_range"])
            return signed_bits(lo, hi)
    return signed_bits(*_element_range(vector))


def _units_before(process: ir.Operation) -> list[ir.Operation]:
    """The units of the process in front; none behind a port."""
    before = process.operands[0].owner
    assert isinstance(before, ir.Operation | ir.OpView)
    regions = before.operation.regions
    return [op.operation for region in regions for op in region.blocks[0].operations]


def _drain_source(reader: _Reader, units: list[ir.Operation]) -> _Source:
    unit = units[0]
    channels, _, width = shape = _triple(unit.attributes["shape"])
    upsample = _integer(unit.attributes["upsample"])
    oc, _, _, _, px = folding_of(unit.attributes["folding"])
    vector = ir.VectorType(unit.results[0].type)
    lanes, bits = vector.shape[0], _value_bits(reader.op, vector)
    reader.take(bits)
    pixels, blocks = pixels_of_word(shape, lanes), math.ceil(channels / oc)
    words = 1 if pixels > 1 else math.ceil(channels / lanes)
    alike = lanes == px * oc and pixels == px and width % (px * upsample) == 0
    if alike and (px == 1 or (channels == oc and upsample == 1)):
        # Array order is pixel order: there is nothing to wait for.
        return Each(shape, words, pixels), 0, units[1:]
    banks = blocks if pixels > 1 else _banks_of_word(oc, lanes, blocks)
    places = {(word * lanes // oc % banks, word * lanes % oc) for word in range(words)}
    body = Drain(
        shape, oc, px, upsample, lanes, bits, pixels, blocks, words, banks, tuple(sorted(places))
    )
    return body, 0, units[1:]


def _banks_of_word(oc: int, lanes: int, blocks: int) -> int:
    """Blocks of `oc` channels that a word of `lanes` channels lies in, at most."""
    most = max((word * lanes % oc + lanes - 1) // oc + 1 for word in range(oc))
    return min(most, blocks)


def _repack_source(reader: _Reader, units: list[ir.Operation]) -> _Source:
    unit = units[0]
    if len(units) > 1:
        raise _fail(units[1], "cannot follow 'hls.repack'")
    shape = _triple(unit.attributes["shape"])
    lanes_in = stream_word(reader.op.operands[0].type).shape[0]
    lanes_out = ir.VectorType(unit.results[0].type).shape[0]
    in_words, out_words = math.ceil(shape[0] / lanes_in), math.ceil(shape[0] / lanes_out)
    steps = cycles.repack(1, shape[0], lanes_in, lanes_out)
    return Repack(shape, in_words, out_words, steps), 0, ()


def _norm_source(reader: _Reader, units: list[ir.Operation]) -> _Source:
    unit = units[0]
    if len(units) > 1:
        raise _fail(units[1], "cannot follow 'hls.gdn_norm'")
    shape = _triple(unit.attributes["shape"])
    oc, ic, _, _, _ = folding_of(unit.attributes["folding"])
    lanes = stream_word(reader.op.operands[0].type).shape[0]
    body = Norm(
        shape,
        oc,
        ic,
        lanes,
        math.ceil(shape[0] / lanes),
        math.ceil(shape[0] / ic),
        math.ceil(shape[0] / oc),
        _string(unit.attributes["form"]) == "rsqrt",
        _integer(unit.attributes["norm_shift"]),
        reader.memory(unit.operands[1], "licc::UInt<17>"),
        reader.memory(unit.operands[2], "licc::Int<48>"),
        f"square<{_FABRIC}>" if "fabric" in unit.attributes else "square",
    )
    return body, shape[0] * math.prod(shape), ()


def _window_source(reader: _Reader, units: list[ir.Operation]) -> _Source:
    window = units[0]
    if len(units) < 2 or units[1].name != "hls.mac_array":
        raise _fail(window, "expected 'hls.mac_array' behind it")
    body, macs = _convolution(reader, window, units[1])
    return body, macs, units[2:]


def _convolution(
    reader: _Reader, window: ir.Operation, mac: ir.Operation
) -> tuple[Convolution, int]:
    attributes = window.attributes
    inputs, outputs = _triple(attributes["input"]), _triple(attributes["output"])
    oc, ic, kh, kw, px = folding_of(mac.attributes["folding"])
    stride, upsample = _integer(attributes["stride"]), _integer(attributes["upsample"])
    row_taps, column_taps = _taps(attributes["row_taps"]), _taps(attributes["column_taps"])
    row_banks, column_banks = array(attributes["banks"])
    word = stream_word(reader.op.operands[0].type)
    lanes, lane_bits = word.shape[0], ir.IntegerType(word.element_type).width
    pixels = pixels_of_word(inputs, lanes)
    rows, in_words = _integer(attributes["rows"]), math.ceil(inputs[0] / ic)
    row_words = math.ceil(inputs[2] / column_banks) * in_words
    geometry = Rows(
        inputs, outputs, stride, upsample, tuple(row_taps), rows, 1 if row_banks > 1 else row_words
    )
    steps, blocks = array(mac.attributes["steps"]), math.ceil(outputs[0] / oc)
    groups = math.ceil(math.ceil(outputs[2] / upsample) / px)
    words = inputs[2] // pixels * math.ceil(inputs[0] / lanes)
    biases = _integer(mac.operands[2].type.words)  # pyright: ignore[reportAttributeAccessIssue]
    of_phases = biases // upsample if biases > blocks else 0
    kinds = row_kinds(geometry, steps, blocks, groups, words, of_phases)
    parts = _parts(inputs[0], ic, lanes, in_words)
    lo, hi = array(mac.attributes["acc_range"])

    def column(x: int) -> tuple[int, int]:
        """Bank and address of column x (columns left of the input: negative addresses)."""
        return x % column_banks, x // column_banks * in_words

    body = Convolution(
        input=inputs,
        output=outputs,
        kernel=(sum(count for _, count in row_taps), sum(count for _, count in column_taps)),
        stride=stride,
        upsample=upsample,
        rows=rows,
        oc=oc,
        ic=ic,
        tap_rows=kh,
        tap_columns=kw,
        px=px,
        banks=(row_banks, column_banks),
        packing=_string(mac.attributes["packing"]),
        most_weight=_most(mac, "weight_range"),
        most_value=_most(mac, "activation_range"),
        weights=_weights(reader, mac),
        bias=reader.memory(mac.operands[2]),
        sum_bits=signed_bits(lo, hi),
        in_words=in_words,
        out_words=blocks,
        pixels=pixels,
        parts=parts,
        starts=_starts(column_taps, kw, px * stride, column_banks),
        rows_apart=geometry.apart,
        kinds=kinds,
        column_offset=tuple(dx for dx, _ in column_taps),
        column_start=tuple(column(dx) for dx, _ in column_taps),
        column_count=tuple(count for _, count in column_taps),
        group_stride=column(px * stride),
        block_stride=column(kw),
        fill_stride=column(pixels),
        most_steps=max(sum(steps[i : i + upsample]) for i in range(0, len(steps), upsample)),
        frame=frame_steps(kinds),
        distances=distances(inputs[2], words, groups, kinds, px * stride, column_taps, kw),
        ultra=reader.ultra(rows // row_banks * row_words, ic * lane_bits),
    )
    row = overwritten(geometry)
    if row is not None:
        raise _fail(
            window, f"expected more rows than {rows}: row {row} is overwritten while it is read"
        )
    taps = sum(r * c for _, r in row_taps for _, c in column_taps)
    return body, math.prod(outputs) * inputs[0] * taps // upsample**2


def _most(mac: ir.Operation, name: str) -> int:
    """The greatest magnitude of a range: what lanes of packed products are made for."""
    lo, hi = array(mac.attributes[name])
    return max(-lo, hi, 1)


def _weights(reader: _Reader, mac: ir.Operation) -> str:
    """The memory of weights, of their proven bits on chip: 9 of 16, or 4 of 8."""
    lo, hi = array(mac.attributes["weight_range"])
    return reader.memory(mac.operands[1], signed_bits(lo, hi), may_be_ultra=True)


def _taps(attribute: Any) -> list[tuple[int, int]]:
    """(offset of the first tap, taps) for each phase."""
    values = array(attribute)
    return list(zip(values[::2], values[1::2], strict=True))


def _parts(channels: int, ic: int, lanes: int, in_words: int) -> tuple[int, int]:
    """Words of the stream in a word of the line buffer, and in the last one of a pixel."""
    if lanes >= ic:
        return 1, 1
    parts = ic // lanes
    return parts, math.ceil(channels / lanes) - (in_words - 1) * parts


def _starts(taps: list[tuple[int, int]], kw: int, group: int, banks: int) -> tuple[int, ...]:
    """The banks in which windows start: residues of first tap columns."""
    return tuple(
        sorted(
            {
                (left + dx + block * kw) % banks
                for dx, count in taps
                for block in range(math.ceil(count / kw))
                for left in range(0, banks, group)
            }
        )
    )


_SOURCES = {
    "hls.drain": _drain_source,
    "hls.read": _read_source,
    "hls.repack": _repack_source,
    "hls.gdn_norm": _norm_source,
    "hls.window_buffer": _window_source,
    # Known, but never first: it stands behind a window buffer.
    "hls.mac_array": None,
}


# --------------------------------------------------------------------------------------------------
# Units behind the first
# --------------------------------------------------------------------------------------------------
def _requantizer(reader: _Reader, unit: ir.Operation) -> None:
    multiplier = reader.memory(unit.operands[1], "licc::UInt<17>")
    shift = reader.memory(unit.operands[2], "licc::UInt<6>")
    reader.clamped(
        "requantized", unit, "requantize", f"{multiplier}[block][lane]", f"{shift}[block][lane]"
    )


def _activation(reader: _Reader, unit: ir.Operation) -> None:
    kind = _string(unit.attributes["kind"])
    if kind == "leaky_relu":
        multiplier, shift = (
            _integer(unit.attributes["multiplier"]),
            _integer(unit.attributes["shift"]),
        )
        reader.clamped("rectified", unit, "leaky_relu", str(multiplier), str(shift))
    elif kind == "relu":
        reader.clamped("rectified", unit, "relu")
    elif kind == "abs":
        reader.clamped("magnitude", unit, "absolute")
    else:
        raise _fail(unit, f"kind '{kind}' is unknown to the printer")


def _add(reader: _Reader, unit: ir.Operation) -> None:
    constant = reader.memory(unit.operands[1])
    ma, mb = array(unit.attributes["multiplier"])
    shift = _integer(unit.attributes["shift"])
    reader.clamped("moved", unit, "add", str(ma), f"{constant}[block][lane]", str(mb), str(shift))


def _join(reader: _Reader, unit: ir.Operation) -> None:
    other = signed_bits(*_element_range(ir.VectorType(unit.operands[1].type)))
    reader.bits = max(reader.bits, other)
    ma, mb = array(unit.attributes["multiplier"])
    shift = _integer(unit.attributes["shift"])
    reader.clamped("joined", unit, "join", str(ma), "beside.lane[lane]", str(mb), str(shift))


def _round(reader: _Reader, unit: ir.Operation) -> None:
    reader.clamped("symbol", unit, "round_latent", str(_integer(unit.attributes["shift"])))


def _gdn_root(reader: _Reader, unit: ir.Operation) -> None:
    table = reader.memory(unit.operands[1], "licc::UInt<17>")
    multiplier = reader.memory(unit.operands[2], "licc::UInt<17>")
    shift = reader.memory(unit.operands[3], "licc::UInt<6>")
    inverse = "true" if ir.BoolAttr(unit.attributes["inverse"]).value else "false"
    function = "root_sqrt" if _string(unit.attributes["form"]) == "rsqrt" else "root_reciprocal"
    of_root, of_scale = inverse, ""
    if "fabric" in unit.attributes:
        of_root, of_scale = f"{inverse}, {_FABRIC}", f"<{_FABRIC}>"
    lo, hi = array(unit.attributes["range"])
    reader.add("value", 13, "static_cast<licc::Int<13>>(taken.lane[2 * lane])")
    reader.add("norm", 32, "taken.lane[2 * lane + 1]")
    reader.add(
        "scaled",
        signed_bits(lo, hi),
        f"licc::scale_by_root{of_scale}(value, licc::{function}<{of_root}>(licc::positive(norm), {table}), "
        f"{multiplier}[block][lane], {shift}[block][lane], {_literal(lo)}, {_literal(hi)})",
    )


_LANE_UNITS = {
    "hls.requantizer": _requantizer,
    "hls.activation": _activation,
    "hls.add": _add,
    "hls.join": _join,
    "hls.round": _round,
    "hls.gdn_root": _gdn_root,
}
