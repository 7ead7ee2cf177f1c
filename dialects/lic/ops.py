# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# `ext` takes every annotated name of an op class for a field, so that `kinds` cannot be a ClassVar; `check` is
# described once, in ext.verified.
# ruff: noqa: RUF012, D102
"""Operations, attributes and verifiers of `lic`.

A value is either float (`f32` elements) or typed (`!quant.uniform` elements, whose storage bounds are
the PROVEN range of the stored integers). One op serves both: the typed form has more attributes, and
`docs/semantics.md` says what it does to integers. All tensors are NCHW with a batch of one.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from torch_mlir import ir

from licc.dialects.ext import (
    Dialect,
    Operand,
    Pure,
    Region,
    Result,
    Tensor,
    Terminator,
    VerifyError,
    array,
    expect,
    verified,
)
from licc.dialects.quantized import Quantized, element_type, quantized, shape_of

# Requantization multipliers are 17 bits wide, so that they fit the 18-bit port of a DSP48E2 as signed.
MULTIPLIER_MIN, MULTIPLIER_MAX = 1 << 16, (1 << 17) - 1
SHIFT_MAX = 62
GDN_ACCUMULATOR_MAX = (1 << 47) - 1
GDN_NORM_MAX = (1 << 31) - 1
GDN_FORMS = ("rsqrt", "gdn1")
PACKINGS = ("single", "pair", "pixels", "quad")
# Kinds of processes that multiply beside their arrays.
IN_FABRIC = ("drain", "norm", "root", "elementwise")


@verified
class Lic(Dialect, name="lic"):
    """What the codec computes."""


class ObservedAttr(Lic.Attribute, name="observed"):
    """`#lic.observed<min, max>`: the float range that calibration saw on a value."""

    min: ir.FloatAttr
    max: ir.FloatAttr


class TileAttr(Lic.Attribute, name="tile"):
    """`#lic.tile<stripe, rows>`: output columns a stripe, and rows that the line buffer holds."""

    stripe: ir.IntegerAttr
    rows: ir.IntegerAttr


class FoldingAttr(Lic.Attribute, name="folding"):
    """`#lic.folding<oc, ic, kh, kw, px>`: what a MAC array computes in one cycle.

    Output channels, input channels, rows and columns of taps, and positions side by side.
    """

    oc: ir.IntegerAttr
    ic: ir.IntegerAttr
    kh: ir.IntegerAttr
    kw: ir.IntegerAttr
    px: ir.IntegerAttr


# --------------------------------------------------------------------------------------------------
# What the verifiers share
# --------------------------------------------------------------------------------------------------
def _typed(value: ir.Value, what: str) -> Quantized | None:
    """The quantized type of `value`, None when it is f32; anything else is an error."""
    element = element_type(value.type)
    if isinstance(element, ir.F32Type):
        return None
    kind = quantized(element)
    if kind is None:
        raise VerifyError(
            f"expected {what} of 'f32' or '!quant.uniform' elements, but got '{element}'"
        )
    shape = shape_of(value)
    expect(
        kind.axis is None or (kind.axis < len(shape) and shape[kind.axis] == len(kind.scales)),
        lambda: (
            f"expected {what} with one scale per index of dimension '{kind.axis}', "
            f"but got {len(kind.scales)} for shape '{_x(shape)}'"
        ),
    )
    _expect_symmetric(kind, what)
    return kind


def _kinds(op: Any, *operands: str) -> dict[str, Quantized | None]:
    """The quantized types of `operands` and of the result, in this order."""
    kinds = {name: _typed(getattr(op, name), name) for name in operands}
    return {**kinds, "result": _typed(op.output, "result")}


def _all_or_none_typed(kinds: dict[str, Quantized | None]) -> bool:
    typed = {name for name, kind in kinds.items() if kind is not None}
    expect(
        not typed or len(typed) == len(kinds),
        lambda: (
            "expected all of its operands and results typed or none, but "
            f"{', '.join(sorted(set(kinds) - typed))} is 'f32'"
        ),
    )
    return bool(typed)


def _expect_shape(what: str, got: tuple[int, ...], wanted: tuple[int, ...]) -> None:
    expect(
        got == wanted,
        lambda: f"expected {what} of shape '{_x(wanted)}', but got '{_x(got)}'",
    )


def _x(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))


def _image(value: ir.Value, what: str) -> tuple[int, int, int]:
    """Channels, height and width of an NCHW value of batch one."""
    shape = shape_of(value)
    expect(len(shape) == 4, f"expected {what} of rank 4 (NCHW), but got rank {len(shape)}")
    expect(shape[0] == 1, f"expected {what} of batch 1, but got {shape[0]}")
    return shape[1], shape[2], shape[3]


def _pair(op: Any, name: str, least: int | None = None) -> tuple[int, int]:
    values = array(op.attributes[name])
    expect(len(values) == 2, f"expected '{name}' of 2 integers, but got {len(values)}")
    expect(
        least is None or min(values) >= least,
        lambda: f"expected '{name}' of at least {least}, but got '{_x(values)}'",
    )
    return values[0], values[1]


def _per_channel(op: Any, name: str, channels: int) -> tuple[int, ...]:
    values = array(op.attributes[name])
    expect(
        len(values) in (1, channels),
        f"expected '{name}' of 1 or {channels} integers, but got {len(values)}",
    )
    return values


def _check_multipliers(op: Any, channels: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    multipliers = _per_channel(op, "multiplier", channels)
    shifts = _per_channel(op, "shift", channels)
    _expect_within("multipliers", multipliers, MULTIPLIER_MIN, MULTIPLIER_MAX)
    return multipliers, shifts


def _check_plain_shifts(shifts: tuple[int, ...]) -> None:
    _expect_within("shifts", shifts, 0, SHIFT_MAX)


def _expect_within(what: str, values: tuple[int, ...], least: int, most: int) -> None:
    outside = [value for value in values if not least <= value <= most]
    expect(not outside, lambda: f"expected {what} in [{least}, {most}], but got '{outside[0]}'")


def _expect_symmetric(kind: Quantized, what: str) -> None:
    expect(
        kind.zero_point == 0, f"expected {what} with zero point '0', but got '{kind.zero_point}'"
    )


def _same_scales(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return len(a) == len(b) and all(
        math.isclose(x, y, rel_tol=1e-5) for x, y in zip(a, b, strict=True)
    )


def _require(op: Any, names: tuple[str, ...]) -> None:
    for name in names:
        expect(name in op.attributes, f"requires attribute '{name}' when typed")


def _check_accumulator(
    axis: int, x: Quantized, w: Quantized, b: Quantized, acc: Quantized, phases: int = 1
) -> None:
    """A typed convolution: exact i32 accumulators at the scale of the products.

    The bias has `phases` values an output channel.
    """
    expect(x.axis is None, "expected input with one scale for all channels")
    expect(
        x.bits <= 8 or (x.bits == 16 and x.signed),
        lambda: f"expected input stored in at most 8 bits or as 'i16', but got '{_storage(x)}'",
    )
    expect(
        w.bits <= 16 and w.signed,
        lambda: f"expected weights stored in at most 16 signed bits, but got '{_storage(w)}'",
    )
    expect(
        w.axis == axis,
        f"expected weight scales along dimension '{axis}', but got '{w.axis}'",
    )
    for kind, what, dimension in ((b, "bias", 0), (acc, "result", 1)):
        expect(
            kind.bits == 32 and kind.signed,
            lambda kind=kind, what=what: (
                f"expected {what} stored as 'i32', but got '{_storage(kind)}'"
            ),
        )
        expect(
            kind.axis == dimension,
            f"expected {what} scales along dimension '{dimension}', but got '{kind.axis}'",
        )
        repeats = phases if kind is b else 1
        wanted = tuple(x.scale * s for s in w.scales for _ in range(repeats))
        expect(
            _same_scales(kind.scales, wanted),
            f"expected {what} scales to be the input scale times the weight scales",
        )


def _storage(kind: Quantized) -> str:
    return f"{'i' if kind.signed else 'u'}{kind.bits}"


# --------------------------------------------------------------------------------------------------
# Constants
# --------------------------------------------------------------------------------------------------
class ConstantOp(Lic.Operation, name="constant", traits=[Pure]):
    """A parameter: weights, biases, GDN's beta and gamma.

    Typed, `value` holds the stored integers; the result type says what they mean.

        %w = "lic.constant"() {value = dense<3> : tensor<8x3x5x5xi8>}
               : () -> tensor<8x3x5x5x!quant.uniform<i8<-127:127>:f32:0, {...}>>
    """

    output: Result[Tensor]
    value: Any
    kinds = {"value": "elements"}

    def check(self) -> None:
        stored = ir.ShapedType(self.attributes["value"].type)
        _expect_shape("value", tuple(stored.shape), shape_of(self.output))
        kind = quantized(self.output.type)
        if kind is None:
            wanted = element_type(self.output.type)
        else:
            wanted = ir.IntegerType.get_signless(kind.bits)
        expect(
            stored.element_type == wanted,
            lambda: f"expected value of '{wanted}' elements, but got '{stored.element_type}'",
        )


# --------------------------------------------------------------------------------------------------
# Convolutions
# --------------------------------------------------------------------------------------------------
class Conv2dOp(Lic.Operation, name="conv2d", traits=[Pure]):
    """`output[o] = bias[o] + sum weight[o, i, kh, kw] * input[i]`, cross-correlation with zero padding.

    Typed, the result holds the exact accumulators: its storage bounds are their proven range and its
    scales are the input scale times the weight scales. The bias is always there; zeros stand for none.
    """

    output: Result[Tensor]
    input: Operand[Tensor]
    weight: Operand[Tensor]
    bias: Operand[Tensor]
    layer: ir.StringAttr
    strides: Any
    padding: Any
    dilations: Any
    groups: ir.IntegerAttr
    kinds = {
        "layer": "string",
        "strides": "i64 array",
        "padding": "i64 array",
        "dilations": "i64 array",
        "groups": "integer",
    }

    def check(self) -> None:
        channels, height, width = _image(self.input, "input")
        weight = shape_of(self.weight)
        expect(len(weight) == 4, f"expected weight of rank 4, but got rank {len(weight)}")
        outputs, depth, *kernel = weight
        groups = self.groups.value
        expect(
            groups >= 1 and channels == depth * groups and outputs % groups == 0,
            lambda: (
                f"expected weight for {channels} input channels in {groups} groups, "
                f"but got '{_x(weight)}'"
            ),
        )
        _expect_shape("bias", shape_of(self.bias), (outputs,))
        strides, padding = _pair(self, "strides", 1), _pair(self, "padding", 0)
        dilations = _pair(self, "dilations", 1)
        size = tuple(
            (extent + 2 * p - d * (k - 1) - 1) // s + 1
            for extent, p, d, k, s in zip(
                (height, width), padding, dilations, kernel, strides, strict=True
            )
        )
        expect(min(size) >= 1, "expected input no smaller than the kernel")
        _expect_shape("result", shape_of(self.output), (1, outputs, *size))
        _check_conv_types(self, 0)


def _check_conv_types(op: Any, axis: int, phases: int = 1) -> None:
    kinds = _kinds(op, "input", "weight", "bias")
    if _all_or_none_typed(kinds):
        x, w, b, acc = (kind for kind in kinds.values() if kind is not None)
        _check_accumulator(axis, x, w, b, acc, phases)


def _transposed_size(
    extents: tuple[int, int],
    kernel: tuple[int, int],
    strides: tuple[int, int],
    padding: tuple[int, int],
    output_padding: tuple[int, int],
    dilations: tuple[int, int] = (1, 1),
) -> tuple[int, int]:
    """Extent of a transposed convolution, per torch.nn.ConvTranspose2d."""
    height, width = (
        (extent - 1) * s - 2 * p + d * (k - 1) + o + 1
        for extent, k, s, p, o, d in zip(
            extents, kernel, strides, padding, output_padding, dilations, strict=True
        )
    )
    return height, width


def _check_output_padding(output_padding: tuple[int, int], strides: tuple[int, int]) -> None:
    expect(
        all(o < s for o, s in zip(output_padding, strides, strict=True)),
        f"expected 'output_padding' smaller than strides '{_x(strides)}', "
        f"but got '{_x(output_padding)}'",
    )


class Deconv2dOp(Lic.Operation, name="deconv2d", traits=[Pure]):
    """Transposed convolution as in torch.nn.ConvTranspose2d; weight is [I, O/groups, KH, KW]."""

    output: Result[Tensor]
    input: Operand[Tensor]
    weight: Operand[Tensor]
    bias: Operand[Tensor]
    layer: ir.StringAttr
    strides: Any
    padding: Any
    output_padding: Any
    dilations: Any
    groups: ir.IntegerAttr
    kinds = {**Conv2dOp.kinds, "output_padding": "i64 array"}

    def check(self) -> None:
        channels, height, width = _image(self.input, "input")
        weight = shape_of(self.weight)
        expect(len(weight) == 4, f"expected weight of rank 4, but got rank {len(weight)}")
        groups = self.groups.value
        expect(
            groups >= 1 and weight[0] == channels and channels % groups == 0,
            lambda: f"expected weight for {channels} input channels, but got '{_x(weight)}'",
        )
        outputs = weight[1] * groups
        _expect_shape("bias", shape_of(self.bias), (outputs,))
        strides, padding = _pair(self, "strides", 1), _pair(self, "padding", 0)
        output_padding = _pair(self, "output_padding", 0)
        _check_output_padding(output_padding, strides)
        size = _transposed_size(
            (height, width),
            (weight[2], weight[3]),
            strides,
            padding,
            output_padding,
            _pair(self, "dilations", 1),
        )
        _expect_shape("result", shape_of(self.output), (1, outputs, *size))
        _check_conv_types(self, 1)


class SubpixelConv2dOp(Lic.Operation, name="subpixel_conv2d", traits=[Pure]):
    """A transposed convolution by its sub-pixel phases: no inserted zero is ever multiplied.

    The output pixel (oy, ox) belongs to phase (oy mod s, ox mod s) and uses only the taps kh with
    (oy + p - kh) mod s = 0, at input row (oy + p - kh) / s; columns likewise. Same numbers as
    `lic.deconv2d`, but the weight is [O, I, KH, KW]. A 5x5 kernel of stride 2 has phases of
    9, 6, 6 and 4 taps. The bias is one value an output channel, or one for each of its phases,
    [O, s, s] flattened, as where a convolution and a `lic.pixel_shuffle` have become this op.
    """

    output: Result[Tensor]
    input: Operand[Tensor]
    weight: Operand[Tensor]
    bias: Operand[Tensor]
    layer: ir.StringAttr
    strides: Any
    padding: Any
    output_padding: Any
    kinds = {
        "layer": "string",
        "strides": "i64 array",
        "padding": "i64 array",
        "output_padding": "i64 array",
    }

    def check(self) -> None:
        channels, height, width = _image(self.input, "input")
        weight = shape_of(self.weight)
        expect(len(weight) == 4, f"expected weight of rank 4, but got rank {len(weight)}")
        outputs, depth, kh, kw = weight
        expect(
            depth == channels,
            lambda: f"expected weight for {channels} input channels, but got '{_x(weight)}'",
        )
        strides, padding = _pair(self, "strides", 1), _pair(self, "padding", 0)
        phases = strides[0] * strides[1] if shape_of(self.bias) != (outputs,) else 1
        _expect_shape("bias", shape_of(self.bias), (outputs * phases,))
        output_padding = _pair(self, "output_padding", 0)
        _check_output_padding(output_padding, strides)
        expect(
            kh >= strides[0] and kw >= strides[1],
            "expected a kernel no smaller than the stride: every phase needs a tap",
        )
        size = _transposed_size((height, width), (kh, kw), strides, padding, output_padding)
        _expect_shape("result", shape_of(self.output), (1, outputs, *size))
        _check_conv_types(self, 0, phases)


# --------------------------------------------------------------------------------------------------
# GDN
# --------------------------------------------------------------------------------------------------
class GdnOp(Lic.Operation, name="gdn", traits=[Pure]):
    """Generalized divisive normalization; beta and gamma have CompressAI's re-parametrisation folded.

    form "rsqrt": `norm = beta + gamma x^2`, `y = x / sqrt(norm)`, inverse `y = x sqrt(norm)`;
    form "gdn1":  `norm = beta + gamma |x|`, `y = x / norm`, inverse `y = x norm`.

    Typed, the norm is ALWAYS i32 (`norm = i32`): at 8 bits GDN models lose half a decibel. `acc_range`
    and `norm_range` are the proven ranges of the exact sum and of the norm `rshr(sum, norm_shift)`;
    the result is requantized by `multiplier` and `shift` in the same step.
    """

    output: Result[Tensor]
    input: Operand[Tensor]
    beta: Operand[Tensor]
    gamma: Operand[Tensor]
    layer: ir.StringAttr
    form: ir.StringAttr
    inverse: Any
    kinds = {"layer": "string", "form": "string", "inverse": "bool"}
    optional = {
        "norm": "type",
        "norm_shift": "integer",
        "norm_range": "i64 array",
        "acc_range": "i64 array",
        "multiplier": "i64 array",
        "shift": "i64 array",
    }

    def check(self) -> None:
        channels, _, _ = _image(self.input, "input")
        _expect_shape("result", shape_of(self.output), shape_of(self.input))
        _expect_shape("beta", shape_of(self.beta), (channels,))
        _expect_shape("gamma", shape_of(self.gamma), (channels, channels))
        form = self.form.value
        expect(form in GDN_FORMS, f"expected form 'rsqrt' or 'gdn1', but got '{form}'")
        kinds = _kinds(self, "input", "gamma")
        if _all_or_none_typed(kinds):
            x, gamma, _ = (kind for kind in kinds.values() if kind is not None)
            self._check_typed(channels, x, gamma)
        else:
            self._expect_beta(ir.F32Type.get())

    def _expect_beta(self, wanted: ir.Type) -> None:
        beta = element_type(self.beta.type)
        expect(beta == wanted, lambda: f"expected beta of '{wanted}' elements, but got '{beta}'")

    def _check_typed(self, channels: int, x: Quantized, gamma: Quantized) -> None:
        _require(self, tuple(self.optional))
        norm = ir.TypeAttr(self.attributes["norm"]).value
        expect(
            norm == ir.IntegerType.get_signless(32),
            lambda: f"expected norm type 'i32', but got '{norm}'",
        )
        for kind, what in ((x, "input"), (gamma, "gamma")):
            expect(
                kind.bits == 32 and kind.signed and kind.axis is None,
                lambda kind=kind, what=what: (
                    f"expected {what} stored as 'i32' with one scale, but got '{_storage(kind)}'"
                ),
            )
        # x^2 on 26 bits times gamma on 17: one 27x18 multiplier, and the sum fits 48 bits.
        expect(
            x.magnitude_bits <= 13,
            f"expected input of at most 13 bits, but got {x.magnitude_bits}",
        )
        expect(
            gamma.lo >= 0 and gamma.magnitude_bits <= 17,
            "expected gamma non-negative and of at most 17 bits",
        )
        self._expect_beta(ir.IntegerType.get_signless(64))
        self._check_ranges(channels)

    def _check_ranges(self, channels: int) -> None:
        acc = _pair(self, "acc_range", 0)
        expect(
            acc[0] <= acc[1] <= GDN_ACCUMULATOR_MAX,
            lambda: f"expected 'acc_range' ascending and within 48 bits, but got '{_x(acc)}'",
        )
        shift = ir.IntegerAttr(self.attributes["norm_shift"]).value
        _expect_within("'norm_shift'", (shift,), 0, SHIFT_MAX)
        norm = _pair(self, "norm_range", 1)
        wanted = tuple(max(1, _rshr(bound, shift)) for bound in acc)
        expect(
            norm == wanted and norm[1] <= GDN_NORM_MAX,
            lambda: f"expected 'norm_range' of '{_x(wanted)}' within i32, but got '{_x(norm)}'",
        )
        _, shifts = _check_multipliers(self, channels)
        exponents = tuple(gdn_exponent(self.form.value, self._inverse, n) for n in norm)
        for s in shifts:
            total = tuple(s + 16 - e for e in exponents)
            expect(
                min(total) >= 0 and max(total) <= SHIFT_MAX,
                lambda total=total: (
                    f"expected a total shift in [0, {SHIFT_MAX}] for every norm, "
                    f"but got [{min(total)}, {max(total)}]"
                ),
            )

    @property
    def _inverse(self) -> bool:
        return ir.BoolAttr(self.attributes["inverse"]).value


def _rshr(value: int, shift: int) -> int:
    return value if shift == 0 else (value + (1 << (shift - 1))) >> shift


def gdn_exponent(form: str, inverse: bool, norm: int) -> int:
    """The power of two of GDN's root for `norm` (docs/semantics.md, "GDN")."""
    magnitude = (norm.bit_length() - 1) // 2 if form == "rsqrt" else norm.bit_length() - 1
    return magnitude if inverse else -magnitude


