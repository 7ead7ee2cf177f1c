# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The pictures that a codec was calibrated with, for typing to look at again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from torch_mlir import ir

from licc.calibration import Floats, load_images, run_codec
from licc.quantize import facts
from licc.quantize.alongside import Alongside

CALIBRATION = "lic.calibration"
# Typing looks at the middle of each picture, of so many pixels in all: 16 of 256x384.
MOST_PIXELS = 16 * 256 * 384
_GRID = 64


@dataclass(frozen=True)
class Source:
    """Where pictures come from: what `lic.calibration` on a module says.

    Attributes:
        images: folder; "" for the embedded photographs.
        max_images: at most so many.
        size: height and width.
        crop: whether larger pictures are cropped; otherwise all are scaled.
    """

    images: str
    max_images: int
    size: tuple[int, int]
    crop: bool

    def attach(self, module: ir.Module) -> None:
        """Write it into the module."""
        with module.context:
            i64 = ir.IntegerType.get_signless(64)
            module.operation.attributes[CALIBRATION] = ir.DictAttr.get(
                {
                    "images": ir.StringAttr.get(self.images),
                    "max_images": ir.IntegerAttr.get(i64, self.max_images),
                    "size": ir.DenseI64ArrayAttr.get(list(self.size)),
                    "crop": ir.BoolAttr.get(self.crop),
                }
            )

    @staticmethod
    def read(module: ir.Module) -> Source | None:
        """What the module says; None when it says nothing."""
        attributes = module.operation.attributes
        if CALIBRATION not in attributes:
            return None
        said = ir.DictAttr(attributes[CALIBRATION])
        height, width = ir.DenseI64ArrayAttr(said["size"])
        return Source(
            ir.StringAttr(said["images"]).value,
            ir.IntegerAttr(said["max_images"]).value,
            (height, width),
            ir.BoolAttr(said["crop"]).value,
        )


def alongside(module: ir.Module) -> Mapping[str, Alongside]:
    """By float function, the pictures that `module` was calibrated with, as they reach it.

    Empty where the module does not say which those are.

    Raises:
        UserError: they cannot be read any more.
    """
    source = Source.read(module)
    if source is None:
        return {}
    images = load_images(source.images or None, source.max_images, source.size, source.crop)
    inputs: dict[str, list[Floats]] = {}
    for image in images:
        cropped = _middle(image, MOST_PIXELS // len(images))
        results = run_codec(module, cropped, decode=False)
        reached = {"g_a": cropped, "h_a": results["g_a"], "g_s": results["latent_hat"]}
        if "h_a" in results:
            reached["h_s"] = results["h_a"]
        for name, x in reached.items():
            inputs.setdefault(name, []).append(x)
    return {name: Alongside(inputs[name]) for name in facts.functions(module) if name in inputs}


def _middle(image: Floats, pixels: int) -> Floats:
    """The middle of an image, of at most so many pixels, in whole steps of 64."""
    height, width = image.shape[2:]
    scale = min(1.0, np.sqrt(pixels / (height * width)))
    rows, columns = (max(int(extent * scale) // _GRID, 1) * _GRID for extent in (height, width))
    top, left = (height - rows) // 2, (width - columns) // 2
    return image[:, :, top : top + rows, left : left + columns]
