# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Rate and quality, where a checkpoint's metadata states them (docs/report.md)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from licc.report.data import QualityFacts

KEY = "quality"
LARGEST = 1000.0


def stated_quality(checkpoint: Path) -> tuple[QualityFacts, ...]:
    """What `meta["quality"]` of a student says: entries of bpp and psnr; whatever else is there is left out.

    Args:
        checkpoint: a file that was compiled, so one that can be read; of any other, nothing is known.
    """
    if not checkpoint.is_file():
        return ()
    from licc.errors import UserError
    from licc.ingress.checkpoint import is_program, read_checkpoint

    try:
        if is_program(checkpoint):
            return ()
        return tuple(entries(read_checkpoint(checkpoint).meta))
    except (UserError, OSError):
        return ()


def entries(meta: Mapping[str, object]) -> Iterator[QualityFacts]:
    """The entries of a student's metadata that have both numbers."""
    stated = meta.get(KEY)
    for entry in cast("list[Any]", stated) if isinstance(stated, (list, tuple)) else []:
        if not isinstance(entry, Mapping):
            continue
        given = cast("Mapping[str, object]", entry)
        bpp, psnr = _number(given.get("bpp")), _number(given.get("psnr"))
        if bpp is not None and psnr is not None:
            yield QualityFacts(_text(given.get("images")), _text(given.get("model")), bpp, psnr)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if math.isfinite(value) and 0 < value < LARGEST else None


def _text(value: object) -> str:
    return value[:80] if isinstance(value, str) else "not said"
