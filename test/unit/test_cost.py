# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The formulas of licc/cost against counts made by hand, and against loops that are walked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from licc.cost import cycles, ddr, dsp, lut, memory, streams
from licc.cost.folding import Folding
from licc.cost.geometry import ConvGeometry, Taps
from licc.cost.packing import Lanes, packed
from licc.cost.process import Process, Unit, auxiliary, cost, packing
from licc.errors import UserError
from licc.target import device

G_A_0 = ConvGeometry.conv((3, 720, 1280), (64, 360, 640), (5, 5), 2, (2, 2))
G_S_6 = ConvGeometry.subpixel((64, 360, 640), (3, 720, 1280), (5, 5), 2, (2, 2))


def test_geometry_of_a_strided_convolution() -> None:
    assert G_A_0.rows == (Taps(-2, 5),)
    assert (G_A_0.span, G_A_0.least_rows) == (5, 7)
    # 75 multiplications for each of 64 x 360 x 640 outputs.
    assert G_A_0.macs == 75 * 64 * 360 * 640
    # Rows 0 to 2 (two of the five are padding), then two rows for each output row; the last but one needs one
    # row that is left, and during the last one the first three of the next frame come in.
    assert G_A_0.first_fill == 3
    assert G_A_0.row_kinds == ((0, 2, 358), (0, 1, 1), (0, 3, 1))
    assert sum(G_A_0.fills) == 720
    assert G_A_0.positions == 640


def test_geometry_of_subpixel_phases() -> None:
    # A 5x5 kernel of stride 2: 9, 6, 6 and 4 taps, and no tap of an inserted zero.
    assert [r.count * c.count for _, _, r, c in G_S_6.phases()] == [9, 6, 6, 4]
    assert G_S_6.rows == (Taps(-1, 3), Taps(0, 2))
    assert G_S_6.weight_rows == ((4, 2, 0), (3, 1))
    assert G_S_6.macs == 25 * 64 * 3 * 360 * 640
    assert G_S_6.least_rows == 4
    assert G_S_6.positions == 640
    # The first phase reads nothing, the second what the next input row's outputs need.
    assert G_S_6.fills[:4] == (0, 1, 0, 1)


def conv(geometry: ConvGeometry, **more: int) -> Process:
    given = {"in_bits": 8, "out_bits": 32, "acc_bits": 24, "rows": geometry.least_rows, **more}
    return Process("conv", "p", "l", geometry.input, geometry.output, geometry=geometry, **given)


# --------------------------------------------------------------------------------------------------
# Cycles
# --------------------------------------------------------------------------------------------------
def test_cycles_of_a_convolution_by_hand() -> None:
    # 25 steps a block, 2 blocks of 32 outputs, 640 pixels a row: rows of 32000. Three pixels come in beside.
    assert cycles.conv(G_A_0, Folding(32, 3), 3) == 360 * 32000
    # All in one cycle: reading is slower than computing. 2 x 1280 words a row, in the last but one 1280, in the
    # last one 3 x 1280.
    assert cycles.conv(G_A_0, Folding(64, 3, 5, 5), 3) == 720 * 1280
    # Eight pixels in a word: now computing is slower, but for the row in which nothing is left to read.
    assert cycles.conv(G_A_0, Folding(64, 3, 5, 5), 24) == 360 * 640
    # Two positions at once, three: 640 / 3 is rounded up.
    assert cycles.conv(G_A_0, Folding(64, 3, 5, 5, 2), 24) == 358 * 320 + 320 + 3 * 160
    assert cycles.conv(G_A_0, Folding(64, 3, 5, 1, 3), 24) == 360 * 214 * 5
    # A narrow intake: three words a pixel.
    assert cycles.conv(G_A_0, Folding(64, 3, 5, 5), 1) == 720 * 1280 * 3


