# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Verifies a schedule in the IR: it shares the formulas of licc/cost for areas, and nothing of the search.

Cycles are counted again by walking the loops of each process row by row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from torch_mlir import ir

from licc.cost.process import Cost, Process, cost
from licc.schedule.stages import Folding, Stage, StageError, Transform, integer, read_folding


@dataclass(frozen=True)
class Scheduled:
    """A process as the IR schedules it, with its recomputed cost."""

    process: Process
    folding: Folding
    cycles: int
    dsp: int
    bram18: int
    fifo_depth: int


def check(transforms: Sequence[Transform], dsp: int, bram18: int) -> None:
    """Verify the schedules of transforms that share a budget.

    Raises:
        StageError: at the stage whose attributes contradict its folding, or at the function of the
            first transform when their sum does not fit.
    """
    costs = [_checked(stage) for transform in transforms for stage in transform.stages]
    for name, used, budget in (
        ("dsp", sum(c[0] for c in costs), dsp),
        ("bram18", sum(c[1] for c in costs), bram18),
    ):
        if used > budget:
            raise StageError(
                transforms[0].function,
                f"expected '{name}' of at most {budget} in all, but got {used}",
            )


def _checked(stage: Stage) -> tuple[int, int]:
    found = list(scheduled(stage))
    expected = {
        "cycles": max(s.cycles for s in found),
        "dsp": sum(s.dsp for s in found),
        "bram18": sum(s.bram18 for s in found),
        "fifo_depth": found[0].fifo_depth,
    }
    for name, value in expected.items():
        got = integer(stage.op, name)
        if got != value:
            raise StageError(
                stage.op,
                f"layer '{stage.layer}': expected '{name}' of {value} for its folding, but got {got}",
            )
    _check_packing(stage, found[0])
    return expected["dsp"], expected["bram18"]


def _check_packing(stage: Stage, first: Scheduled) -> None:
    if first.process.kind != "conv":
        return
    packing = (
        ir.StringAttr(stage.op.attributes["packing"]).value
        if "packing" in stage.op.attributes
        else ""
    )
    wanted = "pair" if first.process.in_bits == 8 and first.folding.oc % 2 == 0 else "single"
    if packing != wanted:
        raise StageError(
            stage.op,
            f"layer '{stage.layer}': expected packing '{wanted}' for {first.process.in_bits}-bit "
            f"activations and {first.folding.oc} outputs, but got '{packing}'",
        )


def scheduled(stage: Stage) -> Iterator[Scheduled]:
    """The processes of a scheduled stage with their costs.

    Raises:
        StageError: it is not scheduled, or a folding is out of range.
    """
    for piece in stage.pieces:
        process = piece.process
        folding = read_folding(stage, process)
        _check_folding(stage, process, folding)
        found: Cost = cost(process, folding.oc, folding.ic, folding.kh, folding.kw)
        yield Scheduled(
            process,
            folding,
            cycles_by_walking(process, folding),
            int(found.dsp),
            int(found.bram18),
            int(found.fifo_depth),
        )


def _check_folding(stage: Stage, process: Process, folding: Folding) -> None:
    geometry = process.geometry
    most = {
        "oc": process.output[0] + process.output[0] % 2,  # an odd count may be padded to pair
        "ic": process.input[0],
        "kh": max(taps.count for taps in geometry.rows) if geometry else 1,
        "kw": max(taps.count for taps in geometry.columns) if geometry else 1,
    }
    for name, limit in most.items():
        value = getattr(folding, name)
        if not 1 <= value <= limit:
            raise StageError(
                stage.op,
                f"layer '{stage.layer}': expected folding {name} of {process.name} in [1, {limit}], "
                f"but got {value}",
            )


def cycles_by_walking(process: Process, folding: Folding) -> int:
    """Cycles of one frame, counted loop by loop."""
    channels, words = process.input[0], -(-process.input[0] // folding.ic)
    blocks = -(-process.output[0] // folding.oc)
    if process.kind == "norm":
        return (1 + process.pixels) * blocks * words
    if process.kind != "conv":
        return process.pixels * -(-channels // folding.oc)
    geometry = process.geometry
    assert geometry is not None
    height, width = geometry.output[1:]
    total, there = 0, 0
    for row in range(-1, height):
        # Row -1 is the fill before the first output row.
        wanted = geometry.rows_wanted(row + 1) if row + 1 < height else geometry.input[1]
        reads = max(wanted - there, 0) * geometry.input[2] * words
        there = max(there, wanted)
        steps = 0
        if row >= 0:
            taps = geometry.rows[row % geometry.upsample].count
            for phase, column in enumerate(geometry.columns):
                pixels = len(range(phase, width, geometry.upsample))
                steps += (
                    pixels
                    * blocks
                    * words
                    * -(-taps // folding.kh)
                    * -(-column.count // folding.kw)
                )
        total += max(steps, reads)
    return total
