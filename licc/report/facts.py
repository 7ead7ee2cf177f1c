# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The facts of a report, read from the `hls` module."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch_mlir import ir

from licc.cost import cycles
from licc.cost.geometry import ConvGeometry, Taps
from licc.dialects.ext import array
from licc.dialects.hls.ops import folding_of, memory_word, stream_word
from licc.schedule.stages import ROLES, SEPARATE
from licc.target.device import load

PREDICTED = "predicted by the schedule, not measured; no FPGA or Vitis was run"
CHECKED = (
    "every op of the IR against its verifier, after each pass",
    "every accumulator, norm and shift against its proven integer range",
    "every folding, DSP and BRAM18 count and cycle count by code that does not share the search",
    "one producer and one consumer for each stream, no feedback, constant loop bounds",
)
NOT_CHECKED = (
    "synthesis, placement, routing and the clock: no vendor tool was run",
    "LUTs and flip-flops: not modelled yet",
    "depths of pipelines (some tens of cycles a loop) and latency of DDR: not counted in the cycles",
    "stalls: the FIFO depths are computed from the schedule and not simulated",
)


@dataclass(frozen=True)
class ProcessFacts:
    """One process.

    Attributes:
        name: of its function.
        layer: its path in the model.
        work: what it does, such as "conv 5x5 /2".
        input: channels, height, width.
        output: likewise.
        in_type: element of the stream that it reads.
        out_type: element of the stream that it writes.
        macs: multiply-accumulates a frame that the network asks for.
        folding: output channels, input channels, tap rows, tap columns in a cycle; None without array.
        lanes: channels of a word that it reads and of one that it writes.
        packing: "pair" (two multiplications a DSP), "single", or "" without MAC array.
        dsp: DSP slices.
        bram18: BRAM18s, with the FIFO that it reads.
        cycles: of a frame.
        share: cycles by those of the slowest process of its design.
        fifo_depth: words of the FIFO that it reads.
        parameters: bytes of its memory images.
    """

    name: str
    layer: str
    work: str
    input: tuple[int, ...]
    output: tuple[int, ...]
    in_type: str
    out_type: str
    macs: int
    folding: tuple[int, ...] | None
    lanes: tuple[int, int]
    packing: str
    dsp: int
    bram18: int
    cycles: int
    share: float
    fifo_depth: int
    parameters: int


@dataclass(frozen=True)
class DesignFacts:
    """One design; `cycles` is that of its slowest process or port, `bound` which one that is.

    `efficiency` is macs / cycles / dsp: 2 at most with INT8 pairs.
    """

    name: str
    top: str
    input: tuple[int, ...]
    output: tuple[int, ...]
    processes: tuple[ProcessFacts, ...]
    macs: int
    dsp: int
    bram18: int
    parameters: int
    cycles: int
    fps: float
    bound: str
    efficiency: float


@dataclass(frozen=True)
class RoleFacts:
    """What is on the board at the same time, and which part of the usable resources it takes."""

    name: str
    designs: tuple[str, ...]
    dsp: int
    bram18: int
    fps: float
    bound: str


@dataclass(frozen=True)
class Report:
    """A whole report; `predicted` says what its numbers are."""

    checkpoint: str
    architecture: str
    input: tuple[int, ...]
    padded: tuple[int, ...]
    device: str
    device_title: str
    clock_mhz: int
    usable: dict[str, int]
    predicted: str
    roles: tuple[RoleFacts, ...]
    designs: tuple[DesignFacts, ...]
    checked: tuple[str, ...]
    not_checked: tuple[str, ...]


def collect(hls: ir.Module, typed: ir.Module | None = None, checkpoint: str = "") -> Report:
    """The facts of a lowered module; attributes of the codec come from `typed` where `hls` has none."""
    attributes = hls.operation.attributes
    known = attributes if typed is None else typed.operation.attributes
    designs = [op for op in hls.body.operations if op.operation.name == "hls.design"]
    if not designs:
        raise ValueError("a report needs a module with 'hls.design' ops")
    device = load(_text(designs[0], "device"))
    found = tuple(_design(op) for op in designs)
    usable = device.usable
    separate = (
        {ir.StringAttr(name).value for name in ir.ArrayAttr(attributes[SEPARATE])}
        if SEPARATE in attributes
        else set[str]()
    )
    return Report(
        checkpoint,
        ir.StringAttr(known["lic.architecture"]).value if "lic.architecture" in known else "",
        _pair(known, "lic.input"),
        _pair(known, "lic.padded"),
        device.name,
        device.title,
        _integer(designs[0], "clock_mhz"),
        {"dsp": usable.dsp, "bram18": usable.bram18},
        PREDICTED,
        tuple(_roles(found, separate, usable.dsp, usable.bram18)),
        found,
        CHECKED,
        NOT_CHECKED,
    )


def _pair(attributes: Any, name: str) -> tuple[int, ...]:
    return array(attributes[name]) if name in attributes else ()


def _roles(
    designs: tuple[DesignFacts, ...], separate: set[str], dsp: int, bram18: int
) -> Iterator[RoleFacts]:
    for role, names in ROLES.items():
        found = [design for name in names for design in designs if design.name == name]
        groups = [[design] for design in found] if role in separate else [found]
        for group in groups:
            if not group:
                continue
            slowest = min(group, key=lambda design: design.fps)
            used = sum(design.dsp for design in group), sum(design.bram18 for design in group)
            label = role if len(groups) == 1 else f"{role} ({group[0].name} alone)"
            yield RoleFacts(
                label,
                tuple(design.name for design in group),
                *used,
                slowest.fps,
                _resource(used, (dsp, bram18), slowest),
            )


