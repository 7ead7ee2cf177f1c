# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""report.html: one file with its drawings and its style inside, from `templates/`.

A number reaches the template as a `Figure`, as a cell of a `Column` or inside a drawing whose caption has
a tag: each of them carries its origin, and the template shows it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import jinja2
from markupsafe import Markup

from licc import __version__
from licc.report import dpu, roofline, spans, svg
from licc.report.data import (
    DesignFacts,
    ProcessFacts,
    Report,
    RoleFacts,
    SimulatedDesign,
)

ORIGINS = {
    "predicted": "by the schedule and the cost model of licc; nothing was run",
    "simulated": "in the timed simulation of the emitted C++, cycle by cycle; not on hardware",
    "calibrated": "float against integer on the calibration images, in licc's interpreter",
    "model": "what something else would do, from the formula that stands beside it",
    "given": "by the data sheet of the device, the checkpoint or a publication",
}
RESOURCES = {"dsp": "DSP", "bram18": "BRAM18", "uram": "URAM", "lut": "LUT", "ff": "FF"}
# What the FIFOs of the ports hold in front of the first process.
_PORT_KINDS = ("_load", "_unpack", "_pack", "_store")


@dataclass(frozen=True)
class Figure:
    """A number with its origin, a key of `ORIGINS`."""

    text: str
    unit: str
    origin: str


@dataclass(frozen=True)
class Column:
    """Of a table; `origin` is that of all its cells, or "" where they are no results."""

    title: str
    origin: str = ""
    text: bool = False


