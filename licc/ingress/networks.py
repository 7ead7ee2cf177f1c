# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""From the tensors of a checkpoint to the modules of its transforms."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from licc.errors import UserError
from licc.ingress.architectures import (
    ARCHITECTURES,
    TRANSFORMS,
    Architecture,
    Layer,
    candidates,
    describe,
    result_size,
    signature,
    stride,
    unsupported,
)
from licc.ingress.checkpoint import Checkpoint
from licc.ingress.modules import (
    DEFAULTS,
    Abs,
    AddPerChannel,
    Round,
    Transform,
    build_layer,
    fold,
    own_state,
)
from licc.ingress.sizes import check_input_size

Size = tuple[int, int]

# What CompressAI's entropy models store beside the medians; only their names are checked.
ENTROPY_KEYS = re.compile(
    r"entropy_bottleneck\.(_?(matri(ces|x)|bias(es)?|factors?)\.?\d+|_?(offset|quantized_cdf|cdf_length)"
    r"|target|quantiles|likelihood_lower_bound\.bound)"
    r"|gaussian_conditional\.(_?(offset|quantized_cdf|cdf_length)|scale_table|scale_bound"
    r"|likelihood_lower_bound\.bound|lower_bound_scale\.bound)"
)


@dataclass(frozen=True)
class Function:
    """A transform ready to be traced.

    Attributes:
        module: takes 1xCxHxW of `channels` and `size`.
        roles: what the argument and the result are (`image`, `latent`, `symbols`, `scales`).
    """

    name: str
    module: nn.Module
    channels: int
    size: Size
    roles: tuple[str, str]


@dataclass(frozen=True)
class Network:
    """The transforms of a codec with the sizes that they run at."""

    architecture: str
    input: Size
    padded: Size
    functions: Sequence[Function]


