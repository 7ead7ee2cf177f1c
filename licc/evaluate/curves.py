# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Curves of rate and quality: the published ones, BD-rate between two, and what one point alone can say.

BD-rate is the mean difference of the logarithms of two rates at equal quality, over the qualities that both
curves have (Bjontegaard, VCEG-M33); the library `bjontegaard` integrates it.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

from licc.errors import UserError
from licc.evaluate import metrics

METRICS = ("psnr", "ms_ssim")
# The piecewise cubic through all points that does not swing between them; the field's usual choice today.
METHOD = "pchip"
FITS = {
    2: "2 points: a straight line in log rate",
    3: "3 points: PCHIP, whose ends are estimated from one side",
}
USUAL_POINTS = 4
# What a slope is measured over, in dB to either side.
SLOPE_STEP = 0.05


@dataclass(frozen=True)
class Point:
    """Mean rate and quality of one checkpoint.

    Attributes:
        label: what it is called, such as a checkpoint's name or "q3".
        bpp: bits a pixel.
        psnr: dB.
        ms_ssim: 0..1; None where it is not known.
    """

    label: str
    bpp: float
    psnr: float
    ms_ssim: float | None = None

    def quality(self, metric: str) -> float | None:
        """In dB, whichever the metric."""
        if metric == "psnr":
            return self.psnr
        return None if self.ms_ssim is None else metrics.decibels(self.ms_ssim)


@dataclass(frozen=True)
class Curve:
    """Points of one codec, and on which images: "kodak24" for a published one, "" for those of a run."""

    name: str
    points: tuple[Point, ...]
    images: str = ""
    source: str = ""

    def ordered(self, metric: str) -> list[tuple[float, float]]:
        """Rate and quality of the points that have the metric, by rate."""
        pairs = [(p.bpp, p.quality(metric)) for p in self.points]
        return sorted((bpp, quality) for bpp, quality in pairs if quality is not None)


@dataclass(frozen=True)
class Delta:
    """How much more rate a curve takes than another at equal quality, in per cent.

    Attributes:
        metric: "psnr" or "ms_ssim".
        percent: None where there is no such number.
        points: of the curve and of the one that it is compared with.
        fit: which interpolation, and what it means with so few points.
        range: the qualities that both have, in dB.
        note: why there is no number, or what to be careful about.
    """

    metric: str
    percent: float | None
    points: tuple[int, int]
    fit: str
    range: tuple[float, float] | None
    note: str = ""


def bd_rate(curve: Curve, anchor: Curve, metric: str = "psnr") -> Delta:
    """BD-rate of `curve` against `anchor`: below zero, it takes less rate.

    Raises:
        UserError: the library is not installed.
    """
    own, other = curve.ordered(metric), anchor.ordered(metric)
    counts = (len(own), len(other))
    fewest = min(counts)
    fit = FITS.get(fewest, f"{METHOD.upper()} through all points")
    if fewest < 2:
        return Delta(metric, None, counts, fit, None, "a curve needs two points or more")
    bent = next((c for c, points in ((curve, own), (anchor, other)) if not _rises(points)), None)
    if bent is not None:
        note = f"{bent.name}: quality does not rise with rate, so there is no curve"
        return Delta(metric, None, counts, fit, None, note)
    low, high = max(own[0][1], other[0][1]), min(own[-1][1], other[-1][1])
    if high <= low:
        return Delta(metric, None, counts, fit, None, "no quality that both curves have")
    span = own[-1][1] - own[0][1]
    note = (
        "" if high - low >= 0.75 * span else "the curves share less than 3/4 of the quality range"
    )
    return Delta(metric, _percent(other, own), counts, fit, (low, high), note)


def _percent(anchor: Sequence[tuple[float, float]], test: Sequence[tuple[float, float]]) -> float:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from bjontegaard import bd_rate as library
    except ImportError as error:
        raise metrics.missing("bjontegaard") from error
    columns: list[Any] = [
        list(column) for points in (anchor, test) for column in zip(*points, strict=True)
    ]
    with warnings.catch_warnings():
        # It warns of small overlaps, which `bd_rate` says itself.
        warnings.simplefilter("ignore")
        percent: Any = library(*columns, method=METHOD, require_matching_points=False)
    return float(percent)


def _rises(points: Sequence[tuple[float, float]]) -> bool:
    return all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(points))


# --------------------------------------------------------------------------------------------------
# One point alone
# --------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Equivalent:
    """What a change of quality and rate is worth in rate alone, by the slope of another curve.

    This is no BD-rate: it is the change of one point, its dB turned into rate where the reference curve
    passes that quality.

    Attributes:
        percent: rate that equal quality would take more.
        slope: per cent of rate a dB, of the reference curve.
        at: quality in dB where the slope was taken.
        curve: name of the reference curve.
        note: "" or that the quality lies outside of the curve.
    """

    percent: float
    slope: float
    at: float
    curve: str
    note: str = ""

    @property
    def label(self) -> str:
        """What the number is, in a line."""
        note = f"; {self.note}" if self.note else ""
        return (
            "equivalent rate change at equal PSNR "
            f"(local slope of {self.curve} at {self.at:.2f} dB: {self.slope:.1f} % a dB{note})"
        )


