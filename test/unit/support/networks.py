# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Randomly initialised checkpoints with the key names and shapes of CompressAI, made without it.

    python test/unit/support/networks.py ARCHITECTURE N M SEED OUT.pt [--student] [--plain]

ARCHITECTURE is one of `ARCHITECTURES`. Convolutions start from PyTorch's default distribution and the
GDNs near CompressAI's start (beta 1, gamma 0.1 on the diagonal, with some cross terms so that a
transposed gamma shows). The last layer of each transform is then rescaled on a synthetic image, so that
latents span some tens, scales are positive and images fill 0..1: with the plain start every symbol
would be zero and every test of them empty. Networks without GDN, or with residual blocks, have the variance of
every convolution's result set to one first, as what is typed would be mostly biases otherwise.
`--plain` leaves all weights as they are.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

State = dict[str, Tensor]
PEDESTAL = 2.0**-36
BETA_MIN = 1e-6


@dataclass(frozen=True)
class Layer:
    """One layer: `kind` is conv, deconv, gdn, gdn1, igdn, igdn1, relu, leaky_relu, subpel (a convolution with a
    pixel shuffle by `stride`), or res, res_down and res_up: the residual blocks of cheng2020."""

    kind: str
    inputs: int = 0
    outputs: int = 0
    kernel: int = 5
    stride: int = 2
    bias: bool = True


def _interleave(layers: Iterable[Layer], activation: Callable[[int], Layer]) -> list[Layer]:
    out: list[Layer] = []
    for layer in layers:
        out += [activation(layer.inputs), layer] if out else [layer]
    return out


def _analysis(n: int, m: int, activation: Callable[[int], Layer]) -> list[Layer]:
    widths = [3, n, n, n, m]
    convs = [Layer("conv", i, o) for i, o in pairwise(widths)]
    return _interleave(convs, activation)


def _synthesis(n: int, m: int, activation: Callable[[int], Layer]) -> list[Layer]:
    widths = [m, n, n, n, 3]
    convs = [Layer("deconv", i, o) for i, o in pairwise(widths)]
    return _interleave(convs, activation)


def _gdn(kind: str) -> Callable[[int], Layer]:
    return lambda channels: Layer(kind, channels, channels)


def _relu(_: int) -> Layer:
    return Layer("relu")


def _leaky(_: int) -> Layer:
    return Layer("leaky_relu")


def _factorized(n: int, m: int) -> dict[str, list[Layer]]:
    return {"g_a": _analysis(n, m, _gdn("gdn")), "g_s": _synthesis(n, m, _gdn("igdn"))}


def _factorized_relu(n: int, m: int) -> dict[str, list[Layer]]:
    return {"g_a": _analysis(n, m, _relu), "g_s": _synthesis(n, m, _relu)}


def _factorized_leaky(n: int, m: int) -> dict[str, list[Layer]]:
    return {"g_a": _analysis(n, m, _leaky), "g_s": _synthesis(n, m, _leaky)}


def _scale_hyper(n: int, m: int) -> dict[str, list[Layer]]:
    h_a = [Layer("conv", m, n, 3, 1), Layer("conv", n, n), Layer("conv", n, n)]
    h_s = [Layer("deconv", n, n), Layer("deconv", n, n), Layer("conv", n, m, 3, 1)]
    return {"h_a": _interleave(h_a, _relu), "h_s": [*_interleave(h_s, _relu), Layer("relu")]}


def _mean_hyper(n: int, m: int) -> dict[str, list[Layer]]:
    h_a = [Layer("conv", m, n, 3, 1), Layer("conv", n, n), Layer("conv", n, n)]
    wide = m * 3 // 2
    h_s = [Layer("deconv", n, m), Layer("deconv", m, wide), Layer("conv", wide, 2 * m, 3, 1)]
    return {"h_a": _interleave(h_a, _leaky), "h_s": _interleave(h_s, _leaky)}


