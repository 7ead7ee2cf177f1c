# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Calibrated float codecs of small random networks."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

from support.networks import random_checkpoint
from torch_mlir import ir

from licc.dialects import make_context
from licc.quantize.codec import Codec, calibration_crops
from licc.quantize.pipeline import calibrated_module, float_module

SIZE = (64, 64)
TRAINED = "trained"
EXAMPLE = Path(__file__).parents[3] / "examples" / "student_n32_0.025.pt"


@functools.cache
def _text(architecture: str, n: int, m: int) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = EXAMPLE
        if architecture != TRAINED:
            path = random_checkpoint(architecture, n, m, 3, Path(folder) / "net.pt")
        module = float_module(path, make_context(), SIZE)
    return calibrated_module(module, max_images=2, size=SIZE).operation.get_asm()


def calibrated(architecture: str = "bls2017", n: int = 6, m: int = 7) -> ir.Module:
    """A module of its own, in a context of its own; TRAINED is a network that reconstructs images."""
    return ir.Module.parse(_text(architecture, n, m), context=make_context())


@functools.cache
def codec(architecture: str = "bls2017", n: int = 6, m: int = 7) -> Codec:
    """What a policy sees of the same, with two small crops."""
    crops = [crop[:, :, :64, :64] for crop in calibration_crops(None)[:2]]
    return Codec(calibrated(architecture, n, m), lambda: crops)