def test_cycles_of_a_transposed_convolution_by_hand() -> None:
    # Rows of 6 + 4 groups of taps (3 x 3 and 3 x 2 taps in one cycle, 2 x 3 and 2 x 2): four cycles a position.
    assert cycles.conv(G_S_6, Folding(3, 64, 3, 3), 64) == 720 * 640 * 2
    # One tap at a time: 15 steps a position in even rows, 10 in odd ones.
    assert cycles.conv(G_S_6, Folding(3, 64), 64) == 360 * 640 * 25
    # ... and inputs in words of one channel: 64 x 640 words in each odd row, instead of 6400 steps. The last but
    # one odd row has nothing left to read, the last one two rows of the next frame.
    assert cycles.conv(G_S_6, Folding(3, 64), 1) == 360 * (9600 + 64 * 640) + 6400


def test_cycles_of_a_drain_by_hand() -> None:
    # Groups of two positions: two pixels of 64 channels in words of 16 are eight words; blocks of 16, four words.
    assert cycles.drain(G_A_0, Folding(16, 3, px=2), 16) == 360 * 320 * 8
    # As many words in as out; three positions: 214 groups.
    assert cycles.drain(G_A_0, Folding(16, 3), 16) == 360 * 640 * 4
    assert cycles.drain(G_A_0, Folding(16, 3, px=3), 64) == 360 * 214 * 4
    # Column phases: two words of sums come in, two pixels of three channels leave as one word.
    assert cycles.drain(G_S_6, Folding(3, 64), 6) == 720 * 640 * 2
    assert cycles.drain(G_S_6, Folding(3, 64, px=4), 24) == 720 * 160 * 2


def test_cycles_of_the_rest_by_hand() -> None:
    assert cycles.gdn_norm(100, 64, Folding(16, 8), 16) == 100 * 32
    assert cycles.gdn_norm(100, 64, Folding(64, 64), 16) == 100 * 4  # the words of a pixel
    assert cycles.elementwise(100, 64, 24) == 100 * 3
    assert cycles.elementwise(100, 3, 12) == 25  # four pixels a word


def test_repack_cycles() -> None:
    assert cycles.repack(10, 8, 8, 8) == 10
    assert cycles.repack(10, 64, 6, 64) == 10 * 11
    assert cycles.repack(10, 64, 16, 4) == 10 * 16


def test_ports() -> None:
    assert cycles.port(100, 3, 3, 8) == 100  # three bytes in a beat
    assert cycles.port(100, 192, 16, 16) == 100 * 12 * 4  # four beats a word
    assert cycles.port(128, 3, 24, 8) == 16 * 3  # eight pixels in three beats


