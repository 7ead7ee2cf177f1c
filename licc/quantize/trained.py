# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Scales that training chose: the part `integers` of a checkpoint, and the attributes that it becomes.

In a file they are a flat mapping of names to tensors; CHOICE is what `key` gives:

    CHOICE.scale           f64 []: real value of a stored 1
    CHOICE.range           i64 [4]: bits of storage, 1 where signed, smallest and largest stored integer; not
                           of an addition of constants, whose range follows from them
    CHOICE.channel_scales  f64 [C], where there are any: what the channels are divided by
    CHOICE.readers         i64 [K], where not all readers of a value take it in this form: which ones do
    CHOICE.of              i64 [], where it is a further form of another form: the number of that one
    LAYER.weight_scales    f64 [O] of a convolution, one an output channel (of all groups)
    LAYER.weight_bits      i64 []: weights are within +-(2^(bits-1) - 1)
    LAYER.gamma_bits       i64 [] of a GDN

A choice is one typed value whose type does not follow from what it is computed of:

    g_a.argument           the argument of a function
    g_a.1                  the result of the GDN, addition or rounding `g_a.1`
    g_a.0                  what a `lic.requantize` makes of another layer's result
    g_a.1#2                a further form of the same value: a `lic.requantize` of it, in order of the ops

`readers` are positions among all that read the value, in order of ops and operands. Everything else is
derived by the same code as after calibration: accumulators, biases, multipliers, shifts, gamma's scale,
norms, thresholds. Scales are rounded to what the IR holds, seven significant digits, and channel scales to
float32: `rounded` says what a typed module makes of them, and training has to compute with that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch_mlir import ir

from licc.dialects.quantized import Quantized, printable_scale, quantized, shape_of
from licc.quantize import facts, forms
from licc.quantize.channels import as_stored
from licc.quantize.forms import CHOOSING, Form, chooses
from licc.quantize.modules import copied, float_functions
from licc.quantize.policy import GAMMA_BITS, GDN_INPUT_BITS, LEAST_BITS, MOST_BITS
from licc.quantize.typer import CONVOLUTIONS, is_constant, shuffled_channels, weight_kind

__all__ = ["ScaleError", "attach", "check", "key", "nearest", "read", "rounded", "typed"]

Tensor = NDArray[Any]

# Of a module of the torch dialect: all scales by name.
ATTRIBUTE = "lic.integers"
# Scales beyond these are no scales: their products would leave what multipliers and shifts can do.
LEAST_SCALE, MOST_SCALE = 1e-15, 1e9

_NAME = re.compile(r"(?P<choice>(g_a|h_a|h_s|g_s)\.[\w.]+(#[2-9])?)\.(?P<entry>[a-z_]+)", re.ASCII)


class ScaleError(ValueError):
    """A scale that cannot be taken over; the text begins with its name."""


# --------------------------------------------------------------------------------------------------
# From a typed module
# --------------------------------------------------------------------------------------------------
def key(choice: ir.Value | ir.Operation) -> str:
    """The name of a choice of a typed function, or of a layer with weights.

    Args:
        choice: a function's argument, a `lic.requantize`, a GDN, an addition or a rounding, or its result; a
            convolution for the names of its weights.
    """
    value = choice if isinstance(choice, ir.Value) else choice.results[0]
    if isinstance(value, ir.BlockArgument):
        return f"{_name(facts.owner(value))}.argument"
    op = value.owner.operation
    if op.name != "lic.requantize":
        return ir.StringAttr(op.attributes["layer"]).value
    source = _source(value)
    number = _number(value)
    return key(source) if number == 1 else f"{key(source)}#{number}"


def read(typed: ir.Module) -> dict[str, Tensor]:
    """The scales of a typed module, by the names above.

    Of the module as lic-assign-precision leaves it, before anything is fused.
    """
    found: dict[str, Tensor] = {}
    for function in facts.functions(typed).values():
        found |= _choice(function.arguments[0])
        for op in function.entry_block.operations:
            name = op.operation.name
            if name in CONVOLUTIONS:
                found |= _weights(op.operation)
            if name == "lic.gdn":
                kind = _quantized(op.operands[2])
                found[f"{key(op.operation)}.gamma_bits"] = _integers(kind.hi.bit_length())
            if name in CHOOSING or name == "lic.requantize":
                found |= _choice(op.results[0])
    return found


