# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Weights and biases of convolutions as integers, with the proven range of their accumulators."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from licc.dialects.quantized import printable_scale
from licc.quantize.rounding import Moments, round_weights
from licc.quantize.statistics import Array

Integers = NDArray[np.int64]

ACCUMULATOR_MAX = (1 << 31) - 1
# Shares of the largest weight that are tried as the largest representable weight of a channel.
CLIP_SHARES = np.linspace(1.0, 0.6, 9)
# A channel's scale is at least this share of the largest channel's: beyond it, shifts leave [0, 62].
LEAST_SHARE = 2.0**-18


@dataclass(frozen=True)
class Part:
    """The weights that an output sees at once: of one group, and of one phase's taps.

    Attributes:
        group: which one.
        rows: of taps.
        columns: of taps.
    """

    group: int
    rows: Integers
    columns: Integers


@dataclass(frozen=True)
class Reading:
    """What is known of the stored inputs of one part, D inputs by taps, as normalised reals.

    Attributes:
        moments: their second moments.
        mean: [D] their mean.
        weights: [O/G, D] what the integers shall come close to.
        level: [O/G] the mean that the outputs shall have, without the bias.
    """

    moments: Moments
    mean: Array
    weights: Array
    level: Array


@dataclass(frozen=True)
class Kernel:
    """The weights of a convolution or transposed convolution in one layout for both.

    Attributes:
        values: [G, O/G, I/G, KH, KW], G groups.
        transposed: whether the op keeps them as [I, O/G, KH, KW].
        phases: row and column strides that split the taps of a transposed convolution: an output
            pixel only ever sees the taps of its own phase. (1, 1) for a convolution.
        dilations: rows and columns from one tap to the next.
        shared: how many neighbouring output channels have one scale; those that a pixel shuffle makes
            one of.
    """

    values: Array
    transposed: bool = False
    phases: tuple[int, int] = (1, 1)
    dilations: tuple[int, int] = (1, 1)
    shared: int = 1

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

    def parts(self) -> Iterator[Part]:
        """Groups and, of a transposed convolution, the phases that have taps."""
        rows, columns = self.values.shape[3:]
        for group in range(self.values.shape[0]):
            for at_rows in _taps(rows, self.phases[0], self.dilations[0]):
                for at_columns in _taps(columns, self.phases[1], self.dilations[1]):
                    yield Part(group, at_rows, at_columns)

    def of_part(self, part: Part) -> Array:
        """The weights [O/G, D] of a part, D inputs by taps."""
        return self.values[self._index(part)].reshape(self.values.shape[1], -1)

    def _index(self, part: Part) -> tuple[NDArray[Any], ...]:
        outputs, inputs = self.values.shape[1:3]
        rows, columns = part.rows.tolist(), part.columns.tolist()
        return np.ix_([part.group], range(outputs), range(inputs), rows, columns)

    def with_part(self, part: Part, values: NDArray[Any], into: NDArray[Any]) -> None:
        """Set the weights of a part in an array of this layout to [O/G, D] `values`."""
        index = self._index(part)
        into[index] = values.reshape(into[index].shape)

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
        variance: [I] of the (normalised) real values; None when calibration saw nothing.
        readings: of each part of the kernel, in their order; None to round every weight to the nearest.
    """

    scale: float
    lo: int
    hi: int
    variance: Array | None = None
    readings: Sequence[Reading] | None = None


def quantize_kernel(
    kernel: Kernel,
    bias: Array,
    x: Input,
    bits: int,
    clip: bool = True,
    adaptive: bool = True,
    bias_correction: bool = True,
) -> QuantizedKernel:
    """Round weights per output channel and correct the bias by the mean error of the rounding.

    Args:
        kernel: of normalised weights.
        bias: [O].
        x: the input.
        bits: width of the weights.
        clip: take the scale of least squared error for each output; otherwise the largest weight's.
        adaptive: let weights make up for each other's errors, where `x` has readings.
        bias_correction: give outputs the mean that they shall have, likewise.
    """
    most = (1 << (bits - 1)) - 1
    shares = CLIP_SHARES if clip else CLIP_SHARES[:1]
    readings = x.readings
    if adaptive and readings is not None:
        kernel = _fitted(kernel, readings)
        integers, scales = _adapted(kernel, bias, x, most, shares, readings)
    else:
        scales = _weight_scales(kernel, bias, x, most, shares)
        integers = _round(kernel.values / kernel.per_output(scales), most)
    if bias_correction and readings is not None:
        bias = bias + _mean_error(kernel, integers * kernel.per_output(scales), readings)
    return _quantized(kernel, integers, scales, bias, x)


def rounded_kernel(
    kernel: Kernel, bias: Array, x: Input, bits: int, scales: Array
) -> QuantizedKernel:
    """Weights rounded to the nearest at given scales, halves up; the bias likewise, uncorrected.

    Args:
        kernel: of normalised weights.
        bias: [O].
        x: the input.
        bits: width of the weights.
        scales: [O].

    Raises:
        ValueError: a bias does not fit i32.
    """
    integers = _round(kernel.values / kernel.per_output(scales), (1 << (bits - 1)) - 1)
    largest = np.abs(bias / (scales * x.scale)).max()
    if not largest < ACCUMULATOR_MAX:
        raise ValueError(
            f"has a bias of {largest:.3g} steps of the accumulators, which is no 'i32'"
        )
    return _quantized(kernel, integers, scales, bias, x)


def _quantized(
    kernel: Kernel, integers: Integers, scales: Array, bias: Array, x: Input
) -> QuantizedKernel:
    stored_bias = np.floor(bias / (scales * x.scale) + 0.5).astype(np.int64)
    return QuantizedKernel(
        kernel.stored(integers),
        scales,
        stored_bias,
        accumulator_range(kernel, integers, stored_bias, x),
    )


def _fitted(kernel: Kernel, readings: Sequence[Reading]) -> Kernel:
    values = kernel.values.copy()
    for part, reading in zip(kernel.parts(), readings, strict=True):
        kernel.with_part(part, reading.weights, values)
    return replace(kernel, values=values)


def _mean_error(kernel: Kernel, values: Array, readings: Sequence[Reading]) -> Array:
    """[O] by how much the outputs fall short of the mean that they shall have, all phases together."""
    quantized = replace(kernel, values=values)
    short = np.zeros((kernel.values.shape[0], kernel.values.shape[1]))
    for part, reading in zip(kernel.parts(), readings, strict=True):
        short[part.group] += reading.level - quantized.of_part(part) @ reading.mean
    return short.reshape(-1) * kernel.share


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


def _adapted(
    kernel: Kernel,
    bias: Array,
    x: Input,
    most: int,
    shares: Array,
    readings: Sequence[Reading],
) -> tuple[Integers, Array]:
    """Weights that make up for each other's errors, and their scales: of `shares` the best by output."""
    groups, outputs = kernel.values.shape[:2]
    trials = _trial_scales(kernel, bias, x, most, shares)
    costs = np.zeros((len(shares), groups, outputs))
    found = np.empty((len(shares), *kernel.values.shape), dtype=np.int32)
    for part, reading in zip(kernel.parts(), readings, strict=True):
        scales = trials.reshape(len(shares), groups, outputs)[:, part.group]
        stacked = np.broadcast_to(reading.weights, (len(shares), *reading.weights.shape))
        integers, cost = round_weights(
            stacked.reshape(-1, reading.weights.shape[1]),
            scales.reshape(-1),
            most,
            reading.moments,
        )
        costs[:, part.group] += cost.reshape(len(shares), outputs)
        for trial, values in enumerate(integers.reshape(len(shares), outputs, -1)):
            kernel.with_part(part, values, found[trial])
    totals = [_together(kernel, cost.reshape(-1), np.sum) for cost in costs]
    best = np.argmin(totals, axis=0)
    chosen = found.reshape(len(shares), kernel.outputs, -1)[best, np.arange(kernel.outputs)]
    return (
        chosen.reshape(kernel.values.shape).astype(np.int64),
        trials[best, np.arange(kernel.outputs)],
    )