# --------------------------------------------------------------------------------------------------
# Elementwise
# --------------------------------------------------------------------------------------------------
def _check_same_domain(op: Any) -> tuple[Quantized | None, Quantized | None]:
    """Input and result of one shape and, when typed, one set of scales."""
    _expect_shape("result", shape_of(op.output), shape_of(op.input))
    kinds = _kinds(op, "input")
    x, y = kinds.values()
    if _all_or_none_typed(kinds) and x is not None and y is not None:
        expect(
            _same_scales(x.scales, y.scales) and x.axis == y.axis,
            "expected result with the scales of its input",
        )
    return x, y


class ReluOp(Lic.Operation, name="relu", traits=[Pure]):
    """`max(x, 0)`; typed, on the stored integers, so that scales stay."""

    output: Result[Tensor]
    input: Operand[Tensor]
    layer: ir.StringAttr
    kinds = {"layer": "string"}

    def check(self) -> None:
        _check_same_domain(self)


class LeakyReluOp(Lic.Operation, name="leaky_relu", traits=[Pure]):
    """`x if x >= 0 else slope * x`; typed, negative integers become `rshr(x * multiplier, shift)`."""

    output: Result[Tensor]
    input: Operand[Tensor]
    layer: ir.StringAttr
    slope: ir.FloatAttr
    kinds = {"layer": "string", "slope": "float"}
    optional = {"multiplier": "integer", "shift": "integer"}

    def check(self) -> None:
        slope = self.slope.value
        expect(0.0 <= slope <= 1.0, f"expected slope in [0, 1], but got '{slope}'")
        x, _ = _check_same_domain(self)
        if x is None:
            return
        _require(self, ("multiplier", "shift"))
        multiplier = ir.IntegerAttr(self.attributes["multiplier"]).value
        _expect_within("multiplier", (multiplier,), 0, MULTIPLIER_MAX)
        _check_plain_shifts((ir.IntegerAttr(self.attributes["shift"]).value,))


