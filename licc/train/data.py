# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Training images: random crops of a folder of photographs, drawn from (seed, step, process) alone.

A run that was interrupted and an unbroken one see the same crops, whichever threads make them.
"""

from __future__ import annotations

import hashlib
import threading
import warnings
from collections import OrderedDict, deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from licc.calibration import SUFFIXES
from licc.errors import UserError

Pixels = npt.NDArray[np.uint8]

CACHE = 4 << 30
"""Bytes of decoded photographs that are kept; others are decoded each time."""

AHEAD = 4
"""Batches made before they are asked for."""

HELD_OUT_EVERY = 16
"""Each 16th photograph is never trained on, only watched."""

MOST_HELD_OUT = 12

_UNREADABLE = (
    OSError,
    UnidentifiedImageError,
    ValueError,
    SyntaxError,  # what Pillow raises for a broken PNG chunk
    Image.DecompressionBombError,
)


def read(path: Path) -> Image.Image:
    """Decode an image as RGB."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd metadata, and of large images
        with Image.open(path) as image:
            return image.convert("RGB")


def _size(path: Path) -> tuple[int, int]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(path) as image:
            return image.size


@dataclass(frozen=True)
class _Entry:
    path: Path
    width: int
    height: int


class Photographs:
    """Images of a folder, with all folders in it, decoded where they are used.

    Attributes:
        skipped: files that were left out by the reason: damaged ones show when they are first decoded.
        digest: number of the files with a digest of their names and sizes in bytes.
    """

    def __init__(self, folder: Path, crop: int, cache: int = CACHE) -> None:
        """Look at the headers of all images.

        Raises:
            UserError: no such folder, or no image in it that can be read and holds a crop.
        """
        if not folder.is_dir():
            raise UserError(f"--data {folder}: no such folder")
        self.folder, self.skipped = folder, dict[Path, str]()
        self._cache: OrderedDict[Path, Image.Image] = OrderedDict()
        self._room, self._lock = cache, threading.Lock()
        entries: list[_Entry] = []
        summary = hashlib.sha256()
        for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES):
            entry = self._look(path, crop)
            if entry is not None:
                entries.append(entry)
                summary.update(f"{path.relative_to(folder)} {path.stat().st_size}\n".encode())
        if not entries:
            raise UserError(f"--data {folder}: {self._nothing(crop)}")
        self.digest = f"{len(entries)} images {summary.hexdigest()[:16]}"
        every = max(HELD_OUT_EVERY, ceil(len(entries) / MOST_HELD_OUT))
        self._held_out = entries[::every]
        self._entries = [e for i, e in enumerate(entries) if i % every] or entries
        # Large photographs hold more different crops; the root keeps them from taking over.
        areas = np.sqrt([entry.width * entry.height for entry in self._entries])
        self._chances = np.cumsum(areas) / areas.sum()

    def __len__(self) -> int:
        return len(self._entries)

    def _look(self, path: Path, crop: int) -> _Entry | None:
        try:
            width, height = _size(path)
        except _UNREADABLE:
            self.skipped[path] = "cannot be read"
            return None
        if min(width, height) < crop:
            self.skipped[path] = f"smaller than a crop of {crop}"
            return None
        return _Entry(path, width, height)

    def _nothing(self, crop: int) -> str:
        if not self.skipped:
            return "no images there; give a folder of PNG or JPEG photographs"
        path, reason = next(iter(self.skipped.items()))
        return (
            f"none of its {len(self.skipped)} images can be trained on: {path.name} {reason}; "
            f"give photographs of at least {crop}x{crop}"
        )

    def _decoded(self, path: Path) -> Image.Image | None:
        """The image, from memory where it is kept; None where it does not decode."""
        with self._lock:
            if path in self._cache:
                self._cache.move_to_end(path)
                return self._cache[path]
            if path in self.skipped:
                return None
        try:
            image = read(path)
        except _UNREADABLE:
            with self._lock:
                self.skipped[path] = "does not decode"
                self._check_left()
            return None
        with self._lock:
            self._keep(path, image)
        return image

    def _keep(self, path: Path, image: Image.Image) -> None:
        if path in self._cache:
            return
        self._cache[path] = image
        self._room -= _bytes(image)
        while self._room < 0:
            _, dropped = self._cache.popitem(last=False)
            self._room += _bytes(dropped)

    def _check_left(self) -> None:
        if all(entry.path in self.skipped for entry in self._entries):
            raise UserError(f"--data {self.folder}: none of its images decodes")

    def draw(self, random: np.random.Generator) -> Image.Image:
        """A random photograph; one that does not decode is drawn again.

        Raises:
            UserError: none decodes.
        """
        while True:
            index = int(np.searchsorted(self._chances, random.random(), side="right"))
            image = self._decoded(self._entries[min(index, len(self) - 1)].path)
            if image is not None:
                return image

    def held_out(self, multiple: int, side: int = 512) -> list[Tensor]:
        """Middles of the photographs that are not trained on, 1x3xHxW in 0..1.

        Args:
            multiple: what their sides are multiples of.
            side: at most this long.
        """
        images = [self._decoded(entry.path) for entry in self._held_out]
        return [
            _middle(image, multiple, side)
            for image in images
            if image is not None and min(image.size) >= multiple
        ]

    def write_middles(self, folder: Path, count: int, size: tuple[int, int]) -> None:
        """Write the middles of some of the photographs, of at most this height and width, as PNG."""
        step = max(len(self) // count, 1)
        for index, entry in enumerate(self._entries[::step][:count]):
            image = self._decoded(entry.path)
            if image is not None:
                _crop(image, min(size[1], image.width), min(size[0], image.height)).save(
                    folder / f"{index:03}.png"
                )


def _crop(image: Image.Image, width: int, height: int) -> Image.Image:
    """The middle of an image."""
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def _bytes(image: Image.Image) -> int:
    return image.width * image.height * 4  # Pillow's RGB has a byte that is not used


def _middle(image: Image.Image, multiple: int, side: int) -> Tensor:
    width, height = (min(side, extent) // multiple * multiple for extent in image.size)
    return to_tensor([np.asarray(_crop(image, width, height))])


def to_tensor(images: Sequence[Pixels]) -> Tensor:
    """Images HxWx3 of one size as a batch Bx3xHxW in 0..1, channels last in memory."""
    batch = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float().div_(255)
    return batch.contiguous(memory_format=torch.channels_last)


def random_crop(image: Image.Image, size: int, random: np.random.Generator) -> Pixels:
    """Cut a square of random scale (1 to 1/2) and orientation out of a photograph, sizexsizex3."""
    scale = random.uniform(0.5, 1.0) if random.random() < 0.7 else 1.0
    scale = max(scale, size / min(image.size))
    side = size / scale
    left, top = random.random() * (image.width - side), random.random() * (image.height - side)
    left, top = max(left, 0.0), max(top, 0.0)  # `side` may exceed the image by a rounding error
    if scale == 1.0:
        left, top = int(left), int(top)
        patch = image.crop((left, top, left + size, top + size))
    else:
        box = (left, top, min(left + side, image.width), min(top + side, image.height))
        patch = image.resize((size, size), Image.Resampling.BICUBIC, box)
    pixels = np.asarray(patch)
    return pixels[:, ::-1] if random.random() < 0.5 else pixels


@dataclass(frozen=True)
class Batches:
    """The batches of one process of a training."""

    photographs: Photographs
    batch: int
    crop: int
    seed: int
    rank: int = 0

    def make(self, step: int) -> Tensor:
        """The batch of a step, Bx3xHxW."""
        random = np.random.default_rng((self.seed, step, self.rank))
        return to_tensor(
            [
                random_crop(self.photographs.draw(random), self.crop, random)
                for _ in range(self.batch)
            ]
        )

    @contextmanager
    def ahead(self, first: int, last: int, workers: int) -> Generator[Iterator[Tensor]]:
        """The batches of steps `first` to `last` (without it), made in threads before they are used."""
        pool = ThreadPoolExecutor(workers, thread_name_prefix="batches")
        try:
            yield self._in_order(pool, iter(range(first, last)), AHEAD + workers)
        finally:
            pool.shutdown(cancel_futures=True)

    def _in_order(
        self, pool: ThreadPoolExecutor, steps: Iterator[int], count: int
    ) -> Iterator[Tensor]:
        waiting: deque[Future[Tensor]] = deque()
        for step in steps:
            waiting.append(pool.submit(self.make, step))
            if len(waiting) > count:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
