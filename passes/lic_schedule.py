# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`lic-schedule`: foldings that fill the device."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from licc.passes.registry import Pass, PassFailure, option

if TYPE_CHECKING:
    from torch_mlir import ir

    from licc.schedule.search import Budget, Schedule
    from licc.schedule.stages import Folding, Stage, Transform


# "auto" separates the transforms of a role when sharing the board would cost more than this factor.
SHARING_LIMIT = 2.0


@dataclass(frozen=True)
class LicSchedule(Pass):
    """Choose what every stage computes in a cycle, so that frames come as fast as the device allows.

    What runs on the board at once shares its DSPs and BRAMs and keeps one frame rate: g_a with h_a
    (encoder), g_s with h_s (decoder). Where that does not fit, or costs more than half of the rate, the two
    are scheduled for the whole device each, to be loaded one after the other, and the module's
    `lic.separate` names the role.

    Each stage gets `folding`, `gdn_folding`, `gdn_roots`, `packing` ("pair": two INT8 multiplications a
    DSP), `fifo_depth` of the stream that it reads, and its predicted `cycles` a frame, `dsp` and `bram18`;
    the module gets `lic.target` and `lic.clock_mhz`. The result is verified by other code than the search.
    """

    name: ClassVar[str] = "lic-schedule"
    target: str = option("zcu102", "the device")
    clock_mhz: int | None = option(
        None, "clock of the accelerator; the device's default when not given"
    )
    dsp: int | None = option(None, "use at most so many DSPs")
    bram18: int | None = option(None, "use at most so many BRAM18s")
    share: Literal["auto", "role", "transform"] = option(
        "auto", "what shares the device: the transforms of a role, or each has all of it"
    )

    def run(self, module: ir.Module) -> None:
        """Schedule all functions."""
        from torch_mlir import ir

        from licc.errors import UserError
        from licc.schedule.stages import (
            CLOCK,
            SEPARATE,
            TARGET,
            StageError,
            emit,
            i64,
            read_transforms,
        )
        from licc.target.device import load

        device = load(self.target)
        clock = round(device.clock_mhz if self.clock_mhz is None else self.clock_mhz)
        if not 1 <= clock <= device.max_clock_mhz:
            raise UserError(
                f"clock of {clock} MHz: {device.name} runs at 1 to {device.max_clock_mhz} MHz"
            )
        separate: list[ir.Attribute] = []
        with module.context:
            try:
                for role, transforms in _roles(read_transforms(module)):
                    if self._schedule(role, transforms, self._budget()):
                        separate.append(ir.StringAttr.get(role))
            except StageError as error:
                emit(error)
                raise PassFailure from error
            attributes = module.operation.attributes
            attributes[TARGET] = ir.StringAttr.get(device.name)
            attributes[CLOCK] = i64(clock)
            if separate:
                attributes[SEPARATE] = ir.ArrayAttr.get(separate)

    def _budget(self) -> Budget:
        from licc.schedule.search import Budget
        from licc.target.device import load

        usable = load(self.target).usable
        return Budget(
            usable.dsp if self.dsp is None else min(self.dsp, usable.dsp),
            usable.bram18 if self.bram18 is None else min(self.bram18, usable.bram18),
        )

    def _schedule(self, role: str, transforms: Sequence[Transform], budget: Budget) -> bool:
        """Schedule the transforms of a role; returns whether they do not share the device."""
        from licc.schedule.check import check
        from licc.schedule.search import InfeasibleError
        from licc.schedule.stages import StageError

        try:
            groups = self._groups(transforms, budget)
        except InfeasibleError as error:
            raise StageError(
                transforms[0].function,
                f"the {role} {error} on {self.target}; choose a larger target, a smaller input or a "
                "smaller network",
            ) from error
        for group, schedule in groups:
            foldings = iter(schedule.foldings)
            for transform in group:
                for stage in transform.stages:
                    _annotate(stage, [next(foldings) for _ in stage.pieces])
            check(group, budget.dsp, budget.bram18)
        return len(groups) > 1

    def _groups(
        self, transforms: Sequence[Transform], budget: Budget
    ) -> list[tuple[Sequence[Transform], Schedule]]:
        """What shares the device, with its schedule."""
        from licc.schedule.search import InfeasibleError, search

        chains = [[piece.process for piece in transform.pieces] for transform in transforms]
        if self.share == "role" or len(transforms) == 1:
            return [(transforms, search(chains, budget))]
        first = search(chains[:1], budget)
        if self.share == "auto":
            try:
                together = search(chains, budget)
                if together.cycles <= SHARING_LIMIT * first.cycles:
                    return [(transforms, together)]
            except InfeasibleError:
                pass
        # The second one need not be faster than the first.
        return [
            (transforms[:1], first),
            *(
                ([transform], search([chain], budget, first.cycles))
                for transform, chain in zip(transforms[1:], chains[1:], strict=True)
            ),
        ]


def _roles(transforms: Sequence[Transform]) -> Iterator[tuple[str, list[Transform]]]:
    """The roles that there are, and their transforms: the one that sets the rate first."""
    from licc.schedule.stages import ROLES

    for role, names in ROLES.items():
        found = sorted(
            (transform for transform in transforms if transform.name in names),
            key=lambda transform: names.index(transform.name),
        )
        if found:
            yield role, found


def _annotate(stage: Stage, foldings: Sequence[Folding]) -> None:
    from torch_mlir import ir

    from licc.cost.process import cost
    from licc.schedule.search import packing
    from licc.schedule.stages import i64, write_foldings

    processes = [piece.process for piece in stage.pieces]
    write_foldings(stage, {p.kind: f for p, f in zip(processes, foldings, strict=True)})
    costs = [cost(p, f.oc, f.ic, f.kh, f.kw) for p, f in zip(processes, foldings, strict=True)]
    attributes = stage.op.attributes
    if processes[0].kind == "conv":
        attributes["packing"] = ir.StringAttr.get(packing(processes[0], foldings[0]))
    attributes["fifo_depth"] = i64(int(costs[0].fifo_depth))
    attributes["cycles"] = i64(max(int(c.cycles) for c in costs))
    attributes["dsp"] = i64(sum(int(c.dsp) for c in costs))
    attributes["bram18"] = i64(sum(int(c.bram18) for c in costs))
