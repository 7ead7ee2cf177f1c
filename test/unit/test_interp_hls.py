# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The interpreter of `hls` on small designs, against plain loops; wrong memory images must show."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from support.hls_modules import (
    Conv,
    Gdn,
    design,
    elements,
    lanes_of,
    memory,
    memory_type,
    pointwise,
    port_in,
    port_out,
    repack,
)
from torch_mlir import ir

from licc.dialects import make_context
from licc.interp import exact, hls
from licc.interp.lic import InterpError

CONTEXT = make_context()


def parse(text: str) -> ir.Module:
    """A module of one design."""
    with CONTEXT, ir.Location.unknown():
        module = ir.Module.parse(text)
        assert module.operation.verify()
    return module


def only(module: ir.Module):
    (found,) = hls.designs(module).values()
    return found


def run(module: ir.Module, x: np.ndarray) -> dict[str, np.ndarray]:
    return hls.run(only(module), x)


def memory_of(module: ir.Module, process: str, name: str):
    """A ram or rom of a design."""
    for outer in only(module).regions[0].blocks[0].operations:
        if "name" in outer.attributes and outer.attributes["name"].value == process:
            for unit in outer.regions[0].blocks[0].operations:
                if "init" in unit.attributes and unit.attributes["name"].value == name:
                    return unit
    raise AssertionError(f"no memory {process}.{name}")


def edit(
    module: ir.Module, process: str, name: str, change: Callable[[np.ndarray], np.ndarray]
) -> None:
    """Replace a memory image by `change` of it."""
    unit = memory_of(module, process, name)
    image = np.array(unit.attributes["init"])
    with CONTEXT, ir.Location.unknown():
        changed = np.ascontiguousarray(change(image.copy()))
        assert changed.shape == image.shape
        unit.attributes["init"] = ir.DenseElementsAttr.get(changed)


def pointwise_design(
    x: np.ndarray, element: str, lanes: int, out_element: str, units: str, memories: str = ""
):
    body = port_in(x.shape, element, lanes)
    body += pointwise("0", "1", x.shape, element, lanes, units, out_element, "p", "g_a.0", memories)
    return parse(design("g_a", "encoder", body + port_out("1", x.shape, out_element, lanes)))


def half_up(value: int, shift: int) -> int:
    """By division, not by shifting: the quotient of value + half, rounded down."""
    return (2 * value + (1 << shift)) // (2 << shift)


def law(x: np.ndarray, function: Callable[[int, int], int]) -> np.ndarray:
    """`function(value, channel)` everywhere."""
    return np.array(
        [function(int(v), index[0]) for index, v in np.ndenumerate(x)], dtype=np.int64
    ).reshape(x.shape)


