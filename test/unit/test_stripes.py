# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Stripes give the integers of the whole: against receptive fields found tap by tap, and on networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.codecs import EXAMPLE
from support.simulation import make
from support.typed import IMAGE, LATENT, SYMBOLS_SMALL, Layer, hyperprior, sample, typed_module
from torch_mlir import ir

from licc.cost.geometry import ConvGeometry
from licc.dialects import make_context
from licc.dialects.quantized import shape_of
from licc.driver.build import build
from licc.driver.options import Options
from licc.driver.progress import Progress
from licc.interp import lic
from licc.interp.lic import InterpError
from licc.passes.lic_fuse import LicFuse
from licc.passes.lic_schedule import LicSchedule
from licc.passes.lic_tile import LicTile
from licc.passes.lic_to_hls import LicToHls
from licc.passes.registry import OptionError
from licc.schedule.stages import conv_geometry, read_transforms, stage_ops
from licc.schedule.stripes import Stripes, StripesError, cut, narrowed, plan, plans, read, stitch
from licc.target.emit import EmitOptions, write_build

Chain = tuple[int, list[ConvGeometry]]


# --------------------------------------------------------------------------------------------------
# Planning
# --------------------------------------------------------------------------------------------------
@st.composite
def chains(draw: st.DrawFn) -> Chain:
    """A width, and convolutions and transposed ones with any padding."""
    width = start = draw(st.integers(8, 90))
    layers: list[ConvGeometry] = []
    for _ in range(draw(st.integers(0, 4))):
        kernel, stride = draw(st.sampled_from((1, 2, 3, 4, 5, 9))), draw(st.sampled_from((1, 2, 4)))
        padding = draw(st.integers(0, kernel // 2 + 1))
        transposed = kernel >= stride and draw(st.booleans())
        if transposed:
            extra = draw(st.integers(0, stride - 1))
            size = (width - 1) * stride - 2 * padding + kernel + extra
        else:
            size = (width + 2 * padding - kernel) // stride + 1
        assume(1 <= size <= 400)
        make = ConvGeometry.subpixel if transposed else ConvGeometry.conv
        shapes = (1, 4, width), (1, 4, size)
        layers.append(make(*shapes, (kernel, kernel), stride, (padding, padding)))
        width = size
    return start, layers


def outputs(layers: Sequence[ConvGeometry], columns: Sequence[int]) -> list[int]:
    """A number for each output column that says what it is made of; a tap outside reads None, the zero."""
    found = list(columns)
    for layer in layers:
        read_by = [
            (x // layer.upsample * layer.stride, layer.columns[x % layer.upsample])
            for x in range(narrowed(layer, len(found)))
        ]
        found = [
            hash(
                tuple(
                    found[base + taps.first + j]
                    if 0 <= base + taps.first + j < len(found)
                    else None
                    for j in range(taps.count)
                )
            )
            for base, taps in read_by
        ]
    return found


def scaled(layers: Sequence[ConvGeometry], offset: int) -> list[float]:
    """A column's place in the input and in the output of every layer, fractions where it has none."""
    found: list[float] = [offset]
    for layer in layers:
        found.append(found[-1] * layer.upsample / layer.stride)
    return found


def alignment(layers: Sequence[ConvGeometry]) -> int:
    return next(
        a for a in range(1, 5000) if all(v.is_integer() for v in map(float, scaled(layers, a)))
    )


@settings(max_examples=400, deadline=None)
@given(chains(), st.integers(1, 5))
def test_every_kept_column_reads_what_the_whole_reads(chain: Chain, count: int) -> None:
    width, layers = chain
    try:
        stripes = plan(layers, width, count)
    except StripesError:
        return
    whole = outputs(layers, range(width))
    parts = cut(np.arange(width), stripes)
    assert [len(part) for part in parts] == [stripes.input_stripe] * count
    made = [np.array(outputs(layers, part.tolist())) for part in parts]
    assert {len(part) for part in made} == {stripes.output_stripe}
    np.testing.assert_array_equal(stitch(made, stripes), whole)
    assert all(0 <= kept.start < kept.stop for kept in stripes.kept)
    assert count == 1 or stripes.input_stripe < width


@settings(max_examples=200, deadline=None)
@given(chains(), st.integers(2, 4))
def test_stripes_are_the_narrowest(chain: Chain, count: int) -> None:
    """An aligned step less, and some column is right in no stripe, wherever they are cropped."""
    width, layers = chain
    try:
        stripes = plan(layers, width, count)
    except StripesError:
        return
    align = alignment(layers)
    steps = [b - a for a, b in pairwise(stripes.input_offsets)]
    assert all(step % align == 0 for step in steps)
    assert max(steps) - min(steps) <= align
    stripe = stripes.input_stripe - align
    if stripe * count < width or min(sizes(layers, stripe)) < 1 or zeros_alone(layers):
        return
    whole = outputs(layers, range(width))
    right: set[int] = set()
    for k in range(count):
        offset = align * (k * ((width - stripe) // align) // (count - 1))
        start = int(scaled(layers, offset)[-1])
        part = outputs(layers, range(offset, offset + stripe))
        right |= {start + x for x, made in enumerate(part) if made == whole[start + x]}
    assert len(right) < len(whole)


def sizes(layers: Sequence[ConvGeometry], width: int) -> list[int]:
    found = [width]
    for layer in layers:
        found.append(narrowed(layer, found[-1]))
    return found


def zeros_alone(layers: Sequence[ConvGeometry]) -> bool:
    """Whether a column reads padding alone: it is right in every stripe, which a plan does not use."""
    for layer in layers:
        for x in range(layer.output[2]):
            base, taps = x // layer.upsample * layer.stride, layer.columns[x % layer.upsample]
            if base + taps.first + taps.count <= 0 or base + taps.first >= layer.input[2]:
                return True
    return False


def encoder(width: int) -> list[ConvGeometry]:
    """Four 5x5 convolutions of stride 2."""
    layers: list[ConvGeometry] = []
    for _ in range(4):
        half = -(-width // 2)
        layers.append(ConvGeometry.conv((8, 8, width), (8, 4, half), (5, 5), 2, (2, 2)))
        width = half
    return layers


def test_two_stripes_of_1280_columns() -> None:
    """A latent column reads 30 columns to each side: two latents on the left, two on the right."""
    stripes = plan(encoder(1280), 1280, 2)
    assert stripes == Stripes(1280, 80, (0, 608), (0, 38), (0, 40))
    assert (stripes.input_stripe, stripes.output_stripe) == (672, 42)
    assert stripes.kept == (slice(0, 40), slice(2, 42))
    assert stripes.widening == pytest.approx(1.05)


def test_odd_widths_keep_their_remainder() -> None:
    stripes = plan(encoder(1283), 1283, 3)
    assert stripes.input_stripe % 16 == 1283 % 16
    assert stripes.output_stripe == 1 + stripes.input_stripe // 16


def test_no_layers_need_no_halo() -> None:
    assert plan([], 10, 2) == Stripes(10, 10, (0, 5), (0, 5), (0, 5))


def test_more_stripes_than_there_can_be() -> None:
    """Each but the outer ones gives a latent column at least, of the four that it has."""
    found = list(plans(encoder(160), 160))
    assert [stripes.count for stripes in found] == [1, 2, 3, 4, 5, 6, 7]
    assert [stripes.output_stripe for stripes in found] == [10, 7, 6, 5, 5, 5, 4]
    with pytest.raises(StripesError, match=r"^expected fewer than 8 stripes of 160 columns$"):
        plan(encoder(160), 160, 8)


# --------------------------------------------------------------------------------------------------
# Cutting and stitching
# --------------------------------------------------------------------------------------------------
def test_columns_may_lie_along_any_axis() -> None:
    stripes = plan([], 10, 3)
    image = np.arange(60).reshape(2, 10, 3)
    parts = cut(image, stripes, axis=1)
    assert {part.shape for part in parts} == {(2, 4, 3)}
    np.testing.assert_array_equal(stitch(parts, stripes, axis=1), image)


def test_arrays_of_another_width() -> None:
    stripes = plan([], 10, 2)
    with pytest.raises(StripesError, match="expected an image of 10 columns, but got 9"):
        cut(np.zeros((3, 9)), stripes)
    with pytest.raises(StripesError, match="expected outputs of 2 stripes, but got 1"):
        stitch([np.zeros((3, 5))], stripes)
    with pytest.raises(StripesError, match="output of a stripe of 5 columns, but got 4"):
        stitch([np.zeros((3, 5)), np.zeros((3, 4))], stripes)


# --------------------------------------------------------------------------------------------------
# Networks
# --------------------------------------------------------------------------------------------------
Network = tuple[str, tuple[int, int, int], list[Layer]]


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """One to three convolutions of g_a or g_s, with what may follow them."""
    name = draw(st.sampled_from(("g_a", "g_s")))
    small = name == "g_s"
    height = draw(st.integers(4, 6) if small else st.integers(20, 40))
    width = start = draw(st.integers(9, 40) if small else st.integers(40, 170))
    shape = (draw(st.integers(1, 3)), height, start)
    layers: list[Layer] = []
    for _ in range(draw(st.integers(1, 3))):
        kernel, stride = draw(st.sampled_from(((3, 1), (3, 2), (5, 2), (9, 4), (5, 1), (4, 2))))
        padding, channels = draw(st.sampled_from((0, kernel // 2))), draw(st.integers(1, 3))
        if small and draw(st.booleans()):
            extra = draw(st.integers(0, stride - 1))
            layers.append(Layer("deconv", channels, kernel, stride, padding, extra))
            grow = kernel + extra - 2 * padding
            height, width = ((extent - 1) * stride + grow for extent in (height, width))
        else:
            stride = 1 if small else stride
            layers.append(Layer("conv", channels, kernel, stride, padding))
            height, width = (
                (extent + 2 * padding - kernel) // stride + 1 for extent in (height, width)
            )
        assume(min(height, width) >= 1 and width < 400)
        inverse = "i" if small else ""
        after = draw(st.sampled_from(("", "relu", f"{inverse}gdn", f"{inverse}gdn1")))
        layers += [Layer(after)] if after else []
    return name, shape, layers


def fused(network: Network, seed: int = 0) -> ir.Module:
    name, shape, layers = network
    kind = IMAGE if name == "g_a" else SYMBOLS_SMALL
    module = typed_module(make_context(), {name: (shape, kind, layers)}, seed)
    LicFuse().run(module)
    return module


def layers_of(module: ir.Module) -> list[ConvGeometry]:
    (transform,) = read_transforms(module)
    ops = [op for stage in transform.stages for op in stage_ops(stage.op)]
    return [conv_geometry(op) for op in ops if op.operation.name.endswith("conv2d")]


@settings(max_examples=60, deadline=None)
@given(networks(), st.integers(2, 4), st.integers(0, 1000))
def test_striping_changes_no_integer(network: Network, count: int, seed: int) -> None:
    name, shape, _ = network
    module = fused(network, seed)
    try:
        wanted = plan(layers_of(module), shape[2], count)
    except StripesError:
        assume(False)
        return
    x = sample(module, name, seed)
    whole = lic.run(module, name, x)
    LicTile(stripes=str(count)).run(module)
    assert module.operation.verify()
    function = lic.function(module, name)
    assert read(function) == wanted
    assert shape_of(function.regions[0].blocks[0].arguments[0])[3] == wanted.input_stripe
    np.testing.assert_array_equal(lic.run(module, name, x), whole)


DEEP: Network = ("g_a", (3, 24, 120), [Layer("conv", 3), Layer("gdn"), Layer("conv", 3)])


def test_striping_twice_is_striping_once() -> None:
    module = fused(DEEP)
    LicTile(stripes="3").run(module)
    text = str(module)
    for again in ("3", "2", "auto"):
        LicTile(stripes=again).run(module)
        assert str(module) == text


def test_the_interpreter_refuses_another_width() -> None:
    module = fused(DEEP)
    LicTile(stripes="2").run(module)
    with pytest.raises(InterpError, match="@g_a: expected an image of 120 columns, but got 119"):
        lic.run(module, "g_a", sample(module, "g_a")[:, :, :, :1].repeat(119, axis=3))


# --------------------------------------------------------------------------------------------------
# Golden data
# --------------------------------------------------------------------------------------------------
def test_golden_data_hold_the_stripes_one_after_another(tmp_path: Path) -> None:
    """As many frames as stripes; what follows g_a is fed its stitched latents."""
    transforms: dict[str, Any] = {
        "g_a": ((3, 33, 70), IMAGE, [Layer("conv", 4), Layer("relu"), Layer("conv", 4)]),
        "h_a": ((4, 9, 18), LATENT, [Layer("conv", 2, 3, 1)]),
    }
    module = typed_module(make_context(), transforms)
    LicFuse().run(module)
    image = sample(module, "g_a")
    latents = lic.run(module, "g_a", image)
    symbols = lic.run(module, "h_a", latents)
    LicTile(stripes="3").run(module)
    stripes = read(lic.function(module, "g_a"))
    assert stripes is not None
    LicSchedule().run(module)
    np.testing.assert_array_equal(lic.run(module, "g_a", image), latents)
    LicToHls().run(module)
    assert module.operation.verify()

    def feed(name: str, results: Mapping[str, Any]) -> Any:
        return results["g_a"] if name == "h_a" else image[0]

    write_build(module, tmp_path, EmitOptions(feed))

    def golden(file: str, element: str, *shape: int) -> Any:
        values = np.fromfile(tmp_path / "hls" / "golden" / file, element)
        return values.reshape(shape)

    # The layout of the hardware: frame, row, column, channel.
    parts = golden("g_a.input.bin", "u1", 3, 33, stripes.input_stripe, 3)
    wanted = cut(np.moveaxis(image[0], 0, -1), stripes, axis=1)
    np.testing.assert_array_equal(parts, wanted)
    made = golden("g_a.output.bin", "<i2", 3, 9, stripes.output_stripe, 4)
    stitched = stitch(list(made), stripes, axis=1)
    np.testing.assert_array_equal(np.moveaxis(stitched, -1, 0), latents[0])
    hyper = golden("h_a.output.bin", "<i2", 9, 18, 2)
    np.testing.assert_array_equal(np.moveaxis(hyper, -1, 0), symbols[0])


@pytest.mark.slow
def test_a_striped_build_simulates_exactly(tmp_path: Path) -> None:
    options = Options(EXAMPLE, tmp_path / "build", input_hw=(50, 250), stripes="3")
    status, output = make(build(options, Progress(verbose=False)), OPTIMISE="-O3")
    assert status == 0, output
    assert output.count(": 0 mismatches of ") == 4, output


# --------------------------------------------------------------------------------------------------
# How many
# --------------------------------------------------------------------------------------------------
def counts(
    n: int,
    target: str,
    names: str = "g_a h_a h_s g_s",
    share: Literal["auto", "role", "transform"] = "auto",
) -> dict[str, int]:
    """The counts that lic-tile chooses for M=192 at 720x1280, where only `names` are compiled."""
    transforms = {k: v for k, v in hyperprior(n, 192, 720, 1280).items() if k in names.split()}
    module = typed_module(make_context(), transforms)
    LicFuse().run(module)
    LicTile(target=target, share=share).run(module)
    found = {name: read(lic.function(module, name)) for name in transforms}
    return {name: stripes.count for name, stripes in found.items() if stripes is not None}


def test_what_fits_is_not_striped() -> None:
    assert counts(64, "zcu102") == {}


def test_a_small_board_gets_stripes() -> None:
    """Of 7.6 Mb 6.8 are to be filled: g_a takes 4.4 for weights and 4.2 for lines. With h_a not even 7.6 do."""
    assert counts(64, "ultra96v2", "g_a g_s") == {"g_a": 2, "g_s": 2}
    assert counts(64, "ultra96v2") == {"g_a": 2, "g_s": 2}


def test_a_role_shares_the_board() -> None:
    """29 Mb of 32: g_s takes 18 and h_s 8.9; g_a fits beside h_a in stripes, and whole where it is alone."""
    assert counts(128, "zcu102", "g_a g_s") == {}
    assert counts(128, "zcu102") == {"g_a": 2}
    assert counts(128, "zcu102", share="transform") == {}


def test_uram_counts() -> None:
    """kv260 has 5 Mb of block RAM and 18 of URAM."""
    assert counts(64, "kv260", "g_a") == {}


@pytest.mark.parametrize("stripes", ["0", "-1", "two", "", "1.5", "²"])
def test_counts_that_are_none(stripes: str) -> None:
    with pytest.raises(OptionError, match="option 'stripes' expected auto or a number from 1"):
        LicTile(stripes=stripes)