def rounded(scales: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The scales as a typed module holds them; integers stay as they are."""
    return {name: nearest(name, values) for name, values in scales.items()}


def nearest(name: str, values: Tensor) -> Tensor:
    """`rounded`, of the tensor called `name`."""
    entry = name.rpartition(".")[2]
    if entry in ("scale", "weight_scales"):
        flat = [printable_scale(float(v)) for v in np.ravel(values)]
        return np.array(flat, np.float64).reshape(np.shape(values))
    if entry == "channel_scales":
        return as_stored(values)
    return values


# --------------------------------------------------------------------------------------------------
# Reading typed ops
# --------------------------------------------------------------------------------------------------
def _choice(value: ir.Value) -> dict[str, Tensor]:
    name, kind = key(value), _quantized(value)
    found: dict[str, Tensor] = {f"{name}.scale": np.array(kind.scale, np.float64)}
    if not _adds_constant(value):
        found[f"{name}.range"] = _integers([kind.bits, kind.signed, kind.lo, kind.hi])
    attributes = facts.owner(value).attributes
    if not isinstance(value, ir.BlockArgument) and facts.CHANNEL_SCALES in attributes:
        found[f"{name}.channel_scales"] = facts.elements(attributes[facts.CHANNEL_SCALES]).astype(
            np.float64
        )
    source = _source(value)
    if source is value:
        return found
    readers = _readers(value, source)
    if readers is not None:
        found[f"{name}.readers"] = _integers(readers)
    before = facts.owner(value).operands[0]
    if before != source:
        found[f"{name}.of"] = _integers(_number(before))
    return found


def _weights(op: ir.Operation) -> dict[str, Tensor]:
    kind, name = _quantized(op.operands[1]), key(op)
    return {
        f"{name}.weight_scales": np.array(kind.scales, np.float64),
        f"{name}.weight_bits": _integers(kind.hi.bit_length() + 1),
    }


def _source(value: ir.Value) -> ir.Value:
    """What a value is a form of: itself, or what is behind its requantizations."""
    while not isinstance(value, ir.BlockArgument) and value.owner.name == "lic.requantize":
        value = value.owner.operands[0]
    return value


def _number(value: ir.Value) -> int:
    """Which form of its source a requantization is, from 1; the first is the source itself where it chooses."""
    source = _source(value)
    return _requantized(source).index(facts.owner(value)) + 1 + chooses(source)


def _requantized(source: ir.Value) -> list[ir.Operation]:
    """The requantizations of a value and of one another, in order."""
    block = source.owner if isinstance(source, ir.BlockArgument) else facts.owner(source).block
    forms = {source}
    found: list[ir.Operation] = []
    for op in block.operations:
        if op.operation.name == "lic.requantize" and op.operands[0] in forms:
            forms.add(op.results[0])
            found.append(op.operation)
    return found


def _readers(form: ir.Value, source: ir.Value) -> Sequence[int] | None:
    """Which reads of `source` take this form of it; None for all that need one."""
    reads = sorted(_reads(source))
    own = _requantized(source).index(facts.owner(form)) + 1
    if {number for _, _, number in reads if number >= 0} == {own}:
        return None
    return [at for at, (_, _, number) in enumerate(reads) if number == own]


def _reads(source: ir.Value) -> Iterator[tuple[int, int, int]]:
    """Position of the op, operand and form of each read: 0 as it is, 1 the first requantization.

    -1 for what works on accumulators, and so takes no form.
    """
    block = source.owner if isinstance(source, ir.BlockArgument) else facts.owner(source).block
    order = {op.operation: at for at, op in enumerate(block.operations)}
    accumulators = _quantized(source).bits == 32
    for number, form in enumerate([source, *(op.results[0] for op in _requantized(source))]):
        for use in form.uses:
            reader = use.owner.operation
            if reader.name != "lic.requantize":
                plain = number == 0 and accumulators
                yield order[reader], use.operand_number, -1 if plain else number


def _adds_constant(value: ir.Value) -> bool:
    """Whether a value is a sum with constants, float or typed: its range follows from them."""
    op = facts.owner(value)
    named = not isinstance(value, ir.BlockArgument) and op.name == "lic.add"
    return named and is_constant(op.operands[1])


def _quantized(value: ir.Value) -> Quantized:
    kind = quantized(value.type)
    assert kind is not None, "of a typed module"
    return kind


def _integers(values: Any) -> Tensor:
    return np.array(values, np.int64)


def _name(function: ir.Operation) -> str:
    return ir.StringAttr(function.attributes["sym_name"]).value


# --------------------------------------------------------------------------------------------------
# What a file may say
# --------------------------------------------------------------------------------------------------
def check(scales: Mapping[str, Tensor]) -> None:
    """Refuse scales that no network can have, whatever it is.

    Raises:
        ScaleError: an unknown name, or a tensor of a wrong kind, shape or value.
    """
    for name, values in scales.items():
        found = _NAME.fullmatch(name)
        if found is None or found["entry"] not in _CHECKS:
            raise ScaleError(
                f"{name[:80]!r}: unexpected; expected LAYER.{', LAYER.'.join(_CHECKS)}"
            )
        wrong = _CHECKS[found["entry"]](values)
        if wrong:
            raise ScaleError(f"{name}: {wrong}")


def _wrong_scales(values: Tensor, rank: int) -> str:
    if values.dtype.str[1:] not in ("f4", "f8") or values.ndim != rank or not values.size:
        return f"expected f64 of {rank} dimensions, but got {_described(values)}"
    if not bool(np.isfinite(values).all()):
        return "expected finite scales; the training has diverged"
    least, most = float(values.min()), float(values.max())
    if not (LEAST_SCALE <= least and most <= MOST_SCALE):
        wrong = least if least < LEAST_SCALE else most
        return f"expected scales from {LEAST_SCALE:g} to {MOST_SCALE:g}, but got {wrong:g}"
    return ""


def _wrong_bits(values: Tensor, most: int) -> str:
    if values.dtype != np.int64 or values.ndim != 0:
        return f"expected one i64, but got {_described(values)}"
    bits = int(values)
    return (
        ""
        if LEAST_BITS <= bits <= most
        else f"expected {LEAST_BITS} to {most} bits, but got {bits}"
    )


def _wrong_range(values: Tensor) -> str:
    if values.dtype != np.int64 or values.shape != (4,):
        return f"expected i64 [4], but got {_described(values)}"
    bits, signed, lo, hi = map(int, values)
    if (bits, signed) not in _STORAGE:
        return f"expected storage of (8, 0), (8, 1), (16, 1) or (32, 1), but got ({bits}, {signed})"
    least, most = _STORAGE[bits, signed]
    if not least <= lo <= 0 < hi <= most:
        return f"expected a range around 0 within {least} to {most}, but got {lo} to {hi}"
    return ""


def _wrong_readers(values: Tensor) -> str:
    if values.dtype != np.int64 or values.ndim != 1:
        return f"expected i64 [K], but got {_described(values)}"
    rising = all(a < b for a, b in pairwise([-1, *values.tolist()]))
    return "" if rising else "expected rising positions from 0"


def _wrong_number(values: Tensor) -> str:
    if values.dtype != np.int64 or values.ndim != 0:
        return f"expected one i64, but got {_described(values)}"
    return "" if int(values) >= 1 else f"expected a number from 1, but got {int(values)}"


def _described(values: Tensor) -> str:
    return f"{values.dtype} [{', '.join(map(str, values.shape))}]"


_GDN_MOST = 1 << (GDN_INPUT_BITS - 1)
# Smallest and largest integer by bits and signedness; what has 32 bits is a GDN's input.
_STORAGE = {
    (8, 0): (0, 255),
    (8, 1): (-128, 127),
    (16, 1): (-(1 << 15), (1 << 15) - 1),
    (32, 1): (-_GDN_MOST, _GDN_MOST - 1),
}
_CHECKS: Mapping[str, Callable[[Tensor], str]] = {
    "scale": lambda values: _wrong_scales(values, 0),
    "range": _wrong_range,
    "channel_scales": lambda values: _wrong_scales(values, 1),
    "readers": _wrong_readers,
    "of": _wrong_number,
    "weight_scales": lambda values: _wrong_scales(values, 1),
    "weight_bits": lambda values: _wrong_bits(values, MOST_BITS),
    "gamma_bits": lambda values: _wrong_bits(values, GAMMA_BITS),
}


# --------------------------------------------------------------------------------------------------
# Onto a float module
# --------------------------------------------------------------------------------------------------
def attach(module: ir.Module, scales: Mapping[str, Tensor]) -> None:
    """Write `scales` onto the ops and arguments of float `lic` functions, where typing finds them.

    Those of transforms that the module does not have are left out.

    Raises:
        ScaleError: one is missing, odd, or of no layer of the module. Nothing is written then.
    """
    check(scales)
    functions = float_functions(module)
    left = {n: v for n, v in rounded(scales).items() if n.partition(".")[0] in functions}
    given = _Given(left)
    writing: list[Callable[[], None]] = []
    with module.context:
        for function in functions.values():
            writing.append(given.value(function.arguments[0]))
            for op in function.entry_block.operations:
                if len(op.results) and op.operation.name != "lic.constant":
                    writing.append(given.value(op.results[0]))
                    writing.append(given.layer(op.operation))
        if left:
            raise ScaleError(f"{min(left)}: unexpected: the network has nothing to take it")
        for write in writing:
            write()


def typed(module: ir.Module, scales: Mapping[str, Tensor]) -> ir.Module:
    """A typed copy of a float module with these scales; weights are rounded to the nearest.

    Raises:
        ScaleError: see `attach`.
        UserError: a layer has no typed form with these scales.
    """
    from licc.quantize.pipeline import typed_module

    copy = copied(module)
    attach(copy, scales)
    return typed_module(copy)


class _Given:
    """Scales that are looked up by layer, each once."""

    def __init__(self, left: dict[str, Tensor]) -> None:
        self._left = left

    def value(self, value: ir.Value) -> Callable[[], None]:
        """What writes the forms of a float value."""
        found = list(self._forms(value))
        if chooses(value) and not found:
            raise ScaleError(f"{key(value)}.scale: missing")
        return lambda: forms.write(value, found) if found else None

    def layer(self, op: ir.Operation) -> Callable[[], None]:
        """What writes the weights or gamma of a float layer."""
        if op.name in CONVOLUTIONS:
            kind = self._weights(op)
            return lambda: op.attributes.__setitem__(forms.WEIGHTS, ir.TypeAttr.get(kind.type()))
        if op.name == "lic.gdn":
            bits = int(self._take(f"{key(op)}.gamma_bits"))
            i64 = ir.IntegerType.get_signless(64)
            return lambda: op.attributes.__setitem__(
                forms.GAMMA_BITS, ir.IntegerAttr.get(i64, bits)
            )
        return lambda: None

    def _forms(self, value: ir.Value) -> Iterator[Form]:
        channels = shape_of(value)[1]
        for number in count(1):
            name = key(value) if number == 1 else f"{key(value)}#{number}"
            if f"{name}.scale" not in self._left:
                return
            scale = float(self._take(f"{name}.scale"))
            if number == 1 and _adds_constant(value):
                bits, signed, lo, hi = 16, 1, -(1 << 15), (1 << 15) - 1
            else:
                bits, signed, lo, hi = map(int, self._take(f"{name}.range"))
            kind = Quantized(bits, bool(signed), lo, hi, (scale,))
            divided = self._left.pop(f"{name}.channel_scales", None)
            if divided is not None and divided.shape != (channels,):
                raise ScaleError(
                    f"{name}.channel_scales: expected {channels} scales, but got {divided.size}"
                )
            readers = self._left.pop(f"{name}.readers", None)
            if readers is not None and number == 1 and chooses(value):
                raise ScaleError(f"{name}.readers: unexpected: it is the type of the value itself")
            of = int(self._left.pop(f"{name}.of", 0))
            if of >= number:
                raise ScaleError(
                    f"{name}.of: expected the number of a form before {number}, but got {of}"
                )
            yield Form(
                kind,
                divided,
                None if readers is None else tuple(map(int, readers)),
                of - 1 if of else None,
            )

    def _weights(self, op: ir.Operation) -> Quantized:
        name, outputs = f"{key(op)}.weight_scales", shape_of(op.operands[2])[0]
        scales = self._take(name)
        if scales.shape != (outputs,):
            raise ScaleError(f"{name}: expected {outputs} scales, but got {scales.size}")
        shared = 1 if op.name == "lic.deconv2d" else shuffled_channels(op.results[0])
        if not bool((scales.reshape(-1, shared) == scales[::shared, None]).all()):
            raise ScaleError(
                f"{name}: expected one scale for every {shared} channels, which a pixel shuffle makes one of"
            )
        return weight_kind(op, int(self._take(f"{key(op)}.weight_bits")), scales)

    def _take(self, name: str) -> Tensor:
        if name not in self._left:
            raise ScaleError(f"{name}: missing")
        return self._left.pop(name)


# --------------------------------------------------------------------------------------------------
# From a file to there
# --------------------------------------------------------------------------------------------------
def announce(module: ir.Module, scales: Mapping[str, Tensor]) -> None:
    """Write `scales` on a module whose ops are not there yet; `settle` attaches them."""
    with module.context, ir.Location.unknown():
        found = {n: ir.DenseElementsAttr.get(np.array(v)) for n, v in scales.items()}
        module.operation.attributes[ATTRIBUTE] = ir.DictAttr.get(found)


def settle(module: ir.Module) -> None:
    """Attach what `announce` wrote, if anything.

    Raises:
        ScaleError: see `attach`.
    """
    attributes = module.operation.attributes
    if ATTRIBUTE not in attributes:
        return
    found = attributes[ATTRIBUTE]
    if not isinstance(found, ir.DictAttr):
        raise ScaleError(f"{ATTRIBUTE}: expected a dictionary")
    scales = {named.name: _array(named.name, named.attr) for named in found}
    del attributes[ATTRIBUTE]
    attach(module, scales)


def _array(name: str, attribute: ir.Attribute) -> Tensor:
    if isinstance(attribute, ir.DenseFPElementsAttr):
        return forms.doubles(attribute)
    if isinstance(attribute, ir.DenseIntElementsAttr):
        return facts.elements(attribute).astype(np.int64)
    raise ScaleError(f"{name}: expected dense elements")
