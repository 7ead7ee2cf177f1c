# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the templates print, as plain data: one `Design` for each `hls.design`; `reader.py` makes it.

All decisions are in these (names, types, widths, counters, constants); a template only formats.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from licc.dialects.hls.ops import pixels_of_word

__all__ = [
    "BEAT_BYTES",
    "BYTES",
    "Convolution",
    "Design",
    "Drain",
    "Each",
    "EmitError",
    "Memory",
    "Norm",
    "Port",
    "Process",
    "Repack",
    "RowKind",
    "Statement",
    "Stream",
    "Word",
    "has_sums",
]

# AXI ports are 64 bits wide.
BEAT_BYTES = 8


class EmitError(Exception):
    """An op that the printer cannot print; the text has the location in front."""


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
        return BYTES[self.element]


# Bytes of a value.
BYTES = {f"std::{sign}int{bits}_t": bits // 8 for sign in ("", "u") for bits in (8, 16, 32, 64)}


@dataclass(frozen=True)
class Memory:
    """A static array of a process.

    Attributes:
        name: its name in C++.
        stored: C++ type of its values in the parameter file.
        element: C++ type on chip, no wider than the values need.
        image: the values, int64 [words, lanes].
        ultra: whether it is UltraRAM.
    """

    name: str
    stored: str
    element: str
    image: npt.NDArray[np.int64]
    ultra: bool = False

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
        return self.words * math.ceil(self.lanes * BYTES[self.stored] / BEAT_BYTES)


@dataclass(frozen=True)
class Statement:
    """`const licc::Int<bits> name = expression;`, for every lane of a word."""

    name: str
    bits: int
    expression: str


@dataclass(frozen=True)
class RowKind:
    """Output rows that are alike, as the loop of a convolution takes them; see `licc::Row`.

    Attributes:
        steps: of the MAC array.
        words: of the input that are read meanwhile.
        taps: rows of taps.
        weight: first word of weights.
        bias: first word of biases: 0 where all phases have the same.
        on: input rows from its first tap row to that of the next output row, within a frame.
        on_slots: the same modulo the rows that are held.
        repeats: how often its group of rows comes again.
        back: the first kind of its group, if it is the last one; else -1.
        next: the kind behind its group, or behind itself.
    """

    steps: int
    words: int
    taps: int
    weight: int
    bias: int
    on: int
    on_slots: int
    repeats: int
    back: int
    next: int

    @property
    def trip(self) -> int:
        """Iterations: one reads a word of the input, takes a step, or both."""
        return max(self.steps, self.words, 1)


@dataclass(frozen=True)
class Convolution:
    """A process that reads through a line buffer and writes words of sums, [px][oc], in array order.

    Everything that the odometer of its loop counts with. A column is (bank, address); slots and
    addresses are counted in words of a bank if all rows lie in one memory.

    Attributes:
        most_weight, most_value: the greatest magnitudes of a weight and of an activation, as proven.
        starts: the banks in which a window can start.
        rows_apart: words of a bank from a row to the next, 1 if every row has banks of its own.
        kinds: of rows; the first one reads what the first row of the first frame needs.
        frame: iterations of a frame.
        distances: iterations between a write of the line buffer and the first read of it, and between
            the last read of a word and the write that replaces it: at least so many.
        pixels: pixels of a word of the input stream.
        parts: words of the input stream in a word of the line buffer, and in the last one of a pixel.
        ultra: whether the line buffer is UltraRAM.
    """

    input: tuple[int, int, int]
    output: tuple[int, int, int]
    kernel: tuple[int, int]
    stride: int
    upsample: int
    rows: int
    oc: int
    ic: int
    tap_rows: int
    tap_columns: int
    px: int
    banks: tuple[int, int]
    packing: str
    most_weight: int
    most_value: int
    weights: str
    bias: str
    sum_bits: int
    in_words: int
    out_words: int
    pixels: int
    parts: tuple[int, int]
    starts: tuple[int, ...]
    rows_apart: int
    kinds: tuple[RowKind, ...]
    column_offset: tuple[int, ...]
    column_start: tuple[tuple[int, int], ...]
    column_count: tuple[int, ...]
    group_stride: tuple[int, int]
    block_stride: tuple[int, int]
    fill_stride: tuple[int, int]
    most_steps: int
    frame: int
    distances: tuple[int, int]
    ultra: bool

    @property
    def phased_bias(self) -> bool:
        """Whether each phase has biases of its own."""
        return any(kind.bias for kind in self.kinds)

    @property
    def row_words(self) -> int:
        """Words of a row in one bank."""
        return math.ceil(self.input[2] / self.banks[1]) * self.in_words

    @property
    def bank_words(self) -> int:
        """Words of one bank of the line buffer."""
        return self.rows // self.banks[0] * self.row_words

    @property
    def slots(self) -> int:
        """What slots are counted modulo."""
        return self.rows * self.rows_apart

    @property
    def span(self) -> int:
        """Columns from the first tap of the first pixel to the last one of the last pixel."""
        return (self.px - 1) * self.stride + self.tap_columns

    @property
    def taps(self) -> int:
        """Products of one output in a cycle."""
        return self.tap_rows * self.tap_columns * self.ic

    @property
    def macs(self) -> int:
        """Multiplications in a cycle."""
        return self.px * self.oc * self.taps

    @property
    def call(self) -> str:
        """The primitive that multiplies."""
        return f"licc::multiply_add{_PRIMITIVES[self.packing]}"


_PRIMITIVES = {"single": "", "pair": "_pairs", "pixels": "_pixels", "quad": "_quads"}


@dataclass(frozen=True)
class Drain:
    """A process that brings sums from array order to pixel order, and `statements` for every lane.

    A group of pixels leaves while the next one comes in.

    Attributes:
        shape: of the output.
        oc, px: of the array.
        lanes: of a word that leaves.
        value_bits: of a sum.
        pixels: pixels in a word that leaves.
        blocks: words that a pixel, and those beside it, come in.
        words: words that a pixel leaves in; 1 for a word of several pixels.
        banks: blocks that are read at once: block b lies in bank b mod banks. With several pixels in
            a word, all of them.
        arrangements: (bank, lane) of the first channel of a word: those that occur.
    """

    shape: tuple[int, int, int]
    oc: int
    px: int
    upsample: int
    lanes: int
    value_bits: int
    pixels: int
    blocks: int
    words: int
    banks: int
    arrangements: tuple[tuple[int, int], ...]

    @property
    def taken(self) -> int:
        """Words of a group that come in."""
        return self.upsample * self.blocks

    @property
    def given(self) -> int:
        """Words of a group that leave."""
        return self.px * self.upsample // self.pixels * self.words

    @property
    def steps(self) -> int:
        """Iterations of a group."""
        return max(self.taken, self.given)

    @property
    def groups(self) -> int:
        """Groups of a frame."""
        return self.shape[1] * math.ceil(self.shape[2] / (self.px * self.upsample))

    @property
    def side_words(self) -> int:
        """Words of a bank for each column phase of a group."""
        return math.ceil(self.blocks / self.banks)

    @property
    def partial(self) -> bool:
        """Whether the last group of a row reaches beyond it."""
        return self.shape[2] % (self.px * self.upsample) > 0

    @property
    def fills(self) -> bool:
        """Whether the last word of a pixel has lanes behind the last block."""
        return self.words * self.lanes > self.blocks * self.oc and self.pixels == 1


@dataclass(frozen=True)
class Each:
    """A process that takes words as they come, and `statements` for every lane.

    Attributes:
        shape: channels, height and width.
        words: of a pixel; 1 for words of several pixels.
        pixels: in a word.
    """

    shape: tuple[int, int, int]
    words: int
    pixels: int

    @property
    def items(self) -> int:
        """Pixels, or words of several pixels, of a frame."""
        return self.shape[1] * self.shape[2] // self.pixels


@dataclass(frozen=True)
class Norm:
    """GDN's norm: a matrix product over the channels of a pixel.

    Attributes:
        taken: words that a pixel comes in.
        in_words: blocks of inputs of the product.
        out_words: blocks of its outputs.
        square: the primitive that squares a value, where p is a square.
    """

    shape: tuple[int, int, int]
    oc: int
    ic: int
    lanes: int
    taken: int
    in_words: int
    out_words: int
    squared: bool
    norm_shift: int
    gamma: str
    beta: str
    square: str

    @property
    def held(self) -> int:
        """Channels of the pixel buffer, fill lanes included."""
        return max(self.in_words * self.ic, self.out_words * self.oc, self.taken * self.lanes)

    @property
    def product(self) -> int:
        """Steps of the matrix product."""
        return self.in_words * self.out_words

    @property
    def steps(self) -> int:
        """Iterations of a pixel."""
        return max(self.product, self.taken)

    @property
    def pixels(self) -> int:
        """Pixels of a frame."""
        return self.shape[1] * self.shape[2]


@dataclass(frozen=True)
class Repack:
    """The same channels in words of another width."""

    shape: tuple[int, int, int]
    in_words: int
    out_words: int
    steps: int

    @property
    def pixels(self) -> int:
        """Pixels of a frame."""
        return self.shape[1] * self.shape[2]


Body = Convolution | Drain | Each | Norm | Repack


@dataclass(frozen=True)
class Process:
    """One C++ function.

    Attributes:
        name: of it.
        layer: its path in the model.
        reads: names of the streams that it reads: two where it joins.
        writes: names of the streams that it writes, every word to all of them.
        input: word of the first stream that it reads.
        other: word of the second one, None where there is none.
        output: word of those that it writes.
        shape: channels, height and width of these.
        body: its loop.
        memories: its parameters.
        tables: its constants.
        statements: what it does to each lane.
        macs: of a frame.
        cycles: of a frame, as scheduled; 0 where that is not known.
    """

    name: str
    layer: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    input: Word
    other: Word | None
    output: Word
    shape: tuple[int, int, int]
    body: Body
    memories: tuple[Memory, ...]
    tables: tuple[Memory, ...]
    statements: tuple[Statement, ...]
    macs: int
    cycles: int

    @property
    def formals(self) -> tuple[tuple[Word, str], ...]:
        """The streams of its function: word and name."""
        ways = "input" if self.other is None else "input other"
        words = [word for word in (self.input, self.other) if word is not None]
        return (
            *zip(words, ways.split(), strict=True),
            *((self.output, name) for name in self.outputs),
        )

    @property
    def outputs(self) -> tuple[str, ...]:
        """What its function calls the streams that it writes."""
        return tuple(f"output_{i + 1}" if i else "output" for i in range(len(self.writes)))

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
        """Bytes of the tensor of one frame."""
        return math.prod(self.shape) * self.word.bytes

    @property
    def pixels(self) -> int:
        """Pixels side by side in a word of the stream."""
        return pixels_of_word(self.shape, self.word.lanes)

    @property
    def channels(self) -> int:
        """Channels of the pixels side by side in a word."""
        return self.pixels * self.shape[0]

    @property
    def items(self) -> int:
        """Pixels of a frame, those side by side in a word as one."""
        return self.shape[1] * self.shape[2] // self.pixels


@dataclass(frozen=True)
class Stream:
    """A FIFO of the dataflow region."""

    name: str
    word: Word
    depth: int


@dataclass(frozen=True)
class Design:
    """One dataflow region: `processes` from `source` to `sink`, each behind those that it reads.

    `streams` are in the order of what writes them, the first one that of the source, the last one that of the
    sink. An image is `stripes` frames.
    """

    name: str
    top: str
    device: str
    clock_mhz: int
    source: Port
    sink: Port
    processes: tuple[Process, ...]
    streams: tuple[Stream, ...] = field(repr=False)
    stripes: int = 1

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
    if index == 0 or not isinstance(design.processes[index].body, Repack):
        return True
    return design.processes[index].reads[0] not in design.processes[index - 1].writes
