# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The bytes of a stream: exactly those of docs/entropy.md, and an error for all others."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from licc.entropy.container import HEADER_BYTES, Container, pack, parse
from licc.entropy.rans import StreamError

CONTAINERS = st.builds(
    Container,
    kind=st.just(2),
    model=st.binary(min_size=8, max_size=8),
    height=st.integers(1, 16384),
    width=st.integers(1, 16384),
    z=st.binary(max_size=60),
    y=st.binary(max_size=60),
    below=st.integers(0, 255),
    right=st.integers(0, 255),
)
SOME = Container(2, bytes(range(8)), 512, 768, b"zzzz", b"yyyyyyyy", 3, 255)


def test_the_bytes_are_those_of_the_page() -> None:
    data = pack(SOME)
    assert len(data) == 32 + 4 + 8
    head = b"LICC\x01\x02\x03\xff\x00\x01\x02\x03\x04\x05\x06\x07"
    head += b"\x00\x02\x00\x03\x04\x00\x00\x00\x08\x00\x00\x00"
    assert data[:28] == head
    assert struct.unpack_from("<I", data, 28)[0] == zlib.crc32(head + b"zzzzyyyyyyyy")
    assert data[HEADER_BYTES:] == b"zzzzyyyyyyyy"


@given(CONTAINERS)
def test_round_trip(container: Container) -> None:
    assert parse(pack(container)) == container


@given(CONTAINERS, st.data())
@settings(max_examples=300)
def test_any_flipped_bit_is_found(container: Container, data: st.DataObject) -> None:
    stream = bytearray(pack(container))
    bit = data.draw(st.integers(0, 8 * len(stream) - 1))
    stream[bit // 8] ^= 1 << bit % 8
    with pytest.raises(StreamError):
        parse(bytes(stream))


@given(CONTAINERS, st.data())
def test_any_cut_and_any_addition_is_found(container: Container, data: st.DataObject) -> None:
    stream = pack(container)
    with pytest.raises(StreamError):
        parse(stream[: data.draw(st.integers(0, len(stream) - 1))])
    with pytest.raises(StreamError):
        parse(stream + data.draw(st.binary(min_size=1, max_size=9)))


@given(st.binary(max_size=200))
def test_any_bytes_are_an_error(data: bytes) -> None:
    for stream in (data, b"LICC\x01" + data):
        with pytest.raises(StreamError) as error:
            parse(stream)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": 3}, "kind"),
        ({"kind": 1}, "kind"),  # one string, but z has bytes
        ({"height": 0}, "0x768"),
        ({"width": 16385}, "512x16385"),
    ],
)
def test_a_forged_stream_with_a_right_checksum_is_refused(
    change: dict[str, int], message: str
) -> None:
    with pytest.raises(StreamError, match=message):
        parse(pack(replace(SOME, **change)))


def test_lengths_that_are_not_there_are_not_believed() -> None:
    """A length of 4 GiB in a header of 32 bytes: nothing of that size is asked for."""
    head = struct.pack("<4sBBBB8sHHII", b"LICC", 1, 2, 0, 0, bytes(8), 8, 8, 2**32 - 1, 2**32 - 1)
    with pytest.raises(StreamError, match="says it has"):
        parse(head + struct.pack("<I", zlib.crc32(head)))


def test_bytes_behind_the_strings_are_refused_though_the_checksum_has_them() -> None:
    data = bytearray(pack(SOME) + b"more")
    data[28:32] = struct.pack("<I", zlib.crc32(data[:28] + data[32:]))
    with pytest.raises(StreamError, match="48 bytes that says it has 44"):
        parse(bytes(data))


@pytest.mark.parametrize(("offset", "message"), [(4, "version 9"), (5, "kind")])
def test_versions_and_kinds(offset: int, message: str) -> None:
    data = bytearray(pack(SOME))
    data[offset] = 9
    data[28:32] = struct.pack("<I", zlib.crc32(data[:28] + data[32:]))
    with pytest.raises(StreamError, match=message):
        parse(bytes(data))
