# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Float weights that rounding to the nearest turns into the integers of a typed module."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch_mlir import ir

from licc.dialects.quantized import Quantized, quantized
from licc.quantize import facts, trained


@dataclass(frozen=True)
class Fitted:
    """A convolution's parameters.

    Attributes:
        weight: in the layout of its op, float64.
        bias: [O], float64.
    """

    weight: Tensor
    bias: Tensor


def fitted(typed: ir.Module) -> dict[str, Fitted]:
    """What typing has fitted the weights to, adaptive rounding and corrected biases included, by layer."""
    return {
        trained.key(op.operation): _of(op.operation)
        for function in facts.functions(typed).values()
        for op in function.entry_block.operations
        if op.operation.name in trained.CONVOLUTIONS
    }


def _of(op: ir.Operation) -> Fitted:
    x, kind = _kind(op.operands[0]), _kind(op.operands[1])
    weight, bias = (_stored(value) for value in list(op.operands)[1:])
    scales = np.array(kind.scales)
    transposed = op.name == "lic.deconv2d"
    by_output = scales[:, None, None] if transposed else scales[:, None, None, None]
    real = weight * by_output
    owner = facts.owner(op.operands[0])
    if (
        not isinstance(op.operands[0], ir.BlockArgument)
        and facts.CHANNEL_SCALES in owner.attributes
    ):
        channels = facts.elements(owner.attributes[facts.CHANNEL_SCALES]).astype(np.float64)
        real = real / (channels[:, None, None, None] if transposed else channels[:, None, None])
    return Fitted(torch.from_numpy(real), torch.from_numpy(bias * (scales * x.scale)))


def _stored(value: ir.Value) -> NDArray[np.float64]:
    found: NDArray[Any] = facts.elements(value.owner.attributes["value"])
    return found.astype(np.float64)


def _kind(value: ir.Value) -> Quantized:
    kind = quantized(value.type)
    assert kind is not None, "of a typed module"
    return kind
