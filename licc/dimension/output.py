# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What `licc-dimension` says: progress, a table for each board, the answers; and the same as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from licc.dimension.rate import Rate
from licc.dimension.request import AUTO, Request
from licc.dimension.run import Found
from licc.target import device

if TYPE_CHECKING:
    from rich.table import Table

PREDICTED = "predicted by the compiler's schedule and cost model; nothing was run on a board"
NOTES = {
    AUTO: "encoder and decoder each have a board of their own; a width has to meet the rate on both",
    "encoder": "the encoder (g_a and h_a) has the board to itself",
    "decoder": "the decoder (g_s and h_s) has the board to itself",
    "codec": "encoder and decoder share the board and its resources, and keep one rate",
}
# A schedule that may be faster by no more than that shows no gap.
GAP_SHOWN_PPM = 1000


class Progress:
    """A bar on a terminal; elsewhere a line for each schedule that begins."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._task: Any = None
        self._said: set[str] = set()

    @contextmanager
    def running(self) -> Generator[None]:
        """Show progress while the block runs."""
        if not sys.stderr.isatty():
            yield
            return
        from rich import progress
        from rich.console import Console

        columns = (
            progress.SpinnerColumn(),
            progress.TextColumn("scheduling {task.description}", markup=False),
            progress.BarColumn(),
            progress.TextColumn("{task.completed} done, about {task.fields[left]} left"),
            progress.TimeElapsedColumn(),
        )
        with progress.Progress(*columns, console=Console(stderr=True), transient=True) as self._bar:
            self._task = self._bar.add_task("", total=None, left="?")
            try:
                yield
            finally:
                self._bar = None

    def __call__(self, done: int, left: int, labels: Sequence[str]) -> None:
        """Say how many schedules are done, about how many are left, and which are made now."""
        more = f" and {len(labels) - 1} more" if len(labels) > 1 else ""
        text = f"{labels[0]}{more}" if labels else ""
        if self._bar is not None:
            shown = {"completed": done, "total": done + left, "left": left}
            self._bar.update(self._task, description=text, **shown)
            return
        for label in labels:
            if label not in self._said:
                self._said.add(label)
                print(f"scheduling {label} ({done} done)", file=sys.stderr, flush=True)


# --------------------------------------------------------------------------------------------------
# Tables
# --------------------------------------------------------------------------------------------------
def show(request: Request, found: Sequence[Found]) -> None:
    """A table for each board, and a line for each rate, on standard output."""
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else 100)
    for each in found:
        console.print(_table(each))
    for each in found:
        for fps in request.fps:
            console.print(line(request, each, fps), markup=False, highlight=False, soft_wrap=True)
    width = f"{request.architecture}, M = {request.m}, {request.precision}"
    for note in (f"{width}: {PREDICTED}", NOTES[request.role]):
        console.print(note, markup=False, highlight=False, soft_wrap=True)


def _table(found: Found) -> Table:
    from rich import box
    from rich.table import Table

    part = device.load(found.board.target).usable
    memories = f"{part.bram18} BRAM18s" + (f", {part.uram} UltraRAMs" if part.uram else "")
    table = Table(
        title=f"{found.board.title}: of {part.dsp} DSPs, {memories} and {part.lut} LUTs",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    names = ("N", "role", "GMAC", "FPS", "DSP", "BRAM18", *(("URAM",) if part.uram else ()), "LUT")
    for name in names:
        table.add_column(name, justify="left" if name == "role" else "right")
    table.add_column("")
    for n, roles in found.rates.items():
        widest = [f"{fps:g}" for fps, answer in found.answers.items() if answer == n]
        mark = f"<- widest for {' and '.join(widest)} FPS" if widest else ""
        for i, (role, rate) in enumerate(roles.items()):
            remarks = [mark if i == 0 else "", *_remarks(rate)]
            cells = _cells(rate, bool(part.uram))
            table.add_row(str(n) if i == 0 else "", role, *cells, "; ".join(filter(None, remarks)))
    return table


def _cells(rate: Rate, uram: bool) -> Iterator[str]:
    yield f"{rate.macs / 1e9:.2f}"
    yield f"{rate.fps:.1f}" if rate.fps else "-"
    for name in ("dsp", "bram18", *(("uram",) if uram else ()), "lut"):
        yield str(rate.used[name]) if rate.used else "-"


def _remarks(rate: Rate) -> Iterator[str]:
    if not rate.fps:
        yield "does not fit"
    if rate.gap_ppm > GAP_SHOWN_PPM:
        yield f"at most {rate.gap_ppm / 1e4:.1f} % faster"
    for name, count in rate.stripes.items():
        yield f"{name} in {count} stripes"


def line(request: Request, found: Found, fps: float) -> str:
    """The answer for one rate."""
    head = f"{found.board.title}, {fps:g} FPS:"
    widths, n = request.widths, found.answers[fps]
    if n is None:
        least = min(found.rates)
        why = f"N = {least} reaches {_reached(found.rates[least])}"
        return f"{head} no width is fast enough; {why}"
    beyond = n + widths.step > widths.most
    wider = "; nothing wider was tried (--most)" if beyond else ""
    return f"{head} N = {n}, which reaches {_reached(found.rates[n])}{wider}"


def _reached(rates: dict[str, Rate]) -> str:
    parts = [
        f"{rate.fps:.1f} ({role})" if rate.fps else _unfit(role, rate)
        for role, rate in rates.items()
    ]
    return ", ".join(parts)


def _unfit(role: str, rate: Rate) -> str:
    return f"nothing ({role}: {rate.note})"


# --------------------------------------------------------------------------------------------------
# Files
# --------------------------------------------------------------------------------------------------
def as_json(request: Request, found: Sequence[Found]) -> str:
    """All of it, for programs."""
    boards = [
        {
            "target": each.board.target,
            "input": list(each.board.input),
            "answers": [{"fps": fps, "N": n} for fps, n in each.answers.items()],
            "widths": [
                {"N": n, **{role: rate.data() for role, rate in roles.items()}}
                for n, roles in each.rates.items()
            ],
        }
        for each in found
    ]
    whole = {
        "predicted": PREDICTED,
        "role": request.role,
        "architecture": request.architecture,
        "M": request.m,
        "precision": request.precision,
        "clock_mhz": request.clock_mhz,
        "boards": boards,
    }
    return json.dumps(whole, indent=2, allow_nan=False) + "\n"
