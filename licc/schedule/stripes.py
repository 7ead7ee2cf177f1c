# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Column stripes: what part of an image a narrower accelerator sees, and which of its outputs are right.

An accelerator made for the width of a stripe computes stripe after stripe, each a frame of its own. It pads
every stripe with zeros. At the border of the image that is what the whole transform does, so the first and
the last stripe touch the borders; at an edge inside it is wrong, and what depends on it is not kept.

No IR here but in `attribute` and `read`: the host's code cuts and stitches with this file too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from torch_mlir import ir

    from licc.cost.geometry import ConvGeometry

__all__ = [
    "Step",
    "Stripes",
    "StripesError",
    "attribute",
    "cut",
    "narrowed",
    "plan",
    "plans",
    "read",
    "stitch",
]

Array = npt.NDArray[Any]
ATTRIBUTE = "lic.stripes"


class StripesError(ValueError):
    """No such stripes, or an array that does not have their width."""


@dataclass(frozen=True)
class Stripes:
    """How an image is cut into stripes of one width, and their outputs are stitched; units are columns.

    Attributes:
        input_width: of the whole input.
        output_width: of the whole output.
        input_offsets: the first input column of each stripe, ascending from 0. The last stripe ends with
            the input, so that all are `input_width - input_offsets[-1]` wide.
        output_offsets: the column of the whole output that is the first of each stripe's output.
        crop: the first column of the whole output that is taken from each stripe, ascending from 0; a
            stripe is taken up to where the next one is.
    """

    input_width: int
    output_width: int
    input_offsets: tuple[int, ...]
    output_offsets: tuple[int, ...]
    crop: tuple[int, ...]

    @property
    def count(self) -> int:
        """How many stripes."""
        return len(self.input_offsets)

    @property
    def input_stripe(self) -> int:
        """Input columns of each stripe."""
        return self.input_width - self.input_offsets[-1]

    @property
    def output_stripe(self) -> int:
        """Output columns of each stripe, with those that are not kept."""
        return self.output_width - self.output_offsets[-1]

    @property
    def kept(self) -> tuple[slice, ...]:
        """Of the output of each stripe, the columns that are kept."""
        ends = (*self.crop[1:], self.output_width)
        return tuple(
            slice(first - offset, end - offset)
            for first, end, offset in zip(self.crop, ends, self.output_offsets, strict=True)
        )

    @property
    def widening(self) -> float:
        """Input columns that are computed for each column of the image: 1 without stripes."""
        return self.count * self.input_stripe / self.input_width


# --------------------------------------------------------------------------------------------------
# The host's part
# --------------------------------------------------------------------------------------------------
def cut(image: Array, stripes: Stripes, axis: int = -1) -> list[Array]:
    """The stripes of `image` (views of it), whose columns lie along `axis`.

    Raises:
        StripesError: `image` does not have the width that the stripes were planned for.
    """
    _check("an image", image.shape[axis], stripes.input_width)
    return [
        image[_along(image.ndim, axis, slice(offset, offset + stripes.input_stripe))]
        for offset in stripes.input_offsets
    ]


def stitch(outputs: Sequence[Array], stripes: Stripes, axis: int = -1) -> Array:
    """The whole output, from the outputs of all stripes in order; their columns lie along `axis`.

    Raises:
        StripesError: not one output a stripe, or one of another width.
    """
    _check("outputs", len(outputs), stripes.count, "stripes")
    for output in outputs:
        _check("the output of a stripe", output.shape[axis], stripes.output_stripe)
    parts = [
        output[_along(output.ndim, axis, columns)]
        for output, columns in zip(outputs, stripes.kept, strict=True)
    ]
    return np.concatenate(parts, axis=axis)


def _along(rank: int, axis: int, columns: slice) -> tuple[slice, ...]:
    index = [slice(None)] * rank
    index[axis] = columns
    return tuple(index)


def _check(what: str, got: int, wanted: int, unit: str = "columns") -> None:
    if got != wanted:
        raise StripesError(f"expected {what} of {wanted} {unit}, but got {got}")


# --------------------------------------------------------------------------------------------------
# Planning
# --------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Step:
    """A convolution, or (None) what works pixel by pixel, in a transform whose ways part and meet again.

    Attributes:
        geometry: for the whole width.
        sources: which steps it reads, by their index; None for the transform's input.
    """

    geometry: ConvGeometry | None
    sources: tuple[int | None, ...]


# Those of a transform in order; a convolution alone reads the one before it.
Layers = Sequence["ConvGeometry | Step"]


def _steps(layers: Layers) -> list[Step]:
    return [
        layer if isinstance(layer, Step) else Step(layer, (i - 1 if i else None,))
        for i, layer in enumerate(layers)
    ]


