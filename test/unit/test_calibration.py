# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Calibration images, the codec in floats, and the statistics that calibration keeps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from support.networks import random_checkpoint
from torch_mlir import ir

from licc.calibration import load_images, run_codec
from licc.dialects import make_context
from licc.errors import UserError
from licc.ingress import import_checkpoint
from licc.passes.lic_calibrate import LicCalibrate
from licc.passes.lic_raise_torch import LicRaiseTorch
from licc.quantize import facts
from licc.quantize.pictures import Source, alongside
from licc.quantize.statistics import BINS, WIDTHS, ChannelStatistics, Histogram, best_clip


def _save(path: Path, height: int, width: int, value: int = 128) -> None:
    Image.new("RGB", (width, height), (value, value, value)).save(path)


def test_embedded_images() -> None:
    images = load_images()
    assert len(images) == 6
    for image in images:
        assert image.shape == (1, 3, 256, 256)
        assert image.dtype == np.float32
        assert 0.0 <= image.min() < image.max() <= 1.0


def test_images_are_cropped_and_padded(tmp_path: Path) -> None:
    _save(tmp_path / "a.png", 300, 40)
    (image,) = load_images(tmp_path, size=(128, 128))
    assert image.shape == (1, 3, 128, 64)
    np.testing.assert_allclose(image, 128 / 255, rtol=1e-6)


def test_images_are_scaled_without_crop(tmp_path: Path) -> None:
    _save(tmp_path / "a.jpg", 300, 40)
    (image,) = load_images(tmp_path, size=(64, 192), crop=False)
    assert image.shape == (1, 3, 64, 192)


def test_crop_takes_the_centre(tmp_path: Path) -> None:
    pixels = np.zeros((192, 192, 3), np.uint8)
    pixels[64:128, 64:128] = 255
    Image.fromarray(pixels).save(tmp_path / "a.png")
    (image,) = load_images(tmp_path, size=(64, 64))
    assert image.min() == 1.0


def test_limit_and_order(tmp_path: Path) -> None:
    for name, value in (("b.png", 10), ("a.png", 20), ("c.png", 30)):
        _save(tmp_path / name, 64, 64, value)
    images = load_images(tmp_path, limit=2)
    assert [round(float(image[0, 0, 0, 0]) * 255) for image in images] == [20, 10]


def test_unreadable_image_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("not an image")
    (tmp_path / "notes.txt").write_text("not even called one")
    _save(tmp_path / "b.png", 64, 64)
    with pytest.warns(UserWarning, match=r"a\.png: skipped, not a readable image"):
        assert len(load_images(tmp_path)) == 1


def test_no_usable_image(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no image to calibrate with"):
        load_images(tmp_path)
    with pytest.raises(UserError, match="not a folder"):
        load_images(tmp_path / "nowhere")


# --------------------------------------------------------------------------------------------------
# Statistics
# --------------------------------------------------------------------------------------------------
def test_histogram_grows_without_losing_counts() -> None:
    histogram = Histogram(2)
    for scale in (1.0, 10.0, 0.1, 1000.0):
        array = np.full((1, 2, 4, 4), scale, np.float32)
        array[:, 1] *= -0.5
        histogram.add(array)
    assert histogram.limit >= 1000.0
    # Each array weighs one element per mean square: the same share of energy in each.
    energy = np.mean([1.0, 0.25])
    total = sum(1.0 / (energy * scale**2) for scale in (1.0, 10.0, 0.1, 1000.0))
    np.testing.assert_allclose(histogram.counts.sum(axis=1), total)
    statistics = histogram.statistics()
    np.testing.assert_allclose(statistics.mean, np.array([1.0, -0.5]) * 1011.1 / 4, rtol=1e-6)
    np.testing.assert_allclose(statistics.power[0], (1 + 100 + 0.01 + 1e6) / 4, rtol=1e-6)


def test_what_unseen_pictures_add_widens_clipping_with_the_width() -> None:
    histogram = Histogram(1)
    histogram.add(np.random.default_rng(0).normal(size=(1, 1, 200, 200)).astype(np.float32))
    clips = histogram.statistics().clips[0]
    assert len(clips) == len(WIDTHS)
    assert (np.diff(clips) >= 0.0).all()
    # 4 bits cut the tail off; with 16 bits there is room for twice what was seen.
    assert clips[0] < 0.8 * histogram.limit
    assert clips[-1] > 1.5 * histogram.limit


def test_clips_by_width() -> None:
    table = np.arange(26, dtype=float).reshape(2, 13)
    statistics = ChannelStatistics(table, np.zeros(2), np.zeros(2))
    assert [list(statistics.clip(bits)) for bits in (4, 8, 16, 17)] == [
        [0.0, 13.0],
        [4.0, 17.0],
        [12.0, 25.0],
        [12.0, 25.0],
    ]
    assert list(ChannelStatistics(table[:, :1], table[0], table[0]).clip(9)) == [0.0, 13.0]


@pytest.mark.parametrize("value", [0.0, 0.1, 77.7])
def test_a_constant_picture_has_no_correlation(value: float) -> None:
    histogram = Histogram(2)
    histogram.add(np.full((1, 2, 8, 8), value, np.float32))
    assert histogram.statistics().correlation == (0.0, 0.0)


def test_correlation_is_that_of_neighbours() -> None:
    rng = np.random.default_rng(0)
    rows = np.repeat(rng.normal(size=(1, 1, 1, 256)), 256, axis=2).astype(np.float32)
    histogram = Histogram(1)
    histogram.add(rows)
    down, right = histogram.statistics().correlation
    assert down > 0.99
    assert abs(right) < 0.2


def test_all_zero_tensor() -> None:
    histogram = Histogram(3)
    histogram.add(np.zeros((1, 3, 4, 4), np.float32))
    np.testing.assert_array_equal(histogram.clips(), 0.0)
    np.testing.assert_array_equal(histogram.statistics().clips, 0.0)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(0, 1000), min_size=BINS // 64, max_size=BINS // 64),
    st.floats(1e-3, 1e3),
    st.integers(4, 10),
)
def test_best_clip_is_no_worse_than_any_edge(counts: list[int], limit: float, bits: int) -> None:
    weights = np.array([counts], dtype=float)
    if weights.sum() == 0:
        assert best_clip(weights, limit, bits)[0] == 0.0
        return
    centres = (np.arange(len(counts)) + 0.5) * limit / len(counts)
    edges = (np.arange(len(counts)) + 1.0) * limit / len(counts)

    def error(clip: float) -> float:
        inside = centres < clip
        rounding = (clip / ((1 << (bits - 1)) - 1)) ** 2 / 12.0
        return float(weights[0] @ np.where(inside, rounding, (centres - clip) ** 2))

    chosen = error(best_clip(weights, limit, bits)[0])
    assert chosen <= min(error(edge) for edge in edges) * (1.0 + 1e-9) + 1e-9 * limit**2


