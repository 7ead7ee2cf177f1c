# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`lic-schedule`: foldings that fill the device."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from licc.passes.registry import OptionError, Pass, PassFailure, option

if TYPE_CHECKING:
    from torch_mlir import ir

    from licc.schedule.search import Budget
    from licc.schedule.stages import Folding, Stage, Transform


@dataclass(frozen=True)
class LicSchedule(Pass):
    """Choose what every stage computes in a cycle, so that frames come as fast as the device allows.

    What runs on the board at once shares its DSPs and BRAMs and keeps one frame rate: g_a with h_a
    (encoder), g_s with h_s (decoder). Each stage gets `folding`, `gdn_folding`, `gdn_roots`, `packing`
    ("pair": two INT8 multiplications a DSP), `fifo_depth` of the stream that it reads, and its predicted
    `cycles` a frame, `dsp` and `bram18`; the module gets `lic.target` and `lic.clock_mhz`. The result is
    verified by other code than the search.
    """

    name: ClassVar[str] = "lic-schedule"
    target: str = option("zcu102", "the device")
    clock_mhz: int | None = option(None, "clock of the accelerator; the device's default when not given")
    dsp: int | None = option(None, "use at most so many DSPs a role")
    bram18: int | None = option(None, "use at most so many BRAM18s a role")

    def run(self, module: ir.Module) -> None:
        """Schedule all functions."""
        from torch_mlir import ir

        from licc.schedule.check import check
        from licc.schedule.stages import CLOCK, TARGET, StageError, emit, i64, read_transforms
        from licc.target.device import load

        device = load(self.target)
        clock = device.clock_mhz if self.clock_mhz is None else self.clock_mhz
        if not 1 <= clock <= device.max_clock_mhz:
            raise OptionError(
                f"pass '{self.name}' option 'clock-mhz' expected 1 to {device.max_clock_mhz} on "
                f"{device.name}, but got '{clock}'"
            )
        with module.context:
            try:
                for role, transforms in _roles(read_transforms(module)):
                    budget = self._budget()
                    self._schedule(role, transforms, budget)
                    check(transforms, budget.dsp, budget.bram18)
            except StageError as error:
                emit(error)
                raise PassFailure from error
            module.operation.attributes[TARGET] = ir.StringAttr.get(device.name)
            module.operation.attributes[CLOCK] = i64(clock)

    def _budget(self) -> Budget:
        from licc.schedule.search import Budget
        from licc.target.device import load

        usable = load(self.target).usable
        return Budget(
            usable.dsp if self.dsp is None else min(self.dsp, usable.dsp),
            usable.bram18 if self.bram18 is None else min(self.bram18, usable.bram18),
        )

    def _schedule(self, role: str, transforms: Sequence[Transform], budget: Budget) -> None:
        from licc.schedule.search import InfeasibleError, search
        from licc.schedule.stages import StageError

        chains = [[piece.process for piece in transform.pieces] for transform in transforms]
        try:
            found = search(chains, budget)
        except InfeasibleError as error:
            raise StageError(
                transforms[0].function,
                f"the {role} {error} on {self.target}; choose a larger target, a smaller input or a "
                "smaller network",
            ) from error
        foldings = iter(found.foldings)
        for transform in transforms:
            for stage in transform.stages:
                _annotate(stage, [next(foldings) for _ in stage.pieces])


def _roles(transforms: Sequence[Transform]) -> Iterator[tuple[str, list[Transform]]]:
    from licc.schedule.stages import ROLES

    for role, names in ROLES.items():
        found = [transform for transform in transforms if transform.name in names]
        if found:
            yield role, found


def _annotate(stage: Stage, foldings: Sequence[Folding]) -> None:
    from torch_mlir import ir

    from licc.cost.process import cost
    from licc.schedule.search import packing
    from licc.schedule.stages import i64, write_foldings

    processes = [piece.process for piece in stage.pieces]
    write_foldings(stage, {p.kind: f for p, f in zip(processes, foldings, strict=True)})
    costs = [
        cost(p, f.oc, f.ic, f.kh, f.kw) for p, f in zip(processes, foldings, strict=True)
    ]
    attributes = stage.op.attributes
    if processes[0].kind == "conv":
        attributes["packing"] = ir.StringAttr.get(packing(processes[0], foldings[0]))
    attributes["fifo_depth"] = i64(int(costs[0].fifo_depth))
    attributes["cycles"] = i64(max(int(c.cycles) for c in costs))
    attributes["dsp"] = i64(sum(int(c.dsp) for c in costs))
    attributes["bram18"] = i64(sum(int(c.bram18) for c in costs))
