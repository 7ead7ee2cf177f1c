# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""report.txt: the facts as tables of plain text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from licc.report.data import DesignFacts, ProcessFacts, Report, SimulatedDesign

_COLUMNS = (
    "process",
    "work",
    "output",
    "types",
    "MMAC",
    "oc x ic x kh x kw x px",
    "packing",
    "DSP",
    "BRAM18",
    "LUT",
    "FF",
    "cycles",
    "of slowest",
    "FIFO",
)
# Text reads from the left, numbers from the right.
_LEFT = frozenset(
    ("process", "work", "output", "types", "oc x ic x kh x kw x px", "packing", "role", "op")
)


def render(report: Report) -> str:
    """The whole file."""
    return "\n".join(line.rstrip() for line in _lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"licc report: {report.checkpoint or 'codec'} {f'({report.architecture})' if report.architecture else ''}"
    yield f"target {report.device}: {report.device_title}, {report.clock_mhz} MHz"
    if report.input:
        yield f"input {_x(report.input)}{_padding(report)}"
    but = ", except for those in the tables marked 'simulated'" if report.simulated else ""
    yield f"All numbers are {report.predicted}{but}."
    if report.simulated:
        yield f"simulated: {report.simulated.label}"
    yield ""
    yield from _summary(report)
    yield from _schedules(report)
    for design in report.designs:
        yield ""
        yield from _design(design)
        run = report.run(design.name)
        if run is not None:
            yield from _simulated(report, design, run)
    yield from _precision(report)
    yield ""
    yield "checked:"
    yield from (f"  - {claim.what}: {claim.how}" for claim in report.checked)
    yield "not checked:"
    yield from (f"  - {line}" for line in report.not_checked)


def _padding(report: Report) -> str:
    if not report.padded or report.padded == report.input:
        return ", no padding"
    return f", padded to {_x(report.padded)} (bottom and right, by the host)"


def _summary(report: Report) -> Iterator[str]:
    simulated = ("simulated FPS",) if report.simulated else ()
    head = ("role", "DSP", "of usable", "BRAM18", "of usable", "LUT", "of usable", "predicted FPS")
    rows: list[tuple[str, ...]] = [(*head, *simulated, "bound by")]
    usable = report.usable
    for role in report.roles:
        rate = report.simulated_role_fps(role)
        rows.append(
            (
                f"{role.name}: {' + '.join(role.designs)}",
                *_used(role.dsp, usable.dsp),
                *_used(role.bram18, usable.bram18),
                *_used(role.lut, usable.lut),
                f"{role.fps:.1f}",
                *(("" if rate is None else f"{rate:.1f}",) if simulated else ()),
                role.bound,
            )
        )
    yield from _table(rows)
    if len(report.roles) > len({role.name.partition(" ")[0] for role in report.roles}):
        yield "Designs marked alone do not share the device: they are loaded one after the other."


def _used(count: int, usable: int) -> tuple[str, str]:
    return f"{count:,}", f"{count / usable:.0%}" if usable else ""


def _schedules(report: Report) -> Iterator[str]:
    for entry in report.schedules:
        state = "optimal in the model" if entry.optimal else "not proven optimal"
        yield (
            f"schedule of {entry.role}: {entry.cycles:,} cycles a frame, no schedule takes fewer than "
            f"{entry.bound:,}, gap at most {entry.gap_ppm / 1e4:.2f} %, {state}"
        )


def _design(design: DesignFacts) -> Iterator[str]:
    stripes = f", {design.stripes} stripes an image" if design.stripes > 1 else ""
    yield (
        f"{design.name} ({design.top}): {_x(design.input)} -> {_x(design.output)}, "
        f"{design.macs / 1e9:.2f} GMAC, {design.parameters / 1e3:,.0f} kB of parameters{stripes}"
    )
    rate = design.macs * design.stripes * design.fps / 1e9
    yield (
        f"{design.cycles:,} cycles a frame, {design.fps:.1f} FPS ({rate:,.0f} "
        f"GMAC/s), {design.efficiency:.2f} useful MAC/cycle/DSP; bound by {design.bound}"
    )
    yield from _table([_COLUMNS, *(_row(process) for process in design.processes)])
    between = design.streams
    yield (f"  FIFOs and ports: BRAM18 {between.bram18:,}, LUT {between.lut:,}, FF {between.ff:,}")
    total = [f"DSP {design.dsp:,}", f"BRAM18 {design.bram18:,}", f"URAM {design.uram:,}"]
    yield from _table([("total", *total, f"LUT {design.lut:,}", f"FF {design.ff:,}")])


def _precision(report: Report) -> Iterator[str]:
    """The layers, as they are sorted: the worst first."""
    if not report.layers:
        return
    yield ""
    measured = any(layer.sqnr is not None for layer in report.layers)
    yield f"precision{f' ({report.policy})' if report.policy else ''}: " + (
        "signal to quantization noise on the calibration images, worst first"
        if measured
        else "bits by layer; without calibration images, no noise is measured"
    )
    head = ("layer", "op", "bits of weights", "bits of what it reads", "SQNR dB")
    rows = [
        (
            layer.layer,
            layer.work,
            str(layer.weights or ""),
            str(layer.reads),
            "" if layer.sqnr is None else f"{layer.sqnr:.1f}",
        )
        for layer in report.layers
    ]
    yield from _table([head, *rows])


def _row(process: ProcessFacts) -> tuple[str, ...]:
    folding = process.folding
    return (
        process.name,
        process.work,
        _x(process.output),
        f"{process.in_type}->{process.out_type}",
        f"{process.macs / 1e6:,.1f}" if process.macs else "",
        " x ".join(map(str, folding))
        if folding
        else f"{process.lanes[0]} -> {process.lanes[1]} lanes",
        process.packing,
        f"{process.dsp:,}",
        f"{process.bram18:,}",
        f"{process.lut:,}",
        f"{process.ff:,}",
        f"{process.cycles:,}",
        f"{process.share:.0%}",
        f"{process.fifo_depth:,}",
    )


def _simulated(report: Report, design: DesignFacts, run: SimulatedDesign) -> Iterator[str]:
    rate = report.simulated_fps(design.name) or 0.0
    yield (
        f"simulated: {run.interval:,} cycles a frame ({_percent(run.interval, design.cycles)}), "
        f"{rate:.1f} FPS, latency {run.latency:,} cycles"
    )
    if run.fifo_caused is not None:
        yield f"simulated: {run.fifo_caused:,} cycles a frame are lost to FIFOs"
    head = ("process", "predicted", "simulated busy", "deviation", "input empty", "output full")
    rows = [
        (
            process.name,
            f"{process.predicted:,}",
            f"{process.busy:,}",
            _percent(process.busy, process.predicted),
            f"{process.stalled_on_empty:,}",
            f"{process.stalled_on_full:,}",
        )
        for process in run.processes
    ]
    yield from _table([head, *rows])
    fifos = [(f.name, f"{f.depth:,}", f"{f.high_water:,}") for f in run.fifos]
    yield from _table([("FIFO", "depth", "simulated most held"), *fifos])


def _percent(simulated: int, predicted: int) -> str:
    return f"{(simulated - predicted) / predicted:+.2%}" if predicted else ""


def _x(numbers: Sequence[int]) -> str:
    return "x".join(map(str, numbers))


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    left = [name in _LEFT or i == 0 for i, name in enumerate(rows[0])]
    for row in rows:
        yield "  " + "  ".join(
            cell.ljust(width) if is_left else cell.rjust(width)
            for cell, width, is_left in zip(row, widths, left, strict=True)
        )
