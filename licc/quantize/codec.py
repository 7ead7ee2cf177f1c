# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a policy sees of a calibrated float codec in `Policy.prepare`: layers, and what widths would cost.

Nothing here changes the module. Distortion is that of the reconstruction, rate that of the symbols, on the
middles of some calibration images. `Loss.total` adds them up: `RATE_DB` says how many dB a change of the
rate is worth.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray
from torch_mlir import ir

from licc.calibration import Floats, load_images
from licc.cost import packing, precision
from licc.dialects.quantized import quantized, shape_of
from licc.interp import lic as interpreter
from licc.quantize import facts
from licc.quantize.answers import Answers
from licc.quantize.boundary import boundaries
from licc.quantize.modules import copied, float_functions
from licc.quantize.policy import Int8, Policy, Widths
from licc.quantize.statistics import ChannelStatistics
from licc.quantize.typer import typed_function

Array = NDArray[Any]
# Function and layer, such as ("g_a", "g_a.0"); least and greatest integer.
Place = tuple[str, str]
Range = tuple[int, int]

# dB that e times as many bits are worth: the slope of CompressAI's published curves at rates around 0.5 bit
# a pixel (bmshj2018-factorized on Kodak: 0.44 bpp 32.8 dB, 0.65 34.5, 0.97 36.7). So 1 % costs 0.05 dB.
RATE_DB = 5.0
CROPS = 8
CROP_SIZE = (256, 256)

_CONVOLUTIONS = ("lic.conv2d", "lic.deconv2d")
# CompressAI's table of scales: a symbol's rate is that of a Gaussian of the nearest scale above.
_SCALES = np.exp(np.linspace(math.log(0.11), math.log(256.0), 64))


@dataclass(frozen=True)
class Input:
    """What a convolution reads.

    Attributes:
        layer: whose `activation_bits` decide its width; None for images, symbols and latents.
        range: least and greatest stored integer with int8.
    """

    layer: str | None
    range: Range


@dataclass(frozen=True)
class Layer:
    """A layer of the float codec.

    Attributes:
        name: its path, such as "g_a.0".
        transform: the function that it is in, such as "g_a".
        kind: conv2d, deconv2d, gdn, relu, ...: the op without its dialect.
        macs: useful multiply-accumulates of an image of the compiled size.
        shape: channels, height and width of its result.
        weight_shape: as the op has it; None where it has no weights.
        reads: what a convolution reads; None for other layers.
        observed: least and greatest value of its result that calibration has seen.
        channels: calibration's statistics of the result by channel, where a convolution reads it.
    """

    name: str
    transform: str
    kind: str
    macs: int
    shape: tuple[int, int, int]
    weight_shape: tuple[int, ...] | None
    reads: Input | None
    observed: tuple[float, float] | None
    channels: ChannelStatistics | None

    @property
    def place(self) -> Place:
        """Where it is."""
        return self.transform, self.name

    def macs_per_dsp(self, weight_bits: int, read: Range) -> int:
        """Products that a DSP does in a cycle with weights of so many bits and inputs in the range `read`.

        An odd number of output channels cannot be paired: there, two positions have to share a DSP.
        """
        weight, value = (1 << (weight_bits - 1)) - 1, max(-read[0], read[1], 1)
        outputs = self.shape[0] if self.shape[0] % 2 else 4
        return int(packing.shared(weight, value, outputs, 4))


@dataclass(frozen=True)
class Loss:
    """What a policy loses against the floats, on the crops that are measured.

    Attributes:
        psnr: dB of the reconstruction, a mean of all crops; positive is a loss.
        rate: change of the bits, 0.01 is 1 % more.
        mse: mean of the relative growth of the squared error, for adding up: 0.01 is 1 % more.
    """

    psnr: float
    rate: float
    mse: float

    @property
    def total(self) -> float:
        """Distortion and rate in dB."""
        return self.psnr + RATE_DB * math.log1p(self.rate)

    @property
    def additive(self) -> float:
        """Distortion and rate as relative growth of squared error, which adds up over layers."""
        return self.mse + RATE_DB * math.log(10.0) / 10.0 * self.rate


