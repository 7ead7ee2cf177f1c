# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Text from views: the templates, and the few lists that they need (signatures, calls, streams)."""

from __future__ import annotations

import functools
import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jinja2

from licc.cost import cycles
from licc.target.emit.view import BEAT_BYTES, Convolution, Design, Port, Process, has_sums

__all__ = ["print_design", "print_testbench", "print_timed", "render"]

BEAT = "licc::Beat"
# A parameter stream is as deep as a burst; the port's own FIFOs absorb the latency of the memory.
PARAMETER_DEPTH = 16
PORT_DEPTH = 64
FRAMES = "int frames"
_SHARING = {
    "single": "one a DSP",
    "pair": "two outputs a DSP",
    "pixels": "two pixels a DSP",
    "quad": "four a DSP",
}


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("licc.target.emit"),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  (C++ is not HTML)
    )
    filters: dict[str, Any] = environment.filters  # jinja2 has the types of its own filters only
    filters["shape"] = lambda shape: "x".join(map(str, shape))
    filters["sharing"] = lambda packing: _SHARING[packing]
    filters["wrap"] = _wrap
    filters["plus"] = lambda number: f"- {-number}" if number < 0 else f"+ {number}"
    filters["outdent"] = lambda indent: indent[2:]
    return environment


def render(name: str, **values: Any) -> str:
    """A template, filled in."""
    return _environment().get_template(name).render(values)


def _wrap(expression: str, indent: int, used: int) -> str:
    """Breaks a call that would pass column 100 behind a comma."""
    lines = textwrap.wrap(
        expression, 98 - indent, initial_indent=" " * max(used - indent, 0), break_long_words=False
    )
    return f"\n{' ' * indent}".join([lines[0].strip(), *lines[1:]])


# --------------------------------------------------------------------------------------------------
# Signatures, streams and calls
# --------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Call:
    """One process of the dataflow region: its function, and what the top passes to it."""

    function: str
    formal: tuple[str, ...]
    actual: tuple[str, ...]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    cycles: int  # a frame, as scheduled

    @property
    def signature(self) -> str:
        """`void f(A a, B b)`, a line each."""
        return _signature(self.function, self.formal)

    def text(self, load: str = "load", **ports: str) -> str:
        """`f(a, b)`; `ports` says what stands for the pointers and `load`."""
        names = {"load": load, **ports}
        arguments = ", ".join(names.get(name, name) for name in self.actual)
        return textwrap.fill(
            f"{self.function}({arguments})", 98, subsequent_indent="      ", break_long_words=False
        )


def _signature(name: str, formal: Sequence[str]) -> str:
    opening = f"void {name}("
    return opening + f",\n{' ' * len(opening)}".join(formal) + ")"


def _stream_of(word: str, name: str) -> str:
    return f"hls::stream<{word}>& {name}"


@dataclass(frozen=True)
class _Region:
    """The calls of a design's dataflow region, in order, and its streams (name, word, depth, reason)."""

    design: Design
    loader: _Call | None
    reader: tuple[_Call, _Call]
    processes: tuple[_Call, ...]
    writer: tuple[_Call, _Call]
    streams: tuple[tuple[str, str, int, str], ...]

    @property
    def calls(self) -> tuple[_Call, ...]:
        """All of them."""
        loader = (self.loader,) if self.loader else ()
        return (*loader, *self.reader, *self.processes, *self.writer)


def _region(design: Design) -> _Region:
    first, last = design.streams[0].name, design.streams[-1].name
    source, sink = design.source, design.sink
    beats_in, beats_out = f"{source.name}_beats", f"{sink.name}_beats"
    in_beats = _stream_of(BEAT, "beats")
    reader = (
        _Call(
            f"{source.name}_load",
            (f"const {BEAT}* memory", in_beats, FRAMES),
            (source.name, beats_in, "frames"),
            (),
            (beats_in,),
            _beats(source),
        ),
        _Call(
            f"{source.name}_unpack",
            (in_beats, _stream_of(source.word.cpp, "output"), FRAMES),
            (beats_in, first, "frames"),
            (beats_in,),
            (first,),
            _port_cycles(source),
        ),
    )
    writer = (
        _Call(
            f"{sink.name}_pack",
            (_stream_of(sink.word.cpp, "input"), in_beats, FRAMES),
            (last, beats_out, "frames"),
            (last,),
            (beats_out,),
            _port_cycles(sink),
        ),
        _Call(
            f"{sink.name}_store",
            (in_beats, f"{BEAT}* memory", FRAMES),
            (beats_out, sink.name, "frames"),
            (beats_out,),
            (),
            _beats(sink),
        ),
    )
    processes = tuple(_process_call(process) for process in design.processes)
    loader = None
    if design.loaded:
        parameters = [f"{process.name}_parameters" for process in design.loaded]
        loader = _Call(
            f"{design.name}_load_parameters",
            (f"const {BEAT}* parameters", *(_stream_of(BEAT, p) for p in parameters), "bool load"),
            ("parameters", *parameters, "load"),
            (),
            tuple(parameters),
            0,
        )
    streams = [
        *((f"{p.name}_parameters", BEAT, PARAMETER_DEPTH, "a burst") for p in design.loaded),
        (beats_in, BEAT, PORT_DEPTH, "a burst"),
        *((s.name, s.word.cpp, s.depth, "from the schedule") for s in design.streams),
        (beats_out, BEAT, PORT_DEPTH, "a burst"),
    ]
    return _Region(design, loader, reader, processes, writer, tuple(streams))