def _cheng2020(n: int, _: int) -> dict[str, list[Layer]]:
    wide = n * 3 // 2
    h_a = [Layer("conv", n, n, 3, stride) for stride in (1, 1, 2, 1, 2)]
    h_s = [
        Layer("conv", n, n, 3, 1),
        Layer("subpel", n, n),
        Layer("conv", n, wide, 3, 1),
        Layer("subpel", wide, wide),
        Layer("conv", wide, 2 * n, 3, 1),
    ]
    return {
        "g_a": [
            Layer("res_down", 3, n),
            Layer("res", n, n),
            Layer("res_down", n, n),
            Layer("res", n, n),
            Layer("res_down", n, n),
            Layer("res", n, n),
            Layer("conv", n, n, 3, 2),
        ],
        "g_s": [
            *[layer for _ in range(3) for layer in (Layer("res", n, n), Layer("res_up", n, n))],
            Layer("res", n, n),
            Layer("subpel", n, 3),
        ],
        "h_a": _interleave(h_a, _leaky),
        "h_s": _interleave(h_s, _leaky),
    }


def _bls2017(n: int, m: int) -> dict[str, list[Layer]]:
    g_a = [Layer("conv", 3, n, 9, 4), Layer("conv", n, n), Layer("conv", n, m, bias=False)]
    g_s = [Layer("deconv", m, n), Layer("deconv", n, n), Layer("deconv", n, 3, 9, 4)]
    return {
        "g_a": _interleave(g_a, _gdn("gdn1")),
        "g_s": _interleave(g_s, _gdn("igdn1")),
    }


ARCHITECTURES: dict[str, Callable[[int, int], dict[str, list[Layer]]]] = {
    "bls2017": _bls2017,
    "bls2017-hyperprior": lambda n, m: _bls2017(n, m) | _scale_hyper(n, m),
    "bmshj2018-factorized": _factorized,
    "bmshj2018-factorized-relu": _factorized_relu,
    "bmshj2018-factorized-leaky-relu": _factorized_leaky,
    "bmshj2018-hyperprior": lambda n, m: _factorized(n, m) | _scale_hyper(n, m),
    "bmshj2018-hyperprior-relu": lambda n, m: _factorized_relu(n, m) | _scale_hyper(n, m),
    "bmshj2018-hyperprior-leaky-relu": lambda n, m: _factorized_leaky(n, m) | _scale_hyper(n, m),
    "mbt2018-mean": lambda n, m: _factorized(n, m) | _mean_hyper(n, m),
    "mbt2018-mean-relu": lambda n, m: _factorized_relu(n, m) | _mean_hyper(n, m),
    "mbt2018-mean-leaky-relu": lambda n, m: _factorized_leaky(n, m) | _mean_hyper(n, m),
    "cheng2020-anchor": _cheng2020,
}

# Which of them a state_dict alone does not tell from another: they need `meta`.
AMBIGUOUS = frozenset(name for name in ARCHITECTURES if name.endswith("leaky-relu"))

# Named for what made the tests before them: their random weights stay what they were.
_PLAIN_STARTS = frozenset(
    (
        "bls2017",
        "bls2017-hyperprior",  # whose last convolution has no bias to centre it with
        "bmshj2018-factorized",
        "bmshj2018-factorized-relu",
        "bmshj2018-hyperprior",
        "mbt2018-mean",
    )
)


def is_mean_scale(architecture: str) -> bool:
    """Whether h_s gives scales and means, and h_a reads y with its signs."""
    return architecture.startswith(("mbt2018", "cheng2020"))


def latent_channels(architecture: str, n: int, m: int) -> int:
    """Channels of y."""
    return n if architecture.startswith("cheng2020") else m


def _conv_state(layer: Layer, random: torch.Generator) -> State:
    shape = (layer.outputs, layer.inputs) if layer.kind == "conv" else (layer.inputs, layer.outputs)
    # PyTorch's default: uniform in +-1/sqrt(fan in), fan in = shape[1] * kernel^2.
    bound = 1 / math.sqrt(shape[1] * layer.kernel**2)
    weight = torch.empty(*shape, layer.kernel, layer.kernel).uniform_(
        -bound, bound, generator=random
    )
    if not layer.bias:
        return {"weight": weight}
    bias = torch.empty(layer.outputs).uniform_(-bound, bound, generator=random)
    return {"weight": weight, "bias": bias}