def plan(layers: Layers, width: int, count: int) -> Stripes:
    """The narrowest `count` stripes that give every output column exactly once.

    Args:
        layers: the convolutions of a transform in order, for its whole width; what lies between them
            works pixel by pixel.
        width: of the transform's input.
        count: at least 1.

    Raises:
        StripesError: the input is too narrow for so many.
    """
    steps = _steps(layers)
    align = _alignment(steps)
    # The last stripe ends with the input and starts at an aligned column.
    least = -(-width // count)
    least += (width - least) % align
    for stripe in range(least, width - align * (count - 1) + 1, align):
        found = _try(steps, width, count, stripe, align)
        if found is not None:
            return found
    raise StripesError(f"expected fewer than {count} stripes of {width} columns")


def plans(layers: Layers, width: int) -> Iterator[Stripes]:
    """`plan` for 1, 2, 3, ... stripes, as many as there can be."""
    for count in range(1, width + 1):
        try:
            yield plan(layers, width, count)
        except StripesError:
            return


def _alignment(steps: Sequence[Step]) -> int:
    """Input columns that a stripe may start at are the multiples of this.

    Every layer then starts at a multiple of its stride. What is cut off the width is aligned too, so each
    layer's output is narrower by exactly what that makes, whatever its padding.
    """
    ratios: list[Fraction] = []
    for step in steps:
        source, layer = step.sources[0], step.geometry
        ratio = Fraction(1) if source is None else ratios[source]
        ratios.append(ratio if layer is None else ratio * Fraction(layer.upsample, layer.stride))
    return math.lcm(*(ratio.denominator for ratio in ratios))


def narrowed(layer: ConvGeometry, width: int) -> int:
    """Output columns of `layer` for an input `width` that is narrower by a multiple of its stride."""
    return layer.output[2] - (layer.input[2] - width) * layer.upsample // layer.stride


def _try(steps: Sequence[Step], width: int, count: int, stripe: int, align: int) -> Stripes | None:
    """Stripes of a given width, spread evenly; None where a column is right in none of them."""
    places = (width - stripe) // align
    offsets = [align * (k * places // max(count - 1, 1)) for k in range(count)]
    exact = [_exact(steps, width, offset, stripe) for offset in offsets]
    # Two stripes that are both right in some columns meet in the middle of them.
    crop = [0, *((left.end + right.first) // 2 for left, right in pairwise(exact))]
    covered = all(right.first <= left.end for left, right in pairwise(exact))
    ascending = all(a < b for a, b in pairwise((*crop, exact[-1].end)))
    if not covered or not ascending or min(part.narrowest for part in exact) < 1:
        return None
    starts = tuple(part.offset for part in exact)
    return Stripes(width, exact[-1].end, tuple(offsets), starts, tuple(crop))


@dataclass(frozen=True)
class _Exact:
    """Of one stripe's output: the columns first..end of the whole output that are right in it.

    `offset` is where the stripe's output starts, `width` how wide it is; `narrowest` is the least width of any
    layer in front of it.
    """

    offset: int
    width: int
    first: int
    end: int
    narrowest: int


def _exact(steps: Sequence[Step], width: int, offset: int, stripe: int) -> _Exact:
    """Follow through all layers which columns of a stripe are right, of several that are joined those of all.

    A column is right if all of its taps are: they lie on columns that are right, or outside the image,
    where the stripe ends too and both read zeros. That a tap is no less than `first` and less than `end`
    is the same for all taps beyond, because taps move to the right with the column.
    """
    at_left, at_right = offset == 0, offset + stripe == width
    found = [_Exact(offset, stripe, offset, offset + stripe, stripe)]
    for step in steps:
        read = [found[0 if source is None else source + 1] for source in step.sources]
        first, end = max(part.first for part in read), min(part.end for part in read)
        narrowest = min(part.narrowest for part in read)
        offset, stripe, layer = read[0].offset, read[0].width, step.geometry
        if layer is not None:
            stripe = narrowed(layer, stripe)
            offset = offset * layer.upsample // layer.stride
            narrowest = min(narrowest, stripe)
            first, end = (
                max(_first_column(layer, first, last_tap=False), offset),
                min(_first_column(layer, end, last_tap=True), offset + stripe),
            )
            first, end = 0 if at_left else first, layer.output[2] if at_right else end
        found.append(_Exact(offset, stripe, first, end, narrowest))
    return found[-1]


def _first_column(layer: ConvGeometry, column: int, last_tap: bool) -> int:
    """The first output column whose first (or last) tap lies on the input column `column` or after it."""
    found: list[int] = []
    for phase, taps in enumerate(layer.columns):
        tap = taps.first + (taps.count - 1 if last_tap else 0)
        found.append(-((tap - column) // layer.stride) * layer.upsample + phase)
    return min(found)


# --------------------------------------------------------------------------------------------------
# In the IR
# --------------------------------------------------------------------------------------------------
def attribute(stripes: Stripes) -> ir.Attribute:
    """The attribute that holds `stripes`, in the current context."""
    from torch_mlir import ir

    array, i64 = ir.DenseI64ArrayAttr.get, ir.IntegerType.get_signless(64)
    return ir.DictAttr.get(
        {
            "count": ir.IntegerAttr.get(i64, stripes.count),
            "input_width": ir.IntegerAttr.get(i64, stripes.input_width),
            "output_width": ir.IntegerAttr.get(i64, stripes.output_width),
            "input_offsets": array(list(stripes.input_offsets)),
            "output_offsets": array(list(stripes.output_offsets)),
            "crop": array(list(stripes.crop)),
        }
    )


def read(op: Any) -> Stripes | None:
    """The stripes of a function (`lic.stripes`) or of an `hls.design` (`stripes`); None if it has none."""
    from torch_mlir import ir

    from licc.dialects.ext import array

    attributes = op.operation.attributes
    name = ATTRIBUTE if op.operation.name == "func.func" else "stripes"
    if name not in attributes:
        return None
    table = ir.DictAttr(attributes[name])
    return Stripes(
        ir.IntegerAttr(table["input_width"]).value,
        ir.IntegerAttr(table["output_width"]).value,
        array(table["input_offsets"]),
        array(table["output_offsets"]),
        array(table["crop"]),
    )
