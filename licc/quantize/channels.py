# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Scales of activation channels that the producer divides by and the next convolution's weights absorb.

A tensor's type has one scale, but the producer's multipliers are per channel: a narrow channel can be
spread over the whole 8-bit range when the weights that read it shrink by the same factor. Too much of
it makes the weights of one output channel uneven, so that their own quantization suffers: the exponent
between one scale (0) and full spreading (1) is chosen by the noise that both leave in the output.
"""

from __future__ import annotations

import numpy as np

from licc.quantize.kernels import Kernel
from licc.quantize.statistics import Array, ChannelStatistics

EXPONENTS = (0.0, 0.25, 0.5, 0.625, 0.75, 0.875, 1.0)
# A channel that calibration saw (almost) nothing of is not spread further than this.
LEAST_SCALE = 2.0**-8
# Symbols are multiplied by at most this, where it leaves this share of the noise of the weights or less.
MOST_FACTOR = 16.0
WORTH_A_STEP = 0.8


def channel_scales(
    statistics: ChannelStatistics, clip: Array, kernel: Kernel, most: int, weight_most: int
) -> Array:
    """Scales [I] in float32, the largest 1: what the channels of a convolution's input are divided by.

    Args:
        statistics: of the input.
        clip: [I] magnitudes to represent.
        kernel: the convolution that reads it, and nothing else does.
        most: largest stored integer of the input.
        weight_most: largest stored integer of the weights.
    """
    widest = float(clip.max())
    if widest == 0.0:
        return np.ones_like(clip)
    spread = np.maximum(clip / widest, LEAST_SCALE)
    trials = [spread**exponent for exponent in EXPONENTS]
    costs = [_noise(statistics, kernel, scales, widest / most, weight_most) for scales in trials]
    return as_stored(trials[int(np.argmin(costs))])


def as_stored(scales: Array) -> Array:
    """Channel scales as the IR holds them, so that what is computed with them follows from the IR."""
    return scales.astype(np.float32).astype(np.float64)


def whole_factors(
    statistics: ChannelStatistics, kernel: Kernel, limit: float, weight_most: int
) -> Array:
    """[I] whole numbers that the channels of a convolution's input are multiplied by, exactly.

    A channel keeps twice the magnitude that was seen, and `1 / MOST_FACTOR` of the range, at least. All
    ones where that hardly lets the weights be finer.

    Args:
        statistics: of the input.
        kernel: the convolution that reads it, and nothing else does.
        limit: the largest magnitude of its type.
        weight_most: largest stored integer of the weights.
    """
    widest = statistics.clips[:, -1]
    room = np.floor(limit / np.maximum(widest, limit / MOST_FACTOR))
    trials = [np.maximum(np.floor(room**exponent), 1.0) for exponent in EXPONENTS]
    costs = [_weight_noise(statistics, kernel, 1.0 / factors, weight_most) for factors in trials]
    best = int(np.argmin(costs))
    return trials[best] if costs[best] < WORTH_A_STEP * costs[0] else trials[0]


def _noise(
    statistics: ChannelStatistics, kernel: Kernel, scales: Array, step: float, weight_most: int
) -> float:
    """Mean square of the output's error: uniform rounding of the activations and of the weights."""
    energy = (kernel.values**2).sum(axis=(3, 4))
    groups, _, depth = energy.shape
    activation = (energy * ((scales * step) ** 2 / 12.0).reshape(groups, 1, depth)).sum()
    return float(activation) + _weight_noise(statistics, kernel, scales, weight_most)


def _weight_noise(
    statistics: ChannelStatistics, kernel: Kernel, scales: Array, weight_most: int
) -> float:
    groups, _, depth, *taps = kernel.values.shape
    peak = np.abs(kernel.scaled(scales).values).max(axis=(2, 3, 4))
    power = (statistics.variance / scales**2).reshape(groups, depth).sum(axis=1, keepdims=True)
    return float(((peak / weight_most) ** 2 / 12.0 * power * taps[0] * taps[1]).sum())
