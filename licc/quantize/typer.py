# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Builds the typed form of a float function, op by op."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from torch_mlir import ir
from torch_mlir.dialects import func

from licc.dialects.quantized import Quantized, printable_scale, shape_of
from licc.quantize import facts
from licc.quantize.alongside import Alongside
from licc.quantize.boundary import Boundary, magnitude, returned
from licc.quantize.channels import as_stored, channel_scales, whole_factors
from licc.quantize.gdn import GdnShape, quantize_gdn
from licc.quantize.kernels import (
    ACCUMULATOR_MAX,
    CLIP_SHARES,
    Input,
    Integers,
    Kernel,
    QuantizedKernel,
    fits_accumulator,
    quantize_kernel,
)
from licc.quantize.measure import sqnr
from licc.quantize.memo import remembered
from licc.quantize.policy import Policy
from licc.quantize.readings import Geometry, from_pictures, quantize_by_statistics
from licc.quantize.scales import SHIFT_MAX, multiplier_and_shift, scale_of
from licc.quantize.statistics import Array, ChannelStatistics

CONVOLUTIONS = frozenset(("lic.conv2d", "lic.deconv2d"))
# What an addition alone reads has so many more bits than other activations; docs/quantization.md has figures.
SIDE_BITS = 2
# Medians are added at no more fraction bits than this.
MEDIAN_FRACTION_BITS = 8


class TypingError(Exception):
    """A value that has no legal typed form; `value` is where."""

    def __init__(self, value: ir.Value, message: str) -> None:
        super().__init__(message)
        self.value = value


@dataclass(frozen=True)
class Typed:
    """A typed value.

    Attributes:
        value: in the new function.
        kind: its element type.
        channel_scales: what its channels were divided by; None for all ones.
    """

    value: ir.Value
    kind: Quantized
    channel_scales: Array | None = None


@dataclass(frozen=True)
class Target:
    """How a consumer wants a value: element type and what to divide the channels by."""

    kind: Quantized
    channel_scales: Array | None = None


def typed_function(
    function: func.FuncOp,
    boundary: Boundary,
    policy: Policy,
    pictures: Alongside | None = None,
    builder: type[Builder] | None = None,
) -> None:
    """Replace float `function` by its typed form.

    Args:
        function: with the facts of calibration, or what else `builder` takes types from.
        boundary: the types of its argument and result.
        policy: chooses widths and methods.
        pictures: to fit weights to; without them the facts have to do.
        builder: chooses types; None for `Builder`.

    Raises:
        MissingFactError: a value without the facts of calibration.
        TypingError: an op that has no typed form.
    """
    with function.location, ir.InsertionPoint(function):
        old = dict(function.attributes.items())
        argument, result = function.arguments[0], returned(function)
        types = [_with(v, k) for v, k in ((argument, boundary.argument), (result, boundary.result))]
        new = func.FuncOp(
            ir.StringAttr(old.pop("sym_name")).value, ir.FunctionType.get(types[:1], types[1:])
        )
        for name, attribute in old.items():
            if name not in ("function_type", "arg_attrs"):
                new.attributes[name] = attribute
        role = facts.owner_attributes(argument).get(facts.ROLE)
        if role is not None:
            new.attributes["arg_attrs"] = ir.ArrayAttr.get([ir.DictAttr.get({facts.ROLE: role})])
        block = new.add_entry_block([argument.location])
        making = (builder or Builder)(ir.InsertionPoint(block), boundary, policy, pictures)
        making.base[argument] = Typed(block.arguments[0], boundary.argument)
        if pictures is not None:
            pictures.begin(argument, block.arguments[0], boundary.argument)
        for op in function.entry_block.operations:
            making.type_op(op.operation)
        making.finish(function)
    function.operation.erase()


def _with(value: ir.Value, kind: Quantized) -> ir.Type:
    return ir.RankedTensorType.get(shape_of(value), kind.type())


