#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measure a student on a folder of images: real bits of its strings, PSNR of its 8-bit pictures.

    python examples/evaluate_student.py examples/scale_hyperprior_n32.pt DIR

CompressAI codes and decodes each image in float32. The rate counts the bytes of both strings, and the
PSNR compares the decoded picture, clipped and rounded to 8 bits, with the original; the figures are
means over the images.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import compressai_import  # noqa: F401  # pyright: ignore[reportUnusedImport]
import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from compressai.models import ScaleHyperprior
from PIL import Image


def load_student(path: Path) -> ScaleHyperprior:
    """Load a student file into CompressAI's model; every name and every shape has to fit."""
    student: dict[str, Any] = torch.load(path, weights_only=True)
    meta = student.pop("meta")
    weights = {
        f"{part}.{name}": value for part, state in student.items() for name, value in state.items()
    }
    model = ScaleHyperprior(meta["N"], meta["M"])
    model.load_state_dict(weights, strict=True)
    return model.eval()


@torch.no_grad()
def measure(model: ScaleHyperprior, path: Path) -> tuple[float, float]:
    """Return the bits a pixel and the PSNR of one image."""
    with Image.open(path) as image:
        pixels = np.array(image.convert("RGB"))
    height, width = pixels.shape[:2]
    x = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255
    x = F.pad(x, (0, -width % 64, 0, -height % 64), mode="replicate")
    coded = model.compress(x)
    decoded = model.decompress(coded["strings"], coded["shape"])["x_hat"]
    picture = decoded[0, :, :height, :width].clamp(0, 1).mul(255).round().permute(1, 2, 0).numpy()
    mse = float(np.mean((picture.astype(np.float64) - pixels) ** 2))
    bits = 8 * sum(len(string) for strings in coded["strings"] for string in strings)
    return bits / (height * width), 10 * np.log10(255**2 / max(mse, 1e-10))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Measure rate and distortion of a student.")
    parser.add_argument("student", type=Path)
    parser.add_argument("images", type=Path, help="folder of .png images")
    options = parser.parse_args(arguments)
    paths = sorted(options.images.glob("*.png"))
    if not paths:
        print(f"error: {options.images}: no .png images there", file=sys.stderr)
        return 1
    model = load_student(options.student)
    results: list[tuple[float, float]] = []
    for path in paths:
        results.append(measure(model, path))
        print(f"{path.name:24} {results[-1][0]:7.4f} bpp {results[-1][1]:7.3f} dB", flush=True)
    bpp, psnr = np.mean(results, axis=0)
    print(f"{f'mean of {len(results)}':24} {bpp:7.4f} bpp {psnr:7.3f} dB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
