# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Drawings of an evaluation as PNG and SVG: rate and quality, and the frontier of loss against DSP cost."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from licc.evaluate.curves import frontier
from licc.evaluate.metrics import missing
from licc.evaluate.summary import Group, Policy, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colours, which colour-blind readers tell apart; black is for floats.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
INK, FAINT = "#1a1a1a", "#8a8a8a"
DPI = 150
NAMES = ("rd.png", "rd.svg", "frontier.png", "frontier.svg")
# Where a label may stand, in points from its point: the nearest free place is taken.
_PLACES = tuple(
    (dx * r, dy * r)
    for r in (1.0, 1.8, 3.0, 4.5, 6.5, 9.0)
    for dx, dy in ((8, 0), (8, 8), (8, -8), (0, 10), (0, -10), (-8, 8), (-8, -8), (-8, 0))
)
# Between labels of a column, of the height of the axes.
LABEL_GAP = 0.055
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.7,
    "xtick.color": INK,
    "ytick.color": INK,
    "svg.fonttype": "none",
    "svg.hashsalt": "licc",
}


def draw(summary: Summary) -> dict[str, bytes]:
    """All drawings by file name; the frontier only where there are policies.

    Raises:
        UserError: matplotlib is not installed.
    """
    try:
        import matplotlib as mpl
    except ImportError as error:
        raise missing("matplotlib") from error
    with mpl.rc_context(STYLE):
        files = _saved("rd", _rate_distortion(summary))
        if summary.policies:
            files |= _saved("frontier", _frontier(summary.policies))
    return files


def _saved(name: str, figure: Figure) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for kind in ("png", "svg"):
        buffer = io.BytesIO()
        # No date: equal results give equal files.
        metadata: dict[str, Any] = {"Date": None} if kind == "svg" else {"Software": None}
        figure.savefig(buffer, format=kind, dpi=DPI, metadata=metadata)
        files[f"{name}.{kind}"] = buffer.getvalue()
    return files


def _figure(width: float, height: float, panels: int) -> tuple[Figure, list[Axes]]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, list(figure.subplots(1, panels, squeeze=False)[0])


def _colours(names: Sequence[str]) -> Mapping[str, str]:
    typed = [name for name in dict.fromkeys(names) if name != "float"]
    return {"float": INK} | {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(typed)}


# --------------------------------------------------------------------------------------------------
# Rate and quality
# --------------------------------------------------------------------------------------------------
def _rate_distortion(summary: Summary) -> Figure:
    """All of it, and beside it the points of this run alone: they lie close together."""
    figure, (whole, close) = _figure(10.5, 4.6, 2)
    estimated = any(each.estimated for each in summary.evaluated)
    rate = "bits a pixel" + (" (empirical entropy)" if estimated else "")
    for axes, title in ((whole, "with published curves"), (close, "this run")):
        axes.set_title(title)
        axes.set_xlabel(rate)
        axes.set_ylabel("PSNR in dB")
    colours = _colours([group.precision for group in summary.groups])
    for axes in (whole, close):
        for group in summary.groups:
            _draw_group(axes, group, colours[group.precision])
    close.margins(0.25)
    close.locator_params(axis="x", nbins=6)
    close.autoscale_view()
    _frame(whole, summary)
    figure.draw_without_rendering()
    published = [(*c.ordered("psnr")[-1], c.name, FAINT) for c in summary.references]
    _beside(whole, published)
    labels = [_label(summary, group, colours[group.precision]) for group in summary.groups]
    if any(len(group.members) > 1 for group in summary.groups):
        _beside(close, labels)
    # The place of a column of labels is taken from the axes, so points are where they are only now.
    figure.draw_without_rendering()
    own = [g.curve.ordered("psnr")[-1] for g in summary.groups if g.precision == "float"]
    _place(whole, [(*at, "this run", INK) for at in own[:1]])
    if not any(len(group.members) > 1 for group in summary.groups):
        _place(close, labels)
    figure.suptitle(_title(summary), x=0.01, ha="left", fontsize=11)
    return figure


def _title(summary: Summary) -> str:
    count = len(summary.evaluated[0].records)
    networks = ", ".join(dict.fromkeys(g.network or "network" for g in summary.groups))
    return f"Rate and quality of {networks}: means over {count} image{'s' if count != 1 else ''}"


