# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A whole codec: image to stream and back, through the interpreter of `lic`.

A typed module computes integers between the image and the symbols, and between the symbols and the image:
whoever decodes gets the same picture. A float module does what CompressAI does, and has its weakness: where
another machine's floats differ, the decoder reads other tables than the encoder wrote with.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from torch_mlir import ir

from licc.dialects.quantized import Quantized, quantized
from licc.entropy import container, rans
from licc.entropy import thresholds as scale_thresholds
from licc.entropy.container import UNCODED, Container
from licc.entropy.estimate import entropy_bits
from licc.entropy.identity import decoder_hash, model_hash
from licc.entropy.rans import StreamError
from licc.entropy.sizes import Size, codec_stride, result_size
from licc.entropy.symbols import decoded, symbols_of
from licc.entropy.tables import CdfTable, EntropyModel
from licc.errors import UserError
from licc.images import LARGEST_SIDE, MAX_PIXELS, check_image
from licc.ingress.checkpoint import Checkpoint
from licc.interp import lic
from licc.quantize import facts

__all__ = ["Coded", "Coder", "Reconstruction", "Stream", "StreamError"]

MOST_FURTHER = 255
"""Strides of padding beyond the least, either way, that a container can state."""

Image = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Stream:
    """A coded image.

    Attributes:
        data: the bytes, header included.
        bits: what the image costs: 8 a byte of `data`, or an estimate.
        estimated: there is no entropy model; `bits` is the empirical entropy of the symbols by
            channel, and `data` holds them in plain.
    """

    data: bytes
    bits: float
    estimated: bool


class Reconstruction(NamedTuple):
    """What a decoder would show, what it costs, and what was coded.

    Attributes:
        image: HxWx3.
        bits: as `Stream.bits`.
        symbols: of the latent, [M, h, w].
    """

    image: Image
    bits: float
    symbols: Ints


@dataclass(frozen=True)
class Coded:
    """What an encoder knows of an image.

    Attributes:
        size: height and width of the image.
        y: symbols of the latent, [M, h, w].
        latent: what @g_s takes, [1, M, h, w].
        y_indexes: rows of the tables for y, of its shape; None without a hyperprior.
        z: symbols of the hyper-latent; None without a hyperprior.
        further: strides of padding below and at the right, beyond the least.
    """

    size: Size
    y: Ints
    latent: Array
    y_indexes: Ints | None = None
    z: Ints | None = None
    further: Size = (0, 0)


