# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What makes a picture a photograph to train with, and when two pictures are one."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

EXTENSIONS = frozenset({".jpg", ".jpeg", ".png", ".webp"})
MIN_SIDE = 384  # of the stored photograph
MAX_SIDE = 1536  # larger ones are shrunk to this: detail a pixel then resembles a small photograph
# Of 64 bits, so many may differ between two sizes or compressions of one picture.
SAME_GRADIENTS = 6
SAME_FREQUENCIES = 10
_GRID, _LOWEST = 32, 8
UNREADABLE = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)


# --------------------------------------------------------------------------------------------------
# Photographs
# --------------------------------------------------------------------------------------------------
def shrunk(path: Path) -> Image.Image | None:
    """Load an image as it is stored: RGB, JPEG artefacts averaged away; None where it is of no use.

    Raises:
        OSError, ValueError, SyntaxError, Image.DecompressionBombError: it does not decode.
    """
    with quiet(), Image.open(path) as image:
        # A lossless picture may be kept at full size; a JPEG (or WebP) never is.
        factor = 1.0 if path.suffix.lower() == ".png" else 0.5
        factor = min(factor, MAX_SIDE / max(image.size))
        width, height = (round(side * factor) for side in image.size)
        if min(width, height) < MIN_SIDE:
            return None
        if "A" in image.getbands() or "transparency" in image.info:
            alpha = image.convert("RGBA").getchannel("A")
            if alpha.getextrema() != (255, 255):
                return None  # a cut-out, never a plain photograph
        return image.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)


def quiet() -> warnings.catch_warnings[None]:
    """No word of large images: Pillow refuses those that are too large, and these are checked."""
    return warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning)


def is_photograph(image: Image.Image) -> bool:
    """Judge by texture; the limits were set by looking at what they let through."""
    return flatness(image) < 0.5 and colours(image) > 250 and detail(image) > 0.8


def flatness(image: Image.Image) -> float:
    """The share of pixels that equal their left neighbour: high for drawn images."""
    left = image.crop((0, 0, image.width - 1, image.height))
    right = image.crop((1, 0, image.width, image.height))
    red, green, blue = ImageChops.difference(left, right).split()
    worst = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    return worst.histogram()[0] / (worst.width * worst.height)


def colours(image: Image.Image) -> int:
    """The number of different 15-bit colours in a thumbnail: low for logos and charts."""
    coarse = [level & 0xF8 for level in range(256)] * 3
    small = image.resize((192, 192), Image.Resampling.BOX).point(coarse)
    return len(small.getcolors(1 << 18) or ())


def detail(image: Image.Image) -> float:
    """The mean absolute difference of neighbouring pixels: near 0 for gradients."""
    grey = image.convert("L")
    left = grey.crop((0, 0, grey.width - 1, grey.height))
    right = grey.crop((1, 0, grey.width, grey.height))
    histogram = ImageChops.difference(left, right).histogram()
    return sum(value * count for value, count in enumerate(histogram)) / sum(histogram)


# --------------------------------------------------------------------------------------------------
# One and the same
# --------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Print:
    """Two hashes of a picture, of 64 bits each, that nearly equal those of nearly the same picture.

    Attributes:
        gradients: where a pixel of a 9x8 thumbnail is brighter than the one on its right (dHash).
        frequencies: which of the 8x8 lowest frequencies of a 32x32 thumbnail's cosine transform lie above their
            median (pHash: Zauner, Implementation and benchmarking of perceptual image hash functions, 2010).
    """

    gradients: int
    frequencies: int

    def same(self, other: Print) -> bool:
        """Whether the two are of one picture, in whatever size and compression."""
        gradients, frequencies = self.distance(other)
        return gradients <= SAME_GRADIENTS or frequencies <= SAME_FREQUENCIES

    def distance(self, other: Print) -> tuple[int, int]:
        """How many bits differ, of each hash."""
        gradients, frequencies = (
            self.gradients ^ other.gradients,
            self.frequencies ^ other.frequencies,
        )
        return gradients.bit_count(), frequencies.bit_count()


def fingerprint(image: Image.Image) -> Print:
    """The hashes of a picture."""
    grey = image.convert("L")
    return Print(_gradients(grey), _frequencies(grey))


def _gradients(grey: Image.Image) -> int:
    small = grey.resize((9, 8), Image.Resampling.BOX).tobytes()
    return _bits(small[9 * y + x] > small[9 * y + x + 1] for y in range(8) for x in range(8))


def _frequencies(grey: Image.Image) -> int:
    small = grey.resize((_GRID, _GRID), Image.Resampling.BOX)
    pixels = np.asarray(small, dtype=np.float64)
    lowest = _cosines() @ pixels @ _cosines().T
    # The mean brightness says nothing about the picture.
    middle = float(np.median(lowest.ravel()[1:]))
    return _bits(bool(value > middle) for value in lowest.ravel())


@cache
def _cosines() -> NDArray[np.float64]:
    """[8, 32], the rows of the DCT-II for the lowest frequencies."""
    k, x = np.arange(_LOWEST)[:, None], np.arange(_GRID)[None, :]
    return np.cos(math.pi / _GRID * (x + 0.5) * k)


def _bits(bits: Iterable[bool]) -> int:
    return sum(bit << index for index, bit in enumerate(bits))


# --------------------------------------------------------------------------------------------------
# Those to stay away from
# --------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Nearest:
    """Which excluded picture is nearest, and how many bits differ of each hash."""

    name: str
    gradients: int
    frequencies: int


class Excluded:
    """Pictures that must not be among the photographs, in any of the eight orientations."""

    def __init__(self, folders: Sequence[Path] = ()) -> None:
        """Read all images below `folders`."""
        self.prints: list[tuple[str, Print]] = []
        self.count, self.unreadable = 0, list[Path]()
        for folder in folders:
            for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in _ALL):
                self._add(path)

    def _add(self, path: Path) -> None:
        try:
            with quiet(), Image.open(path) as image:
                small = image.convert("L").resize((288, 288), Image.Resampling.BOX)
        except UNREADABLE:
            self.unreadable.append(path)
            return
        self.count += 1
        self.prints += [(path.name, fingerprint(turned)) for turned in _orientations(small)]

    def match(self, found: Print) -> str | None:
        """The name of a picture that is the same, if there is one."""
        return next((name for name, other in self.prints if found.same(other)), None)

    def nearest(self, found: Print) -> Nearest | None:
        """The picture that differs in the fewest bits; None where none is excluded."""
        distances = (Nearest(name, *found.distance(other)) for name, other in self.prints)
        return min(distances, key=lambda n: n.gradients + n.frequencies, default=None)


_ALL = EXTENSIONS | {".bmp", ".gif", ".ppm", ".tif", ".tiff"}


def _orientations(image: Image.Image) -> Iterator[Image.Image]:
    transpose = Image.Transpose
    turns = (None, transpose.ROTATE_90, transpose.ROTATE_180, transpose.ROTATE_270)
    for turn in turns:
        turned = image if turn is None else image.transpose(turn)
        yield turned
        yield turned.transpose(transpose.FLIP_LEFT_RIGHT)