class Codec:
    """A read-only view of a calibrated codec; see the top of this file.

    What nobody asks for is not computed: `int8` costs nothing.

    Raises, whatever is asked first:
        MissingFactError: a value without the facts of calibration.
        TypingError: an op that has no typed form.
    """

    def __init__(self, module: ir.Module, images: Callable[[], Sequence[Floats]]) -> None:
        """Of the float functions of `module`; `images` are only read when something is measured."""
        self._module = copied(module)  # what is typed later would take these functions away
        self._functions = float_functions(self._module)
        self._images = images

    # ----------------------------------------------------------------------------------------------
    # What a policy may ask
    # ----------------------------------------------------------------------------------------------
    def layer(self, name: str) -> Layer:
        """The layer called `name`; KeyError when there is none."""
        return next((layer for layer in self.layers if layer.name == name), None) or _missing(name)

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """In the order of the functions and of their ops."""
        return tuple(self._describe())

    @cached_property
    def weights(self) -> tuple[str, ...]:
        """Names of the layers that `weight_bits` is asked for."""
        return self._int8[1].layers("weight_bits")

    @cached_property
    def activations(self) -> tuple[str, ...]:
        """Names of the layers that `activation_bits` is asked for."""
        return self._int8[1].layers("activation_bits")

    @cached_property
    def int8_cycles(self) -> float:
        """DSP cycles of an image of the compiled size with int8."""
        return _cycles(self._int8[0])

    @cached_property
    def _int8(self) -> tuple[ir.Module, Answers]:
        """Typed by int8 in the fast way, and what was asked."""
        asked = _fast(Int8())
        return self._typed(asked), asked

    def measure(self, policy: Policy, transforms: Sequence[str] | None = None) -> Loss:
        """What the codec loses with the widths and methods of `policy`, against the floats.

        Weights are fitted to calibration's statistics alone, which takes a fraction of the time that
        pictures take and loses a little more.

        Args:
            policy: any; `Widths` holds tables by layer.
            transforms: functions that compute on integers; the others stay in floats. None for all.
        """
        answers = Answers(policy)
        names = [n for n in self._functions if transforms is None or n in transforms]
        return _loss(self._floats, self._run(self._typed(answers, names)))

    def dsp_cycles(self, policy: Policy) -> float:
        """DSP cycles of an image with the widths of `policy`, relative to those of int8."""
        return _cycles(self._typed(_fast(policy))) / self.int8_cycles

    def input_ranges(self, bits: int) -> dict[Place, Range]:
        """By function and convolution, the range of what it reads where all activations have `bits` bits."""
        widths = Widths(activations=dict.fromkeys(self.activations, bits))
        return _inputs(self._typed(_fast(widths)))

    # ----------------------------------------------------------------------------------------------
    # Layers
    # ----------------------------------------------------------------------------------------------
    def _typed(self, policy: Policy, names: Sequence[str] | None = None) -> ir.Module:
        """A module of typed copies of the functions `names`, or of all."""
        names = list(self._functions) if names is None else names
        context = next(iter(self._functions.values())).context
        with context, ir.Location.unknown():
            module = ir.Module.create()
            edges = boundaries(self._functions, policy)
            for name in names:
                at = ir.InsertionPoint(module.body)
                copy = self._functions[name].operation.clone(ip=at)
                typed_function(copy, edges[name], policy)
        return module

    def _describe(self) -> Iterator[Layer]:
        cycles, reads = precision.dsp_cycles(self._int8[0]), self._reads()
        for transform, function in self._functions.items():
            for op in function.entry_block.operations:
                if "layer" not in op.attributes or not len(op.results):
                    continue
                name = ir.StringAttr(op.attributes["layer"]).value
                value, kind = op.results[0], op.operation.name
                cost = cycles.get(f"{transform}: {name}", cycles.get(name))
                _, channels, height, width = shape_of(value)
                yield Layer(
                    name,
                    transform,
                    kind.removeprefix("lic."),
                    0
                    if cost is None or not (kind in _CONVOLUTIONS or kind == "lic.gdn")
                    else cost.macs,
                    (channels, height, width),
                    shape_of(op.operands[1]) if kind in _CONVOLUTIONS else None,
                    reads.get((transform, name)) if kind in _CONVOLUTIONS else None,
                    facts.read_interval(value, facts.OBSERVED),
                    facts.read_channels(value),
                )

    def _reads(self) -> dict[Place, Input]:
        """By function and convolution, what it reads.

        Found by asking, so that typing alone knows: it is run with some activations narrower, and where a
        convolution then reads something narrower, they are to blame. In run r those are narrower whose
        number has bit r set.
        """
        before = _inputs(self._int8[0])
        numbers = dict.fromkeys(before, 0)
        for run in range(len(self.activations).bit_length()):
            narrow = [n for i, n in enumerate(self.activations, 1) if i >> run & 1]
            after = _inputs(self._typed(_fast(Widths(activations=dict.fromkeys(narrow, 7)))))
            for place, kind in after.items():
                numbers[place] |= (kind != before[place]) << run
        return {
            place: Input(self.activations[n - 1] if n else None, before[place])
            for place, n in numbers.items()
        }

    # ----------------------------------------------------------------------------------------------
    # Running
    # ----------------------------------------------------------------------------------------------
    @cached_property
    def _crops(self) -> list[Floats]:
        return list(self._images())

    @cached_property
    def _floats(self) -> Outcome:
        return self._run(None)

    @cached_property
    def _float_results(self) -> list[dict[str, Array]]:
        """Results of the float functions by crop, filled as they are needed."""
        return [{} for _ in self._crops]

    def _run(self, typed: ir.Module | None) -> Outcome:
        """Take the crops through the codec, through `typed` where it has the function."""
        names = set() if typed is None else set(facts.functions(typed))
        errors, coded = [], []
        for crop, known in zip(self._crops, self._float_results, strict=True):
            steps = _Steps(self._module, typed, names, known)
            decoded, symbols = steps.run(crop)
            errors.append(float(((decoded - crop * 255.0) ** 2).mean()))
            coded.append(symbols)
        return Outcome(np.array(errors), bits(coded))


