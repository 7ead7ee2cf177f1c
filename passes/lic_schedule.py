# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`lic-schedule`: foldings that fill the device."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from licc.passes.lic_pose import Posing
from licc.passes.registry import PassFailure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch_mlir import ir

    from licc.cost.process import Process
    from licc.schedule.candidates import Table
    from licc.schedule.problem import Problem
    from licc.schedule.solve import Choice, Schedule
    from licc.schedule.stages import Stage, Transform


# "auto" separates the transforms of a role when sharing the board would cost more than this factor.
SHARING_LIMIT = 2.0
RESOURCE_NAMES = {
    "dsp": "DSPs",
    "bram18": "BRAM18s",
    "uram": "UltraRAMs",
    "lut": "LUTs",
    "ff": "flip-flops",
}


@dataclass(frozen=True)
class LicSchedule(Posing):
    """Choose what every stage computes in a cycle, so that images come as fast as the device allows.

    The problem is `lic.problem`, as lic-pose puts it; where it is not there, it is posed by the same options. What
    runs on the board at once shares it and keeps one rate: g_a with h_a (encoder), g_s with h_s (decoder),
    or all four (role=codec). Where a role does not fit together, or that costs more than half of the rate,
    share=auto schedules each of its transforms for the whole device, to be loaded one after the other, and the
    module's `lic.separate` names the role.

    The slowest stage is as fast as can be, by proof up to the gap that is reported; at that rate, the fewest
    resources are taken. Each stage gets `intake`, `folding`, `packing`, `drain`, `gdn_folding`, `gdn_roots`,
    `fabric`, `fifo_depths`, and its predicted `cycles`, `dsp`, `bram18`, `uram`, `lut` and `ff`; the module gets
    `lic.target`, `lic.clock_mhz` and `lic.schedule`: of all that shares a board, what it takes with its FIFOs, the
    `cycles` an image, and the `bound` below which no schedule goes. The result is verified by
    lic-check-schedule, which shares no code with the solver (docs/schedule.md).
    """

    name: ClassVar[str] = "lic-schedule"

    def run(self, module: ir.Module) -> None:
        """Schedule all functions."""
        from licc.schedule.check import check
        from licc.schedule.stages import StageError, emit, read_transforms

        with module.context:
            try:
                transforms = read_transforms(module)
                problem = self._problem(module, transforms)
                _write(module, problem, _solved(problem, transforms))
                check(module)
            except StageError as error:
                emit(error)
                raise PassFailure from error

    def _problem(self, module: ir.Module, transforms: Sequence[Transform]) -> Problem:
        """What is in the IR, which options may repeat but not contradict, or else what the options pose."""
        from licc.schedule.problem import check_processes, read_problem
        from licc.schedule.stages import StageError

        found = read_problem(module)
        if found is None:
            return self.posed(transforms)
        _check_roles(module, found, transforms)
        check_processes(transforms)
        if self != type(self)() and self.posed(transforms) != found:
            raise StageError(
                module.operation,
                "expected options that pose the same problem as 'lic.problem'; give them to lic-pose",
            )
        return found


@dataclass(frozen=True)
class _Group:
    """Transforms that share the board, and their schedule."""

    name: str
    transforms: tuple[Transform, ...]
    schedule: Schedule


