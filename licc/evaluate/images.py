# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The images to evaluate on: found in a folder, named by their content, decoded where they are used."""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from licc.calibration import SUFFIXES
from licc.errors import UserError

Pixels = NDArray[np.uint8]


class UnreadableError(Exception):
    """A file that is no image, or not a whole one; the text is the reason."""


@dataclass(frozen=True)
class Picture:
    """One image file.

    Attributes:
        name: its file name.
        path: where it is.
        digest: SHA-256 of the file.
        height: in pixels.
        width: in pixels.
    """

    name: str
    path: Path
    digest: str
    height: int
    width: int

    @property
    def pixels(self) -> int:
        """How many it has."""
        return self.height * self.width


@dataclass(frozen=True)
class Skipped:
    """A file that was left out, and why."""

    name: str
    reason: str


def find(folder: Path) -> tuple[list[Picture], list[Skipped]]:
    """The images of a folder by name, and the files that only look like images.

    Only headers are read: what is damaged further on shows when it is decoded.

    Raises:
        UserError: no such folder, or none of its files is an image.
    """
    if not folder.is_dir():
        raise UserError(f"--images {folder}: no such folder")
    found: list[Picture] = []
    skipped: list[Skipped] = []
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in SUFFIXES:
            continue
        try:
            data = path.read_bytes()
            width, height = _size(data)
        except (OSError, UnreadableError) as error:
            reason = error.strerror if isinstance(error, OSError) else None
            skipped.append(Skipped(path.name, reason or str(error)))
            continue
        found.append(Picture(path.name, path, hashlib.sha256(data).hexdigest(), height, width))
    if not found:
        why = f": {skipped[0].name}: {skipped[0].reason}" if skipped else ""
        raise UserError(f"--images {folder}: no image that can be read{why}")
    return found, skipped


def decode(data: bytes) -> Pixels:
    """The pixels of an image file as HxWx3 of 8 bits.

    Raises:
        UnreadableError: it is none, or damaged.
    """
    with _opened(data) as image:
        return np.asarray(image.convert("RGB"))


def _size(data: bytes) -> tuple[int, int]:
    with _opened(data) as image:
        return image.size


@contextmanager
def _opened(data: bytes) -> Generator[Image.Image]:
    """The image of a file; whatever Pillow finds wrong with it is an `UnreadableError`."""
    try:
        with warnings.catch_warnings():
            # Large is no error here: memory is what limits an image.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data)) as image:
                yield image
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnreadableError(_reason(error)) from error


def _reason(error: BaseException) -> str:
    text = str(error).partition("\n")[0]
    # The name of a buffer in memory says nothing to a user.
    return "not a readable image" if "BytesIO" in text or not text else text
