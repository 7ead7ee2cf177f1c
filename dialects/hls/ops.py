# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# `ext` takes every annotated name of an op class for a field, so that `kinds` cannot be a ClassVar; `check` is
# described once, in ext.verified.
# ruff: noqa: RUF012, D102
"""Operations, types and verifiers of `hls`: processes, streams and the units inside them.

SSA is the dataflow: a stream is a value, its producer the op that defines it, its consumer its one use.
So Vitis HLS's dataflow rules are invariants here: one producer and one consumer a stream, no feedback,
canonical form (a design holds ports and processes only), loops with bounds that are constants.

Streams run pixel by pixel in raster order, channels ascending, `lanes` channels a word; the last word
of a pixel is zero-filled. Inside a process, a `vector` value is what one iteration of its pipelined
loop carries from one unit to the next.
"""

import re
from typing import Any

from torch_mlir import ir

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
    """`#hls.folding<oc, ic, kh, kw, px>`: what a MAC array computes in one cycle."""

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


def memory_word(type_: ir.Type) -> ir.VectorType:
    """The word type of a memory; raises VerifyError for anything else."""
    if not isinstance(type_, MemoryType):
        raise VerifyError(f"expected '!hls.memory', but got '{type_}'")
    return _vector(ir.TypeAttr(type_.word).value)


def _vector(type_: ir.Type) -> ir.VectorType:
    if not isinstance(type_, ir.VectorType) or len(type_.shape) != 1:
        raise VerifyError(f"expected a vector of one dimension, but got '{type_}'")
    element = type_.element_type
    expect(
        isinstance(element, ir.IntegerType) and element.width in (8, 16, 32, 64),
        f"expected integer elements of 8, 16, 32 or 64 bits, but got '{element}'",
    )
    return type_


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
    stream_word(value.type)
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


# --------------------------------------------------------------------------------------------------
# Structure
# --------------------------------------------------------------------------------------------------
class DesignOp(Hls.Operation, name="design", traits=[IsolatedFromAbove]):
    """One dataflow region with its ports: a transform of the codec, printed as one top function.

    Canonical form: its body holds only ports and processes and ends in `hls.end`.
    """

    body: Region
    name: ir.StringAttr
    top: ir.StringAttr
    device: ir.StringAttr
    clock_mhz: ir.IntegerAttr
    kinds = {"name": "string", "top": "string", "device": "string", "clock_mhz": "integer"}

    def check(self) -> None:
        _check_name(self)
        top = ir.StringAttr(self.attributes["top"]).value
        expect(top in TOPS, f"expected top to be one of {', '.join(TOPS)}, but got '{top}'")
        clock = ir.IntegerAttr(self.attributes["clock_mhz"]).value
        expect(clock >= 1, f"expected a clock of at least 1 MHz, but got '{clock}'")
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


class EndOp(Hls.Operation, name="end", traits=[Terminator]):
    """Ends a design."""

    def check(self) -> None:
        _check_parent(self, DesignOp.OPERATION_NAME)


class PortInOp(Hls.Operation, name="port_in"):
    """An AXI master that reads a tensor (NHWC, `shape` = channels, height, width) into a stream."""

    stream: Result[Any]
    name: ir.StringAttr
    role: ir.StringAttr
    shape: Any
    kinds = {"name": "string", "role": "string", "shape": "i64 array"}

    def check(self) -> None:
        _check_parent(self, DesignOp.OPERATION_NAME)
        _check_name(self)
        _shape(self, "shape")
        _check_stream(self.results[0], "result")
        _check_one_consumer(self.results[0])


class PortOutOp(Hls.Operation, name="port_out"):
    """An AXI master that writes a stream to a tensor (NHWC, `shape` = channels, height, width)."""

    stream: Operand[Any]
    name: ir.StringAttr
    role: ir.StringAttr
    shape: Any
    kinds = {"name": "string", "role": "string", "shape": "i64 array"}

    def check(self) -> None:
        _check_parent(self, DesignOp.OPERATION_NAME)
        _check_name(self)
        _shape(self, "shape")
        _check_stream(self.operands[0], "operand")


class ProcessOp(Hls.Operation, name="process", traits=[IsolatedFromAbove]):
    """One function of the dataflow region: reads a stream, computes, writes a stream.

    The body starts with memories and a unit that reads the argument (`hls.window_buffer`, `hls.read`,
    `hls.repack`, `hls.gdn_norm`) and ends in `hls.write`. Predicted costs are attributes.
    """

    output: Result[Any]
    input: Operand[Any]
    body: Region
    name: ir.StringAttr
    layer: ir.StringAttr
    kinds = {"name": "string", "layer": "string"}
    optional = {"cycles": "integer", "dsp": "integer", "bram18": "integer"}

    def check(self) -> None:
        _check_parent(self, DesignOp.OPERATION_NAME)
        _check_name(self)
        _check_stream(self.operands[0], "operand")
        _check_stream(self.results[0], "result")
        _check_one_consumer(self.results[0])
        block = self.body.blocks[0]
        expect(
            [argument.type for argument in block.arguments] == [self.operands[0].type],
            "expected block arguments of the types of its operands",
        )
        argument = block.arguments[0]
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
        word, wanted = operations[-1].operands[0].type, stream_word(self.results[0].type)
        expect(word == wanted, f"expected 'hls.write' of '{wanted}', but got '{word}'")


