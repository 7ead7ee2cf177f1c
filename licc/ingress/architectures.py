# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The networks that a state_dict can be of, and how one is told from its keys and shapes.

A state_dict holds weights but neither strides nor activations, so the architecture has to be known. It is
recognised by its layer signature (which index holds a convolution of which kernel, which one a GDN);
N and M follow from the shapes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod

Shape = tuple[int, ...]
Shapes = Mapping[str, Shape]

TRANSFORMS = ("g_a", "h_a", "h_s", "g_s")
"""The functions of a codec, in the order in which an image goes through them."""

PARAMETRIZER_KEYS = tuple(
    f"{name}_reparam.{key}"
    for name in ("beta", "gamma")
    for key in ("pedestal", "lower_bound.bound")
)


@dataclass(frozen=True)
class Layer:
    """One layer of a transform, `kind` being conv, deconv, gdn, relu or leaky_relu.

    Convolutions pad kernel // 2; transposed ones have an output padding of stride - 1.
    """

    kind: str
    inputs: int = 0
    outputs: int = 0
    kernel: int = 0
    stride: int = 1
    optional_bias: bool = False
    form: str = ""
    inverse: bool = False

    @property
    def convolves(self) -> bool:
        """Whether the layer has a weight and a bias."""
        return self.kind in ("conv", "deconv")

    @property
    def token(self) -> str:
        """How the layer shows in a state_dict's signature: `5x5`, `gdn`, or nothing."""
        if self.convolves:
            return f"{self.kernel}x{self.kernel}"
        return "gdn" if self.kind == "gdn" else ""

    @property
    def shapes(self) -> dict[str, Shape]:
        """Shapes of the layer's tensors by key."""
        if self.convolves:
            first = (self.inputs, self.outputs)
            channels = first if self.kind == "deconv" else first[::-1]
            return {"weight": (*channels, self.kernel, self.kernel), "bias": (self.outputs,)}
        if self.kind == "gdn":
            channels = (self.inputs,)
            constants: dict[str, Shape] = dict.fromkeys(PARAMETRIZER_KEYS, (1,))
            return {"beta": channels, "gamma": channels * 2, **constants}
        return {}

    @property
    def optional(self) -> frozenset[str]:
        """Keys that may be missing."""
        if self.kind == "gdn":
            return frozenset(PARAMETRIZER_KEYS)
        return frozenset(("bias",) if self.optional_bias else ())

    def size(self, extent: int) -> int:
        """Height or width of the result for an input of `extent`."""
        if self.kind == "conv":
            return (extent + 2 * (self.kernel // 2) - self.kernel) // self.stride + 1
        if self.kind == "deconv":
            return extent * self.stride
        return extent


Transforms = dict[str, list[Layer]]


@dataclass(frozen=True)
class Architecture:
    """A family of networks: `build(n, m)` gives the layers of its transforms.

    Attributes:
        name: CompressAI's name of the model where it has one.
        hyperprior: whether side information (h_a, h_s) goes with the latent.
        absolute: whether h_a sees |y|.
    """

    name: str
    build: Callable[[int, int], Transforms]
    hyperprior: bool = False
    absolute: bool = False

    @property
    def signature(self) -> dict[str, dict[int, str]]:
        """Per transform, the token of every index that has weights."""
        return {
            name: {i: layer.token for i, layer in enumerate(layers) if layer.token}
            for name, layers in self.build(2, 2).items()
        }

    def bottleneck_channels(self, n: int, m: int) -> int:
        """Channels of the tensor that the entropy bottleneck codes."""
        return n if self.hyperprior else m

    def shapes(self, n: int, m: int, parts: Iterable[str]) -> dict[str, Shape]:
        """Shapes of all tensors of the transforms `parts`, by full key (`g_a.0.weight`)."""
        transforms = self.build(n, m)
        return {
            f"{part}.{i}.{key}": shape
            for part in parts
            if part in transforms
            for i, layer in enumerate(transforms[part])
            for key, shape in layer.shapes.items()
        }

    def optional_keys(self, parts: Iterable[str]) -> set[str]:
        """Keys that a checkpoint of `parts` may lack."""
        transforms = self.build(2, 2)
        return {
            f"{part}.{i}.{key}"
            for part in parts
            if part in transforms
            for i, layer in enumerate(transforms[part])
            for key in layer.optional
        }

    def widths(self, shapes: Shapes) -> tuple[int, int]:
        """Infer N and M from `shapes`: what most of the tensors agree on."""
        # Distinct primes stand for N and M, so that a dimension tells which of the two it is.
        n, m = 100003, 200003
        votes: dict[int, Counter[int]] = {n: Counter(), m: Counter()}
        wanted = self.shapes(n, m, TRANSFORMS)
        wanted["entropy_bottleneck.quantiles"] = (self.bottleneck_channels(n, m), 1, 3)
        for key, shape in shapes.items():
            for symbol, extent in zip(wanted.get(key, ()), shape, strict=False):
                if symbol in votes:
                    votes[symbol][extent] += 1
        best = [votes[s].most_common(1) for s in (n, m)]
        return best[0][0][0] if best[0] else 0, best[1][0][0] if best[1] else 0


def _interleaved(convolutions: Sequence[Layer], activation: Callable[[int], Layer]) -> list[Layer]:
    layers = [convolutions[0]]
    for convolution in convolutions[1:]:
        layers += [activation(convolution.inputs), convolution]
    return layers


def _gdn(form: str, inverse: bool) -> Callable[[int], Layer]:
    return lambda channels: Layer("gdn", channels, channels, form=form, inverse=inverse)


def _relu(_: int) -> Layer:
    return Layer("relu")


def _leaky_relu(_: int) -> Layer:
    return Layer("leaky_relu")


def _main(
    n: int, m: int, forward: Callable[[int], Layer], backward: Callable[[int], Layer]
) -> Transforms:
    """Four 5x5 convolutions of stride 2 on either side, as in bmshj2018."""
    widths = (3, n, n, n, m)
    pairs = list(pairwise(widths))
    down = [Layer("conv", i, o, 5, 2) for i, o in pairs]
    up = [Layer("deconv", o, i, 5, 2) for i, o in reversed(pairs)]
    return {"g_a": _interleaved(down, forward), "g_s": _interleaved(up, backward)}


def _factorized(n: int, m: int) -> Transforms:
    return _main(n, m, _gdn("rsqrt", False), _gdn("rsqrt", True))


def _factorized_relu(n: int, m: int) -> Transforms:
    return _main(n, m, _relu, _relu)


def _hyper_analysis(n: int, m: int) -> list[Layer]:
    return [Layer("conv", m, n, 3, 1), Layer("conv", n, n, 5, 2), Layer("conv", n, n, 5, 2)]


def _scale_hyperprior(n: int, m: int) -> Transforms:
    up = [Layer("deconv", n, n, 5, 2), Layer("deconv", n, n, 5, 2), Layer("conv", n, m, 3, 1)]
    return {
        **_factorized(n, m),
        "h_a": _interleaved(_hyper_analysis(n, m), _relu),
        "h_s": [*_interleaved(up, _relu), Layer("relu")],
    }


def _mean_scale_hyperprior(n: int, m: int) -> Transforms:
    wide = m * 3 // 2
    up = [
        Layer("deconv", n, m, 5, 2),
        Layer("deconv", m, wide, 5, 2),
        Layer("conv", wide, 2 * m, 3, 1),
    ]
    return {
        **_factorized(n, m),
        "h_a": _interleaved(_hyper_analysis(n, m), _leaky_relu),
        "h_s": _interleaved(up, _leaky_relu),
    }


def _bls2017(n: int, m: int) -> Transforms:
    down = [
        Layer("conv", 3, n, 9, 4),
        Layer("conv", n, n, 5, 2),
        Layer("conv", n, m, 5, 2, optional_bias=True),
    ]
    up = [Layer("deconv", m, n, 5, 2), Layer("deconv", n, n, 5, 2), Layer("deconv", n, 3, 9, 4)]
    return {
        "g_a": _interleaved(down, _gdn("gdn1", False)),
        "g_s": _interleaved(up, _gdn("gdn1", True)),
    }


ARCHITECTURES = {
    architecture.name: architecture
    for architecture in (
        Architecture("bls2017", _bls2017),
        Architecture("bmshj2018-factorized", _factorized),
        Architecture("bmshj2018-factorized-relu", _factorized_relu),
        Architecture("bmshj2018-hyperprior", _scale_hyperprior, hyperprior=True, absolute=True),
        Architecture("mbt2018-mean", _mean_scale_hyperprior, hyperprior=True),
    )
}


def signature(shapes: Shapes) -> dict[str, dict[int, str]]:
    """Return what `shapes` (full keys) show of each transform: index -> `5x5` or `gdn`."""
    seen: dict[str, dict[int, str]] = {}
    for key, shape in shapes.items():
        part, _, rest = key.partition(".")
        index, _, name = rest.partition(".")
        if part not in TRANSFORMS or not index.isdecimal():
            continue
        if name == "weight":
            seen.setdefault(part, {})[int(index)] = "x".join(map(str, shape[2:])) or "linear"
        elif name in ("beta", "gamma"):
            seen.setdefault(part, {})[int(index)] = "gdn"
    return {part: dict(sorted(seen[part].items())) for part in TRANSFORMS if part in seen}


def describe(layers: Mapping[str, Mapping[int, str]]) -> str:
    """Return a signature in words: `g_a 5x5 gdn 5x5, g_s ...`."""
    return ", ".join(f"{part} {' '.join(tokens.values())}" for part, tokens in layers.items())


def mismatches(architecture: Architecture, shapes: Shapes) -> int:
    """Count what speaks against `shapes` being of `architecture`."""
    n, m = architecture.widths(shapes)
    parts = sorted({key.partition(".")[0] for key in shapes})
    wanted = architecture.shapes(n, m, parts)
    wanted["entropy_bottleneck.quantiles"] = (architecture.bottleneck_channels(n, m), 1, 3)
    wrong = sum(shape != shapes.get(key, shape) for key, shape in wanted.items())
    strangers = [
        part for part in parts if part in TRANSFORMS and part not in architecture.signature
    ]
    if "gaussian_conditional" in parts and not architecture.hyperprior:
        wrong += 1
    return wrong + len(strangers)


def candidates(shapes: Shapes) -> list[Architecture]:
    """Return the architectures with the signature of `shapes`, the best match first."""
    seen = signature(shapes)
    matching = [
        architecture
        for architecture in ARCHITECTURES.values()
        if all(architecture.signature.get(part) == tokens for part, tokens in seen.items())
    ]
    return sorted(matching, key=lambda a: mismatches(a, shapes)) if seen else []


def stride(layers: Sequence[Layer]) -> int:
    """Return the factor by which a transform shrinks (or a synthesis grows) its input."""
    return prod(layer.stride for layer in layers if layer.convolves)


def result_size(layers: Sequence[Layer], size: tuple[int, int]) -> tuple[int, int]:
    """Return height and width of a transform's result for an input of `size`."""
    height, width = size
    for layer in layers:
        height, width = layer.size(height), layer.size(width)
    return height, width