def _draw_group(axes: Axes, group: Group, colour: str) -> None:
    points = group.curve.ordered("psnr")
    line = "-" if len(points) > 1 else ""
    face = "white" if group.precision == "float" else colour
    x, y = [p[0] for p in points], [p[1] for p in points]
    axes.plot(
        x, y, line, marker="o", color=colour, markersize=5, linewidth=1.4, markerfacecolor=face
    )


def _frame(axes: Axes, summary: Summary) -> None:
    """The published curves in grey, behind."""
    for curve in summary.references:
        points = curve.ordered("psnr")
        x, y = [p[0] for p in points], [p[1] for p in points]
        axes.plot(x, y, "-", marker=".", color=FAINT, linewidth=1.0, markersize=4, zorder=1)
    axes.margins(x=0.12, y=0.08)


def _label(summary: Summary, group: Group, colour: str) -> tuple[float, float, str, str]:
    short = _short(g.network for g in summary.groups)[group.network]
    return (*group.curve.ordered("psnr")[-1], f"{short} {group.precision}".strip(), colour)


def _short(networks: Iterable[str]) -> dict[str, str]:
    """Names of networks without what does not tell them apart: the architecture, or the width."""
    parts = {name: name.rpartition(" ")[::2] for name in networks}
    architectures = {architecture for architecture, _ in parts.values()}
    if len(parts) == 1:
        return dict.fromkeys(parts, "")
    if len(architectures) == len(parts):
        return {name: architecture for name, (architecture, _) in parts.items()}
    if len(architectures) == 1:
        return {name: width for name, (_, width) in parts.items()}
    return {name: name for name in parts}


# --------------------------------------------------------------------------------------------------
# The frontier
# --------------------------------------------------------------------------------------------------
def _frontier(policies: Sequence[Policy]) -> Figure:
    rated = all(policy.rate_percent is not None for policy in policies)
    relative = all(policy.relative is not None for policy in policies)
    figure, panels = _figure(10.5 if rated else 6.0, 4.4, 2 if rated else 1)
    names = _short(policy.network for policy in policies)
    colours = {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(names)}
    label = "DSP cycles, relative to int8" if relative else "DSP cycles a pixel"
    titles = ["loss of PSNR against float, in dB", _rate_title(policies)]
    figure.suptitle("What integers lose against what they cost", x=0.01, ha="left", fontsize=11)
    for number, (axes, title) in enumerate(zip(panels, titles, strict=False)):
        axes.set_title(title)
        axes.set_xlabel(label)
        axes.axhline(0.0, color=INK, linewidth=0.8)
        places: list[tuple[float, float, str, str]] = []
        for name in names:
            own = [_at(p, number, relative) for p in policies if p.network == name]
            _draw_frontier(axes, own, colours[name])
            places += [(x, y, f"{names[name]} {p}".strip(), colours[name]) for x, y, p in own]
        axes.margins(0.22)
        figure.draw_without_rendering()
        _place(axes, _together(places))
    return figure


def _together(
    places: Sequence[tuple[float, float, str, str]],
) -> list[tuple[float, float, str, str]]:
    """One label for the policies at a point: two may well choose the same widths."""
    names: dict[tuple[float, float, str], list[str]] = {}
    for x, y, text, colour in places:
        names.setdefault((x, y, colour), []).append(text)
    return [(x, y, " = ".join(texts), colour) for (x, y, colour), texts in names.items()]


def _rate_title(policies: Sequence[Policy]) -> str:
    if all(policy.rate_label.startswith("BD-rate") for policy in policies):
        return "BD-rate against float, in %"
    return "rate that makes up for it, in % (no BD-rate)"


def _at(policy: Policy, panel: int, relative: bool) -> tuple[float, float, str]:
    cost = policy.relative if relative else policy.cycles_per_pixel
    value = policy.rate_percent if panel else policy.psnr_loss
    return cost or 0.0, value or 0.0, policy.precision


