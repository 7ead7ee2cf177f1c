# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The cost of one process of the dataflow region, as a function of its folding."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from licc.cost import cycles, dsp, lut, memory
from licc.cost.cycles import ceil_div
from licc.cost.folding import Folding
from licc.cost.geometry import ConvGeometry, Shape
from licc.cost.packing import Packing, choice

Kind = Literal["conv", "drain", "norm", "root", "elementwise"]

__all__ = ["Cost", "Folding", "Kind", "Process", "Unit", "auxiliary", "cost", "packing"]

# Words of any FIFO at least, and of those in front of a repack and of an output port.
LEAST_FIFO = 16
MULTIPLIER_BITS, SHIFT_BITS, BIAS_BITS, BETA_BITS = 17, 6, 32, 48


@dataclass(frozen=True)
class Unit:
    """An elementwise unit of a process: its kind and the bits of the value that it takes.

    Kinds: requantizer, relu, leaky_relu, abs, add (of a constant), join (of two streams, the wider one's bits),
    round.
    """

    kind: str
    bits: int


@dataclass(frozen=True)
class Process:
    """What is known of a process before it is folded.

    Attributes:
        kind: the MAC array of a convolution, what drains its sums, the norm or the root of a GDN, or
            elementwise units alone.
        name: of the function that will be printed.
        layer: its path in the model.
        input: channels, height and width that it reads.
        output: likewise what it writes; channels of pairs count once.
        in_bits: of a lane of the stream that it reads.
        out_bits: of a lane of the stream that it writes.
        acc_bits: of its accumulators (0 where there are none).
        units: what follows its array or its root.
        geometry: of a convolution, or of the convolution that it drains.
        rows: of a convolution's line buffer.
        form: of a GDN.
        inverse: of a GDN.
        weight_bits: of a convolution.
        value_bits: signed bits that the values of its input need: 9 for u8. 0 stands for `in_bits`.
        most_weight: the greatest magnitude of a weight; 0 stands for what is symmetric in `weight_bits`.
        most_value: of what a convolution reads; 0 stands for what `value_bits` hold.
        other_bits: of a process that joins two streams: of a lane of the second one, whose shape and words are
            those of the first; else 0.
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
    weight_bits: int = 8
    value_bits: int = 0
    most_weight: int = 0
    most_value: int = 0
    other_bits: int = 0

    @property
    def pixels(self) -> int:
        """Pixels of its output."""
        return self.output[1] * self.output[2]

    @property
    def lane_bits(self) -> tuple[int, ...]:
        """Of a lane of each stream that it reads."""
        return (self.in_bits, self.other_bits) if self.other_bits else (self.in_bits,)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one frame."""
        if self.kind == "conv" and self.geometry is not None:
            return self.geometry.macs
        return self.pixels * self.input[0] ** 2 if self.kind == "norm" else 0

    @property
    def significant_bits(self) -> int:
        """Signed bits that the values of its input need."""
        return self.value_bits or self.in_bits

    @property
    def factors(self) -> tuple[int, int]:
        """The greatest magnitudes of a convolution's weights and activations: how they share DSPs."""
        weight = self.most_weight or (1 << (self.weight_bits - 1)) - 1
        return weight, self.most_value or 1 << (self.significant_bits - 1)


@dataclass(frozen=True)
class Cost:
    """Numbers, or arrays over foldings, without FIFOs and repacks.

    Attributes:
        cycles: for one frame.
        dsp: DSP slices.
        bram18: of its memories.
        lut: LUTs, those used as memory included.
        ff: flip-flops.
        uram: UltraRAMs.
    """

    cycles: Any
    dsp: Any
    bram18: Any
    lut: Any
    ff: Any
    uram: Any = 0


def packing(process: Process, folding: Folding) -> Packing:
    """How the products of a convolution share DSPs (see `packing.choice`)."""
    return choice(*process.factors, folding.oc, folding.px)


def auxiliary(process: Process) -> dsp.Products:
    """Widths of the products of each lane that are not the MACs of an array; of a norm, each lane that it reads.

    DSPs multiply them, or LUTs.
    """
    if process.kind == "norm":
        return dsp.square_products(process.form)
    units = [dsp.unit_products(unit.kind, unit.bits) for unit in process.units]
    if process.kind == "root":
        units.append(dsp.root_products(process.form, process.inverse))
    return tuple(product for products in units for product in products)


