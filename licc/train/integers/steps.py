# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Typed `lic` functions as steps on torch tensors: what to compute, with which parameters, by their names.

A walk over the ops of a typed module gives the steps. What a type or an attribute says of structure is taken
over: ranges, widths, strides. What follows from parameters (stored weights, multipliers, norms) is
derived again each time, as typing derives it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor
from torch_mlir import ir
from torch_mlir.dialects import func

from licc.dialects.ext import array
from licc.dialects.quantized import Quantized, quantized
from licc.errors import UserError
from licc.quantize import facts, trained
from licc.quantize.gdn import GdnShape, quantize_gdn
from licc.train.integers import ops
from licc.train.integers.scales import (
    REMEDY,
    Scales,
    exact_factors,
    exact_pair,
    held,
    least_weight_scales,
)
from licc.train.integers.weights import Fitted

_WIDEST = (1 << 31) - 1


@dataclass(frozen=True)
class Value:
    """A typed tensor.

    Attributes:
        q: stored integers, BxCxHxW.
        scale: real value of a stored 1, float64: a scalar, or [C] of accumulators.
        channels: [C] what its channels were divided by; None for all ones.
    """

    q: Tensor
    scale: Tensor
    channels: Tensor | None = None

    @property
    def steps(self) -> Tensor:
        """[C] real value of a stored 1, by channel."""
        spread = self.scale.expand(self.q.shape[1])
        return spread if self.channels is None else spread * self.channels


class Floats(Protocol):
    """Where the float parameters are."""

    def weight(self, layer: str) -> Tensor:
        """Of a convolution, in the layout of its op."""
        ...

    def bias(self, layer: str) -> Tensor:
        """Of a convolution, [O], with what is folded into it."""
        ...

    def gdn(self, layer: str) -> tuple[Tensor, Tensor]:
        """Beta [C] and gamma [C, C], re-parametrised."""
        ...

    def addend(self, layer: str) -> Tensor:
        """[C] constants that an addition adds."""
        ...


@dataclass(frozen=True)
class Context:
    """What steps compute with.

    Attributes:
        floats: the weights.
        scales: the scales.
        used: weight scales by name, as they were used; filled by the steps.
        settled: by layer, what convolutions compute with; filled by the steps where it is not None.
    """

    floats: Floats
    scales: Scales
    used: dict[str, Tensor] = field(default_factory=dict[str, Tensor])
    settled: dict[str, Fitted] | None = None


class Step(Protocol):
    """One op."""

    def run(self, context: Context, values: Sequence[Value]) -> Value:
        """Its result, from its activations."""
        ...


@dataclass(frozen=True)
class Choice:
    """A type that is chosen, not derived: its range, and the name of its scales."""

    name: str
    limits: ops.Limits

    def scale(self, scales: Scales) -> Tensor:
        """Of a stored 1."""
        return scales.of(f"{self.name}.scale")

    def channels(self, scales: Scales) -> Tensor | None:
        """What channels are divided by."""
        name = f"{self.name}.channel_scales"
        return scales.of(name) if scales.has(name) else None

    def value(self, scales: Scales, q: Tensor) -> Value:
        """`q` in this type."""
        return Value(q, self.scale(scales), self.channels(scales))


