# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What changes during a training, and one step of it."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim.lr_scheduler import ReduceLROnPlateau
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from licc.errors import UserError
from licc.train.codec import Codec, FloatCodec
from licc.train.objective import Objective, Terms, psnr
from licc.train.processes import Processes
from licc.train.settings import Settings

FLOAT32_FROM = 0.9
"""Share of the schedule after which nothing is bfloat16 any more: the result has seen none at its end."""

RAMP = 200
"""Steps in which the learning rate of the parts that were trained before rises, once they train again."""

FRESH_LR = 1e-3
"""Learning rate of new parts while they train alone."""

FRESH_RATE = 5.0
"""What the learning rate of new parts is multiplied by afterwards."""

TABLES_LR = 1e-3
MOST_SKIPPED = 50


@dataclass(frozen=True)
class Row:
    """What the log shows of one step, or of the mean of several."""

    lr: float
    loss: float
    bpp: float
    psnr: float
    grad_norm: float


@torch.no_grad()
def _moving_average(averages: Any, values: Any, count: Tensor | int) -> None:
    """Average over about the last 1000 steps, or the last tenth of the steps where they are fewer."""
    get_ema_multi_avg_fn(1 - max(1e-3, 10 / (int(count) + 10)))(averages, values, count)


def learning_rate(settings: Settings, progress: float) -> float:
    """The rate at a share of the schedule: a cosine falls to 1 % of the peak."""
    if settings.schedule != "cosine":
        return settings.lr
    return settings.lr * (0.01 + 0.99 * (0.5 + 0.5 * math.cos(math.pi * min(progress, 1.0))))


