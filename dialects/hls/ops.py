# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# `ext` takes every annotated name of an op class for a field, so that `kinds` cannot be a ClassVar; `check` is
# described once, in ext.verified.
# ruff: noqa: RUF012, D102
"""Operations, types and verifiers of `hls`: processes, streams and the units inside them.

SSA is the dataflow: a stream is a value, its producer the op that defines it, its consumer its one use.
So Vitis HLS's dataflow rules are invariants here: one producer and one consumer a stream, no feedback,
canonical form (a design holds ports and processes only), loops with bounds that are constants. Where two
read what a process gives, it writes every word to a stream of each of them; one that joins reads two.

Streams run pixel by pixel in raster order, channels ascending. With C channels a word has at most C
lanes, the last word of a pixel zero-filled, or k*C lanes: k neighbouring pixels of a row. Only what
`hls.mac_array` writes has an order of its own, which `hls.drain` undoes. Inside a process, a `vector`
value is what one iteration of its pipelined loop carries from one unit to the next.

Units that multiply take DSPs for it; with `fabric` they multiply in LUTs instead, to the same integers.
"""

import math
import re
from collections.abc import Sequence
from typing import Any

from torch_mlir import ir

from licc.cost.packing import PACKINGS, packed
from licc.cost.streams import MOST_WORD_BITS
from licc.dialects.ext import (
    Dialect,
    IsolatedFromAbove,
    Operand,
    Region,
    Result,
    Terminator,
    VerifyError,
    array,
    expect,
    verified,
)

_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*\Z")
# Words that C++ or the emitted files use for something else.
_RESERVED_WORDS = (
    "alignas alignof and asm auto bool break case catch char class const continue default delete do "
    "double else enum explicit export extern false float for friend goto if inline int long main "
    "mutable namespace new not operator or private protected public register return short signed "
    "sizeof static struct switch template this throw true try typedef typeid typename union unsigned "
    "using virtual void volatile while xor hls licc std"
)
_RESERVED = frozenset(_RESERVED_WORDS.split())
TOPS = ("encoder", "decoder", "hyper_encoder", "hyper_decoder")
MAX_DEPTH = 1 << 20
SHIFT_MAX = 62


@verified
class Hls(Dialect, name="hls"):
    """What the hardware is."""


class StreamType(Hls.Type, name="stream"):
    """`!hls.stream<vector<8xi8>, 16>`: a FIFO of words of 8 channels, 16 words deep."""

    word: ir.TypeAttr
    depth: ir.IntegerAttr


class MemoryType(Hls.Type, name="memory"):
    """`!hls.memory<vector<64xi8>, 1600>`: 1600 words of 64 values, one word read in a cycle."""

    word: ir.TypeAttr
    words: ir.IntegerAttr


class FoldingAttr(Hls.Attribute, name="folding"):
    """`#hls.folding<oc, ic, kh, kw, px>`: what a MAC array computes in one cycle.

    Output channels, input channels, rows and columns of taps, and positions side by side.
    """

    oc: ir.IntegerAttr
    ic: ir.IntegerAttr
    kh: ir.IntegerAttr
    kw: ir.IntegerAttr
    px: ir.IntegerAttr


# --------------------------------------------------------------------------------------------------
# What the verifiers share
# --------------------------------------------------------------------------------------------------
def stream_word(type_: ir.Type) -> ir.VectorType:
    """The word type of a stream; raises VerifyError for anything else."""
    if not isinstance(type_, StreamType):
        raise VerifyError(f"expected '!hls.stream', but got '{type_}'")
    return _vector(ir.TypeAttr(type_.word).value)


def stream_name(stream: ir.Value) -> str:
    """What a stream is called: after what writes it, and of several after what reads it too."""
    owner: Any = stream.owner
    name = ir.StringAttr(owner.attributes["name"]).value
    if len(owner.results) == 1:
        return f"{name}_stream"
    readers: list[Any] = [next(iter(result.uses)).owner for result in owner.results]
    index = list(owner.results).index(stream)
    again = f"_{index + 1}" if readers[index] in readers[:index] else ""
    return f"{name}_to_{ir.StringAttr(readers[index].attributes['name']).value}{again}"


def memory_word(type_: ir.Type) -> ir.VectorType:
    """The word type of a memory; raises VerifyError for anything else."""
    if not isinstance(type_, MemoryType):
        raise VerifyError(f"expected '!hls.memory', but got '{type_}'")
    word = _vector(ir.TypeAttr(type_.word).value)
    _check_bytes(word)
    return word


def _vector(type_: ir.Type) -> ir.VectorType:
    """A vector of one dimension, of integers; those of activations have as many bits as they need."""
    if not isinstance(type_, ir.VectorType) or len(type_.shape) != 1:
        raise VerifyError(f"expected a vector of one dimension, but got '{type_}'")
    element = type_.element_type
    expect(
        isinstance(element, ir.IntegerType)
        and (1 <= element.width <= 16 or element.width in (32, 64)),
        f"expected integer elements of up to 16, of 32 or 64 bits, but got '{element}'",
    )
    return type_


def _check_bytes(word: ir.VectorType) -> None:
    """What lies in memory outside of the chip has whole bytes."""
    element = ir.IntegerType(word.element_type)
    expect(
        element.width in (8, 16, 32, 64),
        f"expected integer elements of 8, 16, 32 or 64 bits, but got '{element}'",
    )


def folding_of(attribute: Any) -> tuple[int, int, int, int, int]:
    """(output channels, input channels, tap rows, tap columns, pixels) of a `#hls.folding`."""
    oc, ic, kh, kw, px = (
        ir.IntegerAttr(p).value
        for p in (attribute.oc, attribute.ic, attribute.kh, attribute.kw, attribute.px)
    )
    return oc, ic, kh, kw, px