@dataclass
class _Role:
    """One role, being solved."""

    name: str
    problem: Problem
    transforms: tuple[Transform, ...]
    known: dict[Process, Table] = field(default_factory=dict)

    def groups(self) -> list[_Group]:
        """What shares the board, with schedules."""
        from licc.schedule.solve import InfeasibleError

        try:
            groups = self._groups()
        except InfeasibleError as error:
            raise _too_large(self) from error
        self._check_rate(groups)
        return groups

    def _groups(self) -> list[_Group]:
        from licc.schedule.solve import InfeasibleError

        whole = [list(self.transforms)]
        if self.problem.share == "role" or len(self.transforms) == 1:
            return self._each(whole)
        if self.problem.share == "auto":
            try:
                return self._each(whole, self._longest())
            except InfeasibleError:
                pass
        return self._each([[transform] for transform in self.transforms])

    def _each(self, parts: list[list[Transform]], at_most: int | None = None) -> list[_Group]:
        """A schedule for each part; those behind the first need not be faster than it is."""
        from licc.schedule.problem import chain
        from licc.schedule.solve import solve

        found: list[_Group] = []
        for part in parts:
            wanted = found[0].schedule.cycles if found else self.problem.interval
            schedule = solve(
                [chain(transform) for transform in part],
                self.problem.budget,
                wanted,
                self.problem.limits,
                self.known,
                at_most,
            )
            name = self.name if len(parts) == 1 else part[0].name
            found.append(_Group(name, tuple(part), schedule))
        return found

    def _longest(self) -> int:
        """The most cycles at which sharing the board is better than loading one after the other."""
        from licc.schedule.problem import chain
        from licc.schedule.solve import bound

        problem = self.problem
        if problem.interval:
            return problem.interval
        alone = bound([chain(self.transforms[0])], problem.budget, 0, problem.limits, self.known)
        return int(SHARING_LIMIT * alone)

    def _check_rate(self, groups: Sequence[_Group]) -> None:
        """Raise StageError where the rate that is wanted is not reached."""
        problem = self.problem
        slow = [g for g in groups if problem.interval and g.schedule.cycles > problem.interval]
        if slow:
            raise _too_fast(self, max(slow, key=lambda group: group.schedule.cycles))


def _check_roles(module: ir.Module, problem: Problem, transforms: Sequence[Transform]) -> None:
    from licc.schedule.stages import StageError

    placed = [name for members in problem.roles.values() for name in members]
    if sorted(placed) != sorted(transform.name for transform in transforms):
        raise StageError(
            module.operation,
            "expected 'lic.problem.roles' with each transform once; run lic-pose again",
        )


def _solved(problem: Problem, transforms: Sequence[Transform]) -> list[_Group]:
    """What shares the board in each role, with its schedule; nothing is written yet."""
    by_name = {transform.name: transform for transform in transforms}
    found: list[_Group] = []
    for name, members in problem.roles.items():
        found += _Role(name, problem, tuple(by_name[member] for member in members)).groups()
    return found


# --------------------------------------------------------------------------------------------------
# What cannot be
# --------------------------------------------------------------------------------------------------
def _too_fast(role: _Role, slow: _Group) -> Any:
    from licc.schedule.problem import chain
    from licc.schedule.solve import needs
    from licc.schedule.stages import StageError

    problem, schedule = role.problem, slow.schedule
    asked = problem.frames_a_second(problem.interval)
    best = problem.frames_a_second(schedule.cycles)
    most = problem.frames_a_second(schedule.bound)
    chains = [chain(transform) for transform in slow.transforms]
    missing = needs(chains, problem.budget, problem.interval, problem.limits)
    why = _why(missing, problem) or "even the widest foldings are too slow"
    return StageError(
        slow.transforms[0].function,
        f"the {_called(role.name, slow)} cannot reach {asked:.2f} frames a second on {problem.target}: {why}; "
        f"the best rate is {best:.2f} (proven: at most {most:.2f})",
    )


def _called(role: str, group: _Group) -> str:
    return role if group.name == role else f"{role} ({group.name} alone)"


def _too_large(role: _Role) -> Any:
    from licc.schedule.problem import chain
    from licc.schedule.solve import least, needs
    from licc.schedule.stages import StageError

    problem = role.problem
    parts = [role.transforms]
    if problem.share != "role":
        parts = [(transform,) for transform in role.transforms]
    why = ""
    for part in parts:
        chains = [chain(transform) for transform in part]
        why = why or _why(needs(chains, problem.budget, None, problem.limits), problem)
    if not why:
        smallest = least([chain(transform) for transform in parts[0]], problem.budget)
        why = "it needs more of several resources; the smallest foldings take " + ", ".join(
            f"{smallest[name]} {text}" for name, text in RESOURCE_NAMES.items()
        )
    return StageError(
        role.transforms[0].function,
        f"the {role.name} does not fit {problem.target} however slow: {why}; {_way_out(problem, parts)}",
    )


def _why(missing: dict[str, int], problem: Problem) -> str:
    """The resource that binds: of those that alone would have to be larger, the one that lacks least."""
    if not missing:
        return ""

    def lack(name: str) -> float:
        return missing[name] / max(getattr(problem.budget, name), 1)

    name = min(missing, key=lack)
    return (
        f"it needs at least {missing[name]} {RESOURCE_NAMES[name]}, but only "
        f"{getattr(problem.budget, name)} may be used"
    )


