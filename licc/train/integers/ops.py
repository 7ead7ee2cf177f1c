# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The ops of the law (docs/semantics.md) on torch tensors: exact integers forward, gradients of what they stand for.

Stored integers are kept in floating-point tensors that hold them exactly: float32 below 2^24, float64 beyond.
Every product and sum of the law has at most 53 bits, so that float64 computes it exactly, and so does float32
where a bound says that nothing reaches 2^24. Backward, rounding counts as the identity, and scales
have the gradient of "Learned Step Size Quantization" (arXiv 1902.08153).

Tensors are BxCxHxW; elementwise steps go over strips of pixels that stay in cache.
"""

# What autograd hands to `backward` has no types.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from licc.interp import root

# Below it every integer is a float32.
EXACT = 1 << 24
# Values of a strip on a CPU: a few arrays of them stay in a core's cache.
_STRIP = 1 << 16
# Sums that are too wide for float32 are taken over so many parts of the input channels before float64.
_PARTS = (1, 2, 4, 8)


# --------------------------------------------------------------------------------------------------
# Rows and strips
# --------------------------------------------------------------------------------------------------
def rows(x: Tensor) -> Tensor:
    """[pixels, C] of BxCxHxW; a view where channels are innermost."""
    return x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])


def _like(x: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """An empty tensor of x's shape with channels innermost, and its rows."""
    batch, channels, height, width = x.shape
    flat = torch.empty(batch * height * width, channels, dtype=dtype, device=x.device)
    return flat.reshape(batch, height, width, channels).permute(0, 3, 1, 2), flat


def _strips(flat: Tensor) -> Iterator[slice]:
    """Slices of rows."""
    size = len(flat) if flat.is_cuda else max(_STRIP // flat.shape[1], 1)
    return (slice(first, first + size) for first in range(0, len(flat), size))


Limits = tuple[int, int]
"""Least and greatest integer."""


def _round_(values: Tensor, limits: Limits) -> Tensor:
    """`clamp(floor(v + 1/2))` in place."""
    return values.add_(0.5).floor_().clamp_(*limits)


def _inside(values: Tensor, limits: Limits, grad: Tensor, open_ends: bool = False) -> Tensor:
    """`grad` where rounded `values` are not clamped; with open ends, also where a step brings them back."""
    low, high = values < limits[0] - 0.5, values >= limits[1] + 0.5
    if open_ends:
        # A step goes against the gradient.
        low, high = low & (grad > 0), high & (grad < 0)
    return grad.masked_fill(low | high, 0.0)


# --------------------------------------------------------------------------------------------------
# Weights
# --------------------------------------------------------------------------------------------------
class _Weights(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, weight: Tensor, channels: Tensor, scales: Tensor, most: int) -> Tensor:
        stored = (weight.double() * channels).div_(scales)
        ctx.save_for_backward(weight, channels, scales)
        ctx.most = most
        return _round_(stored, (-most, most)).float()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        weight, channels, scales = ctx.saved_tensors
        factor = (channels / scales).float()
        grad = _inside(weight * factor, (-ctx.most, ctx.most), grads[0])
        spread = grad * weight
        return (
            grad * factor,
            (spread / scales).sum_to_size(channels.shape),
            -(spread * channels / scales**2).sum_to_size(scales.shape),
            None,
        )


def stored_weights(weight: Tensor, channels: Tensor, scales: Tensor, most: int) -> Tensor:
    """`clamp(floor(w * channels / scales + 1/2))` within +-most, float32.

    Args:
        weight: in the layout of the op, float32.
        channels: what the input's channels were divided by, float64, to broadcast against the weights.
        scales: of the outputs, float64, likewise.
        most: largest stored weight.
    """
    return _Weights.apply(weight, channels, scales, most)


class _Bias(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, bias: Tensor, scales: Tensor) -> Tensor:
        stored = bias.double() / scales
        ctx.save_for_backward(stored, scales)
        return (stored + 0.5).floor_()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, ...]:
        stored, scales = ctx.saved_tensors
        grad = grads[0] / scales
        return grad.float(), -grad * stored


