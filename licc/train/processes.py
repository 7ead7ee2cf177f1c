# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One process or several: torchrun starts them, and torch.distributed averages their gradients."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist

from licc.errors import UserError


@dataclass(frozen=True)
class Processes:
    """The processes that train together, and which one this is.

    Attributes:
        rank: from 0; the first one writes files.
        count: how many there are.
        device: that this one computes on.
    """

    rank: int
    count: int
    device: torch.device

    @property
    def first(self) -> bool:
        """Whether this is the one that writes files and shows progress."""
        return self.rank == 0

    def any(self, value: bool) -> bool:
        """Whether `value` is true in any of the processes."""
        return self.most(float(value)) > 0

    def most(self, value: float) -> float:
        """The largest `value` of all processes."""
        if self.count == 1:
            return value
        shared = torch.tensor([value], device=self.device, dtype=torch.float64)
        dist.all_reduce(shared, dist.ReduceOp.MAX)
        return float(shared)


def _device(name: str, local_rank: int) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise UserError(f"--device {name}: expected cpu, cuda or cuda:N") from error
    if device.type not in ("cpu", "cuda"):
        raise UserError(f"--device {name}: expected cpu, cuda or cuda:N")
    if device.type == "cuda" and not torch.cuda.is_available():
        raise UserError(f"--device {name}: no CUDA device that this PyTorch can use; --device cpu")
    if name == "cuda":
        return torch.device("cuda", local_rank)
    return device


@contextmanager
def started(device: str) -> Generator[Processes]:
    """Join the processes that torchrun started; alone without it.

    Raises:
        UserError: there is no such device.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    rank = int(os.environ.get("RANK", "0"))
    own = _device(device, int(os.environ.get("LOCAL_RANK", "0")))
    if own.type == "cuda":
        torch.cuda.set_device(own)
    if count == 1:
        yield Processes(0, 1, own)
        return
    dist.init_process_group("nccl" if own.type == "cuda" else "gloo")
    try:
        yield Processes(rank, count, own)
    finally:
        dist.destroy_process_group()
