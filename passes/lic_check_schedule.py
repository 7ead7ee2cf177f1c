# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`lic-check-schedule`: a schedule, verified."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from licc.passes.registry import Pass, PassFailure

if TYPE_CHECKING:
    from torch_mlir import ir


@dataclass(frozen=True)
class LicCheckSchedule(Pass):
    """Verify a schedule without the solver; change nothing.

    Loops are walked again (rows of two frames, groups, blocks, words), line buffers are filled and read, multipliers
    are counted from the foldings, FIFO depths are held against what rows need, and all that shares a board
    against its budgets. lic-schedule does the same before it ends.
    """

    name: ClassVar[str] = "lic-check-schedule"

    def run(self, module: ir.Module) -> None:
        """Emit what is wrong at the stage, the function or the module."""
        from licc.schedule.check import check
        from licc.schedule.stages import StageError, emit

        with module.context:
            try:
                check(module)
            except StageError as error:
                emit(error)
                raise PassFailure from error