def _gdn_state(channels: int, random: torch.Generator) -> State:
    cross = torch.empty(channels, channels).uniform_(0, 0.1 / channels, generator=random)
    gamma = 0.1 * torch.eye(channels) + cross
    pedestal = torch.tensor([PEDESTAL])
    return {
        "beta": torch.sqrt(torch.ones(channels) + pedestal),
        "gamma": torch.sqrt(gamma + pedestal),
        "beta_reparam.pedestal": pedestal.clone(),
        "beta_reparam.lower_bound.bound": torch.tensor([(BETA_MIN + PEDESTAL) ** 0.5]),
        "gamma_reparam.pedestal": pedestal.clone(),
        "gamma_reparam.lower_bound.bound": torch.tensor([PEDESTAL**0.5]),
    }


def _parts(layer: Layer) -> dict[str, Layer]:
    """The layers with weights inside a block, by their names in compressai.layers."""
    i, o, s = layer.inputs, layer.outputs, layer.stride
    if layer.kind == "subpel":
        return {"0": Layer("conv", i, o * s**2, 3, 1)}
    if layer.kind == "res":
        return {"conv1": Layer("conv", i, o, 3, 1), "conv2": Layer("conv", o, o, 3, 1)}
    if layer.kind == "res_down":
        return {
            "conv1": Layer("conv", i, o, 3, s),
            "conv2": Layer("conv", o, o, 3, 1),
            "gdn": Layer("gdn", o, o),
            "skip": Layer("conv", i, o, 1, s),
        }
    if layer.kind == "res_up":
        return {
            "subpel_conv": Layer("subpel", i, o, 3, s),
            "conv": Layer("conv", o, o, 3, 1),
            "igdn": Layer("igdn", o, o),
            "upsample": Layer("subpel", i, o, 3, s),
        }
    return {}


def _layer_state(layer: Layer, random: torch.Generator) -> State:
    if layer.kind in ("conv", "deconv"):
        return _conv_state(layer, random)
    if layer.kind.endswith(("gdn", "gdn1")):
        return _gdn_state(layer.inputs, random)
    return {
        f"{name}.{key}": value
        for name, part in _parts(layer).items()
        for key, value in _layer_state(part, random).items()
    }


def _run_gdn(layer: Layer, state: State, x: Tensor) -> Tensor:
    def folded(name: str) -> Tensor:
        bound = state[f"{name}_reparam.lower_bound.bound"]
        return torch.max(state[name], bound) ** 2 - state[f"{name}_reparam.pedestal"]

    power = x.abs() if layer.kind.endswith("1") else x * x
    norm = F.conv2d(power, folded("gamma")[:, :, None, None], folded("beta"))
    root = norm if layer.kind.endswith("1") else norm.sqrt()
    return x * root if layer.kind.startswith("i") else x / root


def run_layer(layer: Layer, state: State, x: Tensor) -> Tensor:
    """Apply `layer` with its own `state` (keys without the layer's path) to `x`, NCHW."""
    bias = state.get("bias")
    if layer.kind == "conv":
        return F.conv2d(x, state["weight"], bias, layer.stride, layer.kernel // 2)
    if layer.kind == "deconv":
        return F.conv_transpose2d(
            x, state["weight"], bias, layer.stride, layer.kernel // 2, layer.stride - 1
        )
    if layer.kind == "relu":
        return F.relu(x)
    if layer.kind == "leaky_relu":
        return F.leaky_relu(x)
    if layer.kind.endswith(("gdn", "gdn1")):
        return _run_gdn(layer, state, x)
    return _run_block(layer, state, x)


def _run_block(layer: Layer, state: State, x: Tensor) -> Tensor:
    def run(name: str, x: Tensor) -> Tensor:
        return run_layer(_parts(layer)[name], _own(state, name), x)

    if layer.kind == "subpel":
        return F.pixel_shuffle(run("0", x), layer.stride)
    if layer.kind == "res":
        return F.leaky_relu(run("conv2", F.leaky_relu(run("conv1", x)))) + x
    if layer.kind == "res_down":
        return run("gdn", run("conv2", F.leaky_relu(run("conv1", x)))) + run("skip", x)
    return run("igdn", run("conv", F.leaky_relu(run("subpel_conv", x)))) + run("upsample", x)


def _own(state: State, name: str | int) -> State:
    prefix = f"{name}."
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}


def run_transform(layers: list[Layer], state: State, x: Tensor) -> Tensor:
    """Apply the Sequential of `layers`, whose `state` has keys like `0.weight`, to `x`."""
    for i, layer in enumerate(layers):
        x = run_layer(layer, _own(state, i), x)
    return x


