# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The facts of a report, read from the `hls` module."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from torch_mlir import ir

from licc.cost import cycles, streams
from licc.cost.folding import Folding
from licc.cost.geometry import ConvGeometry, Taps
from licc.cost.memory import GAMMA_BITS
from licc.dialects.ext import array
from licc.dialects.hls.ops import folding_of, memory_word, stream_name, stream_word
from licc.report.data import (
    FORMAT,
    Claim,
    DesignFacts,
    PortFacts,
    ProcessFacts,
    QualityFacts,
    Report,
    Resources,
    RoleFacts,
    ScheduleFacts,
)
from licc.report.sqnr import layer_facts
from licc.schedule.stages import ROLES, SEPARATE
from licc.target.device import load

SCHEDULE = "lic.schedule"
PREDICTED = "predicted by the schedule, not measured; no FPGA or Vitis was run"
CHECKED = (
    Claim("every op of the IR is well formed", "its verifier, after each pass"),
    Claim(
        "no accumulator, norm or shift overflows",
        "ranges proven from the weights and the types, held by the verifiers",
    ),
    Claim(
        "folding, DSPs, BRAM18s and cycles of every process fit and are what is said here",
        "recomputed by code that does not share the solver",
    ),
    Claim("no row of a line buffer is overwritten while it is read", "walked row by row"),
    Claim(
        "every stream has one producer and one consumer, no feedback, loops with constant bounds",
        "the verifiers of hls",
    ),
)
NOT_CHECKED = (
    "Vitis HLS, Vivado: not run. Synthesis, placement, routing, the clock and II = 1 are predictions",
    "a board: not used. Nothing here was measured on hardware",
    "DDR: latency, refresh and contention are not modelled",
    "pipeline depths (some tens of cycles a loop): not in the predicted cycles",
)
LUTS_NOT_MODELLED = "LUTs and flip-flops: not modelled"
_RESOURCES = ("dsp", "bram18", "uram", "lut", "ff")
_TIGHT = {"dsp": "DSPs", "bram18": "BRAM18s", "uram": "UltraRAMs", "lut": "LUTs", "ff": "FFs"}


def collect(
    hls: ir.Module,
    typed: ir.Module | None = None,
    checkpoint: str = "",
    quality: tuple[QualityFacts, ...] = (),
) -> Report:
    """The facts of a lowered module.

    Args:
        hls: the lowered module.
        typed: where attributes of the codec come from that `hls` has not.
        checkpoint: the name of its file.
        quality: what the checkpoint says about itself.
    """
    attributes = hls.operation.attributes
    known = attributes if typed is None else typed.operation.attributes
    designs = [op for op in hls.body.operations if op.operation.name == "hls.design"]
    if not designs:
        raise ValueError("a report needs a module with 'hls.design' ops")
    device = load(_text(designs[0], "device"))
    found = tuple(_design(op) for op in designs)
    usable = _resources(device.usable)
    separate = (
        {ir.StringAttr(name).value for name in ir.ArrayAttr(attributes[SEPARATE])}
        if SEPARATE in attributes
        else set[str]()
    )
    modelled = any(design.lut or design.ff for design in found)
    return Report(
        FORMAT,
        checkpoint,
        ir.StringAttr(known["lic.architecture"]).value if "lic.architecture" in known else "",
        _pair(known, "lic.input"),
        _pair(known, "lic.padded"),
        device.name,
        device.title,
        _integer(designs[0], "clock_mhz"),
        float(device.ddr_gbps),
        _resources(device.total),
        usable,
        PREDICTED,
        tuple(_roles(found, separate, usable)),
        found,
        tuple(_schedules(attributes)),
        quality,
        CHECKED,
        NOT_CHECKED if modelled else (*NOT_CHECKED, LUTS_NOT_MODELLED),
        policy=ir.StringAttr(known["lic.policy"]).value if "lic.policy" in known else "",
        layers=() if typed is None else layer_facts(typed),
    )


def _pair(attributes: Any, name: str) -> tuple[int, ...]:
    return array(attributes[name]) if name in attributes else ()


def _schedules(attributes: Any) -> Iterator[ScheduleFacts]:
    if SCHEDULE not in attributes:
        return
    entries = {named.name: ir.DictAttr(named.attr) for named in ir.DictAttr(attributes[SCHEDULE])}
    for role in sorted(entries, key=lambda name: [*ROLES, name].index(name)):
        entry = entries[role]
        optimal = "optimal" in entry and ir.BoolAttr(entry["optimal"]).value
        cycles_, bound, gap = (_member(entry, name) for name in ("cycles", "bound", "gap_ppm"))
        yield ScheduleFacts(role, cycles_, bound, gap, optimal)


def _member(entry: ir.DictAttr, name: str) -> int:
    return ir.IntegerAttr(entry[name]).value if name in entry else 0


