# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Ctrl-C while frames are coded: what is on its way is still written, and then it is said how far that is."""

from __future__ import annotations

import signal
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

from licc.driver.build_dir import Interrupted
from licc.runtime.frames import Frames

__all__ = ["Stop", "stopping"]


@dataclass
class Stop:
    """Which signal came; 0 for none."""

    signum: int = 0

    @property
    def status(self) -> int:
        """The exit status of a tool that was stopped so."""
        return 128 + self.signum if self.signum else 0


@contextmanager
def stopping(frames: Frames[Any]) -> Generator[Stop]:
    """Let the first SIGINT, SIGTERM or SIGHUP end the source of `frames`, and a second one raise `Interrupted`.

    Nothing is raised in the middle of a write. `frames` is closed at the end.
    """
    stop = Stop()

    def hear(signum: int, _frame: FrameType | None) -> None:
        if stop.signum:
            raise Interrupted(signum)
        stop.signum = signum
        frames.finish()

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before: dict[signal.Signals, Any] = {}
    try:
        for number in signals:
            before[number] = signal.signal(number, hear)
        yield stop
    finally:
        frames.close()
        for number, handler in before.items():
            signal.signal(number, handler)