class WriteOp(Hls.Operation, name="write", traits=[Terminator]):
    """Ends a process: writes one word to its output stream."""

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
        _shape(self, "shape")
        expect(
            self.results[0].type == stream_word(self.operands[0].type),
            "expected result of the word of its stream",
        )


class RepackOp(Hls.Operation, name="repack"):
    """The same channels in words of another width; `shape` = channels, height, width."""

    word: Result[Any]
    stream: Operand[Any]
    shape: Any
    kinds = {"shape": "i64 array"}

    def check(self) -> None:
        _check_parent(self, ProcessOp.OPERATION_NAME)
        _shape(self, "shape")
        expect(
            stream_word(self.operands[0].type).element_type
            == _vector(self.results[0].type).element_type,
            "expected result with the elements of its stream",
        )


class WindowBufferOp(Hls.Operation, name="window_buffer"):
    """A line buffer that yields the window of taps for the MAC array, in its order.

    Covers convolutions (`upsample` 1) and sub-pixel transposed convolutions (`stride` 1). Output row oy
    belongs to row phase oy mod upsample; the phase has `row_taps` = (first offset dy, count) and tap j
    lies on input row (oy / upsample) * stride + dy + j; columns likewise. Rows and columns outside the
    input are zero. A stream word holds `folding.ic` channels. `rows` is the number of input rows held.

    Attributes:
        input, output: channels, height, width.
        row_taps, column_taps: (dy, count) for each phase, flattened.
        order of words: for each output pixel, for each block of `folding.oc` outputs, for each block of
            tap rows, of tap columns, of input channels; a word is [kh][kw][ic].
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
    folding: Any
    kinds = {
        "input": "i64 array",
        "output": "i64 array",
        "stride": "integer",
        "upsample": "integer",
        "row_taps": "i64 array",
        "column_taps": "i64 array",
        "rows": "integer",
        "folding": "hls.folding",
    }

    def check(self) -> None:
        _check_parent(self, ProcessOp.OPERATION_NAME)
        _shape(self, "input")
        _shape(self, "output")
        _, ic, kh, kw, px = _check_folding(self)
        stride, upsample = self._integer("stride"), self._integer("upsample")
        expect(
            stride >= 1 and upsample >= 1 and 1 in (stride, upsample),
            f"expected stride or upsample of 1, but got '{stride}' and '{upsample}'",
        )
        row_taps = self._taps("row_taps", upsample)
        self._taps("column_taps", upsample)
        span = max(dy + count for dy, count in row_taps) - min(dy for dy, _ in row_taps)
        rows = self._integer("rows")
        expect(
            rows >= span + stride,
            f"expected at least {span + stride} rows (window and the rows being filled), "
            f"but got {rows}",
        )
        word = stream_word(self.operands[0].type)
        expect(
            word.shape[0] == ic,
            f"expected stream words of {ic} channels as folded, but got {word.shape[0]}",
        )
        window = _vector(self.results[0].type)
        expect(
            window.shape[0] == kh * kw * ic * px and window.element_type == word.element_type,
            f"expected result of 'vector<{kh * kw * ic * px}x{word.element_type}>', "
            f"but got '{window}'",
        )

    def _integer(self, name: str) -> int:
        return ir.IntegerAttr(self.attributes[name]).value

    def _taps(self, name: str, phases: int) -> list[tuple[int, int]]:
        values = array(self.attributes[name])
        expect(
            len(values) == 2 * phases and min(values[1::2]) >= 1,
            f"expected '{name}' of an offset and a positive count for each of {phases} phases",
        )
        return list(zip(values[::2], values[1::2], strict=True))


class GdnNormOp(Hls.Operation, name="gdn_norm"):
    """GDN's norm, a 1x1 matrix product over the channels of a pixel, beside the value it will scale.

    The result interleaves (x, norm) for `folding.oc` channels: vector<2*oc x i32>.
    norm = max(1, rshr(beta + sum gamma p, norm_shift)), p = x^2 (form rsqrt) or |x| (gdn1).
    gamma's memory: one word [oc][ic] for each block of outputs and block of inputs; beta's: [oc].
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

    def check(self) -> None:
        _check_parent(self, ProcessOp.OPERATION_NAME)
        channels, _, _ = _shape(self, "shape")
        oc, ic, _, _, _ = _check_folding(self)
        form = ir.StringAttr(self.attributes["form"]).value
        expect(form in ("rsqrt", "gdn1"), f"expected form 'rsqrt' or 'gdn1', but got '{form}'")
        word = stream_word(self.operands[0].type)
        expect(
            word.shape[0] == ic,
            f"expected stream words of {ic} channels as folded, but got {word.shape[0]}",
        )
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
    """oc x (ic x kh x kw) multipliers and their accumulators; yields oc sums when a block is done.

    `packing` "pair": two multiplications a DSP, two output channels sharing an activation, summed in
    cascades of at most 7 before the lanes are split; "single": one a DSP. `steps` is the number of
    words of one block of outputs, for each phase (row phases outermost). Weights are in that order:
    word [oc][kh][kw][ic], phases one after another; zero where padded. `acc_range` is proven.
    """

    sums: Result[Any]
    window: Operand[Any]
    weights: Operand[Any]
    bias: Operand[Any]
    channels: Any
    steps: Any
    packing: ir.StringAttr
    acc_range: Any
    folding: Any
    kinds = {
        "channels": "i64 array",
        "steps": "i64 array",
        "packing": "string",
        "acc_range": "i64 array",
        "folding": "hls.folding",
    }

    def check(self) -> None:
        _check_parent(self, ProcessOp.OPERATION_NAME)
        oc, ic, kh, kw, px = _check_folding(self)
        expect(px == 1, f"expected one pixel at a time, but got {px}")
        channels = array(self.attributes["channels"])
        expect(
            len(channels) == 2 and min(channels) >= 1,
            "expected 'channels' of 2 positive integers (inputs, outputs)",
        )
        steps = array(self.attributes["steps"])
        expect(bool(steps) and min(steps) >= 1, "expected positive 'steps' for each phase")
        window = _vector(self.operands[0].type)
        expect(
            window.shape[0] == ic * kh * kw,
            f"expected window of {ic * kh * kw} values as folded, but got {window.shape[0]}",
        )
        blocks = _ceil(channels[1], oc)
        _check_words(self.operands[1], oc * kh * kw * ic, blocks * sum(steps), "weights")
        _check_words(self.operands[2], oc, blocks, "bias")
        sums = _vector(self.results[0].type)
        expect(
            sums.shape[0] == oc and sums.element_type == ir.IntegerType.get_signless(32),
            f"expected result of 'vector<{oc}xi32>', but got '{sums}'",
        )
        lo, hi = _range(self, "acc_range")
        expect(lo >= -(1 << 31) and hi < 1 << 31, "expected 'acc_range' within i32")
        self._check_packing(oc, window)

    def _check_packing(self, oc: int, window: ir.VectorType) -> None:
        packing = ir.StringAttr(self.attributes["packing"]).value
        expect(
            packing in ("single", "pair"),
            f"expected packing 'single' or 'pair', but got '{packing}'",
        )
        if packing == "pair":
            expect(oc % 2 == 0, f"expected an even number of outputs to pair, but got {oc}")
            width = ir.IntegerType(window.element_type).width
            expect(width == 8, f"expected 8-bit activations to pair, but got {width}-bit ones")