class AbsOp(Lic.Operation, name="abs", traits=[Pure]):
    """`|x|`; typed, saturated to the result's range."""

    output: Result[Tensor]
    input: Operand[Tensor]
    layer: ir.StringAttr
    kinds = {"layer": "string"}

    def check(self) -> None:
        _check_same_domain(self)


class AddOp(Lic.Operation, name="add", traits=[Pure]):
    """`lhs + rhs`; rhs has lhs's shape or one value a channel (1xCx1x1).

    Typed: `rshr(lhs * multiplier[0] + rhs * multiplier[1], shift)`, saturated.
    """

    output: Result[Tensor]
    lhs: Operand[Tensor]
    rhs: Operand[Tensor]
    layer: ir.StringAttr
    kinds = {"layer": "string"}
    optional = {"multiplier": "i64 array", "shift": "integer"}

    def check(self) -> None:
        channels, _, _ = _image(self.lhs, "lhs")
        _expect_shape("result", shape_of(self.output), shape_of(self.lhs))
        if shape_of(self.rhs) != (1, channels, 1, 1):
            _expect_shape("rhs", shape_of(self.rhs), shape_of(self.lhs))
        if not _all_or_none_typed(_kinds(self, "lhs", "rhs")):
            return
        _require(self, ("multiplier", "shift"))
        multipliers = _pair(self, "multiplier")
        _expect_within("multipliers", multipliers, 0, MULTIPLIER_MAX)
        _check_plain_shifts((ir.IntegerAttr(self.attributes["shift"]).value,))


