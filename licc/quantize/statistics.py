# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What calibration remembers of a tensor: its range and, by channel, a histogram of magnitudes.

A histogram doubles its range when a larger magnitude arrives (pairs of bins are merged), so that one
pass over the images is enough and memory does not grow with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

BINS = 1024
# A histogram counts at most about this many samples of one array and channel, spread evenly.
SAMPLES = 1 << 14
# Widths that a clipping magnitude is known for; of a type without sign, that of a bit more.
WIDTHS = tuple(range(4, 17))
# Pictures that nobody calibrated with reach further: this share of the samples counts as if it were
# twice as large. Chosen on held-out photographs (docs/quantization.md).
UNSEEN_SHARE = 0.001


@dataclass(frozen=True)
class ChannelStatistics:
    """Facts of the channels of one tensor.

    Attributes:
        clips: [C, W] the clipping magnitude of each channel that has the least squared error at 4, 5, ...
            bits with a sign; the last holds for all wider.
        mean: mean of each channel.
        power: mean square of each channel.
        covariance: [C, C] of the channels at a pixel; None when it is not known.
        correlation: of a pixel with the one below it and with the one to its right.
    """

    clips: Array
    mean: Array
    power: Array
    covariance: Array | None = None
    correlation: tuple[float, float] = (0.0, 0.0)

    @property
    def variance(self) -> Array:
        """Mean square of each channel about its mean."""
        return np.maximum(self.power - self.mean**2, 0.0)

    def clip(self, bits: int) -> Array:
        """[C] clipping magnitudes for signed integers of `bits` bits."""
        return self.clips[:, width_index(bits, self.clips.shape[1])]


def width_index(bits: int, columns: int) -> int:
    """The column of a table by width that holds for `bits`."""
    return min(max(bits - WIDTHS[0], 0), columns - 1)


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
    in: one picture of extreme values does not make all others coarse. In the moments all count the same.
    """

    def __init__(self, channels: int) -> None:
        self.channels = channels
        self.limit = 0.0
        self.counts = np.zeros((channels, BINS))
        self.arrays = 0
        self.sum = np.zeros(channels)
        self.products = np.zeros((channels, channels))
        # Mean products of each pixel with the one below and the one to the right, summed over arrays.
        self.lagged = np.zeros((2, channels))

    def add(self, array: NDArray[np.float32]) -> None:
        """Count the elements of `array`."""
        flat = array.reshape(self.channels, -1)
        products = (flat @ flat.T).astype(np.float64) / flat.shape[1]
        self.arrays += 1
        self.sum += flat.mean(axis=1, dtype=np.float64)
        self.products += products
        self._lag(array[0])
        magnitudes = np.abs(flat)
        self._grow(float(magnitudes.max()))
        power = float(np.diag(products).mean())
        if power > 0.0:
            # An odd step, so that samples do not keep to the same columns of every row.
            step = flat.shape[1] // SAMPLES
            samples = magnitudes[:, :: step + 1 - step % 2]
            self._count(samples, 1.0 / (power * samples.shape[1]))

    def _lag(self, array: NDArray[np.float32]) -> None:
        neighbours = (array[:, :-1], array[:, 1:]), (array[:, :, :-1], array[:, :, 1:])
        for axis, (first, second) in enumerate(neighbours):
            found = np.einsum("ijk,ijk->i", first, second, dtype=np.float32)
            self.lagged[axis] += found / max(first[0].size, 1)

    def _grow(self, peak: float) -> None:
        if self.limit == 0.0:
            self.limit = peak
        while self.limit < peak:
            self.counts = _halved(self.counts)
            self.limit *= 2.0

    def _count(self, magnitudes: NDArray[np.float32], weight: float) -> None:
        # Zeros, as of a relu, have no error whatever the scale: they are left out.
        bins = (magnitudes * np.float32(BINS / self.limit)).astype(np.int32)
        np.minimum(bins, BINS - 1, out=bins)
        bins += (np.arange(self.channels, dtype=np.int32) * BINS)[:, None]
        counted = np.bincount(bins[magnitudes > 0.0], minlength=self.channels * BINS)
        self.counts += weight * counted.reshape(self.channels, BINS)

    def statistics(self) -> ChannelStatistics:
        """The channels' facts, from all that was added."""
        total = max(self.arrays, 1)
        mean = self.sum / total
        covariance = self.products / total - np.outer(mean, mean)
        spread = float(np.diag(covariance).sum())
        lags = (self.lagged / total - mean**2).sum(axis=1)
        # What does not vary has no neighbours that are alike, whatever rounding leaves of 0 / 0.
        varies = spread > 1e-6 * float((mean**2).sum())
        rows, columns = np.clip(lags / spread, -1.0, 1.0) if varies else (0.0, 0.0)
        power = np.diag(self.products) / total
        clips = _clips(self.counts, self.limit)
        return ChannelStatistics(clips, mean, power, covariance, (float(rows), float(columns)))

    def clips(self) -> Array:
        """[W] the clipping magnitudes of the whole tensor that have the least squared error, by width."""
        return _clips(self.counts.sum(axis=0, keepdims=True), self.limit)[0]


def _halved(counts: Array) -> Array:
    """The same samples in bins of twice the width."""
    merged = counts.reshape(len(counts), -1, 2).sum(axis=2)
    return np.concatenate([merged, np.zeros_like(merged)], axis=1)


def _clips(counts: Array, limit: float) -> Array:
    """[rows, W] best clipping magnitudes, with what unseen pictures may add."""
    seen = np.concatenate([counts, np.zeros_like(counts)], axis=1)
    expected = (1.0 - UNSEEN_SHARE) * seen + UNSEEN_SHARE / 2.0 * np.repeat(counts, 2, axis=1)
    return np.stack([best_clip(expected, 2.0 * limit, bits) for bits in WIDTHS], axis=1)


def best_clip(counts: NDArray[Any], limit: float, bits: int = 8) -> Array:
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