class RequantizerOp(Hls.Operation, name="requantizer"):
    """`clamp(rshr(x * multiplier, shift), range)` for each lane; memories of one word a block."""

    output: Result[Any]
    input: Operand[Any]
    multiplier: Operand[Any]
    shift: Operand[Any]
    range: Any
    kinds = {"range": "i64 array"}

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

    def check(self) -> None:
        _check_parent(self, ProcessOp.OPERATION_NAME)
        _range(self, "range")
        _check_shift(self, "shift")
        kind = ir.StringAttr(self.attributes["kind"]).value
        expect(
            kind in ("relu", "leaky_relu", "abs"),
            f"expected kind 'relu', 'leaky_relu' or 'abs', but got '{kind}'",
        )
        _check_lanes("result", _lanes(self.results[0]), _lanes(self.operands[0]))


class AddOp(Hls.Operation, name="add"):
    """`clamp(rshr(x * multiplier[0] + c * multiplier[1], shift), range)`, c one constant a channel."""

    output: Result[Any]
    input: Operand[Any]
    constant: Operand[Any]
    multiplier: Any
    shift: ir.IntegerAttr
    range: Any
    kinds = {"multiplier": "i64 array", "shift": "integer", "range": "i64 array"}

    def check(self) -> None:
        _check_parent(self, ProcessOp.OPERATION_NAME)
        _range(self, "range")
        _check_shift(self, "shift")
        multipliers = len(array(self.attributes["multiplier"]))
        expect(multipliers == 2, f"expected 2 multipliers, but got {multipliers}")
        lanes = _lanes(self.operands[0])
        _check_lanes("result", _lanes(self.results[0]), lanes)
        _check_memory_lanes(self.operands[1], "constant", lanes)


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
        GdnNormOp,
        MacArrayOp,
        RequantizerOp,
        ActivationOp,
        AddOp,
        RoundOp,
        GdnRootOp,
        WriteOp,
    )
)
