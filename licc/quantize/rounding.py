# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Rounds the weights of a convolution one after another, each making up for the errors before it.

Rounding every weight to the nearest is best only for inputs that do not depend on each other. Inputs do:
neighbouring pixels are alike, and so are channels. With H the second moments of the inputs of one output,
the error of the output is e^T H e, e the errors of its weights. With H = V V^T, V upper triangular, that is

    sum over j of (e_j V[j, j] + sum over k < j of e_k V[k, j])^2

so that weight j is best rounded after the weights before it have added sum e_k V[k, j] / V[j, j] to it. This
is optimal brain surgeon's update (for networks, GPTQ, arXiv 2210.17323) without the inverse of H.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from licc.quantize.statistics import Array

# Added to the diagonal, as a share of its mean: what calibration saw is not all there is.
DAMPING = 0.01
CORRELATION_MAX = 0.98
# Columns that are rounded before their errors are taken to all that follow at once.
_BLOCK = 64


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
class Moments:
    """Second moments H of the inputs of one output, damped and factored.

    Attributes:
        order: in which the weights are rounded: loud inputs first, those after them have room to correct.
        factor: V [D, D], upper triangular, with V V^T = H in that order.
    """

    order: NDArray[np.intp]
    factor: Array

    @staticmethod
    def of(matrix: Array, damping: float = DAMPING) -> Moments:
        """Of the second moments [D, D]."""
        order = np.argsort(-np.diag(matrix), kind="stable")
        return Moments(order, _upper(matrix[np.ix_(order, order)], damping))

    @staticmethod
    def kronecker(channels: Array, taps: Array, damping: float = DAMPING) -> Moments:
        """Of the covariance [I, I] of the channels times the correlation [T, T] of the taps."""
        by_channel, by_tap = Moments.of(channels, damping), _upper(taps, damping)
        count = len(taps)
        order = (by_channel.order[:, None] * count + np.arange(count)).reshape(-1)
        return Moments(order, np.kron(by_channel.factor, by_tap))

    @property
    def pivots(self) -> Array:
        """[D] what the square of an input is worth after those before it have been corrected for."""
        found = np.empty(len(self.order))
        found[self.order] = np.diag(self.factor) ** 2
        return found


def _upper(matrix: Array, damping: float) -> Array:
    """V. Moments of few pixels may have lost their definiteness to rounding: those get more on the diagonal."""
    mean = float(np.diag(matrix).mean())
    unit = np.eye(len(matrix)) * (mean if mean > 0.0 else 1.0 / damping)
    for share in (damping, 10 * damping, 100 * damping):
        damped = (matrix + share * unit)[::-1, ::-1]
        with contextlib.suppress(np.linalg.LinAlgError):
            return np.ascontiguousarray(np.linalg.cholesky(damped)[::-1, ::-1])
    raise ValueError("the moments of a convolution's inputs are not positive definite")


def round_weights(
    weights: Array, scales: Array, most: int, moments: Moments
) -> tuple[NDArray[np.int64], Array]:
    """Integers of [O, D] weights and the error [O] that they leave in the output.

    Args:
        weights: [O, D].
        scales: [O] the real value of an integer 1.
        most: the largest magnitude of an integer.
        moments: of the inputs.
    """
    order, factor = moments.order, moments.factor
    # Inputs outermost: what a step works on is contiguous.
    wanted = np.ascontiguousarray(weights.T[order])
    errors = np.empty_like(wanted)
    integers = np.empty(wanted.shape, dtype=np.int64)
    left = np.zeros(len(weights))
    for start in range(0, len(order), _BLOCK):
        end = min(start + _BLOCK, len(order))
        block = factor[start:end, start:end] / np.diag(factor)[start:end]
        # Errors so far, as each input of the block sees them.
        carried = factor[:start, start:end].T @ errors[:start]
        carried /= np.diag(factor)[start:end, None]
        for j in range(end - start):
            value = wanted[start + j] + carried[j] + block[:j, j] @ errors[start : start + j]
            stored = np.clip(np.floor(value / scales + 0.5), -most, most)
            integers[order[start + j]] = stored
            stored *= scales
            errors[start + j] = wanted[start + j] - stored
            left += ((value - stored) * factor[start + j, start + j]) ** 2
    return integers.T, left
