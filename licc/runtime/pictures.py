# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Pictures in files, by Pillow."""

from __future__ import annotations

import io
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from licc.driver import build_dir
from licc.errors import UserError
from licc.images import LARGEST_SIDE

__all__ = ["READABLE", "WRITABLE", "read", "size_of", "write"]

Pixels = npt.NDArray[np.uint8]

READABLE = frozenset(".png .jpg .jpeg .webp .ppm .pgm .bmp .tif .tiff".split())
# How each is written, without losing anything and without taking long.
WRITABLE: dict[str, dict[str, Any]] = {
    ".png": {"format": "PNG", "compress_level": 4},
    ".webp": {"format": "WEBP", "lossless": True, "quality": 20, "method": 1},
    ".ppm": {"format": "PPM"},
    ".bmp": {"format": "BMP"},
    ".tif": {"format": "TIFF"},
    ".tiff": {"format": "TIFF"},
}


def read(path: Path) -> Pixels:
    """The picture in a file, HxWx3. Transparency is dropped, an orientation in Exif is not applied.

    Raises:
        UserError: no file, no picture, a damaged one, or one beyond 16384 pixels either way.
    """
    with _opened(path) as image:
        _check_size(path, image.size)
        return np.array(image.convert("RGB"))


def size_of(path: Path) -> tuple[int, int]:
    """Height and width; as `read`, without the pixels."""
    with _opened(path) as image:
        _check_size(path, image.size)
        return image.height, image.width


def write(path: Path, pixels: Pixels) -> None:
    """Write a picture HxWx3 in the format that its suffix says; whole or not at all.

    Raises:
        UserError: another suffix, or it cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in WRITABLE:
        raise UserError(f"{path}: pictures are written as {' '.join(WRITABLE)}")
    buffer = io.BytesIO()
    try:
        Image.fromarray(pixels).save(buffer, **WRITABLE[suffix])
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot write: {_reason(error)}") from error
    build_dir.write_file(path, buffer.getvalue())


def _check_size(path: Path, size: tuple[int, int]) -> None:
    if max(size) > LARGEST_SIDE:
        width, height = size
        raise UserError(
            f"{path}: an image of {height}x{width}: expected 1 to {LARGEST_SIDE} either way"
        )


@contextmanager
def _opened(path: Path) -> Generator[Image.Image]:
    try:
        with warnings.catch_warnings():
            # Sides are checked here, and memory is what limits an image.
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                yield image
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file") from error
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UserError(f"{path}: {_reason(error)}") from error


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"cannot read: {error.strerror}"
    text = str(error).partition("\n")[0]
    # What Pillow says of a file that it does not know holds only its name.
    return "not a readable image" if "cannot identify" in text or not text else text