class Coder:
    """Encoder and decoder of a network.

    Args:
        module: `lic` functions @g_a and @g_s, with @h_a and @h_s for a hyperprior; float or typed.
        checkpoint: what the entropy model is read from; or an entropy model.

    Raises:
        UserError: there is no g_a or g_s, or the checkpoint's tables are wrong.
    """

    def __init__(
        self, module: ir.Module, checkpoint: Checkpoint | EntropyModel | Path | str
    ) -> None:
        self.module = module
        self._functions = facts.functions(module)
        missing = [name for name in ("g_a", "g_s") if name not in self._functions]
        if missing:
            raise UserError(f"{missing[0]}: missing, and a codec needs both g_a and g_s")
        model = checkpoint if isinstance(checkpoint, EntropyModel) else EntropyModel.of(checkpoint)
        self._hyper = "h_a" in self._functions and "h_s" in self._functions
        # A network whose latent is coded under scales cannot be coded without the transforms for them.
        whole = self._hyper == (model.conditional is not None)
        self.model = model if whole else EntropyModel()
        self.stride = codec_stride(self._functions["g_a"], self._functions["g_s"])
        self._check_channels()

    @property
    def kind(self) -> int:
        """How many strings its streams have, 0 for symbols in plain: the kind of its containers."""
        return UNCODED if self.estimated else 2 if self._hyper else 1

    @property
    def estimated(self) -> bool:
        """Whether there is no entropy model, so that bits are an estimate."""
        return self.model.bottleneck is None

    @property
    def typed(self) -> bool:
        """Whether the module computes integers."""
        return self._kind("g_a", result=True) is not None

    @cached_property
    def model_hash(self) -> bytes:
        """The 8 bytes by which a stream knows its decoder."""
        limits = None if self.thresholds is None else tuple(self.thresholds.tolist())
        return model_hash(decoder_hash(self.module), self.model, limits)

    # ----------------------------------------------------------------------------------------------
    # Encoding and decoding
    # ----------------------------------------------------------------------------------------------
    def encode(self, image: Image, padded: Size | None = None) -> Stream:
        """The stream of a uint8 image HxWx3.

        Args:
            image: of any size.
            padded: height and width to pad it to, multiples of the stride; None for the least.

        Raises:
            UserError: it is no such image, it cannot be padded so, or CompressAI is not installed.
        """
        return self._stream(self.analyse(image, padded))

    def decode(self, stream: Stream | bytes, max_pixels: int = MAX_PIXELS) -> Image:
        """The uint8 image HxWx3 of a stream; larger ones than `max_pixels` are refused.

        Raises:
            StreamError: the stream is damaged, or was made by another model.
        """
        held = container.parse(stream.data if isinstance(stream, Stream) else stream)
        if held.model != self.model_hash:
            raise StreamError(
                f"a stream of model {held.model.hex()}, and this is {self.model_hash.hex()}"
            )
        if held.height * held.width > max_pixels:
            raise StreamError(f"an image of {held.height}x{held.width}: too large to decode here")
        if held.kind != self.kind:
            raise StreamError("a stream of another kind than its model writes")
        frame = ir.ShapedType(self._functions["g_a"].arguments[0].type).shape[2:]
        _check_padding(held, self.stride, max(max_pixels, math.prod(frame)))
        return self._synthesise(self._latent(held), (held.height, held.width))

    def reconstruct(self, image: Image) -> Reconstruction:
        """What `decode(encode(image))` gives, without reading the strings again."""
        coded = self.analyse(image)
        stream = self._stream(coded)
        return Reconstruction(self._synthesise(coded.latent, coded.size), stream.bits, coded.y)

    # ----------------------------------------------------------------------------------------------
    # Image to symbols
    # ----------------------------------------------------------------------------------------------
    def analyse(self, image: Image, padded: Size | None = None) -> Coded:
        """The symbols of an image, before they become strings; `padded` as for `encode`."""
        check_image(image)
        height, width = image.shape[:2]
        below, right = _further_strides((height, width), padded, self.stride)
        pads = [
            (0, -height % self.stride[0] + below * self.stride[0]),
            (0, -width % self.stride[1] + right * self.stride[1]),
            (0, 0),
        ]
        pixels = np.pad(image, pads, mode="edge").transpose(2, 0, 1)[None]
        if not self.typed:
            pixels = pixels.astype(np.float32) / np.float32(255)
        y = lic.run(self.module, "g_a", pixels)
        if not self._hyper:
            symbols = self._symbols(y, None)
            latent = self._with_means(symbols, None)
            return Coded((height, width), symbols, latent, further=(below, right))
        z = _integers(lic.run(self.module, "h_a", y))[0]
        indexes, means = self._hyper_decoder(z, (y.shape[2], y.shape[3]))
        symbols = self._symbols(y, means)
        latent = self._with_means(symbols, means)
        return Coded((height, width), symbols, latent, indexes, z, (below, right))

    def _symbols(self, y: Array, means: Array | None) -> Ints:
        kind = self._kind("g_a", result=True)
        if kind is None:
            offset = np.float32(0) if means is None else means
            return _integers(np.rint(y[0] - offset))  # halves to even, as torch rounds
        return symbols_of(y[0], _fraction(kind), means, self._means_fraction)

    def _with_means(self, symbols: Ints, means: Array | None) -> Array:
        """What @g_s takes, [1, M, h, w]."""
        kind = self._kind("g_s")
        if kind is None:
            latent = symbols.astype(np.float32)
            return (latent if means is None else latent + means)[None]
        fraction = _fraction(kind)
        return decoded(symbols, fraction, kind.lo, kind.hi, means, self._means_fraction)[None]

    # ----------------------------------------------------------------------------------------------
    # Hyper path
    # ----------------------------------------------------------------------------------------------
    def _hyper_decoder(self, z: Ints, y_size: Size) -> tuple[Ints, Array | None]:
        """Scale indexes and means of y from the symbols of z, on either side."""
        x = z if self.typed else z.astype(np.float32)
        parameters = lic.run(self.module, "h_s", x[None])[0, :, : y_size[0], : y_size[1]]
        channels = _channels(self._functions["g_s"].arguments[0])
        if parameters.shape[0] == channels:
            return self._indexes(parameters), None
        return self._indexes(parameters[:channels]), parameters[channels:]

    def _indexes(self, scales: Array) -> Ints:
        table = self.model.scale_table
        if table is None:
            return np.zeros(scales.shape, np.int64)  # nothing is coded with them
        if self.thresholds is not None:
            return scale_thresholds.indexes(scales, self.thresholds)
        bounded = np.maximum(scales, np.float32(self.model.scale_bound))
        return np.searchsorted(table[:-1], bounded, side="left").astype(np.int64)

    @cached_property
    def thresholds(self) -> Ints | None:
        """Integer thresholds of a typed hyper path: those in the IR, or made of the scale table."""
        kind = self._kind("h_s", result=True) if self._hyper else None
        if kind is None or self.model.scale_table is None:
            return None
        stored = scale_thresholds.read(self.module)
        if stored is not None and len(stored) == len(self.model.scale_table) - 1:
            return stored
        table, bound = self.model.scale_table, self.model.scale_bound
        return np.array(scale_thresholds.scale_thresholds(table, bound, kind.scale), np.int64)

    @cached_property
    def _means_fraction(self) -> int:
        kind = self._kind("h_s", result=True) if self._hyper else None
        return 0 if kind is None else _fraction(kind)

    # ----------------------------------------------------------------------------------------------
    # Symbols to strings and back
    # ----------------------------------------------------------------------------------------------
    def _stream(self, coded: Coded) -> Stream:
        symbols = [s for s in (coded.z, coded.y) if s is not None]
        bottleneck, conditional = self.model.bottleneck, self.model.conditional
        if bottleneck is None:
            strings = [_plain(s) for s in symbols]
            bits = sum(map(entropy_bits, symbols))
            return Stream(self._pack(UNCODED, coded, strings), bits, estimated=True)
        strings = [rans.encode(symbols[0], _by_channel(symbols[0].shape), bottleneck)]
        if conditional is not None and coded.y_indexes is not None:
            strings.append(rans.encode(coded.y, coded.y_indexes, conditional))
        data = self._pack(len(strings), coded, strings)
        return Stream(data, 8.0 * len(data), estimated=False)

    def _pack(self, kind: int, coded: Coded, strings: list[bytes]) -> bytes:
        *z, y = strings
        held = Container(kind, self.model_hash, *coded.size, b"".join(z), y, *coded.further)
        return container.pack(held)

    def _latent(self, held: Container) -> Array:
        """What @g_s takes, from the strings."""
        y_size = result_size(self._functions["g_a"], held.padded(self.stride))
        shape = (_channels(self._functions["g_s"].arguments[0]), *y_size)
        bottleneck, conditional = self.model.bottleneck, self.model.conditional
        if not self._hyper:
            indexes, table, means = _by_channel(shape), bottleneck, None
        else:
            z_size = result_size(self._functions["h_a"], y_size)
            z_shape = (_channels(self._functions["h_s"].arguments[0]), *z_size)
            z = self._in_range(_read(held.z, _by_channel(z_shape), bottleneck))
            indexes, means = self._hyper_decoder(z, y_size)
            table = conditional
        return self._with_means(_read(held.y, indexes, table), means)

    def _in_range(self, z: Ints) -> Ints:
        """`z`, which @h_s takes: only a stream that no encoder wrote holds others."""
        kind = self._kind("h_s")
        if kind is not None and (z.min() < kind.lo or z.max() > kind.hi):
            raise StreamError("a stream with symbols that its model never writes")
        return z

    def _synthesise(self, latent: Array, size: Size) -> Image:
        result = lic.run(self.module, "g_s", latent)[0, :, : size[0], : size[1]]
        if self._kind("g_s", result=True) is None:
            result = np.rint(np.clip(result, 0.0, 1.0) * np.float32(255))
        return np.ascontiguousarray(result.transpose(1, 2, 0)).astype(np.uint8)

    # ----------------------------------------------------------------------------------------------
    # Types
    # ----------------------------------------------------------------------------------------------
    def _kind(self, name: str, *, result: bool = False) -> Quantized | None:
        """The element type of a function's argument or result; None for floats."""
        type_ = self._functions[name].type
        return quantized((type_.results if result else type_.inputs)[0])

    @property
    def ports(self) -> tuple[str, ...]:
        """The integers that meet at the host, by what `port` calls them."""
        return ("y", "y_hat", "z", "h_s") if self._hyper else ("y", "y_hat")

    def port(self, name: str) -> dict[str, int]:
        """Channels, fraction bits and range of y (what @g_a gives), y_hat (@g_s takes), z or h_s.

        A typed codec's alone.
        """
        function, result = {
            "y": ("g_a", True),
            "y_hat": ("g_s", False),
            "z": ("h_s", False),
            "h_s": ("h_s", True),
        }[name]
        type_ = self._functions[function].type
        value = (type_.results if result else type_.inputs)[0]
        kind = self._kind(function, result=result)
        assert kind is not None
        channels = ir.ShapedType(value).shape[1]
        return {"channels": channels, "fraction": _fraction(kind), "lo": kind.lo, "hi": kind.hi}

    def _check_channels(self) -> None:
        """Tables and transforms are of one network."""
        table = self.model.bottleneck
        coded = "h_s" if self._hyper else "g_s"
        channels = _channels(self._functions[coded].arguments[0])
        if table is not None and len(table.lengths) != channels:
            raise UserError(
                f"{coded}: takes {channels} channels, but the entropy bottleneck has "
                f"{len(table.lengths)}; give the checkpoint that the module was made of"
            )


