# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""lic-to-hls: memory images decode to the weights, and the design computes what the stages do."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.schedules import lowered, random_schedule, random_typed
from support.typed import (
    IMAGE,
    LATENT12,
    NETWORKS,
    SYMBOLS_SMALL,
    Layer,
    hyperprior,
    sample,
    typed_module,
)
from torch_mlir import ir

from licc.cost.folding import Folding
from licc.cost.geometry import ConvGeometry
from licc.dialects import make_context
from licc.dialects.hls import in_order, line_banks, rows_needed
from licc.interp import hls, lic
from licc.passes.lic_fuse import LicFuse
from licc.passes.lic_schedule import LicSchedule
from licc.passes.lic_tile import LicTile
from licc.passes.lic_to_hls import LicToHls
from licc.passes.registry import PassFailure
from licc.schedule import images, stripes
from licc.schedule.stages import StageError, read_schedule, read_transforms


def ceil(a: int, b: int) -> int:
    return -(-a // b)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_weight_images_decode(data: st.DataObject) -> None:
    draw = data.draw
    outputs, inputs = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    kernel, stride = draw(st.integers(1, 5)), draw(st.integers(1, 2))
    transposed = draw(st.booleans()) and kernel >= stride
    make = ConvGeometry.subpixel if transposed else ConvGeometry.conv
    padding = kernel // 2
    geometry = make((inputs, 8, 8), (outputs, 8, 8), (kernel, kernel), stride, (padding, padding))
    folding = Folding(*(draw(st.integers(1, n)) for n in (outputs + 1, inputs, kernel, kernel)))
    weight = np.arange(1, outputs * inputs * kernel**2 + 1).reshape(outputs, inputs, kernel, kernel)
    image = images.conv_weights(weight, geometry, folding)
    found = np.zeros_like(weight)
    word = 0
    for py, px, rows, columns in geometry.phases():
        for o in range(ceil(outputs, folding.oc)):
            for r in range(ceil(rows.count, folding.kh)):
                for c in range(ceil(columns.count, folding.kw)):
                    for i in range(ceil(inputs, folding.ic)):
                        lanes = image[word].reshape(folding.oc, folding.kh, folding.kw, folding.ic)
                        word += 1
                        for (a, b, d, e), value in np.ndenumerate(lanes):
                            oo, rr = o * folding.oc + a, r * folding.kh + b
                            cc, ii = c * folding.kw + d, i * folding.ic + e
                            inside = oo < outputs and ii < inputs
                            if not inside or rr >= rows.count or cc >= columns.count:
                                assert value == 0
                                continue
                            kh, kw = geometry.weight_rows[py][rr], geometry.weight_columns[px][cc]
                            # Tap rr lies where the definition of the op puts kernel row kh.
                            assert rows.first + rr == offset(kh, py, padding, stride, transposed)
                            found[oo, ii, kh, kw] = value
    assert word == len(image)
    np.testing.assert_array_equal(found, weight)


def offset(k: int, phase: int, padding: int, stride: int, transposed: bool) -> int:
    """The input row of kernel row k, from the row that the output row is counted from."""
    if not transposed:
        return k - padding
    assert (phase + padding - k) % stride == 0
    return (phase + padding - k) // stride


def test_gamma_and_channel_images() -> None:
    gamma = np.arange(25).reshape(5, 5)
    image = images.gamma(gamma, Folding(2, 3))
    assert image.shape == (3 * 2, 6)
    np.testing.assert_array_equal(image[0], [0, 1, 2, 5, 6, 7])
    np.testing.assert_array_equal(image[1], [3, 4, 0, 8, 9, 0])
    np.testing.assert_array_equal(image[5], [23, 24, 0, 0, 0, 0])
    np.testing.assert_array_equal(images.blocks([1, 2, 3], 2, "int32"), [[1, 2], [3, 0]])
    one = images.per_channel([7], 5, 2, "int32")
    np.testing.assert_array_equal(one, [[7, 7], [7, 7], [7, 0]])
    several = images.per_channel([1, 2, 3], 3, 6, "int32")
    np.testing.assert_array_equal(several, [[1, 2, 3, 1, 2, 3]])
    # One channel padded to two outputs is no word of two pixels.
    np.testing.assert_array_equal(images.blocks([5], 2, "int32"), [[5, 0]])


def sums_of_a_row(folding: tuple[int, ...], upsample: int, channels: int, width: int) -> list[Any]:
    """The words of an array's sums of one row, lane by lane (column, channel); None beyond them."""
    oc, _, _, _, px = folding
    words: list[Any] = []
    for group in range(ceil(ceil(width, upsample), px)):
        for phase in range(upsample):
            for block in range(ceil(channels, oc)):
                word: list[Any] = []
                for p in range(px):
                    column = (group * px + p) * upsample + phase
                    for channel in range(block * oc, (block + 1) * oc):
                        inside = column < width and channel < channels
                        word.append((column, channel) if inside else None)
                words.append(word)
    return words


def row_of_a_stream(channels: int, width: int, lanes: int) -> list[Any]:
    """The words of one row of a stream."""
    words: list[Any] = []
    pixels = max(1, lanes // channels)
    for first in range(0, width, pixels):
        flat: list[Any] = [(first + p, c) for p in range(pixels) for c in range(channels)]
        flat += [None] * (-len(flat) % lanes)
        words += [flat[i : i + lanes] for i in range(0, len(flat), lanes)]
    return words


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_sums_are_in_order_where_their_words_are(data: st.DataObject) -> None:
    integer = lambda most: data.draw(st.integers(1, most))  # noqa: E731
    channels, width, upsample = integer(4), integer(8), integer(3)
    folding = (integer(5), 1, 1, 1, integer(4))
    lanes = data.draw(st.sampled_from([folding[0], folding[0] * folding[4]]))
    if lanes > channels and (lanes % channels or width % (lanes // channels)):
        assert not in_order(folding, upsample, (channels, 1, width), lanes)
        return
    same = sums_of_a_row(folding, upsample, channels, width) == row_of_a_stream(
        channels, width, lanes
    )
    assert in_order(folding, upsample, (channels, 1, width), lanes) == same


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_windows_lie_in_different_banks(data: st.DataObject) -> None:
    """Of all columns that are read in a cycle, and of those that are written in one."""
    integer = lambda most: data.draw(st.integers(1, most))  # noqa: E731
    kh, kw, px, stride, pixels, rows = (integer(n) for n in (3, 5, 9, 4, 4, 9))
    lines, columns = line_banks((1, 1, kh, kw, px), stride, rows, pixels)
    assert lines == (1 if kh == 1 else rows)
    for start in range(-5, 40):
        # A group moves on by px * stride, so each of its taps stays with one bank.
        read = {(start * px * stride + n) % columns for n in range((px - 1) * stride + kw)}
        assert len(read) == (px - 1) * stride + kw
        written = {(start * pixels + n) % columns for n in range(pixels)}
        assert len(written) == pixels
    assert columns % (px * stride) == 0
    assert columns % pixels == 0
    fewer = range((px - 1) * stride + kw, columns)
    assert not any(n % (px * stride) == 0 and n % pixels == 0 for n in fewer)


def designs(module: ir.Module) -> dict[str, Any]:
    return {op.attributes["name"].value: op for op in module.body.operations}


def test_rows_of_phases_that_need_fewer_than_those_before() -> None:
    """Phase 1 starts three rows above phase 0, whose rows are there until then."""
    assert rows_needed(12, 36, 1, [(1, 3), (-2, 1), (0, 1)]) == 6
    # Taps on rows 0..2, 2..4 and 4..6; at the seam rows 4..6 and three of the next frame.
    assert rows_needed(7, 3, 2, [(0, 3)]) == 6
    # Row 0 is read while all up to row 5 come in.
    assert rows_needed(9, 2, 5, [(0, 1)]) == 6


def last(design: Any, x: np.ndarray) -> np.ndarray:
    """What the last process of a design writes."""
    *_, (_, values) = hls.stream(design, x)
    return values


@pytest.mark.parametrize("network", NETWORKS)
def test_designs_compute_what_stages_do(network: str) -> None:
    name, *spec = NETWORKS[network]
    typed = typed_module(make_context(), {name: tuple(spec)})
    x = sample(typed, name)
    expected = lic.run(typed, name, x)[0]
    for seed in range(12):
        module = lowered(typed, np.random.default_rng(seed))
        np.testing.assert_array_equal(last(designs(module)[name], x[0]), expected)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_random_designs_compute_what_stages_do(seed: int) -> None:
    rng = np.random.default_rng(seed)
    name, typed = random_typed(CONTEXT, rng)
    x = sample(typed, name)
    module = lowered(typed, rng)
    found = last(designs(module)[name], x[0])
    np.testing.assert_array_equal(found, lic.run(typed, name, x)[0])


CONTEXT = make_context()


@pytest.mark.parametrize("network", NETWORKS)
def test_scheduled_designs_compute_what_stages_do(network: str) -> None:
    name, *spec = NETWORKS[network]
    module = typed_module(make_context(), {name: tuple(spec)})
    x = sample(module, name)
    expected = lic.run(module, name, x)[0]
    for pass_ in (LicFuse(), LicTile(), LicSchedule(), LicToHls()):
        pass_.run(module)
        assert module.operation.verify()
    np.testing.assert_array_equal(last(designs(module)[name], x[0]), expected)


def test_stripes_are_designs_of_narrow_frames() -> None:
    shape, layers = (3, 11, 40), [Layer("conv", 4), Layer("gdn"), Layer("conv", 2, 3)]
    module = typed_module(make_context(), {"g_a": (shape, IMAGE, layers)})
    x = sample(module, "g_a")
    expected = lic.run(module, "g_a", x)[0]
    LicFuse().run(module)
    LicTile(stripes="3").run(module)
    random_schedule(module, np.random.default_rng(2))
    LicToHls().run(module)
    assert module.operation.verify()
    design = designs(module)["g_a"]
    found = stripes.read(design)
    assert found is not None
    assert found.count == 3
    parts = [last(design, part) for part in stripes.cut(x[0], found)]
    np.testing.assert_array_equal(stripes.stitch(parts, found), expected)


def test_processes_of_a_hyperprior() -> None:
    typed = typed_module(make_context(), hyperprior(6, 8, 32, 48))
    module = lowered(typed, np.random.default_rng(1))
    found = designs(module)
    assert list(found) == ["g_a", "h_a", "h_s", "g_s"]
    names = [
        op.attributes["name"].value
        for design in found.values()
        for op in design.regions[0].blocks[0].operations
        if op.operation.name == "hls.process"
    ]
    assert len(set(names)) == len(names)
    for name in (
        "g_a_0_conv",
        "g_a_0_drain",
        "g_a_1_norm",
        "g_a_1_root",
        "h_a_0_abs",
        "h_s_0_add",
        "g_s_0_deconv",
        "g_s_0_drain",
    ):
        assert name in names


def test_layers_of_one_path_get_different_names() -> None:
    module = typed_module(
        make_context(), {"g_a": ((3, 8, 8), IMAGE, [Layer("conv", 2, 3), Layer("conv", 2, 3)])}
    )
    LicFuse().run(module)
    with module.context:
        for stage in list(next(iter(module.body.operations)).entry_block.operations)[:-1]:
            conv = next(
                op
                for op in stage.regions[0].blocks[0].operations
                if op.operation.name == "lic.conv2d"
            )
            conv.attributes["layer"] = ir.StringAttr.get("g_a.X")
        names = [piece.process.name for piece in read_transforms(module)[0].pieces]
    assert names == ["g_a_x_conv", "g_a_x_drain", "g_a_x_conv_2", "g_a_x_drain_2"]


def fused(name: str, shape: tuple[int, int, int], kind: Any, layers: list[Layer]) -> ir.Module:
    """A fused and tiled module of one transform."""
    module = typed_module(make_context(), {name: (shape, kind, layers)})
    LicFuse().run(module)
    LicTile().run(module)
    return module


def test_pieces_of_stages() -> None:
    layers = [Layer("abs"), Layer("conv", 4, 3, 1), Layer("igdn"), Layer("leaky_relu")]
    module = fused("h_a", (3, 6, 7), LATENT12, [*layers, Layer("conv", 2)])
    with module.context:
        (transform,) = read_transforms(module)
        pieces = transform.pieces
        kinds = [piece.process.kind for piece in pieces]
        assert kinds == ["elementwise", "conv", "drain", "norm", "root", "conv", "drain"]
        units = [[unit.kind for unit in piece.process.units] for piece in pieces]
        assert units == [["abs"], [], ["requantizer"], [], ["leaky_relu"], [], ["requantizer"]]
        bits = [(p.process.in_bits, p.process.out_bits, p.process.value_bits) for p in pieces]
        # A port has whole bytes.
        assert bits[:2] == [(16, 12, 12), (12, 32, 12)]
        # Sums of 27 inputs below 2^11 by weights below 2^7.
        assert bits[2][:2] == (32, 16)
        assert 18 <= bits[2][2] <= 26
        assert bits[3:5] == [(16, 32, 13), (32, 8, 0)]
        assert bits[5] == (8, 32, 8)
        array, drain = pieces[1].process, pieces[2].process
        assert array.geometry == drain.geometry
        assert array.macs == 6 * 7 * 9 * 3 * 4
        assert drain.macs == 0
        assert array.rows == 4
        assert array.output == drain.input == drain.output == (4, 6, 7)
        assert array.weight_bits == 8


@pytest.mark.parametrize(
    ("name", "kind", "bits"), [("g_s", SYMBOLS_SMALL, 10), ("g_a", IMAGE, 9), ("h_a", LATENT12, 12)]
)
def test_value_bits_are_those_of_the_proven_range(name: str, kind: Any, bits: int) -> None:
    module = fused(name, (2, 8, 8), kind, [Layer("conv", 2, 3)])
    with module.context:
        assert read_transforms(module)[0].pieces[0].process.value_bits == bits


def test_reading_a_schedule() -> None:
    module = fused(
        "g_a", (3, 9, 12), IMAGE, [Layer("conv", 4, 3), Layer("gdn"), Layer("conv", 2, 3)]
    )
    with module.context:
        stage, second = read_transforms(module)[0].stages
        set_schedule(
            stage,
            "intake = 6, folding = #lic.folding<2, 3, 1, 3, 3>, drain = 3, gdn_folding = "
            '#lic.folding<4, 1, 1, 1, 1>, gdn_roots = 2, packing = "pair", fifo_depths = array<i64: 1, 2, 3, 4>',
        )
        found = read_schedule(stage)
        assert [each.intake for each in found] == [6, 6, 3, 4]
        assert [each.writes for each in found] == [6, 3, 8, 2]
        assert [each.depths for each in found] == [(1,), (2,), (3,), (4,)]
        assert [each.folding for each in found] == [
            Folding(2, 3, 1, 3, 3),
            Folding(3, 3),
            Folding(4, 1),
            Folding(2, 2),
        ]
        with pytest.raises(StageError, match="requires attribute 'intake'; run lic-schedule first"):
            read_schedule(second)


def set_schedule(stage: Any, text: str) -> None:
    """Set attributes of a stage, of a dictionary without its braces."""
    for name, value in items(text):
        stage.op.attributes[name] = value


def items(text: str) -> list[tuple[str, ir.Attribute]]:
    """Name and attribute of each entry of a dictionary without its braces."""
    found = ir.DictAttr(ir.Attribute.parse("{" + text + "}"))
    return [(found[i].name, found[i].attr) for i in range(len(found))]


GOOD = (
    "intake = 3, folding = #lic.folding<2, 3, 1, 3, 2>, drain = 2, gdn_folding = #lic.folding<2, 2, 1, 1, 1>, "
    'gdn_roots = 1, packing = "pair", fifo_depths = array<i64: 9, 9, 9, 9>'
)
CONV = "g_a_0_conv"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ("folding = #lic.folding<5, 3, 1, 3, 2>", f"folding oc of {CONV} in [1, 4], but got 5"),
        ("folding = #lic.folding<2, 4, 1, 3, 2>", f"folding ic of {CONV} in [1, 3], but got 4"),
        ("folding = #lic.folding<2, 3, 4, 3, 2>", f"folding kh of {CONV} in [1, 3], but got 4"),
        ("folding = #lic.folding<2, 3, 1, 4, 2>", f"folding kw of {CONV} in [1, 3], but got 4"),
        ("folding = #lic.folding<2, 3, 1, 3, 7>", f"folding px of {CONV} in [1, 6], but got 7"),
        ("gdn_folding = #lic.folding<5, 1, 1, 1, 1>", "folding oc of g_a_1_norm in [1, 4], but got 5"),
        ("gdn_folding = #lic.folding<1, 1, 1, 1, 2>", "folding px of g_a_1_norm in [1, 1], but got 2"),
        ("intake = 2", "'intake' of a divisor of 3 folded inputs, or of whole pixels where all 3 are"),
        ("folding = #lic.folding<2, 2, 1, 3, 2>", "'intake' of a divisor of 2 folded inputs, or of whole"),
        ("folding = #lic.folding<2, 2, 1, 3, 2>, intake = 6", "of whole pixels where all 3 are folded, but got 6"),
        ("intake = 7", f"'intake' of {CONV} of at most 3 lanes, or of whole pixels that divide a row of 12, but"),
        ("intake = 15", "of whole pixels that divide a row of 12, but got 15"),
        ("drain = 5", "words of g_a_0_drain of at most 4 lanes, or of whole pixels that divide a row of 6, but"),
        ("drain = 8", "words of at most 4 lanes before g_a_1_norm, but got 8"),
        ("drain = 12", "words of g_a_0_drain of pixels that divide a group of 2, but got 3"),
        ("gdn_roots = 5", "'gdn_roots' of at most 4 lanes, but got 5"),
        ("fifo_depths = array<i64: 9>", "'fifo_depths' of 4 streams, but got 1"),
        ("folding = #lic.folding<1, 3, 1, 3, 2>", "an even number of outputs, not 1, to pack as 'pair'"),
        ('packing = "quad"', "expected products within 255, not 127 * 255, to pack as 'quad'"),
        ('packing = "pixels", folding = #lic.folding<2, 3, 1, 3, 1>', "an even number of positions, not 1,"),
    ],
)  # fmt: skip
def test_schedules_that_cannot_be_built(changed: str, message: str) -> None:
    module = fused("g_a", (3, 9, 12), IMAGE, [Layer("conv", 4, 3), Layer("gdn")])
    with module.context:
        (stage,) = read_transforms(module)[0].stages
        set_schedule(stage, GOOD)
        read_schedule(stage)
        set_schedule(stage, changed)
        with pytest.raises(StageError) as error:
            read_schedule(stage)
        assert message in str(error.value)


@pytest.mark.parametrize("name", ["intake", "folding", "drain", "gdn_folding", "gdn_roots", "packing", "fifo_depths"])  # fmt: skip
def test_schedules_that_are_not_there(name: str) -> None:
    module = fused("g_a", (3, 9, 12), IMAGE, [Layer("conv", 4, 3), Layer("gdn")])
    with module.context:
        (stage,) = read_transforms(module)[0].stages
        set_schedule(stage, GOOD)
        del stage.op.attributes[name]
        with pytest.raises(
            StageError, match=f"requires attribute '{name}'; run lic-schedule first"
        ):
            read_schedule(stage)


def test_symbols_of_ten_bits_pack_beside_each_other_without_the_least() -> None:
    module = fused("g_s", (2, 4, 6), SYMBOLS_SMALL, [Layer("deconv", 4)])
    with module.context:
        (stage,) = read_transforms(module)[0].stages
        rest = "intake = 2, folding = #lic.folding<2, 2, 1, 1, 2>, drain = 2, fifo_depths = array<i64: 9, 9>"
        set_schedule(stage, f'{rest}, packing = "pair"')
        read_schedule(stage)
        set_schedule(stage, 'packing = "pixels"')
        with pytest.raises(
            StageError, match="products within 32767, not 127 \\* 512, to pack as 'pixels'"
        ):
            read_schedule(stage)


def test_elided_constants(capfd: pytest.CaptureFixture[str]) -> None:
    module = fused("g_a", (3, 9, 12), IMAGE, [Layer("conv", 4, 3)])
    random_schedule(module, np.random.default_rng(0))
    text = re.sub(r'dense<"0x[0-9A-F]*">', "dense_resource<__elided__>", str(module), count=1)
    with pytest.raises(PassFailure):
        LicToHls().run(ir.Module.parse(text, module.context))
    assert "'lic.constant' op layer 'g_a.0': its values were elided" in capfd.readouterr().err


def four_bits(module: ir.Module) -> ir.Module:
    """The same with every weight and activation stored as i4."""

    def narrow(found: re.Match[str]) -> str:
        values = np.frombuffer(bytes.fromhex(found[1]), np.int8)
        return f'dense<"0x{(values >> 4 | 1).tobytes().hex()}"> : tensor<{found[2]}xi4>'

    text = re.sub(r'dense<"0x([0-9A-F]*)"> : tensor<(\d+x\d+x\d+x\d+)xi8>', narrow, str(module))
    text = text.replace("i8<-127:127>", "i4<-8:7>").replace("i8:f32, 1.0", "i4:f32, 1.0")
    return ir.Module.parse(text, module.context)


def test_four_bits() -> None:
    layers = [Layer("conv", 6, 3), Layer("conv", 4, 3)]
    typed = typed_module(make_context(), {"g_a": ((3, 9, 12), IMAGE, layers)})
    typed = four_bits(typed)
    assert str(typed).count("xi4>") == 2
    assert "x!quant.uniform<i4:f32, 1.0" in str(typed)
    assert typed.operation.verify()
    x = sample(typed, "g_a")
    expected = lic.run(typed, "g_a", x)[0]
    packings: set[str] = set()
    for seed in range(9):
        module = lowered(typed, np.random.default_rng(seed))
        assert str(module).count("weight_range = array<i64: -8, 7>") == 2
        assert "activation_range = array<i64: -8, 7>" in str(module)
        packings.update(re.findall(r'packing = "(\w+)"', str(module)))
        np.testing.assert_array_equal(last(designs(module)["g_a"], x[0]), expected)
    assert "quad" in packings


def test_stages_that_fuse_too_much() -> None:
    module = fused("g_a", (3, 9, 12), IMAGE, [Layer("conv", 4, 3), Layer("gdn")])
    random_schedule(module, np.random.default_rng(0))
    with module.context, ir.Location.unknown():
        (stage,) = read_transforms(module)[0].stages
        gdn = next(
            op for op in stage.op.regions[0].blocks[0].operations if op.operation.name == "lic.gdn"
        )
        gdn.operation.clone(ip=ir.InsertionPoint(gdn))
        with pytest.raises(
            StageError, match="expected one convolution, first, and one GDN at most"
        ):
            read_transforms(module)