def stored_bias(bias: Tensor, scales: Tensor) -> Tensor:
    """`floor(b / scales + 1/2)` of [O] values, float64."""
    return _Bias.apply(bias, scales)


# --------------------------------------------------------------------------------------------------
# Convolutions
# --------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Geometry:
    """What a convolution's op says of it; pairs are rows and columns."""

    strides: tuple[int, int]
    padding: tuple[int, int]
    dilations: tuple[int, int]
    groups: int
    transposed: bool = False
    output_padding: tuple[int, int] = (0, 0)

    def run(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """The convolution, in the type of the tensors."""
        if self.transposed:
            return F.conv_transpose2d(
                x,
                weight,
                bias,
                self.strides,
                self.padding,
                self.output_padding,
                self.groups,
                self.dilations,
            )
        return F.conv2d(x, weight, bias, self.strides, self.padding, self.dilations, self.groups)

    def phase_sums(self, weight: Tensor) -> Tensor:
        """[I, O, phases]: sums of the weights that an output pixel sees, by input. Of one group."""
        if not self.transposed:
            return weight.sum(dim=(2, 3)).T[:, :, None]
        of_phases = [
            weight[:, :, py :: self.strides[0], px :: self.strides[1]].sum(dim=(2, 3))
            for py in range(self.strides[0])
            for px in range(self.strides[1])
        ]
        return torch.stack(of_phases, dim=2)


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, geometry: Geometry, largest: int
    ) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.geometry = geometry
        with _exact_arithmetic(x):
            return _convolved(x, weight, bias, geometry, largest)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        geometry: Geometry = ctx.geometry
        grad = grads[0].float()
        with torch.autocast(x.device.type, enabled=False):
            found = torch.ops.aten.convolution_backward(
                grad,
                x,
                weight,
                None,
                geometry.strides,
                geometry.padding,
                geometry.dilations,
                geometry.transposed,
                geometry.output_padding,
                geometry.groups,
                [*ctx.needs_input_grad[:2], False],
            )
        return found[0], found[1], grad.sum(dim=(0, 2, 3)).double(), None, None


def convolution(
    x: Tensor, weight: Tensor, bias: Tensor, geometry: Geometry, largest: int
) -> Tensor:
    """`b[o] + sum w * x`, exact.

    Args:
        x: stored integers BxIxHxW, float32.
        weight: stored integers in the layout of the op, float32.
        bias: [O] stored integers, float64.
        geometry: of the op.
        largest: the largest magnitude of x that its type allows.

    Returns:
        Float32 where all sums are proven to be below 2^24, else float64.
    """
    if weight.shape[2:] == (1, 1) and geometry.padding == (0, 0) and not geometry.transposed:
        # oneDNN's gradient of such a convolution with strides writes beyond its buffer (PyTorch 2.13).
        rows_apart, columns_apart = geometry.strides
        x, geometry = x[:, :, ::rows_apart, ::columns_apart], replace(geometry, strides=(1, 1))
    return _Convolution.apply(x, weight, bias, geometry, largest)


def _exact_arithmetic(x: Tensor) -> AbstractContextManager[object]:
    """No narrower types, and no algorithm that multiplies anything but weights by inputs (Winograd, FFT)."""
    stack = ExitStack()
    stack.enter_context(torch.autocast(x.device.type, enabled=False))
    if x.is_cuda:
        # Without cuDNN, a convolution is a matrix product.
        stack.enter_context(torch.backends.cudnn.flags(enabled=False))
        stack.enter_context(_ieee_products())
    return stack