class Builder:
    """Walks the ops of a float function and emits typed ones, of types that calibration suggests.

    `base` holds each value as its producer leaves it (accumulators, where a convolution does);
    `requantized` what consumers asked for beyond that. A subclass takes types from elsewhere: `_reads`,
    `_gives`, `_weight_bits`, `_gamma_bits`, `_fraction` and `_quantized_kernel` are all that chooses any.
    """

    def __init__(
        self,
        at: ir.InsertionPoint,
        boundary: Boundary,
        policy: Policy,
        pictures: Alongside | None = None,
    ) -> None:
        self.at = at
        self.pictures = pictures
        self.boundary = boundary
        self.policy = policy
        self.base: dict[ir.Value, Typed] = {}
        self.requantized: dict[tuple[ir.Value, Quantized, tuple[float, ...]], Typed] = {}
        self.rules: Mapping[str, Callable[[ir.Operation], Typed | None]] = {
            "lic.constant": lambda _: None,
            "lic.conv2d": self._convolution,
            "lic.deconv2d": self._convolution,
            "lic.gdn": self._gdn,
            "lic.relu": self._relu,
            "lic.leaky_relu": self._leaky_relu,
            "lic.abs": self._abs,
            "lic.add": self._add,
            "lic.pixel_shuffle": self._pixel_shuffle,
            "lic.round_latent": self._round_latent,
            "func.return": self._return,
        }

    def type_op(self, op: ir.Operation) -> None:
        """Emit the typed form of `op`, whose operands are typed already."""
        rule = self.rules.get(op.name)
        if rule is None:
            where = op.results[0] if len(op.results) else op.operands[0]
            raise TypingError(where, "has no typed form")
        if self.pictures is not None:
            self.pictures.run_float(op)
        typed = rule(op)
        if typed is not None:
            self.base[op.results[0]] = typed
            self._measure(op.results[0], typed)
        if self.pictures is not None:
            for value in self.pictures.read(op):
                self._forget(value)

    def finish(self, function: func.FuncOp) -> None:
        """Called behind the last op of float `function`."""

    def _measure(self, value: ir.Value, typed: Typed) -> None:
        """Say how much signal to quantization noise `typed` has as the form of `value`."""
        if self.pictures is None:
            return
        steps = _steps(typed.kind, typed.channel_scales, shape_of(value)[1])
        found = sqnr(self.pictures.floats(value), self.pictures.integers(typed.value), steps)
        op = facts.owner(typed.value)
        op.attributes[facts.SQNR] = ir.FloatAttr.get(ir.F32Type.get(), round(found, 2))

    def _forget(self, value: ir.Value) -> None:
        assert self.pictures is not None
        forms = [typed for (of, _, _), typed in self.requantized.items() if of == value]
        for typed in [*forms, *([self.base[value]] if value in self.base else [])]:
            self.pictures.drop(typed.value)

    # ----------------------------------------------------------------------------------------------
    # Emitting
    # ----------------------------------------------------------------------------------------------
    def _emit(
        self,
        name: str,
        operands: Sequence[ir.Value],
        result: ir.Type,
        location: ir.Location,
        attributes: Mapping[str, ir.Attribute],
    ) -> ir.Value:
        op = ir.Operation.create(
            name,
            results=[result],
            operands=operands,
            attributes=dict(attributes),
            loc=location,
            ip=self.at,
        )
        if self.pictures is not None:
            self.pictures.run_typed(op)
        return op.result

    def _constant(
        self, values: np.ndarray[Any, Any], element: ir.Type, bits: int, location: ir.Location
    ) -> ir.Value:
        stored = np.ascontiguousarray(values, dtype=f"int{bits}")
        with location:
            attribute = ir.DenseElementsAttr.get(stored)
            kind = ir.RankedTensorType.get(values.shape, element)
        return self._emit("lic.constant", [], kind, location, {"value": attribute})

    def _typed_constant(
        self, values: np.ndarray[Any, Any], kind: Quantized, location: ir.Location
    ) -> ir.Value:
        return self._constant(values, kind.type(), kind.bits, location)

    def _like(
        self,
        op: ir.Operation,
        operands: Sequence[ir.Value],
        target: Target,
        extra: Mapping[str, ir.Attribute] | None = None,
    ) -> Typed:
        """`op` with typed operands and result; its declared attributes stay, observations go."""
        attributes = {
            name: attribute
            for name, attribute in op.attributes.items()
            if not name.startswith("lic.")
        }
        attributes |= extra or {}
        attributes |= _scales_attribute(target.channel_scales)
        value = self._emit(
            op.name, operands, _with(op.results[0], target.kind), op.location, attributes
        )
        return Typed(value, target.kind, target.channel_scales)

    def _requantize(self, value: ir.Value, typed: Typed, target: Target) -> Typed:
        """`typed` in the type of `target`, emitted once for all consumers that want the same."""
        scales = () if target.channel_scales is None else tuple(map(float, target.channel_scales))
        key = (value, target.kind, scales)
        if key in self.requantized:
            return self.requantized[key]
        channels = shape_of(value)[1]
        factors = _steps(typed.kind, typed.channel_scales, channels) / _steps(
            target.kind, target.channel_scales, channels
        )
        multiplier, shift = self._pairs(value, factors)
        attributes = {
            "multiplier": ir.DenseI64ArrayAttr.get(multiplier),
            "shift": ir.DenseI64ArrayAttr.get(shift),
            **_scales_attribute(target.channel_scales),
        }
        location = facts.owner(value).location
        if isinstance(value, ir.BlockArgument):
            # Nothing stands before it that could name its layer.
            name = ir.StringAttr(facts.owner(value).attributes["sym_name"]).value
            attributes["layer"] = ir.StringAttr.get(f"{name}.requantize")
            location = ir.Location.name(f"{name}.requantize")
        result = self._emit(
            "lic.requantize", [typed.value], _with(value, target.kind), location, attributes
        )
        self.requantized[key] = Typed(result, target.kind, target.channel_scales)
        self._measure(value, self.requantized[key])
        return self.requantized[key]

    @staticmethod
    def _pairs(value: ir.Value, factors: Array) -> tuple[list[int], list[int]]:
        pairs = [multiplier_and_shift(float(factor)) for factor in factors]
        if min(shift for _, shift in pairs) < 0:
            raise TypingError(value, f"cannot be requantized by a factor of {factors.max():g}")
        # A channel whose accumulators are that fine is all zeros in the result.
        pairs = [(m, s) if s <= SHIFT_MAX else (1 << 16, SHIFT_MAX) for m, s in pairs]
        if len(set(pairs)) == 1:
            pairs = pairs[:1]
        return [m for m, _ in pairs], [s for _, s in pairs]

    # ----------------------------------------------------------------------------------------------
    # What consumers want
    # ----------------------------------------------------------------------------------------------
    def _target(self, value: ir.Value, negative: bool) -> Target:
        """The type in which the consumers of `value` want it; 8 bits when they do not agree."""
        users = [(use.owner.operation, use.operand_number) for use in value.uses]
        names = {user.name for user, _ in users}
        if names == {"lic.gdn"}:
            return self._gdn_target(value)
        if names == {"func.return"}:
            return Target(self.boundary.result)
        if names == {"lic.round_latent"}:
            return Target(self.boundary.latent)
        if names == {"lic.pixel_shuffle"} and len(users) == 1:
            return Target(self._target(users[0][0].results[0], negative).kind)
        if names == {"lic.add"}:
            return self._side_target(value, negative)
        if names <= CONVOLUTIONS and len(users) == 1:
            return self._convolution_target(value, users[0][0], negative)
        # A fork: one type for all readers, so that it is kept once. Channel scales would not fit an addition.
        return Target(self._activation(value, negative))

    def _side_target(self, value: ir.Value, negative: bool) -> Target:
        """What only additions read: finer than their sums, whose own rounding then is nearly all there is."""
        bits = min(self.policy.activation_bits(_layer(value)) + SIDE_BITS, 16)
        return Target(_of_bits(bits, magnitude(value), negative))

    def _gdn_target(self, value: ir.Value) -> Target:
        most = (1 << (self.policy.gdn_bits(_layer(value)) - 1)) - 1
        scale = scale_of(magnitude(value) * self.policy.gdn_headroom, most)
        return Target(Quantized(32, True, -most - 1, most, (scale,)))

    def _convolution_target(self, value: ir.Value, user: ir.Operation, negative: bool) -> Target:
        """8 bits; with channel scales, the widest channel's range is the tensor's."""
        statistics = facts.read_channels(value)
        layer = _layer(value)
        bits = self.policy.activation_bits(layer)
        if not self.policy.channel_scales or statistics is None:
            return Target(self._activation(value, negative))
        weight_bits = self._weight_bits(user)
        clip = statistics.clip(_signed_bits(bits, negative))
        kind = _of_bits(bits, float(clip.max()), negative)
        scales = channel_scales(
            statistics, clip, kernel_of(user), kind.hi, (1 << (weight_bits - 1)) - 1
        )
        return Target(kind, scales)

    def _activation(self, value: ir.Value, negative: bool) -> Quantized:
        bits = self.policy.activation_bits(_layer(value))
        clip = facts.read_clip(value, _signed_bits(bits, negative)) if self.policy.clip else None
        return _of_bits(bits, magnitude(value) if clip is None else clip, negative)

    def _reads(self, op: ir.Operation, number: int = 0) -> Typed:
        """Operand `number` of `op` in the type in which it reads it."""
        value = op.operands[number]
        if op.name in CONVOLUTIONS:
            return self._convolution_input(op)
        if op.name == "lic.gdn":
            return self._as(value, self._gdn_target(value))
        if op.name == "lic.round_latent":
            return self._as(value, Target(self.boundary.latent))
        if op.name == "func.return":
            return self._as(value, Target(self.boundary.result))
        if op.name == "lic.pixel_shuffle":
            negative = self.base[value].kind.lo < 0
            return self._as(value, Target(self._target(value, negative).kind))
        if op.name == "lic.add" and not is_constant(op.operands[1]):
            return self._side(value)
        return self._narrow(value)

    def _gives(self, op: ir.Operation, negative: bool) -> Target:
        """The type of what a GDN or an addition of two values computes."""
        return self._target(op.results[0], negative)

    def _weight_bits(self, op: ir.Operation) -> int:
        return self.policy.weight_bits(_layer(op.results[0]))

    def _gamma_bits(self, op: ir.Operation) -> int:
        return self.policy.gamma_bits(_layer(op.results[0]))

    def _as(self, value: ir.Value, target: Target) -> Typed:
        """`value` in exactly the type of `target`."""
        typed = self.base[value]
        if typed.kind == target.kind and typed.channel_scales is None:
            return typed
        return self._requantize(value, typed, target)

    def _narrow(self, value: ir.Value) -> Typed:
        """`value` in at most 16 bits with one scale."""
        typed = self.base[value]
        if typed.kind.axis is None and typed.kind.bits <= 16:
            return typed
        return self._requantize(value, typed, self._target(value, typed.kind.lo < 0))

    # ----------------------------------------------------------------------------------------------
    # Convolutions and GDN
    # ----------------------------------------------------------------------------------------------
    def _convolution(self, op: ir.Operation) -> Typed:
        """Weights, bias and the proven range of the accumulators."""
        kernel, bias = kernel_of(op), facts.constant(op.operands[2])
        x = self._reads(op)
        parameters = self._quantized_kernel(op, kernel, bias, x)
        if not fits_accumulator(parameters.accumulator):
            raise TypingError(
                op.results[0],
                "has accumulators that do not fit 'i32'; give it fewer weight or activation bits",
            )
        weights = weight_kind(op, self._weight_bits(op), parameters.scales)
        scales = tuple(printable_scale(x.kind.scale * s) for s in weights.scales)
        bias_kind = Quantized(32, True, -(1 << 31), (1 << 31) - 1, scales, 0)
        lo, hi = parameters.accumulator
        result = Quantized(32, True, lo, max(hi, lo + 1), scales, 1)
        operands = [
            x.value,
            self._typed_constant(parameters.weight, weights, op.operands[1].owner.location),
            self._typed_constant(parameters.bias, bias_kind, op.operands[2].owner.location),
        ]
        return self._like(op, operands, Target(result))

    def _convolution_input(self, op: ir.Operation) -> Typed:
        """What a convolution reads: in a range whose accumulators fit."""
        kernel = kernel_of(op)
        x = self._spread(op, kernel, self._narrow(op.operands[0]))
        excess = max(-x.kind.lo, x.kind.hi) / _widest_input(kernel, self._weight_bits(op))
        if x.kind.bits > 8 and excess > 1.0:
            return self._requantize(op.operands[0], x, Target(_coarser(x.kind, excess)))
        return x

    def _spread(self, op: ir.Operation, kernel: Kernel, x: Typed) -> Typed:
        """Symbols and latents of quiet channels times whole numbers, where that lets weights be finer.

        The integers stay exact, and 10 bits of symbols are no more than 10 bits.
        """
        value = op.operands[0]
        seen = facts.read_channels(value)
        alone = sum(1 for _ in value.uses) == 1 and isinstance(value, ir.BlockArgument)
        if not (alone and self.policy.channel_scales and x.kind.bits > 8) or seen is None:
            return x
        most = (1 << (self._weight_bits(op) - 1)) - 1
        factors = whole_factors(seen, kernel, x.kind.hi * x.kind.scale, most)
        if np.all(factors == 1.0):
            return x
        kind = replace(x.kind, lo=-x.kind.hi)
        return self._requantize(value, x, Target(kind, as_stored(1.0 / factors)))

    def _quantized_kernel(
        self, op: ir.Operation, kernel: Kernel, bias: Array, x: Typed
    ) -> QuantizedKernel:
        scales = np.ones(kernel.inputs) if x.channel_scales is None else x.channel_scales
        kernel = kernel.scaled(scales)
        seen = facts.read_channels(op.operands[0])
        known = Input(x.kind.scale, x.kind.lo, x.kind.hi)
        if seen is not None:
            seen = _normalised(seen, scales)
            known = replace(known, variance=seen.variance)
        options = (
            self._weight_bits(op),
            self.policy.clip,
            self.policy.adaptive,
            self.policy.bias_correction,
        )
        if self.pictures is None:
            return remembered(quantize_by_statistics, kernel, bias, known, seen, *options)
        readings = from_pictures(
            kernel,
            bias,
            Geometry(
                (1, 1) if kernel.transposed else _pair(op, "strides"),
                _pair(op, "padding"),
            ),
            self.pictures.integers(x.value),
            x.kind.scale,
            self.pictures.floats(op.results[0]),
        )
        return quantize_kernel(kernel, bias, replace(known, readings=readings), *options)

    def _gdn(self, op: ir.Operation) -> Typed:
        x = self._reads(op)
        target = self._gives(op, negative=x.kind.lo < 0)
        gdn = GdnShape(
            facts.constant(op.operands[1]),
            facts.constant(op.operands[2]),
            ir.StringAttr(op.attributes["form"]).value,
            ir.BoolAttr(op.attributes["inverse"]).value,
            x.kind.scale,
            x.kind.lo,
            x.kind.hi,
            _steps(target.kind, target.channel_scales, shape_of(op.results[0])[1]),
            self._gamma_bits(op),
        )
        try:
            found = quantize_gdn(gdn)
        except ValueError as error:
            raise TypingError(op.results[0], str(error)) from error
        gamma = Quantized(32, True, 0, (1 << gdn.gamma_bits) - 1, (found.gamma_scale,))
        i64, i32 = (ir.IntegerType.get_signless(bits) for bits in (64, 32))
        operands = [
            x.value,
            self._constant(found.beta, i64, 64, op.operands[1].owner.location),
            self._typed_constant(found.gamma, gamma, op.operands[2].owner.location),
        ]
        extra = {
            "norm": ir.TypeAttr.get(i32),
            "norm_shift": ir.IntegerAttr.get(i64, found.norm_shift),
            "norm_range": ir.DenseI64ArrayAttr.get(found.norm_range),
            "acc_range": ir.DenseI64ArrayAttr.get(found.acc_range),
            "multiplier": ir.DenseI64ArrayAttr.get(found.multiplier),
            "shift": ir.DenseI64ArrayAttr.get(found.shift),
        }
        return self._like(op, operands, target, extra)

    # ----------------------------------------------------------------------------------------------
    # Elementwise
    # ----------------------------------------------------------------------------------------------
    def _relu(self, op: ir.Operation) -> Typed:
        x = self.base[op.operands[0]]
        kind = replace(x.kind, lo=0, hi=max(x.kind.hi, 1))
        return self._like(op, [x.value], Target(kind, x.channel_scales))

    def _leaky_relu(self, op: ir.Operation) -> Typed:
        x = self.base[op.operands[0]]
        slope = ir.FloatAttr(op.attributes["slope"]).value
        multiplier, shift = multiplier_and_shift(slope) if slope > 2.0**-40 else (0, 0)
        lowest = min(x.kind.lo, 0) * multiplier
        lo = lowest if shift == 0 else (lowest + (1 << (shift - 1))) >> shift
        i64 = ir.IntegerType.get_signless(64)
        extra = {
            "multiplier": ir.IntegerAttr.get(i64, multiplier),
            "shift": ir.IntegerAttr.get(i64, shift),
        }
        kind = replace(x.kind, lo=lo, hi=max(x.kind.hi, 1))
        return self._like(op, [x.value], Target(kind, x.channel_scales), extra)

    def _abs(self, op: ir.Operation) -> Typed:
        x = self._reads(op)
        most = min(max(-x.kind.lo, x.kind.hi), (1 << (x.kind.bits - 1)) - 1)
        kind = replace(x.kind, lo=0, hi=most)
        return self._like(op, [x.value], Target(kind, x.channel_scales))

    def _pixel_shuffle(self, op: ir.Operation) -> Typed:
        """On accumulators, where the channels that become one share a scale; see `shuffled_channels`."""
        value = op.operands[0]
        x = self.base[value]
        group = ir.IntegerAttr(op.attributes["factor"]).value ** 2
        if x.kind.axis is not None and _in_groups(x.kind.scales, group):
            return self._like(op, [x.value], Target(replace(x.kind, scales=x.kind.scales[::group])))
        x = self._reads(op)
        return self._like(op, [x.value], Target(x.kind))

    def _round_latent(self, op: ir.Operation) -> Typed:
        x = self._reads(op)
        return self._like(op, [x.value], Target(self.boundary.result))

    def _return(self, op: ir.Operation) -> None:
        x = self._reads(op)
        func.ReturnOp([x.value], loc=op.location, ip=self.at)

    def _add(self, op: ir.Operation) -> Typed:
        constants = [is_constant(operand) for operand in op.operands]
        if constants[0]:
            raise TypingError(op.results[0], "expected the constant as rhs")
        return self._add_constant(op) if constants[1] else self._add_values(op)

    def _add_constant(self, op: ir.Operation) -> Typed:
        """`x * 2^f + c`, exact in x."""
        x = self._reads(op)
        if x.channel_scales is not None:
            raise TypingError(op.results[0], "cannot add to channels of different scales")
        values = facts.constant(op.operands[1])
        fraction = self._fraction(op, x, values)
        scale, stored, lo, hi = _sum_at(x.kind, values, fraction)
        kind = Quantized(16, True, max(lo, -(1 << 15)), min(hi, (1 << 15) - 1), (scale,))
        addend = Quantized(32, True, -(1 << 31), (1 << 31) - 1, (scale,))
        rhs = self._typed_constant(stored, addend, op.operands[1].owner.location)
        return self._like(op, [x.value, rhs], Target(kind), _add_attributes(1 << fraction, 1, 0))

    def _fraction(self, op: ir.Operation, x: Typed, values: Array) -> int:
        """As many more fraction bits as the consumers of `x + values` can take."""
        limit = self._widest_consumer(op.results[0])
        fraction = MEDIAN_FRACTION_BITS
        while fraction > 0:
            _, _, lo, hi = _sum_at(x.kind, values, fraction)
            if max(-lo, hi) <= limit:
                break
            fraction -= 1
        return fraction

    def _widest_consumer(self, value: ir.Value) -> float:
        """The largest stored magnitude that every convolution reading `value` can take."""
        readers = [use.owner.operation for use in value.uses]
        limits = [
            _widest_input(kernel_of(reader), self._weight_bits(reader))
            for reader in readers
            if reader.name in ("lic.conv2d", "lic.deconv2d")
        ]
        return min([*limits, (1 << 15) - 1])

    def _add_values(self, op: ir.Operation) -> Typed:
        """A residual connection: the sum as its consumers want it, of sides that cost it little."""
        a, b = (self._reads(op, number) for number in range(2))
        target = Target(self._gives(op, negative=min(a.kind.lo, b.kind.lo) < 0).kind)
        factors = [side.kind.scale / target.kind.scale for side in (a, b)]
        _, shift = multiplier_and_shift(max(factors))
        if not 0 <= shift <= SHIFT_MAX:
            raise TypingError(op.results[0], "adds values of scales too far from its result's")
        multipliers = [min(round(factor * 2.0**shift), (1 << 17) - 1) for factor in factors]
        return self._like(
            op, [a.value, b.value], target, _add_attributes(multipliers[0], multipliers[1], shift)
        )

    def _side(self, value: ir.Value) -> Typed:
        """A value as an addition reads it: 16 bits at most, one scale for all channels.

        What others read too has one type for all of them, so that it is kept once.
        """
        typed = self.base[value]
        if typed.kind.axis is None and typed.kind.bits <= 16 and typed.channel_scales is None:
            return typed
        target = self._target(value, typed.kind.lo < 0)
        return self._requantize(value, typed, Target(target.kind))


