# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Diagnostics of a context: collected, printed as MLIR prints them, or checked against a test's text."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch_mlir import ir

# What the parser calls a buffer that has no file name.
BUFFER_NAME = "-"

_QUOTED = r'"((?:[^"\\]|\\.)*)"'
_PLACE = re.compile(_QUOTED + r"(?::(\d+):(\d+))?")


@dataclass(frozen=True)
class Diagnostic:
    """One message with its place, and the notes that belong to it.

    Attributes:
        severity: "error", "warning", "remark" or "note".
        location: the location as MLIR prints it, such as `loc("g_a.0"("x.mlir":3:5))`.
    """

    severity: str
    message: str
    location: str
    notes: tuple[Diagnostic, ...] = ()

    @property
    def position(self) -> tuple[str, int, int] | None:
        """The first file, line and column in the location; None if it has no file."""
        found = (p for p in _PLACE.finditer(self.location) if p[2])
        return next(((p[1], int(p[2]), int(p[3])) for p in found), None)

    @property
    def name(self) -> str | None:
        """The first name in the location: for us, the layer; None if it has none."""
        return next((p[1] for p in _PLACE.finditer(self.location) if not p[2]), None)

    def text(self, file: str) -> str:
        """The lines that MLIR prints; `file` is the name of the unnamed buffer."""
        position = self.position
        if position:
            name = file if position[0] == BUFFER_NAME else position[0]
            place = f"{name}:{position[1]}:{position[2]}"
        else:
            place = "<unknown>:0" if self.location == "loc(unknown)" else self.location
        lines = [f"{place}: {self.severity}: {self.message}"]
        return "\n".join([*lines, *(note.text(file) for note in self.notes)])


def read_diagnostic(info: Any) -> Diagnostic:
    """A copy of MLIR's diagnostic, which lives only while its handler runs."""
    return Diagnostic(
        str(info.severity).rpartition(".")[2].lower(),
        info.message,
        str(info.location),
        tuple(read_diagnostic(note) for note in info.notes),
    )


@contextmanager
def diagnostics(context: ir.Context, handle: Callable[[Diagnostic], None]) -> Generator[None]:
    """Hand every diagnostic of `context` to `handle`, errors included, instead of printing it."""

    def receive(info: Any) -> bool:
        handle(read_diagnostic(info))
        return True

    before = context.emit_error_diagnostics
    context.emit_error_diagnostics = True
    handler = context.attach_diagnostic_handler(receive)
    try:
        yield
    finally:
        handler.detach()
        context.emit_error_diagnostics = before


# --------------------------------------------------------------------------------------------------
# --verify-diagnostics
# --------------------------------------------------------------------------------------------------
_EXPECTATION = re.compile(
    r"expected-(error|note|remark|warning)(-re)? *(?:@([+-]\d+|above|below|unknown))? *\{\{(.*)\}\}$"
)
_REGEX_PART = re.compile(r"\{\{(.*?)\}\}")
_SEE_CURRENT = "see current operation: "


@dataclass
class Expectation:
    """One `expected-error{{...}}` of a test file.

    Attributes:
        line: where the diagnostic has to be, None for `@unknown`.
        written: the line where the expectation stands.
        pattern: what the message has to contain.
    """

    severity: str
    line: int | None
    written: int
    text: str
    pattern: re.Pattern[str]
    met: bool = field(default=False)

    def meets(self, diagnostic: Diagnostic) -> bool:
        """Whether `diagnostic` is of the expected severity, line and text."""
        position = diagnostic.position
        return (
            self.severity == diagnostic.severity
            and self.line == (position[1] if position else None)
            and bool(self.pattern.search(diagnostic.message))
        )


def find_expectations(source: str) -> list[Expectation]:
    """All expectations in `source`; lines count from 1.

    As in MLIR: `@+N` and `@-N` are relative to the line of the expectation, `@above` is the last line
    before it that holds no expectation, `@below` the next such line.
    """
    lines = source.split("\n")
    found = {
        number: match
        for number, line in enumerate(lines, 1)
        if "expected-" in line and (match := _EXPECTATION.search(line.rstrip()))
    }
    return [_expectation(number, match, found) for number, match in found.items()]


def _expectation(
    written: int, match: re.Match[str], found: dict[int, re.Match[str]]
) -> Expectation:
    severity, is_regex, place, text = match.groups()
    line: int | None = written
    if place == "unknown":
        line = None
    elif place in ("above", "below"):
        step = -1 if place == "above" else 1
        line = written + step
        while line in found:
            line += step
    elif place:
        line = written + int(place)
    pattern = _mixed_pattern(text) if is_regex else re.escape(text)
    return Expectation(severity, line, written, text, re.compile(pattern))


def _mixed_pattern(text: str) -> str:
    """Plain text with regular expressions in `{{...}}`."""
    parts = _REGEX_PART.split(text)
    return "".join(f"(?:{p})" if i % 2 else re.escape(p) for i, p in enumerate(parts))


def verify(expectations: Sequence[Expectation], got: Sequence[Diagnostic], file: str) -> list[str]:
    """Compare what a test expects with what was emitted: one line for each difference.

    A note counts by itself, whether it came alone or with an error; each expectation is met once.
    """
    problems: list[str] = []
    for diagnostic in _flat(got):
        waiting = [e for e in expectations if not e.met and e.meets(diagnostic)]
        if waiting:
            waiting[0].met = True
            continue
        position = diagnostic.position
        place = f"{file}:{position[1]}:{position[2]}" if position else f"{file}:unknown location"
        problems.append(f"{place}: error: unexpected {diagnostic.severity}: {diagnostic.message}")
    problems += [
        f'{file}:{e.written}: error: expected {e.severity} "{e.text}" was not produced'
        for e in expectations
        if not e.met
    ]
    return problems


def _flat(got: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
    for diagnostic in got:
        if diagnostic.message.startswith(_SEE_CURRENT):
            continue  # mlir-opt switches this note off when it verifies
        yield diagnostic
        yield from _flat(diagnostic.notes)
