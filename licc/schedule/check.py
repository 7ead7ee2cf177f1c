# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Verifies a schedule in the IR. It shares nothing with the solver, and no formula of cycles or DSPs with licc/cost.

Loops are walked row by row: two frames of every line buffer, groups, phases and blocks of every array, the words
that come in meanwhile, drains, norms, roots, repacks and ports. Multipliers are counted again from what the
foldings instantiate. Areas (block RAM, LUTs, flip-flops) and the depths that FIFOs need come from licc/cost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import lcm, prod
from typing import Any

from torch_mlir import ir

from licc.cost import fifos, memory, streams
from licc.cost.folding import Folding
from licc.cost.geometry import ConvGeometry, Shape
from licc.cost.process import LEAST_FIFO, Process, cost
from licc.schedule.stages import (
    TARGET,
    Chosen,
    Stage,
    StageError,
    Transform,
    integer,
    read_schedule,
    read_transforms,
)
from licc.schedule.stripes import read as read_stripes
from licc.target.device import load

PROBLEM, SCHEDULE = "lic.problem", "lic.schedule"
RESOURCES = ("dsp", "bram18", "uram", "lut", "ff")
BEAT_BITS = 64


def check(module: ir.Module) -> None:
    """Verify the schedules of all functions of `module`.

    Raises:
        StageError: at the stage whose attributes contradict each other, at the function whose processes do not fit
            together, or at the module where what shares the board exceeds a budget.
    """
    limits = _limits(module)
    uram = load(_text(module, TARGET)).usable.uram > 0
    transforms = {transform.name: transform for transform in read_transforms(module)}
    for name, group in _groups(module, transforms):
        members = [transforms[member] for member in _strings(group["transforms"])]
        walked = [_walk(transform, uram) for transform in members]
        found = {r: sum(part.used[r] for part in walked) for r in RESOURCES}
        found["cycles"] = max(part.cycles for part in walked)
        _check_totals(module, name, group, found, limits)
        beats = sum(part.beats for part in walked)
        if beats > limits["ports"] * found["cycles"]:
            raise StageError(
                module.operation,
                f"'{name}': expected at most {limits['ports'] * found['cycles']} words of memory an image, "
                f"but got {beats}",
            )


def _check_totals(
    module: ir.Module,
    name: str,
    group: Mapping[str, Any],
    found: Mapping[str, int],
    limits: Mapping[str, int],
) -> None:
    for resource in RESOURCES:
        if found[resource] > limits[resource]:
            raise StageError(
                module.operation,
                f"'{name}': expected '{resource}' of at most {limits[resource]} in all, but got "
                f"{found[resource]}",
            )
    for member, value in found.items():
        got = _number(group, member)
        if got != value:
            raise StageError(
                module.operation,
                f"'{name}': expected '{member}' of {value} in '{SCHEDULE}', but got {got}",
            )
    bound = _number(group, "bound")
    if not 0 < bound <= found["cycles"]:
        raise StageError(
            module.operation,
            f"'{name}': expected 'bound' in [1, {found['cycles']}] in '{SCHEDULE}', but got {bound}",
        )


# --------------------------------------------------------------------------------------------------
# What the module says
# --------------------------------------------------------------------------------------------------
def _limits(module: ir.Module) -> dict[str, int]:
    """The budgets of the problem; of a module without one, all of the device."""
    if PROBLEM in module.operation.attributes:
        table = _table(module.operation.attributes[PROBLEM])
        return {name: _number(table, name) for name in (*RESOURCES, "ports")}
    device = load(_text(module, TARGET))
    clock = integer(module.operation, "lic.clock_mhz")
    ports = int(device.ddr_gbps * 1e9 / (BEAT_BITS / 8 * clock * 1e6))
    return {r: getattr(device.usable, r) for r in RESOURCES} | {"ports": max(ports, 1)}


