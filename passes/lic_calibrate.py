# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`lic-calibrate`: the ranges of every value, from images."""

from __future__ import annotations

from dataclasses import dataclass
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
        lic.clip     = dense<...> : tensor<Wxf32>  the magnitude to clip at, for 4, 5, ... signed bits
        lic.channels = dense<...> : tensor<Cx2xf32>   by channel: mean, mean square
        lic.channel_clip = dense<...> : tensor<CxWxf32>   by channel, as lic.clip
        lic.covariance = dense<...> : tensor<CxCxf32> of the channels at a pixel
        lic.correlation = #lic.observed<down, right>  of a pixel with its neighbours

    of which all but the first are only on what a convolution reads. The module gets `lic.calibration`, which
    says with which pictures: lic-assign-precision looks at them again.

    A codec that carries types of training's choice (`lic.forms`) is left as it is: it needs no facts. Pictures
    that are given are noted, for signal and noise to be measured on.
    """

    name: ClassVar[str] = "lic-calibrate"
    images: str = option("", "folder of images; the embedded photographs when not given")
    max_images: int = option(16, "read at most so many images")
    size: str = option("512x768", "height and width to bring the images to")
    crop: bool = option(True, "take the centre of larger images; otherwise scale them")
    recalibrate: bool = option(False, "take away what training chose, and calibrate")

    def run(self, module: ir.Module) -> None:
        """Attach what was observed."""
        # Numpy and Pillow are loaded when the pass runs, not when it is listed.
        from licc.calibration import load_images, run_codec
        from licc.quantize import facts, forms
        from licc.quantize.pictures import Source
        from licc.quantize.statistics import Histogram, Range

        source = Source(self.images, self.max_images, self._size(), self.crop)
        if self.recalibrate:
            forms.drop(module)
        elif forms.carried(module):
            if self.images:
                source.attach(module)
            return
        ranges: dict[ir.Value, Range] = {}
        histograms: dict[ir.Value, Histogram] = {}

        def observe(producer: Any, array: Any) -> None:
            value = _value(producer)
            ranges.setdefault(value, Range()).add(array)
            if _feeds_convolution(value):
                histograms.setdefault(value, Histogram(array.shape[1])).add(array)

        for image in load_images(self.images or None, self.max_images, self._size(), self.crop):
            run_codec(module, image, observe)
        with module.context:
            for value, seen in ranges.items():
                found = {facts.OBSERVED: facts.interval(seen.min, seen.max)}
                if value in histograms:
                    found |= facts.clip_facts(histograms[value].clips())
                    found |= facts.channel_facts(histograms[value].statistics())
                facts.attach(value, found)
            source.attach(module)

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
