# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The bytes of a coded image (docs/entropy.md): a header of 32 bytes, then the strings."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from licc.entropy.identity import HASH_BYTES
from licc.errors import StreamError
from licc.images import LARGEST_SIDE

__all__ = ["HEADER_BYTES", "UNCODED", "Container", "Header", "pack", "parse", "parse_header"]

MAGIC = b"LICC"
VERSION = 1
# Magic, version, kind, padding below and right, model, height, width, bytes of z and of y; the CRC follows.
_FIELDS = struct.Struct(f"<4sBBBB{HASH_BYTES}sHHII")
_CRC = struct.Struct("<I")
HEADER_BYTES = _FIELDS.size + _CRC.size

UNCODED = 0
"""The kind of a stream whose symbols are not entropy-coded: i16, in plain."""

_KINDS = {UNCODED: "symbols in plain", 1: "y", 2: "z and y"}


@dataclass(frozen=True)
class Container:
    """What a stream holds.

    Attributes:
        kind: how many strings there are, z before y; 0 for symbols in plain.
        model: the 8 bytes of `licc.entropy.identity.model_hash`.
        height: of the image, in pixels.
        width: of the image, in pixels.
        z: string of the hyper-latent, empty where there is none.
        y: string of the latent.
        below: strides of padding below the image, beyond the least; 0 to 255.
        right: likewise at the right.
    """

    kind: int
    model: bytes
    height: int
    width: int
    z: bytes
    y: bytes
    below: int = 0
    right: int = 0

    def padded(self, stride: tuple[int, int]) -> tuple[int, int]:
        """Height and width of what the image was padded to, for a codec of this stride."""
        height, width = (
            -(-extent // step) * step + more * step
            for extent, step, more in zip(
                (self.height, self.width), stride, (self.below, self.right), strict=True
            )
        )
        return height, width


def pack(container: Container) -> bytes:
    """The bytes of a stream."""
    c = container
    sizes = (c.height, c.width, len(c.z), len(c.y))
    head = _FIELDS.pack(MAGIC, VERSION, c.kind, c.below, c.right, c.model, *sizes)
    crc = zlib.crc32(c.y, zlib.crc32(c.z, zlib.crc32(head)))
    return b"".join((head, _CRC.pack(crc), c.z, c.y))


@dataclass(frozen=True)
class Header:
    """What the first `HEADER_BYTES` of a stream say, before its strings are there.

    Attributes:
        kind: as of a `Container`, like all but `strings`.
        strings: bytes of the strings of z and of y.
    """

    kind: int
    below: int
    right: int
    model: bytes
    height: int
    width: int
    strings: tuple[int, int]

    @property
    def length(self) -> int:
        """Bytes of the whole stream."""
        return HEADER_BYTES + sum(self.strings)


def parse_header(data: bytes) -> Header:
    """What the header at the beginning of `data` says; all of it is checked but the checksum.

    Raises:
        StreamError: no stream of this version, cut, or with a field that no encoder writes.
    """
    header = _header(data)
    _check(header)
    return header


def parse(data: bytes) -> Container:
    """What is in `data`; every length is checked against what is there.

    Raises:
        StreamError: no stream of this version, cut, longer than it says, or damaged.
    """
    header = _header(data)
    if len(data) != header.length:
        raise StreamError(
            f"a stream of {len(data)} bytes that says it has {header.length}: cut or damaged"
        )
    (crc,) = _CRC.unpack_from(data, _FIELDS.size)
    body = memoryview(data)[HEADER_BYTES:]
    if crc != zlib.crc32(body, zlib.crc32(data[: _FIELDS.size])):
        raise StreamError("a damaged stream: its checksum is wrong")
    _check(header)
    h, (z, _) = header, header.strings
    return Container(
        h.kind, h.model, h.height, h.width, bytes(body[:z]), bytes(body[z:]), h.below, h.right
    )


def _header(data: bytes) -> Header:
    if data[:4] != MAGIC:
        raise StreamError("not a licc stream: it does not begin with LICC")
    if len(data) < HEADER_BYTES:
        raise StreamError(f"a stream of {len(data)} bytes is cut within its header")
    _, version, kind, below, right, model, height, width, z, y = _FIELDS.unpack_from(data)
    if version != VERSION:
        raise StreamError(f"a stream of version {version}, and this licc reads {VERSION}")
    return Header(kind, below, right, model, height, width, (z, y))


def _check(header: Header) -> None:
    h = header
    if h.kind not in _KINDS or (h.kind == 1 and h.strings[0]):
        raise StreamError("a stream of a kind that this licc does not know")
    if not (1 <= h.height <= LARGEST_SIDE and 1 <= h.width <= LARGEST_SIDE):
        raise StreamError(
            f"an image of {h.height}x{h.width}: expected 1 to {LARGEST_SIDE} either way"
        )