def _ieee_products() -> AbstractContextManager[object]:
    before = torch.backends.cuda.matmul.allow_tf32
    stack = ExitStack()
    stack.callback(setattr, torch.backends.cuda.matmul, "allow_tf32", before)
    torch.backends.cuda.matmul.allow_tf32 = False
    return stack


def _convolved(x: Tensor, weight: Tensor, bias: Tensor, geometry: Geometry, largest: int) -> Tensor:
    by_input = geometry.phase_sums(weight.abs().double()) * largest
    # Whatever the order, no partial sum is larger in magnitude.
    limits = by_input.sum(dim=0).amax(dim=1) + bias.abs()
    if float(limits.max()) < EXACT:
        return geometry.run(x, weight, bias.float())
    for count in _PARTS:
        parts = by_input.tensor_split(count)
        if max(float(part.sum(dim=0).max()) for part in parts if len(part)) < EXACT:
            return _in_parts(x, weight, bias, geometry, [len(part) for part in parts])
    return geometry.run(x.double(), weight.double(), bias)


def _in_parts(
    x: Tensor, weight: Tensor, bias: Tensor, geometry: Geometry, sizes: Sequence[int]
) -> Tensor:
    """The sum of convolutions of some of the input channels each."""
    inputs, weights = (
        x.split(list(sizes), 1),
        weight.split(list(sizes), 0 if geometry.transposed else 1),
    )
    total: Tensor | None = None
    for x_part, w_part in zip(inputs, weights, strict=True):
        if not x_part.shape[1]:
            continue
        found = geometry.run(x_part, w_part, None)
        total = found.double() if total is None else total.add_(found)
    assert total is not None
    return total.add_(bias[:, None, None])


# --------------------------------------------------------------------------------------------------
# Elementwise
# --------------------------------------------------------------------------------------------------
class _Requantize(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        acc: Tensor,
        factor: Tensor,
        exact: Tensor,
        limits: Limits,
        open_ends: bool,
    ) -> Tensor:
        result, out = _like(acc, torch.float32)
        flat = rows(acc)
        for strip in _strips(flat):
            out[strip] = _round_(flat[strip] * exact, limits)
        ctx.save_for_backward(acc if acc.dtype == torch.float32 else acc.float(), factor)
        ctx.limits, ctx.open_ends = limits, open_ends
        return result

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        acc, factor = ctx.saved_tensors
        step = factor.float()
        given, sums = _like(acc, torch.float32)
        of_factor = torch.zeros_like(step)
        flat, grad = rows(acc), rows(grads[0])
        for strip in _strips(flat):
            values = flat[strip]
            inside = _inside(values * step, ctx.limits, grad[strip], ctx.open_ends)
            of_factor += (inside * values).sum(dim=0)
            sums[strip] = inside.mul_(step)
        return given, of_factor.to(factor.dtype), None, None, None


def requantize(
    acc: Tensor, factor: Tensor, exact: Tensor, limits: Limits, open_ends: bool = False
) -> Tensor:
    """`clamp(rshr(acc * multiplier, shift))`.

    Args:
        acc: BxCxHxW.
        factor: [C] of the scales, float64; has a gradient.
        exact: [C] `multiplier * 2^-shift`, float64: what `factor` is rounded to.
        limits: least and greatest result.
        open_ends: clamped values keep a gradient that leads back inside.
    """
    return _Requantize.apply(acc, factor, exact, limits, open_ends)


class _LeakyRelu(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, exact: float) -> Tensor:
        ctx.save_for_backward(x < 0)
        ctx.slope = exact
        result, out = _like(x, x.dtype)
        flat = rows(x)
        for strip in _strips(flat):
            wide = flat[strip].double()
            negative = (wide * exact).add_(0.5).floor_()
            out[strip] = torch.where(wide >= 0, wide, negative).to(x.dtype)
        return result

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (negative,) = ctx.saved_tensors
        return torch.where(negative, grads[0] * ctx.slope, grads[0]), None