def _draw_frontier(axes: Axes, points: Sequence[tuple[float, float, str]], colour: str) -> None:
    best = frontier((x, y) for x, y, _ in points)
    edge = sorted((x, y) for (x, y, _), is_best in zip(points, best, strict=True) if is_best)
    axes.step([x for x, _ in edge], [y for _, y in edge], where="post", color=colour, linewidth=1.2)
    for (x, y, _), is_best in zip(points, best, strict=True):
        face = colour if is_best else "white"
        axes.plot([x], [y], "o", color=colour, markerfacecolor=face, markersize=6)


# --------------------------------------------------------------------------------------------------
# Labels
# --------------------------------------------------------------------------------------------------
def _beside(axes: Axes, ends: Sequence[tuple[float, float, str, str]]) -> None:
    """Write the names of lines in a column right of the axes, each led to from the end of its line."""
    to_axes = axes.transData + axes.transAxes.inverted()
    at = [float(to_axes.transform((x, y))[1]) for x, y, _, _ in ends]
    for (x, y, text, colour), height in zip(ends, _spread(at), strict=True):
        axes.annotate(
            text,
            (x, y),
            xytext=(1.02, height),
            textcoords="axes fraction",
            va="center",
            color=colour,
            fontsize=8.5,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": colour,
                "linewidth": 0.6,
                "shrinkA": 1,
                "shrinkB": 4,
                "relpos": (0.0, 0.5),
            },
        )


def _spread(heights: Sequence[float]) -> list[float]:
    """Places in 0..1 for labels that want to be at `heights`, in their order and not on each other."""
    order = sorted(range(len(heights)), key=lambda i: -heights[i])
    gap = min(LABEL_GAP, 1.0 / max(len(heights), 1))
    found, ceiling = list(heights), 1.0
    for i in order:
        found[i] = min(heights[i], ceiling)
        ceiling = found[i] - gap
    floor = 0.0
    for i in reversed(order):
        found[i] = max(found[i], floor)
        floor = found[i] + gap
    return found


def _along_lines(axes: Axes) -> Iterator[tuple[float, float]]:
    """Places in pixels on all lines, close enough to each other that no label fits between."""
    for line in axes.lines:
        path = line.get_path()
        ends = line.get_transform().transform(path.vertices)
        if line.get_linestyle() in ("None", "none", ""):
            continue
        if line.get_drawstyle() == "steps-post":
            corners = [(b[0], a[1]) for a, b in pairwise(ends)]
            ends = [p for pair in zip(ends, corners, strict=False) for p in pair] + [ends[-1]]
        for (ax, ay), (bx, by) in pairwise(ends):
            steps = max(int(max(abs(bx - ax), abs(by - ay)) / 6), 1)
            for i in range(steps + 1):
                yield ax + (bx - ax) * i / steps, ay + (by - ay) * i / steps


def _place(axes: Axes, places: Sequence[tuple[float, float, str, str]]) -> None:
    """Write each label beside its point where nothing else stands, with a line if it is far."""
    from matplotlib.transforms import Bbox

    figure: Any = axes.figure
    renderer = figure.canvas.get_renderer()
    points = [tuple(axes.transData.transform((x, y))) for x, y, _, _ in places]
    taken = [Bbox.from_bounds(px - 4, py - 4, 8, 8) for px, py in (*points, *_along_lines(axes))]
    inside = axes.get_window_extent(renderer)
    for x, y, text, colour in places:
        for dx, dy in _PLACES:
            label = axes.annotate(
                text,
                (x, y),
                xytext=(dx, dy),
                textcoords="offset points",
                ha="left" if dx > 0 else "right" if dx < 0 else "center",
                va="center" if dy == 0 else "bottom" if dy > 0 else "top",
                color=colour,
                fontsize=8.5,
                arrowprops=None
                if abs(dx) + abs(dy) <= 16
                else {"arrowstyle": "-", "color": colour, "linewidth": 0.6},
            )
            box = label.get_window_extent(renderer)
            fits = inside.x0 <= box.x0 and box.x1 <= inside.x1 + 30
            fits = fits and inside.y0 <= box.y0 and box.y1 <= inside.y1
            if (fits and not any(box.overlaps(other) for other in taken)) or (dx, dy) == _PLACES[
                -1
            ]:
                taken.append(box)
                break
            label.remove()
