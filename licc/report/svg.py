# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Small drawings as SVG that takes its colours from the page's style sheet."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape


def element(name: str, *children: str | Markup, **attributes: str | float) -> Markup:
    """`<name a="b">children</name>`, escaped; `class_` is `class`, and `_` in a name is `-`."""
    pairs = (
        f' {key.rstrip("_").replace("_", "-")}="{escape(number(value))}"'
        for key, value in attributes.items()
    )
    inner = Markup().join(escape(child) for child in children)
    return Markup(f"<{name}{''.join(pairs)}>{inner}</{name}>")


def number(value: str | float) -> str:
    """A coordinate with as few digits as two decimals need."""
    if isinstance(value, str):
        return value
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def drawing(width: float, height: float, label: str, *children: Markup, **more: str) -> Markup:
    """An `<svg>` of this view box; `label` is what a screen reader says."""
    box = f"0 0 {number(width)} {number(height)}"
    return element("svg", *children, viewBox=box, role="img", aria_label=label, **more)


def strip(
    parts: Iterable[tuple[float, float, str]],
    marks: Iterable[float] = (),
    height: float = 10,
    label: str = "",
) -> Markup:
    """A strip that stretches to the width of its box, of 1.0.

    Args:
        parts: start, width and class of each bar.
        marks: where there are lines from top to bottom.
        height: of the strip.
        label: what a screen reader says.
    """
    bars = [
        element(
            "rect",
            x=_clip(x) * 1000.0,
            width=max((_clip(x + w) - _clip(x)) * 1000.0, 0.0),
            y=0,
            height=height,
            class_=kind,
        )
        for x, w, kind in parts
    ]
    lines = [
        element("line", x1=_clip(x) * 1000.0, x2=_clip(x) * 1000.0, y1=0, y2=height, class_="mark")
        for x in marks
    ]
    return drawing(1000, height, label, *bars, *lines, class_="strip", preserveAspectRatio="none")


def _clip(x: float) -> float:
    return min(max(x, 0.0), 1.0)


def gantt(
    span: tuple[float, float, float],
    others: Sequence[tuple[float, float]],
    scale: float,
    grid: Sequence[float],
    label: str,
) -> Markup:
    """A row of a Gantt chart: the span of a frame, filled to the height of its busy share.

    Args:
        span: start, end and busy cycles.
        others: start and end of the frames before.
        scale: cycles of the whole width.
        grid: where there are lines, in cycles.
        label: what a screen reader says.
    """
    height = 16.0
    start, end, busy = span
    share = _clip(busy / max(end - start, 1))

    def box(a: float, b: float, y: float, h: float, kind: str) -> Markup:
        x = _clip(a / scale) * 1000.0
        width = max(_clip(b / scale) * 1000.0 - x, 1.0)
        return element("rect", x=x, width=width, y=y, height=h, class_=kind)

    lines = [
        element(
            "line", x1=x / scale * 1000.0, x2=x / scale * 1000.0, y1=0, y2=height, class_="grid"
        )
        for x in grid
    ]
    earlier = [box(a, b, 2, height - 4, "other") for a, b in others if b > 0]
    frame = box(start, end, 1, height - 2, "frame")
    work = box(start, end, 1 + (height - 2) * (1 - share), (height - 2) * share, "busy")
    return drawing(
        1000,
        height,
        label,
        *lines,
        *earlier,
        frame,
        work,
        class_="strip",
        preserveAspectRatio="none",
    )


def ticks(limit: float, count: int = 5) -> list[float]:
    """About `count` round numbers from 0 to `limit`."""
    if limit <= 0:
        return [0.0]
    raw = limit / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw * 0.999)
    return [i * step for i in range(int(limit / step * 1.0001) + 1)]
