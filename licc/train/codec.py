# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the training loop knows of a network: `Codec`; and the one that computes in floats, `FloatCodec`.

Layers and entropy models are CompressAI's, under its key names, in the arrangement that `licc.ingress` knows
an architecture by: what is trained here is read by both.
"""

from __future__ import annotations

import copy
import math
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from licc.entropy import compressai
from licc.entropy.tables import (
    BOTTLENECK,
    CONDITIONAL,
    SCALES_LEVELS,
    SCALES_MAX,
    SCALES_MIN,
    new_key,
)
from licc.ingress.architectures import TRANSFORMS, Architecture, Layer, stride
from licc.ingress.modules import own_state

Parts = dict[str, dict[str, Tensor]]


@dataclass(frozen=True)
class Outcome:
    """What a codec makes of a batch of B images.

    Attributes:
        x_hat: reconstruction, Bx3xHxW, about 0..1, not clamped.
        bpp: bits a pixel, the mean over the batch, a scalar.
        y: latents as g_a gives them, before rounding, BxMxHxW.
        scales: standard deviations that h_s gives for y, of its shape; None without a hyperprior.
    """

    x_hat: Tensor
    bpp: Tensor
    y: Tensor
    scales: Tensor | None = None


@dataclass(frozen=True)
class Group:
    """Parameters that are trained alike.

    Attributes:
        rate: what the learning rate is multiplied by.
        decays: whether weight decay applies.
    """

    parameters: Sequence[nn.Parameter]
    rate: float = 1.0
    decays: bool = False


class Codec(nn.Module, ABC):
    """A network that can be trained: copied (deepcopy), moved to a device, its state_dict stored.

    Attributes:
        architecture: what ingress calls it.
        n: width of the transforms.
        m: channels of the latent.
        autocast: the type that transforms compute in, where that is not their own; copies to evaluate have none.
    """

    autocast: torch.dtype | None = None

    def __init__(self, architecture: Architecture, n: int, m: int) -> None:
        super().__init__()
        self.architecture, self.n, self.m = architecture, n, m

    @abstractmethod
    def forward(self, x: Tensor) -> Outcome:
        """Code a batch Bx3xHxW in 0..1, sides multiples of `multiple`.

        In training mode the rate is that of values with uniform noise where it is so estimated, drawn
        from the default generator of x's device.
        """

    @abstractmethod
    def aux_loss(self) -> Tensor:
        """How far the entropy model's quantiles (`tables`) are off: a loss of theirs alone, a scalar."""

    @abstractmethod
    def parts(self) -> Parts:
        """What goes into a student file: tensors by part and key, contiguous copies on the CPU."""

    @abstractmethod
    def groups(self) -> list[Group]:
        """All parameters that the loss trains, `tables` not among them."""

    @abstractmethod
    def tables(self) -> list[nn.Parameter]:
        """The parameters that `aux_loss` trains."""

    @property
    def multiple(self) -> int:
        """What the sides of images have to be multiples of."""
        layers = self.architecture.build(2, 2)
        return stride(layers["g_a"]) * stride(layers.get("h_a", []))


def straight_through(values: Tensor, offset: Tensor | float = 0.0) -> Tensor:
    """Round (relative to `offset`), with the gradient of the identity."""
    return values + (torch.round(values - offset) + offset - values).detach()


def bits_per_pixel(likelihoods: Sequence[Tensor], x: Tensor) -> Tensor:
    """The mean rate of a batch whose symbols have these likelihoods: `-sum(log2 p) / pixels`."""
    nats = torch.stack([torch.log(of_part).sum() for of_part in likelihoods]).sum()
    return nats / (-math.log(2) * x.shape[0] * x.shape[2] * x.shape[3])


