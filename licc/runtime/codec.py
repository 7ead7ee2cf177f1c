# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`Codec`: encoder and decoder of a build directory."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from licc.errors import UserError
from licc.images import LARGEST_SIDE, MAX_PIXELS, check_image

if TYPE_CHECKING:
    from licc.runtime._host import Coded, Latent
    from licc.runtime.frames import Frames

__all__ = ["BACKENDS", "MAX_PIXELS", "Codec", "host"]

Image = npt.NDArray[np.uint8]
Size = tuple[int, int]

BACKENDS = ("emulation", "csim", "xrt")


def host() -> ModuleType:
    """The extension module `licc.runtime._host`.

    Raises:
        UserError: it was not built, as in a source tree that was never installed.
    """
    try:
        from licc.runtime import _host
    except ImportError as error:
        reason = str(error).partition("\n")[0]
        raise UserError(
            f"licc.runtime: its library is missing ({reason}); install licc with pip, also from a source tree"
        ) from error
    return _host


class Codec:
    """Encoder and decoder of a build directory; may be used from several threads at once.

    Args:
        build: what `licc -o` wrote.
        backend: `emulation` (this processor, the same integers), `csim` (the emitted HLS C++) or `xrt` (the board).
        threads: of the emulation; 0 for as many as the processor runs at once.
        device: of `xrt`: index or BDF.
        xclbin: of `xrt`: the file, or the folder of them; None for `vitis` of the build.
        frames_in_flight: of `xrt`: frames that are on their way at once.
        max_pixels: larger images are not decoded.

    Raises:
        UserError: there is no such build or backend, or a file of the build is missing or damaged.
    """

    def __init__(
        self,
        build: Path | str,
        backend: str = "emulation",
        threads: int = 0,
        *,
        device: str = "0",
        xclbin: Path | str | None = None,
        frames_in_flight: int = 3,
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        if backend not in BACKENDS:
            raise UserError(f"no backend '{backend}'; give {', '.join(BACKENDS[:-1])} or xrt")
        for name, value, least, most in (
            ("threads", threads, 0, 1024),
            ("frames_in_flight", frames_in_flight, 1, 1024),
            ("max_pixels", max_pixels, 1, LARGEST_SIDE**2),
        ):
            if not least <= value <= most:
                raise UserError(f"{name}: expected {least} to {most}, but got {value}")
        if backend == "csim":
            from licc.runtime.csim import ensure_library

            ensure_library(Path(build))
        self._codec = host().Codec(
            build=os.fspath(build),
            backend=backend,
            threads=threads,
            device=device,
            xclbin="" if xclbin is None else os.fspath(xclbin),
            frames_in_flight=frames_in_flight,
            max_pixels=max_pixels,
        )

    def encode(self, image: Image) -> bytes:
        """The stream of a uint8 image, height x width x 3.

        Raises:
            UserError: it is no such image, or the accelerator does not take its size.
        """
        return self._codec.encode(checked_image(image))

    def decode(self, stream: bytes | bytearray | memoryview) -> Image:
        """The uint8 image, height x width x 3, of a stream.

        Raises:
            StreamError: the stream is damaged, or was made by another model.
            UserError: it is no bytes, or the accelerator does not take images of its size.
        """
        return self._codec.decode(checked_bytes(stream))

    def analyse(self, image: Image) -> Coded:
        """The symbols of an image: the first half of `encode`."""
        return self._codec.analyse(checked_image(image))

    def write(self, coded: Coded) -> bytes:
        """The stream of symbols: the second half of `encode`."""
        return self._codec.write(coded)

    def read(self, stream: bytes | bytearray | memoryview) -> Latent:
        """What @g_s takes, of a stream: the first half of `decode`."""
        return self._codec.read(checked_bytes(stream))

    def synthesise(self, latent: Latent) -> Image:
        """The image of what @g_s takes: the second half of `decode`."""
        return self._codec.synthesise(latent)

    def encode_frames(
        self,
        frames: Iterable[Image],
        *,
        transform_workers: int = 0,
        entropy_workers: int = 1,
        frames_in_flight: int = 0,
    ) -> Frames[bytes]:
        """The streams of frames, in their order, several frames at work at once (docs/runtime.md).

        Args:
            frames: uint8, height x width x 3; read in another thread, as streams are taken.
            transform_workers: frames in the transforms at once; 0 for one, or three on `xrt`.
            entropy_workers: frames in entropy coding at once.
            frames_in_flight: frames read and not yet taken, at most; 0 for two more than workers.

        Raises:
            UserError: an option is out of its range. What a frame is refused for comes out at its place.
        """
        from licc.runtime.frames import Frames

        stream = host().make_frame_encoder(
            self._codec, transform_workers, entropy_workers, frames_in_flight
        )
        return Frames(stream, frames, checked_image)

    def decode_frames(
        self,
        streams: Iterable[bytes],
        *,
        transform_workers: int = 0,
        entropy_workers: int = 1,
        frames_in_flight: int = 0,
    ) -> Frames[Image]:
        """The images of streams, in their order; as `encode_frames`, the other way.

        Raises:
            UserError: an option is out of its range. What a stream is refused for comes out at its place.
        """
        from licc.runtime.frames import Frames

        stream = host().make_frame_decoder(
            self._codec, transform_workers, entropy_workers, frames_in_flight
        )
        return Frames(stream, streams, checked_bytes)

    @property
    def model(self) -> str:
        """16 hexadecimal digits, by which streams name their decoder."""
        return self._codec.model

    @property
    def strings(self) -> int:
        """How many strings a stream has: 2 (z and y), 1 (y) or 0 (symbols in plain)."""
        return self._codec.strings

    @property
    def stride(self) -> Size:
        """Images are padded to multiples of this height and width."""
        return self._codec.stride

    @property
    def accelerator(self) -> Size:
        """Height and width of the padded images that the accelerator was made for."""
        return self._codec.accelerator

    @property
    def backend(self) -> str:
        """What computes the transforms."""
        return self._codec.backend

    @property
    def native(self) -> Any:
        """The codec of `licc.runtime._host`, for what is built on it."""
        return self._codec


def checked_image(image: Any) -> Image:
    """`image` as a contiguous array.

    Raises:
        UserError: it is no uint8 array of height x width x 3, each side 1 to 16384.
    """
    if not isinstance(image, np.ndarray):
        raise UserError(f"an image of {type(image).__name__}: expected a numpy array of uint8")
    check_image(image)
    return np.ascontiguousarray(image)


def checked_bytes(stream: Any) -> bytes:
    """`stream` as bytes.

    Raises:
        UserError: it holds none.
    """
    if isinstance(stream, bytes):
        return stream
    if isinstance(stream, bytearray | memoryview):
        return bytes(stream)
    raise UserError(f"a stream of {type(stream).__name__}: expected bytes")
