# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A codec that computes in the integers that licc will make of it: `IntegerCodec`."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch_mlir import ir

from licc.calibration import DEFAULT_SIZE
from licc.errors import UserError
from licc.ingress.checkpoint import INTEGERS, Checkpoint, read_checkpoint
from licc.ingress.networks import check_keys, recognise
from licc.quantize import trained
from licc.quantize.pipeline import MAX_IMAGES, float_module, typed_module
from licc.train.codec import Codec, FloatCodec, Group, Outcome, Parts, bits_per_pixel
from licc.train.integers import ops
from licc.train.integers.scales import Scales
from licc.train.integers.steps import Context, Function, Value, functions_of
from licc.train.integers.weights import Fitted, fitted

# Types do not depend on the size that a module is compiled for; calibration has its own.
_SIZE = (64, 64)

SCALES_RATE = 1.0
"""What the learning rate of scales is multiplied by; their steps are relative to the scale.

At 1e-4 for weights, ten times as much was neither better nor worse after 120 steps on held-out photographs.
"""


class IntegerCodec(Codec):
    """A network in the typed `lic` semantics.

    Forward it gives exactly the integers of the module that licc types its `parts` to; backward, rounding is
    the identity. Its learnables are the float weights and the scales. Scales where two transforms
    meet stay as they are, and so do the medians of the entropy model, which types depend on.

    Attributes:
        floats: holds the weights and the entropy model.
        scales: the scales, and the ranges of all types.
        medians: [C] of what the entropy bottleneck codes.
    """

    medians: Tensor

    def __init__(self, floats: FloatCodec, typed: ir.Module) -> None:
        """Of `floats`, with the types and the scales of `typed`, as `lic-assign-precision` leaves it.

        Raises:
            UserError: an op that cannot be trained, or a transform is missing.
        """
        super().__init__(floats.architecture, floats.n, floats.m)
        self.floats = floats
        self.functions = functions_of(typed)
        missing = [n for n in floats.architecture.build(2, 2) if n not in self.functions]
        if missing:
            raise UserError(f"{missing[0]}: missing; a codec is trained as a whole")
        free = {k: v for f in self.functions.values() for k, v in f.free.items()}
        self.scales = Scales(trained.read(typed), free)
        self.register_buffer("medians", floats.entropy.quantiles[:, 0, 1].detach().clone())

    @staticmethod
    def of(
        path: Path,
        images: str | None = None,
        precision: str | None = None,
        size: tuple[int, int] = DEFAULT_SIZE,
        max_images: int = MAX_IMAGES,
    ) -> IntegerCodec:
        """From a checkpoint, whose own scales are gone on from; one without gets those of calibration.

        Calibration fits weights to the integers that they are rounded to: training begins where it ends.

        Args:
            path: a checkpoint of all transforms.
            images: folder to calibrate with; None for the embedded photographs.
            precision: the policy that chooses widths, as `licc --precision` spells it; None for the
                checkpoint's own scales, or int8.
            size: height and width to crop images to.
            max_images: calibrate with at most so many.

        Raises:
            UserError: no checkpoint that can be trained, or no images.
        """
        from licc.dialects import make_context

        checkpoint = read_checkpoint(path)
        floats = float_codec(checkpoint)
        module = float_module(path, make_context(), _SIZE)
        if checkpoint.integers and precision is None:
            return IntegerCodec(floats, typed_module(module))
        typed = typed_module(module, precision or "int8", images, max_images, size)
        codec = IntegerCodec(floats, typed)
        codec.take(fitted(typed))
        return codec

    @torch.no_grad()
    def take(self, found: Mapping[str, Fitted]) -> None:
        """Set weights and biases to what they were fitted to, by layer."""
        self._take(self.floats, found)

    def _take(self, floats: FloatCodec, found: Mapping[str, Fitted]) -> None:
        for layer, own in found.items():
            module: Any = floats.get_submodule(layer)
            bias = own.bias.to(torch.float64)
            if layer == self._coded:
                bias = bias + self.medians
            module.weight.copy_(own.weight)
            module.bias.copy_(bias)

    # ----------------------------------------------------------------------------------------------
    # Where the steps find parameters
    # ----------------------------------------------------------------------------------------------
    @property
    def _coded(self) -> str:
        """The layer that gives what the entropy bottleneck codes: medians are folded into its bias."""
        name = "h_a" if self.architecture.hyperprior else "g_a"
        return f"{name}.{len(self.architecture.build(2, 2)[name]) - 1}"

    def weight(self, layer: str) -> Tensor:
        """See `licc.train.integers.steps.Floats`."""
        return self.floats.get_parameter(f"{layer}.weight")

    def bias(self, layer: str) -> Tensor:
        """See `licc.train.integers.steps.Floats`."""
        bias = self.floats.get_parameter(f"{layer}.bias")
        return bias - self.medians if layer == self._coded else bias

    def gdn(self, layer: str) -> tuple[Tensor, Tensor]:
        """See `licc.train.integers.steps.Floats`."""
        module: Any = self.floats.get_submodule(layer)
        return module.beta_reparam(module.beta), module.gamma_reparam(module.gamma)

    def addend(self, layer: str) -> Tensor:
        """See `licc.train.integers.steps.Floats`."""
        del layer  # Medians are all that is ever added.
        return self.medians

    # ----------------------------------------------------------------------------------------------
    # Coding
    # ----------------------------------------------------------------------------------------------
    def run(self, name: str, q: Tensor) -> tuple[Value, Value]:
        """Function `name` on stored integers BxCxHxW: its result, and the latent before the rounding."""
        return self.functions[name].run(Context(self, self.scales), q)

    def forward(self, x: Tensor) -> Outcome:
        """See `Codec`. In training, rates are those of latents with noise; else of the symbols."""
        image = ops.rounded(x / self.functions["g_a"].argument.scale, (0, 255))
        result, latent = self.run("g_a", image)
        y = _real(latent)
        if not self.architecture.hyperprior:
            bpp = bits_per_pixel([self._bottleneck(result, latent)], x)
            return Outcome(self._image(result.q), bpp, y + self._per_channel(self.medians))
        z, unrounded = self.run("h_a", result.q)
        given, _ = self.run("h_s", z.q)
        scales, means = given, None
        if not self.architecture.absolute:
            scales, means = (Value(q, given.scale) for q in given.q.chunk(2, 1))
        symbols = self._symbols(result, means)
        deviations = _real(scales)
        likelihoods = [
            self._conditional(y, symbols, deviations, means),
            self._bottleneck(z, unrounded),
        ]
        x_hat = self._image(self._decoded(symbols, means))
        return Outcome(x_hat, bits_per_pixel(likelihoods, x), y, deviations)

    def _image(self, q: Tensor) -> Tensor:
        return _real(self.run("g_s", q)[0])

    def _symbols(self, y: Value, means: Value | None) -> Tensor:
        """`round(y - means)`, halves up; see docs/semantics.md, "Scales and means"."""
        # No more bits than a double has: 16 each, and 10 behind the point.
        real = y.q.double() * y.scale
        if means is not None:
            real = real - means.q.double() * means.scale
        return ops.rounded(real, _SYMBOLS).float()

    def _decoded(self, symbols: Tensor, means: Value | None) -> Tensor:
        """What g_s takes."""
        kind = self.functions["g_s"].argument
        if means is None:
            return symbols.clamp(kind.lo, kind.hi)
        offsets = ops.rounded(means.q * (means.scale / kind.scale).float(), _SYMBOLS)
        return (symbols / kind.scale + offsets).clamp(kind.lo, kind.hi)

    def _conditional(
        self, y: Tensor, symbols: Tensor, scales: Tensor, means: Value | None
    ) -> Tensor:
        """Likelihoods of y."""
        if self.training:
            return self.floats.entropy.conditional(
                y, scales, None if means is None else _real(means)
            )
        model = self.floats.entropy.gaussian_conditional
        return model.likelihood_lower_bound(model._likelihood(symbols, scales))

    def _bottleneck(self, symbols: Value, latent: Value) -> Tensor:
        """Likelihoods of what the bottleneck codes; medians are taken off both arguments."""
        medians = self._per_channel(self.medians)
        if self.training:
            return self.floats.entropy.bottleneck(_real(latent) + medians)
        # Not by the model's own rounding, whose medians are free to move.
        model = self.floats.entropy.entropy_bottleneck
        by_channel = (symbols.q + medians).transpose(0, 1).flatten(1)[:, None]
        return model.likelihood_lower_bound(model._likelihood(by_channel)[0])

    @staticmethod
    def _per_channel(values: Tensor) -> Tensor:
        return values[:, None, None]

    # ----------------------------------------------------------------------------------------------
    # Codec
    # ----------------------------------------------------------------------------------------------
    def aux_loss(self) -> Tensor:
        """CompressAI's loss of the quantiles; the medians that it finds are not used."""
        return self.floats.aux_loss()

    @torch.no_grad()
    def parts(self) -> Parts:
        """See `Codec`: those of the float network, and `integers`.

        Weights and biases are what their integers stand for. Those that are trained are good once rounded, but
        not as they are: a filter whose rounded weights sum to zero may well have others.
        """
        context = self._dry_run()
        assert context.settled is not None
        floats = copy.deepcopy(self.floats)
        self._take(floats, context.settled)
        floats.entropy.quantiles[:, 0, 1] = self.medians
        found = {n: torch.from_numpy(np.array(v)) for n, v in self._entries(context).items()}
        return floats.transforms() | floats.entropy.parts() | {INTEGERS: found}

    @torch.no_grad()
    def entries(self) -> dict[str, NDArray[Any]]:
        """The scales as `licc.quantize.trained` takes them."""
        return self._entries(self._dry_run())

    def _dry_run(self) -> Context:
        """What all functions compute with."""
        context = Context(self, self.scales, settled={})
        for function in self.functions.values():
            channels = self._inputs(function)
            function.run(context, torch.zeros(1, channels, 4, 4, device=self.medians.device))
        return context

    def _entries(self, context: Context) -> dict[str, NDArray[Any]]:
        return {
            name: context.used.get(name, self.scales.of(name)).cpu().numpy()
            for name in self.scales.entries
        }

    def _inputs(self, function: Function) -> int:
        return self.architecture.build(self.n, self.m)[function.name][0].inputs

    def groups(self) -> list[Group]:
        """Those of the float network, and the scales."""
        return [*self.floats.groups(), Group(list(self.scales.parameters()), SCALES_RATE)]

    def tables(self) -> list[nn.Parameter]:
        """The quantiles."""
        return self.floats.tables()


# Symbols of a hostile stream may be large; those of an encoder never reach this.
_SYMBOLS = (-(1 << 22), 1 << 22)


def _real(value: Value) -> Tensor:
    """`scale * q` as float32."""
    return value.q * value.scale.float()


def float_codec(checkpoint: Checkpoint) -> FloatCodec:
    """The float network of a checkpoint.

    Raises:
        UserError: it is of no known architecture, or a part is missing.
    """
    architecture, n, m = recognise(checkpoint)
    check_keys(checkpoint, architecture, n, m)
    codec = FloatCodec(architecture, n, m)
    missing = codec.load(checkpoint.tensors)
    if missing:
        raise checkpoint.error(f"{min(missing)}: missing; a codec is trained as a whole")
    return codec