def _way_out(problem: Problem, parts: Sequence[Sequence[Transform]]) -> str:
    """The nearest thing that works: larger budgets, or the smallest device that fits."""
    from licc.schedule.problem import chain, usable
    from licc.schedule.solve import fits
    from licc.target.device import known, load

    target = load(problem.target)
    devices = sorted((load(name) for name in known()), key=lambda device: device.total.lut)
    larger = [target, *(d for d in devices if d.total.lut > target.total.lut)]
    for device in larger:
        budget = usable(device, min(problem.clock_mhz, device.max_clock_mhz))
        if all(fits([chain(t) for t in part], budget, problem.limits) for part in parts):
            if device is target:
                return f"all of {target.name} is enough"
            return f"{device.name} is the smallest target that is enough"
    return "no target is enough: choose more stripes, a smaller input or a smaller network"


# --------------------------------------------------------------------------------------------------
# Attributes
# --------------------------------------------------------------------------------------------------
def _write(module: ir.Module, problem: Problem, groups: Sequence[_Group]) -> None:
    from torch_mlir import ir

    from licc.schedule.problem import PROBLEM, PROCESSES, SCHEDULE, problem_attribute
    from licc.schedule.stages import CLOCK, SEPARATE, TARGET, i64
    from licc.target.device import load

    uram = load(problem.target).usable.uram > 0
    for group in groups:
        for transform, choices in zip(group.transforms, group.schedule.choices, strict=True):
            left = iter(choices)
            for stage in transform.stages:
                _annotate(stage, [next(left) for _ in stage.pieces], uram)
                if PROCESSES in stage.op.attributes:
                    del stage.op.attributes[PROCESSES]
    attributes = module.operation.attributes
    attributes[PROBLEM] = problem_attribute(problem)
    attributes[TARGET] = ir.StringAttr.get(problem.target)
    attributes[CLOCK] = i64(problem.clock_mhz)
    attributes[SCHEDULE] = ir.DictAttr.get({group.name: _summary(group) for group in groups})
    separate = [role for role in problem.roles if role not in {group.name for group in groups}]
    if separate:
        attributes[SEPARATE] = ir.ArrayAttr.get([ir.StringAttr.get(role) for role in separate])
    elif SEPARATE in attributes:
        del attributes[SEPARATE]


def _summary(group: _Group) -> Any:
    from torch_mlir import ir

    from licc.schedule.stages import i64

    schedule = group.schedule
    numbers = {
        "cycles": schedule.cycles,
        "bound": schedule.bound,
        "gap_ppm": schedule.gap_ppm,
        "use_gap_ppm": schedule.use_gap_ppm,
        **schedule.used,
    }
    names = [ir.StringAttr.get(transform.name) for transform in group.transforms]
    return ir.DictAttr.get(
        {
            **{name: i64(number) for name, number in numbers.items()},
            "optimal": ir.BoolAttr.get(schedule.optimal),
            "transforms": ir.ArrayAttr.get(names),
        }
    )


def _annotate(stage: Stage, choices: Sequence[Choice], uram: bool) -> None:
    from torch_mlir import ir

    from licc.cost.process import cost, packing
    from licc.schedule.candidates import RESOURCES
    from licc.schedule.stages import i64, write_foldings

    chosen = list(zip([piece.process for piece in stage.pieces], choices, strict=True))
    fabric = [p.kind for p, c in chosen if c.fabric]
    write_foldings(stage, {p.kind: c.folding for p, c in chosen}, choices[0].intake, fabric)
    attributes = stage.op.attributes
    first, choice = chosen[0]
    if first.kind == "conv":
        attributes["packing"] = ir.StringAttr.get(str(packing(first, choice.folding)))
    depths = [depth for choice in choices for depth in choice.depths]
    attributes["fifo_depths"] = ir.DenseI64ArrayAttr.get(depths)
    array = choice.folding if first.kind == "conv" else None
    costs = [cost(p, c.folding, c.intake, array, uram=uram, fabric=c.fabric) for p, c in chosen]
    attributes["cycles"] = i64(max(int(c.cycles) for c in costs))
    for name in RESOURCES:
        attributes[name] = i64(sum(int(getattr(c, name)) for c in costs))
