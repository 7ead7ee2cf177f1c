# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The formulas of licc/cost against counts made by hand, and against loops that are walked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from licc.cost import cycles, dsp, memory
from licc.cost.geometry import ConvGeometry, Taps
from licc.cost.process import Process, Unit, cost
from licc.errors import UserError
from licc.schedule.check import cycles_by_walking
from licc.schedule.search import splits
from licc.schedule.stages import Folding
from licc.target import device

G_A_0 = ConvGeometry.conv((3, 720, 1280), (64, 360, 640), (5, 5), 2, (2, 2))
G_S_6 = ConvGeometry.subpixel((64, 360, 640), (3, 720, 1280), (5, 5), 2, (2, 2))


def test_geometry_of_a_strided_convolution() -> None:
    assert G_A_0.rows == (Taps(-2, 5),)
    assert (G_A_0.span, G_A_0.least_rows) == (5, 7)
    # 75 multiplications for each of 64 x 360 x 640 outputs.
    assert G_A_0.macs == 75 * 64 * 360 * 640
    # Rows 0 to 2 (two of the five are padding), then two rows for each output row; the last one needs none.
    assert G_A_0.first_fill == 3
    assert G_A_0.row_kinds == ((0, 2, 358), (0, 1, 1), (0, 0, 1))


def test_geometry_of_subpixel_phases() -> None:
    # A 5x5 kernel of stride 2: 9, 6, 6 and 4 taps, and no tap of an inserted zero.
    assert [r.count * c.count for _, _, r, c in G_S_6.phases()] == [9, 6, 6, 4]
    assert G_S_6.rows == (Taps(-1, 3), Taps(0, 2))
    assert G_S_6.weight_rows == ((4, 2, 0), (3, 1))
    assert G_S_6.macs == 25 * 64 * 3 * 360 * 640
    assert G_S_6.least_rows == 4


def test_cycles_of_a_convolution_by_hand() -> None:
    # 25 steps a block, 2 blocks of 32 outputs, 640 pixels a row: rows of 32000; filling takes
    # 2 x 1280 words meanwhile, and 3 x 1280 before.
    assert cycles.conv(G_A_0, 32, 3, 1, 1) == 3 * 1280 + 360 * 32000
    # All in one cycle: now the filling is slower than the computing, but for the end.
    assert cycles.conv(G_A_0, 64, 3, 5, 5) == 3 * 1280 + 358 * 2560 + 1280 + 640


def test_dsps_by_hand() -> None:
    assert dsp.mac_array(32, 3, 5, 5, True) == 16 * 75
    assert dsp.mac_array(3, 8, 1, 1, False) == 24
    assert dsp.gdn_norm(8, 4, "rsqrt") == 32 + 4
    assert dsp.gdn_norm(8, 4, "gdn1") == 32
    # Table squared 1, by the mantissa 2, Newton 1, times x 1, times the multiplier 2.
    assert dsp.gdn_root(3, "rsqrt", inverse=False) == 3 * 7
    assert dsp.gdn_root(1, "rsqrt", inverse=True) == 9
    assert dsp.gdn_root(1, "gdn1", inverse=False) == 5
    assert dsp.gdn_root(1, "gdn1", inverse=True) == 3
    assert dsp.requantizer(4, 27) == 4
    assert dsp.requantizer(4, 28) == 8


# As Yosys counts them (docs of the DSP module).
@pytest.mark.parametrize(
    ("a", "b", "count"),
    [(8, 8, 1), (16, 16, 1), (27, 18, 1), (24, 24, 2), (32, 16, 2), (32, 18, 2), (32, 32, 4)],
)
def test_multipliers(a: int, b: int, count: int) -> None:
    assert dsp.multiplier(a, b) == dsp.multiplier(b, a) == count


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
    # Seven rows of 1280 pixels in one bank each, 24 bits wide: 1280 words are 2 x 512x36 or 2 x 1Kx18.
    assert memory.line_buffer(G_A_0, 7, 8, 3, 1) == 7 * 3
    assert memory.table(3) == 2


def test_repack_cycles() -> None:
    assert cycles.repack(10, 8, 8, 8) == 10
    assert cycles.repack(10, 64, 6, 64) == 10 * 11
    assert cycles.repack(10, 64, 16, 4) == 10 * 16


def test_ports() -> None:
    assert cycles.port(100, 3, 3, 8) == 100  # three bytes in a beat
    assert cycles.port(100, 192, 16, 16) == 100 * 12 * 4  # four beats a word


@given(st.integers(1, 400))
def test_splits_cover(count: int) -> None:
    sizes = splits(count)
    assert sizes[0] == 1
    assert sizes[-1] == count
    # No size can be smaller for the same number of blocks.
    for size in sizes:
        blocks = -(-count // size)
        assert size == 1 or -(-count // (size - 1)) > blocks


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


@settings(max_examples=200, deadline=None)
@given(geometries(), st.data())
def test_cycles_are_those_of_walking(geometry: ConvGeometry, data: st.DataObject) -> None:
    folding = Folding(
        data.draw(st.integers(1, geometry.output[0] + 1)),
        data.draw(st.integers(1, geometry.input[0])),
        data.draw(st.integers(1, 5)),
        data.draw(st.integers(1, 5)),
    )
    process = Process(
        "conv",
        "p",
        "l",
        geometry.input,
        geometry.output,
        8,
        8,
        20,
        (),
        geometry,
        geometry.least_rows,
    )
    found = cost(process, folding.oc, folding.ic, folding.kh, folding.kw)
    assert int(found.cycles) == cycles_by_walking(process, folding)


def test_costs_of_arrays_are_those_of_numbers() -> None:
    process = Process(
        "conv", "p", "l", G_A_0.input, G_A_0.output, 8, 16, 27,
        (Unit("leaky_relu", 27), Unit("requantizer", 27)), G_A_0, 7,
    )  # fmt: skip
    oc, ic, kh, kw = (np.array(a) for a in ([1, 2, 64], [3, 1, 3], [1, 5, 5], [1, 5, 3]))
    together = cost(process, oc, ic, kh, kw)
    for i in range(3):
        alone = cost(process, int(oc[i]), int(ic[i]), int(kh[i]), int(kw[i]))
        for name in ("cycles", "dsp", "bram18", "fifo_depth"):
            assert int(getattr(alone, name)) == int(getattr(together, name)[i])
    # Pairs, a requantizer and a leaky ReLU for each of two outputs.
    assert int(together.dsp[1]) == 25 + 2 + 2


def test_devices() -> None:
    assert device.known() == ("kv260", "u250", "ultra96v2", "zcu102", "zcu104")
    board = device.load("zcu102")
    assert (board.total.dsp, board.total.bram18, board.clock_mhz) == (2520, 1824, 300)
    assert board.usable.dsp == 2469
    for name in device.known():
        assert device.load(name).usable.bram18 > 0
    with pytest.raises(UserError, match="unknown target 'vcu1525'; licc knows kv260, u250"):
        device.load("vcu1525")