# --------------------------------------------------------------------------------------------------
# Steps
# --------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Convolution:
    """`lic.conv2d` and `lic.deconv2d`.

    Attributes:
        layer: its name.
        geometry: strides and the like.
        most: largest stored weight.
        limits: the range of its input.
    """

    layer: str
    geometry: ops.Geometry
    most: int
    limits: ops.Limits

    def scales(self, context: Context, x: Value) -> Tensor:
        """[O] of the weights, no finer than accumulators in i32 allow."""
        weight, bias = context.floats.weight(self.layer), context.floats.bias(self.layer)
        raw = context.scales.raw(f"{self.layer}.weight_scales")
        with torch.no_grad():
            spread = (weight.double() * self._by_input(x)).abs_()
            sums = self.geometry.phase_sums(spread).sum(dim=0).amax(dim=1)
            least = least_weight_scales(bias.double(), sums, x.scale, self.largest)
        return held(torch.maximum(raw, self._together(context, least)), "weight_scales")

    def _together(self, context: Context, least: Tensor) -> Tensor:
        """Channels that share a scale share its limit."""
        shared = context.scales.free.get(f"{self.layer}.weight_scales", 1)
        return least.reshape(-1, shared).amax(dim=1).repeat_interleave(shared)

    @property
    def largest(self) -> int:
        """The largest magnitude of an input."""
        return max(-self.limits[0], self.limits[1])

    def _by_input(self, x: Value) -> Tensor:
        """What the weights are multiplied by, to broadcast against them."""
        if x.channels is None:
            return torch.ones_like(x.scale)
        return (
            x.channels[:, None, None, None]
            if self.geometry.transposed
            else x.channels[:, None, None]
        )

    def _by_output(self, scales: Tensor) -> Tensor:
        return scales[:, None, None] if self.geometry.transposed else scales[:, None, None, None]

    def run(self, context: Context, values: Sequence[Value]) -> Value:
        """Accumulators.

        Raises:
            UserError: they do not fit i32.
        """
        (x,) = values
        weight, scales = context.floats.weight(self.layer), self.scales(context, x)
        context.used[f"{self.layer}.weight_scales"] = scales.detach()
        stored = ops.stored_weights(weight, self._by_input(x), self._by_output(scales), self.most)
        bias = ops.stored_bias(context.floats.bias(self.layer), scales * x.scale)
        self._check(stored.detach(), bias.detach())
        if context.settled is not None:
            real = stored.double() * self._by_output(scales) / self._by_input(x)
            context.settled[self.layer] = Fitted(real, bias.double() * (scales * x.scale))
        q = ops.convolution(x.q, stored, bias, self.geometry, self.largest)
        return Value(q, held(x.scale * scales, "weight_scales"))

    def _check(self, weight: Tensor, bias: Tensor) -> None:
        sums = self.geometry.phase_sums(weight.abs().double()).sum(dim=0).amax(dim=1)
        # A NaN is no larger.
        if not float((sums * self.largest + bias.abs()).max()) <= _WIDEST:
            raise UserError(f"{self.layer}: accumulators do not fit 'i32' any more; {REMEDY}")


@dataclass(frozen=True)
class Requantize:
    """`lic.requantize`."""

    choice: Choice
    returned: bool

    def run(self, context: Context, values: Sequence[Value]) -> Value:
        """In the type of the choice."""
        (x,) = values
        target = self.choice.value(context.scales, x.q)
        factors = x.steps / target.steps
        exact = exact_factors(self.choice.name, factors)
        q = ops.requantize(x.q, factors, exact, self.choice.limits, self.returned)
        return Value(q, target.scale, target.channels)


@dataclass(frozen=True)
class Gdn:
    """`lic.gdn`."""

    layer: str
    form: str
    inverse: bool
    limits: ops.Limits
    gamma_bits: int
    choice: Choice

    def run(self, context: Context, values: Sequence[Value]) -> Value:
        """Normalised.

        Raises:
            UserError: no norm shift is legal.
        """
        (x,) = values
        beta, gamma = context.floats.gdn(self.layer)
        target = self.choice.value(context.scales, x.q)
        steps = target.steps
        q = ops.gdn(x.q, beta, gamma, x.scale, steps, self._integers(x, beta, gamma, steps))
        return Value(q, target.scale, target.channels)

    def _integers(self, x: Value, beta: Tensor, gamma: Tensor, steps: Tensor) -> ops.GdnIntegers:
        def plain(values: Tensor) -> np.ndarray[Any, np.dtype[np.float64]]:
            return values.detach().double().cpu().numpy()

        def wide(values: Any) -> Tensor:
            return torch.tensor(values, dtype=torch.float64, device=x.q.device)

        scale = float(x.scale.detach())
        shape = GdnShape(
            plain(beta),
            np.maximum(plain(gamma), 0.0),
            self.form,
            self.inverse,
            scale,
            *self.limits,
            plain(steps),
            self.gamma_bits,
        )
        try:
            found = quantize_gdn(shape)
        except ValueError as error:
            raise UserError(f"{self.layer}: {error}; {REMEDY}") from error
        pairs = zip(found.multiplier, found.shift, strict=True)
        exact = wide([m * 2.0**-s for m, s in pairs]).expand(len(steps))
        unit = scale**2 if self.form == "rsqrt" else scale
        norm_scale = found.gamma_scale * unit * 2.0**found.norm_shift
        root_scale = norm_scale**0.5 if self.form == "rsqrt" else norm_scale
        return ops.GdnIntegers(
            self.form,
            self.inverse,
            wide(found.beta),
            wide(found.gamma),
            found.norm_shift,
            exact,
            root_scale if self.inverse else 1.0 / root_scale,
            self.choice.limits,
        )