def _check_folding(op: Any) -> tuple[int, int, int, int, int]:
    folding = folding_of(op.attributes["folding"])
    expect(
        min(folding) >= 1,
        lambda: f"expected folding of at least 1, but got '{'x'.join(map(str, folding))}'",
    )
    return folding


def _shape(op: Any, name: str) -> tuple[int, int, int]:
    values = array(op.attributes[name])
    expect(
        len(values) == 3 and min(values) >= 1,
        f"expected '{name}' of 3 positive integers (channels, height, width)",
    )
    return values[0], values[1], values[2]


def _range(op: Any, name: str) -> tuple[int, int]:
    values = array(op.attributes[name])
    expect(
        len(values) == 2 and values[0] <= values[1],
        f"expected '{name}' of 2 ascending integers",
    )
    return values[0], values[1]


def _check_name(op: Any) -> None:
    name = ir.StringAttr(op.attributes["name"]).value
    expect(
        bool(_IDENTIFIER.match(name)) and name not in _RESERVED and "__" not in name,
        f"expected name to be a lower-case C identifier, but got '{name}'",
    )


def _uses(value: ir.Value) -> int:
    return sum(1 for _ in value.uses)


def _check_stream(value: ir.Value, what: str) -> None:
    if not isinstance(value.type, StreamType):
        raise VerifyError(f"expected {what} of '!hls.stream', but got '{value.type}'")
    word = stream_word(value.type)
    bits = word.shape[0] * ir.IntegerType(word.element_type).width
    expect(
        bits <= MOST_WORD_BITS, f"expected words of at most {MOST_WORD_BITS} bits, but got {bits}"
    )
    depth = ir.IntegerAttr(value.type.depth).value
    expect(1 <= depth <= MAX_DEPTH, f"expected stream depth in [1, {MAX_DEPTH}], but got '{depth}'")


def _check_one_consumer(value: ir.Value) -> None:
    uses = _uses(value)
    expect(uses == 1, f"expected stream with exactly one consumer, but got {uses}")


def _check_parent(op: Any, wanted: str) -> None:
    parent = op.operation.parent
    name = parent.name if parent is not None else "none"
    expect(name == wanted, f"expects parent op '{wanted}', but got '{name}'")


def _check_last(operations: list[Any], wanted: str) -> None:
    last = operations[-1].name
    expect(last == wanted, f"expected body to end in '{wanted}', but got '{last}'")


def _check_unique_names(operations: list[Any]) -> None:
    names: set[str] = set()
    for op in operations:
        name = ir.StringAttr(op.attributes["name"]).value
        expect(name not in names, f"expected unique names, but got '{name}' twice")
        names.add(name)


def _check_shift(op: Any, name: str) -> None:
    shift = ir.IntegerAttr(op.attributes[name]).value
    expect(0 <= shift <= SHIFT_MAX, f"expected '{name}' in [0, {SHIFT_MAX}], but got '{shift}'")


def _lanes(value: ir.Value) -> int:
    return _vector(value.type).shape[0]


def _check_lanes(what: str, lanes: int, wanted: int) -> None:
    expect(lanes == wanted, f"expected {what} of {wanted} lanes, but got {lanes}")


def _check_memory_lanes(memory: ir.Value, what: str, wanted: int) -> None:
    _check_lanes(what, memory_word(memory.type).shape[0], wanted)