def _groups(
    module: ir.Module, transforms: Mapping[str, Transform]
) -> list[tuple[str, Mapping[str, Any]]]:
    """What shares a board, by name; together they are all transforms, each once."""
    if SCHEDULE not in module.operation.attributes:
        raise StageError(
            module.operation, f"requires attribute '{SCHEDULE}'; run lic-schedule first"
        )
    table = _table(module.operation.attributes[SCHEDULE])
    groups: list[tuple[str, Mapping[str, Any]]] = [(n, _table(group)) for n, group in table.items()]
    members = [member for _, group in groups for member in _strings(group.get("transforms"))]
    if sorted(members) != sorted(transforms):
        raise StageError(
            module.operation, f"expected '{SCHEDULE}' with each of {', '.join(transforms)} once"
        )
    return groups


def _table(attribute: Any) -> dict[str, Any]:
    return {named.name: named.attr for named in ir.DictAttr(attribute)}


def _strings(attribute: Any) -> list[str]:
    return [] if attribute is None else [ir.StringAttr(a).value for a in ir.ArrayAttr(attribute)]


def _number(table: Mapping[str, Any], name: str) -> int:
    return ir.IntegerAttr(table[name]).value if name in table else 0


def _text(module: ir.Module, name: str) -> str:
    if name not in module.operation.attributes:
        raise StageError(module.operation, f"requires attribute '{name}'; run lic-schedule first")
    return ir.StringAttr(module.operation.attributes[name]).value


# --------------------------------------------------------------------------------------------------
# One transform
# --------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Walked:
    """A transform.

    Attributes:
        cycles: of an image, in the slowest of its processes, repacks and ports.
        beats: 64-bit words of its ports an image.
        used: of each resource, with FIFOs, repacks and ports.
    """

    cycles: int
    beats: int
    used: dict[str, int]


@dataclass(frozen=True)
class _Link:
    """A process in its graph: what it is, and what is in front of it (None for the port).

    Attributes:
        stage: of the process.
        chosen: what the schedule says of it.
        sources: where in the graph the processes are that it reads.
        befores: what the schedule says of these.
    """

    stage: Stage
    chosen: Chosen
    sources: tuple[int | None, ...]
    befores: tuple[Chosen | None, ...]

    @property
    def process(self) -> Process:
        return self.chosen.piece.process

    @property
    def before(self) -> Chosen | None:
        """The process that it reads, or the first one."""
        return self.befores[0]

    @property
    def lanes_in(self) -> tuple[int, ...]:
        """What comes in each stream: not what it reads where a repack lies between."""
        return tuple(self.chosen.intake if b is None else b.writes for b in self.befores)

    @property
    def read_shape(self) -> Shape:
        channels, height, width = self.process.input
        return (2 * channels if self.process.kind == "root" else channels, height, width)

    @property
    def read_bits(self) -> tuple[int, ...]:
        return (32,) if self.process.kind in ("drain", "root") else self.process.lane_bits

    @property
    def array(self) -> Folding | None:
        """Of a drain, the folding of the array in front."""
        return self.before.folding if self.process.kind == "drain" and self.before else None