# --------------------------------------------------------------------------------------------------
# Reading the float ops
# --------------------------------------------------------------------------------------------------
def _layer(value: ir.Value) -> str:
    attributes = facts.owner(value).attributes
    return ir.StringAttr(attributes["layer"]).value if "layer" in attributes else ""


def _in_groups(scales: Sequence[float], group: int) -> bool:
    return all(scale == scales[i - i % group] for i, scale in enumerate(scales))


def shuffled_channels(value: ir.Value) -> int:
    """How many channels of `value` a pixel shuffle makes one of; 1 without one.

    It may stand behind activations, which work on accumulators too.
    """
    for use in value.uses:
        reader = use.owner.operation
        if reader.name == "lic.pixel_shuffle":
            return ir.IntegerAttr(reader.attributes["factor"]).value ** 2
        if reader.name in ("lic.relu", "lic.leaky_relu"):
            return shuffled_channels(reader.results[0])
    return 1


def is_constant(value: ir.Value) -> bool:
    """Whether a `lic.constant` makes `value`."""
    return not isinstance(value, ir.BlockArgument) and value.owner.name == "lic.constant"


def kernel_of(op: ir.Operation) -> Kernel:
    """The weights of a float convolution."""
    weight = facts.constant(op.operands[1])
    groups = ir.IntegerAttr(op.attributes["groups"]).value
    if op.name == "lic.conv2d":
        kernel = Kernel.conv(weight, groups)
        return replace(kernel, shared=shuffled_channels(op.results[0]))
    return Kernel.deconv(weight, groups, _pair(op, "strides"), _pair(op, "dilations"))


