# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The bytes of coded video (docs/entropy.md): a header of 32 bytes, then frames, each a whole stream of its own.

There is neither a count nor an index: what was written is a valid sequence at any time, and of one that was
cut anywhere, all frames before the cut can be read.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import BinaryIO

from licc.entropy import container
from licc.entropy.identity import HASH_BYTES
from licc.errors import StreamError
from licc.images import LARGEST_SIDE

__all__ = ["HEADER_BYTES", "PixelFormat", "Sequence", "SequenceReader", "pack", "parse"]

MAGIC = b"LICS"
VERSION = 1
LONGEST_FRAME = 1 << 30
# Magic, version, pixel format, reserved, model, height, width, frame rate; the CRC follows.
_FIELDS = struct.Struct(f"<4sBBH{HASH_BYTES}sHHII")
_CRC = struct.Struct("<I")
HEADER_BYTES = _FIELDS.size + _CRC.size
# What is read at once: memory is taken as bytes arrive, whatever a frame says of its length.
_CHUNK = 1 << 20


class PixelFormat(IntEnum):
    """How the pixels lay in the source: RGB, or 8-bit YUV 4:2:0 (docs/runtime.md)."""

    RGB = 0
    YUV420_BT601 = 1
    YUV420_BT709 = 2
    YUV420_BT601_FULL = 3
    YUV420_BT709_FULL = 4


@dataclass(frozen=True)
class Sequence:
    """What the header of a sequence says.

    Attributes:
        model: the 8 bytes of `licc.entropy.identity.model_hash`.
        height: of every frame, in pixels.
        width: likewise.
        rate: frames per second, numerator and denominator.
        format: of the source.
    """

    model: bytes
    height: int
    width: int
    rate: tuple[int, int] = (25, 1)
    format: PixelFormat = PixelFormat.RGB


def pack(sequence: Sequence) -> bytes:
    """The bytes of a header."""
    s = sequence
    head = _FIELDS.pack(MAGIC, VERSION, s.format, 0, s.model, s.height, s.width, *s.rate)
    return head + _CRC.pack(zlib.crc32(head))


def parse(data: bytes) -> Sequence:
    """What the header at the beginning of `data` says.

    Raises:
        StreamError: no sequence of this version, cut, or damaged.
    """
    if data[:4] != MAGIC:
        raise StreamError("not a sequence of licc: it does not begin with LICS")
    if len(data) < HEADER_BYTES:
        raise StreamError(f"a sequence of {len(data)} bytes is cut within its header")
    _, version, format_, reserved, model, height, width, *rate = _FIELDS.unpack_from(data)
    if version != VERSION:
        raise StreamError(f"a sequence of version {version}, and this licc reads {VERSION}")
    (crc,) = _CRC.unpack_from(data, _FIELDS.size)
    if crc != zlib.crc32(data[: _FIELDS.size]):
        raise StreamError("a damaged sequence: the checksum of its header is wrong")
    if reserved or format_ not in list(PixelFormat) or not all(rate):
        raise StreamError("a sequence of a kind that this licc does not know")
    if not (1 <= height <= LARGEST_SIDE and 1 <= width <= LARGEST_SIDE):
        raise StreamError(f"frames of {height}x{width}: expected 1 to {LARGEST_SIDE} either way")
    return Sequence(model, height, width, (rate[0], rate[1]), PixelFormat(format_))


class SequenceReader:
    """Reads a sequence frame after frame; iterating gives the stream of each.

    Args:
        file: to read from its beginning.

    Attributes:
        header: what its header says.
        frames: how many whole frames were read.
        cut: after the end: whether the sequence ended within a frame.

    Raises:
        StreamError: it begins with no header of a sequence.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.header = parse(self._read(HEADER_BYTES))
        self.frames = 0
        self.cut = False

    def __iter__(self) -> Iterator[bytes]:
        while (frame := self._next()) is not None:
            yield frame

    def _next(self) -> bytes | None:
        head = b"" if self.cut else self._read(container.HEADER_BYTES)
        if len(head) < container.HEADER_BYTES:
            self.cut = self.cut or bool(head)
            return None
        try:
            said = container.parse_header(head)
        except StreamError as error:
            raise StreamError(f"frame {self.frames + 1}: {error}") from error
        if (said.model, said.height, said.width) != self._of_all:
            raise StreamError(
                f"frame {self.frames + 1}: of another model or size than its sequence"
            )
        if said.length > LONGEST_FRAME:
            raise StreamError(f"frame {self.frames + 1}: longer than any frame is")
        body = self._read(said.length - len(head))
        if len(head) + len(body) < said.length:
            self.cut = True
            return None
        self.frames += 1
        return head + body

    @property
    def _of_all(self) -> tuple[bytes, int, int]:
        return self.header.model, self.header.height, self.header.width

    def _read(self, size: int) -> bytes:
        parts: list[bytes] = []
        while size > 0 and (part := self._file.read(min(size, _CHUNK))):
            parts.append(part)
            size -= len(part)
        return b"".join(parts)