def _convolution(layer: Layer) -> nn.Module:
    if layer.kind == "conv":
        return nn.Conv2d(layer.inputs, layer.outputs, layer.kernel, layer.stride, layer.kernel // 2)
    return nn.ConvTranspose2d(
        layer.inputs, layer.outputs, layer.kernel, layer.stride, layer.kernel // 2, layer.stride - 1
    )


def make_layer(layer: Layer) -> nn.Module:
    """A fresh module of CompressAI's for one of ingress's layers, with parameters to train."""
    library = compressai.layers()
    if layer.convolves:
        return _convolution(layer)
    if layer.kind == "gdn":
        gdn = library.GDN1 if layer.form == "gdn1" else library.GDN
        return gdn(layer.inputs, inverse=layer.inverse)
    if layer.kind in ("relu", "leaky_relu"):
        return nn.ReLU() if layer.kind == "relu" else nn.LeakyReLU()
    if layer.kind == "subpel":
        return library.subpel_conv3x3(layer.inputs, layer.outputs, layer.stride)
    arguments = () if layer.kind == "ResidualBlock" else (layer.stride,)
    return getattr(library, layer.kind)(layer.inputs, layer.outputs, *arguments)


def make_transform(layers: Sequence[Layer]) -> nn.Sequential:
    """The transform as an nn.Sequential: keys are `0.weight` and so on, as in a checkpoint."""
    return nn.Sequential(*map(make_layer, layers))


def plain(module: nn.Module) -> dict[str, Tensor]:
    """A module's tensors as a file should hold them: on the CPU, contiguous, sharing nothing."""
    return {
        key: value.detach().cpu().clone(memory_format=torch.contiguous_format)
        for key, value in module.state_dict().items()
    }


def scale_table() -> list[float]:
    """CompressAI's table of scales (compressai.models.base.get_scale_table)."""
    low, high = math.log(SCALES_MIN), math.log(SCALES_MAX)
    return torch.exp(torch.linspace(low, high, SCALES_LEVELS)).tolist()


class EntropyModel(nn.Module):
    """The distributions of what is coded: z and, given its scales, y; without a hyperprior y alone."""

    def __init__(self, architecture: Architecture, n: int, m: int) -> None:
        super().__init__()
        library = compressai.entropy_models()
        channels = architecture.bottleneck_channels(n, m)
        self.entropy_bottleneck: Any = library.EntropyBottleneck(channels)
        if architecture.hyperprior:
            self.gaussian_conditional: Any = library.GaussianConditional(None)

    @property
    def quantiles(self) -> nn.Parameter:
        """Lower end, median and upper end of each channel, Cx1x3: the tables cover what is between."""
        return self.entropy_bottleneck.quantiles

    def rounded(self, values: Tensor) -> Tensor:
        """What the decoder gets of values that the bottleneck codes: rounded relative to the medians."""
        return straight_through(values, self.quantiles[:, 0, 1].detach().reshape(1, -1, 1, 1))

    def bottleneck(self, values: Tensor) -> Tensor:
        """Likelihoods of values that the bottleneck codes, of their shape."""
        return self.entropy_bottleneck(values)[1]

    def conditional(self, y: Tensor, scales: Tensor, means: Tensor | None = None) -> Tensor:
        """Likelihoods of latents by their scales (and means), of their shape."""
        return self.gaussian_conditional(y, scales, means=means)[1]

    def loss(self) -> Tensor:
        """CompressAI's loss of the quantiles."""
        return self.entropy_bottleneck.loss()

    @torch.no_grad()
    def parts(self) -> Parts:
        """The entropy models with the integer tables of the coder, which cover all but 1e-9 of the mass.

        The ends of the tables are searched for: the loss of the quantiles reaches them after many steps
        only. Medians stay, as values are rounded relative to them.
        """
        model = copy.deepcopy(self).cpu()
        medians = model.quantiles[:, :, 1].clone()
        model.entropy_bottleneck._update_quantiles()
        model.quantiles[:, :, 1] = medians
        model.entropy_bottleneck.update(force=True)
        if hasattr(model, CONDITIONAL):
            model.gaussian_conditional.update_scale_table(scale_table(), force=True)
        return {name: plain(module) for name, module in model.named_children()}


class FloatCodec(Codec):
    """A network in floats: any architecture of ingress's, freshly initialised."""

    def __init__(self, architecture: Architecture, n: int, m: int) -> None:
        super().__init__(architecture, n, m)
        for name, layers in architecture.build(n, m).items():
            self.add_module(name, make_transform(layers))
        self.entropy = EntropyModel(architecture, n, m)

    def run(self, name: str, values: Tensor) -> Tensor:
        """Apply a transform.

        Only what is inside may be of a narrower type: a latent of some hundred has no fraction left in
        bfloat16, and likelihoods near one lose their logarithm.
        """
        context: AbstractContextManager[object] = nullcontext()
        if self.autocast is not None:
            context = torch.autocast(values.device.type, self.autocast)
        with context:
            return self.get_submodule(name)(values).float()

    def forward(self, x: Tensor) -> Outcome:
        """See `Codec`. The decoder sees rounded latents, with a straight-through gradient."""
        y = self.run("g_a", x)
        if not self.architecture.hyperprior:
            bpp = bits_per_pixel([self.entropy.bottleneck(y)], x)
            return Outcome(self.run("g_s", self.entropy.rounded(y)), bpp, y)
        z = self.run("h_a", y.abs() if self.architecture.absolute else y)
        given = self.run("h_s", self.entropy.rounded(z))
        scales, means = given, None
        if not self.architecture.absolute:
            scales, means = given.chunk(2, 1)
        likelihoods = [self.entropy.conditional(y, scales, means), self.entropy.bottleneck(z)]
        y_hat = straight_through(y, 0.0 if means is None else means)
        x_hat = self.run("g_s", y_hat)
        return Outcome(x_hat, bits_per_pixel(likelihoods, x), y, scales)

    def aux_loss(self) -> Tensor:
        """CompressAI's loss of the quantiles."""
        return self.entropy.loss()

    def parts(self) -> Parts:
        """See `Codec`."""
        return self.transforms() | self.entropy.parts()

    def transforms(self) -> Parts:
        """The parts of the student file that are transforms."""
        names = [name for name in TRANSFORMS if hasattr(self, name)]
        return {name: plain(self.get_submodule(name)) for name in names}

    def groups(self) -> list[Group]:
        """Kernels decay where that is asked for; biases, GDNs and distributions never do."""
        decaying = [p for name, p in self.named_parameters() if name.endswith(".weight")]
        tables = {id(p) for p in self.tables()}
        kept = {id(p) for p in decaying} | tables
        others = [p for p in self.parameters() if id(p) not in kept]
        return [Group(decaying, decays=True), Group(others)]

    def tables(self) -> list[nn.Parameter]:
        """The quantiles."""
        return [self.entropy.quantiles]

    def load(self, tensors: Mapping[str, Tensor]) -> set[str]:
        """Take over the tensors of a checkpoint by full key; say which parts it does not have.

        The shapes have to fit (`licc.ingress.networks.check_keys`); optional keys may be missing.
        """
        missing: set[str] = set()
        for name in TRANSFORMS:
            own = own_state(tensors, name)
            if hasattr(self, name) and not own:
                missing.add(name)
            elif hasattr(self, name):
                _load_transform(self.get_submodule(name), own)
        own = own_state(tensors, BOTTLENECK)
        if "quantiles" in own and any(re.match("matri", key.lstrip("_")) for key in own):
            load_bottleneck(self.entropy.entropy_bottleneck, own)
        else:
            missing.add(BOTTLENECK)
        return missing


def _load_transform(module: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Load what is there; a convolution whose bias is not stored has none."""
    left = module.load_state_dict(dict(state), strict=False).missing_keys
    with torch.no_grad():
        for key in left:
            if key.endswith(".bias"):
                module.get_parameter(key).zero_()


_TABLES = ("_offset", "_quantized_cdf", "_cdf_length")


@torch.no_grad()
def load_bottleneck(module: Any, state: Mapping[str, Tensor]) -> None:
    """Load the distributions of an entropy bottleneck, under the key names of any CompressAI version."""
    named = {
        new_key(key): value
        for key, value in state.items()
        if key not in _TABLES  # made anew when a student is written
    }
    module.load_state_dict(named, strict=False)
