# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the templates print, as plain data: one `Design` per `hls.design`, read from the IR.

All decisions are made here (names, types, widths, counters, constants); a template only formats.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from torch_mlir import ir

from licc.dialects.ext import array
from licc.dialects.hls.ops import folding_of, memory_word, stream_word

__all__ = [
    "BEAT_BYTES",
    "Convolution",
    "Design",
    "Each",
    "EmitError",
    "Memory",
    "Norm",
    "Port",
    "Process",
    "Repack",
    "Statement",
    "Stream",
    "Word",
    "has_sums",
    "signed_bits",
    "view_of",
]

# AXI ports are 64 bits wide.
BEAT_BYTES = 8
# What the templates call something themselves, so that no memory may be called so.
_LOCALS = frozenset(
    "input output parameters load row step steps words trip window sums got taken packed lane lines "
    "phase base wanted slot top left block pixel power sum fill weight first last x y".split()
)


class EmitError(Exception):
    """An op that the printer cannot print; the text has the location in front."""


def _fail(op: Any, message: str) -> EmitError:
    return EmitError(f"{op.location}: '{op.operation.name}' op {message}")


# --------------------------------------------------------------------------------------------------
# The view
# --------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Word:
    """The word of a stream: `lanes` values of a C++ type."""

    element: str
    lanes: int

    @property
    def cpp(self) -> str:
        """Its C++ type."""
        return f"licc::Pack<{self.element}, {self.lanes}>"

    @property
    def bytes(self) -> int:
        """Bytes of one value in memory."""
        return _BYTES[self.element]