def synthetic_image(height: int, width: int, random: torch.Generator | None = None) -> Tensor:
    """Return a 1x3xHxW image in 0..1 with edges, gradients and texture."""
    random = random or torch.Generator().manual_seed(0)
    coarse = torch.rand(1, 3, 4, 4, generator=random)
    image = F.interpolate(coarse, (height, width), mode="bilinear", align_corners=True)
    fine = F.interpolate(torch.rand(1, 3, 16, 16, generator=random), (height, width))
    return (0.7 * image + 0.3 * fine).clamp(0, 1)


def _set_variance(layers: list[Layer], state: State, x: Tensor) -> None:
    """Scale each convolution, in order, so that its result on `x` has a variance of one and no mean.

    As Mishkin and Matas start a network (arXiv 1511.06422); a sum of two is then of variance two.
    """
    for i, layer in enumerate(layers):
        own = _own(state, i)
        _set_layer_variance(layer, own, x)
        state |= {f"{i}.{key}": value for key, value in own.items()}
        x = run_layer(layer, own, x)


def _set_layer_variance(layer: Layer, state: State, x: Tensor) -> None:
    if layer.kind in ("conv", "deconv"):
        raw = run_layer(layer, state, x)
        state["weight"] /= raw.std()
        state["bias"] = (state["bias"] - raw.mean((0, 2, 3))) / raw.std()
    if layer.kind == "igdn":
        # Nobody trained it: where it cubes what exceeds three deviations, six of them in a row explode.
        state["gamma"] = torch.sqrt(0.1 * state["gamma"] ** 2)
    for name, part in _parts(layer).items():
        own = _own(state, name)
        _set_layer_variance(part, own, _before(layer, name, state, x))
        state |= {f"{name}.{key}": value for key, value in own.items()}


def _before(layer: Layer, name: str, state: State, x: Tensor) -> Tensor:
    """What the part `name` of a block reads, whose input is `x`."""
    first = {"conv2": "conv1", "conv": "subpel_conv"}.get(name)
    if first is None:
        return x
    return F.leaky_relu(run_layer(_parts(layer)[first], _own(state, first), x))


