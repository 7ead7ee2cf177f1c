# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""licc-eval: measures, curves, what is kept and taken up again, drawings, and errors in one line."""

from __future__ import annotations

import io
import itertools
import json
import math
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image
from scipy.interpolate import PchipInterpolator
from scipy.signal import convolve2d
from support import networks
from torch_mlir import ir

from licc import calibration
from licc.errors import UserError
from licc.evaluate import (
    coding,
    curves,
    images,
    jobs,
    layers,
    main,
    metrics,
    plots,
    predict,
    run,
    summary,
    variants,
)
from licc.evaluate.curves import Curve, Point
from licc.evaluate.output import Progress
from licc.evaluate.store import LINES, Store
from licc.interp import lic

ROOT = Path(__file__).parents[2]
SIZES = {"a.png": (96, 80), "b.png": (192, 176), "c.png": (64, 64)}


def pixels(height: int, width: int, seed: int) -> np.ndarray[Any, Any]:
    random = np.random.default_rng(seed)
    rough = random.integers(0, 256, (height // 8 + 1, width // 8 + 1, 3)).astype(np.uint8)
    large = Image.fromarray(rough).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(large)


def fill(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for seed, (name, size) in enumerate(SIZES.items()):
        Image.fromarray(pixels(*size, seed)).save(folder / name)
    return folder


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two checkpoints of one network, one with an entropy model; images to evaluate and to calibrate."""
    folder = tmp_path_factory.mktemp("inputs")
    fill(folder / "images")
    (folder / "calibrate").mkdir()
    Image.fromarray(pixels(64, 64, 9)).save(folder / "calibrate" / "x.png")
    networks.random_checkpoint("bls2017", 4, 6, 1, folder / "plain.pt", student=True)
    networks.random_checkpoint("bmshj2018-factorized", 4, 6, 2, folder / "coded.pt", student=True)
    return folder


def evaluate(inputs: Path, out: Path, *more: str, names: tuple[str, ...] = ("plain.pt",)) -> Any:
    request = main.read_request(
        [
            *(str(inputs / name) for name in names),
            *("--images", str(inputs / "images"), "--calibrate", str(inputs / "calibrate")),
            *("-o", str(out), "--jobs", "1"),
            *more,
        ]
    )
    return run.evaluate(request, Progress())


@pytest.fixture(scope="module")
def done(inputs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a whole evaluation."""
    out = tmp_path_factory.mktemp("done") / "out"
    names = ("plain.pt", "coded.pt")
    evaluate(inputs, out, "--precision", "int8", "int8{clip=false}", names=names)
    return out


@pytest.fixture
def data(done: Path) -> dict[str, Any]:
    return json.loads((done / "results.json").read_text())


def fails(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """licc-eval says `message` in one line."""
    before = sys.argv
    sys.argv = ["licc-eval", *arguments]
    try:
        assert main.entry() == 1
    finally:
        sys.argv = before
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("error: ")
    assert message in error, error


# --------------------------------------------------------------------------------------------------
# Measures
# --------------------------------------------------------------------------------------------------
def test_psnr_by_its_definition() -> None:
    random = np.random.default_rng(1)
    a, b = (random.integers(0, 256, (31, 17, 3)).astype(np.uint8) for _ in range(2))
    total = sum((int(x) - int(y)) ** 2 for x, y in zip(a.ravel(), b.ravel(), strict=True))
    assert metrics.psnr(a, b) == pytest.approx(20 * math.log10(255 / math.sqrt(total / a.size)))
    assert metrics.psnr(a, a) == metrics.LARGEST_PSNR
    one = a.copy()
    one[0, 0, 0] ^= 1
    assert metrics.psnr(a, one) == pytest.approx(10 * math.log10(255**2 * a.size))


def ms_ssim_by_definition(a: Any, b: Any) -> float:
    """Wang, Simoncelli, Bovik: Multi-scale structural similarity (2003), one channel after the other."""
    at = np.arange(11) - 5
    line = np.exp(-(at**2) / (2 * 1.5**2))
    window = np.outer(line, line) / line.sum() ** 2
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    result = []
    for channel in range(3):
        x, y = (image[:, :, channel].astype(np.float64) for image in (a, b))
        product = 1.0
        for level, weight in enumerate((0.0448, 0.2856, 0.3001, 0.2363, 0.1333)):
            mx, my, xx, yy, xy = (
                convolve2d(image, window, mode="valid") for image in (x, y, x * x, y * y, x * y)
            )
            contrast = (2 * (xy - mx * my) + c2) / (xx - mx**2 + yy - my**2 + c2)
            luminance = (2 * mx * my + c1) / (mx**2 + my**2 + c1)
            value = contrast if level < 4 else luminance * contrast
            product *= max(value.mean(), 0.0) ** weight
            if level < 4:
                x, y = halved(x), halved(y)
        result.append(product)
    return float(np.mean(result))


def halved(image: Any) -> Any:
    return image.reshape(image.shape[0] // 2, 2, image.shape[1] // 2, 2).mean((1, 3))


def test_ms_ssim_by_its_definition() -> None:
    clean = pixels(176, 192, 5)
    noise = np.random.default_rng(2).normal(0, 20, clean.shape)
    noisy = np.clip(clean + noise, 0, 255).astype(np.uint8)
    found = metrics.ms_ssim(noisy, clean)
    assert found == pytest.approx(ms_ssim_by_definition(noisy, clean), abs=2e-4)
    assert metrics.ms_ssim(clean, clean) == pytest.approx(1.0)
    assert metrics.ms_ssim(clean[:160], clean[:160]) is None
    assert metrics.decibels(0.99) == pytest.approx(20.0)


def test_energies_and_their_ratio() -> None:
    signal, noise = metrics.energies(np.array([3.0, 4.0]), np.array([3.0, 4.5]))
    assert (signal, noise) == (25.0, 0.25)
    assert metrics.ratio(signal, noise) == pytest.approx(20.0)
    assert metrics.ratio(1.0, 0.0) == metrics.LARGEST_PSNR
    assert metrics.ratio(0.0, 1.0) == 0.0
    assert metrics.ratio(1.0, 10.0) == pytest.approx(-10.0)


# --------------------------------------------------------------------------------------------------
# Curves
# --------------------------------------------------------------------------------------------------
def by_integration(test: Curve, anchor: Curve) -> float:
    """BD-rate as its definition says, with sums for the integral."""
    fits, ends = [], []
    for curve in (test, anchor):
        points = curve.ordered("psnr")
        quality = [q for _, q in points]
        fits.append(PchipInterpolator(quality, [math.log(r) for r, _ in points]))
        ends.append((quality[0], quality[-1]))
    low, high = max(e[0] for e in ends), min(e[1] for e in ends)
    at = np.linspace(low, high, 200_001)
    return 100 * math.expm1(float(np.mean(fits[0](at) - fits[1](at))))


def test_bd_rate_of_published_curves() -> None:
    names = ("mbt2018-mean", "bmshj2018-hyperprior", "bmshj2018-factorized")
    mean, hyper, factorized = map(curves.read_curve, names)
    delta = curves.bd_rate(hyper, factorized)
    assert delta.percent == pytest.approx(by_integration(hyper, factorized), abs=1e-3)
    assert -30 < delta.percent < -15  # less rate than without a hyperprior, and so with means
    assert -10 < curves.bd_rate(mean, hyper).percent < 0
    assert delta.points == (8, 8)
    assert delta.fit == "PCHIP through all points"
    assert delta.note == ""
    similar = curves.bd_rate(hyper, factorized, "ms_ssim")
    assert similar.percent is not None
    assert similar.percent < 0


def exponential(name: str, factor: float, count: int, start: float = 28.0) -> Curve:
    """Rate 0.1 * factor * e^(0.2 (PSNR - 28)): a straight line in log rate."""
    at = [start + 2.0 * i for i in range(count)]
    rates = [0.1 * factor * math.exp(0.2 * (psnr - 28.0)) for psnr in at]
    return Curve(
        name, tuple(Point(f"q{i}", *pair) for i, pair in enumerate(zip(rates, at, strict=True)))
    )


@pytest.mark.parametrize("count", [2, 3, 4, 6])
def test_bd_rate_of_a_constant_ratio(count: int) -> None:
    delta = curves.bd_rate(exponential("a", 1.25, count), exponential("b", 1.0, count + 1))
    assert delta.percent == pytest.approx(25.0)
    assert delta.fit == curves.FITS.get(count, "PCHIP through all points")
    assert delta.range == pytest.approx((28.0, 28.0 + 2 * (count - 1)))


def test_curves_that_cannot_be_compared() -> None:
    line = exponential("a", 1.0, 4)
    assert "two points" in curves.bd_rate(exponential("one", 1.0, 1), line).note
    away = curves.bd_rate(exponential("far", 1.0, 4, 50.0), line)
    assert (away.percent, away.note) == (None, "no quality that both curves have")
    bent = Curve("bent", (*line.points, Point("x", 9.0, 20.0)))
    assert curves.bd_rate(bent, line).note.startswith("bent: quality does not rise")
    assert "3/4" in curves.bd_rate(exponential("far", 1.0, 4, 31.0), line).note
    assert curves.bd_rate(line, line, "ms_ssim").percent is None


def test_equivalent_rate_by_the_slope() -> None:
    reference = exponential("line", 1.0, 5)
    base, test = Point("float", 0.5, 31.0), Point("int8", 0.51, 30.5)
    found = curves.equivalent_rate(test, base, reference)
    assert found is not None
    assert found.percent == pytest.approx(100 * (1.02 * math.exp(0.2 * 0.5) - 1))
    assert found.slope == pytest.approx(100 * math.expm1(0.2))
    assert found.label.startswith("equivalent rate change at equal PSNR (local slope of line at 31")
    outside = curves.equivalent_rate(test, replace(base, psnr=99.0), reference)
    assert outside is not None
    assert outside.note == "99.00 dB lies outside of the curve"
    assert outside.at == 36.0
    assert curves.equivalent_rate(test, base, exponential("one", 1.0, 1)) is None


def test_published_curves_are_whole() -> None:
    names = curves.published()
    assert len(names) == 10
    for name, path in names.items():
        entry = json.loads(path.read_text())
        assert entry["source"]["repository"] == "https://github.com/InterDigitalInc/CompressAI"
        assert len(entry["source"]["commit"]) == 40
        curve = curves.read_curve(name)
        assert curve.name == name
        assert curve.images == "kodak24"
        assert len(curve.points) == (6 if "cheng" in name else 8)
        points = curve.ordered("psnr")
        assert points == sorted(points, key=lambda p: p[1])
        assert all(0.05 < p.bpp < 2 and 24 < p.psnr < 41 for p in curve.points)
        assert all(0.9 < (p.ms_ssim or 0) < 1 for p in curve.points)
    assert curves.nearest_published("bls2017").name == "bmshj2018-factorized"
    assert curves.nearest_published("cheng2020-anchor").name == "cheng2020-anchor"
    assert curves.nearest_published("something") is None


def test_curves_from_files(done: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.json"
    theirs.write_text(
        json.dumps({"name": "x", "results": {"bpp": [0.1, 0.2], "psnr-rgb": [30.0, 32.0]}})
    )
    assert curves.read_curve(str(theirs)).ordered("psnr") == [(0.1, 30.0), (0.2, 32.0)]
    own = curves.read_curve(f"{done / 'results.json'}#int8")
    assert [p.label for p in own.points] == ["plain", "coded"]
    for text, message in (
        ("nothing", "no such file, and no published curve; those are bmshj2018-factorized"),
        (f"{done / 'results.json'}#int7", "no such precision in it; it has float, int8"),
        (str(done / "rd.svg"), "not a curve"),
    ):
        with pytest.raises(UserError, match=message.replace("(", r"\(")):
            curves.read_curve(text)


def test_frontier_is_what_no_other_beats() -> None:
    points = [(1.0, 0.4), (1.0, 0.5), (1.1, 0.1), (1.2, 0.1), (1.5, 0.05), (0.9, 0.9), (1.0, 0.4)]
    found = curves.frontier(points)
    assert found == [True, False, True, False, True, True, True]
    for (i, a), (j, b) in itertools.permutations(enumerate(points), 2):
        if a[0] < b[0] and a[1] < b[1]:
            assert not found[j], (i, j)


# --------------------------------------------------------------------------------------------------
# Images
# --------------------------------------------------------------------------------------------------
def test_images_of_all_kinds(tmp_path: Path) -> None:
    folder = fill(tmp_path / "images")
    Image.fromarray(pixels(64, 70, 3)).convert("L").save(folder / "grey.png")
    (folder / "notes.txt").write_text("no image")
    (folder / "broken.png").write_bytes(b"no image")
    whole = (folder / "a.png").read_bytes()
    (folder / "half.png").write_bytes(whole[: len(whole) // 2])
    found, skipped = images.find(folder)
    assert [p.name for p in found] == ["a.png", "b.png", "c.png", "grey.png", "half.png"]
    assert [(p.height, p.width) for p in found[:3]] == list(SIZES.values())
    assert [s.name for s in skipped] == ["broken.png"]
    assert images.decode((folder / "grey.png").read_bytes()).shape == (64, 70, 3)
    with pytest.raises(images.UnreadableError):
        images.decode((folder / "half.png").read_bytes())


def test_folders_without_images(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such folder"):
        images.find(tmp_path / "none")
    with pytest.raises(UserError, match=r"no image that can be read$"):
        images.find(tmp_path)
    (tmp_path / "x.png").write_bytes(b"")
    with pytest.raises(UserError, match=r"no image that can be read: x.png: not a readable image"):
        images.find(tmp_path)


@pytest.mark.parametrize("size", [(10, 300), (64, 64), (127, 700), (512, 768)])
def test_centres_are_whole_strides(size: tuple[int, int]) -> None:
    image = pixels(*size, 1)
    crop = layers.centre(image)
    for axis in (0, 1):
        assert crop.shape[axis] % 64 == 0
        assert crop.shape[axis] == min(max(size[axis] // 64, 1) * 64, layers.CROP)
    if min(size) >= 64:
        top, left = ((s - c) // 2 for s, c in zip(size, crop.shape, strict=False))
        assert (crop == image[top : top + crop.shape[0], left : left + crop.shape[1]]).all()


# --------------------------------------------------------------------------------------------------
# A whole evaluation
# --------------------------------------------------------------------------------------------------
def test_results_have_what_the_page_says(data: dict[str, Any]) -> None:
    assert list(data) == [
        *("format", "licc", "images", "calibration", "notes", "variants", "policies"),
        *("bd_rate", "references"),
    ]
    assert data["images"]["count"] == 3
    assert data["calibration"] == "calibrate"
    named = [(v["checkpoint"], v["precision"]) for v in data["variants"]]
    precisions = ["float", "int8", "int8{clip=false}"]
    assert named == [(c, p) for c in ("plain", "coded") for p in precisions]
    for variant in data["variants"]:
        rows = variant["images"]
        assert [(r["name"], (r["height"], r["width"])) for r in rows] == list(SIZES.items())
        for name in ("psnr", "bpp"):
            assert variant["mean"][name] == pytest.approx(np.mean([r[name] for r in rows]))
        assert variant["worst"]["psnr"]["value"] == min(r["psnr"] for r in rows)
        assert variant["worst"]["bpp"]["value"] == max(r["bpp"] for r in rows)
        assert [r["ms_ssim"] is None for r in rows] == [True, False, True]
        assert all(r["bpp"] == pytest.approx(r["bits"] / r["height"] / r["width"]) for r in rows)
        is_float = variant["precision"] == "float"
        assert (variant["loss"] is None) == is_float
        assert (variant["dsp"] is None) == is_float
        ratios = [entry["sqnr"] for entry in variant["layers"]]
        assert ratios == sorted(ratios)
        assert bool(ratios) != is_float
        assert "empirical" in variant["rate"] if variant["checkpoint"] == "plain" else "strings"


def test_rates_are_those_of_strings(inputs: Path, done: Path, data: dict[str, Any]) -> None:
    from licc.entropy import Coder

    variant = next(
        v for v in data["variants"] if (v["checkpoint"], v["precision"]) == ("coded", "int8")
    )
    module = coding.parse((done / variant["module"]).read_text())
    coder = Coder(module, inputs / "coded.pt")
    for row in variant["images"]:
        image = images.decode((inputs / "images" / row["name"]).read_bytes())
        stream = coder.encode(image)
        assert row["bits"] == 8 * len(stream.data)
        assert row["psnr"] == pytest.approx(metrics.psnr(coder.decode(stream), image), abs=1e-12)


def test_losses_are_differences(data: dict[str, Any]) -> None:
    base, int8 = data["variants"][0], data["variants"][1]
    drops = [a["psnr"] - b["psnr"] for a, b in zip(base["images"], int8["images"], strict=True)]
    assert int8["loss"]["psnr"] == pytest.approx(np.mean(drops))
    assert int8["loss"]["worst_psnr"] == max(drops)
    assert int8["loss"]["worst"] == list(SIZES)[int(np.argmax(drops))]
    rate = 100 * (int8["mean"]["bpp"] / base["mean"]["bpp"] - 1)
    assert int8["loss"]["bpp_percent"] == pytest.approx(rate)
    assert int8["loss"]["equivalent"]["curve"] == "bmshj2018-factorized"
    policy = data["policies"][0]
    assert (policy["precision"], policy["relative"]) == ("int8", 1.0)
    assert policy["psnr_loss"] == int8["loss"]["psnr"]
    assert policy["rate_label"] == int8["loss"]["equivalent"]["label"]
    assert policy["cycles_per_pixel"] == pytest.approx(
        sum(int8["dsp"]["layers"].values()) / math.prod(int8["dsp"]["input"])
    )


def test_layers_of_a_codec_that_is_exact(done: Path, data: dict[str, Any]) -> None:
    """The errors of layers are those of the arrays that the interpreter gives."""
    floats, typed = (coding.parse((done / v["module"]).read_text()) for v in data["variants"][:2])
    image = pixels(64, 64, 4)
    found = layers.layer_energies(floats, typed, image)
    wanted: list[Any] = []
    x = np.moveaxis(image, -1, 0)[None].astype(np.float32) / 255
    lic.run(floats, "g_a", x, lambda op, value: wanted.append(value))
    got: list[tuple[Any, Any]] = []
    stored = np.moveaxis(image, -1, 0)[None]
    lic.run(typed, "g_a", stored, lambda op, value: got.append((op, value)))
    # Image, convolution, requantization: what is requantized has one scale, and is GDN's input.
    requantized, value = got[2]
    scale = lic.quantized(requantized.operation.results[0].type).scale
    signal, noise = metrics.energies(wanted[1], value * scale)
    assert found["g_a.0"] == pytest.approx((signal, noise))
    assert noise > 0
    # The channels of the GDN behind it were divided by scales of their own.
    divided, value = got[3]
    attributes = divided.operation.attributes
    assert ir.StringAttr(attributes["layer"]).value == "g_a.1"
    scales = np.array(ir.DenseElementsAttr(attributes["lic.channel_scales"]))
    assert scales.max() > 1.01 * scales.min()
    scale = lic.quantized(divided.operation.results[0].type).scale
    real = value * scale * scales[:, None, None]
    assert found["g_a.1"] == pytest.approx(metrics.energies(wanted[2], real))
    assert metrics.ratio(*found["g_a.1"]) > 15
    every = {f"g_a.{i}" for i in range(5)} | {f"g_s.{i}" for i in range(5)}
    assert every <= set(found)


def test_pictures_are_compared_as_they_are_shown(done: Path, data: dict[str, Any]) -> None:
    floats, typed = (coding.parse((done / v["module"]).read_text()) for v in data["variants"][:2])
    image = pixels(64, 64, 4)
    results = calibration.run_codec(floats, np.moveaxis(image, -1, 0)[None] / np.float32(255))
    symbols = results["latent_hat"].astype(np.int64)
    integers = lic.run(typed, "g_s", symbols) / 255
    shown = np.clip(results["g_s"], 0, 1)
    assert (shown != results["g_s"]).any()
    wanted = metrics.energies(shown, integers)
    assert layers.layer_energies(floats, typed, image)["g_s.4"] == pytest.approx(wanted, rel=1e-4)


def test_floats_as_integers_have_no_error(done: Path, data: dict[str, Any]) -> None:
    floats = coding.parse((done / data["variants"][0]["module"]).read_text())
    assert layers.layer_energies(floats, floats, pixels(64, 64, 4)) == {}  # nothing is typed


# --------------------------------------------------------------------------------------------------
# Going on
# --------------------------------------------------------------------------------------------------
def test_a_finished_evaluation_measures_nothing(
    inputs: Path, done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    shutil.copytree(done, out)
    monkeypatch.setattr(coding.Worker, "measure", lambda *_: pytest.fail("measured again"))
    monkeypatch.setattr(variants.Maker, "_module", lambda *_: pytest.fail("compiled again"))
    names = ("plain.pt", "coded.pt")
    evaluate(inputs, out, "--precision", "int8", "int8{clip=false}", names=names)
    for name in ("results.json", "rd.svg", "frontier.svg", LINES):
        assert (out / name).read_bytes() == (done / name).read_bytes()


def test_an_interrupted_evaluation_goes_on(
    inputs: Path, done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    shutil.copytree(done, out)
    lines = (done / LINES).read_bytes().splitlines(keepends=True)
    assert len(lines) == 18
    # Half of the lines, and the next one cut off.
    (out / LINES).write_bytes(b"".join(lines[:9]) + lines[9][:40])
    seen: list[str] = []
    measure = coding.Worker.measure

    def counted(self: coding.Worker, task: coding.Task, fetch: Any) -> Any:
        seen.append(task.name)
        return measure(self, task, fetch)

    monkeypatch.setattr(coding.Worker, "measure", counted)
    names = ("plain.pt", "coded.pt")
    evaluate(inputs, out, "--precision", "int8", "int8{clip=false}", names=names)
    assert len(seen) == 9
    assert json.loads((out / "results.json").read_text()) == json.loads(
        (done / "results.json").read_text()
    )


def test_a_line_that_was_cut_off_harms_no_other(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.add({"variant": "a", "image": "1", "psnr": 30.0})
        store.add({"variant": "a", "image": "2", "psnr": 31.0})
    path = tmp_path / LINES
    path.write_bytes(path.read_bytes()[:-9])
    with Store(tmp_path) as store:
        assert store.get("a", "1") is not None
        assert store.get("a", "2") is None
        store.add({"variant": "a", "image": "3", "psnr": 32.0})
        with pytest.raises(ValueError, match="not JSON compliant"):
            store.add({"variant": "a", "image": "4", "psnr": math.nan})
    with Store(tmp_path) as store:
        assert set(store.records) == {("a", "1"), ("a", "3")}


def test_what_a_variant_depends_on(inputs: Path, tmp_path: Path) -> None:
    policy = tmp_path / "mine.py"
    text = "from licc.quantize.policy import Policy\nclass Mine(Policy):\n    clip = True\n"
    policy.write_text(text)
    (checkpoint,) = variants.read_checkpoints([inputs / "plain.pt"])

    def key(folder: Path | None = None, size: tuple[int, int] = (64, 64)) -> str:
        precisions = variants.read_precisions([f"{policy}:Mine"])
        setting = variants.Setting(tmp_path / "out", folder, size)
        floats, mine = variants.plan([checkpoint], precisions, setting)
        assert mine.precision.name == "mine.py:Mine"
        assert mine.floats == floats.module
        return mine.key

    first = key()
    assert key() == first
    assert key(inputs / "calibrate") != first
    assert key(size=(128, 64)) != first
    policy.write_text(text.replace("True", "False"))
    assert key() != first


def test_twins_are_coded_once_and_shown_twice(inputs: Path, done: Path, tmp_path: Path) -> None:
    again = tmp_path / "in"
    shutil.copytree(inputs, again)
    shutil.copy(again / "images" / "c.png", again / "images" / "twin.png")
    out = tmp_path / "out"
    shutil.copytree(done, out)
    result = evaluate(again, out, "--precision", "int8")
    assert (out / LINES).read_bytes() == (done / LINES).read_bytes()
    names = [row["name"] for row in result.data["variants"][0]["images"]]
    assert names == [*SIZES, "twin.png"]


def test_damaged_images_are_named_and_left_out(
    inputs: Path, done: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = tmp_path / "in"
    shutil.copytree(inputs, again)
    whole = (again / "images" / "b.png").read_bytes()
    (again / "images" / "half.png").write_bytes(whole[: len(whole) // 2])
    (again / "images" / "none.png").write_bytes(b"none")
    out = tmp_path / "out"
    shutil.copytree(done, out)
    result = evaluate(again, out, "--precision", "int8")
    error = capsys.readouterr().err
    assert "warning: half.png: skipped, " in error
    assert "warning: none.png: skipped, not a readable image" in error
    assert [s["name"] for s in result.data["images"]["skipped"]] == ["none.png", "half.png"]
    assert result.data["images"]["count"] == 3
    assert any("2 of 5 images left out" in note for note in result.notes)


def test_images_that_memory_does_not_hold(
    inputs: Path, done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    shutil.copytree(done, out)
    facts = variants.Facts(**json.loads(next((out / "ir").glob("plain-int8-*.json")).read_text()))
    # Room for 96x80, and none for 192x176.
    monkeypatch.setattr(jobs, "available_memory", lambda: int(facts.bytes_per_pixel * 10_000))
    result = evaluate(inputs, out, "--precision", "int8")
    (skipped,) = result.data["images"]["skipped"]
    assert skipped["name"] == "b.png"
    assert skipped["reason"].startswith("192x176 needs about 0.0 GiB of memory")


def test_a_folder_of_somebody_else_stays(inputs: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(UserError, match=r"holds 'thesis\.tex' and no evaluation"):
        Store(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="is not a folder"):
        Store(tmp_path / "file")


# --------------------------------------------------------------------------------------------------
# Many at once
# --------------------------------------------------------------------------------------------------
def test_one_job_needs_no_ray(
    inputs: Path, done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    out = tmp_path / "out"
    shutil.copytree(done, out)
    (out / LINES).write_bytes(b"")
    evaluate(inputs, out, "--precision", "int8")
    (out / LINES).write_bytes(b"")
    with pytest.raises(UserError, match=r"ray is not installed.*pip install 'licc\[eval\]'"):
        evaluate(inputs, out, "--precision", "int8", "--jobs", "2")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_two_jobs_give_what_one_gives(inputs: Path, done: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(done, out)
    (out / LINES).write_bytes(b"")
    names = ("plain.pt", "coded.pt")
    evaluate(inputs, out, "--precision", "int8", "int8{clip=false}", "--jobs", "2", names=names)
    one, two = (json.loads((folder / "results.json").read_text()) for folder in (done, out))
    for a, b in zip(one["variants"], two["variants"], strict=True):
        if a["precision"] == "float":  # whose sums depend on the number of threads
            psnr = [[row["psnr"] for row in each["images"]] for each in (a, b)]
            assert psnr[0] == pytest.approx(psnr[1], abs=1e-4)
        else:
            assert a["images"] == b["images"]


def test_workers_do_not_import_from_the_current_folder() -> None:
    """Ray puts the folder that it starts in at the front of their path."""
    here, seen = Path.cwd(), list[list[str]]()
    ray = SimpleNamespace(
        init=lambda **_: seen.append(list(map(str, Path.cwd().iterdir()))), shutdown=lambda: None
    )
    with jobs._cluster(ray):
        assert Path.cwd() == here
    assert seen == [[]]


def test_workers_hold_two_codecs_at_most(done: Path, inputs: Path, data: dict[str, Any]) -> None:
    worker, made = coding.Worker(), []
    image = (inputs / "images" / "c.png").read_bytes()

    def fetch(variant: dict[str, Any]) -> coding.Source:
        made.append(variant["module"])
        text = (done / variant["module"]).read_text()
        path = inputs / f"{variant['checkpoint']}.pt"
        return coding.Source(variant["module"], text, None, path.read_bytes(), ".pt")

    for variant in (*data["variants"][:3], data["variants"][2], data["variants"][0]):
        task = coding.Task(variant["module"], "c.png", "0", image)
        record = worker.measure(task, lambda variant=variant: fetch(variant))
        assert record["psnr"] == pytest.approx(variant["images"][2]["psnr"], abs=1e-6)
    assert len(made) == 4
    assert len(worker.codecs) == coding.HELD_CODECS


# --------------------------------------------------------------------------------------------------
# Drawings, tables, predictions
# --------------------------------------------------------------------------------------------------
def test_drawings_are_whole(done: Path) -> None:
    for name in ("rd", "frontier"):
        with Image.open(done / f"{name}.png") as image:
            image.load()
            assert image.width > 800
        svg = ET.parse(done / f"{name}.svg").getroot()
        assert svg.tag.endswith("}svg")
        text = " ".join(node.text or "" for node in svg.iter() if node.tag.endswith("}text"))
        assert "int8{clip=false}" in text
        assert ("bits a pixel" if name == "rd" else "DSP cycles, relative to int8") in text


def test_labels_do_not_overlap() -> None:
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with mpl.rc_context():
        figure = Figure(figsize=(6, 4))
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        points = [(1.0 + 0.001 * i, 2.0, f"policy{i}", "black") for i in range(8)]
        axes.plot([p[0] for p in points], [p[1] for p in points], "o")
        axes.margins(0.4)
        figure.draw_without_rendering()
        plots._place(axes, points)
        renderer = figure.canvas.get_renderer()
        boxes = [text.get_window_extent(renderer) for text in axes.texts]
    assert len(boxes) == 8
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))


@pytest.mark.parametrize(
    "heights", [[0.5, 0.5, 0.5], [0.02, 0.0, 0.01], [0.99, 1.0, 0.2], [0.4] * 30]
)
def test_a_column_of_labels_keeps_its_order(heights: list[float]) -> None:
    found = plots._spread(heights)
    order = sorted(range(len(heights)), key=lambda i: -heights[i])
    places = [found[i] for i in order]
    gap = min(plots.LABEL_GAP, 1 / len(heights)) - 1e-9
    assert all(a - b >= gap for a, b in itertools.pairwise(places))
    assert -1e-9 <= min(found) <= max(found) <= 1 + 1e-9 + gap


def test_tables(done: Path, inputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from licc.evaluate.output import show

    request = ["--precision", "int8", "int8{clip=false}"]
    result = evaluate(inputs, done, *request, names=("plain.pt", "coded.pt"))
    capsys.readouterr()
    show(result)
    text = capsys.readouterr().out
    int8 = result.data["variants"][1]
    for part in (
        f"{int8['mean']['psnr']:.2f}",
        f"{int8['mean']['bpp']:.4f}",
        f"{int8['loss']['worst_psnr']:.2f} {int8['loss']['worst']}",
        f"{int8['layers'][0]['layer']} {int8['layers'][0]['sqnr']:.1f}",
        "equivalent rate change at equal PSNR (local slope of bmshj2018-factorized at",
        "note: bpp of plain: empirical entropy of the symbols (no entropy model): no bitstream",
    ):
        assert part in text, part


def test_several_checkpoints_are_a_curve(done: Path, inputs: Path) -> None:
    """Points of made-up rates: BD-rates come from the curves through all checkpoints."""
    result = evaluate(inputs, done, "--precision", "int8")
    known = result.evaluated[:2]

    def at(index: int, factor: float) -> Iterator[Any]:
        for i, psnr in enumerate((30.0, 32.0, 34.0, 36.0)):
            each = known[index]
            checkpoint = replace(each.variant.checkpoint, path=Path(f"q{i}.pt"), digest=str(i))
            variant = replace(each.variant, checkpoint=checkpoint, key=f"{index}{i}")
            record = dict(each.records[0])
            bpp = factor * 0.1 * 1.3**i
            record |= {"psnr": psnr, "bits": bpp * record["height"] * record["width"]}
            yield replace(each, variant=variant, records=[record])

    made = [*at(0, 1.0), *at(1, 1.1)]
    found = summary.summarise(
        made,
        summary.Images(inputs, images.find(inputs / "images")[0], []),
        None,
        [curves.read_curve("bmshj2018-factorized")],
    )
    deltas = {(g.precision, anchor): d for g, anchor, d in found.deltas if d.metric == "psnr"}
    assert deltas["int8", "float"].percent == pytest.approx(10.0)
    assert deltas["int8", "bmshj2018-factorized"].percent is not None
    (policy,) = found.policies
    assert policy.rate_label == "BD-rate against float"
    assert policy.rate_percent == pytest.approx(10.0)
    assert json.loads(json.dumps(found.data))["bd_rate"][0]["fit"] == "PCHIP through all points"
    drawn = plots.draw(found)
    assert Image.open(io.BytesIO(drawn["rd.png"])).width > 800


def test_predicted_rates(
    inputs: Path, done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, tuple[int, int]]] = []

    def scheduled(module: ir.Module, options: Any) -> predict.Predicted:
        asked.append((options.target, options.input_hw))
        assert "lic.padded" in module.operation.attributes
        return predict.Predicted(
            options.target, options.input_hw, {"encoder": 12.5}, {"encoder": 9}
        )

    monkeypatch.setattr(predict, "predict", scheduled)
    out = tmp_path / "out"
    more = ("--precision", "int8", "--target", "zcu102", "--input", "128x192")
    for _ in range(2):  # the second time from the store
        result = evaluate(inputs, out, *more)
    assert asked == [("zcu102", (128, 192))]
    floats, int8 = result.data["variants"]
    assert floats["predicted"] is None
    assert int8["predicted"]["fps"] == {"encoder": 12.5}
    assert int8["predicted"]["what"].startswith("predicted by the schedule")
    assert int8["dsp"]["input"] == [128, 192]


@pytest.mark.slow
def test_predictions_are_those_of_a_build(inputs: Path, done: Path) -> None:
    from licc.driver.options import Options

    source = next((done / "ir").glob("plain-int8-*.mlir"))
    options = Options(inputs / "plain.pt", target="zcu102", input_hw=(256, 256))
    found = predict.predict(coding.parse(source.read_text()), options)
    assert found.note == ""
    assert set(found.fps) == {"encoder", "decoder"}
    assert all(rate > 1 for rate in found.fps.values())
    assert predict.Predicted.of(json.loads(json.dumps(asdict(found)))) == found


# --------------------------------------------------------------------------------------------------
# The command line
# --------------------------------------------------------------------------------------------------
def test_errors_are_one_line(
    inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    student, folder = str(inputs / "plain.pt"), str(inputs / "images")
    out = ["-o", str(tmp_path / "out")]
    empty = tmp_path / "empty"
    empty.mkdir()
    for arguments, message in (
        ([], "no checkpoint given"),
        ([student], "no images given"),
        (["nothing.pt", "--images", folder, *out], "nothing.pt: no such file"),
        ([student, "--images", str(empty), *out], "no image that can be read"),
        ([student, "--images", "nowhere", *out], "--images nowhere: no such folder"),
        ([student, "--images", folder, "--precision", "int7", *out], "no such policy"),
        ([student, "--images", folder, "--against", "x", *out], "no published curve"),
        ([student, "--images", folder, "--jobs", "0", *out], "expected a number from 1"),
        ([student, "--images", folder, "--target", "x", *out], "x"),
        ([student, "--images", folder, "--input", "5", *out], "--input 5: expected HxW"),
        ([student, "--images", folder, "--calibrate", "x", *out], "--calibrate x: no such folder"),
        ([student, "--images", folder, "--frobnicate"], "unrecognized arguments"),
        ([student, "--images", folder, "-o", ""], "-o: expected a folder"),
        ([student, "--images", folder, "-o", str(inputs)], "and no evaluation"),
        ([str(inputs / "images" / "a.png"), "--images", folder, *out], "a.png"),
    ):
        fails(arguments, message, capsys)


def test_the_published_curves_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run_eval(["--list-curves"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 10
    assert lines[0].split()[:3] == ["bmshj2018-factorized", "8", "points"]


def test_an_interruption_keeps_what_is_done(
    inputs: Path,
    done: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import os
    import signal

    out = tmp_path / "out"
    shutil.copytree(done, out)
    (out / LINES).write_bytes(b"")
    measure = coding.Worker.measure

    def interrupted(self: coding.Worker, task: coding.Task, fetch: Any) -> Any:
        if task.name == "b.png":
            os.kill(os.getpid(), signal.SIGINT)
        return measure(self, task, fetch)

    monkeypatch.setattr(coding.Worker, "measure", interrupted)
    arguments = ["--images", str(inputs / "images"), "--calibrate", str(inputs / "calibrate")]
    arguments += ["--precision", "int8", "--jobs", "1", "-o", str(out)]
    monkeypatch.setattr(sys, "argv", ["licc-eval", str(inputs / "plain.pt"), *arguments])
    assert main.entry() == 128 + signal.SIGINT
    error = capsys.readouterr().err
    assert (
        error.strip().splitlines()[-1] == "error: interrupted; run again to go on where it stopped"
    )
    assert len((out / LINES).read_bytes().splitlines()) == 1


def test_the_example_of_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "docs" / "evaluate.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(code, {})
    assert re.fullmatch(r"-\d\.\d % over 27\.7\.\.40\.6 dB\n", capsys.readouterr().out)


def test_the_command_lines_of_the_page_are_valid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pages = [
        (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/evaluate.md")
    ]
    lines = [*"\n".join(pages).splitlines(), *main.make_parser().format_help().splitlines()]
    used = [line.split("#  ")[0].split("    # ")[0] for line in lines]
    used = [line.strip() for line in used if line.startswith("  ") and "licc-eval " in line]
    assert len(used) >= 8
    for line in used:
        request = main.read_request(shlex.split(line, comments=True)[1:])
        assert all(path.suffix == ".pt" for path in request.checkpoints)
