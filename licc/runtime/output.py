# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What `lic-codec` says: progress on long inputs, one line for each result, tables of a bench."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

__all__ = ["note", "progress", "table"]


@contextmanager
def progress(what: str, total: int | None) -> Generator[Callable[[], None]]:
    """A bar on a terminal while the block runs, and what moves it by one; nothing elsewhere."""
    if not sys.stderr.isatty() or total == 1:
        yield lambda: None
        return
    from rich import progress as bars
    from rich.console import Console

    columns = (
        bars.TextColumn("{task.description}", markup=False),
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        bars.TimeElapsedColumn(),
        bars.TimeRemainingColumn(),
    )
    with bars.Progress(
        *columns,
        console=Console(stderr=True),
        transient=True,
        # Results go around the bar where both are on the terminal, and else where they were sent.
        redirect_stdout=sys.stdout.isatty(),
    ) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)


def note(text: str) -> None:
    """A line that is no result."""
    print(f"note: {text}", file=sys.stderr, flush=True)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on standard output: its first column names the rows."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for index, column in enumerate(columns):
        made.add_column(column, justify="right" if index else "left", no_wrap=True)
    for row in rows:
        made.add_row(*row)
    console = Console(highlight=False)
    if not sys.stdout.isatty():
        console.width = 160
    console.print(title, markup=False)
    console.print(made)
