# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Schedules of widths that were made before, a file each: a run that was interrupted goes on, a second one is quick.

The name of a file is the digest of all that its answer depends on, so no file is ever out of date.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

from licc.dimension.rate import Question, Rate, key
from licc.driver.build_dir import write_file
from licc.errors import UserError

FOLDER = "licc/dimension"


def default_folder() -> Path:
    """Where caches of users belong: `$XDG_CACHE_HOME/licc/dimension`, or `~/.cache/licc/dimension`."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / FOLDER


class Store:
    """Answers in a folder, which is made when the first one is kept."""

    def __init__(self, folder: Path) -> None:
        """Raise a UserError where `folder` is a file."""
        if folder.exists() and not folder.is_dir():
            raise UserError(f"--cache {folder}: is not a folder; give another one")
        self.folder = folder
        self._known: dict[Question, Rate] = {}

    def get(self, question: Question) -> Rate | None:
        """The answer, if it is there; a file that is not one is as good as none."""
        if question not in self._known:
            found = _read(self._path(question))
            if found is None:
                return None
            self._known[question] = found
        return self._known[question]

    def add(self, question: Question, rate: Rate) -> None:
        """Keep an answer; it is on disk when this returns.

        Raises:
            UserError: it cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"--cache {self.folder}: cannot write: {error.strerror or error}"
            ) from error
        text = json.dumps({"question": asdict(question), "rate": rate.data()}, indent=1) + "\n"
        write_file(self._path(question), text)
        self._known[question] = rate

    def _path(self, question: Question) -> Path:
        return self.folder / f"{key(question)}.json"


def _read(path: Path) -> Rate | None:
    try:
        return Rate.of(json.loads(path.read_text(encoding="utf-8"))["rate"])
    except (OSError, ValueError, TypeError, KeyError):
        return None