def _resource(used: tuple[int, int], usable: tuple[int, int], slowest: DesignFacts) -> str:
    """The resource that is nearly used up, else the process that cannot be made faster."""
    shares = {name: u / a for name, u, a in zip(("DSPs", "BRAM18s"), used, usable, strict=True)}
    tight = [name for name, share in shares.items() if share > 0.93]
    return " and ".join(tight) if tight else slowest.bound


# --------------------------------------------------------------------------------------------------
# Reading the IR
# --------------------------------------------------------------------------------------------------
def _text(op: Any, name: str) -> str:
    return ir.StringAttr(op.attributes[name]).value


def _integer(op: Any, name: str) -> int:
    return ir.IntegerAttr(op.attributes[name]).value if name in op.attributes else 0


def _design(op: Any) -> DesignFacts:
    operations = [o.operation for o in op.operation.regions[0].blocks[0].operations]
    source = next(o for o in operations if o.name == "hls.port_in")
    sink = next(o for o in operations if o.name == "hls.port_out")
    rates = {
        _text(o, "name"): _port_cycles(o, stream)
        for o, stream in ((source, source.results[0]), (sink, sink.operands[0]))
    }
    processes = [o for o in operations if o.name == "hls.process"]
    rates |= {_text(o, "name"): _integer(o, "cycles") for o in processes}
    bound = max(rates, key=lambda name: rates[name])
    slowest = rates[bound]
    facts = tuple(_process(o, slowest) for o in processes)
    macs, dsp = sum(f.macs for f in facts), sum(f.dsp for f in facts)
    return DesignFacts(
        _text(op, "name"),
        _text(op, "top"),
        array(source.attributes["shape"]),
        array(sink.attributes["shape"]),
        facts,
        macs,
        dsp,
        sum(f.bram18 for f in facts),
        sum(f.parameters for f in facts),
        slowest,
        _integer(op, "clock_mhz") * 1e6 / slowest,
        bound,
        macs / slowest / max(dsp, 1),
    )


def _port_cycles(op: Any, stream: ir.Value) -> int:
    channels, height, width = array(op.attributes["shape"])
    word = stream_word(stream.type)
    bits = ir.IntegerType(word.element_type).width
    return int(cycles.port(height * width, channels, word.shape[0], bits))


def _process(op: Any, slowest: int) -> ProcessFacts:
    units = [o.operation for o in op.regions[0].blocks[0].operations]
    by_name = {o.name: o for o in units}
    reads, writes = stream_word(op.operands[0].type), stream_word(op.results[0].type)
    stream: Any = op.operands[0].type
    work, input_, output, macs = _work(units, by_name)
    array_ = by_name.get("hls.mac_array") or by_name.get("hls.gdn_norm")
    spent = _integer(op, "cycles")
    return ProcessFacts(
        _text(op, "name"),
        _text(op, "layer"),
        work,
        input_,
        output,
        str(reads.element_type),
        str(writes.element_type),
        macs,
        folding_of(array_.attributes["folding"])[:4] if array_ is not None else None,
        (reads.shape[0], writes.shape[0]),
        _text(array_, "packing") if array_ is not None and "packing" in array_.attributes else "",
        _integer(op, "dsp"),
        _integer(op, "bram18"),
        spent,
        spent / slowest,
        ir.IntegerAttr(stream.depth).value,
        sum(_memory_bytes(o) for o in units if o.name == "hls.ram"),
    )


def _memory_bytes(op: Any) -> int:
    type_: Any = op.results[0].type
    word = memory_word(type_)
    width = ir.IntegerType(word.element_type).width
    return ir.IntegerAttr(type_.words).value * word.shape[0] * width // 8


def _work(units: list[Any], by_name: dict[str, Any]) -> tuple[str, Any, Any, int]:
    """What a process does, its shapes and its multiply-accumulates."""
    extra = [_UNIT_NAMES[o.name](o) for o in units if o.name in _UNIT_NAMES]
    if "hls.window_buffer" in by_name:
        geometry = _geometry(by_name["hls.window_buffer"])
        rows = sum(taps.count for taps in geometry.rows)
        columns = sum(taps.count for taps in geometry.columns)
        transposed = geometry.upsample > 1
        stride = geometry.upsample if transposed else geometry.stride
        name = f"{'deconv' if transposed else 'conv'} {rows}x{columns} /{stride}"
        return " + ".join([name, *extra]), geometry.input, geometry.output, geometry.macs
    if "hls.gdn_norm" in by_name:
        shape = array(by_name["hls.gdn_norm"].attributes["shape"])
        macs = shape[0] ** 2 * shape[1] * shape[2]
        return "gdn norm", shape, shape, macs
    reader = by_name.get("hls.repack") or by_name["hls.read"]
    shape = array(reader.attributes["shape"])
    if "hls.gdn_root" in by_name:
        shape = (shape[0] // 2, *shape[1:])
        return " + ".join(["gdn root", *extra]), shape, shape, 0
    return " + ".join(extra) or "repack", shape, shape, 0


_UNIT_NAMES: dict[str, Any] = {
    "hls.activation": lambda op: _text(op, "kind"),
    "hls.add": lambda _: "add",
    "hls.round": lambda _: "round",
}


def _geometry(op: Any) -> ConvGeometry:
    def taps(name: str) -> tuple[Taps, ...]:
        values = array(op.attributes[name])
        return tuple(Taps(*pair) for pair in zip(values[::2], values[1::2], strict=True))

    def shape(name: str) -> tuple[int, int, int]:
        channels, height, width = array(op.attributes[name])
        return channels, height, width

    return ConvGeometry(
        shape("input"),
        shape("output"),
        _integer(op, "stride"),
        _integer(op, "upsample"),
        taps("row_taps"),
        taps("column_taps"),
    )
