# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""report.txt: the facts as tables of plain text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from licc.report.facts import DesignFacts, ProcessFacts, Report

_COLUMNS = (
    "process",
    "work",
    "output",
    "types",
    "MMAC",
    "oc x ic x kh x kw",
    "packing",
    "DSP",
    "BRAM18",
    "cycles",
    "busy",
    "FIFO",
)
# Text reads from the left, numbers from the right.
_LEFT = frozenset(("process", "work", "output", "types", "oc x ic x kh x kw", "packing", "role"))


def render(report: Report) -> str:
    """The whole file."""
    return "\n".join(line.rstrip() for line in _lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"licc report: {report.checkpoint or 'codec'} {f'({report.architecture})' if report.architecture else ''}"
    yield f"target {report.device}: {report.device_title}, {report.clock_mhz} MHz"
    if report.input:
        yield f"input {_x(report.input)}{_padding(report)}"
    yield f"All numbers are {report.predicted}."
    yield ""
    yield from _summary(report)
    for design in report.designs:
        yield ""
        yield from _design(design)
    yield ""
    yield "checked:"
    yield from (f"  - {line}" for line in report.checked)
    yield "not checked:"
    yield from (f"  - {line}" for line in report.not_checked)


def _padding(report: Report) -> str:
    if not report.padded or report.padded == report.input:
        return ", no padding"
    return f", padded to {_x(report.padded)} (bottom and right, by the host)"


def _summary(report: Report) -> Iterator[str]:
    rows = [("role", "DSP", "of usable", "BRAM18", "of usable", "predicted FPS", "bound by")]
    dsp, bram18 = report.usable["dsp"], report.usable["bram18"]
    rows += [
        (
            f"{role.name}: {' + '.join(role.designs)}",
            f"{role.dsp:,}",
            f"{role.dsp / dsp:.0%}",
            f"{role.bram18:,}",
            f"{role.bram18 / bram18:.0%}",
            f"{role.fps:.1f}",
            role.bound,
        )
        for role in report.roles
    ]
    yield from _table(rows)
    if len(report.roles) > len({role.name.partition(" ")[0] for role in report.roles}):
        yield "Designs marked alone do not share the device: they are loaded one after the other."


def _design(design: DesignFacts) -> Iterator[str]:
    yield (
        f"{design.name} ({design.top}): {_x(design.input)} -> {_x(design.output)}, "
        f"{design.macs / 1e9:.2f} GMAC, {design.parameters / 1e3:,.0f} kB of parameters"
    )
    yield (
        f"{design.cycles:,} cycles a frame, {design.fps:.1f} FPS ({design.macs * design.fps / 1e9:,.0f} "
        f"GMAC/s), {design.efficiency:.2f} useful MAC/cycle/DSP; bound by {design.bound}"
    )
    yield from _table([_COLUMNS, *(_row(process) for process in design.processes)])
    yield from _table(
        [("total", f"DSP {design.dsp:,}", f"BRAM18 {design.bram18:,}")],
    )


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
        f"{process.cycles:,}",
        f"{process.share:.0%}",
        f"{process.fifo_depth:,}",
    )


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