_BYTES = {f"std::{sign}int{bits}_t": bits // 8 for sign in ("", "u") for bits in (8, 16, 32, 64)}


@dataclass(frozen=True)
class Memory:
    """A static array of a process.

    Attributes:
        name: its name in C++.
        stored: C++ type of its values in the parameter file.
        element: C++ type on chip, no wider than the values need.
        image: the values, int64 [words, lanes].
    """

    name: str
    stored: str
    element: str
    image: npt.NDArray[np.int64]

    @property
    def words(self) -> int:
        """Words it holds."""
        return int(self.image.shape[0])

    @property
    def lanes(self) -> int:
        """Values in a word."""
        return int(self.image.shape[1])

    @property
    def beats(self) -> int:
        """Beats of its image in the parameter file; each word starts on a beat."""
        return self.words * math.ceil(self.lanes * _BYTES[self.stored] / BEAT_BYTES)


@dataclass(frozen=True)
class Statement:
    """`const licc::Int<bits> name = expression;`, for every lane of a word."""

    name: str
    bits: int
    expression: str


@dataclass(frozen=True)
class Convolution:
    """A process that reads through a line buffer: a window, a MAC array, then `statements`.

    Everything that the odometer of its loop counts with. A column is (bank, address).
    """

    input: tuple[int, int, int]
    output: tuple[int, int, int]
    kernel: tuple[int, int]
    stride: int
    upsample: int
    rows: int
    tap_rows: int
    tap_columns: int
    paired: bool
    weights: str
    bias: str
    sum_bits: int
    in_words: int
    out_words: int
    row_offset: tuple[int, ...]
    row_slot: tuple[int, ...]
    row_count: tuple[int, ...]
    row_end: tuple[int, ...]
    column_offset: tuple[int, ...]
    column_start: tuple[tuple[int, int], ...]
    column_count: tuple[int, ...]
    pixel_stride: tuple[int, int]
    weight_start: tuple[int, ...]
    row_steps: tuple[int, ...]
    most_steps: int

    @property
    def bank_words(self) -> int:
        """Words of one bank of the line buffer."""
        return math.ceil(self.input[2] / self.tap_columns) * self.in_words


@dataclass(frozen=True)
class Each:
    """A process that takes words as they come, and `statements` for every lane."""

    shape: tuple[int, int, int]
    words: int


@dataclass(frozen=True)
class Norm:
    """GDN's norm: a matrix product over the channels of a pixel."""

    shape: tuple[int, int, int]
    oc: int
    ic: int
    in_words: int
    out_words: int
    squared: bool
    norm_shift: int
    gamma: str
    beta: str

    @property
    def held(self) -> int:
        """Channels of the pixel buffer, fill lanes included."""
        return max(self.in_words * self.ic, self.out_words * self.oc)


@dataclass(frozen=True)
class Repack:
    """The same channels in words of another width."""

    shape: tuple[int, int, int]
    in_words: int
    out_words: int
    steps: int


Body = Convolution | Each | Norm | Repack


@dataclass(frozen=True)
class Process:
    """One C++ function."""

    name: str
    layer: str
    input: Word
    output: Word
    shape: tuple[int, int, int]
    body: Body
    memories: tuple[Memory, ...]
    tables: tuple[Memory, ...]
    statements: tuple[Statement, ...]
    macs: int
    cycles: int

    @property
    def template(self) -> str:
        """The template that prints it."""
        return f"{type(self.body).__name__.lower()}.cpp.j2"

    @property
    def beats(self) -> int:
        """Beats of its parameters."""
        return sum(memory.beats for memory in self.memories)


@dataclass(frozen=True)
class Port:
    """A tensor in DDR, NHWC and dense, with the stream that it is read into or written from."""

    name: str
    role: str
    word: Word
    shape: tuple[int, int, int]

    @property
    def bytes(self) -> int:
        """Bytes of the tensor."""
        return math.prod(self.shape) * self.word.bytes

    @property
    def beats(self) -> int:
        """Beats of the tensor, the last one filled up."""
        return math.ceil(self.bytes / BEAT_BYTES)

    @property
    def pixels(self) -> int:
        """Pixels of the tensor."""
        return self.shape[1] * self.shape[2]


@dataclass(frozen=True)
class Stream:
    """A FIFO of the dataflow region."""

    name: str
    word: Word
    depth: int


@dataclass(frozen=True)
class Design:
    """One dataflow region: `processes` in a chain from `source` to `sink`.

    `streams[i]` is read by process i, and the last one by the sink.
    """

    name: str
    top: str
    device: str
    clock_mhz: int
    source: Port
    sink: Port
    processes: tuple[Process, ...]
    streams: tuple[Stream, ...] = field(repr=False)

    @property
    def loaded(self) -> tuple[Process, ...]:
        """The processes that have parameters, in the order of the parameter file."""
        return tuple(process for process in self.processes if process.memories)

    @property
    def beats(self) -> int:
        """Beats of the parameter file."""
        return sum(process.beats for process in self.processes)

    @property
    def macs(self) -> int:
        """Multiplications and accumulations a frame that the network asks for."""
        return sum(process.macs for process in self.processes)


def has_sums(design: Design, index: int) -> bool:
    """Whether process `index` has golden sums of its own: one that repacks is held to those before it."""
    return index == 0 or not isinstance(design.processes[index].body, Repack)


# --------------------------------------------------------------------------------------------------
# From the IR
# --------------------------------------------------------------------------------------------------
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
    chain: list[ir.Operation] = []
    value = sources[0].results[0]
    while (user := next(iter(value.uses)).owner.operation).name == "hls.process":
        chain.append(user)
        value = user.results[0]
    for op in operations:
        if op.name not in ("hls.port_in", "hls.port_out", "hls.process"):
            raise _fail(op, "is unknown to the printer")
        if op.name == "hls.process" and op not in chain:
            raise _fail(op, "expected to lie between the input and the output")
    attributes = design.attributes
    return Design(
        name=_string(attributes["name"]),
        top=_string(attributes["top"]),
        device=_string(attributes["device"]),
        clock_mhz=_integer(attributes["clock_mhz"]),
        source=_port(sources[0], sources[0].results[0]),
        sink=_port(sinks[0], sinks[0].operands[0]),
        processes=tuple(_process(op) for op in chain),
        streams=tuple(_stream(op) for op in (sources[0], *chain)),
    )


def _string(attribute: Any) -> str:
    return ir.StringAttr(attribute).value


def _integer(attribute: Any) -> int:
    return ir.IntegerAttr(attribute).value


def _triple(attribute: Any) -> tuple[int, int, int]:
    channels, height, width = array(attribute)
    return channels, height, width


def _element(type_: ir.Type) -> str:
    integer = ir.IntegerType(type_)
    return f"std::{'u' if integer.is_unsigned else ''}int{integer.width}_t"


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


def _stream(op: ir.Operation) -> Stream:
    type_: Any = op.results[0].type
    return Stream(
        f"{_string(op.attributes['name'])}_stream",
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
        return Process(
            name=_string(self.op.attributes["name"]),
            layer=_string(self.op.attributes["layer"]),
            input=_word(stream_word(self.op.operands[0].type)),
            output=_word(stream_word(self.op.results[0].type)),
            shape=body.output if isinstance(body, Convolution) else _out_shape(body),
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

    def memory(self, value: ir.Value, element: str | None = None) -> str:
        """The C++ name of the memory that `value` is, held on chip as `element` (default: as stored)."""
        owner: Any = value.owner
        key = _string(owner.attributes["name"])
        kept = self.memories if key in self.memories else self.tables
        memory = kept[key]
        if element is not None:
            kept[key] = Memory(memory.name, memory.stored, element, memory.image)
        return memory.name

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
        self.add(name, signed_bits(lo, hi), f"licc::{call}<{self.bits}>({text})")


def _numbered(name: str) -> Any:
    return (f"{name}_{number}" for number in itertools.count(2))


def _literal(value: int) -> str:
    # The least int has no literal of its own in C++.
    return f"({value + 1} - 1)" if value == -(1 << 31) else str(value)


def _out_shape(body: Each | Norm | Repack) -> tuple[int, int, int]:
    channels, height, width = body.shape
    return (2 * channels if isinstance(body, Norm) else channels), height, width


def _process(op: ir.Operation) -> Process:
    return _Reader(op).read()


_Source = tuple[Body, int, Sequence[ir.Operation]]


def _read_source(reader: _Reader, units: list[ir.Operation]) -> _Source:
    unit = units[0]
    channels, height, width = _triple(unit.attributes["shape"])
    vector = ir.VectorType(unit.results[0].type)
    reader.value = "taken.lane[lane]"
    reader.bits = signed_bits(*_element_range(vector))
    words = math.ceil(channels / vector.shape[0])
    if len(units) > 1 and units[1].name == "hls.gdn_root":
        # What leaves are single values, no longer (x, norm) pairs.
        channels //= 2
    return Each((channels, height, width), words), 0, units[1:]


def _repack_source(reader: _Reader, units: list[ir.Operation]) -> _Source:
    unit = units[0]
    if len(units) > 1:
        raise _fail(units[1], "cannot follow 'hls.repack'")
    shape = _triple(unit.attributes["shape"])
    lanes_in = stream_word(reader.op.operands[0].type).shape[0]
    lanes_out = ir.VectorType(unit.results[0].type).shape[0]
    in_words, out_words = math.ceil(shape[0] / lanes_in), math.ceil(shape[0] / lanes_out)
    steps = _repack_steps(lanes_in, lanes_out, in_words, out_words)
    return Repack(shape, in_words, out_words, steps), 0, ()


def _repack_steps(lanes_in: int, lanes_out: int, in_words: int, out_words: int) -> int:
    """Iterations a pixel of repack.cpp.j2's loop, found by running its counters."""
    held = taken = given = steps = 0
    while given < out_words:
        if taken < in_words and held < lanes_out:
            taken, held = taken + 1, held + lanes_in
        if held >= lanes_out or taken == in_words:
            given, held = given + 1, max(held - lanes_out, 0)
        steps += 1
    return steps


def _norm_source(reader: _Reader, units: list[ir.Operation]) -> _Source:
    unit = units[0]
    if len(units) > 1:
        raise _fail(units[1], "cannot follow 'hls.gdn_norm'")
    shape = _triple(unit.attributes["shape"])
    oc, ic, _, _, _ = folding_of(unit.attributes["folding"])
    body = Norm(
        shape,
        oc,
        ic,
        math.ceil(shape[0] / ic),
        math.ceil(shape[0] / oc),
        _string(unit.attributes["form"]) == "rsqrt",
        _integer(unit.attributes["norm_shift"]),
        reader.memory(unit.operands[1], "licc::UInt<17>"),
        reader.memory(unit.operands[2], "licc::Int<48>"),
    )
    return body, shape[0] * math.prod(shape), ()


def _window_source(reader: _Reader, units: list[ir.Operation]) -> _Source:
    window = units[0]
    if len(units) < 2 or units[1].name != "hls.mac_array":
        raise _fail(window, "expected 'hls.mac_array' behind it")
    mac = units[1]
    body = _convolution(reader, window, mac)
    lo, hi = array(mac.attributes["acc_range"])
    reader.add("total", signed_bits(lo, hi), f"sums[lane] + {body.bias}[block][lane]")
    return body, _useful_macs(body), units[2:]


def _useful_macs(body: Convolution) -> int:
    """MACs of the layer itself: no fill lanes, no inserted zeros; borders count as in any paper."""
    taps = sum(r * c for r in body.row_count for c in body.column_count)
    channels, height, width = body.output
    return channels * body.input[0] * height * width * taps // body.upsample**2


def _convolution(reader: _Reader, window: ir.Operation, mac: ir.Operation) -> Convolution:
    attributes = window.attributes
    inputs, outputs = _triple(attributes["input"]), _triple(attributes["output"])
    oc, ic, th, tw, _ = folding_of(mac.attributes["folding"])
    if folding_of(attributes["folding"]) != folding_of(mac.attributes["folding"]):
        raise _fail(mac, "expected the folding of its window buffer")
    stride, upsample = _integer(attributes["stride"]), _integer(attributes["upsample"])
    rows = _integer(attributes["rows"])
    row_taps, column_taps = _taps(attributes["row_taps"]), _taps(attributes["column_taps"])
    in_words, out_words = math.ceil(inputs[0] / ic), math.ceil(outputs[0] / oc)
    steps = tuple(
        math.ceil(kh / th) * math.ceil(kw / tw) * in_words
        for _, kh in row_taps
        for _, kw in column_taps
    )
    if steps != array(mac.attributes["steps"]):
        raise _fail(mac, f"expected steps of '{steps}', but got '{mac.attributes['steps']}'")
    lo, hi = array(mac.attributes["acc_range"])
    body = Convolution(
        input=inputs,
        output=outputs,
        kernel=(sum(kh for _, kh in row_taps), sum(kw for _, kw in column_taps)),
        stride=stride,
        upsample=upsample,
        rows=rows,
        tap_rows=th,
        tap_columns=tw,
        paired=_string(mac.attributes["packing"]) == "pair",
        weights=reader.memory(mac.operands[1]),
        bias=reader.memory(mac.operands[2]),
        sum_bits=signed_bits(lo, hi),
        in_words=in_words,
        out_words=out_words,
        row_offset=tuple(dy for dy, _ in row_taps),
        row_slot=tuple(dy % rows for dy, _ in row_taps),
        row_count=tuple(kh for _, kh in row_taps),
        row_end=tuple(dy + kh for dy, kh in row_taps),
        column_offset=tuple(dx for dx, _ in column_taps),
        column_start=tuple(_column(dx, tw, in_words) for dx, _ in column_taps),
        column_count=tuple(kw for _, kw in column_taps),
        pixel_stride=_column(stride, tw, in_words),
        weight_start=tuple(out_words * sum(steps[:phase]) for phase in range(len(steps))),
        row_steps=tuple(
            out_words
            * sum(steps[row * upsample + column % upsample] for column in range(outputs[2]))
            for row in range(upsample)
        ),
        most_steps=max(steps),
    )
    _check_rows(window, body)
    return body


def _taps(attribute: Any) -> list[tuple[int, int]]:
    values = array(attribute)
    return list(zip(values[::2], values[1::2], strict=True))


def _column(x: int, banks: int, words: int) -> tuple[int, int]:
    """Bank and address of column `x` in a line buffer (columns left of the input: negative addresses)."""
    return x % banks, x // banks * words


def _check_rows(op: ir.Operation, body: Convolution) -> None:
    """No row is overwritten while it is read: runs the row counters of convolution.cpp.j2."""
    filled = 0
    for row in range(-1, body.output[1]):
        top, wanted = _row_plan(body, row)
        filled = max(filled, wanted)
        if row >= 0 and filled - body.rows > max(top, 0):
            raise _fail(op, f"expected more rows than {body.rows}: row {top} is overwritten")


def _row_plan(body: Convolution, row: int) -> tuple[int, int]:
    """First tap row of output row `row`, and how many input rows are there when it ends."""
    height = body.input[1]
    base, phase = divmod(max(row, 0), body.upsample)
    top = base * body.stride + body.row_offset[phase]
    if row == body.output[1] - 1:
        return top, height
    base, phase = divmod(row + 1, body.upsample)
    return top, min(height, base * body.stride + body.row_end[phase])


_SOURCES = {
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


def _round(reader: _Reader, unit: ir.Operation) -> None:
    reader.clamped("symbol", unit, "round_latent", str(_integer(unit.attributes["shift"])))


def _gdn_root(reader: _Reader, unit: ir.Operation) -> None:
    table = reader.memory(unit.operands[1], "licc::UInt<17>")
    multiplier = reader.memory(unit.operands[2], "licc::UInt<17>")
    shift = reader.memory(unit.operands[3], "licc::UInt<6>")
    inverse = "true" if ir.BoolAttr(unit.attributes["inverse"]).value else "false"
    function = "root_sqrt" if _string(unit.attributes["form"]) == "rsqrt" else "root_reciprocal"
    lo, hi = array(unit.attributes["range"])
    reader.add("value", 13, "static_cast<licc::Int<13>>(taken.lane[2 * lane])")
    reader.add("norm", 32, "taken.lane[2 * lane + 1]")
    reader.add(
        "scaled",
        signed_bits(lo, hi),
        f"licc::scale_by_root(value, licc::{function}<{inverse}>(licc::positive(norm), {table}), "
        f"{multiplier}[block][lane], {shift}[block][lane], {_literal(lo)}, {_literal(hi)})",
    )


_LANE_UNITS = {
    "hls.requantizer": _requantizer,
    "hls.activation": _activation,
    "hls.add": _add,
    "hls.round": _round,
    "hls.gdn_root": _gdn_root,
}
