# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A network of any width with random weights, for what depends on widths alone: its schedule.

Values keep a spread of about one from layer to layer (He et al., arXiv 1502.01852: weights of a standard deviation
of gain / sqrt(fan in)), symbols span some tens and images fill 0..1, so that typing meets the ranges that it meets
in a trained network.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from licc.ingress.architectures import ARCHITECTURES, Architecture, Layer
from licc.ingress.checkpoint import STUDENT_FORMAT, STUDENT_VERSIONS

State = dict[str, Tensor]

SEED = 0
# Of each transform: the spread of what it reads, that of what it gives, and the mean of that.
SPREADS = {
    "g_a": (0.5, 48.0, 0.0),
    "h_a": (48.0, 3.0, 0.0),
    "h_s": (3.0, 1.5, 2.0),
    "g_s": (48.0, 0.2, 0.5),
}
# Behind these only a half of the values is left, and half of the power.
RECTIFIERS = frozenset(("relu", "leaky_relu"))
# These have weights, but what they read goes through as it is.
_KEEPING = frozenset(("gdn", "ResidualBlock"))
# The parts of blocks that read what the block reads.
_FIRST = frozenset(("conv1", "skip", "subpel_conv", "upsample"))
# Two of this make one where a residual connection adds them.
HALF_POWER = math.sqrt(0.5)
# GDN's norm: 1 + 0.1 x^2 at CompressAI's start. The inverse amplifies what it divides, so that the gamma of blocks
# that follow each other is smaller.
GAMMA, GAMMA_IN_BLOCKS = 0.1, 0.01


def widths(architecture: Architecture, n: int, m: int) -> tuple[int, int]:
    """N and M as the network has them: some have one width only, and M is N."""
    return architecture.widths(architecture.shapes(n, m, ("g_a", "g_s")))


def write_checkpoint(architecture: str, n: int, m: int, path: Path) -> None:
    """Write a random network to `path`, in the format of licc's students; equal arguments, equal weights."""
    random = torch.Generator().manual_seed(SEED)
    network = ARCHITECTURES[architecture]
    n, m = widths(network, n, m)
    content: dict[str, Any] = {
        name: _transform(layers, *SPREADS[name], random)
        for name, layers in network.build(n, m).items()
    }
    channels = network.bottleneck_channels(n, m)
    medians = torch.rand(channels, 1, 1, generator=random) - 0.5
    # Trained medians are not zero, and subtracting and adding them is a process in the hardware.
    content["entropy_bottleneck"] = {"quantiles": medians + torch.tensor([-10.0, 0.0, 10.0])}
    version = STUDENT_VERSIONS[0]
    names = {"format": STUDENT_FORMAT, "version": version, "architecture": architecture}
    content["meta"] = {**names, "N": n, "M": m}
    torch.save(content, path)


def _transform(
    layers: Sequence[Layer], reads: float, gives: float, mean: float, random: torch.Generator
) -> State:
    found: State = {}
    weighted = [i for i, layer in enumerate(layers) if layer.shapes and layer.kind not in _KEEPING]
    for i, layer in enumerate(layers):
        gain = math.sqrt(2.0) if i and layers[i - 1].kind in RECTIFIERS else 1.0
        gain /= reads if i == weighted[0] else 1.0
        last = i == weighted[-1]
        state = _layer(layer, gain * (gives if last else 1.0), random)
        if last:
            state |= {key: value + mean for key, value in state.items() if key.endswith("bias")}
        found |= {f"{i}.{key}": value for key, value in state.items()}
    return found


def _layer(layer: Layer, gain: float, random: torch.Generator, gamma: float = GAMMA) -> State:
    if layer.convolves:
        return _convolution(layer, gain, random)
    if layer.kind == "gdn":
        return _gdn(layer.inputs, gamma, random)
    found: State = {}
    for name, part in layer.parts:
        inner = gain if layer.kind == "subpel" or name in _FIRST else 1.0
        state = _layer(
            part, inner * (1.0 if layer.kind == "subpel" else HALF_POWER), random, GAMMA_IN_BLOCKS
        )
        found |= {f"{name}.{key}": value for key, value in state.items()}
    return found


def _convolution(layer: Layer, gain: float, random: torch.Generator) -> State:
    shape = layer.shapes["weight"]
    # A transposed convolution adds kernel^2 / stride^2 taps up.
    taps = layer.kernel**2 / (layer.stride**2 if layer.kind == "deconv" else 1)
    spread = gain / math.sqrt(layer.inputs * taps)
    return {
        "weight": spread * torch.randn(shape, generator=random),
        "bias": 0.1 * gain * torch.randn(layer.outputs, generator=random),
    }


def _gdn(channels: int, gamma: float, random: torch.Generator) -> State:
    """Beta and gamma are stored as square roots; what is beside the diagonal makes up as much as the diagonal."""
    beside = gamma * torch.rand(channels, channels, generator=random) * 2.0 / channels
    norm = gamma * torch.eye(channels) + beside
    return {"beta": torch.ones(channels), "gamma": norm.sqrt()}
