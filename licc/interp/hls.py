# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The interpreter of `hls`: what each process of a design writes, from its units and memory images.

Parameters are taken from the memories in the order and the lanes in which the hardware reads them, so an
image in the wrong order gives wrong integers here as it would on the board. Streams are held as whole
tensors, [channels, height, width]; how they are cut into words does not change what they carry.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from torch_mlir import ir

from licc.dialects.ext import array
from licc.dialects.hls.ops import folding_of, memory_word, stream_word
from licc.interp import arith, exact
from licc.interp.arith import Integers, RangeError
from licc.interp.lic import InterpError, elements
from licc.interp.root import root_by_table

__all__ = ["designs", "run", "stream"]

Results = dict[str, Integers]
# x^2 has 26 bits and meets gamma's 17 in one multiplier.
_GDN_INPUT = (-(1 << 12), (1 << 12) - 1)


@dataclass(frozen=True)
class _Window:
    """What a window buffer yields: its input, for the MAC array to take taps from."""

    x: Integers
    unit: Any


Unit = Callable[[Any, Sequence[Any]], Any]


def designs(module: ir.Module) -> dict[str, Any]:
    """The `hls.design` ops of a module by name."""
    found = (op.operation for op in module.body.operations if op.operation.name == "hls.design")
    return {_string(op, "name"): op for op in found}


def run(design: Any, x: npt.NDArray[Any]) -> Results:
    """What each process of a design writes, by its name: `stream`, with every result kept."""
    return dict(stream(design, x))


def stream(design: Any, x: npt.NDArray[Any]) -> Iterator[tuple[str, Integers]]:
    """Interpret one design, process after process; a result is held only until the next has read it.

    Args:
        design: an `hls.design` op.
        x: [channels, height, width] integers, what its input port reads.

    Yields:
        The name of each process and what it writes: [channels, height, width] int64. The pairs of
        `hls.gdn_norm` are 2C channels, x and norm alternating.

    Raises:
        InterpError: names the process and unit: a value outside its range, a memory image with
            non-zero padding, a shape that does not fit, or a constant that was elided.
    """
    streams: dict[ir.Value, Integers] = {}
    for view in design.operation.regions[0].blocks[0].operations:
        op = view.operation
        if op.name == "hls.port_in":
            word = stream_word(op.results[0].type)
            streams[op.results[0]] = _fits(_string(op, "name"), _port(op, arith.integers(x)), word)
        elif op.name == "hls.port_out":
            _port(op, streams[op.operands[0]])
        elif op.name == "hls.process":
            written = _run_process(op, [streams.pop(value) for value in op.operands])
            streams |= dict.fromkeys(op.results, written)
            yield _string(op, "name"), written


def _port(op: Any, values: Integers) -> Integers:
    shape = array(op.attributes["shape"])
    if values.shape != shape:
        raise InterpError(f"{_string(op, 'name')}: expected {shape}, but got {values.shape}")
    return values


def _run_process(process: Any, inputs: Sequence[Integers]) -> Integers:
    name = _string(process, "name")
    block = process.regions[0].blocks[0]
    values: dict[ir.Value, Any] = dict(zip(block.arguments, inputs, strict=True))
    for view in block.operations:
        op = view.operation
        operands = [values[value] for value in op.operands]
        if op.name == "hls.write":
            return _fits(name, operands[0], stream_word(process.results[0].type))
        unit = _UNITS.get(op.name)
        if unit is None:
            raise InterpError(f"{name}: no interpretation of '{op.name}'")
        try:
            values[op.results[0]] = unit(op, operands)
        except RangeError as error:
            raise InterpError(f"{name}: '{op.name}': {error}") from error
    raise InterpError(f"{name}: a process that writes nothing")


def _fits(name: str, values: Integers, word: ir.VectorType) -> Integers:
    """Values that a stream carries fit its elements."""
    element = ir.IntegerType(word.element_type)
    unsigned = element.is_unsigned
    lo, hi = (
        (0, (1 << element.width) - 1)
        if unsigned
        else (-(1 << (element.width - 1)), (1 << (element.width - 1)) - 1)
    )
    try:
        return arith.within(values, lo, hi, f"{name}: stream of '{element}'")
    except RangeError as error:
        raise InterpError(str(error)) from error


# --------------------------------------------------------------------------------------------------
# Attributes and memories
# --------------------------------------------------------------------------------------------------
def _string(op: Any, name: str) -> str:
    return ir.StringAttr(op.attributes[name]).value


def _integer(op: Any, name: str) -> int:
    return ir.IntegerAttr(op.attributes[name]).value


def _range(op: Any, name: str = "range") -> tuple[int, int]:
    lo, hi = array(op.attributes[name])
    return lo, hi


