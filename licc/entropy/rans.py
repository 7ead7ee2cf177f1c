# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""rANS strings, equal to CompressAI's: 64-bit state, 32-bit words, 16-bit frequencies.

CompressAI's own coder writes them. It is not given strings to read: it trusts them, and reads beyond the
end of one that was cut. `decode` is the same decoder with every read checked, and is held to CompressAI's
by tests in both directions.

A symbol outside its row is written as the row's last entry, then in plain: with `v` its distance,
`2v` from the end of the row or `-2v - 1` before its beginning, as nibbles, the lowest first, after
their number in nibbles of which 15 means that another one follows.
"""

from __future__ import annotations

from bisect import bisect_right

import numpy as np
import numpy.typing as npt

from licc.entropy import compressai
from licc.entropy.tables import CdfTable
from licc.errors import StreamError, UserError

__all__ = ["MAX_SYMBOL", "StreamError", "decode", "encode"]

Ints = npt.NDArray[np.int64]

LOWEST = 1 << 31
"""A state below takes another word."""

MAX_SYMBOL = 1 << 20
"""Symbols of a larger magnitude are an error: CompressAI's coder would not end on some beyond 2^27."""

# CompressAI's encoder makes room for a word a symbol, and its end takes two.
FEWEST_SYMBOLS = 4
MAX_NIBBLES = 8


def encode(symbols: npt.NDArray[np.integer], indexes: Ints, table: CdfTable) -> bytes:
    """The string of `symbols` in C order, each with the row of `table` that `indexes` names.

    Raises:
        UserError: CompressAI is not installed, there are fewer than four symbols, or one is too large.
    """
    if symbols.size < FEWEST_SYMBOLS:
        raise UserError(
            f"{symbols.size} symbols: CompressAI's coder writes no fewer than {FEWEST_SYMBOLS}"
        )
    largest = int(np.abs(symbols).max())
    if largest > MAX_SYMBOL:
        raise UserError(f"a symbol of magnitude {largest}: expected at most {MAX_SYMBOL}")
    return (
        compressai.rans()
        .RansEncoder()
        .encode_with_indexes(
            symbols.reshape(-1).tolist(),
            indexes.reshape(-1).tolist(),
            table.rows,
            table.lengths.tolist(),
            table.offsets.tolist(),
        )
    )


def decode(data: bytes, indexes: Ints, table: CdfTable) -> Ints:
    """The symbols of a string, in the shape of `indexes`.

    The whole string has to be used, and the state has to end where an encoder's begins: few damaged
    strings pass, and none makes the decoder read where it must not.

    Raises:
        StreamError: the string is none that an encoder writes for these indexes.
    """
    if len(data) < 8 or len(data) % 4:
        raise StreamError(f"a string of {len(data)} bytes: expected whole words, two at least")
    words: list[int] = np.frombuffer(data, dtype="<u4").tolist()
    state, at = words[0] | words[1] << 32, 2
    if state < LOWEST:
        raise StreamError("a string with an impossible first state")
    rows, offsets = table.rows, table.offsets.tolist()
    out: list[int] = []
    try:
        for index in indexes.reshape(-1).tolist():
            row = rows[index]
            low = state & 0xFFFF
            entry = bisect_right(row, low) - 1
            start = row[entry]
            state = (row[entry + 1] - start) * (state >> 16) + low - start
            if state < LOWEST:
                state = state << 32 | words[at]
                at += 1
            if entry == len(row) - 2:
                entry, state, at = _plain(entry, state, at, words)
            out.append(entry + offsets[index])
    except IndexError:
        raise StreamError("a string that ends before its last symbol") from None
    if at != len(words) or state != LOWEST:
        raise StreamError("a string that does not end with its last symbol")
    return np.array(out, dtype=np.int64).reshape(indexes.shape)


def _plain(last: int, state: int, at: int, words: list[int]) -> tuple[int, int, int]:
    """A symbol in plain, relative to its row, and the state and position after it."""

    def nibble() -> int:
        nonlocal state, at
        value = state & 15
        state >>= 4
        if state < LOWEST:
            state = state << 32 | words[at]
            at += 1
        return value

    # A number of 15 or more would need a second nibble; no symbol has so many.
    count = nibble()
    if count > MAX_NIBBLES:
        raise StreamError("a string with a symbol out of all bounds")
    value = sum(nibble() << (4 * i) for i in range(count))
    if value >> 1 > 2 * MAX_SYMBOL:
        raise StreamError("a string with a symbol out of all bounds")
    return (-(value >> 1) - 1 if value & 1 else last + (value >> 1)), state, at