@dataclass(frozen=True)
class Relu:
    """`lic.relu`: accumulators are proven to fit, so that nothing is clamped."""

    def run(self, context: Context, values: Sequence[Value]) -> Value:
        """`max(x, 0)`."""
        del context
        (x,) = values
        return Value(torch.relu(x.q), x.scale, x.channels)


@dataclass(frozen=True)
class LeakyRelu:
    """`lic.leaky_relu`; `exact` is its multiplier times 2^-shift."""

    exact: float

    def run(self, context: Context, values: Sequence[Value]) -> Value:
        """See docs/semantics.md."""
        del context
        (x,) = values
        return Value(ops.leaky_relu(x.q, self.exact), x.scale, x.channels)


@dataclass(frozen=True)
class Abs:
    """`lic.abs`."""

    limits: ops.Limits

    def run(self, context: Context, values: Sequence[Value]) -> Value:
        """`|x|`; the least of a range may have no opposite."""
        del context
        (x,) = values
        return Value(x.q.abs().clamp(*self.limits), x.scale, x.channels)


@dataclass(frozen=True)
class AddConstant:
    """`lic.add` of one constant a channel: x is taken `factor` times, exactly."""

    layer: str
    factor: float
    choice: Choice

    def run(self, context: Context, values: Sequence[Value]) -> Value:
        """The constants have no gradient."""
        (x,) = values
        scale = self.choice.scale(context.scales)
        constants = context.floats.addend(self.layer).detach().double()
        stored = ((constants / scale) + 0.5).floor_()[:, None, None]
        q = (x.q * self.factor + stored.float()).clamp(*self.choice.limits)
        return Value(q, scale)


@dataclass(frozen=True)
class AddValues:
    """`lic.add` of two activations."""

    layer: str
    choice: Choice

    def run(self, context: Context, values: Sequence[Value]) -> Value:
        """The sum."""
        scale = self.choice.scale(context.scales)
        factors = torch.stack([side.scale / scale for side in values])
        exact = exact_pair(self.layer, factors)
        q = ops.add(values[0].q, values[1].q, factors, exact, self.choice.limits)
        return Value(q, scale)


@dataclass(frozen=True)
class PixelShuffle:
    """`lic.pixel_shuffle`; accumulators have one scale for the channels that become one."""

    factor: int

    def run(self, context: Context, values: Sequence[Value]) -> Value:
        """Each `factor^2` channels side by side."""
        del context
        (x,) = values
        scale = x.scale[:: self.factor**2] if x.scale.dim() else x.scale
        return Value(F.pixel_shuffle(x.q, self.factor), scale)


@dataclass(frozen=True)
class RoundLatent:
    """`lic.round_latent` of fractions of `2^-fraction_bits`."""

    fraction_bits: int
    choice: Choice

    def run(self, context: Context, values: Sequence[Value]) -> Value:
        """Symbols."""
        (x,) = values
        q = ops.rounded(x.q * 2.0**-self.fraction_bits, self.choice.limits)
        return self.choice.value(context.scales, q)


# --------------------------------------------------------------------------------------------------
# Functions
# --------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Placed:
    """A step with the numbers of the values that it takes and makes, and of those that nobody takes later."""

    step: Step
    takes: tuple[int, ...]
    makes: int
    last: tuple[int, ...]


