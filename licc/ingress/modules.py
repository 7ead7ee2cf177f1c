# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The networks as torch modules, for torch.export to trace: ours, so that nothing else is needed.

A GDN keeps CompressAI's re-parametrisation as it is stored; `lic-raise-torch` folds it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from licc.ingress.architectures import Layer

PEDESTAL = 2.0**-36
"""CompressAI's `reparam_offset` squared: what is added before the square root and subtracted after it."""

BETA_MIN = 1e-6

DEFAULTS = {
    "beta_reparam.pedestal": PEDESTAL,
    "beta_reparam.lower_bound.bound": (BETA_MIN + PEDESTAL) ** 0.5,
    "gamma_reparam.pedestal": PEDESTAL,
    "gamma_reparam.lower_bound.bound": PEDESTAL**0.5,
}
"""The constants of a GDN for checkpoints that do not store them."""


def fold(parameter: Tensor, bound: Tensor, pedestal: Tensor) -> Tensor:
    """Return what a stored GDN parameter stands for: `max(parameter, bound)^2 - pedestal`."""
    return torch.max(parameter, bound) ** 2 - pedestal


class Gdn(nn.Module):
    """Generalized divisive normalization (arXiv 1511.06281) or GDN1 (arXiv 1912.08771), on 1xCxHxW.

    `norm = beta + gamma x^2` and `x / sqrt(norm)`; GDN1 (`form` gdn1) has |x| for x^2 and no root;
    `inverse` multiplies where the forward form divides.
    """

    def __init__(self, form: str, inverse: bool, state: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.form, self.inverse = form, inverse
        self.beta = nn.Parameter(state["beta"], requires_grad=False)
        self.gamma = nn.Parameter(state["gamma"], requires_grad=False)
        for key, value in DEFAULTS.items():
            constant = state.get(key, torch.tensor([value]))
            self.register_buffer(key.replace(".", "_"), constant)

    def folded(self, name: str) -> Tensor:
        """Return beta or gamma with the re-parametrisation applied."""
        bound = getattr(self, f"{name}_reparam_lower_bound_bound")
        return fold(getattr(self, name), bound, getattr(self, f"{name}_reparam_pedestal"))

    def forward(self, x: Tensor) -> Tensor:
        """Normalize 1xCxHxW."""
        gamma = self.folded("gamma").reshape(*self.gamma.shape, 1, 1)
        power = x.abs() if self.form == "gdn1" else x**2
        norm = F.conv2d(power, gamma, self.folded("beta"))
        if self.form == "gdn1":
            return x * norm if self.inverse else x / norm
        return x * (torch.sqrt(norm) if self.inverse else torch.rsqrt(norm))


class Abs(nn.Module):
    """`|x|`."""

    def forward(self, x: Tensor) -> Tensor:
        """Take magnitudes."""
        return x.abs()


class Round(nn.Module):
    """The symbols that the entropy coder codes."""

    def forward(self, x: Tensor) -> Tensor:
        """Round to integers."""
        return torch.round(x)


class AddPerChannel(nn.Module):
    """`x + values[c]`: gives the medians back to decoded symbols."""

    def __init__(self, values: Tensor) -> None:
        super().__init__()
        self.register_buffer("values", values.reshape(1, -1, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Add one value to each channel."""
        return x + self.get_buffer("values")


class Transform(nn.Module):
    """A transform under its own name, so that paths in the trace read `g_a.0`."""

    def __init__(self, name: str, layers: Sequence[tuple[str, nn.Module]]) -> None:
        super().__init__()
        self.name = name
        self.add_module(name, nn.Sequential(OrderedDict(layers)))

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layers in their order."""
        return self.get_submodule(self.name)(x)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with a LeakyReLU behind each, and the input added."""

    def __init__(self, parts: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self.conv1, self.conv2 = parts["conv1"], parts["conv2"]
        self.leaky_relu = nn.LeakyReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape."""
        inner = self.leaky_relu(self.conv1(x))
        return self.leaky_relu(self.conv2(inner)) + x


class ResidualBlockWithStride(nn.Module):
    """A 3x3 convolution with a stride, LeakyReLU, another and GDN; a strided 1x1 convolution is added."""

    def __init__(self, parts: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self.conv1, self.conv2 = parts["conv1"], parts["conv2"]
        self.gdn, self.skip = parts["gdn"], parts["skip"]
        self.leaky_relu = nn.LeakyReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Shrink height and width by the stride."""
        return self.gdn(self.conv2(self.leaky_relu(self.conv1(x)))) + self.skip(x)


class ResidualBlockUpsample(nn.Module):
    """A sub-pixel convolution, LeakyReLU, a 3x3 convolution and inverse GDN; another sub-pixel one is added."""

    def __init__(self, parts: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self.subpel_conv, self.conv = parts["subpel_conv"], parts["conv"]
        self.igdn, self.upsample = parts["igdn"], parts["upsample"]
        self.leaky_relu = nn.LeakyReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Enlarge height and width by the factor of the sub-pixel convolutions."""
        return self.igdn(self.conv(self.leaky_relu(self.subpel_conv(x)))) + self.upsample(x)


BLOCKS: Mapping[str, Callable[[Mapping[str, nn.Module]], nn.Module]] = {
    "ResidualBlock": ResidualBlock,
    "ResidualBlockWithStride": ResidualBlockWithStride,
    "ResidualBlockUpsample": ResidualBlockUpsample,
}
"""The residual blocks of compressai.layers, by the names of their classes."""


def own_state(state: Mapping[str, Tensor], name: str | int) -> dict[str, Tensor]:
    """Return the tensors of the submodule `name`, with its name taken off their keys."""
    prefix = f"{name}."
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}


def _convolution(layer: Layer, state: Mapping[str, Tensor]) -> nn.Module:
    bias = "bias" in state
    padding = layer.kernel // 2
    module: nn.Module
    if layer.kind == "conv":
        module = nn.Conv2d(
            layer.inputs,
            layer.outputs,
            layer.kernel,
            layer.stride,
            padding,
            bias=bias,
            device="meta",
        )
    else:
        module = nn.ConvTranspose2d(
            layer.inputs,
            layer.outputs,
            layer.kernel,
            layer.stride,
            padding,
            layer.stride - 1,
            bias=bias,
            device="meta",
        )
    module.load_state_dict(dict(state), assign=True)
    return module


def build_layer(layer: Layer, state: Mapping[str, Tensor]) -> nn.Module:
    """Return the module of `layer` with its own `state` (keys without the layer's path)."""
    if layer.convolves:
        return _convolution(layer, state)
    if layer.kind == "gdn":
        return Gdn(layer.form, layer.inverse, state)
    if layer.kind in ("relu", "leaky_relu"):
        return nn.ReLU() if layer.kind == "relu" else nn.LeakyReLU()
    parts = {name: build_layer(part, own_state(state, name)) for name, part in layer.parts}
    if layer.kind == "subpel":
        return nn.Sequential(parts["0"], nn.PixelShuffle(layer.stride))
    return BLOCKS[layer.kind](parts)
