# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Rooflines: what each layer does in a cycle, against what it needs from a memory."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from licc.report.data import DesignFacts, ProcessFacts, Report, RoleFacts
from licc.report.svg import drawing, element

# A BRAM18 gives 36 bits a cycle in its widest shape (AMD UG573).
BRAM18_BYTES = 4.5
PACKED = 2

_WIDTH, _HEIGHT = 620.0, 400.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 14.0, 16.0, 44.0
_LABEL, _LINE = 6.1, 11.0  # width of a character and height of a line of labels


@dataclass(frozen=True)
class Point:
    """MACs a byte, MACs a cycle, and what it is; `kind` is a class of the style sheet."""

    x: float
    y: float
    label: str
    kind: str
    text: str


@dataclass(frozen=True)
class Slope:
    """A bandwidth: `bytes` a cycle."""

    bytes: float
    label: str


@dataclass(frozen=True)
class Layer:
    """The processes of one layer: its MACs, the bytes of its tensors, and of weights read on chip."""

    name: str
    macs: int
    tensors: int
    parameters: int
    weights: int


def layers(design: DesignFacts) -> Iterator[Layer]:
    """The layers of a design that multiply."""
    for name, group in groupby(design.processes, key=lambda process: process.layer):
        processes = list(group)
        working = [p for p in processes if p.kind != "repack"] or processes
        macs = sum(p.macs for p in processes)
        if macs:
            yield Layer(
                name,
                macs,
                _bytes(working[0], "input") + _bytes(working[-1], "output"),
                sum(p.parameters for p in processes),
                sum(p.weight_bytes for p in processes),
            )


def _bytes(process: ProcessFacts, side: str) -> int:
    shape, type_ = (
        (process.input, process.in_type) if side == "input" else (process.output, process.out_type)
    )
    bits = int(type_.lstrip("uisgn") or 8) if type_.lstrip("uisgn").isdigit() else 8
    return math.prod(shape) * bits // 8


def ddr_points(report: Report, role: RoleFacts) -> Iterator[Point]:
    """Each layer as if it alone went through DDR (a model), and each design as it is (predicted)."""
    for i, design in enumerate(map(report.design, role.designs)):
        for layer in layers(design):
            moved = layer.tensors + layer.parameters
            rate = layer.macs / design.cycles
            text = f"{layer.name}: {rate:,.0f} MAC/cycle, {layer.macs / moved:,.1f} MAC a byte if it ran alone"
            yield Point(layer.macs / moved, rate, layer.name, f"alone c{i}", text)
        moved = design.source.bytes + design.sink.bytes
        if design.macs and moved:
            rate = design.macs / design.cycles
            text = f"{design.name}: {rate:,.0f} MAC/cycle, {design.macs / moved:,.1f} MAC a byte"
            yield Point(design.macs / moved, rate, f"{design.name}, whole", f"whole c{i}", text)


def weight_points(report: Report, role: RoleFacts) -> Iterator[Point]:
    """Each layer against the weights that its array reads from on-chip memory (predicted)."""
    for i, design in enumerate(map(report.design, role.designs)):
        for layer in layers(design):
            if layer.weights:
                x, rate = layer.macs / layer.weights, layer.macs / design.cycles
                text = f"{layer.name}: {rate:,.0f} MAC/cycle, {x:.2f} MAC a byte of weights"
                yield Point(x, rate, layer.name, f"layer c{i}", text)


def ddr_chart(report: Report, role: RoleFacts) -> Markup:
    """MAC/cycle against MACs a byte of DDR."""
    per_cycle = report.ddr_gbps * 1e3 / report.clock_mhz
    slopes = [Slope(per_cycle, f"DDR: {report.ddr_gbps:g} GB/s")] if per_cycle else []
    points = list(ddr_points(report, role))
    return _chart(points, slopes, report.total.dsp, "MACs a byte of DDR", "Roofline of DDR")


def weight_chart(report: Report, role: RoleFacts) -> Markup:
    """MAC/cycle against MACs a byte of weights."""
    count = report.total.bram18
    slopes = (
        [Slope(count * BRAM18_BYTES, f"{count:,} BRAM18, 36 bit a cycle each")] if count else []
    )
    points = list(weight_points(report, role))
    return _chart(
        points,
        slopes,
        report.total.dsp,
        "MACs a byte of weights read on chip",
        "Roofline of weights",
    )


# --------------------------------------------------------------------------------------------------
# Drawing
# --------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Axes:
    """Logarithmic axes; decades as exponents of ten."""

    x: tuple[float, float]
    y: tuple[float, float]

    def at(self, x: float, y: float) -> tuple[float, float]:
        across = (math.log10(x) - self.x[0]) / (self.x[1] - self.x[0])
        up = (math.log10(y) - self.y[0]) / (self.y[1] - self.y[0])
        return (
            _LEFT + across * (_WIDTH - _LEFT - _RIGHT),
            _HEIGHT - _BOTTOM - up * (_HEIGHT - _TOP - _BOTTOM),
        )