def cost(
    process: Process,
    folding: Folding,
    intake: Any = None,
    array: Folding | None = None,
    *,
    uram: bool = False,
    fabric: bool = False,
) -> Cost:
    """Cycles and resources of `process`; all members of `folding`, and `intake`, may be arrays.

    Args:
        process: what is folded.
        folding: of a drain, a root and elementwise units, `oc` is their lanes.
        intake: lanes of the words that it reads; `folding.ic` if not given. Only a conv and a norm care.
        array: for a drain: the folding of the array in front, for its cycles. Without it, the least that
            any drain of so many lanes takes.
        uram: whether the part has UltraRAM, and large memories may go there.
        fabric: whether LUTs do its auxiliary products instead of DSPs.
    """
    intake = folding.ic if intake is None else intake
    if process.kind == "conv":
        return _conv(process, folding, intake, uram)
    if process.kind == "norm":
        found, lanes = _norm(process, folding, intake), intake
    else:
        found, lanes = _lanes(process, folding.oc, array), folding.oc
    return _with_products(found, auxiliary(process), lanes, fabric)


def _with_products(found: Cost, products: dsp.Products, lanes: Any, fabric: bool) -> Cost:
    """With those products in each of `lanes` lanes."""
    if not fabric:
        return replace(found, dsp=found.dsp + lanes * dsp.slices(products))
    luts, ffs = lut.multipliers(products)
    return replace(found, lut=found.lut + lanes * luts, ff=found.ff + lanes * ffs)


def _conv(process: Process, folding: Folding, intake: Any, has_uram: bool) -> Cost:
    geometry = process.geometry
    assert geometry is not None
    lines, columns, depth = memory.banks(geometry, folding, process.rows, intake)
    line, line_uram = memory.large(depth, folding.ic * process.in_bits, has_uram)
    weight, weight_uram = memory.large(
        memory.weight_words(geometry, folding),
        folding.oc * folding.taps * process.weight_bits,
        has_uram,
    )
    bias = memory.per_channel(ceil_div(geometry.output[0], folding.oc), folding.oc, BIAS_BITS)
    luts, ffs = lut.conv(process, folding, intake)
    return Cost(
        cycles.conv(geometry, folding, intake),
        dsp.mac_array(folding, *process.factors),
        lines * columns * line + weight + bias,
        luts,
        ffs,
        lines * columns * line_uram + weight_uram,
    )


def _norm(process: Process, folding: Folding, intake: Any) -> Cost:
    channels = process.input[0]
    blocks, words = ceil_div(channels, folding.oc), ceil_div(channels, folding.ic)
    luts, ffs = lut.norm(process, folding, intake)
    return Cost(
        cycles.gdn_norm(process.pixels, channels, folding, intake),
        dsp.norm_array(folding),
        memory.gamma(blocks * words, folding.oc * folding.ic)
        + memory.per_channel(blocks, folding.oc, BETA_BITS),
        luts,
        ffs,
    )


def _lanes(process: Process, lanes: Any, array: Folding | None) -> Cost:
    channels = process.output[0]
    words = cycles.words(1, channels, lanes)
    bram = lanes * 0
    for unit in process.units:
        bram = bram + _unit_memories(unit, words, lanes)
    if process.kind == "root":
        bram = bram + _scaling_memories(words, lanes)
    luts, ffs = lut.lanes(process, lanes)
    return Cost(_lane_cycles(process, lanes, array), lanes * 0, bram, luts, ffs)


def _lane_cycles(process: Process, lanes: Any, array: Folding | None) -> Any:
    least = cycles.elementwise(process.pixels, process.output[0], lanes)
    if process.kind != "drain" or array is None:
        return least
    assert process.geometry is not None
    return cycles.drain(process.geometry, array, lanes)


def _unit_memories(unit: Unit, words: Any, lanes: Any) -> Any:
    if unit.kind == "requantizer":
        return _scaling_memories(words, lanes)
    return memory.per_channel(words, lanes, BIAS_BITS) if unit.kind == "add" else words * 0


def _scaling_memories(words: Any, lanes: Any) -> Any:
    return memory.per_channel(words, lanes, MULTIPLIER_BITS) + memory.per_channel(
        words, lanes, SHIFT_BITS
    )
