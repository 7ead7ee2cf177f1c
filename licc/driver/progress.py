# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What `licc` says on standard error while it works."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from licc import progress

if TYPE_CHECKING:
    from rich.status import Status


# Characters of a bar.
BAR = 24


class Progress:
    """A spinner with the current phase on a terminal, a line for each phase with `verbose`, else nothing."""

    def __init__(self, verbose: bool) -> None:
        self._verbose = verbose
        self._status: Status | None = None

    @contextmanager
    def running(self) -> Generator[None]:
        """Show progress while the block runs."""
        if not sys.stderr.isatty():
            yield
            return
        from rich.console import Console

        with Console(stderr=True).status("starting") as self._status:
            try:
                yield
            finally:
                self._status = None

    @contextmanager
    def phase(self, name: str, step: str) -> Generator[None]:
        """Show that a phase is at work, and with `verbose` how long it took."""
        title = f"[bold]{name}[/bold]  {step}"
        if self._status is not None:
            self._status.update(title)
        start = time.perf_counter()
        with progress.listening(lambda what, done, steps: self._update(title, what, done, steps)):
            yield
        if self._verbose:
            seconds = time.perf_counter() - start
            line = f"{name:10} {seconds:7.2f} s  {step}"
            if self._status is not None:
                self._status.console.print(line, markup=False, highlight=False)
            else:
                print(line, file=sys.stderr, flush=True)

    def note(self, text: str) -> None:
        """A line that stays."""
        line = f"note: {text}"
        if self._status is not None:
            self._status.console.print(line, markup=False, highlight=False)
        else:
            print(line, file=sys.stderr, flush=True)

    def _update(self, title: str, what: str, done: int, steps: int) -> None:
        """A bar beside the phase for work of many steps."""
        if self._status is None:
            return
        filled = BAR * done // max(steps, 1)
        bar = "━" * filled + f"[dim]{'━' * (BAR - filled)}[/dim]"
        self._status.update(f"{title}  {bar} {done}/{steps}  {what}")
