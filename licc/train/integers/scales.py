# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The scales of a typed codec as parameters: what `licc.quantize.trained` reads, and how it is learned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from licc.errors import UserError
from licc.quantize.scales import SHIFT_MAX, multiplier_and_shift
from licc.quantize.trained import nearest

Arrays = Mapping[str, NDArray[Any]]

REMEDY = "the training has diverged: use a lower learning rate"
# What biases and sums of products may take of an i32.
_BIAS_MOST = 2.0**29
_SUM_MOST = 0.74 * 2.0**31


class _Nearest(torch.autograd.Function):
    """What a typed module holds of scales; the gradient of the identity."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, entry: str) -> Tensor:
        del ctx
        found = nearest(entry, values.detach().cpu().numpy())
        return torch.from_numpy(np.asarray(found)).to(values.device)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        del ctx
        return grads[0], None


def held(values: Tensor, entry: str) -> Tensor:
    """`values` as a typed module holds them under the name `entry`, such as "scale"."""
    return _Nearest.apply(values, entry)


class Scales(nn.Module):
    """The part `integers` of a checkpoint, with some of its entries free to be learned.

    A free entry is `start * exp(change)`: steps of an optimizer are relative to the scale, and a fresh
    `change` of 0 gives the start exactly.
    """

    def __init__(self, entries: Arrays, free: Mapping[str, int]) -> None:
        """Of all entries by name.

        Args:
            entries: as `licc.quantize.trained.read` gives them.
            free: names of those to learn, and how many neighbours share one value.
        """
        super().__init__()
        self.free = dict(free)
        for name, values in entries.items():
            start = torch.from_numpy(np.array(values))
            self.register_buffer(_slot(name), start)
            if name in free:
                own = start.reshape(-1)[:: free[name]] if start.dim() else start
                self.register_parameter(
                    f"{_slot(name)}_change", nn.Parameter(torch.zeros(own.shape))
                )
        self.entries = tuple(entries)

    def has(self, name: str) -> bool:
        """Whether there is an entry of that name."""
        return _slot(name) in self._buffers

    def change(self, name: str) -> nn.Parameter:
        """The logarithm of what a free entry has been multiplied by, one for the neighbours that share it."""
        return self.get_parameter(f"{_slot(name)}_change")

    def raw(self, name: str) -> Tensor:
        """An entry before it is rounded to what a typed module holds, float64."""
        start = self.get_buffer(_slot(name))
        if name not in self.free:
            return start
        change = self.change(name).double().exp()
        if self.free[name] > 1:
            change = change.repeat_interleave(self.free[name])
        return start * change

    def of(self, name: str) -> Tensor:
        """An entry as a typed module holds it, float64."""
        return held(self.raw(name), name.rpartition(".")[2])

    def _load_from_state_dict(
        self,
        state_dict: Any,
        prefix: str,
        local_metadata: Any,
        strict: bool,
        missing_keys: Any,
        unexpected_keys: Any,
        error_msgs: Any,
    ) -> None:
        """Load, unless the state is of other types: what is computed with is made of the types here.

        Raises:
            UserError: it is.
        """
        for name in self.entries:
            if name.endswith(_SCALES):
                continue
            own, its = self.get_buffer(_slot(name)), state_dict.get(f"{prefix}{_slot(name)}")
            if its is not None and not torch.equal(own.cpu(), its.cpu()):
                raise UserError(
                    f"{name}: {own.tolist()} here, {its.tolist()} in the stored state; "
                    "go on with the policy and the calibration images of before"
                )
        super()._load_from_state_dict(
            state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
        )


_SCALES = ("scale", "scales")


def _slot(name: str) -> str:
    # Dots part modules in PyTorch.
    return name.replace(".", "/")


def least_weight_scales(bias: Tensor, sums: Tensor, scale: Tensor, largest: int) -> Tensor:
    """[O] the finest weight scales whose biases and accumulators fit i32.

    Args:
        bias: [O] real.
        sums: [O] of the magnitudes of the normalised weights that an output pixel sees.
        scale: of the stored input.
        largest: magnitude of it.
    """
    return torch.maximum(bias.abs() / (scale * _BIAS_MOST), sums * (largest / _SUM_MOST))


def exact_factors(layer: str, factors: Tensor) -> Tensor:
    """[C] `multiplier * 2^-shift` that typing chooses for real factors [C], float64.

    Raises:
        UserError: one is too large.
    """
    pairs = _pairs(layer, factors)
    if min(shift for _, shift in pairs) < 0:
        raise UserError(f"{layer}: its scales are too far apart to requantize; {REMEDY}")
    # As in typing: a channel whose accumulators are that fine is all zeros in the result.
    found = [m * 2.0**-s if s <= SHIFT_MAX else 2.0 ** (16 - SHIFT_MAX) for m, s in pairs]
    return torch.tensor(found, dtype=torch.float64, device=factors.device)


def exact_pair(layer: str, factors: Tensor) -> tuple[float, float]:
    """Both `multiplier * 2^-shift` that typing chooses for an addition of real factors [2].

    Raises:
        UserError: one is too large or too small.
    """
    reals: list[float] = factors.detach().tolist()
    ((_, shift),) = _pairs(layer, factors.max()[None])
    if not 0 <= shift <= SHIFT_MAX:
        raise UserError(f"{layer}: adds values of scales too far from its result's; {REMEDY}")
    first, second = (min(round(f * 2.0**shift), (1 << 17) - 1) * 2.0**-shift for f in reals)
    return first, second


def _pairs(layer: str, factors: Tensor) -> list[tuple[int, int]]:
    try:
        return [multiplier_and_shift(factor) for factor in factors.detach().tolist()]
    except ValueError as error:
        raise UserError(f"{layer}: {error}; {REMEDY}") from error