@dataclass(frozen=True)
class Function:
    """A typed function.

    Attributes:
        name: such as "g_a".
        argument: its type.
        result: likewise.
        steps: in order; value 0 is the argument.
        returned: number of the value that it returns.
        unrounded: number of the latent whose rounding it returns, or of what it returns.
        free: names of the scales that can be learned, and how many neighbours share one.
    """

    name: str
    argument: Quantized
    result: Quantized
    steps: tuple[Placed, ...]
    returned: int
    unrounded: int
    free: Mapping[str, int]

    def run(self, context: Context, q: Tensor) -> tuple[Value, Value]:
        """The result for stored integers `q`, and the latent behind it."""
        scale = torch.tensor(self.argument.scale, dtype=torch.float64, device=q.device)
        values = {0: Value(q, scale)}
        for placed in self.steps:
            values[placed.makes] = placed.step.run(context, [values[n] for n in placed.takes])
            for number in placed.last:
                if number != self.unrounded:
                    del values[number]
        return values[self.returned], values[self.unrounded]


def functions_of(typed: ir.Module) -> dict[str, Function]:
    """The functions of a typed module, as `lic-assign-precision` leaves it, by name.

    Raises:
        UserError: an op that cannot be trained.
    """
    return {name: _Walk(function).function() for name, function in facts.functions(typed).items()}


class _Walk:
    """Goes over the ops of one function."""

    def __init__(self, function: func.FuncOp) -> None:
        self.source = function
        self.numbers: dict[ir.Value, int] = {function.arguments[0]: 0}
        # Values that a convolution stands before: the scales of others are given.
        self.learned: set[ir.Value] = set()
        self.free: dict[str, int] = {}
        self.makers: Mapping[str, Callable[[ir.Operation], Step]] = {
            "lic.conv2d": self._convolution,
            "lic.deconv2d": self._convolution,
            "lic.requantize": self._requantize,
            "lic.gdn": self._gdn,
            "lic.relu": lambda _: Relu(),
            "lic.leaky_relu": lambda op: LeakyRelu(_fraction(op, _integer(op, "multiplier"))),
            "lic.abs": lambda op: Abs(_limits(op.results[0])),
            "lic.add": self._add,
            "lic.pixel_shuffle": lambda op: PixelShuffle(_integer(op, "factor")),
            "lic.round_latent": self._round_latent,
        }

    def function(self) -> Function:
        """The steps of all ops."""
        *body, last = list(self.source.entry_block.operations)
        placed: list[tuple[Step, tuple[int, ...], int]] = []
        for view in body:
            op = view.operation
            if op.name == "lic.constant":
                continue
            if op.name not in self.makers:
                raise UserError(f"{_layer(op)}: '{op.name}' cannot be trained as integers")
            taken = [v for v in op.operands if not _is_constant(v)]
            step = self.makers[op.name](op)
            if op.name in trained.CONVOLUTIONS or any(v in self.learned for v in taken):
                self.learned.add(op.results[0])
            made = self.numbers[op.results[0]] = len(self.numbers)
            placed.append((step, tuple(self.numbers[v] for v in taken), made))
        result = last.operands[0]
        latent = result
        if not isinstance(result, ir.BlockArgument) and result.owner.name == "lic.round_latent":
            latent = result.owner.operands[0]
        return Function(
            ir.StringAttr(self.source.attributes["sym_name"]).value,
            _kind(self.source.arguments[0]),
            _kind(result),
            _with_last_uses(placed, self.numbers[result]),
            self.numbers[result],
            self.numbers[latent],
            self.free,
        )

    def _choice(self, op: ir.Operation, learnable: bool = True) -> Choice:
        """The type of an op's result; its scales are free unless it meets another function."""
        result, name = op.results[0], trained.key(op)
        readers = {use.owner.operation.name for use in result.uses}
        edge = bool(readers & {"func.return", "lic.round_latent"})
        if learnable and not edge and any(v in self.learned for v in op.operands):
            by_channel = facts.CHANNEL_SCALES in op.attributes
            # The scale of the tensor follows from those of its channels.
            self.free[f"{name}.{'channel_scales' if by_channel else 'scale'}"] = 1
        return Choice(name, _limits(result))

    def _convolution(self, op: ir.Operation) -> Step:
        layer = trained.key(op)
        transposed = op.name == "lic.deconv2d"
        geometry = ops.Geometry(
            _pair(op, "strides"),
            _pair(op, "padding"),
            _pair(op, "dilations"),
            _integer(op, "groups"),
            transposed,
            _pair(op, "output_padding") if transposed else (0, 0),
        )
        if geometry.dilations != (1, 1) or geometry.groups != 1:
            raise UserError(f"{layer}: dilations and groups cannot be trained as integers")
        self.free[f"{layer}.weight_scales"] = _shuffled(op.results[0])
        return Convolution(layer, geometry, _limits(op.operands[1])[1], _limits(op.operands[0]))

    def _requantize(self, op: ir.Operation) -> Step:
        returned = any(
            use.owner.operation.name in ("func.return", "lic.round_latent")
            for use in op.results[0].uses
        )
        return Requantize(self._choice(op), returned)

    def _gdn(self, op: ir.Operation) -> Step:
        return Gdn(
            trained.key(op),
            ir.StringAttr(op.attributes["form"]).value,
            ir.BoolAttr(op.attributes["inverse"]).value,
            _limits(op.operands[0]),
            _limits(op.operands[2])[1].bit_length(),
            self._choice(op),
        )

    def _add(self, op: ir.Operation) -> Step:
        layer = trained.key(op)
        if not _is_constant(op.operands[1]):
            return AddValues(layer, self._choice(op))
        (first, second), shift = _pair(op, "multiplier"), _integer(op, "shift")
        if second != 1 or shift:
            raise UserError(f"{layer}: an addition that cannot be trained as integers")
        return AddConstant(layer, float(first), self._choice(op, learnable=False))

    def _round_latent(self, op: ir.Operation) -> Step:
        fraction_bits = 1 - math.frexp(_kind(op.operands[0]).scale)[1]
        return RoundLatent(fraction_bits, self._choice(op, learnable=False))