def test_rare_peak_is_clipped_where_errors_balance() -> None:
    rng = np.random.default_rng(0)
    magnitudes = np.abs(rng.normal(size=40000))
    magnitudes[0] = 99.9
    counts = np.histogram(magnitudes, BINS, (0.0, 100.0))[0][None].astype(float)
    # The minimum of n clip^2 / (127^2 12) + (100 - clip)^2, to a bin's width.
    best = 99.9 / (1.0 + magnitudes.size / (127.0**2 * 12.0))
    assert abs(best_clip(counts, 100.0)[0] - best) < 100.0 / BINS * 1.5


# --------------------------------------------------------------------------------------------------
# The pass
# --------------------------------------------------------------------------------------------------
def _float_codec(tmp_path: Path, architecture: str) -> ir.Module:
    path = random_checkpoint(architecture, 8, 12, 0, tmp_path / "net.pt")
    module = import_checkpoint(path, (720, 1280), make_context())
    LicRaiseTorch().run(module)
    return module


@pytest.mark.parametrize("architecture", ["bmshj2018-hyperprior", "mbt2018-mean"])
def test_codec_chain(tmp_path: Path, architecture: str) -> None:
    module = _float_codec(tmp_path, architecture)
    results = run_codec(module, load_images(size=(128, 64), limit=1)[0])
    assert results["g_a"].shape == (1, 12, 8, 4)
    assert results["g_s"].shape == (1, 3, 128, 64)
    np.testing.assert_array_equal(results["h_a"], np.round(results["h_a"]))
    residual = results["latent_hat"]
    if architecture == "mbt2018-mean":
        assert results["h_s"].shape[1] == 24
        residual = residual - results["h_s"][:, 12:, :8, :4]
    np.testing.assert_allclose(residual, np.round(residual), atol=1e-5)
    assert np.abs(results["latent_hat"] - results["g_a"]).max() <= 0.5 + 1e-5


def test_codec_needs_an_encoder() -> None:
    context = make_context()
    module = ir.Module.parse("module {}", context=context)
    with pytest.raises(UserError, match="calibration starts from images"):
        run_codec(module, np.zeros((1, 3, 64, 64), np.float32))


def test_every_activation_is_observed(tmp_path: Path) -> None:
    module = _float_codec(tmp_path, "bmshj2018-hyperprior")
    LicCalibrate(max_images=1, size="64x64").run(module)
    module.operation.verify()
    for function in facts.functions(module).values():
        values = [function.arguments[0]]
        values += [
            op.operation.results[0]
            for op in function.entry_block.operations
            if op.operation.name not in ("lic.constant", "func.return")
        ]
        for value in values:
            low, high = facts.read_interval(value, facts.OBSERVED) or (1.0, 0.0)
            assert low <= high
            convolved = any(use.owner.operation.name.endswith("conv2d") for use in value.uses)
            channels = facts.read_channels(value)
            assert (channels is not None) == convolved
            if channels is not None:
                clip = facts.read_clip(value, 8)
                assert clip is not None
                assert 0.0 <= clip <= 2.0 * max(-low, high) * 1.000001
                assert channels.clips.max() <= 2.0 * max(-low, high) * 1.000001


def test_text_keeps_what_was_observed(tmp_path: Path) -> None:
    module = _float_codec(tmp_path, "bls2017")
    LicCalibrate(max_images=1, size="64x64").run(module)
    again = ir.Module.parse(str(module), context=module.context)
    for name, function in facts.functions(module).items():
        other = facts.functions(again)[name]
        assert str(function.attributes["arg_attrs"]) == str(other.attributes["arg_attrs"])


def test_size_that_is_none(tmp_path: Path) -> None:
    module = _float_codec(tmp_path, "bls2017")
    with pytest.raises(UserError, match="expected HxW, but got '0x4'"):
        LicCalibrate(size="0x4").run(module)


def test_the_module_says_what_it_was_calibrated_with(tmp_path: Path) -> None:
    module = _float_codec(tmp_path, "bls2017")
    assert Source.read(module) is None
    assert alongside(module) == {}
    LicCalibrate(max_images=2, size="64x128").run(module)
    again = ir.Module.parse(str(module), context=module.context)
    assert Source.read(again) == Source("", 2, (64, 128), True)
    assert set(alongside(again)) == {"g_a", "g_s"}


def test_pictures_that_are_gone(tmp_path: Path) -> None:
    module = _float_codec(tmp_path, "bls2017")
    Source(str(tmp_path / "gone"), 2, (64, 64), True).attach(module)
    with pytest.raises(UserError, match="gone: not a folder"):
        alongside(module)