@dataclass(frozen=True)
class Table:
    """Cells by row, as many as there are columns; `total` is a last row."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str | Markup, ...], ...]
    total: tuple[str | Markup, ...] = ()


def page(report: Report) -> str:
    """The whole file."""
    template = _environment().get_template("report.html.j2")
    return template.render(
        report=report,
        version=__version__,
        title=report.checkpoint or "codec",
        facts=_facts(report),
        origins=ORIGINS,
        tiles=[_tile(report, role) for role in report.roles],
        resources=[_resources(report, role) for role in report.roles],
        designs=[_design(report, design) for design in report.designs],
        rooflines=list(_rooflines(report)),
        schedule=_schedule(report),
        comparison=_comparison(report),
        precision=_precision(report),
        quality=_quality(report),
        simulated=report.simulated is not None,
    )


@functools.cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("licc.report"),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


# --------------------------------------------------------------------------------------------------
# Numbers
# --------------------------------------------------------------------------------------------------
def _count(value: float) -> str:
    return f"{value:,.0f}"


def _fps(value: float) -> str:
    return f"{value:,.1f}"


def _x(numbers: Sequence[int]) -> str:
    return " × ".join(map(str, numbers))


def _macs(count: int) -> str:
    return f"{count / 1e9:,.2f} GMAC" if count >= 1e8 else f"{count / 1e6:,.2f} MMAC"


def _ms(cycles: float, clock_mhz: int) -> str:
    return f"{cycles / clock_mhz / 1e3:,.2f}"


def deviation(simulated: float, predicted: float) -> str:
    """How far a simulation is above the prediction, in per cent."""
    if not predicted:
        return ""
    return f"{(simulated - predicted) / predicted:+.2%}".replace("%", " %").replace("-", "−")


# --------------------------------------------------------------------------------------------------
# Headline
# --------------------------------------------------------------------------------------------------
def _facts(report: Report) -> list[tuple[str, str]]:
    facts = [
        ("Network", ", ".join(filter(None, (report.architecture, _widths(report)))) or "not named"),
        ("Device", report.device_title),
        ("Clock", f"{report.clock_mhz} MHz"),
    ]
    if report.input:
        padded = report.padded and report.padded != report.input
        note = f", padded to {_x(report.padded)} by the host" if padded else ""
        facts.append(("Image", f"{_x(report.input)} (height × width){note}"))
    if report.policy:
        facts.append(("Precision", report.policy))
    stripes = max(design.stripes for design in report.designs)
    if stripes > 1:
        facts.append(("Stripes", f"{stripes} an image, each a frame of the accelerator"))
    return facts


def _widths(report: Report) -> str:
    """N and M of the codec, as far as its main transforms show them."""
    for name, outer, inner in (("g_a", "output", 0), ("g_s", "input", -1)):
        found = [design for design in report.designs if design.name == name]
        if not found:
            continue
        convolutions = [p for p in found[0].processes if p.kind == "conv"]
        if convolutions:
            shape = convolutions[inner].output if inner == 0 else convolutions[inner].input
            return f"N = {shape[0]}, M = {getattr(found[0], outer)[0]}"
    return ""


def _tile(report: Report, role: RoleFacts) -> dict[str, Any]:
    rate = report.simulated_role_fps(role)
    runs = [report.run(name) for name in role.designs]
    latency = sum(run.latency for run in runs if run)
    return {
        "name": role.name,
        "designs": " + ".join(role.designs),
        "predicted": Figure(_fps(role.fps), "images/s", "predicted"),
        "simulated": None if rate is None else Figure(_fps(rate), "images/s", "simulated"),
        "deviation": None
        if rate is None
        else Figure(deviation(rate, role.fps), "against the prediction", "simulated"),
        "latency": None
        if rate is None
        else Figure(_ms(latency, report.clock_mhz), "ms of latency in all", "simulated"),
        "bound": role.bound,
    }


# --------------------------------------------------------------------------------------------------
# Resources
# --------------------------------------------------------------------------------------------------
def _resources(report: Report, role: RoleFacts) -> dict[str, Any]:
    return {
        "name": role.name,
        "legend": [(f"c{i}", name) for i, name in enumerate(role.designs)],
        "bars": [_bar(report, role, name) for name in RESOURCES],
    }


def _bar(report: Report, role: RoleFacts, name: str) -> dict[str, Any]:
    total, usable = getattr(report.total, name), getattr(report.usable, name)
    used = getattr(role, name)
    note = ""
    if not total:
        note = "the part has none"
    elif name in ("lut", "ff") and not used:
        note = "not modelled"
    parts: list[tuple[float, float, str]] = []
    at = 0.0
    for i, design in enumerate(role.designs):
        share = getattr(report.design(design), name) / max(total, 1)
        parts.append((at, share, f"c{i}"))
        at += share
    budget = usable / max(total, 1)
    label = f"{RESOURCES[name]}: {used:,} of {total:,}, budget {usable:,}"
    return {
        "name": RESOURCES[name],
        "note": note,
        "used": _count(used),
        "share": f"{used / usable:.0%}" if usable else "",
        "usable": _count(usable),
        "total": _count(total),
        "over": used > usable,
        "strip": svg.strip(parts, [budget], 14, label) if total else Markup(),
    }


# --------------------------------------------------------------------------------------------------
# Designs
# --------------------------------------------------------------------------------------------------
def _design(report: Report, design: DesignFacts) -> dict[str, Any]:
    run = report.run(design.name)
    return {
        "name": design.name,
        "top": design.top,
        "shapes": f"{_x(design.input)} → {_x(design.output)}",
        "figures": list(_design_figures(report, design, run)),
        "bound": design.bound,
        "pipeline": _pipeline(design, run),
        "source": _port_text(design.source.element, design.source.lanes, design.source.name),
        "sink": _port_text(design.sink.element, design.sink.lanes, design.sink.name),
        "gantts": list(_gantts(report, design, run)),
        "layers": _layer_table(report, design),
        "cycles": _cycle_table(design, run),
        "fifos": _fifo_table(design, run),
    }


def _design_figures(
    report: Report, design: DesignFacts, run: SimulatedDesign | None
) -> Iterator[tuple[str, list[Figure]]]:
    rates = [Figure(_count(design.cycles), "", "predicted")]
    fps = [Figure(_fps(design.fps), "images/s", "predicted")]
    if run is not None:
        change = deviation(run.interval, design.cycles)
        rates.append(Figure(f"{_count(run.interval)} ({change})", "", "simulated"))
        simulated = report.simulated_fps(design.name)
        assert simulated is not None
        fps.append(Figure(_fps(simulated), "images/s", "simulated"))
    yield "cycles a frame", rates
    yield "rate", fps
    if run is not None:
        milliseconds = _ms(run.latency, report.clock_mhz)
        latency = Figure(_count(run.latency), f"cycles, {milliseconds} ms", "simulated")
        yield "latency of a frame into the empty pipeline", [latency]
        if run.fifo_caused is not None:
            yield "lost to FIFOs", [Figure(_count(run.fifo_caused), "cycles a frame", "simulated")]
    efficiency = Figure(f"{design.efficiency:.2f}", "useful MAC/cycle/DSP", "predicted")
    yield f"of {_macs(design.macs)} a frame", [efficiency]
    moved = (design.source.bytes + design.sink.bytes) * design.stripes * design.fps / 1e9
    of = f"GB/s of {report.ddr_gbps:g} at that rate"
    yield "DDR", [Figure(f"{moved:,.2f}", of, "predicted")]
    yield "parameters", [Figure(f"{design.parameters / 1e3:,.0f}", "kB on chip", "predicted")]


def _port_text(element: str, lanes: int, name: str) -> str:
    return f"{name}: {lanes} × {element}"


def _folding(process: ProcessFacts) -> list[tuple[str, int]]:
    """What of an array works in a cycle, by name; nothing for a process without one."""
    if process.folding is None:
        return []
    oc, ic, kh, kw, px = process.folding
    if process.kind == "norm":
        return [("oc", oc), ("ic", ic)]
    return [("px", px), ("oc", oc), ("ic", ic), ("kh", kh), ("kw", kw)]


def _pipeline(design: DesignFacts, run: SimulatedDesign | None) -> list[dict[str, Any]]:
    """The layers in order, each with its processes in order."""
    runs = {p.name: p for p in run.processes} if run else {}
    layers: list[dict[str, Any]] = []
    for layer, group in groupby(design.processes, key=lambda process: process.layer):
        processes = list(group)
        boxes: list[dict[str, Any]] = []
        for process in processes:
            found = runs.get(process.name)
            strip = svg.strip([(0, process.share, "predicted")], label=f"{process.share:.0%}")
            simulated = (
                svg.strip([(0, found.busy / run.interval, "simulated")], label="busy")
                if found and run
                else None
            )
            boxes.append(
                {
                    "name": process.name,
                    "kind": process.kind,
                    "work": process.work,
                    "stream": f"{process.lanes[0]} × {process.in_type}",
                    "depth": process.fifo_depth,
                    "folding": _folding(process),
                    "lanes": process.lanes[1],
                    "packing": process.packing,
                    "dsp": process.dsp,
                    "cycles": _count(process.cycles),
                    "strip": strip,
                    "simulated": simulated,
                }
            )
        shape = _x(processes[-1].output)
        layers.append({"name": layer, "shape": shape, "boxes": boxes})
    return layers


def _gantts(
    report: Report, design: DesignFacts, run: SimulatedDesign | None
) -> Iterator[dict[str, Any]]:
    if run is not None:
        yield _gantt(report, spans.simulated(run), "simulated")
    else:
        yield _gantt(report, spans.predicted(design), "predicted")


def _gantt(report: Report, rows: Sequence[spans.Span], origin: str) -> dict[str, Any]:
    scale = max([row.end for row in rows], default=1.0) or 1.0
    grid = svg.ticks(scale)
    return {
        "origin": origin,
        "rows": [
            {
                "name": row.name,
                "bar": svg.gantt(
                    (row.start, row.end, row.busy),
                    row.others,
                    scale,
                    grid,
                    f"{row.name}: cycle {row.start:,.0f} to {row.end:,.0f}",
                ),
                "busy": f"{row.busy / max(row.end - row.start, 1):.0%}",
            }
            for row in rows
        ],
        "axis": [(f"{x / scale * 100:.2f}", _short_cycles(x)) for x in grid],
        "milliseconds": _ms(scale, report.clock_mhz),
    }


def _short_cycles(cycles: float) -> str:
    if cycles >= 1e6:
        return f"{cycles / 1e6:g} M"
    return f"{cycles / 1e3:g} k" if cycles >= 1e3 else f"{cycles:g}"


def _layer_table(report: Report, design: DesignFacts) -> Table:
    modelled = any(d.lut or d.ff for d in report.designs)
    shown = {
        name: title
        for name, title in RESOURCES.items()
        if getattr(report.total, name) and (modelled or name not in ("lut", "ff"))
    }
    columns = (
        Column("process", text=True),
        Column("work", text=True),
        Column("output", text=True),
        Column("types", text=True),
        Column("MMAC"),
        Column("oc ic kh kw px", text=True),
        Column("lanes", text=True),
        Column("packing", text=True),
        *(Column(title, "predicted") for title in shown.values()),
        Column("kB"),
    )
    rows = tuple(
        (
            process.name,
            process.work,
            _x(process.output),
            f"{process.in_type} → {process.out_type}",
            f"{process.macs / 1e6:,.1f}" if process.macs else "",
            " ".join(map(str, process.folding)) if process.folding else "",
            f"{process.lanes[0]} → {process.lanes[1]}",
            process.packing,
            *(_count(getattr(process, name)) for name in shown),
            f"{process.parameters / 1e3:,.1f}" if process.parameters else "",
        )
        for process in design.processes
    )
    between = tuple(_count(getattr(design.streams, name)) for name in shown)
    rows = (*rows, ("FIFOs and ports", *[""] * 7, *between, ""))
    sums = tuple(_count(getattr(design, name)) for name in shown)
    kilobytes = f"{design.parameters / 1e3:,.1f}"
    total = ("total", "", "", "", f"{design.macs / 1e6:,.1f}", "", "", "", *sums, kilobytes)
    return Table(columns, rows, total)


def _cycle_table(design: DesignFacts, run: SimulatedDesign | None) -> Table:
    columns = [
        Column("process", text=True),
        Column("cycles", "predicted"),
        Column("of the slowest", "predicted"),
    ]
    if run is not None:
        columns += [
            Column("busy", "simulated"),
            Column("deviation", "simulated"),
            Column("input empty", "simulated"),
            Column("output full", "simulated"),
        ]
    rows: list[tuple[str, ...]] = []
    for name, cycles in _rates(design, run):
        row = [name, _count(cycles), f"{cycles / design.cycles:.0%}"]
        found = next((p for p in run.processes if p.name == name), None) if run else None
        if found is not None:
            row += [
                _count(found.busy),
                deviation(found.busy, cycles),
                _count(found.stalled_on_empty),
                _count(found.stalled_on_full),
            ]
        elif run is not None:
            row += [""] * 4
        rows.append(tuple(row))
    total: tuple[str, ...] = ("cycles a frame", _count(design.cycles), "")
    if run is not None:
        change = deviation(run.interval, design.cycles)
        total = (*total, _count(run.interval), change, "", "")
    return Table(tuple(columns), tuple(rows), total)


def _rates(design: DesignFacts, run: SimulatedDesign | None) -> Iterator[tuple[str, int]]:
    """Processes and ports in order, with predicted cycles."""
    processes = {process.name: process.cycles for process in design.processes}
    if run is None:
        yield design.source.name, design.source.cycles
        yield from processes.items()
        yield design.sink.name, design.sink.cycles
        return
    for found in run.processes:  # the ports are several processes there
        yield found.name, processes.get(found.name, found.predicted)


def _fifo_table(design: DesignFacts, run: SimulatedDesign | None) -> Table:
    depths = {
        name: depth
        for process in design.processes
        for name, depth in (
            (process.reads, process.fifo_depth),
            (process.other_reads, process.other_depth),
        )
        if name
    }
    depths[f"{design.processes[-1].name}_stream"] = design.sink_depth
    columns = [Column("FIFO", text=True), Column("depth", "predicted")]
    if run is None:
        return Table(tuple(columns), tuple((name, _count(n)) for name, n in depths.items()))
    columns += [
        Column("most held", "simulated"),
        Column("of the depth", "simulated", text=True),
        Column("reader waited", "simulated"),
        Column("writer waited", "simulated"),
    ]
    rows = tuple(
        (
            fifo.name,
            _count(fifo.depth),
            _count(fifo.high_water),
            svg.strip(
                [(0, fifo.high_water / max(fifo.depth, 1), _water(fifo.high_water, fifo.depth))],
                label=f"{fifo.name}: {fifo.high_water:,} of {fifo.depth:,}",
            ),
            _count(fifo.reader_waited),
            _count(fifo.writer_waited),
        )
        for fifo in run.fifos
    )
    return Table(tuple(columns), rows)


def _water(high: int, depth: int) -> str:
    return "full" if high >= depth else "simulated"


# --------------------------------------------------------------------------------------------------
# Schedule, roofline, comparison, quality
# --------------------------------------------------------------------------------------------------
def _rooflines(report: Report) -> Iterator[dict[str, Any]]:
    for role in report.roles:
        ddr, weights = roofline.ddr_chart(report, role), roofline.weight_chart(report, role)
        if ddr:
            yield {
                "name": role.name,
                "legend": [(f"c{i}", name) for i, name in enumerate(role.designs)],
                "ddr": ddr,
                "weights": weights,
            }


def _schedule(report: Report) -> Table | None:
    if not report.schedules:
        return None
    columns = (
        Column("for", text=True),
        Column("cycles a frame T", "predicted"),
        Column("no schedule takes fewer than", "predicted"),
        Column("gap at most", "predicted"),
        Column("", text=True),
    )
    rows = tuple(
        (
            entry.role,
            _count(entry.cycles),
            _count(entry.bound),
            f"{entry.gap_ppm / 1e4:.2f} %",
            "optimal in the model" if entry.optimal else "not proven optimal",
        )
        for entry in report.schedules
    )
    return Table(columns, rows)


@dataclass(frozen=True)
class _Comparison:
    machine: dpu.Dpu
    table: Table
    formulas: list[str] = field(default_factory=list[str])
    other_board: bool = False
    gdn: bool = False


def _comparison(report: Report) -> _Comparison | None:
    machine = dpu.load()
    compared = list(dpu.compare(report, machine))
    if not compared:
        return None
    roles = {role.name: role for role in report.roles}
    simulated = {entry.role: report.simulated_role_fps(roles[entry.role]) for entry in compared}
    columns = [
        Column("", text=True),
        Column("GMAC of convolutions"),
        Column("GMAC of GDN"),
        Column("licc, images/s", "predicted"),
        *([Column("licc, images/s", "simulated")] if report.simulated else []),
        Column(f"{machine.title}, sustained, without GDN", "model"),
        Column("at its peak, without GDN", "model"),
    ]
    rows: list[tuple[str, ...]] = []
    for entry in compared:
        rate = simulated[entry.role]
        rows.append(
            (
                f"{entry.role}: {' + '.join(entry.designs)}",
                f"{entry.macs / 1e9:,.2f}",
                f"{entry.gdn / 1e9:,.2f}",
                _fps(roles[entry.role].fps),
                *([_fps(rate) if rate is not None else ""] if report.simulated else []),
                _fps(entry.sustained),
                _fps(entry.peak),
            )
        )
    formulas = [
        f"{entry.role}: {machine.cores} cores × {machine.sustained_tops} TOPS ÷ "
        f"(2 × {entry.macs / 1e9:,.3f} GMAC) = {_fps(entry.sustained)} images/s"
        for entry in compared
    ]
    gdn = any(entry.gdn for entry in compared)
    other_board = machine.board != report.device
    return _Comparison(machine, Table(tuple(columns), tuple(rows)), formulas, other_board, gdn)


def _precision(report: Report) -> Table | None:
    """The layers, as they are sorted: the worst first."""
    if not report.layers:
        return None
    columns = (
        Column("layer", text=True),
        Column("op", text=True),
        Column("bits of weights"),
        Column("bits of what it reads"),
        Column("signal to noise (dB)", "calibrated"),
    )
    rows = tuple(
        (
            layer.layer,
            layer.work,
            str(layer.weights or ""),
            str(layer.reads),
            "" if layer.sqnr is None else f"{layer.sqnr:.1f}".replace("-", "−"),
        )
        for layer in report.layers
    )
    return Table(columns, rows)


def _quality(report: Report) -> Table | None:
    if not report.quality:
        return None
    columns = (
        Column("images", text=True),
        Column("model", text=True),
        Column("bpp", "given"),
        Column("PSNR (dB)", "given"),
    )
    rows = tuple((q.images, q.model, f"{q.bpp:.3f}", f"{q.psnr:.2f}") for q in report.quality)
    return Table(columns, rows)