def _roles(
    designs: tuple[DesignFacts, ...], separate: set[str], usable: Resources
) -> Iterator[RoleFacts]:
    for role, names in ROLES.items():
        found = [design for name in names for design in designs if design.name == name]
        groups = [[design] for design in found] if role in separate else [found]
        for group in groups:
            if not group:
                continue
            slowest = min(group, key=lambda design: design.fps)
            used = sum((design.resources for design in group), Resources())
            label = role if len(groups) == 1 else f"{role} ({group[0].name} alone)"
            yield RoleFacts(
                label,
                tuple(design.name for design in group),
                *used.counts,
                slowest.fps,
                _bound(used, usable, slowest),
            )


def _bound(used: Resources, usable: Resources, slowest: DesignFacts) -> str:
    """The resources that are nearly used up, else the process that cannot be made faster."""
    pairs = zip(_TIGHT.values(), used.counts, usable.counts, strict=True)
    tight = [name for name, of, all_ in pairs if all_ and of / all_ > 0.93]
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
    source, sink = (
        next(o for o in operations if o.name == f"hls.port_{way}") for way in ("in", "out")
    )
    ports = _port(source, source.results[0]), _port(sink, sink.operands[0])
    rates = {port.name: port.cycles for port in ports}
    processes = [o for o in operations if o.name == "hls.process"]
    rates |= {_text(o, "name"): _integer(o, "cycles") for o in processes}
    bound = max(rates, key=lambda name: rates[name])
    slowest = rates[bound]
    facts = tuple(_process(o, slowest) for o in processes)
    macs = sum(f.macs for f in facts)
    between = _streams(source, sink, processes)
    used = sum((f.resources for f in facts), between)
    stripes = _stripes(op)
    last: Any = sink.operands[0].type
    return DesignFacts(
        _text(op, "name"),
        _text(op, "top"),
        ports[0].shape,
        ports[1].shape,
        *ports,
        ir.IntegerAttr(last.depth).value,
        facts,
        stripes,
        macs,
        between,
        *used.counts,
        sum(f.parameters for f in facts),
        slowest,
        _integer(op, "clock_mhz") * 1e6 / slowest / stripes,
        bound,
        macs / slowest / max(used.dsp, 1),
    )


def _streams(source: Any, sink: Any, processes: list[Any]) -> Resources:
    """FIFOs and ports; and repacks, unless their processes say themselves what they take."""
    total = Resources()
    for value in (*source.results, *(value for op in processes for value in op.results)):
        type_: Any = value.type
        brams, luts, ffs = streams.fifo(ir.IntegerAttr(type_.depth).value, _word_bits(value))
        total += Resources(0, int(brams), 0, int(luts), int(ffs))
    for op, value in ((source, source.results[0]), (sink, sink.operands[0])):
        channels, height, width = array(op.attributes["shape"])
        word = stream_word(value.type)
        bits = ir.IntegerType(word.element_type).width
        total += _resources(streams.port(height * width, channels, word.shape[0], bits))
    for op in processes:
        reader = op.regions[0].blocks[0].operations[0].operation
        if reader.name == "hls.repack" and not (_integer(op, "lut") or _integer(op, "ff")):
            read, written = stream_word(op.operands[0].type), stream_word(op.results[0].type)
            channels, height, width = array(reader.attributes["shape"])
            bits = ir.IntegerType(read.element_type).width
            lanes = read.shape[0], written.shape[0]
            total += _resources(streams.repack(channels, height * width, *lanes, bits))
    return total


def _word_bits(value: ir.Value) -> int:
    word = stream_word(value.type)
    return word.shape[0] * ir.IntegerType(word.element_type).width


def _resources(cost: Any) -> Resources:
    return Resources(*(int(getattr(cost, name)) for name in _RESOURCES))


def _stripes(op: Any) -> int:
    """Frames of the design that make one image."""
    if "stripes" not in op.attributes:
        return 1
    return ir.IntegerAttr(ir.DictAttr(op.attributes["stripes"])["count"]).value


def _port(op: Any, stream: ir.Value) -> PortFacts:
    channels, height, width = array(op.attributes["shape"])
    word = stream_word(stream.type)
    bits = ir.IntegerType(word.element_type).width
    lanes = word.shape[0]
    return PortFacts(
        _text(op, "name"),
        _text(op, "role") if "role" in op.attributes else "",
        (channels, height, width),
        str(word.element_type),
        lanes,
        channels * height * width * bits // 8,
        int(cycles.port(height * width, channels, lanes, bits)),
    )