def _memory(op: Any, _: Sequence[Any]) -> Integers:
    """The image, [words, lanes]."""
    words = elements(op.attributes["init"], f"memory '{_string(op, 'name')}'").astype(np.int64)
    if words.shape[1:] != tuple(memory_word(op.results[0].type).shape):
        raise InterpError(f"memory '{_string(op, 'name')}': words of {words.shape[1:]}")
    return words


def _blocks(memory: Integers, channels: int) -> Integers:
    """One value a channel: words one after another, [C, 1, 1]; raises RangeError for other padding than 0."""
    words, lanes = memory.shape
    if words != -(-channels // lanes):
        raise RangeError(f"a memory of {words} words of {lanes} for {channels} channels")
    flat = memory.reshape(-1)
    if flat[channels:].any():
        raise RangeError("a memory image whose padding is not zero")
    return flat[:channels, None, None]


def _per_channel(memory: Integers, channels: int) -> Integers:
    """One value a channel in the words of a stream: `_blocks`, or a word with k copies of all channels."""
    words, lanes = memory.shape
    if lanes <= channels:
        return _blocks(memory, channels)
    if words != 1 or lanes % channels:
        raise RangeError(f"a memory of {words} words of {lanes} for {channels} channels")
    copies = memory.reshape(-1, channels)
    if (copies != copies[0]).any():
        raise RangeError("a memory image whose copies differ")
    return copies[0, :, None, None]


def _decode(
    words: Integers, extents: tuple[int, int, int, int], sizes: tuple[int, int, int, int]
) -> Integers:
    """A memory image as [O, I, KH, KW]; raises RangeError when what is padded is not zero.

    Words are ordered by block of outputs, of tap rows, of tap columns, of inputs, and each is
    [oc][kh][kw][ic]; `extents` are (O, I, KH, KW), `sizes` (oc, ic, kh, kw).
    """
    o, i, h, w = (-(-extent // size) for extent, size in zip(extents, sizes, strict=True))
    oc, ic, kh, kw = sizes
    if words.shape != (o * h * w * i, oc * kh * kw * ic):
        raise RangeError(f"an image of {words.shape} for {extents} folded by {sizes}")
    blocks = words.reshape(o, h, w, i, oc, kh, kw, ic)
    full = blocks.transpose(0, 4, 3, 7, 1, 5, 2, 6).reshape(o * oc, i * ic, h * kh, w * kw)
    inside = full[: extents[0], : extents[1], : extents[2], : extents[3]]
    if np.count_nonzero(full) != np.count_nonzero(inside):
        raise RangeError("a memory image whose padding is not zero")
    return inside


# --------------------------------------------------------------------------------------------------
# Units
# --------------------------------------------------------------------------------------------------
def _pass_through(op: Any, operands: Sequence[Any]) -> Integers:
    shape = array(op.attributes["shape"])
    if operands[0].shape != shape:
        raise RangeError(f"expected {shape}, but got {operands[0].shape}")
    return operands[0]


def _drain(op: Any, operands: Sequence[Any]) -> Integers:
    """The order of the sums changes, and what is beyond rows and channels goes: no tensor holds that."""
    return _pass_through(op, operands)


def _window_buffer(op: Any, operands: Sequence[Any]) -> _Window:
    if operands[0].shape != array(op.attributes["input"]):
        raise RangeError(f"an input of {operands[0].shape}")
    return _Window(operands[0], op)


def _mac_array(op: Any, operands: Sequence[Any]) -> Integers:
    window, weights, bias = operands
    unit = window.unit
    x = arith.within(window.x, *_range(op, "activation_range"), "activation")
    arith.within(weights, *_range(op, "weight_range"), "weight")
    inputs, outputs = array(op.attributes["channels"])
    oc, ic, kh, kw, _ = folding_of(op.attributes["folding"])
    upsample, stride = _integer(unit, "upsample"), _integer(unit, "stride")
    _, height, width = array(unit.attributes["output"])
    rows, columns = (_taps(unit, name) for name in ("row_taps", "column_taps"))
    steps = array(op.attributes["steps"])
    sums = np.zeros((outputs, height, width), dtype=np.int64)
    first, blocks = 0, -(-outputs // oc)
    # One word for each block of outputs, or for each of them in each phase.
    biases = np.split(bias, len(steps) if len(bias) > blocks else 1)
    for phase, count in enumerate(steps):
        py, px = divmod(phase, upsample)
        (dy, taps_down), (dx, taps_across) = rows[py], columns[px]
        last = first + blocks * count
        kernel = _decode(
            weights[first:last], (outputs, inputs, taps_down, taps_across), (oc, ic, kh, kw)
        )
        first = last
        size = (-(-(height - py) // upsample), -(-(width - px) // upsample))
        if min(size) > 0:
            sums[:, py::upsample, px::upsample] = exact.correlate(
                x,
                kernel,
                (range(dy, dy + taps_down), range(dx, dx + taps_across)),
                (stride, stride),
                size,
            )
            sums[:, py::upsample, px::upsample] += _blocks(biases[phase % len(biases)], outputs)
    if first != len(weights):
        raise RangeError(f"{len(weights)} words of weights for {first} steps")
    return arith.within(sums, *_range(op, "acc_range"), "accumulator")


def _taps(unit: Any, name: str) -> list[tuple[int, int]]:
    """(first offset, count) for each phase."""
    values = array(unit.attributes[name])
    return list(zip(values[::2], values[1::2], strict=True))


def _requantizer(op: Any, operands: Sequence[Any]) -> Integers:
    x = operands[0]
    multiplier, shift = (_per_channel(memory, x.shape[0])[:, 0] for memory in operands[1:])
    result = np.empty_like(x)
    # Line by line, here and below: what one step makes stays in cache for the next one.
    for line in range(x.shape[1]):
        result[:, line] = arith.requantize(x[:, line], multiplier, shift, *_range(op))
    return result


def _activation(op: Any, operands: Sequence[Any]) -> Integers:
    kind, (lo, hi) = _string(op, "kind"), _range(op)
    if kind == "relu":
        return arith.relu(operands[0], lo, hi)
    if kind == "abs":
        return arith.absolute(operands[0], lo, hi)
    return arith.leaky_relu(operands[0], _integer(op, "multiplier"), _integer(op, "shift"), lo, hi)


def _add(op: Any, operands: Sequence[Any]) -> Integers:
    x, constant = operands
    first, second = array(op.attributes["multiplier"])
    return arith.add(
        x, _per_channel(constant, x.shape[0]), (first, second), _integer(op, "shift"), *_range(op)
    )


def _join(op: Any, operands: Sequence[Any]) -> Integers:
    x, y = operands
    first, second = array(op.attributes["multiplier"])
    return arith.add(x, y, (first, second), _integer(op, "shift"), *_range(op))


def _round(op: Any, operands: Sequence[Any]) -> Integers:
    return arith.round_latent(operands[0], _integer(op, "shift"), *_range(op))


def _gdn_norm(op: Any, operands: Sequence[Any]) -> Integers:
    x, gamma, beta = operands
    channels, height, width = array(op.attributes["shape"])
    if x.shape != (channels, height, width):
        raise RangeError(f"an input of {x.shape}")
    oc, ic, _, _, _ = folding_of(op.attributes["folding"])
    matrix = _decode(gamma, (channels, channels, 1, 1), (oc, ic, 1, 1))[:, :, 0, 0]
    offset = _blocks(beta, channels)[:, :, 0]
    flat = arith.within(x.reshape(channels, -1), *_GDN_INPUT, "input")
    pairs = np.empty((channels, 2, flat.shape[1]), dtype=np.int64)
    pairs[:, 0] = flat
    for strip in exact.strips(*flat.shape):
        x = flat[:, strip]
        powers = x * x if _string(op, "form") == "rsqrt" else np.abs(x)
        sums = exact.matmul(matrix, powers) + offset
        arith.within(sums, *_range(op, "acc_range"), "sum of the norm")
        norm = np.maximum(arith.rshr(sums, _integer(op, "norm_shift")), 1)
        pairs[:, 1, strip] = arith.within(norm, *_range(op, "norm_range"), "norm")
    return pairs.reshape(2 * channels, height, width)


def _gdn_root(op: Any, operands: Sequence[Any]) -> Integers:
    pairs, table = operands[0], operands[1].reshape(-1)
    x = arith.within(pairs[0::2], *_GDN_INPUT, "input")
    multiplier, shift = (_per_channel(memory, x.shape[0])[:, 0] for memory in operands[2:])
    form, inverse = _string(op, "form"), ir.BoolAttr(op.attributes["inverse"]).value
    result = np.empty_like(x)
    for line in range(x.shape[1]):
        mantissa, exponent = root_by_table(pairs[1::2, line], form, inverse, table)
        scaled = x[:, line] * mantissa * multiplier
        rounded = arith.rshr(scaled, shift + 16 - exponent)
        result[:, line] = arith.clamp(rounded, *_range(op))
    return result


_UNITS: Mapping[str, Unit] = {
    "hls.activation": _activation,
    "hls.add": _add,
    "hls.drain": _drain,
    "hls.gdn_norm": _gdn_norm,
    "hls.gdn_root": _gdn_root,
    "hls.join": _join,
    "hls.mac_array": _mac_array,
    "hls.ram": _memory,
    "hls.read": _pass_through,
    "hls.repack": _pass_through,
    "hls.requantizer": _requantizer,
    "hls.rom": _memory,
    "hls.round": _round,
    "hls.window_buffer": _window_buffer,
}