def _ceil(a: int, b: int) -> int:
    return -(-a // b)


def pixels_of_word(shape: tuple[int, int, int], lanes: int) -> int:
    """Pixels in a word of `lanes` of a stream of `shape`: 1, or k where k*C lanes hold k whole pixels.

    Raises:
        VerifyError: no stream of this shape has such words.
    """
    channels, _, width = shape
    pixels = max(1, lanes // channels)
    expect(
        lanes <= channels or (lanes == pixels * channels and width % pixels == 0),
        lambda: (
            f"expected words of at most {channels} lanes, or of whole pixels that divide a row of "
            f"{width}, but got {lanes}"
        ),
    )
    return pixels


def line_banks(
    folding: tuple[int, int, int, int, int], stride: int, rows: int, pixels: int
) -> tuple[int, int]:
    """Banks of a line buffer: (of rows, of columns); all of them are read in a cycle.

    Input row y lies in row bank (y mod rows) mod RB, column x in column bank x mod CB. With one tap
    row at a time, all rows share a memory. CB is the least number that the `px` windows side by side
    span, and a multiple both of what they move on by and of the pixels of a stream word, so that
    neither moves to other banks.

    Args:
        folding: oc, ic, kh, kw, px.
        stride: of the convolution.
        rows: input rows held.
        pixels: of a word of the stream that is read.
    """
    _, _, kh, kw, px = folding
    step = math.lcm(px * stride, pixels)
    return (1 if kh == 1 else rows), _ceil((px - 1) * stride + kw, step) * step


def rows_needed(
    height: int, output_height: int, stride: int, row_taps: Sequence[tuple[int, int]]
) -> int:
    """The least rows of a line buffer: none is overwritten while an output row still reads it.

    While an output row is computed, what the next one needs is read; during the last one, what is left
    of the frame and what the first row of the next frame needs.

    Args:
        height: of the input.
        output_height: of the output.
        stride: input rows from an output row to the next of its phase.
        row_taps: (offset of the first tap, taps) for each row phase.
    """

    def wanted(row: int) -> int:
        base, phase = divmod(row, len(row_taps))
        return min(max(base * stride + sum(row_taps[phase]), 0), height)

    most, there = 0, wanted(0)
    for row in range(output_height):
        base, phase = divmod(row, len(row_taps))
        top = min(max(base * stride + row_taps[phase][0], 0), height)
        there = max(there, wanted(row + 1)) if row + 1 < output_height else height + wanted(0)
        most = max(most, there - top)
    return most


# --------------------------------------------------------------------------------------------------
# Structure
# --------------------------------------------------------------------------------------------------
class DesignOp(Hls.Operation, name="design", traits=[IsolatedFromAbove]):
    """One dataflow region with its ports: a transform of the codec, printed as one top function.

    Canonical form: its body holds only ports and processes and ends in `hls.end`. It is run for any
    number of frames back to back. `stripes`, if there, says how the host cuts an image into frames.
    """

    body: Region
    name: ir.StringAttr
    top: ir.StringAttr
    device: ir.StringAttr
    clock_mhz: ir.IntegerAttr
    kinds = {"name": "string", "top": "string", "device": "string", "clock_mhz": "integer"}
    optional = {"stripes": "dictionary"}

    def check(self) -> None:
        _check_name(self)
        top = ir.StringAttr(self.attributes["top"]).value
        expect(top in TOPS, f"expected top to be one of {', '.join(TOPS)}, but got '{top}'")
        clock = ir.IntegerAttr(self.attributes["clock_mhz"]).value
        expect(clock >= 1, f"expected a clock of at least 1 MHz, but got '{clock}'")
        if "stripes" in self.attributes:
            _check_stripes(ir.DictAttr(self.attributes["stripes"]))
        arguments = len(self.body.blocks[0].arguments)
        expect(arguments == 0, f"expected no block arguments, but got {arguments}")

    def check_body(self) -> None:
        operations = [op.operation for op in self.body.blocks[0].operations]
        _check_last(operations, EndOp.OPERATION_NAME)
        for op in operations[:-1]:
            expect(
                op.name in _IN_DESIGN,
                "expected only ports and processes in its body (canonical dataflow form), "
                f"but got '{op.name}'",
            )
        _check_unique_names(operations[:-1])
        for op in operations[:-1]:
            for stream in op.operands:
                _check_sums(op, stream)


def _check_stripes(stripes: ir.DictAttr) -> None:
    found: dict[str, Any] = {stripes[i].name: stripes[i].attr for i in range(len(stripes))}
    for name in ("count", "input_width", "output_width"):
        value = found.get(name)
        expect(
            isinstance(value, ir.IntegerAttr) and ir.IntegerAttr(value).value >= 1,
            f"expected 'stripes' with a positive '{name}'",
        )
    count = ir.IntegerAttr(found["count"]).value
    for name in ("input_offsets", "output_offsets", "crop"):
        value = found.get(name)
        columns = array(value) if isinstance(value, ir.DenseI64ArrayAttr) else ()
        expect(
            len(columns) == count and list(columns) == sorted({0, *columns}),
            f"expected 'stripes' with '{name}' of {count} columns that ascend from 0",
        )


def _check_sums(consumer: Any, stream: ir.Value) -> None:
    """What reads the sums of an array undoes its order, or reads them where they need no undoing."""
    name = ir.StringAttr(consumer.attributes["name"]).value
    drain = _unit_of(consumer, DrainOp.OPERATION_NAME)
    sums = _unit_of(_owner(stream), MacArrayOp.OPERATION_NAME)
    if sums is None:
        expect(drain is None, f"expected '{name}' to drain an 'hls.mac_array'")
        return
    given = sums.operands[0].owner.attributes
    if drain is not None:
        expect(
            drain.attributes["shape"] == given["output"]
            and drain.attributes["upsample"] == given["upsample"]
            and drain.attributes["folding"] == given["folding"],
            f"expected '{name}' to drain the output, upsampling and folding of the array before it",
        )
        return
    upsample = ir.IntegerAttr(given["upsample"]).value
    output = array(given["output"])
    lanes = stream_word(stream.type).shape[0]
    expect(
        in_order(folding_of(given["folding"]), upsample, (output[0], output[1], output[2]), lanes),
        f"expected 'hls.drain' in '{name}', as the array before it has an order of its own",
    )


def in_order(
    folding: tuple[int, int, int, int, int],
    upsample: int,
    shape: tuple[int, int, int],
    lanes: int,
) -> bool:
    """Whether the words of an array's sums are those of a stream of `lanes`, in its order.

    Args:
        folding: of the array.
        upsample: of its convolution.
        shape: channels, height and width of the output.
        lanes: of the stream.
    """
    oc, _, _, _, px = folding
    channels, _, width = shape
    whole = px == 1 or (upsample == 1 and oc == channels)
    return whole and oc <= channels and lanes == px * oc and width % (px * upsample) == 0


def _owner(stream: ir.Value) -> Any:
    """The op that a stream comes from: a port or a process."""
    owner: Any = stream.owner
    return owner.operation


def _unit_of(process: Any, kind: str) -> Any:
    """The op `kind` in the body of a process, None where there is none."""
    if process.name != ProcessOp.OPERATION_NAME:
        return None
    units = (op.operation for op in process.regions[0].blocks[0].operations)
    return next((unit for unit in units if unit.name == kind), None)


class EndOp(Hls.Operation, name="end", traits=[Terminator]):
    """Ends a design."""

    def check(self) -> None:
        _check_parent(self, DesignOp.OPERATION_NAME)


class PortInOp(Hls.Operation, name="port_in"):
    """An AXI master that reads a tensor (NHWC, `shape` = channels, height, width) into a stream.

    Frames lie one after another, dense.
    """

    stream: Result[Any]
    name: ir.StringAttr
    role: ir.StringAttr
    shape: Any
    kinds = {"name": "string", "role": "string", "shape": "i64 array"}

    def check(self) -> None:
        _check_parent(self, DesignOp.OPERATION_NAME)
        _check_name(self)
        shape = _shape(self, "shape")
        _check_stream(self.results[0], "result")
        word = stream_word(self.results[0].type)
        _check_bytes(word)
        pixels_of_word(shape, word.shape[0])
        _check_one_consumer(self.results[0])


class PortOutOp(Hls.Operation, name="port_out"):
    """An AXI master that writes a stream to a tensor (NHWC, `shape` = channels, height, width).

    Frames lie one after another, dense.
    """

    stream: Operand[Any]
    name: ir.StringAttr
    role: ir.StringAttr
    shape: Any
    kinds = {"name": "string", "role": "string", "shape": "i64 array"}

    def check(self) -> None:
        _check_parent(self, DesignOp.OPERATION_NAME)
        _check_name(self)
        shape = _shape(self, "shape")
        _check_stream(self.operands[0], "operand")
        word = stream_word(self.operands[0].type)
        _check_bytes(word)
        pixels_of_word(shape, word.shape[0])


class ProcessOp(Hls.Operation, name="process", traits=[IsolatedFromAbove]):
    """One function of the dataflow region: reads a stream, computes, writes a stream.

    The body starts with memories and a unit that reads the argument (`hls.window_buffer`, `hls.drain`,
    `hls.read`, `hls.repack`, `hls.gdn_norm`) and ends in `hls.write`, which writes the same word to both
    results, the streams of two readers, if there are two. Two operands are joined: by two `hls.read` and an
    `hls.join`.
    Predicted costs are attributes: cycles a frame, and DSPs, BRAM18s, LUTs, flip-flops and UltraRAMs of the
    process alone, without FIFOs.
    """

    output: Result[Any]
    second: Result[Any] | None
    input: Operand[Any]
    other: Operand[Any] | None
    body: Region
    name: ir.StringAttr
    layer: ir.StringAttr
    kinds = {"name": "string", "layer": "string"}
    optional = {
        "cycles": "integer",
        "dsp": "integer",
        "bram18": "integer",
        "lut": "integer",
        "ff": "integer",
        "uram": "integer",
    }

    def check(self) -> None:
        _check_parent(self, DesignOp.OPERATION_NAME)
        _check_name(self)
        for operand in self.operands:
            _check_stream(operand, "operand")
        for result in self.results:
            _check_stream(result, "result")
            _check_one_consumer(result)
        block = self.body.blocks[0]
        expect(
            [argument.type for argument in block.arguments] == [v.type for v in self.operands],
            "expected block arguments of the types of its operands",
        )
        for argument in block.arguments:
            uses = _uses(argument)
            expect(uses == 1, f"expected its stream to be read by exactly one unit, but got {uses}")

    def check_body(self) -> None:
        operations = [op.operation for op in self.body.blocks[0].operations]
        _check_last(operations, WriteOp.OPERATION_NAME)
        for op in operations:
            expect(
                op.name in _IN_PROCESS,
                f"expected only units in its body, but got '{op.name}': no construct that HLS "
                "cannot synthesise",
            )
        _check_unique_names([op for op in operations if op.name in _MEMORIES])
        for op in operations:
            if op.name == MacArrayOp.OPERATION_NAME:
                sums = op.results[0]
                alone = list(operations[-1].operands) == [sums] and _uses(sums) == 1
                expect(
                    alone and len(self.results) == 1,
                    "expected 'hls.mac_array' right before 'hls.write', of one stream: its sums are "
                    "drained by the next process",
                )
        for result in self.results:
            word, wanted = operations[-1].operands[0].type, stream_word(result.type)
            expect(word == wanted, f"expected 'hls.write' of '{wanted}', but got '{word}'")
        joins = sum(op.name == JoinOp.OPERATION_NAME for op in operations)
        streams = len(self.operands)
        expect(
            streams == 1 + joins and joins <= 1,
            f"expected a stream, or two and one 'hls.join', but got {streams} and {joins}",
        )


class WriteOp(Hls.Operation, name="write", traits=[Terminator]):
    """Ends a process: writes one word to its output stream, or to both."""

    word: Operand[Any]

    def check(self) -> None:
        _check_parent(self, ProcessOp.OPERATION_NAME)
        _vector(self.operands[0].type)


# --------------------------------------------------------------------------------------------------
# Memories
# --------------------------------------------------------------------------------------------------
def _check_memory(op: Any) -> None:
    _check_parent(op, ProcessOp.OPERATION_NAME)
    _check_name(op)
    type_ = op.results[0].type
    word = memory_word(type_)
    words = ir.IntegerAttr(type_.words).value
    expect(words >= 1, f"expected at least 1 word, but got {words}")
    init = ir.ShapedType(op.attributes["init"].type)
    expect(
        tuple(init.shape) == (words, word.shape[0]) and init.element_type == word.element_type,
        f"expected init of type 'tensor<{words}x{word.shape[0]}x{word.element_type}>', "
        f"but got '{op.attributes['init'].type}'",
    )


class RamOp(Hls.Operation, name="ram"):
    """Parameters on chip, loaded at start-up in the order of the rams; `init` is their memory image."""

    memory: Result[Any]
    name: ir.StringAttr
    init: Any
    kinds = {"name": "string", "init": "elements"}

    def check(self) -> None:
        _check_memory(self)


class RomOp(Hls.Operation, name="rom"):
    """A table that never changes (the roots of GDN), printed as data."""

    memory: Result[Any]
    name: ir.StringAttr
    init: Any
    kinds = {"name": "string", "init": "elements"}

    def check(self) -> None:
        _check_memory(self)


# --------------------------------------------------------------------------------------------------
# Units that read a stream
# --------------------------------------------------------------------------------------------------
class ReadOp(Hls.Operation, name="read"):
    """One word of the stream in an iteration, as it is; `shape` = channels, height, width."""

    word: Result[Any]
    stream: Operand[Any]
    shape: Any
    kinds = {"shape": "i64 array"}

    def check(self) -> None:
        _check_parent(self, ProcessOp.OPERATION_NAME)
        shape = _shape(self, "shape")
        word = stream_word(self.operands[0].type)
        pixels_of_word(shape, word.shape[0])
        expect(self.results[0].type == word, "expected result of the word of its stream")


class RepackOp(Hls.Operation, name="repack"):
    """The same channels in words of another width, at most a pixel; `shape` = channels, height, width."""

    word: Result[Any]
    stream: Operand[Any]
    shape: Any
    kinds = {"shape": "i64 array"}

    def check(self) -> None:
        _check_parent(self, ProcessOp.OPERATION_NAME)
        channels, _, _ = _shape(self, "shape")
        read, written = stream_word(self.operands[0].type), _vector(self.results[0].type)
        expect(
            read.element_type == written.element_type,
            "expected result with the elements of its stream",
        )
        lanes = max(read.shape[0], written.shape[0])
        expect(lanes <= channels, f"expected words of at most {channels} lanes, but got {lanes}")


class WindowBufferOp(Hls.Operation, name="window_buffer"):
    """A line buffer that yields the windows of taps for the MAC array, in its order.

    Covers convolutions (`upsample` 1) and sub-pixel transposed convolutions (`stride` 1). Output row oy
    belongs to row phase oy mod upsample; the phase has `row_taps` = (first offset dy, count) and tap j
    lies on input row (oy / upsample) * stride + dy + j; columns likewise. Rows and columns outside the
    input are zero.

    A position is an output column, or with upsample > 1 an input column, which yields an output column
    for each column phase. `folding.px` positions side by side are a group; what the last group of a row
    has beyond the row is computed all the same. A stream word holds a divisor of `folding.ic` channels,
    or k whole pixels.

    Attributes:
        input, output: channels, height, width.
        row_taps, column_taps: (dy, count) for each phase, flattened.
        rows: input rows held; counted through all frames, row y lies in slot y mod rows.
        banks: memories that are read in one cycle, of rows and of columns.
        order of words: for each output row, for each group, for each column phase, for each block of
            `folding.oc` outputs, for each block of tap rows, of tap columns, of input channels; a word is
            [px][kh][kw][ic].
    """

    window: Result[Any]
    stream: Operand[Any]
    input: Any
    output: Any
    stride: ir.IntegerAttr
    upsample: ir.IntegerAttr
    row_taps: Any
    column_taps: Any
    rows: ir.IntegerAttr
    banks: Any
    folding: Any
    kinds = {
        "input": "i64 array",
        "output": "i64 array",
        "stride": "integer",
        "upsample": "integer",
        "row_taps": "i64 array",
        "column_taps": "i64 array",
        "rows": "integer",
        "banks": "i64 array",
        "folding": "hls.folding",
    }

    def check(self) -> None:
        _check_parent(self, ProcessOp.OPERATION_NAME)
        shape = _shape(self, "input")
        _, height, _ = _shape(self, "output")
        folding = _check_folding(self)
        stride, upsample = self._integer("stride"), self._integer("upsample")
        expect(
            stride >= 1 and upsample >= 1 and 1 in (stride, upsample),
            f"expected stride or upsample of 1, but got '{stride}' and '{upsample}'",
        )
        row_taps = self._taps("row_taps", upsample)
        self._taps("column_taps", upsample)
        rows = self._integer("rows")
        least = rows_needed(shape[1], height, stride, row_taps)
        expect(
            rows >= least,
            f"expected at least {least} rows (window and the rows being filled), but got {rows}",
        )
        pixels = self._check_words(shape, folding)
        banks, wanted = array(self.attributes["banks"]), line_banks(folding, stride, rows, pixels)
        expect(
            banks == wanted,
            f"expected 'banks' of {wanted[0]} rows and {wanted[1]} columns, but got '{banks}'",
        )

    def _check_words(
        self, shape: tuple[int, int, int], folding: tuple[int, int, int, int, int]
    ) -> int:
        """Check the stream's words and the window; returns the pixels of a stream word."""
        _, ic, kh, kw, px = folding
        word = stream_word(self.operands[0].type)
        pixels = pixels_of_word(shape, word.shape[0])
        expect(
            ic % word.shape[0] == 0 if pixels == 1 else ic == shape[0],
            f"expected stream words of a divisor of {ic} channels, or of whole pixels where all "
            f"{shape[0]} channels are folded, but got {word.shape[0]}",
        )
        window = _vector(self.results[0].type)
        expect(
            window.shape[0] == px * kh * kw * ic and window.element_type == word.element_type,
            f"expected result of 'vector<{px * kh * kw * ic}x{word.element_type}>', "
            f"but got '{window}'",
        )
        return pixels

    def _integer(self, name: str) -> int:
        return ir.IntegerAttr(self.attributes[name]).value

    def _taps(self, name: str, phases: int) -> list[tuple[int, int]]:
        values = array(self.attributes[name])
        expect(
            len(values) == 2 * phases and min(values[1::2]) >= 1,
            f"expected '{name}' of an offset and a positive count for each of {phases} phases",
        )
        return list(zip(values[::2], values[1::2], strict=True))


class DrainOp(Hls.Operation, name="drain"):
    """Sums of a MAC array, from the order in which it computes them to a stream's order.

    Reads words [px][oc] in the order of `hls.window_buffer`, `upsample` * ceil(channels / oc) of them a
    group, and yields words of the result's lanes, pixel by pixel; what a group has beyond its row, and
    what a block has beyond the channels, is dropped. `shape` = channels, height, width of the output.
    `folding` is that of the array. The result has at most C lanes, or k*C with k a divisor both of the
    columns of a group and of the row.
    """

    word: Result[Any]
    stream: Operand[Any]
    shape: Any
    upsample: ir.IntegerAttr
    folding: Any
    kinds = {"shape": "i64 array", "upsample": "integer", "folding": "hls.folding"}

    def check(self) -> None:
        _check_parent(self, ProcessOp.OPERATION_NAME)
        shape = _shape(self, "shape")
        oc, _, _, _, px = _check_folding(self)
        upsample = ir.IntegerAttr(self.attributes["upsample"]).value
        expect(upsample >= 1, f"expected 'upsample' of at least 1, but got '{upsample}'")
        read, i32 = stream_word(self.operands[0].type), ir.IntegerType.get_signless(32)
        expect(
            read.shape[0] == px * oc and read.element_type == i32,
            f"expected stream words of 'vector<{px * oc}xi32>' as folded, but got '{read}'",
        )
        word = _vector(self.results[0].type)
        expect(word.element_type == i32, f"expected result of 'i32', but got '{word}'")
        pixels = pixels_of_word(shape, word.shape[0])
        expect(
            px * upsample % pixels == 0,
            f"expected words of pixels that divide a group of {px * upsample}, but got {pixels}",
        )


class GdnNormOp(Hls.Operation, name="gdn_norm"):
    """GDN's norm, a 1x1 matrix product over the channels of a pixel, beside the value it will scale.

    The stream may have words of any width up to a pixel. The result interleaves (x, norm) for
    `folding.oc` channels: vector<2*oc x i32>.
    norm = max(1, rshr(beta + sum gamma p, norm_shift)), p = x^2 (form rsqrt) or |x| (gdn1).
    gamma's memory: one word [oc][ic] for each block of outputs and block of inputs; beta's: [oc].
    `fabric` is for the squares, taken as words come in; the matrix product has DSPs.
    """

    pair: Result[Any]
    stream: Operand[Any]
    gamma: Operand[Any]
    beta: Operand[Any]
    shape: Any
    form: ir.StringAttr
    norm_shift: ir.IntegerAttr
    acc_range: Any
    norm_range: Any
    folding: Any
    kinds = {
        "shape": "i64 array",
        "form": "string",
        "norm_shift": "integer",
        "acc_range": "i64 array",
        "norm_range": "i64 array",
        "folding": "hls.folding",
    }
    optional = {"fabric": "unit"}

    def check(self) -> None:
        _check_parent(self, ProcessOp.OPERATION_NAME)
        channels, _, _ = _shape(self, "shape")
        oc, ic, _, _, _ = _check_folding(self)
        form = ir.StringAttr(self.attributes["form"]).value
        expect(form in ("rsqrt", "gdn1"), f"expected form 'rsqrt' or 'gdn1', but got '{form}'")
        _check_fabric(self, "form 'rsqrt'", form == "rsqrt")
        lanes = stream_word(self.operands[0].type).shape[0]
        expect(lanes <= channels, f"expected words of at most {channels} lanes, but got {lanes}")
        pair = _vector(self.results[0].type)
        expect(
            pair.shape[0] == 2 * oc and pair.element_type == ir.IntegerType.get_signless(32),
            f"expected result of 'vector<{2 * oc}xi32>' (the norm is i32), but got '{pair}'",
        )
        _check_words(self.operands[1], oc * ic, _ceil(channels, oc) * _ceil(channels, ic), "gamma")
        _check_words(self.operands[2], oc, _ceil(channels, oc), "beta")
        _check_shift(self, "norm_shift")
        _range(self, "acc_range")
        norm = _range(self, "norm_range")
        expect(
            norm[0] >= 1 and norm[1] < 1 << 31,
            f"expected 'norm_range' within positive i32, but got '{norm[0]}..{norm[1]}'",
        )


def _check_fabric(op: Any, what: str, multiplies: bool) -> None:
    """A unit without a multiplier has none to build of LUTs."""
    expect("fabric" not in op.attributes or multiplies, f"expected 'fabric' only with {what}")


def _check_words(memory: ir.Value, lanes: int, words: int, what: str) -> None:
    word = memory_word(memory.type)
    got = ir.IntegerAttr(memory.type.words).value  # pyright: ignore[reportAttributeAccessIssue]
    expect(
        word.shape[0] == lanes and got == words,
        f"expected {what} of {words} words of {lanes}, but got {got} of {word.shape[0]}",
    )


# --------------------------------------------------------------------------------------------------
# Units that compute
# --------------------------------------------------------------------------------------------------
class MacArrayOp(Hls.Operation, name="mac_array"):
    """px x oc x (ic x kh x kw) multipliers and their accumulators; yields px*oc sums of a block.

    A word of sums, [px][oc], leaves when the steps of a block are done, with the bias. `steps` is the
    number of words of one block of outputs, for each phase (row phases outermost). Weights are in that
    order: word [oc][kh][kw][ic], phases one after another; zero where padded. The bias has a word of [oc] for
    each block of outputs, or for each phase so many. The ranges of activations, of weights and of the sums with
    the bias are proven.

    `packing`: "single", one multiplication a DSP; "pair", two output channels share an activation (oc
    even); "pixels", two positions share a weight (px even); "quad", four products, of two outputs by two
    positions (both even) or of four outputs (in fours). The greatest magnitudes of weights and activations
    say whether their products fit: licc/cost/packing.py; docs/semantics.md, "Packed multiplication".
    """

    sums: Result[Any]
    window: Operand[Any]
    weights: Operand[Any]
    bias: Operand[Any]
    channels: Any
    steps: Any
    packing: ir.StringAttr
    activation_range: Any
    weight_range: Any
    acc_range: Any
    folding: Any
    kinds = {
        "channels": "i64 array",
        "steps": "i64 array",
        "packing": "string",
        "activation_range": "i64 array",
        "weight_range": "i64 array",
        "acc_range": "i64 array",
        "folding": "hls.folding",
    }

    def check(self) -> None:
        _check_parent(self, ProcessOp.OPERATION_NAME)
        oc, ic, kh, kw, px = _check_folding(self)
        channels = array(self.attributes["channels"])
        expect(
            len(channels) == 2 and min(channels) >= 1,
            "expected 'channels' of 2 positive integers (inputs, outputs)",
        )
        steps = array(self.attributes["steps"])
        expect(bool(steps) and min(steps) >= 1, "expected positive 'steps' for each phase")
        window = _vector(self.operands[0].type)
        expect(
            window.shape[0] == px * ic * kh * kw,
            f"expected window of {px * ic * kh * kw} values as folded, but got {window.shape[0]}",
        )
        self._check_window()
        blocks = _ceil(channels[1], oc)
        _check_words(self.operands[1], oc * kh * kw * ic, blocks * sum(steps), "weights")
        memory_word(self.operands[2].type)
        several = ir.IntegerAttr(self.operands[2].type.words).value != blocks  # pyright: ignore[reportAttributeAccessIssue]
        _check_words(self.operands[2], oc, blocks * (len(steps) if several else 1), "bias")
        sums = _vector(self.results[0].type)
        expect(
            sums.shape[0] == px * oc and sums.element_type == ir.IntegerType.get_signless(32),
            f"expected result of 'vector<{px * oc}xi32>', but got '{sums}'",
        )
        lo, hi = _range(self, "acc_range")
        expect(lo >= -(1 << 31) and hi < 1 << 31, "expected 'acc_range' within i32")
        self._check_within("activation_range", window.element_type)
        self._check_within("weight_range", memory_word(self.operands[1].type).element_type)
        packing = ir.StringAttr(self.attributes["packing"]).value
        expect(
            packing in PACKINGS,
            f"expected packing to be one of {', '.join(PACKINGS)}, but got '{packing}'",
        )
        reason = packing_refusal(
            packing,
            oc,
            px,
            _range(self, "activation_range"),
            _range(self, "weight_range"),
        )
        expect(not reason, lambda: f"expected {reason} to pack as '{packing}'")

    def _check_window(self) -> None:
        """It computes what its window buffer yields."""
        window: Any = self.operands[0].owner
        expect(
            not isinstance(window, ir.Block)
            and window.operation.name == WindowBufferOp.OPERATION_NAME,
            "expected the window of an 'hls.window_buffer'",
        )
        given = window.attributes
        _, ic, kh, kw, _ = folding_of(self.attributes["folding"])
        expect(
            given["folding"] == self.attributes["folding"],
            f"expected the folding of its window, '{given['folding']}'",
        )
        channels = (array(given["input"])[0], array(given["output"])[0])
        expect(
            array(self.attributes["channels"]) == channels,
            f"expected 'channels' of {channels[0]} inputs and {channels[1]} outputs as its window",
        )
        rows, columns = array(given["row_taps"])[1::2], array(given["column_taps"])[1::2]
        blocks = _ceil(channels[0], ic)
        wanted = [_ceil(row, kh) * _ceil(column, kw) * blocks for row in rows for column in columns]
        steps = list(array(self.attributes["steps"]))
        expect(steps == wanted, f"expected 'steps' of {wanted} as its window, but got {steps}")

    def _check_within(self, name: str, element: ir.Type) -> None:
        """A range within what `element` holds."""
        integer = ir.IntegerType(element)
        lo, hi = _range(self, name)
        signed = not integer.is_unsigned
        least = -(1 << (integer.width - 1)) if signed else 0
        most = least + (1 << integer.width) - 1
        expect(
            least <= lo and hi <= most,
            f"expected '{name}' within '{element}', but got '{lo}..{hi}'",
        )


def packing_refusal(
    packing: str,
    oc: int,
    px: int,
    activations: tuple[int, int],
    weights: tuple[int, int],
) -> str:
    """What `packing` of a MAC array would need and does not have, "" where nothing is missing.

    Args:
        packing: one of PACKINGS.
        oc: output channels in one cycle.
        px: positions in one cycle.
        activations: least and greatest.
        weights: least and greatest.
    """
    if packing == "single":
        return ""
    fours = False
    if packing == "pair" and oc % 2:
        return f"an even number of outputs, not {oc},"
    if packing == "pixels" and px % 2:
        return f"an even number of positions, not {px},"
    if packing == "quad":
        fours = oc % 2 > 0 or px % 2 > 0
        if fours and oc % 4:
            return (
                f"outputs in fours, or an even number of outputs and positions, not {oc} and {px},"
            )
    weight, value = (max(-lo, hi, 1) for lo, hi in (weights, activations))
    lanes = packed(packing, weight, value, fours=fours)
    if lanes.cascade:
        return ""
    return f"products within {(1 << (lanes.bits - 1)) - 1}, not {weight} * {value},"


class RequantizerOp(Hls.Operation, name="requantizer"):
    """`clamp(rshr(x * multiplier, shift), range)` for each lane.

    Memories, here and in the other units, have a word for each word of a pixel; for words of k pixels
    there is one, with the values of all channels k times.
    """

    output: Result[Any]
    input: Operand[Any]
    multiplier: Operand[Any]
    shift: Operand[Any]
    range: Any
    kinds = {"range": "i64 array"}
    optional = {"fabric": "unit"}

    def check(self) -> None:
        _check_parent(self, ProcessOp.OPERATION_NAME)
        _range(self, "range")
        lanes = _lanes(self.operands[0])
        _check_lanes("result", _lanes(self.results[0]), lanes)
        _check_memory_lanes(self.operands[1], "multiplier", lanes)
        _check_memory_lanes(self.operands[2], "shift", lanes)


class ActivationOp(Hls.Operation, name="activation"):
    """relu, leaky_relu (`rshr(x * multiplier, shift)` below zero) or abs, clamped to `range`."""

    output: Result[Any]
    input: Operand[Any]
    kind: ir.StringAttr
    range: Any
    multiplier: ir.IntegerAttr
    shift: ir.IntegerAttr
    kinds = {
        "kind": "string",
        "range": "i64 array",
        "multiplier": "integer",
        "shift": "integer",
    }
    optional = {"fabric": "unit"}

    def check(self) -> None:
        _check_parent(self, ProcessOp.OPERATION_NAME)
        _range(self, "range")
        _check_shift(self, "shift")
        kind = ir.StringAttr(self.attributes["kind"]).value
        expect(
            kind in ("relu", "leaky_relu", "abs"),
            f"expected kind 'relu', 'leaky_relu' or 'abs', but got '{kind}'",
        )
        _check_fabric(self, "kind 'leaky_relu'", kind == "leaky_relu")
        _check_lanes("result", _lanes(self.results[0]), _lanes(self.operands[0]))


def _check_addition(op: Any) -> int:
    """Check what both additions share; return their lanes."""
    _check_parent(op, ProcessOp.OPERATION_NAME)
    _range(op, "range")
    _check_shift(op, "shift")
    multipliers = len(array(op.attributes["multiplier"]))
    expect(multipliers == 2, f"expected 2 multipliers, but got {multipliers}")
    lanes = _lanes(op.operands[0])
    _check_lanes("result", _lanes(op.results[0]), lanes)
    return lanes


class AddOp(Hls.Operation, name="add"):
    """`clamp(rshr(x * multiplier[0] + c * multiplier[1], shift), range)`, c one constant a channel."""

    output: Result[Any]
    input: Operand[Any]
    constant: Operand[Any]
    multiplier: Any
    shift: ir.IntegerAttr
    range: Any
    kinds = {"multiplier": "i64 array", "shift": "integer", "range": "i64 array"}
    optional = {"fabric": "unit"}

    def check(self) -> None:
        lanes = _check_addition(self)
        _check_memory_lanes(self.operands[1], "constant", lanes)


class JoinOp(Hls.Operation, name="join"):
    """`clamp(rshr(x * multiplier[0] + y * multiplier[1], shift), range)`: the words of two streams, added.

    Both are read by an `hls.read`.
    """

    output: Result[Any]
    input: Operand[Any]
    other: Operand[Any]
    multiplier: Any
    shift: ir.IntegerAttr
    range: Any
    kinds = {"multiplier": "i64 array", "shift": "integer", "range": "i64 array"}
    optional = {"fabric": "unit"}

    def check(self) -> None:
        lanes = _check_addition(self)
        _check_lanes("other word", _lanes(self.operands[1]), lanes)
        reads = [value.owner for value in self.operands]
        shapes = [
            read.attributes["shape"]
            for read in reads
            if not isinstance(read, ir.Block) and read.name == ReadOp.OPERATION_NAME
        ]
        expect(
            len(shapes) == 2 and shapes[0] == shapes[1],
            "expected the words of two 'hls.read' of one shape",
        )


class RoundOp(Hls.Operation, name="round"):
    """`clamp(rshr(x, shift), range)`: the symbols of a latent."""

    output: Result[Any]
    input: Operand[Any]
    shift: ir.IntegerAttr
    range: Any
    kinds = {"shift": "integer", "range": "i64 array"}

    def check(self) -> None:
        _check_parent(self, ProcessOp.OPERATION_NAME)
        _range(self, "range")
        _check_shift(self, "shift")
        _check_lanes("result", _lanes(self.results[0]), _lanes(self.operands[0]))


class GdnRootOp(Hls.Operation, name="gdn_root"):
    """`y = clamp(rshr(x * root(norm) * multiplier, total shift), range)` on (x, norm) pairs.

    The root is a table of 256 entries and one Newton step (docs/semantics.md, "GDN").
    """

    output: Result[Any]
    pair: Operand[Any]
    table: Operand[Any]
    multiplier: Operand[Any]
    shift: Operand[Any]
    form: ir.StringAttr
    inverse: Any
    range: Any
    kinds = {"form": "string", "inverse": "bool", "range": "i64 array"}
    optional = {"fabric": "unit"}

    def check(self) -> None:
        _check_parent(self, ProcessOp.OPERATION_NAME)
        _range(self, "range")
        form = ir.StringAttr(self.attributes["form"]).value
        expect(form in ("rsqrt", "gdn1"), f"expected form 'rsqrt' or 'gdn1', but got '{form}'")
        pair = _vector(self.operands[0].type)
        expect(
            pair.element_type == ir.IntegerType.get_signless(32) and pair.shape[0] % 2 == 0,
            f"expected (x, norm) pairs of 'i32', but got '{pair}'",
        )
        lanes = pair.shape[0] // 2
        _check_lanes("result", _lanes(self.results[0]), lanes)
        _check_words(self.operands[1], 1, 256, "table")
        _check_memory_lanes(self.operands[2], "multiplier", lanes)
        _check_memory_lanes(self.operands[3], "shift", lanes)


_IN_DESIGN = frozenset(op.OPERATION_NAME for op in (PortInOp, PortOutOp, ProcessOp))
_MEMORIES = frozenset(op.OPERATION_NAME for op in (RamOp, RomOp))
_IN_PROCESS = frozenset(
    op.OPERATION_NAME
    for op in (
        RamOp,
        RomOp,
        ReadOp,
        RepackOp,
        WindowBufferOp,
        DrainOp,
        GdnNormOp,
        MacArrayOp,
        RequantizerOp,
        ActivationOp,
        AddOp,
        JoinOp,
        RoundOp,
        GdnRootOp,
        WriteOp,
    )
)
