# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How far long work is, said to whoever listens: `licc` shows it, and a library that is used alone is silent."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar

# What is done, how many steps of it, and of how many.
Listener = Callable[[str, int, int], None]

_listener: ContextVar[Listener | None] = ContextVar("licc_progress", default=None)


@contextmanager
def listening(listener: Listener) -> Generator[None]:
    """Hand what `step` says to `listener` until the block ends."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def step(what: str, done: int, steps: int) -> None:
    """Say that `done` of `steps` steps of `what` are done."""
    listener = _listener.get()
    if listener is not None:
        listener(what, done, steps)
