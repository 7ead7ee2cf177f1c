# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Results that are asked for again: policies that measure type the same layers over and over."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

import numpy as np

_T = TypeVar("_T")
# The least recently used results beyond these are forgotten: those of a large layer are some megabytes.
MOST_RESULTS = 64

_memory: ContextVar[OrderedDict[bytes, Any] | None] = ContextVar("licc_memory", default=None)


@contextmanager
def remembering() -> Generator[None]:
    """Let `remembered` keep results until the block ends."""
    token = _memory.set(OrderedDict())
    try:
        yield
    finally:
        _memory.reset(token)


def remembered(function: Callable[..., _T], *arguments: Any) -> _T:
    """`function(*arguments)`, or what it gave before for equal arguments; outside `remembering` always the first.

    Args:
        function: a pure one, whose results nobody changes.
        arguments: arrays, dataclasses of them, or what is equal when it prints equal.
    """
    memory = _memory.get()
    if memory is None:
        return function(*arguments)
    digest = hashlib.blake2b(function.__qualname__.encode(), digest_size=16)
    for argument in arguments:
        _add(digest, argument)
    key = digest.digest()
    if key not in memory:
        memory[key] = function(*arguments)
    memory.move_to_end(key)
    if len(memory) > MOST_RESULTS:
        memory.popitem(last=False)
    return memory[key]


def _add(digest: hashlib.blake2b, value: Any) -> None:
    if isinstance(value, np.ndarray):
        digest.update(f"{value.dtype}{value.shape}".encode())
        digest.update(np.ascontiguousarray(value).tobytes())
    elif is_dataclass(value):
        digest.update(type(value).__name__.encode())
        for field in fields(value):
            _add(digest, getattr(value, field.name))
    else:
        digest.update(f"{value!r};".encode())
