# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The bytes of a coded image (docs/entropy.md): a header of 32 bytes, then the strings."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from licc.entropy.identity import HASH_BYTES
from licc.entropy.rans import StreamError
from licc.ingress.sizes import LARGEST_SIDE

__all__ = ["HEADER_BYTES", "UNCODED", "Container", "pack", "parse"]

MAGIC = b"LICC"
VERSION = 1
# Magic, version, kind, reserved, model, height, width, bytes of z and of y; the CRC follows.
_FIELDS = struct.Struct(f"<4sBBH{HASH_BYTES}sHHII")
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
    """

    kind: int
    model: bytes
    height: int
    width: int
    z: bytes
    y: bytes


def pack(container: Container) -> bytes:
    """The bytes of a stream."""
    c = container
    head = _FIELDS.pack(MAGIC, VERSION, c.kind, 0, c.model, c.height, c.width, len(c.z), len(c.y))
    crc = zlib.crc32(c.y, zlib.crc32(c.z, zlib.crc32(head)))
    return b"".join((head, _CRC.pack(crc), c.z, c.y))


def parse(data: bytes) -> Container:
    """What is in `data`; every length is checked against what is there.

    Raises:
        StreamError: no stream of this version, cut, longer than it says, or damaged.
    """
    if data[:4] != MAGIC:
        raise StreamError("not a licc stream: it does not begin with LICC")
    if len(data) < HEADER_BYTES:
        raise StreamError(f"a stream of {len(data)} bytes is cut within its header")
    _, version, kind, reserved, model, height, width, z, y = _FIELDS.unpack_from(data)
    if version != VERSION:
        raise StreamError(f"a stream of version {version}, and this licc reads {VERSION}")
    if len(data) != HEADER_BYTES + z + y:
        raise StreamError(
            f"a stream of {len(data)} bytes that says it has {HEADER_BYTES + z + y}: cut or damaged"
        )
    (crc,) = _CRC.unpack_from(data, _FIELDS.size)
    body = memoryview(data)[HEADER_BYTES:]
    if crc != zlib.crc32(body, zlib.crc32(data[: _FIELDS.size])):
        raise StreamError("a damaged stream: its checksum is wrong")
    if kind not in _KINDS or reserved or (kind == 1 and z):
        raise StreamError("a stream of a kind that this licc does not know")
    if not (1 <= height <= LARGEST_SIDE and 1 <= width <= LARGEST_SIDE):
        raise StreamError(f"an image of {height}x{width}: expected 1 to {LARGEST_SIDE} either way")
    return Container(kind, model, height, width, bytes(body[:z]), bytes(body[z:]))
