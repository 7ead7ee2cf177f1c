# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A drawing of the rates over the widths, a panel for each board, in the style of licc-eval."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from licc.dimension.request import Request
from licc.dimension.run import Found
from licc.errors import UserError
from licc.evaluate import plots

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KINDS = (".png", ".svg")
COLUMNS = 2


def draw(request: Request, found: Sequence[Found], kind: str) -> bytes:
    """The file, of `kind` ".png" or ".svg".

    Raises:
        UserError: matplotlib is not installed.
    """
    try:
        import matplotlib as mpl
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UserError("--plot: matplotlib is not installed: pip install 'licc[eval]'") from error
    columns = min(COLUMNS, len(found))
    rows = -(-len(found) // columns)
    gap = "\n" if columns == 1 else " "
    with mpl.rc_context(plots.STYLE):
        figure = Figure(figsize=(4.9 * columns + 0.7, 3.5 * rows + 0.5), layout="constrained")
        FigureCanvasAgg(figure)
        panels = list(figure.subplots(rows, columns, squeeze=False).flat)
        for axes, each in zip(panels, found, strict=False):
            _panel(axes, request, each)
        for axes in panels[len(found) :]:
            axes.set_visible(False)
        figure.suptitle(
            f"Predicted images a second:{gap}{request.architecture}, M = {request.m}, {request.precision}",
            x=0.01,
            ha="left",
            fontsize=11,
        )
        buffer = io.BytesIO()
        # No date: equal results give equal files.
        metadata: dict[str, Any] = {"Date": None} if kind == ".svg" else {"Software": None}
        figure.savefig(buffer, format=kind[1:], dpi=plots.DPI, metadata=metadata)
    return buffer.getvalue()


def _panel(axes: Axes, request: Request, found: Found) -> None:
    axes.set_title(found.board.title)
    axes.set_xlabel("width N")
    axes.set_ylabel("images a second")
    axes.set_yscale("log")
    for role, colour in zip(request.roles, plots.COLOURS, strict=False):
        points = [(n, r[role].fps) for n, r in found.rates.items() if r[role].fps]
        x, y = [n for n, _ in points], [fps for _, fps in points]
        axes.plot(x, y, "-", marker="o", markersize=4, linewidth=1.2, color=colour, label=role)
    for fps, n in found.answers.items():
        axes.axhline(fps, color=plots.FAINT, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
        text = f"{fps:g} FPS: " + ("no width" if n is None else f"N = {n}")
        axes.annotate(
            text,
            (1.0, fps),
            xycoords=("axes fraction", "data"),
            xytext=(-2, 2),
            textcoords="offset points",
            ha="right",
            va="bottom",
            fontsize=8,
            color=plots.INK,
        )
    values = [r.fps for roles in found.rates.values() for r in roles.values() if r.fps]
    values += found.answers
    axes.set_ylim(min(values) / 1.25, max(values) * 1.35)
    from matplotlib.ticker import LogLocator, NullFormatter, ScalarFormatter

    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(ScalarFormatter())
    axes.yaxis.set_minor_formatter(NullFormatter())
    if len(request.roles) > 1:
        axes.legend(frameon=False, fontsize=8.5, loc="lower left")