# --------------------------------------------------------------------------------------------------
# From an image to symbols and back, in floats, in integers or partly so
# --------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Symbols:
    """What is coded of one image.

    Attributes:
        latent: 1xMxhxw, of y (minus its means, where there are any).
        scales: of the Gaussians that y is coded with; None where there are none.
        hyper: 1xNxhxw, of z; None where there is none.
    """

    latent: Array
    scales: Array | None
    hyper: Array | None


@dataclass(frozen=True)
class Outcome:
    """Of all crops: [crops] mean squared errors in 0..255, and the bits of all together."""

    errors: Array
    bits: float


class _Steps:
    """One image on its way through the transforms, all values in real numbers between them.

    What depends on no typed function is taken from `known`, or put there.
    """

    def __init__(
        self,
        floats: ir.Module,
        typed: ir.Module | None,
        names: AbstractSet[str],
        known: dict[str, Array],
    ) -> None:
        self._floats = floats
        self._functions = facts.functions(floats)
        self._typed = typed
        self._names = names
        self._known = known

    def run(self, crop: Floats) -> tuple[Array, Symbols]:
        """The decoded image in 0..255, and what was coded."""
        latent, fresh = self._step("g_a", crop, False)
        hyper = scales = None
        means: Any = np.float32(0.0)
        if "h_a" in self._functions and "h_s" in self._functions:
            hyper, changed = self._step("h_a", latent, fresh)
            hyper = np.floor(hyper + np.float32(0.5))
            parameters, changed = self._step("h_s", hyper, changed)
            fresh = fresh or changed
            scales, means = _parameters(parameters, latent)
        symbols = np.floor(latent - means + np.float32(0.5))
        if "g_s" not in self._functions:
            return np.zeros_like(crop), Symbols(symbols, scales, hyper)
        decoded, _ = self._step("g_s", symbols + means, fresh)
        return np.rint(np.clip(decoded, 0.0, 1.0) * 255.0), Symbols(symbols, scales, hyper)

    def _step(self, name: str, x: Array, fresh: bool) -> tuple[Array, bool]:
        """The result of one function, and whether it may differ from the floats'."""
        if name in self._names:
            assert self._typed is not None
            return _integers(self._typed, name, x), True
        if fresh:
            return self._float(name, x), True
        if name not in self._known:
            self._known[name] = self._float(name, x)
        return self._known[name], False

    def _float(self, name: str, x: Array) -> Array:
        return interpreter.run(self._floats, name, x.astype(np.float32))


