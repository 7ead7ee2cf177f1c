# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Strings: equal to CompressAI's in both directions, and read without trust."""

from __future__ import annotations

import importlib.util
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.entropy import entropy_models, random_symbols, random_table, with_table

from licc.entropy import compressai, rans
from licc.entropy.rans import StreamError
from licc.entropy.tables import CdfTable
from licc.errors import UserError

SEEDS = st.integers(0, 2**32 - 1)


def drawn(seed: int, count: int) -> tuple[CdfTable, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    table = random_table(random, int(random.integers(1, 9)))
    return table, *random_symbols(random, table, count)


@given(SEEDS, st.integers(4, 400))
@settings(deadline=None, max_examples=150)
def test_round_trip(seed: int, count: int) -> None:
    table, symbols, indexes = drawn(seed, count)
    data = rans.encode(symbols, indexes, table)
    np.testing.assert_array_equal(rans.decode(data, indexes, table), symbols)


@given(SEEDS, st.integers(4, 200))
@settings(deadline=None, max_examples=50)
def test_compressai_reads_what_we_write_and_we_what_it_writes(seed: int, count: int) -> None:
    table, symbols, indexes = drawn(seed, count)
    model = with_table(entropy_models().GaussianConditional(None), table)
    x = torch.from_numpy(symbols).reshape(1, 1, -1, 1).float()
    rows = torch.from_numpy(indexes).reshape(1, 1, -1, 1).int()
    (string,) = model.compress(x, rows)
    assert string == rans.encode(symbols, indexes, table)
    np.testing.assert_array_equal(rans.decode(string, indexes, table), symbols)
    decoded = model.decompress([rans.encode(symbols, indexes, table)], rows)
    np.testing.assert_array_equal(decoded.numpy().reshape(-1), symbols)


def test_the_entropy_bottleneck_of_compressai_writes_the_same() -> None:
    model = entropy_models().EntropyBottleneck(6)
    model.update()
    table = CdfTable.checked(
        "b", *(getattr(model, k).numpy() for k in ("_quantized_cdf", "_cdf_length", "_offset"))
    )
    symbols = np.random.default_rng(1).integers(-14, 15, (6, 5, 7))
    indexes = np.broadcast_to(np.arange(6)[:, None, None], symbols.shape)
    medians = model.quantiles.detach()[:, 0, 1].reshape(1, 6, 1, 1)
    (string,) = model.compress(torch.from_numpy(symbols)[None].float() + medians)
    assert string == rans.encode(symbols, indexes, table)
    np.testing.assert_array_equal(rans.decode(string, indexes, table), symbols)


@given(SEEDS, st.integers(8, 120), st.data())
@settings(deadline=None, max_examples=200)
def test_a_cut_string_is_an_error(seed: int, count: int, data: st.DataObject) -> None:
    table, symbols, indexes = drawn(seed, count)
    string = rans.encode(symbols, indexes, table)
    kept = data.draw(st.integers(0, len(string) - 1))
    with pytest.raises(StreamError):
        rans.decode(string[:kept], indexes, table)


@given(SEEDS, st.integers(8, 120), st.data())
@settings(deadline=None, max_examples=300)
def test_a_flipped_bit_is_an_error_or_other_symbols(
    seed: int, count: int, data: st.DataObject
) -> None:
    table, symbols, indexes = drawn(seed, count)
    string = bytearray(rans.encode(symbols, indexes, table))
    bit = data.draw(st.integers(0, 8 * len(string) - 1))
    string[bit // 8] ^= 1 << bit % 8
    try:
        got = rans.decode(bytes(string), indexes, table)
    except StreamError:
        return
    assert not np.array_equal(got, symbols)


@given(st.binary(max_size=300), SEEDS)
@settings(deadline=None, max_examples=300)
def test_any_bytes_are_symbols_or_an_error(data: bytes, seed: int) -> None:
    table, _, indexes = drawn(seed, 64)
    try:
        got = rans.decode(data, indexes, table)
    except StreamError:
        return
    assert rans.encode(got, indexes, table)  # within the bounds of symbols


def written(*tokens: tuple[int, int] | int) -> bytes:
    """A string of (start, frequency) of 2^16, or of nibbles: docs/entropy.md turned around."""
    state, words = 1 << 31, []
    for token in reversed(tokens):
        start, frequency = (0, 0) if isinstance(token, int) else token
        if state >= (frequency << 47 if frequency else 1 << 59):
            words.append(state & 0xFFFFFFFF)
            state >>= 32
        if isinstance(token, int):
            state = state << 4 | token
        else:
            state = (state // frequency << 16) + state % frequency + start
    words += [state >> 32, state & 0xFFFFFFFF]
    return np.array(words[::-1], "<u4").tobytes()


# -1, 0 and what is neither.
THREE = CdfTable.checked("t", [[0, 5, 65000, 65536]], [4], [-1])
MINUS_ONE, ZERO, OTHER = (0, 5), (5, 64995), (65000, 536)


def test_the_page_describes_the_strings() -> None:
    tokens = [ZERO, MINUS_ONE, OTHER, 2, 5, 1, ZERO, OTHER, 0, OTHER, 1, 1] * 9
    # 0x15 = 2 * 10 + 1 is 11 before the row, 0 is 0 behind it, and 1 is 1 before it.
    symbols = np.array([0, -1, -1 - 11, 0, 1, -2] * 9)
    indexes = np.zeros_like(symbols)
    np.testing.assert_array_equal(rans.decode(written(*tokens), indexes, THREE), symbols)
    assert rans.encode(symbols, indexes, THREE) == written(*tokens)


@pytest.mark.parametrize(
    "nibbles", [[9, *[0] * 9], [6, 0, 0, 0, 0, 0, 8], [8, *[15] * 8], [15, 0, *[0] * 15]]
)
def test_numbers_that_no_encoder_writes_are_refused(nibbles: list[int]) -> None:
    """More nibbles than the largest symbol has, or a larger symbol."""
    with pytest.raises(StreamError):
        rans.decode(written(OTHER, *nibbles, *[ZERO] * 7), np.zeros(8, np.int64), THREE)


def test_an_endless_row_of_nibbles_ends() -> None:
    """All ones: CompressAI's own decoder reads beyond the string here."""
    table = CdfTable.checked("t", [[0, 1, 65536]], [3], [0])
    with pytest.raises(StreamError):
        rans.decode(b"\xff" * 400, np.zeros(50, np.int64), table)


@pytest.mark.parametrize(
    ("symbols", "message"), [([1, 2, 3], "no fewer than 4"), ([0, 0, 0, 1 << 21], "at most")]
)
def test_what_the_coder_cannot_write_is_refused(symbols: list[int], message: str) -> None:
    table = CdfTable.checked("t", [[0, 65535, 65536]], [3], [0])
    with pytest.raises(UserError, match=message):
        rans.encode(np.array(symbols), np.zeros(len(symbols), np.int64), table)


def test_without_compressai_there_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "compressai"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    for cached in (compressai.rans, compressai.entropy_models):
        with pytest.raises(UserError, match=r"pip install 'licc\[train\]'$"):
            cached.__wrapped__()