def _rescale(layers: list[Layer], state: State, x: Tensor, spread: float, centre: float) -> Tensor:
    """Scale the last convolution so that its result has this spread and centre; return it."""
    last = max(i for i, layer in enumerate(layers) if layer.kind in ("conv", "deconv", "subpel"))
    raw = run_transform(layers[: last + 1], state, x)
    mean = raw.mean((0, 2, 3))
    gain = spread / max(float((raw - mean[:, None, None]).std()), 1e-9)
    name = f"{last}.0" if layers[last].kind == "subpel" else f"{last}"
    state[f"{name}.weight"] *= gain
    if f"{name}.bias" in state:
        bias = state[f"{name}.bias"]
        mean = mean.repeat_interleave(len(bias) // len(mean))
        state[f"{name}.bias"] = (bias - mean) * gain + centre
    return run_transform(layers, state, x)


def _rescale_codec(
    transforms: dict[str, list[Layer]], states: dict[str, State], mean: bool, variance: bool
) -> None:
    random = torch.Generator().manual_seed(1)

    def rescale(name: str, x: Tensor, spread: float, centre: float) -> Tensor:
        if variance:
            _set_variance(transforms[name], states[name], x)
        return _rescale(transforms[name], states[name], x, spread, centre)

    y = rescale("g_a", synthetic_image(128, 128, random), 8.0, 0.0)
    rescale("g_s", y.round(), 0.2, 0.5)
    if "h_a" in transforms:
        z = rescale("h_a", y if mean else y.abs(), 3.0, 0.0)
        rescale("h_s", z.round(), 1.5, 2.0)


def _bottleneck_state(channels: int, random: torch.Generator) -> State:
    filters = (1, 3, 3, 3, 3, 1)
    scale = 10.0 ** (1 / 5)
    state: State = {}
    for i, (low, high) in enumerate(pairwise(filters)):
        start = math.log(math.expm1(1 / scale / high))
        state[f"matrices.{i}"] = torch.full((channels, high, low), start)
        state[f"biases.{i}"] = torch.rand(channels, high, 1, generator=random) - 0.5
        if i < 4:
            state[f"factors.{i}"] = torch.zeros(channels, high, 1)
    medians = torch.rand(channels, 1, 1, generator=random) - 0.5
    state["quantiles"] = medians + torch.tensor([-10.0, 0.0, 10.0])
    target = math.log(2 / 1e-9 - 1)
    state["target"] = torch.tensor([-target, 0.0, target])
    for name in ("_offset", "_quantized_cdf", "_cdf_length"):
        state[name] = torch.empty(0, dtype=torch.int32)
    state["likelihood_lower_bound.bound"] = torch.tensor([1e-9])
    return state


def _conditional_state() -> State:
    state: State = {
        name: torch.empty(0, dtype=torch.int32)
        for name in ("_offset", "_quantized_cdf", "_cdf_length")
    }
    state["scale_table"] = torch.empty(0)
    state["scale_bound"] = torch.tensor([0.11])
    state["likelihood_lower_bound.bound"] = torch.tensor([1e-9])
    state["lower_bound_scale.bound"] = torch.tensor([0.11])
    return state


@torch.no_grad()
def random_states(
    architecture: str, n: int, m: int, seed: int = 0, rescale: bool = True
) -> dict[str, State]:
    """Return {"g_a": state, ..., "entropy_bottleneck": state, ...} of a random network."""
    random = torch.Generator().manual_seed(seed)
    transforms = ARCHITECTURES[architecture](n, m)
    states: dict[str, State] = {}
    for name, layers in transforms.items():
        states[name] = {
            f"{i}.{key}": value
            for i, layer in enumerate(layers)
            for key, value in _layer_state(layer, random).items()
        }
    if rescale:
        variance = architecture not in _PLAIN_STARTS
        _rescale_codec(transforms, states, is_mean_scale(architecture), variance)
    if architecture != "bls2017":
        states["entropy_bottleneck"] = _bottleneck_state(n if "h_a" in transforms else m, random)
    if "h_a" in transforms:
        states["gaussian_conditional"] = _conditional_state()
    return states


def flatten(states: dict[str, State]) -> State:
    """Return the states as one CompressAI state_dict."""
    return {
        f"{part}.{key}": value for part, state in states.items() for key, value in state.items()
    }


def random_checkpoint(
    architecture: str,
    n: int,
    m: int,
    seed: int,
    path: Path | str,
    *,
    student: bool = False,
    rescale: bool = True,
) -> Path:
    """Write a random checkpoint to `path` and return the path.

    bls2017 is written as {"g_a": ..., "g_s": ...}, the others as a CompressAI state_dict; `student`
    writes licc's own format, the states by name and `meta`, for all of them. Networks that a state_dict does
    not tell from another are always written so.
    """
    student = student or architecture in AMBIGUOUS
    states = random_states(architecture, n, m, seed, rescale)
    content: dict[str, object]
    if student:
        meta = {
            "format": "licc-student",
            "version": 1,
            "architecture": architecture,
            "N": n,
            "M": latent_channels(architecture, n, m),
        }
        content = {**states, "meta": meta}
    elif architecture == "bls2017":
        content = {**states}
    else:
        content = {**flatten(states)}
    torch.save(content, path)
    return Path(path)


def reduced_cheng2020_anchor(n: int) -> Any:
    """Cheng2020Anchor(n) of CompressAI, a module of compressai.layers, without its context model.

    h_s gives scales and means of the symbols themselves.
    """
    from compressai.models import Cheng2020Anchor

    model = Cheng2020Anchor(n)
    del model.context_prediction, model.entropy_parameters
    return model.eval()


def main() -> None:
    """Write one checkpoint, as the arguments say."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("architecture", choices=sorted(ARCHITECTURES))
    parser.add_argument("n", type=int)
    parser.add_argument("m", type=int)
    parser.add_argument("seed", type=int)
    parser.add_argument("out", type=Path)
    parser.add_argument("--student", action="store_true", help="write licc's student format")
    parser.add_argument("--plain", action="store_true", help="do not rescale the last layers")
    args = parser.parse_args()
    path = random_checkpoint(
        args.architecture,
        args.n,
        args.m,
        args.seed,
        args.out,
        student=args.student,
        rescale=not args.plain,
    )
    print(path)


if __name__ == "__main__":
    main()
