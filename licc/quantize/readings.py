# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a convolution reads, part by part: from the facts of calibration alone, or from pictures.

The facts hold the covariance of the channels and the correlation of neighbouring pixels; a kernel's inputs
are then taken to be their Kronecker product. Pictures give the true second moments, of what the
convolution really reads: the integers of the typed network, with all the errors before them. The bias then
takes up the mean error of the layer so far.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from licc.quantize.kernels import (
    Input,
    Kernel,
    Part,
    QuantizedKernel,
    Reading,
    quantize_kernel,
)
from licc.quantize.rounding import Moments, tap_correlation
from licc.quantize.statistics import Array, ChannelStatistics

Floats = NDArray[np.float32]

# Outputs that second moments are taken from, for each input of a part, and at least.
SAMPLES_PER_INPUT = 5
LEAST_SAMPLES = 8192


def from_statistics(kernel: Kernel, statistics: ChannelStatistics) -> list[Reading] | None:
    """By the facts of calibration, of normalised channels; None without a covariance."""
    if statistics.covariance is None:
        return None
    inputs = kernel.values.shape[2]
    found: list[Reading] = []
    for part in kernel.parts():
        channels = slice(part.group * inputs, (part.group + 1) * inputs)
        positions = (
            part.rows * (kernel.dilations[0] / kernel.phases[0]),
            part.columns * (kernel.dilations[1] / kernel.phases[1]),
        )
        taps = tap_correlation(positions, statistics.correlation)
        moments = Moments.kronecker(statistics.covariance[channels, channels], taps)
        mean = np.repeat(statistics.mean[channels], len(taps))
        weights = kernel.of_part(part)
        found.append(Reading(moments, mean, weights, weights @ mean))
    return found


def quantize_by_statistics(
    kernel: Kernel, bias: Array, x: Input, statistics: ChannelStatistics | None, *options: Any
) -> QuantizedKernel:
    """`quantize_kernel` with what the facts of calibration say of `x`."""
    readings = None if statistics is None else from_statistics(kernel, statistics)
    return quantize_kernel(kernel, bias, replace(x, readings=readings), *options)


@dataclass(frozen=True)
class Geometry:
    """Where a convolution's taps read.

    Attributes:
        strides: of a convolution; those of a transposed one are its kernel's phases.
        padding: rows and columns.
    """

    strides: tuple[int, int]
    padding: tuple[int, int]


def from_pictures(
    kernel: Kernel,
    bias: Array,
    geometry: Geometry,
    inputs: Sequence[NDArray[Any]],
    scale: float,
    outputs: Sequence[Floats],
) -> list[Reading]:
    """By what the typed network reads and the float one gives on some pictures.

    Args:
        kernel: of normalised weights.
        bias: [O] of the float layer.
        geometry: of the op.
        inputs: [1, I, H, W] stored integers of each picture.
        scale: normalised value of an integer 1.
        outputs: [1, O, H', W'] of the float layer, before any activation.
    """
    rng = np.random.default_rng(0)
    found: list[Reading] = []
    for part in kernel.parts():
        size = len(part.rows) * len(part.columns) * kernel.values.shape[2]
        each = -(-max(LEAST_SAMPLES, SAMPLES_PER_INPUT * size) // len(inputs))
        x, y = (
            np.concatenate(several, axis=-1)
            for several in zip(
                *_samples(kernel, part, geometry, inputs, outputs, each, rng), strict=True
            )
        )
        found.append(_reading(kernel, part, x * np.float32(scale), y, bias))
    return found


def _samples(
    kernel: Kernel,
    part: Part,
    geometry: Geometry,
    inputs: Sequence[NDArray[Any]],
    outputs: Sequence[Floats],
    each: int,
    rng: np.random.Generator,
) -> Iterator[tuple[Floats, Floats]]:
    """Of each picture: inputs [D, n] of random outputs, and those outputs [O/G, n]."""
    _, width, depth = kernel.values.shape[:3]
    for x, y in zip(inputs, outputs, strict=True):
        rows, columns = (
            _positions(kernel, geometry, axis, taps, y.shape[2 + axis])
            for axis, taps in enumerate((part.rows, part.columns))
        )
        count = min(each, len(rows.outputs) * len(columns.outputs))
        if count == 0:
            continue
        picked = rng.choice(len(rows.outputs) * len(columns.outputs), count, replace=False)
        r, c = picked // len(columns.outputs), picked % len(columns.outputs)
        channels = x[0, part.group * depth : (part.group + 1) * depth]
        gathered = _gather(channels, rows.inputs[:, r], columns.inputs[:, c])
        wanted = y[0, part.group * width : (part.group + 1) * width]
        yield (
            gathered.reshape(-1, count),
            wanted[:, rows.outputs[r], columns.outputs[c]],
        )


@dataclass(frozen=True)
class _Positions:
    """Along one axis: outputs [n] of a part, and the input [T, n] that each of its taps reads."""

    outputs: NDArray[np.intp]
    inputs: NDArray[np.intp]


def _positions(
    kernel: Kernel, geometry: Geometry, axis: int, taps: NDArray[np.int64], size: int
) -> _Positions:
    at = taps * kernel.dilations[axis]
    padding = geometry.padding[axis]
    if not kernel.transposed:
        outputs = np.arange(size)
        return _Positions(outputs, outputs * geometry.strides[axis] + at[:, None] - padding)
    stride = kernel.phases[axis]
    outputs = np.arange((int(at[0]) - padding) % stride, size, stride)
    return _Positions(outputs, (outputs + padding - at[:, None]) // stride)


def _gather(x: NDArray[Any], rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Floats:
    """[I, TR, TC, n], zero outside."""
    border = 1 + max(
        0,
        -int(rows.min()),
        -int(columns.min()),
        int(rows.max()) - x.shape[1] + 1,
        int(columns.max()) - x.shape[2] + 1,
    )
    padded = np.pad(x, ((0, 0), (border, border), (border, border))).astype(np.float32)
    flat = padded.reshape(len(x), -1)
    index = (rows[:, None] + border) * padded.shape[2] + columns[None, :] + border
    return flat[:, index.reshape(-1)].reshape(len(x), *index.shape)


def _reading(kernel: Kernel, part: Part, x: Floats, y: Floats, bias: Array) -> Reading:
    weights = kernel.of_part(part)
    own = bias[part.group * len(weights) : (part.group + 1) * len(weights)]
    mean = x.mean(axis=1)
    # The bias takes up the mean of what a single phase reads; phases share a bias, and have their own means.
    if kernel.share == 1.0:
        x = x - mean[:, None]
    moments = Moments.of((x @ x.T).astype(np.float64) / x.shape[1])
    level = y.mean(axis=1, dtype=np.float64) - own
    return Reading(moments, mean.astype(np.float64), weights, level)