def _process(op: Any, slowest: int) -> ProcessFacts:
    units = [o.operation for o in op.regions[0].blocks[0].operations]
    by_name = {o.name: o for o in units}
    reads, writes = stream_word(op.operands[0].type), stream_word(op.results[0].type)
    fifos = [(stream_name(stream), _depth(stream)) for stream in op.operands]
    array_ = by_name.get("hls.mac_array") or by_name.get("hls.gdn_norm")
    spent = _integer(op, "cycles")
    producer: Any = op.operands[0].owner.operation
    # What drains an array in the right order is a plain read; a repack is no drain.
    behind_array = _holds(producer, "hls.mac_array") and "hls.repack" not in by_name
    work, input_, output, macs = _work(units, by_name, behind_array)
    if any("fabric" in o.attributes for o in units):
        work += ", squares in LUTs" if "hls.gdn_norm" in by_name else " in LUTs"
    return ProcessFacts(
        _text(op, "name"),
        "drain" if behind_array else _kind(by_name),
        _text(op, "layer"),
        work,
        tuple(input_),
        tuple(output),
        str(reads.element_type),
        str(writes.element_type),
        macs,
        folding_of(array_.attributes["folding"]) if array_ is not None else None,
        (reads.shape[0], writes.shape[0]),
        _text(array_, "packing") if array_ is not None and "packing" in array_.attributes else "",
        *Resources(**{name: _integer(op, name) for name in _RESOURCES}).counts,
        spent,
        spent / slowest,
        *fifos[0],
        *(fifos[1] if len(fifos) > 1 else ("", 0)),
        sum(_memory_bytes(o) for o in units if o.name == "hls.ram"),
        _weight_bytes(by_name),
        _fill(by_name),
    )


def _depth(stream: ir.Value) -> int:
    type_: Any = stream.type
    return ir.IntegerAttr(type_.depth).value


_KINDS = {
    "hls.mac_array": "conv",
    "hls.drain": "drain",
    "hls.gdn_norm": "norm",
    "hls.gdn_root": "root",
    "hls.repack": "repack",
}


def _kind(by_name: dict[str, Any]) -> str:
    return next((kind for name, kind in _KINDS.items() if name in by_name), "elementwise")


def _memory_bytes(op: Any) -> int:
    type_: Any = op.results[0].type
    word = memory_word(type_)
    width = ir.IntegerType(word.element_type).width
    return ir.IntegerAttr(type_.words).value * word.shape[0] * width // 8


def _weight_bytes(by_name: dict[str, Any]) -> int:
    """Bytes of weights that an array reads for a frame: a word of all its lanes in each step."""
    if "hls.mac_array" in by_name:
        geometry = _geometry(by_name["hls.window_buffer"])
        folding = Folding(*folding_of(by_name["hls.mac_array"].attributes["folding"]))
        rows = cycles.row_steps(geometry, folding)
        words = sum(int(steps) * _rows(geometry, phase) for phase, steps in enumerate(rows))
        return words * folding.oc * folding.taps
    if "hls.gdn_norm" in by_name:
        op = by_name["hls.gdn_norm"]
        channels, height, width = array(op.attributes["shape"])
        oc, ic = folding_of(op.attributes["folding"])[:2]
        words = height * width * -(-channels // oc) * -(-channels // ic)
        return words * oc * ic * GAMMA_BITS // 8
    return 0


def _rows(geometry: ConvGeometry, phase: int) -> int:
    """Output rows of a row phase."""
    return -(-(geometry.output[1] - phase) // geometry.upsample)


def _fill(by_name: dict[str, Any]) -> float:
    if "hls.window_buffer" not in by_name:
        return 0.0
    geometry = _geometry(by_name["hls.window_buffer"])
    return geometry.first_fill / geometry.input[1]


def _holds(process: Any, unit: str) -> bool:
    """Whether a process has a unit of this kind; a port has none."""
    if process.name != "hls.process":
        return False
    return any(o.operation.name == unit for o in process.regions[0].blocks[0].operations)


def _work(units: list[Any], by_name: dict[str, Any], drain: bool) -> tuple[str, Any, Any, int]:
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
        return "gdn norm", shape, shape, shape[0] ** 2 * math.prod(shape[1:])
    reader = next(
        by_name[name] for name in ("hls.drain", "hls.repack", "hls.read") if name in by_name
    )
    shape = array(reader.attributes["shape"])
    if "hls.gdn_root" in by_name:
        shape = (shape[0] // 2, *shape[1:])
        return " + ".join(["gdn root", *extra]), shape, shape, 0
    if "hls.repack" in by_name:
        return "repack", shape, shape, 0
    scaled = ["requantize"] if "hls.requantizer" in by_name else []
    done = [*(["drain"] if drain else []), *scaled, *extra]
    return " + ".join(done) or "pass on", shape, shape, 0


_UNIT_NAMES: dict[str, Any] = {
    "hls.activation": lambda op: _text(op, "kind"),
    "hls.add": lambda _: "add",
    "hls.join": lambda _: "add",
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
