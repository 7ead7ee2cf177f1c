# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The networks that a state_dict can be of, and how one is told from its keys and shapes.

A state_dict holds weights but neither strides nor activations, so the architecture has to be known. It is
recognised by its layer signature (which index holds a convolution of which kernel, which one a GDN, which one a
residual block); N and M follow from the shapes.
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


BLOCKS: Mapping[str, frozenset[str]] = {
    "AttentionBlock": frozenset(("conv_a", "conv_b")),
    "ResidualBlockUpsample": frozenset(("subpel_conv", "upsample")),
    "ResidualBottleneckBlock": frozenset(("conv3",)),
    "ResidualBlockWithStride": frozenset(("gdn",)),
    "ResidualBlock": frozenset(("conv1", "conv2")),
}
"""Blocks of compressai.layers by the parts that only they have, the most telling first."""

UNSUPPORTED: Mapping[str, str] = {
    "AttentionBlock": "cheng2020-anchor is the same network without attention",
    "ResidualBottleneckBlock": "use the residual blocks of cheng2020-anchor",
    "SpectralConv2d": "store its weights as those of a Conv2d, from the module's property 'weight'",
}
"""What a state_dict may hold that licc does not compile, and what to use instead."""


@dataclass(frozen=True)
class Layer:
    """One layer of a transform.

    `kind` is conv, deconv, gdn, relu, leaky_relu, subpel (a convolution with a PixelShuffle of `stride`), or
    a residual block by the name of its class in compressai.layers. Convolutions pad kernel // 2;
    transposed ones have an output padding of stride - 1.

    Attributes:
        stride: by which the layer shrinks an image, or makes it larger.
        parts: what a block is made of that has weights, by name.
    """

    kind: str
    inputs: int = 0
    outputs: int = 0
    kernel: int = 0
    stride: int = 1
    optional_bias: bool = False
    form: str = ""
    inverse: bool = False
    parts: tuple[tuple[str, Layer], ...] = ()

    @property
    def convolves(self) -> bool:
        """Whether the layer has a weight and a bias of its own."""
        return self.kind in ("conv", "deconv")

    @property
    def token(self) -> str:
        """How the layer shows in a state_dict's signature: `5x5`, `gdn`, a block's class, or nothing."""
        return _token(self.shapes)

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
        return {
            f"{name}.{key}": shape
            for name, part in self.parts
            for key, shape in part.shapes.items()
        }

    @property
    def optional(self) -> frozenset[str]:
        """Keys that may be missing."""
        if self.kind == "gdn":
            return frozenset(PARAMETRIZER_KEYS)
        inner = {f"{name}.{key}" for name, part in self.parts for key in part.optional}
        return frozenset({*inner, *(("bias",) if self.optional_bias else ())})

    def size(self, extent: int) -> int:
        """Height or width of the result for an input of `extent`."""
        if self.kind == "conv":
            return (extent + 2 * (self.kernel // 2) - self.kernel) // self.stride + 1
        if self.kind in ("deconv", "subpel", "ResidualBlockUpsample"):
            return extent * self.stride
        return -(-extent // self.stride)


def _token(tensors: Shapes) -> str:
    """What a layer's tensors (keys without its path) show of it."""
    if not tensors:
        return ""
    if "weight" in tensors:
        return "x".join(map(str, tensors["weight"][2:])) or "linear"
    if "weight_transformed" in tensors:
        return "SpectralConv2d"
    names = {key.partition(".")[0] for key in tensors}
    if names & {"beta", "gamma"}:
        return "gdn"
    block = next((name for name, parts in BLOCKS.items() if names & parts), "")
    if not block and "0.weight" in tensors:
        return f"subpel{'x'.join(map(str, tensors['0.weight'][2:]))}"
    return block


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
        found = best[0][0][0] if best[0] else 0, best[1][0][0] if best[1] else 0
        one_width = not any(m in shape for shape in wanted.values())
        return (found[0], found[0]) if one_width else found


Activation = Callable[[int], Layer]


def _interleaved(convolutions: Sequence[Layer], activation: Activation) -> list[Layer]:
    layers = [convolutions[0]]
    for convolution in convolutions[1:]:
        layers += [activation(convolution.inputs), convolution]
    return layers


def _gdn(form: str, inverse: bool) -> Activation:
    return lambda channels: Layer("gdn", channels, channels, form=form, inverse=inverse)


def _relu(_: int) -> Layer:
    return Layer("relu")


def _leaky_relu(_: int) -> Layer:
    return Layer("leaky_relu")


@dataclass(frozen=True)
class _Main:
    """g_a and g_s of bmshj2018: four 5x5 convolutions of stride 2 on either side."""

    forward: Activation
    backward: Activation

    def __call__(self, n: int, m: int) -> Transforms:
        pairs = list(pairwise((3, n, n, n, m)))
        down = [Layer("conv", i, o, 5, 2) for i, o in pairs]
        up = [Layer("deconv", o, i, 5, 2) for i, o in reversed(pairs)]
        return {"g_a": _interleaved(down, self.forward), "g_s": _interleaved(up, self.backward)}


_MAINS = {
    "": _Main(_gdn("rsqrt", False), _gdn("rsqrt", True)),
    "-relu": _Main(_relu, _relu),
    "-leaky-relu": _Main(_leaky_relu, _leaky_relu),
}


def _hyper_analysis(n: int, m: int) -> list[Layer]:
    return [Layer("conv", m, n, 3, 1), Layer("conv", n, n, 5, 2), Layer("conv", n, n, 5, 2)]


def _scale_hyper(n: int, m: int) -> Transforms:
    up = [Layer("deconv", n, n, 5, 2), Layer("deconv", n, n, 5, 2), Layer("conv", n, m, 3, 1)]
    return {
        "h_a": _interleaved(_hyper_analysis(n, m), _relu),
        "h_s": [*_interleaved(up, _relu), Layer("relu")],
    }


def _mean_scale_hyper(n: int, m: int) -> Transforms:
    wide = m * 3 // 2
    up = [
        Layer("deconv", n, m, 5, 2),
        Layer("deconv", m, wide, 5, 2),
        Layer("conv", wide, 2 * m, 3, 1),
    ]
    return {
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


# Residual networks: the blocks of compressai.layers.


def _conv3x3(inputs: int, outputs: int, stride: int = 1) -> Layer:
    return Layer("conv", inputs, outputs, 3, stride)


def _subpel(inputs: int, outputs: int, factor: int = 2) -> Layer:
    convolution = _conv3x3(inputs, outputs * factor**2)
    return Layer("subpel", inputs, outputs, 3, factor, parts=(("0", convolution),))


def _residual(channels: int) -> Layer:
    parts = (("conv1", _conv3x3(channels, channels)), ("conv2", _conv3x3(channels, channels)))
    return Layer("ResidualBlock", channels, channels, parts=parts)


def _residual_down(inputs: int, outputs: int) -> Layer:
    parts = (
        ("conv1", _conv3x3(inputs, outputs, 2)),
        ("conv2", _conv3x3(outputs, outputs)),
        ("gdn", _gdn("rsqrt", False)(outputs)),
        ("skip", Layer("conv", inputs, outputs, 1, 2)),
    )
    return Layer("ResidualBlockWithStride", inputs, outputs, stride=2, parts=parts)


def _residual_up(channels: int) -> Layer:
    parts = (
        ("subpel_conv", _subpel(channels, channels)),
        ("conv", _conv3x3(channels, channels)),
        ("igdn", _gdn("rsqrt", True)(channels)),
        ("upsample", _subpel(channels, channels)),
    )
    return Layer("ResidualBlockUpsample", channels, channels, stride=2, parts=parts)


def _cheng2020_anchor(n: int, m: int) -> Transforms:
    """Cheng2020Anchor of M = N without its context model: h_s gives scales and means themselves."""
    del m
    wide = n * 3 // 2
    down = [_residual_down(3, n), _residual_down(n, n), _residual_down(n, n)]
    hyper = [_conv3x3(n, n), _conv3x3(n, n), _conv3x3(n, n, 2), _conv3x3(n, n), _conv3x3(n, n, 2)]
    up = [_conv3x3(n, n), _subpel(n, n), _conv3x3(n, wide), _subpel(wide, wide)]
    return {
        "g_a": [layer for block in down for layer in (block, _residual(n))] + [_conv3x3(n, n, 2)],
        "h_a": _interleaved(hyper, _leaky_relu),
        "h_s": _interleaved([*up, _conv3x3(wide, 2 * n)], _leaky_relu),
        "g_s": [*[_residual(n), _residual_up(n)] * 3, _residual(n), _subpel(n, 3)],
    }


def _with(
    main: Callable[[int, int], Transforms], hyper: Callable[[int, int], Transforms]
) -> Callable[[int, int], Transforms]:
    return lambda n, m: {**main(n, m), **hyper(n, m)}


def _bmshj2018(suffix: str, main: _Main) -> list[Architecture]:
    """The networks around one main transform: no hyperprior, one of scales, one of scales and means."""
    return [
        Architecture(f"bmshj2018-factorized{suffix}", main),
        Architecture(
            f"bmshj2018-hyperprior{suffix}",
            _with(main, _scale_hyper),
            hyperprior=True,
            absolute=True,
        ),
        Architecture(f"mbt2018-mean{suffix}", _with(main, _mean_scale_hyper), hyperprior=True),
    ]


ARCHITECTURES = {
    architecture.name: architecture
    for architecture in (
        Architecture("bls2017", _bls2017),
        Architecture(
            "bls2017-hyperprior", _with(_bls2017, _scale_hyper), hyperprior=True, absolute=True
        ),
        *(network for suffix, main in _MAINS.items() for network in _bmshj2018(suffix, main)),
        Architecture("cheng2020-anchor", _cheng2020_anchor, hyperprior=True),
    )
}
"""By name; of several with the same tensors, the first is taken unless `meta` names another."""


def signature(shapes: Shapes) -> dict[str, dict[int, str]]:
    """Return what `shapes` (full keys) show of each transform: index -> `5x5`, `gdn` or a block's class."""
    tensors: dict[str, dict[int, dict[str, Shape]]] = {}
    for key, shape in shapes.items():
        part, _, rest = key.partition(".")
        index, _, name = rest.partition(".")
        if part in TRANSFORMS and index.isdecimal():
            tensors.setdefault(part, {}).setdefault(int(index), {})[name] = shape
    tokens = {
        part: {index: _token(own) for index, own in sorted(tensors[part].items())}
        for part in TRANSFORMS
        if part in tensors
    }
    seen = {
        part: {index: token for index, token in of_part.items() if token}
        for part, of_part in tokens.items()
    }
    return {part: of_part for part, of_part in seen.items() if of_part}


def unsupported(shapes: Shapes) -> str | None:
    """Name the first layer that licc knows of and does not compile, with a remedy."""
    for part, tokens in signature(shapes).items():
        for index, token in tokens.items():
            if token in UNSUPPORTED:
                return f"{part}.{index} ({token}): unsupported layer; {UNSUPPORTED[token]}"
    return None


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
    return prod(layer.stride for layer in layers)


def result_size(layers: Sequence[Layer], size: tuple[int, int]) -> tuple[int, int]:
    """Return height and width of a transform's result for an input of `size`."""
    height, width = size
    for layer in layers:
        height, width = layer.size(height), layer.size(width)
    return height, width
