# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Types that training chose, as discardable attributes of float ops and of function arguments.

    lic.forms = [{type = !quant.uniform<...>, channel_scales = dense<...> : tensor<Cxf64>,
                  readers = array<i64: ...>, of = 0 : i64}, ...]   of a value: the forms in which it is read
    lic.weight_type = !quant.uniform<...>            of a convolution: the type of its weights
    lic.gamma_bits = 17 : i64                        of a GDN

All but `type` may be absent. The first form of what chooses its own type (an argument, a GDN,
an addition, a rounding) is that type. The others are requantizations, for the `readers` among all
that read the value, by op and operand; without them for all readers. `of` is the form that it is a
requantization of, from 0; without it, of the value as it is computed.
A function that carries them is typed without the facts of calibration (licc/quantize/takeover.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch_mlir import ir
from torch_mlir.dialects import func

from licc.dialects.quantized import Quantized, quantized
from licc.quantize import facts
from licc.quantize.modules import float_functions
from licc.quantize.policy import GAMMA_BITS as GAMMA_MOST
from licc.quantize.policy import LEAST_BITS
from licc.quantize.statistics import Array

FORMS = "lic.forms"
WEIGHTS = "lic.weight_type"
GAMMA_BITS = "lic.gamma_bits"
# Ops whose results have types of their own choice; those of others follow from their operands.
CHOOSING = frozenset(("lic.gdn", "lic.add", "lic.round_latent"))


@dataclass(frozen=True)
class Form:
    """One form of a value.

    Attributes:
        kind: its element type.
        channel_scales: [C] what its channels are divided by; None for all ones.
        readers: the reads that take it, by position; None for all.
        of: the form before this one that it is made of; None for the value as it is computed.
    """

    kind: Quantized
    channel_scales: Array | None = None
    readers: tuple[int, ...] | None = None
    of: int | None = None

    def attribute(self) -> ir.Attribute:
        """As an entry of `lic.forms`, in the current context."""
        found: dict[str, ir.Attribute] = {"type": ir.TypeAttr.get(self.kind.type())}
        if self.channel_scales is not None:
            found["channel_scales"] = ir.DenseElementsAttr.get(self.channel_scales)
        if self.readers is not None:
            found["readers"] = ir.DenseI64ArrayAttr.get(list(self.readers))
        if self.of is not None:
            found["of"] = ir.IntegerAttr.get(ir.IntegerType.get_signless(64), self.of)
        return ir.DictAttr.get(found)


class FormError(Exception):
    """Attributes that say nothing sensible; `value` is where."""

    def __init__(self, value: ir.Value, message: str) -> None:
        super().__init__(message)
        self.value = value


def chooses(value: ir.Value) -> bool:
    """Whether the type of a value is its own choice, its first form."""
    return isinstance(value, ir.BlockArgument) or facts.owner(value).name in CHOOSING


# --------------------------------------------------------------------------------------------------
# Writing
# --------------------------------------------------------------------------------------------------
def write(value: ir.Value, forms: Sequence[Form]) -> None:
    """Set the forms of a value."""
    facts.attach(value, {FORMS: ir.ArrayAttr.get([form.attribute() for form in forms])})


def carried(module: ir.Module) -> bool:
    """Whether float functions of a module carry what training chose."""
    return any(carries(function) for function in float_functions(module).values())


def carries(function: func.FuncOp) -> bool:
    """Whether a function does."""
    return _attribute(function.arguments[0], FORMS) is not None


def drop(module: ir.Module) -> None:
    """Take away what training chose: the module will be calibrated."""
    for function in float_functions(module).values():
        facts.detach(function.arguments[0], FORMS)
        for op in function.entry_block.operations:
            for name in (FORMS, WEIGHTS, GAMMA_BITS):
                if name in op.attributes:
                    del op.attributes[name]


# --------------------------------------------------------------------------------------------------
# Reading
# --------------------------------------------------------------------------------------------------
def read(value: ir.Value) -> tuple[Form, ...]:
    """The forms of a value; none where nothing is said.

    Raises:
        FormError: the attribute is not as above.
    """
    attribute = _attribute(value, FORMS)
    if attribute is None:
        return ()
    if not isinstance(attribute, ir.ArrayAttr):
        raise FormError(value, f"expected attribute '{FORMS}' to be a list")
    return tuple(_form(value, entry, number) for number, entry in enumerate(attribute))


def _form(value: ir.Value, entry: ir.Attribute, number: int) -> Form:
    kind = None
    if isinstance(entry, ir.DictAttr) and "type" in entry:
        type_ = entry["type"]
        kind = quantized(type_.value) if isinstance(type_, ir.TypeAttr) else None
    if kind is None or kind.axis is not None:
        raise FormError(value, f"expected '{FORMS}' with a 'type' of one scale")
    assert isinstance(entry, ir.DictAttr)
    scales = readers = None
    if "channel_scales" in entry:
        scales = _scales(value, entry["channel_scales"])
    if "readers" in entry:
        listed = entry["readers"]
        if not isinstance(listed, ir.DenseI64ArrayAttr):
            raise FormError(value, f"expected '{FORMS}' with 'readers' of i64")
        readers = tuple(listed)
    of = None
    if "of" in entry:
        listed = entry["of"]
        of = listed.value if isinstance(listed, ir.IntegerAttr) else -1
        if not 0 <= of < number:
            raise FormError(value, f"expected '{FORMS}' with 'of' a form before it")
    return Form(kind, scales, readers, of)


def _scales(value: ir.Value, attribute: ir.Attribute) -> Array:
    channels = ir.ShapedType(value.type).shape[1]
    if isinstance(attribute, ir.DenseFPElementsAttr):
        scales = doubles(attribute)
        if scales.shape == (channels,) and bool((scales > 0.0).all()):
            return scales
    raise FormError(value, f"expected '{FORMS}' with {channels} positive 'channel_scales'")


def doubles(attribute: ir.DenseFPElementsAttr) -> Array:
    """The elements of an attribute, splats spread out, in double precision."""
    if attribute.is_splat:
        value: float = ir.FloatAttr(attribute.get_splat_value()).value
        return np.full(tuple(ir.ShapedType(attribute.type).shape), value, np.float64)
    return np.array(attribute).astype(np.float64)


def weight_type(op: ir.Operation) -> Quantized:
    """The type of a convolution's weights.

    Raises:
        FormError: the attribute is not there or no type of weights.
    """
    kind = None
    attribute = _attribute(op.results[0], WEIGHTS)
    if attribute is not None and isinstance(attribute, ir.TypeAttr):
        kind = quantized(attribute.value)
    axis = 0 if op.name == "lic.conv2d" else 1
    if kind is None or kind.axis != axis or kind.hi < 7 or kind.lo != -kind.hi:
        raise FormError(
            op.results[0],
            f"requires attribute '{WEIGHTS}', signed with one scale an output on axis {axis}",
        )
    return kind


def gamma_bits(op: ir.Operation) -> int:
    """Significant bits of a GDN's gamma.

    Raises:
        FormError: the attribute is not there.
    """
    attribute = _attribute(op.results[0], GAMMA_BITS)
    if attribute is not None and isinstance(attribute, ir.IntegerAttr):
        bits: int = attribute.value
        if LEAST_BITS <= bits <= GAMMA_MOST:
            return bits
    raise FormError(
        op.results[0], f"requires attribute '{GAMMA_BITS}' of {LEAST_BITS} to {GAMMA_MOST} bits"
    )


def _attribute(value: ir.Value, name: str) -> ir.Attribute | None:
    if isinstance(value, ir.BlockArgument):
        return facts.owner_attributes(value).get(name)
    attributes = facts.owner(value).attributes
    if name not in attributes:
        return None
    return attributes[name]
