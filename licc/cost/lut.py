# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""LUTs and flip-flops, each formula with its source; docs/cost.md compares them with synthesis.

Sources: AMD UG574 (UltraScale CLB): a LUT6 is any function of six bits, a 4:1 multiplexer, a bit of an adder
(with the carry chain), a shift register of 32 bits, or distributed RAM (`memory`). Every level of adders and
multiplexers is one pipeline stage with its registers. What is not derived is `FLAT`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from licc.cost import cycles, dsp, memory
from licc.cost.cycles import ceil_div
from licc.cost.folding import Folding
from licc.cost.geometry import ConvGeometry
from licc.cost.packing import packed, shared

if TYPE_CHECKING:
    from licc.cost.process import Process, Unit

Logic = tuple[Any, Any]

NORM_BITS, NORM_OUT_BITS = 48, 32
VALUE_BITS, POWER_BITS = 13, 26
TABLE_WORDS, TABLE_BITS = 256, 17
ROOT_FF = 450
# Counters, addresses and handshakes of a process: LUTs and flip-flops. An estimate.
FLAT = {
    "conv": (600, 700),
    "drain": (250, 300),
    "norm": (250, 300),
    "root": (150, 200),
    "elementwise": (150, 200),
}


# --------------------------------------------------------------------------------------------------
# Parts
# --------------------------------------------------------------------------------------------------
def mux(ways: Any) -> Any:
    """LUTs of one bit of a multiplexer of `ways` inputs: one up to 4:1, then 3/8 of a LUT an input.

    UG574 gives 8:1 in two LUTs and 16:1 in four with the multiplexers behind them (F7, F8); synthesis does
    not always use those: 7:1 took three, 16:1 five.
    """
    ways = np.asarray(ways)
    return np.where(ways <= 1, 0, np.where(ways <= 4, 1, ceil_div(3 * ways, 8)))


def adder_tree(count: Any, bits: Any) -> Any:
    """Bits of all adders that sum `count` numbers of `bits` bits: as many LUTs, and registers behind them.

    `count - 1` adders, of a bit more at each level.
    """
    count = np.asarray(count)
    return (count - 1) * bits + _levels(int(count.max()))[count]


def _levels(most: int) -> Any:
    """For trees of up to `most` numbers, the sum over adders of their level, from 1."""
    left, total = np.arange(most + 1), np.zeros(most + 1, dtype=np.int64)
    level = 1
    while np.any(left > 1):
        total += left // 2 * level
        left, level = ceil_div(left, 2), level + 1
    return total


def small_memory(words: Any, width: Any) -> Any:
    """LUTs of a memory where it is distributed RAM; 0 where it is block RAM."""
    return np.where(memory.in_lutram(words, width), memory.distributed(words, width), 0)


def rounding_shift(bits: int) -> Logic:
    """`rshr` of `bits` bits by up to 63: half of a unit decoded and added, then three levels of 4:1."""
    return 2 * (bits + 1) + 3 * bits, 3 * (bits + 1)


def clamp(bits: int) -> int:
    """LUTs of two comparisons with constants, two bits each, and the choice of 16 bits."""
    return bits + 16


@lru_cache(maxsize=1024)
def multiplier(a: int, b: int) -> tuple[int, int]:
    """A signed a x b product without a DSP.

    A row for each two bits of the narrower factor: the wider one by 0 to 3, two ANDs and an adder. A bit of it
    takes two LUTs, its sum and what its carry chain takes (UG574: one with both outputs, were they packed).
    Then an adder tree, where the low bits of one of two rows pass by. Registers behind each level.
    """
    wide, rows = max(a, b), ceil_div(min(a, b), 2)
    above = 2  # bits of a row beyond the wider factor
    luts, ffs = 2 * rows * (wide + above), a + b + rows * (wide + above)
    while rows > 1:
        luts += rows // 2 * (wide + above)
        rows, above = ceil_div(rows, 2), 2 * above
        ffs += rows * min(wide + above, a + b)
    return luts, ffs


def multipliers(products: dsp.Products) -> Logic:
    """Several products without DSPs."""
    found = [multiplier(a, b) for a, b in products]
    return sum(luts for luts, _ in found), sum(ffs for _, ffs in found)


# --------------------------------------------------------------------------------------------------
# Convolutions
# --------------------------------------------------------------------------------------------------
def conv(process: Process, folding: Folding, intake: Any) -> Logic:
    """Line buffer, window, MAC array, parameters, and the memory from which the sums are drained."""
    geometry = process.geometry
    assert geometry is not None
    blocks = ceil_div(geometry.output[0], folding.oc)
    lanes = folding.oc * folding.taps
    parameters = small_memory(
        memory.weight_words(geometry, folding), lanes * process.weight_bits
    ) + small_memory(blocks, folding.oc * 32)
    parts: tuple[Logic, ...] = (
        line_buffer(process, geometry, folding, intake),
        window(process, geometry, folding, intake),
        mac_array(process, folding),
        reorder(process, geometry, folding),
        (parameters, 0),
        FLAT["conv"],
    )
    return sum(luts for luts, _ in parts), sum(ffs for _, ffs in parts)


