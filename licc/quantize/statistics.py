# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What calibration remembers of a tensor: its range and, by channel, a histogram of magnitudes.

A histogram doubles its range when a larger magnitude arrives (pairs of bins are merged), so that one
pass over the images is enough and memory does not grow with them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

BINS = 1024
# A histogram counts at most about this many samples of one array and channel, spread evenly.
SAMPLES = 1 << 15
# What an array that is not typical counts beside one that is.
UNUSUAL_SHARE = 0.1


@dataclass(frozen=True)
class ChannelStatistics:
    """Facts of the channels of one tensor.

    Attributes:
        clip: the clipping magnitude of each channel that has the least squared error at 8 bits.
        mean: mean of each channel.
        power: mean square of each channel.
        covariance: [C, C] of the channels at a pixel; None when it is not known.
        correlation: of a pixel with the one below it and with the one to its right.
    """

    clip: Array
    mean: Array
    power: Array
    covariance: Array | None = None
    correlation: tuple[float, float] = (0.0, 0.0)

    @property
    def variance(self) -> Array:
        """Mean square of each channel about its mean."""
        return np.maximum(self.power - self.mean**2, 0.0)


class Range:
    """Minimum and maximum over every array that is added."""

    def __init__(self) -> None:
        self.min = np.inf
        self.max = -np.inf

    def add(self, array: NDArray[np.float32]) -> None:
        """Extend the range by `array`."""
        self.min = min(self.min, float(array.min()))
        self.max = max(self.max, float(array.max()))


class Histogram:
    """Magnitudes of each channel of 1xCxHxW arrays, with first and second moments.

    Arrays count by the inverse of their mean square, so that errors are relative to the picture they are
    in: one picture of extreme values does not make all others coarse.
    """

    def __init__(self, channels: int) -> None:
        self.channels = channels
        self.limit = 0.0
        self.counts = np.zeros((channels, BINS))
        self.total = 0  # elements a channel that the moments are of
        self.sum = np.zeros(channels)
        self.products = np.zeros((channels, channels))
        # Products of each pixel with the one below and the one to the right: sums, and their numbers.
        self.lagged = np.zeros((2, channels))
        self.pairs = np.zeros(2)
        self.peak = np.zeros(channels)

    def add(self, array: NDArray[np.float32], typical: bool = True) -> None:
        """Count the elements of `array`; those that are not typical count little, and not in the moments."""
        flat = array.reshape(self.channels, -1)
        squares = np.einsum("ij,ij->i", flat, flat, dtype=np.float64)
        if typical:
            self.total += flat.shape[1]
            self.sum += flat.sum(axis=1, dtype=np.float64)
            self.products += flat @ flat.T
            self._lag(array[0])
        magnitudes = np.abs(flat)
        self.peak = np.maximum(self.peak, magnitudes.max(axis=1))
        self._grow(float(self.peak.max()))
        power = float(squares.mean()) / flat.shape[1]
        if power > 0.0:
            samples = magnitudes[:, :: max(1, flat.shape[1] // SAMPLES)]
            share = 1.0 if typical else UNUSUAL_SHARE
            self._count(samples, share / (power * samples.shape[1]))

    def _lag(self, array: NDArray[np.float32]) -> None:
        neighbours = (array[:, :-1], array[:, 1:]), (array[:, :, :-1], array[:, :, 1:])
        for axis, (first, second) in enumerate(neighbours):
            self.lagged[axis] += np.einsum("ijk,ijk->i", first, second, dtype=np.float64)
            self.pairs[axis] += first[0].size

    def _grow(self, peak: float) -> None:
        if self.limit == 0.0:
            self.limit = peak
        while self.limit < peak:
            merged = self.counts.reshape(self.channels, BINS // 2, 2).sum(axis=2)
            self.counts = np.concatenate([merged, np.zeros_like(merged)], axis=1)
            self.limit *= 2.0

    def _count(self, magnitudes: NDArray[np.float32], weight: float) -> None:
        # Zeros, as of a relu, have no error whatever the scale: they are left out.
        bins = np.minimum((magnitudes * (BINS / self.limit)).astype(np.int64), BINS - 1)
        index = bins + BINS * np.arange(self.channels)[:, None]
        counted = np.bincount(index[magnitudes > 0.0], minlength=self.channels * BINS)
        self.counts += weight * counted.reshape(self.channels, BINS)

    def statistics(self) -> ChannelStatistics:
        """The channels' facts, from all that was added."""
        clip = np.minimum(best_clip(self.counts, self.limit), self.peak)
        total = max(self.total, 1)
        mean = self.sum / total
        covariance = self.products / total - np.outer(mean, mean)
        spread = max(float(np.diag(covariance).sum()), 1e-30)
        rows, columns = (
            float((self.lagged[axis] / max(self.pairs[axis], 1.0) - mean**2).sum()) / spread
            for axis in range(2)
        )
        power = np.diag(self.products) / total
        return ChannelStatistics(clip, mean, power, covariance, (rows, columns))

    def clip(self) -> float:
        """The clipping magnitude of the whole tensor that has the least squared error at 8 bits."""
        whole = best_clip(self.counts.sum(axis=0, keepdims=True), self.limit)
        return min(float(whole[0]), float(self.peak.max()))


def best_clip(counts: Array, limit: float, bits: int = 8) -> Array:
    """The clipping magnitude of least squared error for each row of a histogram of magnitudes.

    Rounding costs step^2 / 12 for each value inside, step = clip / (2^(bits-1) - 1); clipping costs the
    squared distance. Every bin edge is tried.

    Args:
        counts: [rows, bins]; bin i holds magnitudes in [i, i + 1) * limit / bins.
        limit: magnitude at the end of the last bin.
        bits: width of the signed integers.

    Returns:
        [rows], 0 where a row is empty.
    """
    bins = counts.shape[1]
    centres = (np.arange(bins) + 0.5) * (limit / bins)
    edges = (np.arange(bins) + 1.0) * (limit / bins)
    inside = np.cumsum(counts, axis=1)
    beyond0, beyond1, beyond2 = (
        (moment := counts * centres**k).sum(axis=1, keepdims=True) - np.cumsum(moment, axis=1)
        for k in range(3)
    )
    rounding = inside * (edges / ((1 << (bits - 1)) - 1)) ** 2 / 12.0
    clipping = beyond2 - 2.0 * edges * beyond1 + edges**2 * beyond0
    best = np.argmin(rounding + clipping, axis=1)
    return np.where(inside[:, -1] > 0, edges[best], 0.0)