# --------------------------------------------------------------------------------------------------
# Convolutions
# --------------------------------------------------------------------------------------------------
CONVS = {
    "plain": {},
    "image": {"element": "ui8", "kernel": (5, 5), "stride": 2, "padding": 2},
    "ragged blocks": {"inputs": 5, "outputs": 7, "oc": 4, "ic": 3, "kh": 2, "kw": 2},
    "one at a time": {"oc": 1, "ic": 1},
    "narrow intake": {"inputs": 5, "ic": 4, "intake": 2, "lanes": 3},
    "positions": {"px": 2, "kw": 3},
    "positions beyond the row": {"px": 4, "width": 10, "lanes": 1, "packing": "pixels"},
    "as wide as the row": {"px": 9, "oc": 1, "packing": "single"},
    "whole pixels": {"oc": 4, "px": 3, "lanes": 12, "intake": 9},
    "two pixels": {"stride": 2, "padding": 0, "width": 9, "px": 4, "intake": 9, "lanes": 8},
    "symbols": {"element": "i16", "bits": 10, "out_element": "i16"},
    "four bits": {"bits": 4, "weight_bits": 4, "oc": 4, "packing": "quad"},
    "unsigned, two by two": {"element": "ui8", "bits": 4, "weight_bits": 4, "px": 2, "packing": "quad"},
    "all at once": {"inputs": 2, "outputs": 2, "oc": 2, "ic": 2, "kh": 3, "kw": 3},
    "wide input": {"element": "i16", "out_element": "i16"},
    "leaky": {"activation": "leaky_relu"},
    "relu, rounded": {"activation": "relu", "out_element": "i16", "fraction": 4},
    "no padding, long stride": {"kernel": (2, 3), "stride": 3, "padding": 0},
    "more padding than kernel": {"kernel": (1, 2), "padding": 3},
    "sub-pixel": {"kernel": (5, 5), "padding": 2, "upsample": 2, "output_padding": 1},
    "sub-pixel to an image": {"kernel": (4, 4), "upsample": 2, "out_element": "ui8", "kh": 2},
    "sub-pixel, positions": {
        "kernel": (5, 5), "padding": 2, "upsample": 2, "output_padding": 0, "px": 4, "kw": 2, "lanes": 3,
    },
    "sub-pixel, two pixels": {
        "kernel": (5, 5), "padding": 2, "upsample": 2, "output_padding": 1, "px": 2, "lanes": 8,
    },
    "sub-pixel, odd": {"kernel": (3, 3), "padding": 0, "upsample": 2, "kw": 2, "outputs": 3},
    "sub-pixel by four": {
        "kernel": (9, 9), "padding": 4, "upsample": 4, "output_padding": 3,
        "height": 2, "width": 3, "inputs": 2, "ic": 2, "kh": 2,
    },
}  # fmt: skip


@pytest.mark.parametrize("name", CONVS)
def test_convolutions(name: str) -> None:
    conv = Conv(seed=3, **CONVS[name])
    found = run(parse(conv.module()), conv.x)
    golden = conv.golden()
    assert list(found) == list(golden)
    for process, values in found.items():
        assert values.dtype == np.int64
        np.testing.assert_array_equal(values, golden[process])
    assert len(np.unique(found["g_a_0_drain"])) > 3


def test_whole_pixels_need_no_drain() -> None:
    """Where the sums have the order of the stream, and only there."""
    assert '"hls.drain"' not in Conv(**CONVS["whole pixels"]).module()
    assert '"hls.drain"' not in Conv(**CONVS["sub-pixel"]).module()
    assert '"hls.drain"' in Conv(**CONVS["sub-pixel, positions"]).module()
    assert '"hls.drain"' in Conv(**CONVS["sub-pixel, two pixels"]).module()