def line_buffer(process: Process, geometry: ConvGeometry, folding: Folding, intake: Any) -> Logic:
    """Distributed RAM where a bank is that small; a register in which narrow words gather; write enables."""
    lines, columns, depth = memory.banks(geometry, folding, process.rows, intake)
    width = folding.ic * process.in_bits
    gathered = np.where(intake < folding.ic, width, 0)
    return lines * columns * (small_memory(depth, width) + 4), lines * columns * 4 + gathered


def start_banks(geometry: ConvGeometry, folding: Folding, intake: Any) -> Any:
    """How many banks a window can start at: the ways of the multiplexers behind the line buffer.

    Residues of `group * px * stride + first tap column + tap block * kw` modulo the banks.
    """
    columns = memory.banks(geometry, folding, 1, intake)[1]
    advance = folding.px * geometry.stride
    shape = np.broadcast_shapes(np.shape(columns), np.shape(advance), np.shape(folding.kw))
    # One number for each case, of three below 2^20.
    keys = np.asarray((columns * 2**20 + advance) * 2**20 + folding.kw, dtype=np.int64)
    cases, where = np.unique(np.broadcast_to(keys, shape).reshape(-1), return_inverse=True)
    counts = [_starts(geometry, k >> 40, k >> 20 & 0xFFFFF, k & 0xFFFFF) for k in cases.tolist()]
    return np.array(counts)[where.reshape(-1)].reshape(shape)


def _starts(geometry: ConvGeometry, columns: int, advance: int, kw: int) -> int:
    return len(
        {
            (left + taps.first + block * kw) % columns
            for taps in geometry.columns
            for block in range(ceil_div(taps.count, kw))
            for left in range(0, columns, advance)
        }
    )


def window(process: Process, geometry: ConvGeometry, folding: Folding, intake: Any) -> Logic:
    """Rows, then columns, then zeros outside of the input: three stages and their registers.

    A multiplexer over the row banks if rows are read together, one over the banks that windows start at,
    and a LUT to mask a bit.
    """
    lines, columns, _ = memory.banks(geometry, folding, process.rows, intake)
    value = folding.ic * process.in_bits
    picked = folding.kh * columns * value
    taps = folding.kh * ((folding.px - 1) * geometry.stride + folding.kw) * value
    luts = picked * mux(lines) + taps * (mux(start_banks(geometry, folding, intake)) + 1)
    return luts, lines * columns * value + np.where(lines > 1, picked, 0) + 2 * taps


def mac_array(process: Process, folding: Folding) -> Logic:
    """Operands that wait, the adder trees over lanes, and the accumulators.

    Products are summed inside the DSPs: in cascades as long as the lanes allow where they are packed, else
    all of an output. The sum of a cascade is split into lanes, as wide as such a sum; nothing is borrowed, so
    that these are wires. Every accumulator has a tree over its lanes and an adder of its proven bits, another
    for the bias. In a cascade each slice works a cycle after the one before; what its own registers (two) do not cover
    waits in shift registers, two bits a LUT as they are at most 16 deep.
    """
    products = shared(*process.factors, folding.oc, folding.px)
    slices = folding.oc * folding.px // products
    cascades, lane = lanes_of(process, folding, products)
    trees = adder_tree(cascades, lane)
    sums = slices * products * (trees + 2 * process.acc_bits)
    late = np.maximum(folding.taps - 2 * cascades, 0)
    # Two weights share a slice's activation, two activations its weight.
    own = np.where(products == 1, 1, 2) * process.weight_bits
    waiting = late * (slices * own + folding.px * process.in_bits)
    fetched = folding.oc * folding.taps * process.weight_bits
    return sums + ceil_div(waiting, 2), sums + waiting + fetched


def lanes_of(process: Process, folding: Folding, products: Any) -> tuple[Any, Any]:
    """Cascades of an output, and bits of the lanes that their sums are split into.

    Lanes are as wide as the longest of the cascades, of nearly equal length, needs.
    """
    weight, value = process.factors
    longest = np.where(products == 1, folding.taps, _longest(weight, value, folding, products))
    cascades = ceil_div(folding.taps, longest)
    length = ceil_div(folding.taps, cascades)
    # frexp gives the bits of a float's integer part; these are far below 2^53.
    return cascades, np.frexp(np.asarray(length * weight * value, dtype=np.float64))[1] + 1


def _longest(weight: int, value: int, folding: Folding, products: Any) -> Any:
    """Products of the longest cascade where two or four share a slice."""
    even_oc, even_px = folding.oc % 2 == 0, folding.px % 2 == 0
    pair = packed("pair", weight, value).cascade * even_oc
    pixels = packed("pixels", weight, value).cascade * even_px
    square = packed("quad", weight, value).cascade
    four = np.where(even_oc & even_px, square, packed("quad", weight, value, fours=True).cascade)
    return np.maximum(np.where(products == 4, four, np.maximum(pair, pixels)), 1)


