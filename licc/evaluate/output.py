# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What `licc-eval` says: progress while it works, and tables at the end."""

from __future__ import annotations

import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from licc.evaluate.summary import Evaluated, Policy, Summary

if TYPE_CHECKING:
    from rich.table import Table

WORST_LAYERS = 5


class Progress:
    """A bar on a terminal; elsewhere a line for each step."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._task: Any = None

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
            progress.TextColumn("{task.description}", markup=False),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TimeElapsedColumn(),
            progress.TimeRemainingColumn(),
        )
        with progress.Progress(*columns, console=Console(stderr=True), transient=True) as self._bar:
            self._task = self._bar.add_task("starting", total=None)
            try:
                yield
            finally:
                self._bar = None

    def step(self, text: str, total: int | None = None) -> None:
        """Say what begins now; `total` are the images that it takes."""
        if self._bar is None:
            print(text, file=sys.stderr, flush=True)
            return
        self._bar.reset(self._task, total=total, description=text)

    def advance(self, text: str) -> None:
        """One image is done; `text` is its variant."""
        if self._bar is not None:
            self._bar.update(self._task, advance=1, description=text)

    def say(self, text: str) -> None:
        """A line that stays."""
        if self._bar is None:
            print(text, file=sys.stderr, flush=True)
        else:
            self._bar.console.print(text, markup=False, highlight=False)


def show(summary: Summary) -> None:
    """Tables of variants, policies, curves and layers on standard output."""
    from rich.console import Console

    console = Console(highlight=False)
    if not sys.stdout.isatty():
        console.width = 160
    for network in dict.fromkeys(group.network for group in summary.groups):
        own = [e for e in summary.evaluated if e.facts.network == network]
        console.print(_variants(summary, own, network))
    if summary.policies:
        console.print(_policies(summary.policies))
    if summary.deltas:
        console.print(_deltas(summary))
    if any(each.records and each.layers() for each in summary.evaluated):
        console.print(_layers(summary.evaluated))
    for note in summary.notes:
        console.print(f"note: {note}", markup=False)


def _table(title: str) -> Table:
    from rich import box
    from rich.table import Table

    return Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)


def _variants(summary: Summary, evaluated: Sequence[Evaluated], network: str) -> Table:
    count = len(evaluated[0].records)
    table = _table(f"{network or 'network'}: mean over {count} image{'s' if count != 1 else ''}")
    for name in ("checkpoint", "precision"):
        table.add_column(name)
    rate = "bpp (entropy)" if any(e.estimated for e in evaluated) else "bpp"
    fps = sorted({role for e in evaluated if e.predicted for role in e.predicted.fps})
    shown = ("PSNR dB", "MS-SSIM", rate, "loss dB", "worst image", "rate %", "equivalent rate %")
    for name in (*shown, *(f"{role} FPS, predicted" for role in fps)):
        table.add_column(name, justify="right")
    for each in evaluated:
        point, lost = each.point, summary.losses.get(each.variant.key)
        cells = [
            each.variant.checkpoint.name,
            each.variant.precision.name,
            f"{point.psnr:.2f}",
            "" if point.ms_ssim is None else f"{point.ms_ssim:.4f}",
            f"{point.bpp:.4f}",
        ]
        if lost is None:
            cells += [""] * 4
        else:
            worth = lost.equivalent
            cells += [
                f"{lost.psnr:.3f}",
                f"{lost.worst_psnr:.2f} {lost.worst}",
                f"{lost.bpp_percent:+.2f}",
                "" if worth is None else f"{worth.percent:+.2f}",
            ]
        cells += [_fps(each, role) for role in fps]
        table.add_row(*cells)
    table.caption = _equivalents(summary, evaluated) or None
    table.caption_justify = "left"
    return table


def _equivalents(summary: Summary, evaluated: Sequence[Evaluated]) -> str:
    """What the equivalent rates are by: one label for all checkpoints whose slope is the same."""
    lost = [summary.losses.get(each.variant.key) for each in evaluated]
    found = {e.label: e for each in lost if each is not None and (e := each.equivalent)}
    if len(found) < 2:
        return "".join(found)
    slopes = [each.slope for each in found.values()]
    names = ", ".join(dict.fromkeys(each.curve for each in found.values()))
    notes = sorted({each.note for each in found.values() if each.note})
    span = f"{min(slopes):.1f} to {max(slopes):.1f} % a dB"
    label = f"equivalent rate change at equal PSNR (local slopes of {names}, {span})"
    return "; ".join([label, *notes])


def _fps(each: Evaluated, role: str) -> str:
    if each.predicted is None or role not in each.predicted.fps:
        return ""
    return f"{each.predicted.fps[role]:.1f}"


def _policies(policies: Sequence[Policy]) -> Table:
    table = _table("policies: loss against DSP cost (* no other is as cheap and loses as little)")
    for name in ("network", "policy"):
        table.add_column(name)
    for name in ("loss dB", "rate %", "DSP cycles a pixel", "of int8"):
        table.add_column(name, justify="right")
    for policy in policies:
        table.add_row(
            policy.network,
            f"{policy.precision}{' *' if policy.best else ''}",
            f"{policy.psnr_loss:.3f}",
            "" if policy.rate_percent is None else f"{policy.rate_percent:+.2f}",
            f"{policy.cycles_per_pixel:,.0f}",
            "" if policy.relative is None else f"{policy.relative:.3f}",
        )
    return table


def _deltas(summary: Summary) -> Table:
    table = _table("BD-rate (below zero: takes less rate at equal quality)")
    for name in ("network", "precision", "against", "quality"):
        table.add_column(name)
    table.add_column("BD-rate %", justify="right")
    table.add_column("dB range", justify="right")
    table.add_column("fit")
    for group, anchor, delta in summary.deltas:
        low, high = delta.range or (0.0, 0.0)
        table.add_row(
            group.network,
            group.precision,
            anchor,
            "PSNR" if delta.metric == "psnr" else "MS-SSIM",
            "" if delta.percent is None else f"{delta.percent:+.2f}",
            f"{low:.1f}..{high:.1f}" if delta.range else "",
            "; ".join(part for part in (delta.fit, delta.note) if part),
        )
    return table


def _layers(evaluated: Sequence[Evaluated]) -> Table:
    table = _table("layers with the most error: signal to noise in dB on these images")
    for name in ("checkpoint", "precision"):
        table.add_column(name)
    table.add_column("worst first")
    for each in evaluated:
        layers = each.layers()[:WORST_LAYERS]
        if layers:
            text = "  ".join(f"{layer} {value:.1f}" for layer, value in layers)
            table.add_row(each.variant.checkpoint.name, each.variant.precision.name, text)
    return table