# --------------------------------------------------------------------------------------------------
# Arrays
# --------------------------------------------------------------------------------------------------
def _further_strides(size: Size, padded: Size | None, stride: Size) -> Size:
    """Strides from the least padding of an image to `padded`."""
    if padded is None:
        return 0, 0
    found: list[int] = []
    for extent, wanted, step in zip(size, padded, stride, strict=True):
        further, rest = divmod(wanted - -(-extent // step) * step, step)
        if rest or not 0 <= further <= MOST_FURTHER or wanted > LARGEST_SIDE:
            raise UserError(
                f"an image of {size[0]}x{size[1]} cannot be padded to {padded[0]}x{padded[1]}"
            )
        found.append(further)
    return found[0], found[1]


def _check_padding(held: Container, stride: Size, most: int) -> None:
    """Padding beyond the least, which no image needs, may not make a small one larger than `most` pixels."""
    height, width = held.padded(stride)
    if (held.below or held.right) and (max(height, width) > LARGEST_SIDE or height * width > most):
        raise StreamError(f"an image padded to {height}x{width}: too large to decode here")


def _channels(value: ir.Value) -> int:
    return ir.ShapedType(value.type).shape[1]


def _fraction(kind: Quantized) -> int:
    """Fraction bits of a latent's type."""
    mantissa, exponent = math.frexp(kind.scale)
    if mantissa != 0.5 or exponent > 1:
        raise UserError(f"latents need a scale of 2^-f, but one is {kind.scale}")
    return 1 - exponent


def _integers(values: Array) -> Ints:
    """Symbols as integers; floats are whole numbers here, but may be too large for some."""
    if values.dtype.kind == "f" and not np.all(np.abs(values) <= rans.MAX_SYMBOL):
        raise UserError(f"symbols beyond {rans.MAX_SYMBOL}: the network is not fit to code with")
    return values.astype(np.int64)


def _by_channel(shape: tuple[int, ...]) -> Ints:
    """Indexes of the entropy bottleneck: the row of a channel, everywhere."""
    return np.broadcast_to(np.arange(shape[0])[:, None, None], shape)


def _plain(symbols: Ints) -> bytes:
    if np.abs(symbols).max(initial=0) > np.iinfo(np.int16).max:
        raise UserError("symbols beyond 16 bits: a network without entropy model cannot code them")
    return symbols.astype("<i2").tobytes()


def _read(data: bytes, indexes: Ints, table: CdfTable | None) -> Ints:
    """The symbols of a string, or those in plain where there is no table."""
    if table is not None:
        return rans.decode(data, indexes, table)
    if len(data) != 2 * indexes.size:
        raise StreamError(f"{len(data)} bytes of symbols: expected {2 * indexes.size}")
    return np.frombuffer(data, dtype="<i2").reshape(indexes.shape).astype(np.int64)