def _with_last_uses(
    placed: Sequence[tuple[Step, tuple[int, ...], int]], returned: int
) -> tuple[Placed, ...]:
    seen, found = {returned}, list[Placed]()
    for step, takes, makes in reversed(placed):
        last = tuple(dict.fromkeys(n for n in takes if n not in seen))
        seen.update(takes)
        found.append(Placed(step, takes, makes, last))
    return tuple(reversed(found))


def _shuffled(value: ir.Value) -> int:
    """How many channels of accumulators share a scale: those that a pixel shuffle makes one of."""
    for use in value.uses:
        reader = use.owner.operation
        if reader.name == "lic.pixel_shuffle":
            return _integer(reader, "factor") ** 2
        if reader.name in ("lic.relu", "lic.leaky_relu"):
            return _shuffled(reader.results[0])
    return 1


def _is_constant(value: ir.Value) -> bool:
    return not isinstance(value, ir.BlockArgument) and value.owner.name == "lic.constant"


def _kind(value: ir.Value) -> Quantized:
    kind = quantized(value.type)
    if kind is None:
        raise UserError(f"{_layer(facts.owner(value))}: not typed")
    return kind


def _limits(value: ir.Value) -> ops.Limits:
    kind = _kind(value)
    return kind.lo, kind.hi


def _layer(op: ir.Operation) -> str:
    attributes = op.attributes
    return ir.StringAttr(attributes["layer"]).value if "layer" in attributes else op.name


def _integer(op: ir.Operation, name: str) -> int:
    return ir.IntegerAttr(op.attributes[name]).value


def _pair(op: ir.Operation, name: str) -> tuple[int, int]:
    first, second = array(op.attributes[name])
    return first, second


def _fraction(op: ir.Operation, multiplier: int) -> float:
    return multiplier * 2.0 ** -_integer(op, "shift")
