# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The loss of a training step, and the measures on held-out images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from licc.errors import UserError
from licc.train.codec import Codec, Outcome
from licc.train.settings import Weights


@dataclass(frozen=True)
class Terms:
    """What a step's loss is made of, scalars.

    Attributes:
        total: what is minimised: the loss, and the quantiles' own, which shares no parameter with it.
        loss: without the quantiles'.
        bpp: bits a pixel of the batch.
        mse: squared error of the reconstruction.
    """

    total: Tensor
    loss: Tensor
    bpp: Tensor
    mse: Tensor


class Objective(nn.Module):
    """`wy MSE(y, y_t) + wx MSE(x_hat, x_hat_t) + wh MSE(scales, scales_t) + wr (bpp + lambda 255^2 MSE(x_hat, x))`.

    `_t` are the teacher's. The rate-distortion loss is CompressAI's (arXiv 2011.03029).
    """

    def __init__(self, codec: Codec, lmbda: float, weights: Weights) -> None:
        super().__init__()
        self.codec, self.lmbda, self.weights = codec, lmbda, weights

    def forward(self, x: Tensor, teacher: Outcome | None = None) -> Terms:
        """The loss on a batch, Bx3xHxW in 0..1, given what the teacher makes of it."""
        outcome: Outcome = self.codec(x)
        mse = F.mse_loss(outcome.x_hat, x)
        loss = self.weights.rd * (outcome.bpp + self.lmbda * 255**2 * mse)
        if teacher is not None:
            loss = loss + self._against(outcome, teacher)
        total = loss + self.codec.aux_loss()
        return Terms(total, loss.detach(), outcome.bpp.detach(), mse.detach())

    def _against(self, student: Outcome, teacher: Outcome) -> Tensor:
        terms = (
            (self.weights.latent, student.y, teacher.y),
            (self.weights.image, student.x_hat, teacher.x_hat),
            (self.weights.hyper, student.scales, teacher.scales),
        )
        wanted = [
            weight * F.mse_loss(own, its)
            for weight, own, its in terms
            if weight and own is not None and its is not None
        ]
        return torch.stack(wanted).sum() if wanted else student.bpp.new_zeros(())


def check_fit(student: Codec, teacher: Codec, weights: Weights) -> None:
    """Check that a student can learn from a teacher.

    Raises:
        UserError: a term of the loss compares tensors of different shapes.
    """
    if weights.latent and student.m != teacher.m:
        raise UserError(
            f"--latent {student.m}: the teacher's latent has {teacher.m} channels, "
            "and the two are compared; give that, or --weight-latent 0"
        )
    if weights.hyper and not (student.architecture.hyperprior and teacher.architecture.hyperprior):
        raise UserError("--hyper: student and teacher have to have a hyperprior")
    if weights.hyper and student.m != teacher.m:
        raise UserError(f"--hyper: the latents have {student.m} and {teacher.m} channels")
    strides = [codec.multiple for codec in (student, teacher)]
    if weights.latent and _shrinks(student) != _shrinks(teacher):
        raise UserError(f"the teacher's latent is of another size (strides {strides})")


def _shrinks(codec: Codec) -> int:
    from licc.ingress.architectures import stride

    return stride(codec.architecture.build(2, 2)["g_a"])


def psnr(mse: float) -> float:
    """The peak signal-to-noise ratio of values in 0..1."""
    return -10 * math.log10(max(mse, 1e-10))


@dataclass(frozen=True)
class Measures:
    """Means over images: rate-distortion loss, bits a pixel, PSNR."""

    loss: float
    bpp: float
    psnr: float


@torch.no_grad()
def measure(codec: Codec, images: Sequence[Tensor], lmbda: float) -> Measures:
    """Code images one by one, with rounding instead of noise."""
    training = codec.training
    codec.eval()
    rows: list[tuple[float, float, float]] = []
    for x in images:
        outcome: Outcome = codec(x)
        mse, bpp = F.mse_loss(outcome.x_hat.clamp(0, 1), x).item(), outcome.bpp.item()
        rows.append((lmbda * 255**2 * mse + bpp, bpp, psnr(mse)))
    codec.train(training)
    count = max(len(rows), 1)
    return Measures(*(sum(column) / count for column in zip(*rows, strict=True)))