def _beats(port: Port) -> int:
    """Beats of a frame."""
    return math.ceil(port.bytes / BEAT_BYTES)


def _port_cycles(port: Port) -> int:
    word, (channels, height, width) = port.word, port.shape
    return int(cycles.port(height * width, channels, word.lanes, 8 * word.bytes))


def _process_call(process: Process) -> _Call:
    formal = [_stream_of(word.cpp, name) for word, name in process.formals]
    actual = [*process.reads, *process.writes]
    if process.memories:
        formal += [_stream_of(BEAT, "parameters"), "bool load"]
        actual += [f"{process.name}_parameters", "load"]
    formal.append(FRAMES)
    actual.append("frames")
    reads = (*process.reads, f"{process.name}_parameters") if process.memories else process.reads
    return _Call(process.name, tuple(formal), tuple(actual), reads, process.writes, process.cycles)


def _top(design: Design) -> str:
    formal = [f"const {BEAT}* {design.source.name}", f"{BEAT}* {design.sink.name}"]
    if design.loaded:
        formal += [f"const {BEAT}* parameters", "bool load"]
    formal.append(FRAMES)
    return _signature(design.top, formal)


# --------------------------------------------------------------------------------------------------
# Files
# --------------------------------------------------------------------------------------------------
def print_design(design: Design) -> tuple[str, str]:
    """The header and the source of a design."""
    region, ports = _region(design), (design.source, design.sink)
    offsets: dict[str, int] = {}
    position = 0
    for process in design.loaded:
        offsets[process.name] = position
        position += process.beats
    header = render(
        "design.hpp.j2",
        design=design,
        functions=[call.signature for call in region.calls],
        top=_top(design),
    )
    source = render(
        "design.cpp.j2",
        design=design,
        loader=region.loader.signature if region.loader else "",
        reader=[call.signature for call in region.reader],
        writer=[call.signature for call in region.writer],
        processes=[render(process.template, process=process) for process in design.processes],
        offsets=offsets,
        depths=[math.ceil(port.bytes * design.stripes / BEAT_BYTES) for port in ports],
        streams=region.streams,
        calls=[call.text() for call in region.calls],
        top=_top(design),
    )
    return header, source


@dataclass(frozen=True)
class _Node:
    """A call of a testbench.

    Attributes:
        call: the text.
        name: of the function.
        predicted: cycles of a frame, as scheduled.
        reads, writes: the addresses of its streams.
        checks: how the streams that it writes are compared; none where they are not.
    """

    call: str
    name: str
    predicted: int
    reads: str
    writes: str
    checks: tuple[str, ...]


@dataclass(frozen=True)
class _Network:
    """What a testbench prints of a design."""

    design: Design
    streams: tuple[tuple[str, str, int, str], ...]
    nodes: tuple[_Node, ...]


def _network(design: Design, load: str) -> _Network:
    """The calls of a design on the buffers of a testbench; `load` says whether parameters are read."""
    region = _region(design)
    ports = {
        design.source.name: "input.data()",
        design.sink.name: "result.data()",
        "parameters": "parameters.data()",
    }
    checks = {
        process.name: tuple(
            # All of them carry the same.
            _check(process, stream, not number and has_sums(design, index))
            for number, stream in enumerate(process.writes)
        )
        for index, process in enumerate(design.processes)
    }
    nodes = tuple(
        _Node(
            call.text(load, **ports),
            call.function,
            call.cycles,
            ", ".join(f"&{name}" for name in call.reads),
            ", ".join(f"&{name}" for name in call.writes),
            checks.get(call.function, ()),
        )
        for call in region.calls
    )
    return _Network(design, region.streams, nodes)


def _check(process: Process, stream: str, sums: bool) -> str:
    """The arguments that compare what a process writes with its golden sums."""
    body = process.body
    channels, height, width = process.shape
    order = "licc::Order{}"
    if isinstance(body, Convolution):
        order = f"licc::Order{{{body.px}, {body.oc}, {body.upsample}}}"
    golden = "true" if sums else "false"
    return (
        f'"{process.layer}", "{process.name}", {stream}, {channels}, {height}, {width}, '
        f"{order}, {golden}"
    )


def print_testbench(designs: Sequence[Design]) -> str:
    """The testbench of all designs of a build."""
    return render("tb.cpp.j2", networks=[_network(design, "true") for design in designs])


def print_timed(designs: Sequence[Design]) -> str:
    """The testbench of the timed simulation: each design's calls as nodes of a network."""
    networks = [_network(design, "timed.loads()") for design in designs]
    return render("tb_timed.cpp.j2", networks=networks)
