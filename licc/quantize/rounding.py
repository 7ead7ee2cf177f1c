# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Rounds the weights of a convolution one after another, each making up for the errors before it.

Rounding every weight to the nearest is best only for inputs that do not depend on each other. Inputs do:
neighbouring pixels are alike, and so are channels. With H the second moments of the inputs of one output,
the error of the output is e^T H e, and an error already made is best taken up by the weights that are
still free: w_rest -= e_j U[j, rest] / U[j, j], where H^-1 = U^T U (optimal brain surgeon; for networks, GPTQ,
arXiv 2210.17323). Here H is the Kronecker product of the covariance of the channels and the correlation
of the taps, and U is then the product of their factors: two small matrices instead of one with a row
for each weight.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from licc.quantize.statistics import Array

# Added to the diagonal, as a share of its mean: what calibration saw is not all there is.
DAMPING = 0.05
CORRELATION_MAX = 0.98


def tap_correlation(positions: tuple[Array, Array], correlation: tuple[float, float]) -> Array:
    """Correlation [T, T] of the pixels under a kernel's taps, row by row.

    Args:
        positions: input rows and input columns of the taps.
        correlation: of a pixel with the one below and with the one to its right.
    """
    factors = [
        np.clip(rho, 0.0, CORRELATION_MAX) ** np.abs(at[:, None] - at[None, :])
        for at, rho in zip(positions, correlation, strict=True)
    ]
    return np.kron(factors[0], factors[1])


@dataclass(frozen=True)
class Channels:
    """The input channels of one group: in which order they are rounded, and U of their covariance."""

    order: NDArray[np.intp]
    factor: Array

    @staticmethod
    def of(covariance: Array) -> Channels:
        """Loud channels first: the quiet ones after them have room to correct."""
        order = np.argsort(-np.diag(covariance), kind="stable")
        return Channels(order, _factor(covariance[np.ix_(order, order)]))


def round_weights(
    weights: Array, scales: Array, most: int, channels: Channels, taps: Array
) -> NDArray[np.int64]:
    """Integers of [O, I, T] weights.

    Args:
        weights: of one group and one phase.
        scales: [O] the real value of an integer 1.
        most: the largest magnitude of an integer.
        channels: the input channels.
        taps: [T, T] correlation of the pixels under the taps.
    """
    order, by_channel = channels.order, channels.factor
    left = weights[:, order].copy()
    by_tap = _factor(taps)
    integers = np.empty(left.shape, dtype=np.int64)
    for channel in range(left.shape[1]):
        errors = np.empty(left[:, channel].shape)
        for tap in range(left.shape[2]):
            value = left[:, channel, tap]
            stored = np.clip(np.floor(value / scales + 0.5), -most, most)
            integers[:, order[channel], tap] = stored
            errors[:, tap] = (value - stored * scales) / by_tap[tap, tap]
            left[:, channel, tap + 1 :] -= errors[:, tap, None] * by_tap[tap, tap + 1 :]
        spread = errors @ by_tap
        ahead = by_channel[channel, channel + 1 :] / by_channel[channel, channel]
        left[:, channel + 1 :] -= ahead[None, :, None] * spread[:, None, :]
    return integers


def _factor(moments: Array) -> Array:
    """U, upper triangular, with U^T U the inverse of the damped moments."""
    mean = float(np.diag(moments).mean())
    damped = moments + np.eye(len(moments)) * (DAMPING * mean if mean > 0.0 else 1.0)
    return np.linalg.cholesky(np.linalg.inv(damped)).T
