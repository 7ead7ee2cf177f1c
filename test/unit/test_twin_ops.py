# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`licc.train.integers.ops`: integers as the law has them, gradients of the real functions they stand for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from licc.interp import arith, exact, root
from licc.quantize.gdn import GdnShape, quantize_gdn
from licc.train.integers import ops

I32 = st.integers(-(2**31) + 1, 2**31 - 1)
MULTIPLIERS = st.integers(1 << 16, (1 << 17) - 1)
BYTE = (-128, 127)
PLAIN = ops.Geometry((2, 2), (2, 2), (1, 1), 1)
TRANSPOSED = ops.Geometry((2, 2), (2, 2), (1, 1), 1, True, (1, 1))


def _images(values: list[int], dtype: torch.dtype) -> Tensor:
    return torch.tensor(values, dtype=dtype).reshape(1, 1, 1, -1)


@settings(max_examples=200, deadline=None)
@given(st.lists(I32, min_size=1, max_size=8), MULTIPLIERS, st.integers(0, 62))
def test_requantize_is_the_laws(values: list[int], multiplier: int, shift: int) -> None:
    # Around ties as well, where a rounding of products would show.
    half = (1 << shift) // (2 * multiplier)
    values += [v for v in (half, -half, half + 1, -half - 1) if abs(v) < 1 << 31]
    factor = torch.tensor([multiplier * 2.0**-shift], dtype=torch.float64)
    wanted = arith.requantize(np.array(values), multiplier, shift, -(1 << 31), 1 << 31)
    found = ops.requantize(_images(values, torch.float64), factor, factor, BYTE)
    assert found.flatten().tolist() == np.clip(wanted, *BYTE).tolist()


@settings(max_examples=200, deadline=None)
@given(st.lists(I32, min_size=1, max_size=8), st.integers(0, (1 << 17) - 1), st.integers(0, 62))
def test_leaky_relu_is_the_laws(values: list[int], multiplier: int, shift: int) -> None:
    # Of slopes that do not grow values, whose results a double holds.
    if multiplier > 1 << shift:
        multiplier = 1 << min(shift, 16)
    wanted = arith.leaky_relu(values, multiplier, shift, -(1 << 31), 1 << 31)
    found = ops.leaky_relu(_images(values, torch.float64), multiplier * 2.0**-shift)
    assert found.flatten().tolist() == wanted.tolist()


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-32768, 32767), st.integers(-32768, 32767)), min_size=1),
    st.tuples(st.integers(0, (1 << 17) - 1), st.integers(0, (1 << 17) - 1)),
    st.integers(0, 40),
)
def test_add_is_the_laws(
    values: list[tuple[int, int]], multipliers: tuple[int, int], shift: int
) -> None:
    first, second = ([pair[side] for pair in values] for side in (0, 1))
    pair = (multipliers[0] * 2.0**-shift, multipliers[1] * 2.0**-shift)
    found = ops.add(
        _images(first, torch.float32),
        _images(second, torch.float32),
        torch.tensor(pair, dtype=torch.float64),
        pair,
        (-512, 511),
    )
    wanted = arith.add(first, second, multipliers, shift, -512, 511)
    assert found.flatten().tolist() == wanted.tolist()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(-32768, 32767), min_size=1), st.integers(0, 10))
def test_rounding_of_latents_is_the_laws(values: list[int], fraction: int) -> None:
    found = ops.rounded(_images(values, torch.float32) * 2.0**-fraction, (-511, 511))
    assert found.flatten().tolist() == arith.round_latent(values, fraction, -511, 511).tolist()


@pytest.mark.parametrize("form", ["rsqrt", "gdn1"])
@pytest.mark.parametrize("inverse", [False, True])
def test_roots_are_those_of_the_tables(form: str, inverse: bool) -> None:
    powers = 1 << np.arange(31)
    rng = np.random.default_rng(1)
    some = (powers[:, None] * rng.uniform(1.0, 2.0, (31, 2000))).astype(np.int64)
    norms = np.unique(np.concatenate([powers, powers[1:] - 1, [2**31 - 1], some.ravel()]))
    mantissa, exponent = root.root(norms, form, inverse)
    found = ops.root_of(torch.from_numpy(norms.astype(np.float64)), form, inverse)
    assert np.array_equal(found.numpy(), mantissa * 2.0 ** (exponent - 16))