def leaky_relu(x: Tensor, exact: float) -> Tensor:
    """`v` where v >= 0, else `rshr(v * multiplier, shift)`, `exact` being `multiplier * 2^-shift`."""
    return _LeakyRelu.apply(x, exact)


class _Rounded(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, limits: Limits) -> Tensor:
        ctx.save_for_backward(values)
        ctx.limits = limits
        return _round_(values.clone(), limits)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (values,) = ctx.saved_tensors
        return _inside(values, ctx.limits, grads[0], open_ends=True), None


def rounded(values: Tensor, limits: Limits) -> Tensor:
    """`clamp(floor(v + 1/2))`, halves up; in float64 where v has more than 24 bits."""
    return _Rounded.apply(values, limits)


class _Add(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        y: Tensor,
        factors: Tensor,
        exact: tuple[float, float],
        limits: Limits,
    ) -> Tensor:
        ctx.save_for_backward(x, y, factors)
        ctx.limits = limits
        result, out = _like(x, torch.float32)
        first, second = rows(x), rows(y)
        for strip in _strips(first):
            wide = first[strip].double() * exact[0]
            wide.add_(second[strip].double(), alpha=exact[1])
            out[strip] = _round_(wide, limits)
        return result

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, y, factors = ctx.saved_tensors
        first, second = factors.float()
        inside = _inside(x * first + y * second, ctx.limits, grads[0])
        of_factors = torch.stack([(inside * x).sum(), (inside * y).sum()])
        return inside * first, inside * second, of_factors.to(factors.dtype), None, None


def add(
    x: Tensor, y: Tensor, factors: Tensor, exact: tuple[float, float], limits: Limits
) -> Tensor:
    """`clamp(rshr(x * multiplier[0] + y * multiplier[1], shift))`.

    Args:
        x: BxCxHxW.
        y: likewise.
        factors: [2] of the scales, float64; has a gradient.
        exact: both multipliers times 2^-shift.
        limits: least and greatest result.
    """
    return _Add.apply(x, y, factors, exact, limits)


# --------------------------------------------------------------------------------------------------
# GDN
# --------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class GdnIntegers:
    """A typed GDN's parameters, as float64 on the device of its input.

    Attributes:
        form: "rsqrt" or "gdn1".
        inverse: whether it multiplies by the root.
        beta: [C].
        gamma: [C, C].
        norm_shift: of the sum.
        exact: [C] `multiplier * 2^-shift`.
        root_scale: real root of a norm, by that of its stored integer.
        limits: least and greatest result.
    """

    form: str
    inverse: bool
    beta: Tensor
    gamma: Tensor
    norm_shift: int
    exact: Tensor
    root_scale: float
    limits: Limits


@cache
def _roots(form: str, inverse: bool, device: torch.device) -> tuple[Tensor, Tensor]:
    """Mantissas by leading bits, and powers of two by exponent, so that the root is their product.

    The index of a mantissa is the last bit of the norm's exponent (of form "rsqrt") and the 17 bits behind its
    leading one; that of a power is the exponent.
    """
    # Of norms in [2^16, 2^18), whose leading bits are all that they have.
    norms = np.arange(1 << 16, 1 << 18, dtype=np.int64)
    mantissas, exponents = root.root(norms, form, inverse)
    bits = np.arange(1 << 17, dtype=np.int64)
    short = mantissas[: 1 << 16][bits >> 1]  # an even exponent: 16 bits count
    if form == "rsqrt":
        table = np.concatenate([short, mantissas[1 << 16 :]])
        halves = np.arange(32) >> 1
    else:
        table = np.concatenate([short, short])
        halves = np.arange(32)
    del exponents
    powers = np.ldexp(1.0, (halves if inverse else -halves) - 16)
    return (
        torch.from_numpy(table.astype(np.float64)).to(device),
        torch.from_numpy(powers).to(device),
    )