def _walk(transform: Transform, uram: bool) -> _Walked:
    links = list(_links(transform))
    for stage in transform.stages:
        _check_stage(stage, [link for link in links if link.stage is stage], uram)
    first, last = links[0], links[-1]
    around = [_repack_cycles(link, lanes) for link in links for lanes in link.lanes_in]
    around += [
        _port_cycles(first.process.input, first.chosen.intake, first.process.in_bits),
        _port_cycles(last.process.output, last.chosen.writes, last.process.out_bits),
    ]
    cycles = max(*around, *(walked(link) for link in links))
    _check_fifos(transform, links, cycles)
    stripes = read_stripes(transform.function)
    frames = 1 if stripes is None else stripes.count
    beats = sum(
        -(-prod(shape) * bits // BEAT_BITS)
        for shape, bits in (
            (first.process.input, first.process.in_bits),
            (last.process.output, last.process.out_bits),
        )
    )
    return _Walked(cycles * frames, beats * frames, _used(transform, links))


def _links(transform: Transform) -> Iterator[_Link]:
    found: list[Chosen] = []
    for stage in transform.stages:
        for chosen in read_schedule(stage):
            sources = transform.sources[len(found)]
            befores = tuple(None if i is None else found[i] for i in sources)
            found.append(chosen)
            yield _Link(stage, chosen, sources, befores)


def _check_stage(stage: Stage, links: Sequence[_Link], uram: bool) -> None:
    """The predictions on a stage are those of its processes."""
    areas = [
        cost(
            link.process,
            link.chosen.folding,
            link.chosen.intake,
            link.array,
            uram=uram,
            fabric=link.chosen.fabric,
        )
        for link in links
    ]
    expected = {"cycles": max(walked(link) for link in links), "dsp": sum(map(multipliers, links))}
    for name in RESOURCES[1:]:
        expected[name] = sum(int(getattr(area, name)) for area in areas)
    for name, value in expected.items():
        got = integer(stage.op, name)
        if got != value:
            raise _wrong(stage, f"'{name}' of {value} for its folding, but got {got}")


def _wrong(stage: Stage, expected: str) -> StageError:
    return StageError(stage.op, f"layer '{stage.layer}': expected {expected}")


def _check_fifos(transform: Transform, links: Sequence[_Link], cycles: int) -> None:
    paced = [
        fifos.Paced(
            link.process,
            link.chosen.folding,
            link.chosen.intake // (2 if link.process.kind == "root" else 1),
            link.sources,
        )
        for link in links
    ]
    try:
        depths = iter(fifos.depths(paced, cycles))
    except ValueError as error:
        raise StageError(transform.function, f"the processes {error}") from error
    for link in links:
        for got, depth in zip(link.chosen.depths, depths, strict=False):
            if got < depth:
                raise _wrong(
                    link.stage,
                    f"a FIFO of at least {depth} words in front of {link.process.name}, but got {got}",
                )


def _used(transform: Transform, links: Sequence[_Link]) -> dict[str, int]:
    total = {name: sum(integer(stage.op, name) for stage in transform.stages) for name in RESOURCES}

    def add(bram18: Any, lut: Any, ff: Any) -> None:
        for name, value in (("bram18", bram18), ("lut", lut), ("ff", ff)):
            total[name] += int(value)

    def add_port(shape: Shape, lanes: int, bits: int) -> None:
        port = streams.port(shape[1] * shape[2], shape[0], lanes, bits)
        add(port.bram18, port.lut, port.ff)

    for link in links:
        reads, (channels, height, width) = link.chosen.intake, link.read_shape
        ways = zip(link.lanes_in, link.read_bits, link.chosen.depths, strict=True)
        for lanes_in, bits, depth in ways:
            add(*streams.fifo(depth, reads * bits))
            if lanes_in != reads:
                repack = streams.repack(channels, height * width, lanes_in, reads, bits)
                add(repack.bram18, repack.lut, repack.ff)
                add(*streams.fifo(LEAST_FIFO, lanes_in * bits))
    first, last = links[0], links[-1]
    add_port(first.process.input, first.chosen.intake, first.process.in_bits)
    add_port(last.process.output, last.chosen.writes, last.process.out_bits)
    add(*streams.fifo(LEAST_FIFO, last.chosen.writes * last.process.out_bits))
    return total


# --------------------------------------------------------------------------------------------------
# Cycles, by walking the loops
# --------------------------------------------------------------------------------------------------
def walked(link: _Link) -> int:
    """Cycles of a process for one frame between others."""
    process, folding = link.process, link.chosen.folding
    channels, height, width = process.output
    if process.kind == "conv":
        return _walk_rows(link)
    if process.kind == "drain":
        return _walk_groups(link)
    if process.kind == "norm":
        products = _count(channels, folding.oc) * _count(channels, folding.ic)
        return height * width * max(products, _count(channels, link.chosen.intake))
    return _words(process.output, folding.oc)


def _count(extent: int, size: int) -> int:
    """Turns of a loop over `extent` in steps of `size`."""
    return len(range(0, extent, size))


def _words(shape: Shape, lanes: int) -> int:
    """Words of a frame; with more lanes than channels, a word is several pixels of a row."""
    channels, height, width = shape
    together = max(lanes // channels, 1)
    return height * _count(width, together) * _count(channels, lanes)


def _walk_rows(link: _Link) -> int:
    """Two frames of a convolution: its line buffer, and the cycles of the first from row 0 to its last row.

    While an output row is computed, what the next one needs is read; during the last row, what is left of the
    frame and the first rows of the next.
    """
    process, folding = link.process, link.chosen.folding
    geometry = process.geometry
    assert geometry is not None
    _check_banks(link, geometry)
    lines = _Lines(link, process.rows)
    channels, height, width = geometry.input
    taken, wanted = _words((channels, 1, width), link.chosen.intake), _wanted(geometry)
    steps = [_row_steps(geometry, folding, phase) for phase in range(geometry.upsample)]
    lines.read(wanted[0], frozenset())
    cycles = 0
    for frame in (0, 1):
        for row in range(geometry.output[1]):
            busy = frozenset(frame * height + y for y in _tap_rows(geometry, row))
            lines.need(busy)
            end = height + (wanted[0] if frame == 0 else 0)
            end = wanted[row + 1] if row + 1 < len(wanted) else end
            read = lines.read(frame * height + end, busy)
            cycles += max(steps[row % geometry.upsample], read * taken) if frame == 0 else 0
    return cycles


def _tap_rows(geometry: ConvGeometry, row: int) -> Iterator[int]:
    """Input rows that the taps of an output row lie on."""
    base, phase = divmod(row, geometry.upsample)
    taps = geometry.rows[phase]
    for tap in range(taps.count):
        y = base * geometry.stride + taps.first + tap
        if 0 <= y < geometry.input[1]:
            yield y


def _wanted(geometry: ConvGeometry) -> list[int]:
    """Input rows of a frame that are there before each output row: all up to its last one."""
    wanted, there = list[int](), 0
    for row in range(geometry.output[1]):
        there = max([there, *(y + 1 for y in _tap_rows(geometry, row))])
        wanted.append(there)
    return wanted


def _row_steps(geometry: ConvGeometry, folding: Folding, phase: int) -> int:
    """Groups of positions, in each the column phases, in each the blocks of outputs, in each the taps."""
    positions = _count(geometry.output[2], geometry.upsample)
    steps = 0
    for columns in geometry.columns:
        block = _count(geometry.rows[phase].count, folding.kh) * _count(columns.count, folding.kw)
        steps += block * _count(geometry.input[0], folding.ic)
    return _count(positions, folding.px) * _count(geometry.output[0], folding.oc) * steps


class _Lines:
    """A line buffer: rows counted through all frames, row y in slot y mod `rows`."""

    def __init__(self, link: _Link, rows: int) -> None:
        self.link, self.rows = link, rows
        self.slots: dict[int, int] = {}
        self.there = 0

    def read(self, end: int, busy: frozenset[int]) -> int:
        """Take in all rows before `end` while those in `busy` are read; how many they are."""
        count = max(end - self.there, 0)
        for row in range(self.there, self.there + count):
            slot = row % self.rows
            if self.slots.get(slot) in busy:
                raise self._wrong(f"row {self.slots[slot]} is overwritten while it is read")
            self.slots[slot] = row
        self.there += count
        return count

    def need(self, rows: frozenset[int]) -> None:
        """All of them have to be there."""
        for row in sorted(rows):
            if self.slots.get(row % self.rows) != row:
                raise self._wrong(f"row {row} is not there when it is needed")

    def _wrong(self, what: str) -> StageError:
        return _wrong(
            self.link.stage,
            f"line buffer rows that hold what {self.link.process.name} needs, but with {self.rows}, {what}",
        )


def _check_banks(link: _Link, geometry: ConvGeometry) -> None:
    """All columns of a step, and all that one word brings, lie in banks of their own; they hold all rows."""
    process, folding = link.process, link.chosen.folding
    channels, _, width = geometry.input
    lines, banks, depth = (
        int(number) for number in memory.banks(geometry, folding, process.rows, link.chosen.intake)
    )
    together = max(link.chosen.intake // channels, 1)
    columns = {p * geometry.stride + t for p in range(folding.px) for t in range(folding.kw)}
    held = lines * banks * depth * folding.ic >= process.rows * width * channels
    aligned = banks % lcm(folding.px * geometry.stride, together) == 0
    if len({c % banks for c in columns}) < len(columns) or not held or not aligned:
        raise _wrong(
            link.stage, f"banks for all columns that {process.name} reads at once, but got {banks}"
        )
    if folding.kh > 1 and lines < folding.kh:
        raise _wrong(link.stage, f"{folding.kh} banks of rows for {process.name}, but got {lines}")


def _walk_groups(link: _Link) -> int:
    """A drain: a group of positions comes in while the one before leaves; the longer of the two, each time."""
    array, lanes = link.array, link.chosen.folding.oc
    geometry = link.process.geometry
    assert geometry is not None
    assert array is not None
    channels, height, width = geometry.output
    taken = geometry.upsample * _count(channels, array.oc)
    given = _words((channels, 1, array.px * geometry.upsample), lanes)
    groups = _count(_count(width, geometry.upsample), array.px)
    return sum(groups * max(taken, given) for _ in range(height))


def _repack_cycles(link: _Link, lanes_in: int) -> int:
    """A word in while fewer lanes are held than leave together, a word out when it is whole; 0 without one."""
    if lanes_in == link.chosen.intake:
        return 0
    channels, height, width = link.read_shape
    if max(lanes_in, link.chosen.intake) > channels:
        raise _wrong(
            link.stage,
            f"words of {lanes_in} lanes in front of {link.process.name} that need no repack, but it reads "
            f"{link.chosen.intake}",
        )
    come, held, gone, cycles = 0, 0, 0, 0
    while gone < channels:
        cycles += 1
        if come < channels and held < link.chosen.intake:
            come += lanes_in
            held += lanes_in
        if held >= link.chosen.intake or come >= channels:
            gone += link.chosen.intake
            held = max(held - link.chosen.intake, 0)
    return height * width * cycles


def _port_cycles(shape: Shape, lanes: int, bits: int) -> int:
    """A 64-bit beat a cycle, a whole number of them for each word."""
    return _words(shape, lanes) * _count(lanes * bits, BEAT_BITS)


# --------------------------------------------------------------------------------------------------
# Multipliers
# --------------------------------------------------------------------------------------------------
def multipliers(link: _Link) -> int:
    """DSP slices of a process: one for each product that it computes in a cycle, packed ones together."""
    process, folding = link.process, link.chosen.folding
    if process.kind == "conv":
        products = folding.px * folding.oc * folding.kh * folding.kw * folding.ic
        packing = ir.StringAttr(link.stage.op.attributes["packing"]).value
        if packing == "single":
            return products * _slices(process.significant_bits, process.weight_bits)
        return products // (4 if packing == "quad" else 2)
    if process.kind == "norm":
        squared = process.form == "rsqrt" and not link.chosen.fabric
        squares = link.chosen.intake * _slices(13, 13) if squared else 0
        return folding.oc * folding.ic * _slices(18, 27) + squares
    if link.chosen.fabric:
        return 0
    lanes = folding.oc
    slices = 0
    for unit in process.units:
        if unit.kind in ("requantizer", "leaky_relu", "add"):
            slices += lanes * _slices(unit.bits, 18)
        if unit.kind == "add":
            slices += lanes * _slices(32, 18)
        if unit.kind == "join":
            slices += 2 * lanes * _slices(unit.bits, 18)
    return slices + (lanes * _root_slices(process) if process.kind == "root" else 0)


def _root_slices(process: Process) -> int:
    """Of a lane: the Newton step of its root, and the two products that scale by it."""
    if process.form == "rsqrt":
        widths = [(18, 18), (19, 18), (18, 19), *([(19, 18)] if process.inverse else [])]
    else:
        widths = [] if process.inverse else [(18, 18), (18, 19)]
    return sum(_slices(a, b) for a, b in [*widths, (13, 19), (32, 18)])


def _slices(a: int, b: int) -> int:
    """Slices of a product of two signed numbers: parts of 26 and 17 bits, whichever way round is less."""

    def parts(bits: int, port: int) -> int:
        return max(_count(bits - 1, port - 1), 1)

    return min(parts(a, 27) * parts(b, 18), parts(a, 18) * parts(b, 27))
