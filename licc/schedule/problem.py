# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The scheduling problem as attributes: `lic.problem` on the module, `processes` on each stage.

`lic-pose` writes it, `lic-schedule` reads it and leaves `lic.schedule` in place of the processes. docs/schedule.md
describes every member.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch_mlir import ir

from licc.cost.process import Process
from licc.errors import UserError
from licc.schedule.network import Chain
from licc.schedule.solve import Budget, Limits
from licc.schedule.stages import (
    ROLES,
    Stage,
    StageError,
    Transform,
    i64,
)
from licc.schedule.stripes import read as read_stripes
from licc.target.device import Device, load

PROBLEM, PROCESSES, SCHEDULE = "lic.problem", "processes", "lic.schedule"
CODEC = "codec"
SHARES = ("auto", "role", "transform")
BEAT_BYTES = 8
INTEGERS = (
    *("clock_mhz", "interval", "effort", "time_limit"),
    *("dsp", "bram18", "uram", "lut", "ff", "ports"),
)


@dataclass(frozen=True)
class Problem:
    """What is asked of lic-schedule.

    Attributes:
        target: name of the device.
        clock_mhz: of the accelerator.
        roles: what runs on the board at the same time: name and transforms, the one that sets the rate first.
        share: whether the transforms of a role share the board ("role"), each have all of it ("transform"), or
            whichever is better ("auto").
        interval: cycles an image that are fast enough; 0 for as few as possible.
        budget: for all that shares the board.
        effort: the limit of each question to the solver, in its deterministic seconds.
        time_limit: of all of them together, in seconds of the clock; 0 for none.
    """

    target: str
    clock_mhz: int
    roles: Mapping[str, tuple[str, ...]]
    share: str
    interval: int
    budget: Budget
    effort: int
    time_limit: int

    @property
    def limits(self) -> Limits:
        """For the solver."""
        return Limits(float(self.effort), float(self.time_limit))

    def frames_a_second(self, cycles: int) -> float:
        """The rate of an image in `cycles`."""
        return self.clock_mhz * 1e6 / cycles


def usable(device: Device, clock_mhz: int) -> Budget:
    """All that a design may take of `device`."""
    found = device.usable
    beats = device.ddr_gbps * 1e9 / (BEAT_BYTES * clock_mhz * 1e6)
    return Budget(
        found.dsp, found.bram18, found.uram, found.lut, found.ff, max(1, math.floor(beats))
    )


def pose(
    transforms: Sequence[Transform],
    target: str,
    clock_mhz: int | None,
    fps: float,
    role: str,
    share: str,
    most: Mapping[str, int | None],
    effort: int,
    time_limit: int,
) -> Problem:
    """The problem for these transforms on a device.

    Args:
        transforms: all of the module.
        target: name of the device.
        clock_mhz: None for the device's.
        fps: images a second that are enough; 0 for as many as possible.
        role: `auto` for encoder and decoder, each with the whole board; `codec` for both at once.
        share: one of SHARES.
        most: of some resources, how much may be used; None and what is missing: what the device allows.
        effort: see Problem.
        time_limit: see Problem.

    Raises:
        UserError: an unknown device, or a number out of range.
    """
    device = load(target)
    clock = round(device.clock_mhz if clock_mhz is None else clock_mhz)
    if not 1 <= clock <= device.max_clock_mhz:
        raise UserError(
            f"clock of {clock} MHz: {device.name} runs at 1 to {device.max_clock_mhz} MHz"
        )
    if not 0 <= fps <= clock * 1e6:
        raise UserError(f"{fps:g} frames a second: expected 0 to {clock * 10**6}")
    if effort < 1 or time_limit < 0:
        raise UserError("expected an effort of at least 1 and a time limit of at least 0")
    if role == CODEC and share == "transform":
        raise UserError("role 'codec' is all transforms at once: it cannot share by 'transform'")
    limits = usable(device, clock)
    asked = {name: value for name, value in most.items() if value is not None}
    budget = replace(limits, **{n: min(v, getattr(limits, n)) for n, v in asked.items()})
    return Problem(
        device.name,
        clock,
        _roles([transform.name for transform in transforms], role),
        "role" if role == CODEC else share,
        math.floor(clock * 1e6 / fps) if fps else 0,
        budget,
        effort,
        time_limit,
    )


def _roles(names: Sequence[str], role: str) -> dict[str, tuple[str, ...]]:
    wanted = dict(ROLES)
    if role == CODEC:
        wanted = {CODEC: tuple(name for members in ROLES.values() for name in members)}
    found = {
        role: tuple(name for name in members if name in names) for role, members in wanted.items()
    }
    return {role: members for role, members in found.items() if members}


# --------------------------------------------------------------------------------------------------
# Attributes
# --------------------------------------------------------------------------------------------------
def write_problem(module: ir.Module, transforms: Sequence[Transform], problem: Problem) -> None:
    """Put the problem on the module and on the stages of its transforms."""
    module.operation.attributes[PROBLEM] = problem_attribute(problem)
    for transform in transforms:
        for stage in transform.stages:
            stage.op.attributes[PROCESSES] = processes(stage)


