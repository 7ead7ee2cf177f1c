# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`lic-pose`: what is asked of lic-schedule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from licc.passes.registry import Pass, PassFailure, option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch_mlir import ir

    from licc.schedule.problem import Problem
    from licc.schedule.stages import Transform


@dataclass(frozen=True)
class Posing(Pass):
    """The options of a scheduling problem."""

    target: str = option("zcu102", "the device")
    clock_mhz: int | None = option(
        None, "clock of the accelerator; the device's default when not given"
    )
    fps: float = option(0.0, "images a second that are enough; 0 for as many as possible")
    role: Literal["auto", "codec"] = option(
        "auto", "what runs at once: encoder and decoder each have the whole device, or all share it"
    )
    share: Literal["auto", "role", "transform"] = option(
        "auto", "what shares the device: the transforms of a role, or each has all of it"
    )
    dsp: int | None = option(None, "use at most so many DSPs")
    bram18: int | None = option(None, "use at most so many BRAM18s")
    lut: int | None = option(None, "use at most so many LUTs")
    ff: int | None = option(None, "use at most so many flip-flops")
    effort: int = option(20, "limit of each question to the solver, in its deterministic seconds")
    time_limit: int = option(
        0, "seconds for the whole solution; then it may depend on the machine; 0 for no limit"
    )

    def posed(self, transforms: Sequence[Transform]) -> Problem:
        """The problem that the options describe."""
        from licc.schedule.problem import pose

        return pose(
            transforms,
            self.target,
            self.clock_mhz,
            self.fps,
            self.role,
            self.share,
            {name: getattr(self, name) for name in ("dsp", "bram18", "lut", "ff")},
            self.effort,
            self.time_limit,
        )


@dataclass(frozen=True)
class LicPose(Posing):
    """Put the scheduling problem into the IR: what lic-schedule is asked to solve.

    The module gets `lic.problem`: the target and its clock, which transforms run on it at the same time
    (`roles`, `share`), the budgets of DSPs, BRAM18s, URAMs, LUTs, flip-flops and 64-bit memory words a cycle
    (`ports`), the cycles an image that are fast enough (`interval`, 0 for as few as possible), and the limits of
    the solver. Each stage gets `processes`: what is to be folded.
    """

    name: ClassVar[str] = "lic-pose"

    def run(self, module: ir.Module) -> None:
        """Set the attributes."""
        from licc.schedule.problem import write_problem
        from licc.schedule.stages import StageError, emit, read_transforms

        with module.context:
            try:
                transforms = read_transforms(module)
            except StageError as error:
                emit(error)
                raise PassFailure from error
            write_problem(module, transforms, self.posed(transforms))
