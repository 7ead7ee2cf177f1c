# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""When each process of a design works on one frame: predicted from the schedule, or simulated."""

from __future__ import annotations

from dataclasses import dataclass

from licc.report.data import DesignFacts, SimulatedDesign


@dataclass(frozen=True)
class Span:
    """A process has a frame from `start` to `end` (cycles) and works for `busy` of them.

    `others` are its spans of the frames before and after, as far as they are known.
    """

    name: str
    start: float
    end: float
    busy: int
    others: tuple[tuple[float, float], ...] = ()


def predicted(design: DesignFacts) -> list[Span]:
    """Spans in the steady state, by the schedule alone.

    Every process is paced by the slowest one, so a frame takes all of them the same time; a line buffer
    is behind what it reads by the rows that it needs before its first output, what joins behind the later.
    """
    spans: list[Span] = []
    starts: dict[str, float] = {}
    for process in design.processes:
        read = [name for name in (process.reads, process.other_reads) if name]
        before = max(_start_of(name, starts) for name in read)
        start = starts[process.name] = before + process.fill * design.cycles
        busy = min(process.cycles, design.cycles)
        spans.append(Span(process.name, start, start + design.cycles, busy))
    return spans


def _start_of(fifo: str, starts: dict[str, float]) -> float:
    """When the process starts that writes a FIFO, which `hls.stream_name` names after it; 0 for a port."""
    return max(
        (
            start
            for name, start in starts.items()
            if fifo == f"{name}_stream" or fifo.startswith(f"{name}_to_")
        ),
        default=0.0,
    )


def simulated(run: SimulatedDesign) -> list[Span]:
    """Spans of the last frame, from when its first process starts."""
    processes = [process for process in run.processes if process.starts]
    if not processes:
        return []
    zero = min(process.starts[-1] for process in processes)
    return [
        Span(
            process.name,
            process.starts[-1] - zero,
            process.ends[-1] - zero,
            process.busy,
            tuple(
                (start - zero, end - zero)
                for start, end in zip(process.starts[:-1], process.ends[:-1], strict=True)
            ),
        )
        for process in processes
    ]
