#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""PSNR of a student in float and as the integers that the hardware computes, image by image.

    python benchmarks/quality.py student.pt kodim01.png kodim02.png ...

Latents are rounded as the decoder gets them. The empirical entropy of the symbols stands in for the rate
(zeroth order, per channel, over one image): it is no bitstream, and it is labelled so.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from licc.dialects.quantized import quantized
from licc.driver.build import run_phases
from licc.driver.options import Options
from licc.driver.phases import BY_NAME, Phase
from licc.driver.progress import Progress
from licc.interp import lic

Array = npt.NDArray[Any]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("images", type=Path, nargs="+")
    arguments = parser.parse_args()
    print(f"{'image':14} {'float dB':>9} {'integer dB':>10} {'float bpp':>9} {'integer bpp':>11}")
    rows: list[tuple[float, ...]] = []
    modules: dict[tuple[int, ...], tuple[Any, Any]] = {}
    for path in arguments.images:
        image = np.moveaxis(np.asarray(Image.open(path).convert("RGB")), -1, 0)[None]
        size = image.shape[2:]
        if size not in modules:
            modules[size] = compiled(arguments.checkpoint, (size[0], size[1]))
        rows.append(measure(*modules[size], image))
        print(_row(path.stem, rows[-1]))
        sys.stdout.flush()
    print(_row("mean", tuple(np.mean(rows, axis=0))))
    print("bpp: empirical entropy of the symbols, not a bitstream")


def compiled(checkpoint: Path, size: tuple[int, int]) -> tuple[Any, Any]:
    """The float module and the typed one."""
    found: dict[str, Any] = {}

    def keep(phase: Phase, module: Any) -> None:
        found[phase.name] = module.operation.clone()

    options = Options(checkpoint, input_hw=size, transforms=("g_a", "g_s"), compile_to="type")
    run_phases(options, BY_NAME["type"], Progress(verbose=False), keep)
    return found["raise"], found["type"]


def measure(float_module: Any, typed: Any, image: Array) -> tuple[float, float, float, float]:
    """PSNR and empirical rate, float and integer."""
    result: list[float] = []
    padded = _padded(image, float_module)
    for module, x in ((float_module, padded.astype(np.float32) / 255), (typed, padded)):
        latents = lic.run(module, "g_a", x)
        symbols = _symbols(module, latents)
        decoded = lic.run(module, "g_s", symbols)
        if decoded.dtype.kind == "f":
            decoded = np.clip(np.rint(decoded * 255), 0, 255)
        result += [_psnr(decoded[:, :, : image.shape[2], : image.shape[3]], image)]
        result += [_entropy(symbols) / (image.shape[2] * image.shape[3])]
    return result[0], result[2], result[1], result[3]


def _padded(image: Array, module: Any) -> Array:
    shape = lic.function(module, "g_a").regions[0].blocks[0].arguments[0].type.shape
    pads = [(0, wanted - have) for wanted, have in zip(shape, image.shape, strict=True)]
    return np.pad(image, pads, mode="edge")


def _symbols(module: Any, latents: Array) -> Array:
    """Rounded latents, as g_s reads them (factorized models round inside g_a)."""
    if latents.dtype.kind == "f":
        return np.floor(latents + np.float32(0.5))
    kind = quantized(
        lic.function(module, "g_a").regions[0].blocks[0].operations[-1].operands[0].type
    )
    assert kind is not None
    return np.floor(latents * kind.scale + 0.5).astype(np.int64)


def _psnr(decoded: Array, image: Array) -> float:
    error = np.mean((decoded.astype(np.float64) - image) ** 2)
    return float(10 * np.log10(255**2 / error))


def _entropy(symbols: Array) -> float:
    """Bits of all symbols, coded with the histogram of their channel."""
    bits = 0.0
    for channel in symbols[0]:
        _, counts = np.unique(channel, return_counts=True)
        bits -= float(np.sum(counts * np.log2(counts / counts.sum())))
    return bits


def _row(name: str, row: tuple[float, ...]) -> str:
    return f"{name:14} {row[0]:9.2f} {row[1]:10.2f} {row[2]:9.3f} {row[3]:11.3f}"


if __name__ == "__main__":
    main()