class Run:
    """A codec with its average, its optimizers and how far it is.

    Attributes:
        codec: what is trained.
        average: a moving average of its weights.
        step: steps made.
        seconds: time they took.
        skipped: steps in a row whose gradient was not finite.
    """

    def __init__(
        self,
        codec: Codec,
        settings: Settings,
        processes: Processes,
        fresh: Collection[str] = (),
    ) -> None:
        """Begin at step 0.

        Args:
            codec: on the device, with the weights to start from.
            settings: of the training.
            processes: that train together.
            fresh: parameters, by the first words of their names, that are new beside others that are not.
        """
        self.codec, self.settings, self.processes = codec, settings, processes
        self.step, self.seconds, self.skipped = 0, 0.0, 0
        self.average = AveragedModel(codec, multi_avg_fn=_moving_average)
        self.averaged.eval()
        names = {id(p): name for name, p in codec.named_parameters()}
        new = {key for key, name in names.items() if name.startswith(tuple(fresh))}
        self._known: list[nn.Parameter] = []
        groups: list[dict[str, Any]] = []
        for group in codec.groups():
            for is_new in (False, True):
                parameters = [p for p in group.parameters if (id(p) in new) == is_new]
                if not parameters:
                    continue
                self._known += [] if is_new else parameters
                decay = settings.weight_decay if group.decays else 0.0
                extra = {"rate": group.rate, "fresh": is_new, "weight_decay": decay}
                groups.append({"params": parameters, **extra})
        self._trained = [p for group in groups for p in group["params"]]
        self.optimizer = torch.optim.AdamW(groups, lr=settings.lr, weight_decay=0.0)
        self.tables = torch.optim.Adam(codec.tables(), lr=TABLES_LR) if codec.tables() else None
        # Only its counting is used: a factor of the learning rates.
        self._factor = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
        self.plateau = ReduceLROnPlateau(self._factor, factor=0.5, patience=5)
        self._mixed = bool(new) and bool(self._known)
        self._objective: nn.Module | None = None

    def state(self) -> dict[str, Any]:
        """What `restore` needs, plain tensors and numbers."""
        state: dict[str, Any] = {
            "codec": self.codec.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "tables": self.tables.state_dict() if self.tables else {},
            "plateau": self.plateau.state_dict(),
            "factor": self._factor.param_groups[0]["lr"],
            "step": self.step,
            "seconds": self.seconds,
            "settings": asdict(self.settings),
        }
        return state

    def restore(self, stored: Mapping[str, object]) -> None:
        """Go back to a stored state of the same settings."""
        state = cast("Mapping[str, Any]", stored)
        self.codec.load_state_dict(state["codec"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.tables:
            self.tables.load_state_dict(state["tables"])
        self.plateau.load_state_dict(state["plateau"])
        self._factor.param_groups[0]["lr"] = state["factor"]
        self.step, self.seconds = state["step"], state["seconds"]

    @property
    def averaged(self) -> Codec:
        """The codec with the averaged weights."""
        return cast("Codec", self.average.module)

    @property
    def progress(self) -> float:
        """How much of the schedule is over, 0..1: by steps, or by minutes where they run out first."""
        warm = self.settings.warm_up
        by_steps = max(0.0, (self.step - warm) / max(self.settings.steps - warm, 1))
        if self.step >= self.settings.steps:
            return 1.0
        by_time = self.seconds / (60 * self.settings.minutes) if self.settings.minutes else 0.0
        return min(max(by_steps, by_time), 1.0)

    @property
    def alone(self) -> bool:
        """Whether new parts train alone."""
        return self._mixed and self.step < self.settings.warm_up

    def _rate(self, fresh: bool) -> float:
        warm, step = self.settings.warm_up, self.step
        if self.alone:
            return FRESH_LR if fresh else 0.0
        rate = learning_rate(self.settings, self.progress) * self._factor.param_groups[0]["lr"]
        if self._mixed:
            return rate * (FRESH_RATE if fresh else min(1.0, (step - warm + 1) / RAMP))
        return rate * min(1.0, (step + 1) / max(warm, 1))

    def _ready(self, objective: Objective) -> nn.Module:
        """The objective, with what is frozen set so, and with gradients averaged over processes."""
        alone = self.alone
        frozen = any(not p.requires_grad for p in self._known[:1])
        if self._objective is not None and frozen == alone:
            return self._objective
        for parameter in self._known:
            parameter.requires_grad_(not alone)
        self._objective = objective
        if self.processes.count > 1:
            # A codec of another kind may have parameters that not every loss reaches.
            partial = not isinstance(self.codec, FloatCodec)
            self._objective = DistributedDataParallel(
                objective, broadcast_buffers=False, find_unused_parameters=partial
            )
        return self._objective

    def advance(
        self, objective: Objective, batches: Iterator[Tensor], teacher: Codec | None
    ) -> Row:
        """Make one step.

        Raises:
            UserError: the loss has not been finite for a while.
        """
        settings, device = self.settings, self.processes.device
        module = self._ready(objective)
        x = next(batches).to(device, non_blocking=True)
        # The noise, so that a resumed run sees what an unbroken one would have.
        torch.manual_seed((settings.seed * 1_000_003 + self.step) * 1009 + self.processes.rank)
        rates = {fresh: self._rate(fresh) for fresh in (False, True)}
        for group in self.optimizer.param_groups:
            group["lr"] = rates[group["fresh"]] * group["rate"]
        narrow = settings.bf16 and self.progress < FLOAT32_FROM
        self.codec.autocast = torch.bfloat16 if narrow else None
        answer = None
        if teacher is not None and not self.alone:
            teacher.autocast = self.codec.autocast
            with torch.no_grad():
                answer = teacher(x)
        self.codec.train()
        self.codec.zero_grad(set_to_none=True)
        terms: Terms = module(x, answer)
        terms.total.backward()
        norm = self._update()
        self.average.update_parameters(self.codec)
        self.step += 1
        values = torch.stack([terms.loss, terms.bpp, terms.mse, norm]).tolist()
        return Row(rates[self.alone], values[0], values[1], psnr(values[2]), values[3])

    def _update(self) -> Tensor:
        """Clip the gradient and step; a batch with a gradient that is not finite changes nothing."""
        clip = self.settings.clip or math.inf
        norm = nn.utils.clip_grad_norm_([p for p in self._trained if p.grad is not None], clip)
        if not torch.isfinite(norm):
            self.skipped += 1
            if self.skipped >= MOST_SKIPPED:
                raise UserError(
                    f"step {self.step}: the loss has not been finite for {MOST_SKIPPED} steps; "
                    "start anew with a lower --lr"
                )
            return norm
        self.skipped = 0
        self.optimizer.step()
        if self.tables:
            self.tables.step()
        return norm

    def watched(self, loss: float) -> None:
        """Take notice of the loss on held-out images, the same in all processes."""
        if self.settings.schedule == "plateau":
            self.plateau.step(loss)
