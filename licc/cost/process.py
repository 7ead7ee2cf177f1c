# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The cost of one process of the dataflow region, as a function of its folding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from licc.cost import cycles, dsp, memory
from licc.cost.cycles import ceil_div
from licc.cost.geometry import ConvGeometry, Shape

Kind = Literal["conv", "norm", "root", "elementwise"]

LEAST_FIFO = 16
MULTIPLIER_BITS, SHIFT_BITS, BIAS_BITS, BETA_BITS = 17, 6, 32, 48


@dataclass(frozen=True)
class Unit:
    """An elementwise unit of a process: its kind and the bits of the value that it takes.

    Kinds: requantizer, relu, leaky_relu, abs, add, round.
    """

    kind: str
    bits: int


@dataclass(frozen=True)
class Process:
    """What is known of a process before it is folded.

    Attributes:
        kind: a convolution, the norm or the root of a GDN, or elementwise units alone.
        name: of the function that will be printed.
        layer: its path in the model.
        input: channels, height and width that it reads.
        output: likewise what it writes; channels of pairs count once.
        in_bits: of a lane of the stream that it reads.
        out_bits: of a lane of the stream that it writes.
        acc_bits: of its accumulators (0 where there are none).
        units: what follows its array or its root.
        geometry: of a convolution.
        rows: of a convolution's line buffer.
        form: of a GDN.
        inverse: of a GDN.
        from_port: whether it reads the input port of its design.
    """

    kind: Kind
    name: str
    layer: str
    input: Shape
    output: Shape
    in_bits: int
    out_bits: int
    acc_bits: int = 0
    units: tuple[Unit, ...] = ()
    geometry: ConvGeometry | None = None
    rows: int = 0
    form: str = ""
    inverse: bool = False
    from_port: bool = False

    @property
    def pixels(self) -> int:
        """Pixels of its output."""
        return self.output[1] * self.output[2]

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one frame."""
        if self.geometry is not None:
            return self.geometry.macs
        return self.pixels * self.input[0] ** 2 if self.kind == "norm" else 0


@dataclass(frozen=True)
class Cost:
    """Numbers, or arrays over foldings.

    Attributes:
        cycles: for one frame.
        dsp: DSP slices.
        bram18: of its memories and of the FIFO that it reads.
        fifo_depth: of the FIFO that it reads.
        fifo_bram18: the part of `bram18` that is the FIFO.
    """

    cycles: Any
    dsp: Any
    bram18: Any
    fifo_depth: Any
    fifo_bram18: Any


def pairs(process: Process, oc: Any) -> Any:
    """Whether two multiplications share a DSP: 8-bit activations and an even number of outputs."""
    return (process.in_bits == 8) & (oc % 2 == 0)


def cost(process: Process, oc: Any, ic: Any, kh: Any = 1, kw: Any = 1) -> Cost:
    """Cycles and resources of `process` with this folding.

    Roots and elementwise processes read and write `oc` lanes; the others are ignored there.
    """
    if process.kind == "conv":
        return _conv(process, oc, ic, kh, kw)
    if process.kind == "norm":
        return _norm(process, oc, ic)
    return _lanes(process, oc)


def _conv(process: Process, oc: Any, ic: Any, kh: Any, kw: Any) -> Cost:
    geometry = process.geometry
    assert geometry is not None
    blocks = ceil_div(geometry.output[0], oc)
    words = blocks * sum(cycles.steps(geometry, ic, kh, kw))
    depth = _conv_fifo(process, geometry, oc, ic, kh, kw)
    fifo = memory.fifo_bram18(depth, ic * process.in_bits)
    bram = (
        memory.line_buffer(geometry, process.rows, process.in_bits, ic, kw)
        + memory.weights(words, oc * ic * kh * kw)
        + memory.per_channel(blocks, oc, BIAS_BITS)
        + _unit_memories(process, blocks, oc)
        + fifo
    )
    array = dsp.mac_array(oc, ic, kh, kw, pairs(process, oc))
    return Cost(
        cycles.conv(geometry, oc, ic, kh, kw), array + _unit_dsps(process, oc), bram, depth, fifo
    )


def _conv_fifo(process: Process, geometry: ConvGeometry, oc: Any, ic: Any, kh: Any, kw: Any) -> Any:
    """Depth that keeps a line buffer from waiting.

    The words of a row are read in one burst, one a cycle, then none until the next. A producer that
    makes them evenly over `total` cycles has made read * read / total of them during the burst; the
    rest has to lie ready.

    The emitted loop spreads its reads over the row since then, so this is more than a steady row needs;
    what is left over covers rows that read nothing and the start of a frame.
    """
    read, total = cycles.conv_row_profile(geometry, oc, ic, kh, kw)
    depth = np.maximum(ceil_div(read * (total - read), total), LEAST_FIFO)
    one_beat = ic * process.in_bits <= 8 * cycles.BEAT_BYTES
    # A port that delivers a word each cycle never lets its reader wait.
    return np.where(one_beat, LEAST_FIFO, depth) if process.from_port else depth


def _norm(process: Process, oc: Any, ic: Any) -> Cost:
    channels = process.input[0]
    blocks, words = ceil_div(channels, oc), ceil_div(channels, ic)
    depth = np.maximum(words, LEAST_FIFO)
    fifo = memory.fifo_bram18(depth, ic * process.in_bits)
    bram = memory.gamma(blocks * words, oc * ic) + memory.per_channel(blocks, oc, BETA_BITS) + fifo
    return Cost(
        cycles.gdn_norm(process.pixels, channels, oc, ic),
        dsp.gdn_norm(oc, ic, process.form),
        bram,
        depth,
        fifo,
    )


def _lanes(process: Process, lanes: Any) -> Cost:
    channels = process.input[0]
    words = ceil_div(channels, lanes)
    spent, bram = _unit_dsps(process, lanes), _unit_memories(process, words, lanes)
    if process.kind == "root":
        spent = spent + dsp.gdn_root(lanes, process.form, process.inverse)
        bram = bram + memory.table(lanes) + _scaling_memories(words, lanes)
    depth = np.full_like(np.asarray(lanes), LEAST_FIFO)
    return Cost(cycles.elementwise(process.pixels, channels, lanes), spent, bram, depth, depth * 0)


def _unit_dsps(process: Process, lanes: Any) -> Any:
    total = lanes * 0
    for unit in process.units:
        if unit.kind == "requantizer":
            total = total + dsp.requantizer(lanes, unit.bits)
        elif unit.kind == "leaky_relu":
            total = total + dsp.leaky_relu(lanes, unit.bits)
        elif unit.kind == "add":
            total = total + dsp.add(lanes, unit.bits)
    return total


def _unit_memories(process: Process, blocks: Any, lanes: Any) -> Any:
    total = lanes * 0
    for unit in process.units:
        if unit.kind == "requantizer":
            total = total + _scaling_memories(blocks, lanes)
        elif unit.kind == "add":
            total = total + memory.per_channel(blocks, lanes, BIAS_BITS)
    return total


def _scaling_memories(blocks: Any, lanes: Any) -> Any:
    return memory.per_channel(blocks, lanes, MULTIPLIER_BITS) + memory.per_channel(
        blocks, lanes, SHIFT_BITS
    )
