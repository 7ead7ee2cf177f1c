# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A narrow student that starts from a wide teacher's most telling channels.

Of every hidden tensor those channels are kept from which its reader's results can best be told. The reader's
kernels then take over what the dropped ones gave, by least squares in two steps: first `u ~ A v + b` for the
teacher's channels u and the student's v at a pixel, so `W' = W A` at each tap; then all taps at once, to what is
still missing of the teacher's results. Layers are fitted one after another on what the narrowed network itself
gives, so that errors do not add up. (Compare He et al., arXiv 1707.06168.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from licc.errors import UserError
from licc.ingress.architectures import Layer
from licc.ingress.modules import fold
from licc.train.codec import FloatCodec

RIDGE = 1e-4
"""Of the least squares at a pixel, relative to the mean variance of a channel."""

TAPS_RIDGE = 1e-2
"""Of the least squares of all taps."""

SAMPLES = 12
"""Pixels that all taps are fitted to, for each of them."""

_CHAIN = frozenset(("conv", "deconv", "gdn", "relu", "leaky_relu"))


def reason_against(student: FloatCodec, teacher: FloatCodec) -> str | None:
    """Why a student cannot be a narrowed teacher; None where it can."""
    if student.architecture.name != teacher.architecture.name:
        return f"the teacher is of another architecture ({teacher.architecture.name})"
    if student.n > teacher.n or student.m > teacher.m:
        return f"the teacher is narrower (N = {teacher.n}, M = {teacher.m})"
    layers = student.architecture.build(2, 2).values()
    if any(layer.kind not in _CHAIN for transform in layers for layer in transform):
        return f"{student.architecture.name} has residual blocks"
    return None


@dataclass(frozen=True)
class _Pair:
    """A tensor of the teacher, the student's version of it, and which channels the student's are.

    Attributes:
        wide: BxCxHxW.
        slim: BxKxHxW.
        kept: K indexes of wide's channels.
    """

    wide: Tensor
    slim: Tensor
    kept: Tensor


def _channels(x: Tensor) -> Tensor:
    """BxCxHxW as C x (all pixels), in double precision."""
    return x.transpose(0, 1).flatten(1).double()


def _importance(layer: Layer, module: Any) -> Tensor:
    """`B = sum_taps W^T W` of a convolution, CxC: what an error of its input costs in its result."""
    weight = module.weight.detach().double()
    rows = weight if layer.kind == "deconv" else weight.transpose(0, 1)
    rows = rows.flatten(1)
    return rows @ rows.T


def telling(x: Tensor, importance: Tensor, count: int) -> Tensor:
    """The channels of x from which a reader's results can best be told, in rising order.

    Greedy: each next one takes the most off `tr(B R)`, R the covariance that a linear estimate from the
    chosen ones leaves.

    Args:
        x: BxCxHxW.
        importance: CxC, of the reader.
        count: how many, at most C.
    """
    values = _channels(x)
    if count >= len(values):
        return torch.arange(len(values))
    left = torch.cov(values)
    floor = 1e-9 * left.diagonal().mean().clamp_min(1e-30)
    chosen: list[int] = []
    for _ in range(count):
        variance = left.diagonal()
        gain = ((left @ importance) * left).sum(1) / variance.clamp_min(floor)
        gain[variance <= floor] = 0.0
        gain[chosen] = -1.0
        best = int(gain.argmax())
        chosen.append(best)
        left = left - torch.outer(left[best], left[best]) / variance[best].clamp_min(floor)
    return torch.tensor(sorted(chosen))


def _estimate(pair: _Pair, fit: bool) -> tuple[Tensor, Tensor]:
    """A (CxK) and b (C) so that `wide ~ A slim + b` at a pixel."""
    u, v = _channels(pair.wide), _channels(pair.slim)
    mean_u, mean_v = u.mean(1), v.mean(1)
    if fit:
        u, v = u - mean_u[:, None], v - mean_v[:, None]
        moments = v @ v.T / v.shape[1]
        ridge = RIDGE * moments.diagonal().mean().clamp_min(1e-12)
        moments += ridge * torch.eye(len(v), dtype=v.dtype)
        matrix = torch.linalg.solve(moments, (u @ v.T / v.shape[1]).T).T
    else:
        matrix = torch.zeros(len(u), len(v), dtype=u.dtype)
        matrix[pair.kept, torch.arange(len(v))] = 1.0
    return matrix, mean_u - matrix @ mean_v


@torch.no_grad()
def _narrow_convolution(
    layer: Layer, wide: Any, slim: Any, pair: _Pair, kept: Tensor, fit: bool
) -> None:
    """Set the student's convolution: it gives the teacher's results `kept`."""
    exact = pair.wide.shape == pair.slim.shape and torch.equal(pair.wide, pair.slim)
    weight = wide.weight.double()
    weight = weight.transpose(0, 1)[kept] if layer.kind == "deconv" else weight[kept]
    bias = wide.bias.double()[kept]
    if not exact:
        matrix, constant = _estimate(pair, fit)
        # A pixel of a transposed convolution's result sees one of stride^2 of the taps.
        share = layer.stride**2 if layer.kind == "deconv" else 1
        bias = bias + weight.sum((2, 3)) @ constant / share
        weight = torch.einsum("ochw,ck->okhw", weight, matrix)
    slim.weight.copy_(weight.transpose(0, 1) if layer.kind == "deconv" else weight)
    slim.bias.copy_(bias)
    if fit and not exact:
        _refit(layer, slim, pair.slim, wide(pair.wide)[:, kept])


@dataclass(frozen=True)
class _Window:
    """What of its input a pixel of a convolution's result sees, or s x s pixels of a transposed one's.

    Attributes:
        side: of the square.
        stride: from one to the next.
        phases: for each pixel of the s x s, which (row, column) of the square meets which tap.
    """

    side: int
    stride: int
    phases: list[list[tuple[tuple[int, int], tuple[int, int]]]]

    @staticmethod
    def of(layer: Layer) -> _Window:
        kernel, pad = layer.kernel, layer.kernel // 2
        if layer.kind == "conv":
            taps = [(i, j) for i in range(kernel) for j in range(kernel)]
            return _Window(kernel, layer.stride, [[(tap, tap) for tap in taps]])
        # Row s i + a of the result gets input row i + d at tap a + pad - s d.
        reach = (layer.stride - 1 + pad) // layer.stride
        reach = max(reach, (kernel - 1 - pad) // layer.stride)

        def met(phase: int) -> list[tuple[int, int]]:
            taps = [(d, phase + pad - layer.stride * d) for d in range(-reach, reach + 1)]
            return [(d + reach, tap) for d, tap in taps if 0 <= tap < kernel]

        phases = [
            [((i, j), (p, q)) for i, p in met(a) for j, q in met(b)]
            for a in range(layer.stride)
            for b in range(layer.stride)
        ]
        return _Window(2 * reach + 1, 1, phases)


def _samples(window: _Window, v: Tensor, results: Tensor) -> tuple[Tensor, Tensor]:
    """Windows of v (features x samples) and the results there (values x samples), some of all pixels."""
    random = torch.Generator().manual_seed(0)
    features = v.shape[1] * window.side**2
    count = -(-max(SAMPLES * features, 8192) // len(v))
    columns: list[Tensor] = []
    values: list[Tensor] = []
    for image, result in zip(v, results, strict=True):
        found = F.unfold(image[None], window.side, padding=window.side // 2, stride=window.stride)[
            0
        ]
        chosen = torch.randperm(found.shape[1], generator=random)[:count]
        columns.append(found[:, chosen])
        values.append(result.flatten(1)[:, chosen])
    return torch.cat(columns, 1), torch.cat(values, 1)


@torch.no_grad()
def _refit(layer: Layer, slim: Any, v: Tensor, target: Tensor) -> None:
    """Move all taps of the student's convolution of v towards `target`."""
    window = _Window.of(layer)
    missing = target - slim(v)
    if layer.kind == "deconv":
        missing = F.pixel_unshuffle(missing, layer.stride)
    x, r = _samples(window, v, missing)
    mean_x, mean_r = x.mean(1, keepdim=True), r.mean(1, keepdim=True)
    x, r = x - mean_x, r - mean_r
    moments, products = (x @ x.T).double() / x.shape[1], (r @ x.T).double() / x.shape[1]
    products = products.unflatten(0, (-1, len(window.phases)))
    bias = mean_r[:, 0].unflatten(0, (-1, len(window.phases))).mean(1)
    square = torch.arange(len(x)).reshape(v.shape[1], window.side, window.side)
    weight = slim.weight.transpose(0, 1) if layer.kind == "deconv" else slim.weight
    for index, phase in enumerate(window.phases):
        rows = torch.stack([square[:, i, j] for (i, j), _ in phase], 1).flatten()
        own = moments[rows][:, rows]
        own += TAPS_RIDGE * own.diagonal().mean() * torch.eye(len(own), dtype=own.dtype)
        found = torch.linalg.solve(own, products[:, index, rows].T).T
        bias -= (found @ mean_x[rows].double())[:, 0].float() / len(window.phases)
        steps = found.float().unflatten(1, (-1, len(phase)))
        for number, (_, (p, q)) in enumerate(phase):
            weight[:, :, p, q] += steps[:, :, number]
    slim.bias += bias


def _folded(gdn: Any) -> tuple[Tensor, Tensor]:
    """Beta and gamma of a CompressAI GDN, as its norm has them."""

    def of(name: str) -> Tensor:
        reparam = getattr(gdn, f"{name}_reparam")
        parameter = getattr(gdn, name).detach()
        return fold(parameter, reparam.lower_bound.bound, reparam.pedestal).double()

    return of("beta"), of("gamma")


@torch.no_grad()
def _narrow_gdn(layer: Layer, wide: Any, slim: Any, pair: _Pair) -> None:
    """Set the student's GDN: beta takes the mean of what the dropped channels gave to the norm."""

    def power(x: Tensor) -> Tensor:
        return _channels(x.abs() if layer.form == "gdn1" else x.square()).mean(1)

    beta, gamma = _folded(wide)
    norm = beta + gamma @ power(pair.wide)
    own = gamma[pair.kept][:, pair.kept]
    offset = norm[pair.kept] - own @ power(pair.slim)
    least = torch.minimum(beta[pair.kept], norm[pair.kept] * 1e-3)
    slim.beta.copy_(slim.beta_reparam.init(torch.maximum(offset, least).float()))
    slim.gamma.copy_(slim.gamma_reparam.init(own.float()))


class _Narrowing:
    """A transform on its way from wide to slim."""

    def __init__(self, student: FloatCodec, teacher: FloatCodec, name: str, fit: bool) -> None:
        self.layers = teacher.architecture.build(teacher.n, teacher.m)[name]
        self.slim_layers = student.architecture.build(student.n, student.m)[name]
        self.wide, self.slim = teacher.get_submodule(name), student.get_submodule(name)
        self.fit = fit

    @torch.no_grad()
    def __call__(self, pair: _Pair, last: Tensor | None = None) -> _Pair:
        """Set the student's weights, layer by layer; return the result.

        Args:
            pair: the input.
            last: which of the teacher's results the student gives; None for all.
        """
        modules = zip(self.layers, self.wide.children(), self.slim.children(), strict=True)
        for index, (layer, wide, slim) in enumerate(modules):
            kept = pair.kept
            if layer.convolves:
                result = wide(pair.wide)
                kept = self._kept(index, result, last)
                _narrow_convolution(layer, wide, slim, pair, kept, self.fit)
            else:
                result = wide(pair.wide)
                if layer.kind == "gdn":
                    _narrow_gdn(layer, wide, slim, pair)
            pair = _Pair(result, slim(pair.slim), kept)
        return pair

    def _kept(self, index: int, result: Tensor, last: Tensor | None) -> Tensor:
        """Which channels of a convolution's result the student has."""
        count = self.slim_layers[index].outputs
        readers = [i for i in range(index + 1, len(self.layers)) if self.layers[i].convolves]
        if count == self.layers[index].outputs:
            return torch.arange(count)
        if not readers:
            assert last is not None
            return last
        seen = result
        for module in list(self.wide.children())[index + 1 : readers[0]]:
            seen = module(seen)
        reader = self.layers[readers[0]]
        weight = _importance(reader, list(self.wide.children())[readers[0]])
        return telling(seen, weight, count)


def _first(codec: FloatCodec, name: str) -> tuple[Layer, nn.Module]:
    layer = codec.architecture.build(codec.n, codec.m)[name][0]
    return layer, next(iter(codec.get_submodule(name).children()))


@torch.no_grad()
def narrow(student: FloatCodec, teacher: FloatCodec, x: Tensor, fit: bool = True) -> None:
    """Set the weights of `student` from those of a wider network of its architecture.

    Args:
        student: keeps its random weights where the teacher has none.
        teacher: in eval mode.
        x: crops of photographs to measure on, Bx3xHxW, with 10000 latents or more.
        fit: whether kernels take over what dropped channels gave.

    Raises:
        UserError: see `reason_against`.
    """
    reason = reason_against(student, teacher)
    if reason is not None:
        raise UserError(f"--start narrow: {reason}; use --start random")
    identity = torch.arange(3)

    def step(name: str, pair: _Pair, last: Tensor | None = None) -> _Pair:
        return _Narrowing(student, teacher, name, fit)(pair, last)

    y_wide = teacher.run("g_a", x)
    latents = telling(y_wide, _importance(*_first(teacher, "g_s")), student.m)
    y = step("g_a", _Pair(x, x, identity), latents)
    if not student.architecture.hyperprior:
        _narrow_bottleneck(student, teacher, latents)
        medians = [codec.entropy.rounded for codec in (teacher, student)]
        step("g_s", _Pair(medians[0](y.wide), medians[1](y.slim), latents))
        return
    step("g_s", _Pair(y.wide.round(), y.slim.round(), latents))
    seen = _Pair(y.wide.abs(), y.slim.abs(), latents) if student.architecture.absolute else y
    z_wide = teacher.run("h_a", seen.wide)
    kept = telling(z_wide, _importance(*_first(teacher, "h_s")), student.n)
    z = step("h_a", seen, kept)
    _narrow_bottleneck(student, teacher, kept)
    rounded = _Pair(teacher.entropy.rounded(z.wide), student.entropy.rounded(z.slim), kept)
    both = latents if student.architecture.absolute else torch.cat((latents, latents + teacher.m))
    step("h_s", rounded, both)


def _narrow_bottleneck(student: FloatCodec, teacher: FloatCodec, kept: Tensor) -> None:
    """Take over the distributions of the channels that are kept."""
    own: dict[str, nn.Parameter] = dict(student.entropy.entropy_bottleneck.named_parameters())
    theirs: dict[str, nn.Parameter] = dict(teacher.entropy.entropy_bottleneck.named_parameters())
    for name, parameter in own.items():
        parameter.copy_(theirs[name][kept])
