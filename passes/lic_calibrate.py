# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`lic-calibrate`: the ranges of every value, from images."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from licc.errors import UserError
from licc.passes.registry import Pass, option

if TYPE_CHECKING:
    from torch_mlir import ir


@dataclass(frozen=True)
class LicCalibrate(Pass):
    """Run the float codec on images and write down what range each value takes.

    Every image goes through all transforms as in real coding: g_a, then h_a and h_s where there are any,
    then g_s on the rounded latent. The functions may be larger or smaller than the images. Each op with an
    activation as its result, and each function argument, gets

        lic.observed = #lic.observed<min, max>     the range that was seen
        lic.clip     = #lic.observed<min, max>     the part to represent by 8 bits with least squared error
        lic.channels = dense<...> : tensor<Cx3xf32>   by channel: clipping magnitude, mean, mean square
        lic.covariance = dense<...> : tensor<CxCxf32> of the channels at a pixel
        lic.correlation = #lic.observed<down, right>  of a pixel with its neighbours

    of which all but the first are only on what a convolution reads.
    """

    name: ClassVar[str] = "lic-calibrate"
    images: str = option("", "folder of images; the embedded photographs when not given")
    max_images: int = option(16, "read at most so many images")
    size: str = option("256x256", "height and width to bring the images to")
    vivid: bool = option(True, "see each image once more with stronger colours and contrast")
    crop: bool = option(True, "take the centre of larger images; otherwise scale them")

    def run(self, module: ir.Module) -> None:
        """Attach what was observed."""
        # Numpy and Pillow are loaded when the pass runs, not when it is listed.
        from licc.calibration import load_images, run_codec, vivid
        from licc.quantize import facts
        from licc.quantize.statistics import Histogram, Range

        ranges: dict[ir.Value, Range] = {}
        histograms: dict[ir.Value, Histogram] = {}

        def observe(source: Any, array: Any, typical: bool = True) -> None:
            value = _value(source)
            ranges.setdefault(value, Range()).add(array)
            if _feeds_convolution(value):
                if value not in histograms:
                    histograms[value] = Histogram(array.shape[1])
                histograms[value].add(array, typical)

        images = load_images(self.images or None, self.max_images, self._size(), self.crop)
        for turn, image in enumerate(images):
            run_codec(module, image, observe)
            if self.vivid:
                run_codec(module, vivid(image, turn), partial(observe, typical=False))
        with module.context:
            for value, seen in ranges.items():
                found = {facts.OBSERVED: facts.interval(seen.min, seen.max)}
                if value in histograms:
                    clip = histograms[value].clip()
                    found[facts.CLIP] = facts.interval(max(seen.min, -clip), min(seen.max, clip))
                    found |= facts.channel_facts(histograms[value].statistics())
                facts.attach(value, found)

    def _size(self) -> tuple[int, int]:
        height, _, width = self.size.partition("x")
        if not (height.isdecimal() and width.isdecimal() and int(height) > 0 and int(width) > 0):
            raise UserError(f"pass '{self.name}' option 'size' expected HxW, but got '{self.size}'")
        return int(height), int(width)


def _value(source: Any) -> ir.Value:
    """The value that the interpreter reports: an op stands for its result."""
    results = getattr(source, "results", None)
    return source if results is None else results[0]


def _feeds_convolution(value: ir.Value) -> bool:
    return any(
        use.owner.operation.name in ("lic.conv2d", "lic.deconv2d") and use.operand_number == 0
        for use in value.uses
    )
