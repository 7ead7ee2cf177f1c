# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Typing with the types that training chose: what `lic.forms` and its like say, and nothing measured.

Weights are rounded to the nearest at the given scales, biases likewise: the integers are those that
training has computed with. What is derived (accumulators, multipliers, norms) is derived as ever.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from torch_mlir import ir
from torch_mlir.dialects import func

from licc.dialects.quantized import Quantized, printable_scale
from licc.quantize import facts, forms
from licc.quantize.boundary import IMAGE, Boundary, domain_of, edges_of, returned
from licc.quantize.forms import Form, FormError
from licc.quantize.kernels import Input, Kernel, QuantizedKernel, rounded_kernel
from licc.quantize.scales import FRACTION_BITS_MAX
from licc.quantize.statistics import Array
from licc.quantize.typer import (
    CONVOLUTIONS,
    MEDIAN_FRACTION_BITS,
    Builder,
    Target,
    Typed,
    TypingError,
)


class TakeOver(Builder):
    """Emits typed ops of the types that the float ones carry."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._taken: set[tuple[ir.Value, int]] = set()

    def finish(self, function: func.FuncOp) -> None:
        """Refuse forms that nothing has read."""
        for value in _values(function):
            for number in range(forms.chooses(value), len(forms.read(value))):
                if (value, number) not in self._taken:
                    raise TypingError(value, f"has a form {number + 1} that nothing reads")

    def _reads(self, op: ir.Operation, number: int = 0) -> Typed:
        value = op.operands[number]
        found = form_read(value, op, number)
        if found is None:
            typed = self.base[value]
            if typed.kind.axis is not None or typed.kind.bits > 16:
                raise TypingError(value, f"requires a form for '{_reader(op)}', which reads it")
        else:
            typed = self._form(value, found)
        if typed.channel_scales is not None and op.name not in CONVOLUTIONS:
            raise TypingError(
                value,
                f"cannot have channel scales, as '{_reader(op)}' reads it, which is no convolution",
            )
        return typed

    def _form(self, value: ir.Value, number: int) -> Typed:
        form = forms.read(value)[number]
        self._taken.add((value, number))
        own = form.of is None or (form.of == 0 and forms.chooses(value))
        before = self.base[value] if own or form.of is None else self._form(value, form.of)
        return self._requantize(value, before, Target(form.kind, form.channel_scales))

    def _gives(self, op: ir.Operation, negative: bool) -> Target:
        del negative
        form = _own(op.results[0])
        if op.name == "lic.add" and form.channel_scales is not None:
            raise TypingError(op.results[0], "cannot have channel scales: it is an addition")
        return Target(form.kind, form.channel_scales)

    def _weight_bits(self, op: ir.Operation) -> int:
        return forms.weight_type(op).hi.bit_length() + 1

    def _gamma_bits(self, op: ir.Operation) -> int:
        return forms.gamma_bits(op)

    def _fraction(self, op: ir.Operation, x: Typed, values: Array) -> int:
        scale = _own(op.results[0]).kind.scale
        for fraction in range(MEDIAN_FRACTION_BITS + 1):
            if printable_scale(x.kind.scale * 2.0**-fraction) == scale:
                if not np.abs(values).max() / scale < 2.0**30:
                    raise TypingError(
                        op.results[0], f"adds constants too large for scale {scale:g}"
                    )
                return fraction
        raise TypingError(
            op.results[0],
            f"expected scale {x.kind.scale:g} * 2^-f with f in 0 to {MEDIAN_FRACTION_BITS}, but got {scale:g}",
        )

    def _quantized_kernel(
        self, op: ir.Operation, kernel: Kernel, bias: Array, x: Typed
    ) -> QuantizedKernel:
        weights = forms.weight_type(op)
        if len(weights.scales) != kernel.outputs:
            raise FormError(
                op.results[0],
                f"expected '{forms.WEIGHTS}' with {kernel.outputs} scales, but got {len(weights.scales)}",
            )
        if x.channel_scales is not None:
            kernel = kernel.scaled(x.channel_scales)
        read = Input(x.kind.scale, x.kind.lo, x.kind.hi)
        try:
            return rounded_kernel(
                kernel, bias, read, weights.hi.bit_length() + 1, np.array(weights.scales)
            )
        except ValueError as error:
            raise TypingError(op.results[0], str(error)) from error


# --------------------------------------------------------------------------------------------------
# Who reads what
# --------------------------------------------------------------------------------------------------
def form_read(value: ir.Value, op: ir.Operation, number: int) -> int | None:
    """Which form of `value` is operand `number` of `op`; None for the value as it is."""
    own = forms.chooses(value)
    for at, form in enumerate(forms.read(value)):
        if at >= own and (form.readers is None or _position(value, op, number) in form.readers):
            return at
    return None


def _position(value: ir.Value, op: ir.Operation, number: int) -> int:
    """Of a read among all of a value, in order of ops and operands."""
    reads = {(use.owner.operation, use.operand_number) for use in value.uses}
    block = value.owner if isinstance(value, ir.BlockArgument) else facts.owner(value).block
    ordered = [
        (each.operation, at)
        for each in block.operations
        for at in range(len(each.operands))
        if (each.operation, at) in reads
    ]
    return ordered.index((op, number))


def _values(function: func.FuncOp) -> Iterator[ir.Value]:
    """Argument and results that have forms."""
    yield function.arguments[0]
    for op in function.entry_block.operations:
        if forms.FORMS in op.attributes:
            yield op.results[0]


def _own(value: ir.Value) -> Form:
    """The form that a value chooses for itself."""
    found = forms.read(value)
    if not found:
        raise FormError(value, f"requires attribute '{forms.FORMS}' with its type")
    return found[0]


def _reader(op: ir.Operation) -> str:
    return ir.StringAttr(op.attributes["layer"]).value if "layer" in op.attributes else op.name


# --------------------------------------------------------------------------------------------------
# Where two functions have to agree
# --------------------------------------------------------------------------------------------------
def boundaries(functions: Mapping[str, func.FuncOp]) -> dict[str, Boundary]:
    """The types around each of `functions`, from their forms.

    Raises:
        FormError: a type is missing, not what its role asks for, or not that of the same latents elsewhere.
    """
    domains: dict[tuple[str, str], Quantized] = {}
    found: dict[str, Boundary] = {}
    for name, function in functions.items():
        kinds = _own(function.arguments[0]).kind, _result(function)
        for (role, value), kind in zip(edges_of(function), kinds, strict=True):
            _check_role(role, value, kind)
            if role in ("latent", "symbols"):
                known = domains.setdefault((domain_of(name, role), role), kind)
                if kind != known:
                    raise FormError(
                        value,
                        f"expected the type of the same {role} elsewhere, '{known.type()}', "
                        f"but got '{kind.type()}'",
                    )
        found[name] = Boundary(*kinds, kinds[1])
    _check_symbols(functions, domains)
    return found


def _result(function: func.FuncOp) -> Quantized:
    """The type of what a function returns."""
    value = returned(function)
    last = list(function.entry_block.operations)[-1].operation
    read = form_read(value, last, 0)
    if read is not None:
        return forms.read(value)[read].kind
    if not forms.chooses(value):
        raise FormError(value, "requires a form for 'func.return', which reads it")
    return _own(value).kind


def _check_role(role: str, value: ir.Value, kind: Quantized) -> None:
    fraction = -math.frexp(kind.scale)[1] + 1
    fine = math.frexp(kind.scale)[0] == 0.5 and 0 <= fraction <= FRACTION_BITS_MAX
    legal = {
        "image": (kind == IMAGE, f"an image's '{IMAGE.type()}'"),
        "latent": (fine, f"a scale of 2^-f with f in 0 to {FRACTION_BITS_MAX}"),
        "scales": (fine, f"a scale of 2^-f with f in 0 to {FRACTION_BITS_MAX}"),
        "symbols": (
            kind.scale == 1.0 and kind.lo == -kind.hi and (kind.hi & (kind.hi + 1)) == 0,
            "scale 1 and a range within +-(2^k - 1)",
        ),
    }
    if role not in legal:
        raise FormError(value, f"requires a known '{facts.ROLE}', but got '{role}'")
    right, wanted = legal[role]
    if not right:
        raise FormError(value, f"expected {wanted}, but got '{kind.type()}'")


def _check_symbols(
    functions: Mapping[str, func.FuncOp], domains: Mapping[tuple[str, str], Quantized]
) -> None:
    """A latent that leaves its function unrounded rounds to no more than the symbols that the decoder takes."""
    latent, symbols = domains.get(("y", "latent")), domains.get(("y", "symbols"))
    if latent is None or symbols is None:
        return
    most = symbols.hi / latent.scale
    if max(-latent.lo, latent.hi) > most:
        where = next(iter(functions.values())).arguments[0]
        raise FormError(
            where,
            f"has latents '{latent.type()}', which round to more than symbols '{symbols.type()}' hold",
        )