def reorder(process: Process, geometry: ConvGeometry, folding: Folding) -> Logic:
    """Two groups of sums in distributed RAM, of their proven bits, and what picks the lanes that leave.

    However many lanes leave together, picking them out of n takes about n / 3 LUTs a bit: a 4:1 multiplexer
    brings three more into the choice. It is part of the drain, and counted here, where n is known.
    """
    lanes = folding.px * folding.oc
    width = lanes * process.acc_bits
    words = 2 * geometry.upsample * ceil_div(geometry.output[0], folding.oc)
    return memory.distributed(words, width) + np.where(lanes > 1, ceil_div(width, 3), 0), width


# --------------------------------------------------------------------------------------------------
# GDN
# --------------------------------------------------------------------------------------------------
def norm(process: Process, folding: Folding, intake: Any) -> Logic:
    """Two pixels of values and of powers in registers, MACs, accumulators, a shift by a constant.

    The products of a step are summed in a cascade of DSPs; of each output only the accumulator of 48 bits,
    the rounding and the maximum are in LUTs.
    """
    channels = process.input[0]
    blocks, words = ceil_div(channels, folding.oc), ceil_div(channels, folding.ic)
    power = POWER_BITS if process.form == "rsqrt" else VALUE_BITS
    reads = folding.ic * power * mux(2 * words) + folding.oc * VALUE_BITS * mux(2 * blocks)
    magnitudes = 0 if process.form == "rsqrt" else intake * VALUE_BITS
    late = np.maximum(folding.ic - 2, 0) * (folding.oc * memory.GAMMA_BITS + power)
    gammas = small_memory(blocks * words, folding.oc * folding.ic * memory.GAMMA_BITS)
    betas = small_memory(blocks, folding.oc * NORM_BITS)
    each = norm_output()
    luts = reads + magnitudes + ceil_div(late, 2) + gammas + betas
    ffs = (
        2 * channels * (VALUE_BITS + power)
        + folding.ic * (power + folding.oc * memory.GAMMA_BITS)
        + late
    )
    return (
        luts + folding.oc * each[0] + FLAT["norm"][0],
        ffs + folding.oc * (VALUE_BITS + each[1]) + FLAT["norm"][1],
    )


def norm_output() -> Logic:
    """What each output of a norm has: its accumulator, its rounding by a constant, its maximum with one."""
    return NORM_BITS + NORM_OUT_BITS + 16, 2 * NORM_BITS + NORM_OUT_BITS


def root(lanes: Any, form: str, inverse: bool) -> Logic:
    """A root unit: leading bit, alignment, a table in logic, roundings, the last shift.

    The leading one of 31 bits takes about 40 LUTs; an alignment of 32 bits by even places two levels of 4:1;
    256 words take five LUTs a bit; three roundings and the adder between the two DSPs of a product 20 each.
    """
    newton = 0 if form != "rsqrt" and inverse else 5 * TABLE_BITS + 3 * 20
    shift = rounding_shift(50)
    return lanes * (40 + 2 * 32 + 20 + newton + shift[0] + clamp(50)), lanes * (ROOT_FF + shift[1])


# --------------------------------------------------------------------------------------------------
# Units of single values
# --------------------------------------------------------------------------------------------------
def unit(kind: str, lanes: Any, bits: int) -> Logic:
    """An elementwise unit on values of `bits` bits; `bits` + 18 is a product of theirs by a multiplier."""
    product = bits + 18
    widths = {"requantizer": product, "leaky_relu": product, "add": 52, "join": product + 1}
    wide = {**widths, "round": bits}.get(kind, 0)
    if not wide:  # a ReLU, an absolute value
        return lanes * (bits + clamp(bits)), lanes * 2 * bits
    luts, ffs = rounding_shift(wide)
    more = {"leaky_relu": 32, "add": 52, "join": product + 1}.get(kind, 0)
    return lanes * (luts + clamp(wide) + more), lanes * (ffs + wide + 16)


def lanes(process: Process, count: Any) -> Logic:
    """A drain, a root or elementwise units of `count` lanes."""
    words = cycles.words(1, process.output[0], count)
    luts, ffs = FLAT[process.kind]
    luts, ffs = luts + count * 0, ffs + count * (sum(process.lane_bits) + process.out_bits)
    for each in process.units:
        more = unit(each.kind, count, each.bits)
        luts, ffs = luts + more[0] + _parameters(each, words, count), ffs + more[1]
    if process.kind == "root":
        more = root(count, process.form, process.inverse)
        luts = luts + more[0] + small_memory(words, count * 17) + small_memory(words, count * 6)
        ffs = ffs + more[1]
    return luts, ffs


def _parameters(each: Unit, words: Any, count: Any) -> Any:
    bits = {"requantizer": (17, 6), "add": (32,)}.get(each.kind, ())
    return sum((small_memory(words, count * b) for b in bits), words * 0)