def equivalent_rate(test: Point, base: Point, reference: Curve) -> Equivalent | None:
    """The rate that `test` would take for the PSNR of `base`, against the rate of `base`.

    `R = R_test * exp(s * (PSNR_base - PSNR_test))`, with `s = d ln R / d PSNR` of the reference curve (PCHIP
    through its points) at the PSNR of `base`; at its nearest end, where the curve does not reach it.
    """
    points = reference.ordered("psnr")
    if len(points) < 2 or not _rises(points):
        return None
    from scipy.interpolate import PchipInterpolator

    lowest, highest = points[0][1], points[-1][1]
    fit = PchipInterpolator([psnr for _, psnr in points], [math.log(bpp) for bpp, _ in points])
    at = min(max(base.psnr, lowest), highest)
    left, right = max(at - SLOPE_STEP, lowest), min(at + SLOPE_STEP, highest)
    slope = float(fit(right) - fit(left)) / (right - left)
    change = test.bpp / base.bpp * math.exp(slope * (base.psnr - test.psnr)) - 1.0
    note = "" if at == base.psnr else f"{base.psnr:.2f} dB lies outside of the curve"
    return Equivalent(100.0 * change, 100.0 * math.expm1(slope), at, reference.name, note)


# --------------------------------------------------------------------------------------------------
# Curves to compare with
# --------------------------------------------------------------------------------------------------
# Which published curve is nearest to an architecture without one of its own.
_NEAREST = {
    "bls2017": "bmshj2018-factorized",
    "bls2017-hyperprior": "bmshj2018-hyperprior",
    "bmshj2018-factorized-relu": "bmshj2018-factorized",
}


def published() -> dict[str, Path]:
    """The curves that licc brings along, by name."""
    folder = Path(str(resources.files("licc") / "data" / "reference"))
    return {path.stem: path for path in sorted(folder.glob("*.json"), key=lambda p: p.stem)}


def nearest_published(architecture: str) -> Curve | None:
    """The published curve of an architecture or of the one most alike; None for an unknown one."""
    name = _NEAREST.get(architecture, architecture)
    return read_curve(name) if name in published() else None


def read_curve(text: str) -> Curve:
    """A published curve by its name, or one from a file: ours, CompressAI's or the results of a run.

    Args:
        text: NAME, FILE or FILE#PRECISION: the results of a run hold a curve for each precision.

    Raises:
        UserError: there is no such curve.
    """
    names = published()
    if text in names:
        return _read_file(names[text], "")
    file, _, precision = text.partition("#")
    if not Path(file).is_file():
        raise UserError(
            f"--against {text}: no such file, and no published curve; those are {', '.join(names)}"
        )
    return _read_file(Path(file), precision)


def _read_file(path: Path, precision: str) -> Curve:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        found = _from_json(path, data, precision)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise UserError(
            f"--against {path}: not a curve; expected results.json of licc-eval or CompressAI's format"
        ) from error
    if not found.points:
        raise UserError(f"--against {path}: has no points")
    return found


def _from_json(path: Path, data: Mapping[str, Any], precision: str) -> Curve:
    if "variants" in data:
        return _of_results(path, data, precision)
    if "points" in data:
        points = (
            _point(f"q{entry.get('quality', i + 1)}", entry)
            for i, entry in enumerate(data["points"])
        )
        source = data.get("source", {})
        where = f"{source['repository']} {source['path']}" if "repository" in source else ""
        return Curve(str(data["name"]), tuple(points), str(data.get("images", "")), where)
    results = cast("Mapping[str, list[float]]", data["results"])
    psnr = results.get("psnr-rgb", results.get("psnr"))
    similar = results.get("ms-ssim-rgb", results.get("ms-ssim"))
    if psnr is None:
        raise KeyError("psnr")
    return Curve(
        str(data.get("name", path.stem)),
        tuple(
            Point(f"q{i + 1}", float(bpp), float(psnr[i]), None if similar is None else similar[i])
            for i, bpp in enumerate(results["bpp"])
        ),
    )


def _of_results(path: Path, data: Mapping[str, Any], precision: str) -> Curve:
    wanted = precision or "float"
    chosen = [entry for entry in data["variants"] if entry["precision"] == wanted]
    if not chosen:
        have = ", ".join(dict.fromkeys(str(entry["precision"]) for entry in data["variants"]))
        raise UserError(f"--against {path}#{wanted}: no such precision in it; it has {have}")
    points = tuple(_point(str(entry["checkpoint"]), entry["mean"]) for entry in chosen)
    return Curve(f"{path.parent.name or path.stem} {wanted}", points, str(data["images"]["digest"]))


def _point(label: str, entry: Mapping[str, Any]) -> Point:
    similar = entry.get("ms_ssim")
    return Point(
        label,
        float(entry["bpp"]),
        float(entry["psnr"]),
        None if similar is None else float(similar),
    )


def frontier(points: Iterable[tuple[float, float]]) -> list[bool]:
    """Which (cost, loss) no other point beats: none is as low in both and lower in one."""
    known = list(points)
    return [
        not any(a <= cost and b <= loss and (a, b) != (cost, loss) for a, b in known)
        for cost, loss in known
    ]