def _parameters(parameters: Array, latent: Array) -> tuple[Array, Any]:
    """Scales and means of the latent in what h_s gives, cropped to it; means are 0 where there are none."""
    channels, height, width = latent.shape[1:]
    inside = parameters[:, :, :height, :width]
    if parameters.shape[1] != 2 * channels:
        return inside, np.float32(0.0)
    return inside[:, :channels], inside[:, channels:].astype(np.float32)


def _integers(module: ir.Module, name: str, x: Array) -> Array:
    """Run a typed function on real numbers; its result as such."""
    function = facts.functions(module)[name]
    argument, result = quantized(function.arguments[0].type), quantized(function.type.results[0])
    assert argument is not None
    assert result is not None
    stored = np.clip(np.floor(x / argument.scale + 0.5), argument.lo, argument.hi)
    return interpreter.run(module, name, stored.astype(np.int64)) * result.scale


# --------------------------------------------------------------------------------------------------
# Distortion and rate
# --------------------------------------------------------------------------------------------------
def _loss(floats: Outcome, found: Outcome) -> Loss:
    # An image without error has none to compare with: a millionth of a grey level squared stands for it.
    growth = np.maximum(found.errors, 1e-6) / np.maximum(floats.errors, 1e-6)
    rate = found.bits / floats.bits - 1.0 if floats.bits else 0.0
    return Loss(float(10.0 * np.log10(growth).mean()), rate, float(growth.mean()) - 1.0)


def bits(coded: Sequence[Symbols]) -> float:
    """Bits of the symbols of all images: of Gaussians where scales are known, else their entropy by channel."""
    hyper = [each.hyper for each in coded if each.hyper is not None]
    if any(each.scales is None for each in coded):
        return _entropy([each.latent for each in coded]) + _entropy(hyper)
    return sum(_gaussian(each.latent, each.scales) for each in coded) + _entropy(hyper)


def _entropy(images: Sequence[Array]) -> float:
    """Bits of 1xCxHxW symbols, coded with the histogram of their channel over all images."""
    if not images:
        return 0.0
    total = 0.0
    for channel in np.concatenate([x[0].reshape(x.shape[1], -1) for x in images], axis=1):
        counts = np.unique(channel, return_counts=True)[1]
        total -= float((counts * np.log2(counts / counts.sum())).sum())
    return total


def _gaussian(symbols: Array, scales: Array | None) -> float:
    """Bits of symbols by Gaussians around 0 of the scales of the table, each the next above."""
    assert scales is not None
    index = np.minimum(np.searchsorted(_SCALES, scales), len(_SCALES) - 1)
    most = _code_lengths().shape[1] - 1
    return float(_code_lengths()[index, np.minimum(np.abs(symbols), most).astype(np.int64)].sum())


@cache
def _code_lengths(most: int = 512) -> Array:
    """[scales, most + 1]: bits of a symbol of magnitude 0, 1, ... by each scale; 30 at most, as an escape."""
    edges = np.arange(most + 2) - 0.5
    tails = np.array([[math.erfc(e / (s * math.sqrt(2.0))) / 2.0 for e in edges] for s in _SCALES])
    return -np.log2(np.maximum(tails[:, :-1] - tails[:, 1:], 2.0**-30))


# --------------------------------------------------------------------------------------------------
# Typed modules
# --------------------------------------------------------------------------------------------------
def calibration_crops(images: str | None) -> list[Floats]:
    """The middles of some calibration images, 1x3xHxW in 0..1.

    Raises:
        UserError: the folder does not exist, or holds no image that can be read.
    """
    return load_images(images, CROPS, CROP_SIZE)


def _fast(policy: Policy) -> Answers:
    """The widths of a policy with the methods that take no time: for all that depends on widths alone."""
    return Answers(policy, channel_scales=False, clip=False, adaptive=False, bias_correction=False)


def _cycles(module: ir.Module) -> float:
    return precision.total(precision.dsp_cycles(module)).dsp_cycles


def _inputs(module: ir.Module) -> dict[Place, Range]:
    """By function and convolution, the range of what it reads."""
    found: dict[Place, Range] = {}
    for name, function in facts.functions(module).items():
        for op in function.entry_block.operations:
            if op.operation.name in _CONVOLUTIONS:
                kind = quantized(op.operands[0].type)
                assert kind is not None
                layer = ir.StringAttr(op.attributes["layer"]).value
                found[name, layer] = (kind.lo, kind.hi)
    return found


def _missing(name: str) -> NoReturn:
    raise KeyError(name)