def root_of(norm: Tensor, form: str, inverse: bool) -> Tensor:
    """`mantissa * 2^(exponent - 16)` of norms in [1, 2^31), as float64, exactly (docs/semantics.md, "GDN")."""
    mantissas, powers = _roots(form, inverse, norm.device)
    # A double's exponent and fraction are what the law calls bit length and leading bits.
    bits = norm.contiguous().view(torch.int64)
    found = mantissas.take((bits >> 35) & ((1 << 18) - 1) ^ (1 << 17))
    return found.mul_(powers.take((bits >> 52).sub_(1023)))


class _Gdn(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        beta: Tensor,
        gamma: Tensor,
        scale: Tensor,
        steps: Tensor,
        integers: GdnIntegers,
    ) -> Tensor:
        del beta  # for its gradient
        result, out = _like(x, torch.float32)
        flat = rows(x)
        real = torch.empty_like(flat)
        transposed = integers.gamma.T.contiguous()
        for strip in _strips(flat):
            wide = flat[strip].double()
            sums = torch.addmm(integers.beta, _power(wide, integers.form), transposed)
            norm = sums.mul_(2.0**-integers.norm_shift).add_(0.5).floor_().clamp_(min=1.0)
            found = root_of(norm, integers.form, integers.inverse)
            real[strip] = found
            out[strip] = _round_(wide.mul_(found).mul_(integers.exact), integers.limits)
        ctx.save_for_backward(x, real, gamma, scale, steps)
        ctx.integers = integers
        return result

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, stored_root, gamma, scale, steps = ctx.saved_tensors
        integers: GdnIntegers = ctx.integers
        form, inverse = integers.form, integers.inverse
        unit, step = scale.float(), steps.float()
        given, sums = _like(x, torch.float32)
        flat, grad = rows(x), rows(grads[0])
        of_steps, of_beta = torch.zeros_like(step), torch.zeros_like(step)
        of_gamma, of_scale = torch.zeros_like(gamma), torch.zeros((), device=x.device)
        for strip in _strips(flat):
            real = flat[strip] * unit
            factor = stored_root[strip] * integers.root_scale
            y = real * factor
            g = _inside(y / step, integers.limits, grad[strip]) / step
            of_steps -= (g * y).sum(dim=0)
            norm = _root_gradient(factor, form, inverse).mul_(real).mul_(g)
            of_beta += norm.sum(dim=0)
            of_gamma += norm.T @ _power(real, form)
            inner = (norm @ gamma).mul_(real.sign() if form == "gdn1" else real.mul(2.0))
            inner.add_(g.mul_(factor))
            of_scale += (inner * flat[strip]).sum()
            sums[strip] = inner.mul_(unit)
        return (
            given,
            of_beta,
            of_gamma,
            of_scale.to(scale.dtype),
            (of_steps / step).to(steps.dtype),
            None,
        )


def _power(x: Tensor, form: str) -> Tensor:
    return x.abs() if form == "gdn1" else x.square()


def _root_gradient(factor: Tensor, form: str, inverse: bool) -> Tensor:
    """Derivative of what x is multiplied by with respect to the norm, from that factor."""
    if form == "gdn1":
        return torch.ones_like(factor) if inverse else factor.square().neg_()
    return factor.reciprocal().mul_(0.5) if inverse else factor.pow(3).mul_(-0.5)


def gdn(
    x: Tensor, beta: Tensor, gamma: Tensor, scale: Tensor, steps: Tensor, integers: GdnIntegers
) -> Tensor:
    """GDN on stored integers BxCxHxW; its gradient is that of the float GDN.

    Args:
        x: stored integers.
        beta: [C] real, float32; has a gradient.
        gamma: [C, C], likewise.
        scale: of x, float64; has a gradient.
        steps: [C] real value of a stored 1 of the result, likewise.
        integers: what is computed with.
    """
    return _Gdn.apply(x, beta, gamma, scale, steps, integers)