def _pair(op: ir.Operation, name: str) -> tuple[int, int]:
    rows, columns = ir.DenseI64ArrayAttr(op.attributes[name])
    return rows, columns


# --------------------------------------------------------------------------------------------------
# Numbers
# --------------------------------------------------------------------------------------------------
def _of_bits(bits: int, most: float, negative: bool) -> Quantized:
    """A type of that width which holds magnitudes up to `most`; what cannot be negative has no sign."""
    highest = (1 << (_signed_bits(bits, negative) - 1)) - 1
    # Beyond 8 bits -2^(bits-1) is left out: magnitudes of one bit less share a DSP in more ways.
    lowest = (-highest - (bits <= 8)) if negative else 0
    signed = negative or bits > 8
    return Quantized(8 if bits <= 8 else 16, signed, lowest, highest, (scale_of(most, highest),))


def _signed_bits(bits: int, negative: bool) -> int:
    """As many levels above 0 as signed integers of how many bits: one more without a sign, up to 8 bits."""
    return bits if negative or bits > 8 else bits + 1


def _normalised(statistics: ChannelStatistics, scales: Array) -> ChannelStatistics:
    """Of channels that are divided by `scales`."""
    covariance = statistics.covariance
    return replace(
        statistics,
        mean=statistics.mean / scales,
        power=statistics.power / scales**2,
        covariance=None if covariance is None else covariance / np.outer(scales, scales),
    )