def padded_size(input_hw: Size, multiple: int) -> Size:
    """Return `input_hw` with rows and columns added at the bottom and the right up to a multiple."""
    height, width = (-(-extent // multiple) * multiple for extent in input_hw)
    return height, width


def select(present: Iterable[str], transforms: Sequence[str] | None, where: str) -> list[str]:
    """Return the transforms to compile, in the order of a codec; all that are there by default."""
    available = [name for name in TRANSFORMS if name in set(present)]
    missing = [name for name in transforms or () if name not in available]
    if missing:
        raise UserError(
            f"{where}: no transform '{missing[0]}'; the checkpoint has {', '.join(available)}"
        )
    return [name for name in available if transforms is None or name in transforms]


CONTEXT_MODELS: Mapping[str, str] = {
    "context_prediction": "an autoregressive context model",
    "entropy_parameters": "an autoregressive context model",
    "latent_codec": "a context model",
    "cc_mean_transforms": "a channel-wise context model",
    "Gain": "gains of a variable rate",
}
"""Parts of CompressAI's models that licc does not compile, with what they are."""


def without_context(checkpoint: Checkpoint, transforms: Sequence[str] | None) -> Checkpoint:
    """Leave out a context model where only g_a and g_s, which do not need one, are asked for.

    With one, h_s does not give the scales and means of the symbols but what the context model reads.

    Raises:
        UserError: there is one, and other transforms are asked for.
    """
    parts = {key.partition(".")[0] for key in checkpoint.tensors}
    found = next((part for part in CONTEXT_MODELS if part in parts), None)
    if found is None:
        return checkpoint
    if found == "Gain" or transforms is None or not {*transforms} <= {"g_a", "g_s"}:
        remedy = "" if found == "Gain" else "; its g_a and g_s can be: --transforms g_a,g_s"
        raise checkpoint.error(f"{found} ({CONTEXT_MODELS[found]}): cannot be compiled{remedy}")
    kept = {k: v for k, v in checkpoint.tensors.items() if k.partition(".")[0] in TRANSFORMS}
    return replace(checkpoint, tensors=kept)


def recognise(checkpoint: Checkpoint) -> tuple[Architecture, int, int]:
    """Return the architecture of a checkpoint with its N and M.

    Raises:
        UserError: the layers are of no known architecture, or the metadata contradicts the weights.
    """
    shapes = checkpoint.shapes
    matching = candidates(shapes)
    named = checkpoint.meta.get("architecture")
    if named is not None and named not in ARCHITECTURES:
        raise checkpoint.error(
            f"meta: unknown architecture '{named}'; known: {', '.join(ARCHITECTURES)}"
        )
    if named is not None:
        chosen = [architecture for architecture in matching if architecture.name == named]
        if matching and not chosen:
            raise checkpoint.error(
                f"meta: architecture is '{named}', but the layers are those of "
                f"'{matching[0].name}' ({describe(signature(shapes))})"
            )
        matching = chosen
    if not matching:
        raise checkpoint.error(unsupported(shapes) or _unknown(shapes))
    architecture = matching[0]
    n, m = architecture.widths(shapes)
    for symbol, inferred in (("N", n), ("M", m)):
        stated = checkpoint.meta.get(symbol, inferred)
        if inferred and stated != inferred:
            raise checkpoint.error(
                f"meta: {symbol} is {stated}, but the weights have {symbol} = {inferred}"
            )
    return architecture, n, m


def _unknown(shapes: Mapping[str, tuple[int, ...]]) -> str:
    seen = describe(signature(shapes)) or ", ".join(
        sorted({key.split(".")[0] for key in shapes})[:8]
    )
    names: dict[str, list[str]] = {}
    for architecture in ARCHITECTURES.values():
        names.setdefault(describe(architecture.signature), []).append(architecture.name)
    known = "; ".join(f"{' or '.join(same)} ({layers})" for layers, same in names.items())
    return f"unknown architecture: its layers are {seen}; known: {known}"


def check_keys(checkpoint: Checkpoint, architecture: Architecture, n: int, m: int) -> None:
    """Raise a UserError for the first tensor that is missing, unexpected or of a wrong shape."""
    shapes = checkpoint.shapes
    parts = {key.partition(".")[0] for key in shapes} & set(TRANSFORMS)
    wanted = architecture.shapes(n, m, parts)
    if "entropy_bottleneck.quantiles" in shapes:
        channels = architecture.bottleneck_channels(n, m)
        # The medians alone do not say how wide the latent is where no transform shows it.
        wanted["entropy_bottleneck.quantiles"] = (channels or shapes_channels(shapes), 1, 3)
    missing = wanted.keys() - shapes.keys() - architecture.optional_keys(parts)
    if missing:
        raise checkpoint.error(f"{min(missing)}: missing{_others(missing)} ({architecture.name})")
    unexpected = {key for key in shapes if key not in wanted and not ENTROPY_KEYS.fullmatch(key)}
    if unexpected:
        raise checkpoint.error(
            f"{min(unexpected)}: unexpected{_others(unexpected)} ({architecture.name})"
        )
    for key, shape in wanted.items():
        if shapes.get(key, shape) != shape:
            raise checkpoint.error(
                f"{key}: expected shape {_x(shape)}, but got {_x(shapes[key])} "
                f"({architecture.name} with N = {n}, M = {m})"
            )


def shapes_channels(shapes: Mapping[str, tuple[int, ...]]) -> int:
    """Return the channels that the entropy bottleneck's own tensors state."""
    return shapes["entropy_bottleneck.quantiles"][0]


def _others(keys: set[str]) -> str:
    return f", and {len(keys) - 1} more" if len(keys) > 1 else ""


def _x(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape)) or "scalar"


def medians(tensors: Mapping[str, Tensor]) -> Tensor | None:
    """Return the entropy bottleneck's medians where any is not zero: `quantiles[:, 0, 1]`."""
    quantiles = tensors.get("entropy_bottleneck.quantiles")
    if quantiles is None or not bool(quantiles[:, 0, 1].any()):
        return None
    return quantiles[:, 0, 1].clone()


def _subtract_medians(layers: Sequence[Layer], state: dict[str, Tensor], values: Tensor) -> None:
    """Fold `- medians` into the bias of the last convolution (it is the last layer)."""
    last = len(layers) - 1
    bias = state.get(f"{last}.bias", torch.zeros_like(values))
    state[f"{last}.bias"] = bias - values


def _check_gdn(checkpoint: Checkpoint, path: str, state: Mapping[str, Tensor]) -> None:
    for name, least in (("beta", "positive"), ("gamma", "non-negative")):
        bound, pedestal = (
            state.get(key, torch.tensor([DEFAULTS[key]]))
            for key in (f"{name}_reparam.lower_bound.bound", f"{name}_reparam.pedestal")
        )
        low = float(fold(state[name], bound, pedestal).min())
        # The f32 square of the bound need not be the pedestal exactly; a gamma of -1e-18 is zero.
        if low <= 0.0 if name == "beta" else low < -1e-12:
            raise checkpoint.error(
                f"{path}.{name}: expected {least} values after re-parametrisation, but got {low:g}"
            )


def _check_gdns(
    checkpoint: Checkpoint, path: str, layer: Layer, state: Mapping[str, Tensor]
) -> None:
    """Check the GDNs of a layer, those inside a block too."""
    if layer.kind == "gdn":
        _check_gdn(checkpoint, path, state)
    for name, part in layer.parts:
        _check_gdns(checkpoint, f"{path}.{name}", part, own_state(state, name))


def _modules(
    checkpoint: Checkpoint, part: str, layers: Sequence[Layer], state: Mapping[str, Tensor]
) -> list[tuple[str, nn.Module]]:
    modules: list[tuple[str, nn.Module]] = []
    for i, layer in enumerate(layers):
        own = own_state(state, i)
        _check_gdns(checkpoint, f"{part}.{i}", layer, own)
        modules.append((str(i), build_layer(layer, own)))
    return modules


def _roles(architecture: Architecture) -> dict[str, tuple[str, str]]:
    """What each transform takes and gives (mbt2018-mean: g_s takes symbols + means, a latent)."""
    if not architecture.hyperprior:
        return {"g_a": ("image", "symbols"), "g_s": ("symbols", "image")}
    return {
        "g_a": ("image", "latent"),
        "h_a": ("latent", "symbols"),
        "h_s": ("symbols", "scales"),
        "g_s": ("symbols" if architecture.absolute else "latent", "image"),
    }


def _sizes(transforms: Mapping[str, Sequence[Layer]], padded: Size) -> dict[str, Size]:
    """Height and width of each transform's input."""
    y = result_size(transforms["g_a"], padded)
    sizes = {"g_a": padded, "g_s": y}
    if "h_a" in transforms:
        sizes |= {"h_a": y, "h_s": result_size(transforms["h_a"], y)}
    return sizes


def build_network(
    checkpoint: Checkpoint, input_hw: Size, transforms: Sequence[str] | None = None
) -> Network:
    """Return the transforms of a state_dict checkpoint for images of `input_hw`.

    The entropy bottleneck's medians are subtracted in the last bias of the transform whose result it
    codes, and added at the start of the one that takes the decoded symbols.

    Raises:
        UserError: see `without_context`, `recognise` and `check_keys`; or a GDN that does not stay positive.
    """
    check_input_size(input_hw)
    checkpoint = without_context(checkpoint, transforms)
    architecture, n, m = recognise(checkpoint)
    check_keys(checkpoint, architecture, n, m)
    parts = {key.partition(".")[0] for key in checkpoint.tensors}
    every = architecture.build(n, m)
    padded = padded_size(input_hw, stride(every["g_a"]))
    sizes, roles = _sizes(every, padded), _roles(architecture)
    values = medians(checkpoint.tensors)
    functions: list[Function] = []
    for part in select(parts, transforms, str(checkpoint.path)):
        layers = every[part]
        state = own_state(checkpoint.tensors, part)
        takes, gives = roles[part]
        coded = "h" if architecture.hyperprior else "g"
        before: list[tuple[str, nn.Module]] = []
        after: list[tuple[str, nn.Module]] = []
        if part == "h_a" and architecture.absolute:
            before.append(("abs", Abs()))
        if gives == "symbols":
            after.append(("round", Round()))
            if values is not None:
                _subtract_medians(layers, state, values)
        if part == f"{coded}_s" and values is not None:
            before.append(("medians", AddPerChannel(values)))
        body = _modules(checkpoint, part, layers, state)
        module = Transform(part, [*before, *body, *after]).eval()
        functions.append(Function(part, module, layers[0].inputs, sizes[part], (takes, gives)))
    return Network(architecture.name, input_hw, padded, functions)
