# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Weights and biases of convolutions as integers, with the proven range of their accumulators."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from licc.dialects.quantized import printable_scale
from licc.quantize.rounding import Channels, round_weights, tap_correlation
from licc.quantize.statistics import Array

Integers = NDArray[np.int64]

ACCUMULATOR_MAX = (1 << 31) - 1
# Shares of the largest weight that are tried as the largest representable weight of a channel.
CLIP_SHARES = np.linspace(1.0, 0.6, 17)
# A channel's scale is at least this share of the largest channel's: beyond it, shifts leave [0, 62].
LEAST_SHARE = 2.0**-18


@dataclass(frozen=True)
class Kernel:
    """The weights of a convolution or transposed convolution in one layout for both.

    Attributes:
        values: [G, O/G, I/G, KH, KW], G groups.
        transposed: whether the op keeps them as [I, O/G, KH, KW].
        phases: row and column strides that split the taps of a transposed convolution: an output
            pixel only ever sees the taps of its own phase. (1, 1) for a convolution.
        dilations: rows and columns from one tap to the next.
    """

    values: Array
    transposed: bool = False
    phases: tuple[int, int] = (1, 1)
    dilations: tuple[int, int] = (1, 1)

    @staticmethod
    def conv(weight: Array, groups: int = 1) -> Kernel:
        """Of `lic.conv2d`'s weight [O, I/G, KH, KW]."""
        outputs, depth, *taps = weight.shape
        return Kernel(weight.reshape(groups, outputs // groups, depth, *taps))

    @staticmethod
    def deconv(
        weight: Array, groups: int, strides: tuple[int, int], dilations: tuple[int, int] = (1, 1)
    ) -> Kernel:
        """Of `lic.deconv2d`'s weight [I, O/G, KH, KW]."""
        inputs, share, *taps = weight.shape
        values = weight.reshape(groups, inputs // groups, share, *taps).swapaxes(1, 2)
        return Kernel(values, True, strides, dilations)

    @property
    def inputs(self) -> int:
        """Number of input channels."""
        return self.values.shape[0] * self.values.shape[2]

    @property
    def outputs(self) -> int:
        """Number of output channels."""
        return self.values.shape[0] * self.values.shape[1]

    @property
    def share(self) -> float:
        """Which part of the taps an output pixel sees, on average."""
        return 1.0 / (self.phases[0] * self.phases[1])

    def scaled(self, channel_scales: Array) -> Kernel:
        """The kernel for inputs that are divided by `channel_scales` [I]."""
        return replace(self, values=self.values * self.per_input(channel_scales))

    def per_input(self, values: Array) -> Array:
        """Values [I] shaped to broadcast against the weights."""
        return values.reshape(self.values.shape[0], 1, self.values.shape[2], 1, 1)

    def per_output(self, values: Array) -> Array:
        """Values [O] shaped to broadcast against the weights."""
        return values.reshape(*self.values.shape[:2], 1, 1, 1)

    def stored(self, values: Integers) -> Integers:
        """Weights of this layout in the layout of the op."""
        groups, outputs, inputs, *taps = values.shape
        if self.transposed:
            return values.swapaxes(1, 2).reshape(groups * inputs, outputs, *taps)
        return values.reshape(groups * outputs, inputs, *taps)

    def sum_by_phase(self, terms: NDArray[Any]) -> NDArray[Any]:
        """Sums over inputs and the taps of each phase: [phases, O]."""
        rows, columns = self.values.shape[3:]
        by_tap = terms.sum(axis=2).reshape(self.outputs, rows, columns)
        sums = [
            by_tap[:, _tap_phases(rows, self.phases[0], self.dilations[0]) == py][
                :, :, _tap_phases(columns, self.phases[1], self.dilations[1]) == px
            ].sum(axis=(1, 2))
            for py in range(self.phases[0])
            for px in range(self.phases[1])
        ]
        return np.stack(sums)


def _tap_phases(taps: int, stride: int, dilation: int) -> Integers:
    return (np.arange(taps) * dilation) % stride


@dataclass(frozen=True)
class QuantizedKernel:
    """A convolution's parameters as integers.

    Attributes:
        weight: stored integers in the layout of the op.
        scales: [O] scales of the weights.
        bias: [O] at the scale of the accumulators.
        accumulator: smallest and largest sum that any input of the given range can give.
    """

    weight: Integers
    scales: Array
    bias: Integers
    accumulator: tuple[int, int]


@dataclass(frozen=True)
class Input:
    """What is known of a convolution's stored input.

    Attributes:
        scale: real value of a stored 1 (of a normalised value where channels are scaled).
        lo: smallest stored integer.
        hi: largest stored integer.
        mean: [I] mean of the (normalised) real values; None when calibration saw nothing.
        variance: [I] their variance; None likewise.
        covariance: [I, I] at a pixel; None to round every weight to the nearest.
        correlation: of a pixel with the next one down and to the right.
    """

    scale: float
    lo: int
    hi: int
    mean: Array | None = None
    variance: Array | None = None
    covariance: Array | None = None
    correlation: tuple[float, float] = (0.0, 0.0)


def quantize_kernel(
    kernel: Kernel, bias: Array, x: Input, bits: int, clip: bool = True
) -> QuantizedKernel:
    """Round weights per output channel and correct the bias by the mean error of the rounding.

    The scale of each channel has the least squared error of the output, by the variances of the
    inputs; without `clip` it is the largest weight's and the bias stays as it is.
    """
    most = (1 << (bits - 1)) - 1
    scales = _weight_scales(kernel, bias, x, most, CLIP_SHARES if clip else CLIP_SHARES[:1])
    integers = _integers(kernel, scales, x, most)
    if clip and x.mean is not None:
        error = integers * kernel.per_output(scales) - kernel.values
        shift = kernel.sum_by_phase(error * kernel.per_input(x.mean)).sum(axis=0) * kernel.share
        bias = bias - shift
    stored_bias = np.floor(bias / (scales * x.scale) + 0.5).astype(np.int64)
    return QuantizedKernel(
        kernel.stored(integers),
        scales,
        stored_bias,
        accumulator_range(kernel, integers, stored_bias, x),
    )


def accumulator_range(
    kernel: Kernel, weight: Integers, bias: Integers, x: Input
) -> tuple[int, int]:
    """The proven range of `bias + sum weight * input` and of every partial sum that padding leaves.

    Each term lies between its values at the ends of the input's range, or is 0 in the padding.
    """
    ends = np.stack([weight * x.lo, weight * x.hi])
    least = kernel.sum_by_phase(np.minimum(ends.min(axis=0), 0))
    most = kernel.sum_by_phase(np.maximum(ends.max(axis=0), 0))
    return int((bias + least).min()), int((bias + most).max())


def fits_accumulator(bounds: tuple[int, int]) -> bool:
    """Whether accumulators of this range can be requantized: |acc| < 2^31."""
    return bounds[0] >= -ACCUMULATOR_MAX and bounds[1] <= ACCUMULATOR_MAX


def _round(values: Array, most: int) -> Integers:
    return np.clip(np.floor(values + 0.5), -most, most).astype(np.int64)


def _integers(kernel: Kernel, scales: Array, x: Input, most: int) -> Integers:
    """Weights as integers, phase by phase and group by group where the inputs' covariance is known."""
    integers = _round(kernel.values / kernel.per_output(scales), most)
    if x.covariance is None:
        return integers
    groups, outputs, inputs, rows, columns = kernel.values.shape
    covariance = x.covariance.reshape(groups, inputs, groups, inputs)
    channels = [Channels.of(covariance[g, :, g]) for g in range(groups)]
    scale = scales.reshape(groups, outputs)
    for at_rows in _taps(rows, kernel.phases[0], kernel.dilations[0]):
        for at_columns in _taps(columns, kernel.phases[1], kernel.dilations[1]):
            positions = (
                at_rows * (kernel.dilations[0] / kernel.phases[0]),
                at_columns * (kernel.dilations[1] / kernel.phases[1]),
            )
            taps = tap_correlation(positions, x.correlation)
            for group in range(groups):
                index = np.ix_(
                    [group], range(outputs), range(inputs), at_rows.tolist(), at_columns.tolist()
                )
                weights = kernel.values[index].reshape(outputs, inputs, -1)
                found = round_weights(weights, scale[group], most, channels[group], taps)
                integers[index] = found.reshape(integers[index].shape)
    return integers


def _taps(taps: int, stride: int, dilation: int) -> list[Integers]:
    """The taps of each phase that has any."""
    phases = [np.flatnonzero(_tap_phases(taps, stride, dilation) == p) for p in range(stride)]
    return [phase for phase in phases if phase.size]


def _weight_scales(kernel: Kernel, bias: Array, x: Input, most: int, shares: Array) -> Array:
    peak = np.abs(kernel.values).max(axis=(2, 3, 4)).reshape(-1)
    widest = peak.max() if peak.max() > 0.0 else 1.0
    # A bias has to fit i32 with room for the sum, however small the channel's weights are.
    floor = np.maximum(widest * LEAST_SHARE / most, np.abs(bias) / (x.scale * 2.0**29))
    cost = np.ones(kernel.inputs) if x.variance is None else x.variance
    best = np.full(kernel.outputs, np.inf)
    scales = np.maximum(peak / most, floor)
    for share in shares:
        trial = np.maximum(peak * share / most, floor)
        wide = kernel.per_output(trial)
        error = (_rounded(kernel.values / wide, most) * wide - kernel.values) ** 2
        total = (
            (error.sum(axis=(3, 4)) * cost.reshape(error.shape[0], 1, -1)).sum(axis=2).reshape(-1)
        )
        scales = np.where(total < best, trial, scales)
        best = np.minimum(total, best)
    return np.array([printable_scale(s) for s in scales])


def _rounded(values: Array, most: int) -> Array:
    return np.clip(np.floor(values + 0.5), -most, most)