def weight_kind(op: ir.Operation, bits: int, scales: Array) -> Quantized:
    """The type of the weights of the convolution `op`: of `bits` bits, with scales [O]."""
    most = (1 << (bits - 1)) - 1
    axis = 0 if op.name == "lic.conv2d" else 1
    return Quantized(8 if bits <= 8 else 16, True, -most, most, tuple(map(float, scales)), axis)


def _sum_at(x: Quantized, values: Array, fraction: int) -> tuple[float, Integers, int, int]:
    """`x + values` at `fraction` more fraction bits: scale, stored values, smallest and largest sum."""
    scale = printable_scale(x.scale * 2.0**-fraction)
    stored = np.floor(values / scale + 0.5).astype(np.int64)
    lo = (x.lo << fraction) + min(int(stored.min()), 0)
    hi = (x.hi << fraction) + max(int(stored.max()), 0)
    return scale, stored, lo, hi


def _steps(kind: Quantized, scales: Array | None, channels: int) -> Array:
    """Real value of a stored 1, by channel."""
    per_channel = np.broadcast_to(np.asarray(kind.scales), (channels,))
    return per_channel if scales is None else per_channel * scales


def _widest_input(kernel: Kernel, weight_bits: int) -> float:
    """The largest stored input whose accumulators fit i32, whichever weight scales are chosen."""
    most = (1 << (weight_bits - 1)) - 1
    peak = np.abs(kernel.values).max(axis=(2, 3, 4), keepdims=True)
    shares = np.abs(kernel.values) / np.where(peak > 0.0, peak, 1.0)
    integers = np.minimum(shares * (most / CLIP_SHARES[-1]) + 0.5, most)
    # A quarter of the range is the bias's, which its scale keeps below 2^29.
    return ACCUMULATOR_MAX * 0.75 / float(kernel.sum_by_phase(integers).max())


def _coarser(kind: Quantized, excess: float) -> Quantized:
    """`kind` with as many fewer fraction bits as bring its magnitude down by `excess`."""
    drop = int(np.ceil(np.log2(excess)))
    half = 1 << (drop - 1)
    return replace(
        kind,
        lo=(kind.lo + half) >> drop,
        hi=(kind.hi + half) >> drop,
        scales=(printable_scale(kind.scale * 2.0**drop),),
    )


def _scales_attribute(scales: Array | None) -> dict[str, ir.Attribute]:
    if scales is None or np.all(scales == 1.0):
        return {}
    return {facts.CHANNEL_SCALES: ir.DenseElementsAttr.get(scales.astype(np.float32))}


def _add_attributes(first: int, second: int, shift: int) -> dict[str, ir.Attribute]:
    return {
        "multiplier": ir.DenseI64ArrayAttr.get([first, second]),
        "shift": ir.IntegerAttr.get(ir.IntegerType.get_signless(64), shift),
    }
