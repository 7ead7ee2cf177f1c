# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Calibration images, and the way of an image through the whole codec in floats."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from torch_mlir import ir

from licc.errors import UserError
from licc.quantize import facts

Floats = NDArray[np.float32]
Observer = Callable[[Any, NDArray[Any]], None]

SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".webp", ".bmp", ".ppm", ".tif", ".tiff", ".gif"))
# Whole strides of every codec, hyper transforms included, so that no calibration image is cropped.
MULTIPLE = 64
DEFAULT_SIZE = (512, 768)


def load_images(
    directory: str | Path | None = None,
    limit: int = 16,
    size: tuple[int, int] = DEFAULT_SIZE,
    crop: bool = True,
) -> list[Floats]:
    """Read calibration images as 1x3xHxW in 0..1, extents padded to multiples of 64 by their edges.

    Args:
        directory: folder of images, read in the order of their names; None for the embedded set.
        limit: read at most so many.
        size: height and width to bring the images to.
        crop: take the centre of larger images at full resolution; otherwise scale every image.

    Raises:
        UserError: the folder does not exist or holds no image that can be read.
    """
    images: list[Floats] = []
    for path in _candidates(directory):
        if len(images) == limit:
            break
        try:
            images.append(_read(path, size, crop))
        except (OSError, UnidentifiedImageError, ValueError, Image.DecompressionBombError) as error:
            warnings.warn(f"{path}: skipped, not a readable image ({error})", stacklevel=2)
    if not images:
        where = directory or "the embedded calibration set"
        raise UserError(f"{where}: no image to calibrate with; give a folder of PNG or JPEG images")
    return images


def _candidates(directory: str | Path | None) -> Iterator[Path]:
    folder = (
        Path(str(resources.files("licc") / "data" / "calibration"))
        if directory is None
        else Path(directory)
    )
    if directory is not None and not folder.is_dir():
        raise UserError(f"{directory}: not a folder; give a folder of PNG or JPEG images")
    if not folder.is_dir():
        return
    yield from sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)


def _read(path: Path, size: tuple[int, int], crop: bool) -> Floats:
    with Image.open(path) as opened:
        image = opened.convert("RGB")
    height, width = size
    if not crop:
        image = image.resize((width, height), Image.Resampling.LANCZOS)
    elif image.height > height or image.width > width:
        top, left = max(image.height - height, 0) // 2, max(image.width - width, 0) // 2
        image = image.crop(
            (left, top, min(left + width, image.width), min(top + height, image.height))
        )
    pixels = np.asarray(image, dtype=np.float32).transpose(2, 0, 1)[None] / np.float32(255.0)
    return _pad(pixels)


def _pad(pixels: Floats) -> Floats:
    pads = [(0, 0), (0, 0)] + [(0, -extent % MULTIPLE) for extent in pixels.shape[2:]]
    return np.pad(pixels, pads, mode="edge")


def run_codec(
    module: ir.Module, image: Floats, observe: Observer | None = None, decode: bool = True
) -> dict[str, Floats]:
    """Take one image through every transform of a float codec, as encoder and decoder would.

    Args:
        module: float `lic` functions with roles.
        image: 1x3xHxW in 0..1; the functions' own spatial sizes do not matter.
        observe: called with each op (or function argument) and the array that it gives.
        decode: run g_s too.

    Returns:
        Results by function name; `latent_hat` is what g_s would decode.

    Raises:
        UserError: there is no g_a to begin with.
    """
    # Imported here: the interpreter and the passes need each other's packages.
    from licc.interp import lic as interpreter

    functions = facts.functions(module)
    if "g_a" not in functions:
        raise UserError(
            "g_a: missing, and calibration starts from images; use a checkpoint with g_a"
        )

    def run(name: str, x: Floats) -> Floats:
        return interpreter.run(module, name, x, observe=observe).astype(np.float32)

    results = {"g_a": run("g_a", image)}
    means = np.float32(0.0)
    if "h_a" in functions:
        results["h_a"] = run("h_a", results["g_a"])
    if "h_a" in results and "h_s" in functions:
        results["h_s"] = run("h_s", results["h_a"])
        means = _means(results["h_s"], results["g_a"])
    results["latent_hat"] = np.floor(results["g_a"] - means + np.float32(0.5)) + means
    if decode and "g_s" in functions:
        results["g_s"] = run("g_s", results["latent_hat"])
    return results


def _means(parameters: Floats, latent: Floats) -> Floats | np.float32:
    """The means among h_s's result, cropped to the latent; 0 when it holds scales alone."""
    channels, height, width = latent.shape[1:]
    if parameters.shape[1] != 2 * channels:
        return np.float32(0.0)
    return parameters[:, channels:, :height, :width]