@st.composite
def geometries(draw: st.DrawFn) -> ConvGeometry:
    channels, outputs = draw(st.integers(1, 6)), draw(st.integers(1, 7))
    height, width = draw(st.integers(3, 12)), draw(st.integers(3, 12))
    kernel = (draw(st.integers(1, 5)), draw(st.integers(1, 5)))
    padding = (draw(st.integers(0, kernel[0] // 2)), draw(st.integers(0, kernel[1] // 2)))
    stride = draw(st.integers(1, 3))
    if draw(st.booleans()):
        kernel = (max(kernel[0], stride), max(kernel[1], stride))
        size = [
            (e - 1) * stride - 2 * p + k
            for e, k, p in zip((height, width), kernel, padding, strict=True)
        ]
        shape = (outputs, max(size[0], 1), max(size[1], 1))
        return ConvGeometry.subpixel((channels, height, width), shape, kernel, stride, padding)
    size = [
        (e + 2 * p - k) // stride + 1
        for e, k, p in zip((height, width), kernel, padding, strict=True)
    ]
    shape = (outputs, max(size[0], 1), max(size[1], 1))
    return ConvGeometry.conv((channels, height, width), shape, kernel, stride, padding)


def walked(geometry: ConvGeometry, folding: Folding, intake: int) -> int:
    """Cycles of the third of three frames, row by row and group by group."""
    there, total = geometry.first_fill, 0
    channels, height, width = geometry.input
    together = max(intake // channels, 1)
    for frame in range(3):
        total = 0
        for row in range(geometry.output[1]):
            last = row + 1 == geometry.output[1]
            wanted = height + geometry.rows_wanted(0) if last else geometry.rows_wanted(row + 1)
            wanted += frame * height
            words = -(-max(wanted - there, 0) * width // together) * -(
                -channels // min(intake, channels)
            )
            there = max(there, wanted)
            steps = 0
            for _ in range(0, geometry.positions, folding.px):
                for column in geometry.columns:
                    taps = geometry.rows[row % geometry.upsample]
                    steps += (
                        -(-taps.count // folding.kh) * -(-column.count // folding.kw)
                        * -(-channels // folding.ic) * -(-geometry.output[0] // folding.oc)
                    )  # fmt: skip
            total += max(steps, words)
    return total


@settings(max_examples=200, deadline=None)
@given(geometries(), st.data())
def test_cycles_are_those_of_walking(geometry: ConvGeometry, data: st.DataObject) -> None:
    channels = geometry.input[0]
    ic = data.draw(st.integers(1, channels))
    widths = [d for d in range(1, ic + 1) if ic % d == 0]
    if ic == channels:
        widths += [k * ic for k in (2, 3) if geometry.input[2] % k == 0]
    intake = data.draw(st.sampled_from(widths))
    folding = Folding(
        data.draw(st.integers(1, geometry.output[0] + 1)),
        ic,
        *(data.draw(st.integers(1, 5)) for _ in range(3)),
    )
    found = cost(conv(geometry), folding, intake)
    assert int(found.cycles) == walked(geometry, folding, intake)


@settings(max_examples=100, deadline=None)
@given(geometries())
def test_no_row_of_a_line_buffer_is_overwritten_while_it_is_read(geometry: ConvGeometry) -> None:
    height, there = geometry.input[1], geometry.first_fill
    for row in range(2 * geometry.output[1]):
        frame, row_of_frame = divmod(row, geometry.output[1])
        base, phase = divmod(row_of_frame, geometry.upsample)
        there += geometry.fills[row_of_frame]
        top = max(base * geometry.stride + geometry.rows[phase].first, 0)
        assert there - (frame * height + min(top, height)) <= geometry.least_rows


# --------------------------------------------------------------------------------------------------
# DSPs
# --------------------------------------------------------------------------------------------------
def test_dsps_by_hand() -> None:
    assert dsp.mac_array(Folding(32, 3, 5, 5), 127, 128) == 16 * 75
    assert dsp.mac_array(Folding(3, 8), 127, 128) == 24
    assert dsp.mac_array(Folding(3, 8, px=2), 127, 128) == 24  # two positions share
    assert dsp.mac_array(Folding(3, 8, px=3), 127, 128) == 72
    assert dsp.mac_array(Folding(32, 8), 127, 511) == 128  # symbols
    assert dsp.mac_array(Folding(32, 8), 127, 2065) == 256
    assert dsp.mac_array(Folding(4, 8, px=3), 7, 8) == 24  # four outputs share
    assert dsp.mac_array(Folding(2, 8, px=2), 7, 8) == 8  # two by two
    assert dsp.mac_array(Folding(2, 8, px=2), 32767, 32768) == 32  # one a slice
    # The squares are taken as the words come in.
    assert dsp.gdn_norm(Folding(8, 4), 2, "rsqrt") == 32 + 2
    assert dsp.gdn_norm(Folding(8, 4), 2, "gdn1") == 32
    # Table squared 1, by the mantissa 1, Newton 1, times x 1, times the multiplier 2.
    assert dsp.gdn_root(3, "rsqrt", inverse=False) == 3 * 6
    assert dsp.gdn_root(1, "rsqrt", inverse=True) == 7
    assert dsp.gdn_root(1, "gdn1", inverse=False) == 5
    assert dsp.gdn_root(1, "gdn1", inverse=True) == 3
    assert dsp.unit("requantizer", 4, 27) == 4
    assert dsp.unit("requantizer", 4, 28) == 8
    assert dsp.unit("add", 4, 27) == 4 * 3
    assert dsp.unit("relu", 4, 27) == 0


@pytest.mark.parametrize(
    ("bits", "weight_bits", "oc", "px", "expected"),
    [
        (8, 8, 4, 1, "pair"),
        (8, 8, 4, 2, "pair"),
        (8, 8, 3, 2, "pixels"),
        (8, 8, 3, 1, "single"),
        (10, 8, 2, 1, "pair"),
        (12, 8, 2, 2, "pair"),
        (12, 8, 1, 2, "single"),
        (13, 8, 2, 2, "single"),
        (10, 9, 2, 2, "pair"),
        (8, 10, 2, 1, "pair"),
        (8, 10, 2, 2, "pixels"),
        (8, 11, 2, 2, "pixels"),
        (5, 5, 2, 2, "quad"),
        (5, 5, 4, 1, "pair"),
        (4, 4, 4, 1, "quad"),
        (4, 4, 2, 2, "quad"),
        (4, 4, 2, 1, "pair"),
        (4, 8, 4, 1, "pair"),
    ],
)
def test_packing(bits: int, weight_bits: int, oc: int, px: int, expected: str) -> None:
    process = conv(G_A_0, value_bits=bits, weight_bits=weight_bits)
    assert packing(process, Folding(oc, 3, px=px)) == expected


@pytest.mark.parametrize(
    ("packing", "weight", "value", "lane", "cascade"),
    [
        ("pair", 127, 128, 19, 16),
        ("pair", 127, 255, 19, 8),
        ("pair", 128, 128, 18, 7),  # as WP486 has it
        ("pair", 255, 512, 18, 1),
        ("pair", 255, 515, 18, 0),
        ("pixels", 127, 511, 17, 1),
        ("pixels", 1023, 128, 18, 1),
        ("pixels", 127, 512, 16, 0),
        ("quad", 7, 8, 11, 18),
        ("quad", 7, 64, 10, 1),
        ("quad", 7, 128, 9, 0),
    ],
)
def test_lanes(packing: str, weight: int, value: int, lane: int, cascade: int) -> None:
    assert packed(packing, weight, value) == Lanes(lane, cascade)


def test_four_outputs_are_two_by_two_at_least() -> None:
    """Where four outputs share a slice, so do two outputs and two positions."""
    for weight in range(1, 130):
        for value in range(1, 130):
            if packed("quad", weight, value, fours=True).cascade:
                assert packed("quad", weight, value).cascade


# As Yosys counts them (docs/cost.md).
@pytest.mark.parametrize(
    ("a", "b", "count"),
    [
        (8, 8, 1), (16, 16, 1), (27, 18, 1), (24, 24, 2), (32, 16, 2), (32, 18, 2), (32, 32, 4),
        (19, 18, 1), (19, 19, 2),
    ],
)  # fmt: skip
def test_multipliers(a: int, b: int, count: int) -> None:
    assert dsp.multiplier(a, b) == dsp.multiplier(b, a) == count


# --------------------------------------------------------------------------------------------------
# Memories
# --------------------------------------------------------------------------------------------------
def test_block_rams_by_hand() -> None:
    assert memory.bram18(512, 36) == 1
    assert memory.bram18(513, 36) == 2
    assert memory.bram18(1024, 36) == 2
    assert memory.bram18(100, 4800) == 134  # width: 4800 / 36
    assert memory.bram18(16384, 8) == 8  # capacity: eight of 16Kx1
    assert memory.bram18(64, 4800) == 0  # LUTRAM: not more than 64 words
    assert memory.bram18(1000, 1) == 0  # LUTRAM: not more than 1024 bits
    assert memory.fifo_bram18(32, 512) == 0
    assert memory.fifo_bram18(33, 512) == 15
    assert memory.distributed(32, 14) == 8
    assert memory.distributed(33, 14) == 16
    assert memory.distributed(100, 7) == 16


def test_banks_of_a_line_buffer_by_hand() -> None:
    def banks(*folding: int, intake: int = 3) -> tuple[int, ...]:
        return tuple(int(n) for n in memory.banks(G_A_0, Folding(*folding), 7, intake))

    assert banks(8, 3) == (1, 2, 7 * 640)  # one tap at a time: windows start at even columns
    assert banks(8, 3, 5, 1) == (7, 2, 640)
    assert banks(8, 3, 5, 5) == (7, 6, 214)
    assert banks(8, 1, 5, 5) == (7, 6, 3 * 214)
    assert banks(8, 3, 5, 5, 2) == (7, 8, 160)  # a span of 7 columns, windows 4 apart
    assert banks(8, 3, 5, 5, 3) == (7, 12, 107)
    assert banks(8, 3, 5, 5, intake=24) == (7, 8, 160)  # eight pixels a word
    assert banks(8, 3, 5, 5, 3, intake=24) == (7, 24, 54)
    # Windows start at banks 4, 0, 2 (columns -2, 0, 2, ... mod 6).
    assert int(lut.start_banks(G_A_0, Folding(8, 3, 5, 5), 3)) == 3
    # px 3: an advance of 6 of 12 banks.
    assert int(lut.start_banks(G_A_0, Folding(8, 3, 5, 5, 3), 3)) == 2
    # Three tap columns a cycle: offsets 0 and 3 of every even column mod 4.
    assert int(lut.start_banks(G_A_0, Folding(8, 3, 5, 3), 3)) == 4
    assert int(lut.start_banks(G_A_0, Folding(8, 3, 5, 1, 4), 3)) == 5


def test_line_buffer_and_weights_of_a_convolution() -> None:
    # Seven rows of 1280 pixels of 24 bits in six banks of 214 words: 42 block RAMs. 16 words of weights a block
    # would be distributed RAM.
    found = cost(conv(G_A_0), Folding(64, 3, 5, 5), 3)
    assert (int(found.bram18), int(found.uram)) == (42, 0)
    # 25 x 4 words of 48 weights: 384 bits are 11 block RAMs wide. One bank pair of 7 x 640 words of 24 bits.
    found = cost(conv(G_A_0), Folding(16, 3), 3)
    assert int(found.bram18) == 11 + 2 * int(memory.bram18(7 * 640, 24))


def test_ultraram_takes_deep_memories() -> None:
    assert memory.uram(4096, 72) == 1
    assert memory.uram(4097, 73) == 4
    assert memory.uram(1024, 72) == 0
    assert memory.uram(1025, 8) == 0  # a block RAM is less of a loss
    # Four rows of 320 pixels in words of 8 x 8 bits, one bank: 10240 words are three UltraRAMs. The weights,
    # 9 x 8 x 8 words of 8 x 8 bytes, are 576 deep: too shallow.
    geometry = ConvGeometry.conv((64, 180, 320), (64, 180, 320), (3, 3), 1, (1, 1))
    without, with_ = (cost(conv(geometry), Folding(8, 8), 8, uram=u) for u in (False, True))
    assert int(memory.banks(geometry, Folding(8, 8), geometry.least_rows, 8)[2]) == 4 * 320 * 8
    assert (int(without.uram), int(with_.uram)) == (0, 3)
    assert int(without.bram18) - int(with_.bram18) == int(memory.bram18(4 * 320 * 8, 64))


# --------------------------------------------------------------------------------------------------
# LUTs and flip-flops, against Yosys (docs/cost.md says how)
# --------------------------------------------------------------------------------------------------
def close(model: float, measured: int) -> bool:
    """Not below by more than a fifth, not above by more than twice."""
    return 0.8 * measured <= model <= 2 * measured


@pytest.mark.parametrize(("ways", "measured"), [(2, 8), (4, 8), (5, 16), (7, 24), (12, 37), (16, 40), (32, 97)])  # fmt: skip
def test_luts_of_a_multiplexer_of_bytes(ways: int, measured: int) -> None:
    assert close(8 * int(lut.mux(ways)), measured)


@pytest.mark.parametrize(
    ("cascades", "acc_bits", "luts", "ffs"),
    [(1, 24, 48, 48), (4, 24, 158, 164), (11, 26, 428, 524), (16, 28, 618, 648)],
)
def test_logic_of_packed_cascades(cascades: int, acc_bits: int, luts: int, ffs: int) -> None:
    # Trees and accumulators of one pair: not the operands that wait, the weights and the biases.
    taps = 7 * cascades
    found = lut.mac_array(conv(G_A_0, acc_bits=acc_bits, most_weight=128), Folding(2, taps))
    waiting, biases = 5 * cascades * (2 * 8 + 8), 2 * acc_bits
    assert close(int(found[0]) - waiting // 2 - biases, luts)
    assert close(int(found[1]) - waiting - biases - 2 * taps * 8, ffs)


def test_logic_of_a_requantizer() -> None:
    assert close(lut.unit("requantizer", 1, 27)[0], 279)
    assert close(lut.unit("requantizer", 1, 27)[1], 205)
    # ... of 50 bits, clamped to 16.
    assert close(lut.unit("requantizer", 1, 32)[0], 300)
    assert close(lut.unit("requantizer", 1, 32)[1], 233)


@pytest.mark.parametrize(
    ("a", "b", "luts", "ffs"),
    [(13, 13, 264, 249), (13, 19, 378, 339), (19, 18, 545, 402), (24, 18, 680, 487), (32, 18, 896, 623)],
)  # fmt: skip
def test_logic_of_a_product_without_a_dsp(a: int, b: int, luts: int, ffs: int) -> None:
    found = lut.multiplier(a, b)
    assert found == lut.multiplier(b, a)
    assert close(found[0], luts)
    assert close(found[1], ffs)


def test_logic_of_a_root_unit() -> None:
    luts, ffs = lut.root(1, "rsqrt", inverse=False)
    assert close(luts, 605)
    assert close(ffs, 601)


def test_logic_of_an_output_of_a_norm() -> None:
    luts, ffs = lut.norm_output()
    assert close(luts, 56)
    assert close(ffs, 115)


# --------------------------------------------------------------------------------------------------
# Whole processes
# --------------------------------------------------------------------------------------------------
def processes() -> list[Process]:
    image = (64, 90, 160)
    units = (Unit("leaky_relu", 24), Unit("requantizer", 24), Unit("add", 16), Unit("round", 20))
    geometry = ConvGeometry.subpixel((32, 45, 80), image, (5, 5), 2, (2, 2))
    return [
        conv(geometry, in_bits=16, value_bits=10),
        Process("drain", "d", "l", image, image, 32, 8, 0, units, geometry),
        Process("norm", "n", "l", image, image, 16, 32, 40, form="rsqrt"),
        Process("norm", "n", "l", image, image, 16, 32, 40, form="gdn1"),
        Process("root", "r", "l", image, image, 32, 8, 0, units, form="rsqrt", inverse=True),
        Process("elementwise", "e", "l", image, image, 8, 8, 0, (Unit("abs", 8),)),
    ]


@pytest.mark.parametrize("process", processes(), ids=lambda p: f"{p.kind} {p.form}".strip())
def test_costs_of_arrays_are_those_of_numbers(process: Process) -> None:
    columns = ([1, 2, 64, 16], [32, 8, 8, 1], [3, 1, 2, 3], [1, 3, 3, 2], [1, 2, 4, 5])
    intakes = [64 if process.kind != "conv" else 32, 4, 8, 1]
    together = cost(process, Folding(*(np.array(c) for c in columns)), np.array(intakes))
    for i, row in enumerate(zip(*columns, strict=True)):
        alone = cost(process, Folding(*row), intakes[i])
        for name in ("cycles", "dsp", "bram18", "lut", "ff", "uram"):
            broadcast = np.broadcast_to(np.asarray(getattr(together, name)), 4)
            assert int(getattr(alone, name)) == int(broadcast[i]), name


@pytest.mark.parametrize("process", processes(), ids=lambda p: f"{p.kind} {p.form}".strip())
def test_products_in_fabric_take_luts_instead_of_dsps(process: Process) -> None:
    given = [cost(process, Folding(8, 8), 4, fabric=fabric) for fabric in (False, True)]
    dsps, luts, ffs = ([int(getattr(c, name)) for c in given] for name in ("dsp", "lut", "ff"))
    assert [int(c.cycles) for c in given] == [int(given[0].cycles)] * 2
    assert [int(c.bram18) for c in given] == [int(given[0].bram18)] * 2
    products = auxiliary(process)
    lanes = 4 if process.kind == "norm" else 8
    assert dsps[0] - dsps[1] == lanes * sum(dsp.multiplier(a, b) for a, b in products)
    assert luts[1] - luts[0] == lanes * sum(lut.multiplier(a, b)[0] for a, b in products)
    assert ffs[1] - ffs[0] == lanes * sum(lut.multiplier(a, b)[1] for a, b in products)
    # Arrays keep theirs; everything else gives all away.
    macs = {"conv": dsps[0], "norm": 64}.get(process.kind, 0)
    assert dsps[1] == macs


def test_auxiliary_products_by_hand() -> None:
    _, drain, norm, gdn1, root, plain = processes()
    assert auxiliary(drain) == ((24, 18), (24, 18), (16, 18), (32, 18))
    assert auxiliary(norm) == ((13, 13),)
    assert auxiliary(gdn1) == auxiliary(plain) == ()
    assert auxiliary(root)[-3:] == ((19, 18), (13, 19), (32, 18))
    # 9 rows of 26 bits twice; 4 adders of 26, 2 of 28, of 32 and of 40.
    assert lut.multiplier(24, 18)[0] == 9 * 26 * 2 + 4 * 26 + 2 * 28 + 32 + 40


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_more_parallel_is_not_cheaper(data: st.DataObject) -> None:
    process = data.draw(st.sampled_from(processes()))
    axes = ("oc", "px") if process.kind == "conv" else ("oc",)
    small = {a: data.draw(st.integers(1, 8)) for a in axes}
    large = {a: 2 * n for a, n in small.items()}
    few, many = (cost(process, Folding(**{"ic": 8, **n}), 8) for n in (small, large))
    assert int(many.cycles) <= int(few.cycles)
    assert int(many.dsp) >= int(few.dsp)
    # Distributed RAM and multiplexers over blocks get fewer; accumulators and requantizers win.
    assert int(many.ff) >= int(few.ff)


def test_a_drain_has_its_exact_cycles_with_its_array() -> None:
    process = Process("drain", "d", "l", G_A_0.output, G_A_0.output, 32, 8, 0, (), G_A_0)
    assert int(cost(process, Folding(16, 16)).cycles) == 360 * 640 * 4
    assert int(cost(process, Folding(16, 16), array=Folding(16, 3, px=3)).cycles) == 360 * 214 * 12


# --------------------------------------------------------------------------------------------------
# Streams and memory
# --------------------------------------------------------------------------------------------------
def test_fifos_by_hand() -> None:
    brams, luts, ffs = streams.fifo(32, 64)
    assert (int(brams), int(luts), int(ffs)) == (0, 64 + 25, 64 + 20)
    assert int(streams.fifo(512, 72)[0]) == 2
    # What costs no more: whole shift registers, whole block RAMs.
    assert streams.deepest(17, 64) == 32
    assert streams.deepest(513, 72) == 1024
    assert streams.deepest(600, 9) == 2048  # 2Kx9


def test_repacks_and_ports_cost_logic() -> None:
    found = streams.repack(64, 10, 6, 64, 8)
    assert (found.cycles, found.dsp, found.bram18) == (110, 0, 0)
    assert found.lut > 70 * 8
    narrow, wide = (streams.port(100, 3, lanes, 8) for lanes in (3, 24))
    assert narrow.lut < wide.lut
    assert narrow.bram18 >= 2


def test_traffic_of_a_720p_encoder() -> None:
    # An image of 2.76 MB in, 192 x 45 x 80 symbols of two bytes out: 4.15 MB a frame.
    found = ddr.traffic((3, 720, 1280), 8, (192, 45, 80), 16, 500_000)
    assert (found.read, found.written) == (2_764_800, 1_382_400)
    assert found.gbps(116) == pytest.approx(0.481, abs=1e-3)
    assert found.share(116, 17.06) == pytest.approx(0.0282, abs=1e-4)
    both = ddr.total([found, found])
    assert both.parameters == 1_000_000


def test_devices() -> None:
    assert device.known() == ("kv260", "u250", "ultra96v2", "zcu102", "zcu104")
    board = device.load("zcu102")
    assert (board.total.dsp, board.total.bram18, board.clock_mhz) == (2520, 1824, 300)
    assert (board.usable.dsp, board.usable.lut) == (2520, 205560)
    for name in device.known():
        assert device.load(name).usable.bram18 > 0
        assert device.load(name).ports >= ddr.MASTERS
    assert {name: device.load(name).total.uram for name in device.known()} == {
        "kv260": 64, "u250": 1280, "ultra96v2": 0, "zcu102": 0, "zcu104": 96,
    }  # fmt: skip
    with pytest.raises(UserError, match="unknown target 'vcu1525'; licc knows kv260, u250"):
        device.load("vcu1525")