def test_rows_are_the_least_that_work() -> None:
    """The dialect's rows against a walk through all rows of two frames; one row fewer is refused."""
    random = np.random.default_rng(5)
    for seed in range(60):
        upsample = int(random.choice([1, 1, 2, 3]))
        kernel = tuple(int(k) for k in random.integers(upsample, 8, 2))
        padding = int(random.integers(0, min(kernel) // 2 + 1))
        conv = Conv(
            inputs=1, outputs=1, oc=1, height=int(random.integers(8, 14)), kernel=kernel,
            stride=int(random.integers(1, 5)) if upsample == 1 else 1, padding=padding,
            upsample=upsample, output_padding=int(random.integers(0, upsample)), seed=seed,
        )  # fmt: skip
        parse(conv.module())
        conv.extra_rows = -1
        with pytest.raises(ir.MLIRError, match=f"expected at least {conv.least_rows()} rows"):
            parse(conv.module())


def ragged() -> Conv:
    return Conv(inputs=5, outputs=3, oc=2, ic=3, kh=2, kw=2, kernel=(3, 3), seed=5)


def expect_other_integers(conv: Conv, memory: str, change: Callable[[np.ndarray], np.ndarray]):
    module = parse(conv.module())
    process = "g_a_0_drain" if memory in ("multiplier", "shift") else "g_a_0_conv"
    edit(module, process, memory, change)
    found = run(module, conv.x)["g_a_0_drain"]
    assert (found != conv.result(conv.x)).any()


@pytest.mark.parametrize("name", ["plain", "sub-pixel"])
def test_another_order_of_words_gives_other_integers(name: str) -> None:
    expect_other_integers(Conv(**CONVS[name]), "weights", lambda image: np.roll(image, 1, axis=0))


def test_another_order_of_words_moves_padding() -> None:
    with pytest.raises(InterpError, match="a memory image whose padding is not zero"):
        expect_other_integers(
            Conv(**CONVS["sub-pixel by four"]), "weights", lambda image: np.roll(image, 1, axis=0)
        )


def test_another_order_of_lanes_gives_other_integers() -> None:
    conv = Conv(inputs=4, outputs=4, oc=2, ic=4, kh=3, kw=1)

    def swapped(image: np.ndarray) -> np.ndarray:
        lanes = image.reshape(-1, 2, 3, 1, 4)  # [oc][kh][kw][ic]
        return lanes.transpose(0, 1, 4, 3, 2).reshape(image.shape)  # [oc][ic][kw][kh]

    expect_other_integers(conv, "weights", swapped)


@pytest.mark.parametrize("name", ["bias", "multiplier", "shift"])
def test_another_order_of_channels_gives_other_integers(name: str) -> None:
    conv = Conv(oc=2, outputs=4, seed=2)
    if name == "shift":
        conv.shift[0] += 5
    expect_other_integers(conv, name, lambda image: image[::-1])


def test_biases_where_an_image_is_padded() -> None:
    conv = ragged()
    module = parse(conv.module())
    edit(module, "g_a_0_conv", "bias", lambda image: image + (image == 0))
    with pytest.raises(
        InterpError, match=r"^g_a_0_conv: .* a memory image whose padding is not zero$"
    ):
        run(module, conv.x)


@pytest.mark.parametrize("memory", ["multiplier", "shift"])
def test_copies_for_several_pixels_are_the_same(memory: str) -> None:
    conv = Conv(**CONVS["two pixels"])
    module = parse(conv.module())
    edit(
        module, "g_a_0_drain", memory, lambda image: image + (np.arange(8) == 6).astype(image.dtype)
    )
    with pytest.raises(
        InterpError, match=r"'hls\.requantizer': a memory image whose copies differ$"
    ):
        run(module, conv.x)


@pytest.mark.parametrize("position", [0, 2, -1])
def test_weights_where_an_image_is_padded(position: int) -> None:
    conv = ragged()
    module = parse(conv.module())

    def spoil(image: np.ndarray) -> np.ndarray:
        # The last word is the corner of all blocks: nothing of it but one lane is a weight.
        lanes = image[-1]
        assert np.count_nonzero(lanes) <= 2
        empty = np.flatnonzero(lanes == 0)
        lanes[empty[position]] = 1
        return image

    edit(module, "g_a_0_conv", "weights", spoil)
    message = r"^g_a_0_conv: 'hls\.mac_array': a memory image whose padding is not zero$"
    with pytest.raises(InterpError, match=message):
        run(module, conv.x)


def test_sums_outside_their_proven_range() -> None:
    conv = Conv()
    wanted = conv.accumulators(conv.x)
    conv.acc = (int(wanted.min()), int(wanted.max()))
    run(parse(conv.module()), conv.x)
    conv.acc = (int(wanted.min()), int(wanted.max()) - 1)
    message = r"^g_a_0_conv: 'hls\.mac_array': accumulator of .* is outside "
    with pytest.raises(InterpError, match=message):
        run(parse(conv.module()), conv.x)


@pytest.mark.parametrize("narrower", [(-127, 127), (-128, 126)])
def test_activations_outside_their_proven_range(narrower: tuple[int, int]) -> None:
    conv = Conv()
    conv.x[0, 0, :2] = -128, 127
    run(parse(conv.module()), conv.x)
    conv.range = narrower
    message = r"^g_a_0_conv: 'hls\.mac_array': activation of -128\.\.127 is outside "
    with pytest.raises(InterpError, match=message):
        run(parse(conv.module()), conv.x)


def test_weights_outside_their_proven_range() -> None:
    conv = Conv(bits=4, packing="quad", oc=4, weight_bits=4)
    conv.weight[1, 1, 1, 1] = 8
    with pytest.raises(InterpError, match=r"^g_a_0_conv: 'hls\.mac_array': weight of -7\.\.8 is"):
        run(parse(conv.module()), conv.x)


# --------------------------------------------------------------------------------------------------
# GDN
# --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize("form", ["rsqrt", "gdn1"])
@pytest.mark.parametrize("folding", [(2, 3, 2, 3), (3, 5, 1, 1), (5, 1, 5, 4), (2, 2, 2, 5)])
def test_gdn(form: str, inverse: bool, folding: tuple[int, int, int, int]) -> None:
    oc, ic, lanes, intake = folding
    gdn = Gdn(
        form=form, inverse=inverse, oc=oc, ic=ic, lanes=lanes, intake=intake,
        out_element="i16", seed=1,
    )  # fmt: skip
    found = run(parse(gdn.module()), gdn.x)
    golden = gdn.golden()
    assert list(found) == [name for name in golden if oc != lanes or "repack" not in name]
    for name, values in found.items():
        np.testing.assert_array_equal(values, golden[name])
    assert len(np.unique(found["g_a_1_root"])) > 8


def test_strips_do_not_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    gdn = Gdn(out_element="i16")
    monkeypatch.setattr(exact, "_STRIP_ELEMENTS", 12)
    golden = gdn.golden()
    for name, values in run(parse(gdn.module()), gdn.x).items():
        np.testing.assert_array_equal(values, golden[name])


@pytest.mark.parametrize("name", ["gamma", "beta", "table", "multiplier", "shift"])
def test_other_memories_of_gdn_give_other_integers(name: str) -> None:
    gdn = Gdn(out_element="i16")
    gdn.norm_shift += 3
    gdn.beta[1] += 1 << 30
    gdn.acc, gdn.norm = (0, (1 << 47) - 1), (1, (1 << 31) - 1)
    gdn.shift[0] += 1
    module = parse(gdn.module())
    golden = gdn.golden()
    for process, values in run(module, gdn.x).items():
        np.testing.assert_array_equal(values, golden[process])
    process = "g_a_1_norm" if name in ("gamma", "beta") else "g_a_1_root"
    edit(module, process, name, transposed if name == "gamma" else reversed_channels)
    assert (run(module, gdn.x)[process] != golden[process]).any()


def reversed_channels(image: np.ndarray) -> np.ndarray:
    """Five channels, or the table's entries, in reverse; zeros stay behind them."""
    used = 5 if image.size < 256 else 256
    image.reshape(-1)[:used] = image.reshape(-1)[:used][::-1].copy()
    return image


def transposed(image: np.ndarray) -> np.ndarray:
    """The image of a 5 x 5 gamma folded by 2 x 3, of gamma's transpose."""
    full = image.reshape(3, 2, 2, 3).transpose(0, 2, 1, 3).reshape(6, 6)
    turned = full.T.reshape(3, 2, 2, 3).transpose(0, 2, 1, 3)
    return turned.reshape(image.shape)


def test_gamma_where_its_image_is_padded() -> None:
    gdn = Gdn()
    module = parse(gdn.module())

    def spoil(image: np.ndarray) -> np.ndarray:
        image[1, 2] = 1  # input channel 5 of five
        return image

    edit(module, "g_a_1_norm", "gamma", spoil)
    with pytest.raises(InterpError, match=r"^g_a_1_norm: 'hls\.gdn_norm': a memory image whose"):
        run(module, gdn.x)


def test_gdn_outside_its_ranges() -> None:
    gdn = Gdn()
    with pytest.raises(InterpError, match=r"'hls\.gdn_norm': input of .* -4096\.\.4095"):
        run(parse(gdn.module()), np.full_like(gdn.x, 4096))
    pairs = gdn.pairs(gdn.x)
    most = int(pairs[1::2].max())
    gdn.norm = (1, most)
    run(parse(gdn.module()), gdn.x)
    gdn.norm = (1, most - 1)
    with pytest.raises(InterpError, match=r"'hls\.gdn_norm': norm of .* is outside"):
        run(parse(gdn.module()), gdn.x)
    gdn.norm, gdn.acc = (1, most), (1, 2)
    with pytest.raises(
        InterpError, match=r"'hls\.gdn_norm': sum of the norm of .* is outside 1\.\.2"
    ):
        run(parse(gdn.module()), gdn.x)


# --------------------------------------------------------------------------------------------------
# Units of one word
# --------------------------------------------------------------------------------------------------
X16 = np.random.default_rng(4).integers(-32768, 32768, (5, 3, 4))
X16[0, 0, :4] = [-32768, 32767, 0, -1]


@pytest.mark.parametrize("kind", ["relu", "leaky_relu", "abs"])
@pytest.mark.parametrize("bounds", [(-32768, 32767), (-100, 1000)])
def test_activation(kind: str, bounds: tuple[int, int]) -> None:
    unit = (
        f'      %last = "hls.activation"(%word) {{kind = "{kind}", range = array<i64: {bounds[0]}, '
        f"{bounds[1]}>, multiplier = 70000 : i64, shift = 19 : i64}} : (vector<2xi16>) -> vector<2xi16>\n"
    )
    negative = {"relu": lambda v: 0, "leaky_relu": lambda v: half_up(v * 70000, 19), "abs": abs}
    wanted = law(
        X16, lambda v, _: min(max(v if v >= 0 else negative[kind](v), bounds[0]), bounds[1])
    )
    found = run(pointwise_design(X16, "i16", 2, "i16", unit), X16)
    np.testing.assert_array_equal(found["p"], wanted)


@pytest.mark.parametrize("shift", [0, 1, 7])
def test_round(shift: int) -> None:
    unit = (
        f'      %last = "hls.round"(%word) {{shift = {shift} : i64, range = array<i64: -2048, 2047>}} : '
        "(vector<3xi16>) -> vector<3xi16>\n"
    )
    found = run(pointwise_design(X16, "i16", 3, "i16", unit), X16)
    wanted = law(X16, lambda v, _: min(max(half_up(v, shift), -2048), 2047))
    np.testing.assert_array_equal(found["p"], wanted)


CONSTANTS = np.array([5, -32768, 32767, 0, -77])


def add_design(image: np.ndarray):
    unit = (
        '      %last = "hls.add"(%word, %c) {multiplier = array<i64: 65536, 4097>, shift = 16 : i64, '
        f"range = array<i64: -30000, 30000>}} : (vector<2xi16>, {memory_type(image, 'i16')}) -> vector<2xi16>\n"
    )
    return pointwise_design(X16, "i16", 2, "i16", unit, memory("constant", "c", image, "i16"))


def test_add() -> None:
    found = run(add_design(lanes_of(CONSTANTS, 2)), X16)
    wanted = law(
        X16,
        lambda v, c: min(max(half_up(v * 65536 + int(CONSTANTS[c]) * 4097, 16), -30000), 30000),
    )
    np.testing.assert_array_equal(found["p"], wanted)


@pytest.mark.parametrize("channels", [4, 7])
def test_memories_of_too_few_or_too_many_words(channels: int) -> None:
    image = lanes_of(np.arange(channels), 2)
    with pytest.raises(InterpError, match=r"^p: 'hls\.add': a memory of \d words of 2 for 5"):
        run(add_design(image), X16)


def test_repack_carries_channels_unchanged() -> None:
    body = port_in(X16.shape, "i16", 2)
    body += repack("0", "1", X16.shape, "i16", 2, 4, "wide", "g_a.0")
    body += repack("1", "2", X16.shape, "i16", 4, 3, "narrow", "g_a.0")
    module = parse(design("g_a", "encoder", body + port_out("2", X16.shape, "i16", 3)))
    found = run(module, X16)
    assert list(found) == ["wide", "narrow"]
    for values in found.values():
        np.testing.assert_array_equal(values, X16)


def test_streams_hold_what_is_written() -> None:
    unit = (
        '      %last = "hls.round"(%word) {shift = 0 : i64, range = array<i64: -32768, 32767>} : '
        "(vector<2xi16>) -> vector<2xi8>\n"
    )
    module = pointwise_design(X16, "i16", 2, "i8", unit)
    small = np.clip(X16, -128, 127)
    np.testing.assert_array_equal(run(module, small)["p"], small)
    small[2, 1, 1] = 128
    with pytest.raises(InterpError, match=r"^p: stream of 'i8' of -128\.\.128 is outside"):
        run(module, small)


# --------------------------------------------------------------------------------------------------
# Designs
# --------------------------------------------------------------------------------------------------
def test_designs_by_name() -> None:
    first, second = Conv().module(), Conv().module().replace('name = "g_a"', 'name = "g_s"')
    with CONTEXT, ir.Location.unknown():
        module = ir.Module.parse(first + second)
    assert list(hls.designs(module)) == ["g_a", "g_s"]


@pytest.mark.parametrize("shape", [(3, 7, 8), (2, 7, 9), (3, 7, 9, 1)])
def test_inputs_of_another_shape_than_the_port(shape: tuple[int, ...]) -> None:
    module = parse(Conv().module())
    with pytest.raises(InterpError, match=r"^g_a_input: expected \(3, 7, 9\), but got"):
        run(module, np.zeros(shape, np.int64))


def test_inputs_that_do_not_fit_the_port() -> None:
    conv = Conv(element="ui8")
    module = parse(conv.module())
    for value in (-1, 256):
        with pytest.raises(InterpError, match=r"^g_a_input: stream of 'ui8' of .* 0\.\.255"):
            run(module, np.full_like(conv.x, value))


def test_outputs_of_another_shape_than_the_port() -> None:
    conv = Conv()
    text = conv.module()
    head, tail = text.split('"hls.port_out"')
    module = parse(
        head + '"hls.port_out"' + tail.replace("array<i64: 4, 7, 9>", "array<i64: 4, 9, 7>")
    )
    with pytest.raises(
        InterpError, match=r"^g_a_output: expected \(4, 9, 7\), but got \(4, 7, 9\)"
    ):
        run(module, conv.x)


@pytest.mark.parametrize(
    ("make", "old", "new", "unit"),
    [
        (Conv, "{input = array<i64: 3, 7, 9>", "{input = array<i64: 3, 7, 8>", "window_buffer"),
        (Gdn, '{shape = array<i64: 5, 3, 4>, form = "rs', '{shape = array<i64: 5, 4, 3>, form = "rs', "gdn_norm"),
        (Gdn, 'hls.read"(%in) {shape = array<i64: 10, 3, 4>', 'hls.read"(%in) {shape = array<i64: 10, 4, 3>', "read"),
    ],
)  # fmt: skip
def test_shapes_inside_a_design(make, old: str, new: str, unit: str) -> None:
    case = make()
    text = case.module()
    assert old in text
    with pytest.raises(InterpError, match=rf": 'hls\.{unit}': "):
        run(parse(text.replace(old, new)), case.x)


def test_elided_memories() -> None:
    conv = Conv()
    image = lanes_of(conv.bias, conv.oc)
    text = conv.module().replace(
        elements(image, "i32"), "dense_resource<__elided__> : tensor<2x2xi32>"
    )
    assert "__elided__" in text
    with pytest.raises(InterpError, match="memory 'bias': its values were elided"):
        run(parse(text), conv.x)


def test_unknown_units(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {name: unit for name, unit in hls._UNITS.items() if name != "hls.requantizer"}
    monkeypatch.setattr(hls, "_UNITS", known)
    conv = Conv()
    with pytest.raises(InterpError, match=r"^g_a_0_drain: no interpretation of 'hls\.requantizer'"):
        run(parse(conv.module()), conv.x)
