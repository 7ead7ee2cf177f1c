# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The phases of a build, in order: the one table behind --help, --compile-to, the dumps and the docs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Phase:
    """One phase.

    Attributes:
        name: what `--compile-to` calls it.
        number: the number of its dump, which sorts dumps in their order; None for no dump.
        level: what its result is called in the name of the dump.
        pass_name: the pass that it runs; None for the first and last phase, which are no passes.
        step: what goes in and what comes out.
        after: what holds afterwards.
    """

    name: str
    number: int | None
    level: str
    pass_name: str | None
    step: str
    after: str

    @property
    def dump(self) -> str | None:
        """The file name of its dump, such as `40-fused.mlir`."""
        return None if self.number is None else f"{self.number:02}-{self.level}.mlir"


PHASES: tuple[Phase, ...] = (
    Phase(
        "ingress",
        0,
        "torch",
        None,
        "checkpoint -> torch dialect",
        "loaded without running pickled code; one function per transform",
    ),
    Phase(
        "raise",
        10,
        "lic",
        "lic-raise-torch",
        "torch -> lic on f32 tensors",
        "only lic ops; a GDN is one op, with beta and gamma folded",
    ),
    Phase(
        "calibrate",
        20,
        "calibrated",
        "lic-calibrate",
        "lic and images -> lic",
        "every value has its observed range, or the type that training chose",
    ),
    Phase(
        "type",
        30,
        "typed",
        "lic-assign-precision",
        "lic -> lic on integers",
        "every tensor is typed, and every integer range is proven",
    ),
    Phase(
        "fuse",
        40,
        "fused",
        "lic-fuse",
        "lic -> lic stages",
        "a convolution and what follows it are one stage; nothing multiplies an inserted zero",
    ),
    Phase(
        "tile",
        50,
        "tiled",
        "lic-tile",
        "lic stages -> lic stages",
        "every stage has a stripe and a window buffer that fit",
    ),
    Phase(
        "pose",
        55,
        "posed",
        "lic-pose",
        "lic stages -> lic stages",
        "the scheduling problem is in the IR: budgets, rate, and what is to be folded",
    ),
    Phase(
        "schedule",
        60,
        "scheduled",
        "lic-schedule",
        "lic stages -> lic stages",
        "every stage has its foldings, words and FIFO depths; budgets hold, the rate has its bound",
    ),
    Phase(
        "lower",
        70,
        "hls",
        "lic-to-hls",
        "lic -> hls",
        "streams, processes and memories, one to one with what will be printed",
    ),
    Phase("emit", None, "files", None, "hls -> files", "the build directory is complete"),
)

BY_NAME: Mapping[str, Phase] = {phase.name: phase for phase in PHASES}


def help_table() -> str:
    """The phases as `licc --help` shows them."""
    width = max(len(phase.name) for phase in PHASES)
    return "\n".join(f"  {phase.name:{width}}  {phase.step}" for phase in PHASES)


def markdown_table() -> str:
    """The phases as docs/phases.md shows them."""
    rows = ["| phase | pass | in -> out | what holds afterwards | dump |", "|---|---|---|---|---|"]
    for phase in PHASES:
        flag = f"`{phase.pass_name}`" if phase.pass_name else ""
        dump = f"`ir/{phase.dump}`" if phase.dump else ""
        rows.append(f"| {phase.name} | {flag} | {phase.step} | {phase.after} | {dump} |")
    return "\n".join(rows)