def problem_attribute(problem: Problem) -> ir.DictAttr:
    """`lic.problem`, in the current context."""
    numbers = {name: getattr(problem, name, None) for name in INTEGERS}
    numbers = {n: getattr(problem.budget, n) if v is None else v for n, v in numbers.items()}
    roles = {
        role: ir.ArrayAttr.get([ir.StringAttr.get(name) for name in members])
        for role, members in problem.roles.items()
    }
    return ir.DictAttr.get(
        {
            **{name: i64(number) for name, number in numbers.items()},
            "roles": ir.DictAttr.get(roles),
            "share": ir.StringAttr.get(problem.share),
            "target": ir.StringAttr.get(problem.target),
        }
    )


def read_problem(module: ir.Module) -> Problem | None:
    """The problem on a module; None where there is none.

    Raises:
        StageError: a member is missing, or is not what it should be.
    """
    if PROBLEM not in module.operation.attributes:
        return None
    table = _table(module, module.operation.attributes[PROBLEM])
    numbers = {name: _integer(module, table, name) for name in INTEGERS}
    texts = {
        name: _text(module, table.get(name), f"{PROBLEM}.{name}") for name in ("target", "share")
    }
    roles = _table(module, table.get("roles"))
    budget = ("dsp", "bram18", "uram", "lut", "ff", "ports")
    return Problem(
        texts["target"],
        numbers["clock_mhz"],
        {
            name: tuple(_names(module, name, roles[name]))
            for name in sorted(roles, key=lambda name: (*ROLES, name).index(name))
        },
        texts["share"],
        numbers["interval"],
        Budget(**{name: numbers[name] for name in budget}),
        numbers["effort"],
        numbers["time_limit"],
    )


def _bad(module: ir.Module, what: str) -> StageError:
    return StageError(module.operation, f"expected '{what}'; run lic-pose again")


def _table(module: ir.Module, attribute: Any) -> dict[str, Any]:
    if not isinstance(attribute, ir.DictAttr):
        raise _bad(module, f"{PROBLEM} a dictionary of dictionaries")
    return {named.name: named.attr for named in attribute}


def _integer(module: ir.Module, table: Mapping[str, Any], name: str) -> int:
    found: Any = table.get(name)
    if not isinstance(found, ir.IntegerAttr) or ir.IntegerAttr(found).value < 0:
        raise _bad(module, f"{PROBLEM}.{name} of an integer from 0")
    return ir.IntegerAttr(found).value


def _text(module: ir.Module, found: Any, name: str) -> str:
    if not isinstance(found, ir.StringAttr):
        raise _bad(module, f"{name} of a string")
    return found.value


def _names(module: ir.Module, role: str, members: Any) -> Iterator[str]:
    for member in members if isinstance(members, ir.ArrayAttr) else [None]:
        yield _text(module, member, f"{PROBLEM}.roles.{role}")


# --------------------------------------------------------------------------------------------------
# Processes
# --------------------------------------------------------------------------------------------------
def processes(stage: Stage) -> ir.ArrayAttr:
    """What is to be folded of a stage, as an attribute."""
    return ir.ArrayAttr.get([_process(piece.process) for piece in stage.pieces])


def _process(process: Process) -> ir.DictAttr:
    array = ir.DenseI64ArrayAttr.get
    members: dict[str, Any] = {
        "kind": ir.StringAttr.get(process.kind),
        "name": ir.StringAttr.get(process.name),
        "input": array(list(process.input)),
        "output": array(list(process.output)),
        "in_bits": i64(process.in_bits),
        "out_bits": i64(process.out_bits),
        "value_bits": i64(process.significant_bits),
        "macs": i64(process.macs),
    }
    if process.units:
        units = [ir.StringAttr.get(unit.kind) for unit in process.units]
        members["units"] = ir.ArrayAttr.get(units)
    if process.kind == "conv" and process.geometry is not None:
        geometry = process.geometry
        members |= {
            "weight_bits": i64(process.weight_bits),
            "rows": i64(process.rows),
            "stride": i64(geometry.stride),
            "upsample": i64(geometry.upsample),
            "tap_rows": array([taps.count for taps in geometry.rows]),
            "tap_columns": array([taps.count for taps in geometry.columns]),
        }
    return ir.DictAttr.get(members)


def check_processes(transforms: Sequence[Transform]) -> None:
    """Raise StageError where a stage is not what the problem was posed for."""
    for transform in transforms:
        for stage in transform.stages:
            if PROCESSES not in stage.op.attributes:
                raise StageError(stage.op, f"requires attribute '{PROCESSES}'; run lic-pose again")
            if stage.op.attributes[PROCESSES] != processes(stage):
                raise StageError(
                    stage.op,
                    f"layer '{stage.layer}': expected '{PROCESSES}' of what the stage does; "
                    "run lic-pose again",
                )


def chain(transform: Transform) -> Chain:
    """What the solver takes of a transform.

    Raises:
        StageError: a GDN reads the image itself.
    """
    if transform.pieces[0].process.kind == "norm":
        raise StageError(
            transform.stages[0].op, "expected a convolution or elementwise ops before a GDN"
        )
    stripes = read_stripes(transform.function)
    return Chain(
        tuple(piece.process for piece in transform.pieces),
        1 if stripes is None else stripes.count,
        transform.sources,
    )