def _chart(
    points: Sequence[Point], slopes: Sequence[Slope], dsp: int, x_title: str, label: str
) -> Markup:
    points = [point for point in points if point.x > 0 and point.y > 0]
    if not points or not dsp:
        return Markup()
    top = math.log10(PACKED * dsp) + 0.25
    knees = [PACKED * dsp / slope.bytes for slope in slopes]
    xs = [*(point.x for point in points), *knees]
    axes = _Axes(
        (math.log10(min(xs)) - 0.35, math.log10(max(xs)) + 0.75),
        (min(math.floor(math.log10(min(p.y for p in points))), math.floor(top) - 2), top),
    )
    return drawing(
        _WIDTH,
        _HEIGHT,
        label,
        *_grid(axes, x_title),
        *_roofs(axes, slopes, dsp),
        *_points(axes, points, dsp),
        class_="chart",
    )


def _grid(axes: _Axes, x_title: str) -> Iterator[Markup]:
    left, bottom = _LEFT, _HEIGHT - _BOTTOM
    for x in _decades(axes.x):
        at = axes.at(x, 10 ** axes.y[0])[0]
        yield element("line", x1=at, x2=at, y1=_TOP, y2=bottom, class_="grid")
        yield element("text", _plain(x), x=at, y=bottom + 15, text_anchor="middle")
    for y in _decades(axes.y):
        at = axes.at(10 ** axes.x[0], y)[1]
        yield element("line", x1=left, x2=_WIDTH - _RIGHT, y1=at, y2=at, class_="grid")
        yield element("text", _plain(y), x=left - 6, y=at + 4, text_anchor="end")
    yield element("text", x_title, x=(left + _WIDTH) / 2, y=_HEIGHT - 8, text_anchor="middle")
    turn = f"rotate(-90 12 {_HEIGHT / 2:.0f})"
    yield element("text", "MACs a cycle", x=12, y=_HEIGHT / 2, text_anchor="middle", transform=turn)


def _decades(limits: tuple[float, float]) -> Iterator[float]:
    low, high = math.ceil(limits[0]), math.floor(limits[1])
    if high - low >= 2:
        yield from (10.0**e for e in range(low, high + 1))
        return
    for exponent in range(low - 1, high + 1):
        for m in (1, 2, 5):
            if limits[0] <= math.log10(m) + exponent <= limits[1]:
                yield m * 10.0**exponent


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def _roofs(axes: _Axes, slopes: Sequence[Slope], dsp: int) -> Iterator[Markup]:
    right = 10 ** axes.x[1]
    knee = max([PACKED * dsp / slope.bytes for slope in slopes], default=10 ** axes.x[0])
    for macs, label in ((PACKED, "2 MACs a DSP (packed)"), (1, "1 MAC a DSP")):
        x1, y = axes.at(knee * macs / PACKED, macs * dsp)
        x2 = axes.at(right, 1)[0]
        kind = "roof" if macs == PACKED else "roof thin"
        yield element("line", x1=x1, x2=x2, y1=y, y2=y, class_=kind)
        text = f"{macs * dsp:,}: {label}"
        yield element("text", text, x=x2, y=y - 5, text_anchor="end", class_="ceiling")
    for slope in slopes:
        low = max(10 ** axes.x[0], 10 ** axes.y[0] / slope.bytes)
        high = PACKED * dsp / slope.bytes
        (x1, y1), (x2, y2) = axes.at(low, low * slope.bytes), axes.at(high, high * slope.bytes)
        yield element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_="roof")
        angle = math.degrees(math.atan2(y2 - y1, x2 - x1))
        x, y = x1 + (x2 - x1) * 0.45, y1 + (y2 - y1) * 0.45 - 6
        turn = f"rotate({angle:.1f} {x:.1f} {y:.1f})"
        yield element(
            "text", slope.label, x=x, y=y, text_anchor="middle", class_="ceiling", transform=turn
        )


def _points(axes: _Axes, points: Sequence[Point], dsp: int) -> Iterator[Markup]:
    spots = {id(point): axes.at(point.x, point.y) for point in points}
    # What labels keep clear of: the points, and the texts of the ceilings.
    placed = [(x - 6, y + 4, 12.0) for x, y in spots.values()]
    placed += [(_WIDTH - 180, axes.at(1, macs * dsp)[1] - 5, 180.0) for macs in (1, PACKED)]
    for point in sorted(points, key=lambda p: (-p.y, p.x)):
        x, y = spots[id(point)]
        radius = 6.0 if point.kind.startswith("whole") else 4.5
        title = element("title", point.text)
        yield element("circle", title, cx=x, cy=y, r=radius, class_=f"point {point.kind}")
        width = len(point.label) * _LABEL
        sides = [x - 9 - width] if x + 9 + width > _WIDTH - _RIGHT else [x + 9, x - 9 - width]
        start, spot = _free(placed, sides, y + 4, width)
        placed.append((start, spot, width))
        yield element("text", point.label, x=start, y=spot, class_=f"name {point.kind}")


def _free(
    placed: Sequence[tuple[float, float, float]], sides: Sequence[float], y: float, width: float
) -> tuple[float, float]:
    """Where a label of this width overlaps none of those placed: on a side if it can, else nearest to it."""

    def taken(x: float, at: float) -> bool:
        return any(
            abs(at - other_y) < _LINE and x < other_x + other_width and other_x < x + width
            for other_x, other_y, other_width in placed
        )

    offsets = (sign * step * _LINE / 2 for step in range(20) for sign in (1, -1))
    spots = ((x, y + offset) for offset in offsets for x in sides)
    return next((spot for spot in spots if not taken(*spot)), (sides[0], y))
