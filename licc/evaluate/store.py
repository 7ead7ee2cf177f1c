# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Finished measurements on disk: a line of JSON each, appended as they come, so that a run can go on.

A line that was cut off by whatever ended a run is left out when the file is read again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from licc.errors import UserError
from licc.evaluate import plots

LINES = "results.jsonl"
# All that an evaluation has at its top; a folder with anything else in it belongs to somebody else.
ENTRIES = frozenset({LINES, "ir", "results.json", *plots.NAMES})

Record = dict[str, Any]


class Store:
    """The measurements in a folder, by variant and image; a context manager that holds the file open."""

    def __init__(self, folder: Path) -> None:
        """Read what is there.

        Raises:
            UserError: the folder holds files that are not of an evaluation, or cannot be made.
        """
        self.folder = folder
        _check(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.records = {_key(record): record for record in _read(folder / LINES)}
            self._file = (folder / LINES).open("ab")
        except OSError as error:
            raise UserError(f"{folder}: cannot write: {error.strerror or error}") from error
        self._heal()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def get(self, variant: str, image: str) -> Record | None:
        """The measurement of an image by a variant, if it is there."""
        return self.records.get((variant, image))

    def add(self, record: Record) -> None:
        """Keep a measurement; it is on disk when this returns.

        Raises:
            UserError: it cannot be written.
        """
        line = json.dumps(record, separators=(",", ":"), allow_nan=False).encode() + b"\n"
        try:
            self._file.write(line)
            self._file.flush()
        except OSError as error:
            raise UserError(f"{self.folder}: cannot write: {error.strerror or error}") from error
        self.records[_key(record)] = record

    def _heal(self) -> None:
        """End a line that was cut off, so that the next one begins a line."""
        path = self.folder / LINES
        if path.stat().st_size and not path.read_bytes().endswith(b"\n"):
            self._file.write(b"\n")
            self._file.flush()


def _key(record: Record) -> tuple[str, str]:
    return str(record["variant"]), str(record["image"])


def _read(path: Path) -> Iterator[Record]:
    if not path.is_file():
        return
    with path.open("rb") as file:
        for line in file:
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict) and "variant" in record and "image" in record:
                yield record


def _check(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder}: is not a folder; give another one with -o")
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    foreign = [name for name in names if name not in ENTRIES]
    if foreign and LINES not in names:
        raise UserError(
            f"{folder}: holds '{foreign[0]}' and no evaluation; give another one with -o"
        )
