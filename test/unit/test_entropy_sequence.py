# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Sequences: the bytes of docs/entropy.md, read up to wherever they were cut, damaged ones refused."""

from __future__ import annotations

import doctest
import io
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licc.entropy import container, sequence
from licc.entropy.container import Container
from licc.entropy.sequence import HEADER_BYTES, PixelFormat, Sequence, SequenceReader
from licc.errors import StreamError

PAGE = Path(__file__).parents[2] / "docs" / "entropy.md"
MODEL = bytes(range(1, 9))
SOME = Sequence(MODEL, 48, 80, (30000, 1001), PixelFormat.YUV420_BT709)
SEQUENCES = st.builds(
    Sequence,
    model=st.binary(min_size=8, max_size=8),
    height=st.integers(1, 16384),
    width=st.integers(1, 16384),
    rate=st.tuples(st.integers(1, 2**32 - 1), st.integers(1, 2**32 - 1)),
    format=st.sampled_from(PixelFormat),
)
FRAMES = [container.pack(Container(2, MODEL, 48, 80, b"z" * n, b"y" * 5 * n)) for n in range(4)]
WHOLE = sequence.pack(SOME) + b"".join(FRAMES)


def test_the_examples_of_the_page_run() -> None:
    assert doctest.testfile(str(PAGE), module_relative=False) == (0, 3)


@given(SEQUENCES)
def test_headers_there_and_back(header: Sequence) -> None:
    data = sequence.pack(header)
    assert len(data) == HEADER_BYTES == 32
    assert sequence.parse(data) == header
    assert sequence.parse(data + b"frames") == header


@given(st.integers(0, len(WHOLE)))
def test_a_sequence_that_was_cut_has_the_frames_before(size: int) -> None:
    file = io.BytesIO(WHOLE[:size])
    if size < HEADER_BYTES:
        with pytest.raises(StreamError):
            SequenceReader(file)
        return
    ends = [HEADER_BYTES + sum(map(len, FRAMES[:n])) for n in range(5)]
    reader = SequenceReader(file)
    whole = sum(end <= size for end in ends) - 1
    assert list(reader) == FRAMES[:whole]
    assert reader.frames == whole
    assert reader.cut == (size not in ends)
    assert list(reader) == []


@given(st.integers(0, 8 * HEADER_BYTES - 1))
def test_any_flipped_bit_of_the_header_is_found(bit: int) -> None:
    data = bytearray(WHOLE)
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises(StreamError):
        sequence.parse(bytes(data))


@pytest.mark.parametrize(
    ("offset", "value", "message"),
    [
        (4, b"\2", "version 2"),
        (5, b"\5", "kind"),
        (6, b"\1", "kind"),
        (16, b"\0\0", "0x80"),
        (18, b"\1\x40", "48x16385"),
        (20, bytes(4), "kind"),
        (24, bytes(4), "kind"),
    ],
)
def test_forged_headers_are_refused(offset: int, value: bytes, message: str) -> None:
    data = bytearray(WHOLE[:28])
    data[offset : offset + len(value)] = value
    with pytest.raises(StreamError, match=message):
        sequence.parse(bytes(data) + struct.pack("<I", zlib.crc32(data)))


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (b"LICS" + bytes(40), "frame 5: not a licc stream"),
        (container.pack(Container(2, MODEL, 48, 81, b"", b"")), "frame 5: of another model or"),
        (container.pack(Container(2, bytes(8), 48, 80, b"", b"")), "frame 5: of another model or"),
        (container.pack(Container(3, MODEL, 48, 80, b"", b"")), "frame 5: a stream of a kind"),
        (FRAMES[0][:24] + b"\xff" * 8, "frame 5: longer than any frame"),
    ],
)
def test_frames_of_something_else_are_refused(frame: bytes, message: str) -> None:
    reader = SequenceReader(io.BytesIO(WHOLE + frame))
    with pytest.raises(StreamError, match=message):
        list(reader)
    assert reader.frames == len(FRAMES)


def test_lengths_that_are_not_there_are_not_believed() -> None:
    frame = FRAMES[0][:24] + struct.pack("<I", 1 << 29) + FRAMES[0][28:]
    reader = SequenceReader(io.BytesIO(WHOLE + frame))
    assert len(list(reader)) == len(FRAMES)
    assert reader.cut