def _taps(taps: int, stride: int, dilation: int) -> list[Integers]:
    """The taps of each phase that has any."""
    phases = [np.flatnonzero(_tap_phases(taps, stride, dilation) == p) for p in range(stride)]
    return [phase for phase in phases if phase.size]


def _trial_scales(kernel: Kernel, bias: Array, x: Input, most: int, shares: Array) -> Array:
    """[shares, O] printable scales at which `share` of the largest weight is the largest integer."""
    peak = _together(kernel, np.abs(kernel.values).max(axis=(2, 3, 4)).reshape(-1), np.max)
    widest = peak.max() if peak.max() > 0.0 else 1.0
    # A bias has to fit i32 with room for the sum, however small the channel's weights are.
    least = _together(kernel, np.abs(bias), np.max) / (x.scale * 2.0**29)
    floor = np.maximum(widest * LEAST_SHARE / most, least)
    trials = np.maximum(shares[:, None] * peak / most, floor)
    return np.array([[printable_scale(s) for s in trial] for trial in trials])


def _weight_scales(kernel: Kernel, bias: Array, x: Input, most: int, shares: Array) -> Array:
    """[O] scales of least squared error of the output when each weight is rounded to the nearest."""
    trials = _trial_scales(kernel, bias, x, most, shares)
    cost = np.ones(kernel.inputs) if x.variance is None else x.variance
    totals: list[Array] = []
    for scales in trials:
        wide = kernel.per_output(scales)
        error = (_rounded(kernel.values / wide, most) * wide - kernel.values) ** 2
        by_input = error.sum(axis=(3, 4)) * cost.reshape(error.shape[0], 1, -1)
        totals.append(_together(kernel, by_input.sum(axis=2).reshape(-1), np.sum))
    return trials[np.argmin(totals, axis=0), np.arange(kernel.outputs)]


def _together(kernel: Kernel, values: Array, reduce: Callable[..., Array]) -> Array:
    """Values [O], reduced over the output channels that share a scale, for each of them."""
    if kernel.shared == 1:
        return values
    return np.repeat(reduce(values.reshape(-1, kernel.shared), axis=1), kernel.shared)


def _rounded(values: Array, most: int) -> Array:
    return np.clip(np.floor(values + 0.5), -most, most)
