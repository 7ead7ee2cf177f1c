# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What `licc-photos` says: a bar and a line for each package, and how near the excluded images came."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

from PIL import Image

from licc.photos import pictures
from licc.photos.gather import Collection
from licc.photos.pictures import Excluded


class Progress:
    """A bar on a terminal; lines everywhere."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._task: Any = None

    @contextmanager
    def running(self, packages: int) -> Generator[None]:
        """Show progress while the block runs."""
        if not sys.stderr.isatty():
            yield
            return
        from rich import progress
        from rich.console import Console

        columns = (
            progress.SpinnerColumn(),
            progress.TextColumn("gathering photographs"),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TimeElapsedColumn(),
        )
        with progress.Progress(*columns, console=Console(stderr=True), transient=True) as self._bar:
            self._task = self._bar.add_task("", total=packages)
            try:
                yield
            finally:
                self._bar = None

    def say(self, text: str) -> None:
        """A line that stays; those of packages begin with a bracket."""
        if self._bar is None:
            print(text, file=sys.stderr, flush=True)
            return
        self._bar.console.print(text, markup=False, highlight=False)
        if text.startswith("["):
            self._bar.advance(self._task)


def closest(found: Collection, excluded: Excluded) -> Iterator[str]:
    """What was compared with what, and the photograph that is nearest to an excluded image."""
    if not excluded.count:
        return
    yield (
        f"none of {len(found.photographs)} photographs is one of the {excluded.count} excluded images "
        f"(at most {pictures.SAME_GRADIENTS} bits of dHash or {pictures.SAME_FREQUENCIES} of pHash differ, "
        "in any of eight orientations)"
    )
    best: tuple[int, str] | None = None
    for each in found.photographs:
        with Image.open(found.folder / each.file) as image:
            nearest = excluded.nearest(pictures.fingerprint(image.convert("RGB")))
        if nearest is None:
            continue
        bits = nearest.gradients + nearest.frequencies
        text = (
            f"nearest: {each.file} to {nearest.name}, {nearest.gradients} and {nearest.frequencies} "
            "of 64 bits differ"
        )
        if best is None or bits < best[0]:
            best = bits, text
    if best is not None:
        yield best[1]