# --------------------------------------------------------------------------------------------------
# Convolutions
# --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("channels", "largest", "dtype"),
    [
        (4, 127, torch.float32),  # 4 * 25 * 127 * 127 is below 2^24
        (64, 255, torch.float64),  # in parts of the channels
        (3, 32767, torch.float64),  # no part is small enough
    ],
)
@pytest.mark.parametrize("geometry", [PLAIN, TRANSPOSED])
def test_convolutions_are_exact(
    channels: int, largest: int, dtype: torch.dtype, geometry: ops.Geometry
) -> None:
    rng = np.random.default_rng(channels)
    # Mostly of one sign, so that sums come near their bounds.
    x = rng.integers(-largest // 8, largest + 1, (channels, 8, 6))
    weight = rng.integers(-20, 128, (channels, 5, 5, 5))
    if not geometry.transposed:
        weight = weight.swapaxes(0, 1)
    bias = rng.integers(-(1 << 20), 1 << 20, 5)
    with torch.no_grad():
        found = ops.convolution(
            torch.from_numpy(x).float()[None],
            torch.from_numpy(weight.copy()).float(),
            torch.from_numpy(bias).double(),
            geometry,
            largest,
        )
    if geometry.transposed:
        wanted = exact.scatter(x, weight, (2, 2), (2, 2), (16, 12))
    else:
        taps = [j - 2 for j in range(5)]
        wanted = exact.correlate(x, weight, (taps, taps), (2, 2), (4, 3))
    assert found.dtype == dtype or geometry.transposed  # which sees a quarter of the taps
    assert np.array_equal(found[0].numpy(), wanted + bias[:, None, None])


def test_a_float32_sum_of_these_would_be_wrong() -> None:
    """The wide cases above need what is done for them."""
    x, weight = torch.full((1, 3, 5, 5), 32767.0), torch.full((1, 3, 5, 5), 127.0)
    weight[0, 0, 0, 0] = 126
    geometry = ops.Geometry((1, 1), (0, 0), (1, 1), 1)
    wanted = 32767 * (127 * 75 - 1)
    assert float(geometry.run(x, weight, None)) != wanted
    assert float(ops.convolution(x, weight, torch.zeros(1).double(), geometry, 32767)) == wanted


# --------------------------------------------------------------------------------------------------
# Gradients
# --------------------------------------------------------------------------------------------------
def _compare(
    found: Callable[..., Tensor], wanted: Callable[..., Tensor], inputs: list[Tensor], within: float
) -> None:
    """Gradients of both by all inputs, weighted alike, agree within a share of the largest."""
    torch.manual_seed(3)
    leaves = [[x.clone().requires_grad_() for x in inputs] for _ in range(2)]
    results = [f(*own) for f, own in zip((found, wanted), leaves, strict=True)]
    weights = torch.randn(results[0].shape)
    for result in results:
        (result * weights).sum().backward()
    for number, (own, its) in enumerate(zip(*leaves, strict=True)):
        assert own.grad is not None
        assert its.grad is not None
        error = (own.grad - its.grad).abs().max() / its.grad.abs().max()
        assert float(error) < within, (number, float(error))


def test_requantize_has_the_gradient_of_a_clamped_product() -> None:
    torch.manual_seed(1)
    acc, factor = torch.randn(2, 3, 4, 4) * 5e4, torch.tensor([2e-3, 1e-3, 4e-3]).double()

    def found(acc: Tensor, factor: Tensor) -> Tensor:
        return ops.requantize(acc, factor, factor.detach(), BYTE)

    def wanted(acc: Tensor, factor: Tensor) -> Tensor:
        # Rounded values are clamped from half a step beyond the last integer.
        return (acc * factor.float()[:, None, None]).clamp(BYTE[0] - 0.5, BYTE[1] + 0.5)

    assert bool((found(acc, factor) == BYTE[1]).any())
    _compare(found, wanted, [acc, factor], 1e-5)


def test_open_ends_let_back_inside_only() -> None:
    acc = torch.tensor([-500.0, 500.0, 500.0, 5.0]).reshape(1, 1, 1, 4).requires_grad_()
    one = torch.ones(1, dtype=torch.float64)
    result = ops.requantize(acc, one, one, BYTE, open_ends=True)
    # A step goes against the gradient: the first two would go further out.
    result.backward(torch.tensor([1.0, -1.0, 1.0, 1.0]).reshape(1, 1, 1, 4))
    assert acc.grad is not None
    assert acc.grad.flatten().tolist() == [0.0, 0.0, 1.0, 1.0]


def test_learned_steps_have_the_gradient_of_lsq() -> None:
    """Of step * clamp(round(v / step)): round(v / step) - v / step inside, the limit outside (arXiv 1902.08153)."""
    values = torch.tensor([0.3, -0.8, 7.4, 200.0, -300.0]).reshape(1, 1, 1, 5)
    step = torch.tensor([0.5], dtype=torch.float64, requires_grad=True)
    stored = ops.requantize(values, 1.0 / step, (1.0 / step).detach(), BYTE)
    (stored * step.float()).sum().backward()
    inside = [1 - 0.6, -2 + 1.6, 15 - 14.8]
    assert step.grad is not None
    assert float(step.grad) == pytest.approx(sum(inside) + 127 - 128, rel=1e-5)


def test_weights_have_the_gradient_of_a_clamped_quotient() -> None:
    torch.manual_seed(2)
    weight, scales = torch.randn(4, 3, 5, 5), (torch.rand(4).double() + 1.0) / 60.0
    channels = torch.rand(3).double() + 0.5

    def found(weight: Tensor, channels: Tensor, scales: Tensor) -> Tensor:
        return ops.stored_weights(weight, channels[:, None, None], scales[:, None, None, None], 127)

    def wanted(weight: Tensor, channels: Tensor, scales: Tensor) -> Tensor:
        stored = weight * channels[:, None, None].float() / scales[:, None, None, None].float()
        return stored.clamp(-127.5, 127.5)

    assert bool((found(weight, channels, scales) == 127).any())
    _compare(found, wanted, [weight, channels, scales], 1e-5)


@pytest.mark.parametrize("geometry", [PLAIN, TRANSPOSED])
def test_convolutions_have_their_own_gradient(geometry: ops.Geometry) -> None:
    torch.manual_seed(4)
    x, weight = (
        torch.randint(-9, 9, (2, 4, 8, 8)).float(),
        torch.randint(-9, 9, (4, 4, 5, 5)).float(),
    )

    def found(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return ops.convolution(x, weight, bias, geometry, 9)

    def wanted(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return geometry.run(x, weight, bias.float())

    _compare(found, wanted, [x, weight, torch.zeros(4).double()], 1e-5)


@pytest.mark.parametrize("form", ["rsqrt", "gdn1"])
@pytest.mark.parametrize("inverse", [False, True])
def test_gdn_has_the_gradient_of_the_float_gdn(form: str, inverse: bool) -> None:
    rng = np.random.default_rng(5)
    count, limits = 6, (-4095, 4095)
    scale = 2e-3
    x = torch.from_numpy(rng.integers(-4095, 4096, (2, count, 4, 4))).float()
    beta = torch.from_numpy(rng.uniform(0.5, 2.0, count)).float()
    gamma = torch.from_numpy(rng.uniform(0.0, 0.2, (count, count)) + 0.1 * np.eye(count)).float()
    steps = torch.from_numpy(rng.uniform(0.5, 1.0, count)) * (0.2 if inverse else 0.03)

    def real(x: Tensor, beta: Tensor, gamma: Tensor, scale: Tensor, steps: Tensor) -> Tensor:
        value = x * scale.float()
        power = value.abs() if form == "gdn1" else value**2
        norm = torch.nn.functional.conv2d(power, gamma[:, :, None, None], beta)
        factor = norm if form == "gdn1" else norm.sqrt()
        y = value * factor if inverse else value / factor
        return (y / steps.float()[:, None, None]).clamp(-128.5, 127.5)

    def integers(beta: Tensor, gamma: Tensor, steps: Tensor) -> ops.GdnIntegers:
        def plain(values: Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
            return values.detach().double().numpy()

        found = quantize_gdn(
            GdnShape(plain(beta), plain(gamma), form, inverse, scale, *limits, plain(steps))
        )
        pairs = zip(found.multiplier, found.shift, strict=True)
        unit = found.gamma_scale * 2.0**found.norm_shift * (scale if form == "gdn1" else scale**2)
        rooted = unit if form == "gdn1" else unit**0.5
        return ops.GdnIntegers(
            form,
            inverse,
            torch.from_numpy(found.beta).double(),
            torch.from_numpy(found.gamma).double(),
            found.norm_shift,
            torch.tensor([m * 2.0**-s for m, s in pairs], dtype=torch.float64).expand(count),
            rooted if inverse else 1.0 / rooted,
            BYTE,
        )

    def found(x: Tensor, beta: Tensor, gamma: Tensor, scale: Tensor, steps: Tensor) -> Tensor:
        return ops.gdn(x, beta, gamma, scale, steps, integers(beta, gamma, steps))

    inputs = [x, beta, gamma, torch.tensor(scale, dtype=torch.float64), steps]
    error = (found(*inputs) - real(*inputs)).abs()
    assert float(error.max()) < 0.51
    assert bool((found(*inputs).abs() < 100).any())
    _compare(found, real, inputs, 2e-3)
