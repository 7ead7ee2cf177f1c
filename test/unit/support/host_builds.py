# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a host loads of a build, without the rest of it: made in seconds, as nothing is scheduled or emitted."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from support.codecs import EXAMPLE, SIZE
from torch_mlir import ir

from licc.dialects import make_context
from licc.entropy import store
from licc.quantize.pipeline import float_module, typed_module
from licc.target import host

PHOTOS = Path(__file__).parents[3] / "licc" / "data" / "calibration"


def write_host_build(typed: ir.Module, checkpoint: Path, folder: Path) -> Path:
    """`host/`, the entropy model's `weights/` and the dump in `ir/` of a typed module; the folder."""
    store.write_build(typed, checkpoint, folder / "weights")
    host.write_network(typed, folder / "host")
    host.write_checksums(folder)
    (folder / "ir").mkdir()
    text = typed.operation.get_asm(large_elements_limit=16)
    (folder / "ir" / "30-typed.mlir").write_text(text, encoding="utf-8")
    return folder


def write_host_files(checkpoint: Path, folder: Path, precision: str | None = None) -> Path:
    """The same, of a checkpoint."""
    floats = float_module(checkpoint, make_context(), SIZE)
    typed = typed_module(floats, precision, max_images=2, size=SIZE)
    return write_host_build(typed, checkpoint, folder)


@functools.cache
def _kept() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory()


@functools.cache
def example_build() -> Path:
    """A build of examples/student_n32_0.025.pt, to be left as it is."""
    return write_host_files(EXAMPLE, Path(_kept().name) / "example")


def photo(name: str = "dog") -> np.ndarray:
    """A photograph, uint8 256x256x3."""
    with Image.open(PHOTOS / f"{name}.png") as opened:
        return np.asarray(opened.convert("RGB"))