class PixelShuffleOp(Lic.Operation, name="pixel_shuffle", traits=[Pure]):
    """Channels to space, as torch.nn.PixelShuffle: C*f*f channels become f x f pixels of C channels.

    Typed, the stored integers stay what they are. Where the input has a scale for each channel
    (accumulators), the f*f channels that become one share theirs, which is that of the result's channel.
    """

    output: Result[Tensor]
    input: Operand[Tensor]
    layer: ir.StringAttr
    factor: ir.IntegerAttr
    kinds = {"layer": "string", "factor": "integer"}

    def check(self) -> None:
        channels, height, width = _image(self.input, "input")
        factor = self.factor.value
        expect(factor >= 1, f"expected factor of at least 1, but got {factor}")
        expect(
            channels % (factor * factor) == 0,
            f"expected a multiple of {factor * factor} channels, but got {channels}",
        )
        _expect_shape(
            "result",
            shape_of(self.output),
            (1, channels // (factor * factor), height * factor, width * factor),
        )
        kind = quantized(self.input.type)
        wanted = element_type(self.input.type)
        if kind is not None and kind.axis == 1:
            wanted = _shuffled(kind, factor * factor).type()
        expect(
            wanted == element_type(self.output.type),
            lambda: f"expected result with the element type of its input, '{wanted}'",
        )
        _kinds(self, "input")


def _shuffled(kind: Quantized, group: int) -> Quantized:
    """The type of channels of which each was `group` of them, which then share a scale."""
    groups = [kind.scales[i : i + group] for i in range(0, len(kind.scales), group)]
    expect(
        all(_same_scales(scales, scales[:1] * len(scales)) for scales in groups),
        f"expected input with one scale for each {group} channels that become one",
    )
    return replace(kind, scales=tuple(scales[0] for scales in groups))


# --------------------------------------------------------------------------------------------------
# Between the domains
# --------------------------------------------------------------------------------------------------
class QuantizeOp(Lic.Operation, name="quantize", traits=[Pure]):
    """f32 to typed: `clamp(floor(x / scale + 1/2))`; zero points other than 0 are refused everywhere."""

    output: Result[Tensor]
    input: Operand[Tensor]

    def check(self) -> None:
        _expect_shape("result", shape_of(self.output), shape_of(self.input))
        expect(_typed(self.input, "input") is None, "expected input of 'f32' elements")
        expect(_typed(self.output, "result") is not None, "expected a typed result")


class DequantizeOp(Lic.Operation, name="dequantize", traits=[Pure]):
    """Typed to f32: `scale * q`."""

    output: Result[Tensor]
    input: Operand[Tensor]

    def check(self) -> None:
        _expect_shape("result", shape_of(self.output), shape_of(self.input))
        expect(_typed(self.input, "input") is not None, "expected a typed input")
        expect(_typed(self.output, "result") is None, "expected result of 'f32' elements")


class RequantizeOp(Lic.Operation, name="requantize", traits=[Pure]):
    """Typed to typed: `clamp(rshr(x * multiplier[c], shift[c]))`; one pair, or one for each channel."""

    output: Result[Tensor]
    input: Operand[Tensor]
    multiplier: Any
    shift: Any
    kinds = {"multiplier": "i64 array", "shift": "i64 array"}

    def check(self) -> None:
        channels, _, _ = _image(self.input, "input")
        _expect_shape("result", shape_of(self.output), shape_of(self.input))
        for value, what in ((self.input, "input"), (self.output, "result")):
            expect(_typed(value, what) is not None, f"expected a typed {what}")
        _, shifts = _check_multipliers(self, channels)
        _check_plain_shifts(shifts)


class RoundLatentOp(Lic.Operation, name="round_latent", traits=[Pure]):
    """The latent's symbols: `floor(x + 1/2)`; typed, from i16 with f fraction bits to i16 integers."""

    output: Result[Tensor]
    input: Operand[Tensor]
    layer: ir.StringAttr
    kinds = {"layer": "string"}

    def check(self) -> None:
        _expect_shape("result", shape_of(self.output), shape_of(self.input))
        kinds = _kinds(self, "input")
        x, y = kinds.values()
        if not _all_or_none_typed(kinds) or x is None or y is None:
            return
        for kind, what in ((x, "input"), (y, "result")):
            expect(
                kind.bits == 16 and kind.signed and kind.axis is None,
                lambda kind=kind, what=what: (
                    f"expected {what} stored as 'i16' with one scale, but got '{_storage(kind)}'"
                ),
            )
        expect(y.scale == 1.0, f"expected result of scale '1', but got '{y.scale}'")
        mantissa, exponent = math.frexp(x.scale)
        expect(
            mantissa == 0.5 and exponent <= 1,
            f"expected input of a scale 2^-f, but got '{x.scale}'",
        )


# --------------------------------------------------------------------------------------------------
# Stages
# --------------------------------------------------------------------------------------------------
class StageOp(Lic.Operation, name="stage", traits=[]):
    """What becomes one stage of the pipeline: a convolution with the bias, activation, GDN and
    requantization that follow it, or elementwise ops alone, with the GDN behind them.

    Constants are inside, the streamed tensors are operands. Stages are a graph without cycles: what a
    stage gives may be read by two, and a stage whose first op is a `lic.add` of its two operands joins
    two. One without ops passes its operand on, to others than may read that themselves. Not Pure: a stage is
    hardware, and neither CSE nor dead-code elimination may merge or drop it silently.

    Later passes add `tile` and then the schedule. A convolution is two processes, its MAC array and what
    drains it, a GDN two more, its norm and its root; elementwise ops alone are one.

    Attributes:
        tile: of the line buffer.
        intake: lanes of the words that the first process reads.
        folding: of the MAC array; oc lanes of elementwise ops alone.
        packing: how multiplications share a DSP, as in `hls.mac_array`.
        drain: lanes of the words that leave a convolution.
        gdn_folding, gdn_roots: of the norm; lanes of the root.
        fabric: kinds of its processes whose requantizers, squares and roots multiply in LUTs, not in DSPs.
        fifo_depths: of the stream that each process reads, in their order; of one that joins, two.
        cycles, dsp, bram18, lut, ff, uram: predicted; of its slowest process, and of all together.
    """

    output: Result[Tensor]
    input: Operand[Tensor]
    other: Operand[Tensor] | None
    body: Region
    layer: ir.StringAttr
    kinds = {"layer": "string"}
    optional = {
        "tile": "lic.tile",
        "intake": "integer",
        "folding": "lic.folding",
        "packing": "string",
        "drain": "integer",
        "gdn_folding": "lic.folding",
        "gdn_roots": "integer",
        "fabric": "string array",
        "fifo_depths": "i64 array",
        "cycles": "integer",
        "dsp": "integer",
        "bram18": "integer",
        "lut": "integer",
        "ff": "integer",
        "uram": "integer",
    }

    def check(self) -> None:
        arguments = [argument.type for argument in self.body.blocks[0].arguments]
        operands = [operand.type for operand in self.operands]
        expect(
            arguments == operands,
            "expected block arguments of the types of its operands",
        )
        for name in ("tile", "folding", "gdn_folding"):
            if name in self.attributes:
                values = [ir.IntegerAttr(value).value for value in self.attributes[name].params]
                _expect_positive(name, values)
        for name in ("intake", "drain", "gdn_roots"):
            if name in self.attributes:
                _expect_positive(name, [ir.IntegerAttr(self.attributes[name]).value])
        if "fifo_depths" in self.attributes:
            _expect_positive("fifo_depths", array(self.attributes["fifo_depths"]))
        if "packing" in self.attributes:
            packing = ir.StringAttr(self.attributes["packing"]).value
            expect(
                packing in PACKINGS,
                f"expected packing to be one of {', '.join(PACKINGS)}, but got '{packing}'",
            )
        if "fabric" in self.attributes:
            kinds = [str(kind) for kind in ir.ArrayAttr(self.attributes["fabric"])]
            expect(
                len(set(kinds)) == len(kinds) and {*kinds} <= {f'"{kind}"' for kind in IN_FABRIC},
                f"expected fabric of some of {', '.join(IN_FABRIC)}, each once, but got "
                f"'{self.attributes['fabric']}'",
            )

    def check_body(self) -> None:
        *_, last = self.body.blocks[0].operations
        expect(
            last.operation.name == YieldOp.OPERATION_NAME,
            f"expected body to end in 'lic.yield', but got '{last.operation.name}'",
        )
        yielded, wanted = last.operation.operands[0].type, self.results[0].type
        expect(
            yielded == wanted,
            lambda: f"expected 'lic.yield' of '{wanted}', but got '{yielded}'",
        )
        if len(self.operands) == 2:
            self._check_join()

    def _check_join(self) -> None:
        """What reads two streams adds them, before anything else."""
        operations = (op.operation for op in self.body.blocks[0].operations)
        first = next(op for op in operations if op.name != ConstantOp.OPERATION_NAME)
        expect(
            first.name == AddOp.OPERATION_NAME
            and list(first.operands) == list(self.body.blocks[0].arguments),
            f"expected body to start with 'lic.add' of its two arguments, but got '{first.name}'",
        )


def _expect_positive(name: str, values: Sequence[int]) -> None:
    expect(
        min(values, default=0) >= 1,
        f"expected '{name}' of at least 1, but got '{_x(tuple(values))}'",
    )


class YieldOp(Lic.Operation, name="yield", traits=[Terminator]):
    """Ends a stage's body with its result."""

    value: Operand[Tensor]

    def check(self) -> None:
        parent = self.operation.parent
        name = parent.name if parent is not None else "none"
        expect(
            name == StageOp.OPERATION_NAME,
            f"expects parent op '{StageOp.OPERATION_NAME}', but got '{name}'",
        )
