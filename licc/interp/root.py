# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The roots of GDN in integers: a table of 256 entries and one Newton step.

A norm n (1 <= n < 2^31) is split into a mantissa and a power of two,

    form "rsqrt": n = 4^e * f, 1 <= f < 4    (forward 2^-e / sqrt(f), inverse 2^e * sqrt(f))
    form "gdn1":  n = 2^e * f, 1 <= f < 2    (forward 2^-e / f,       inverse 2^e * f)

and only f goes through the table. Mantissas have 16 fraction bits: root ~ mantissa * 2^(exponent - 16).
The tables are built with integers alone, so that every machine builds the same ones, and they reach the
emitted C++ as data. Formulas: docs/semantics.md, "GDN".
"""

import argparse
import functools
import math
from typing import Literal

import numpy as np

from licc.interp.arith import Integers, bit_length, integers, rshr, within

__all__ = [
    "FORMS",
    "NORM_MAX",
    "RECIP_TABLE",
    "RSQRT_TABLE",
    "TABLES",
    "header",
    "mantissa_range",
    "root",
    "root_by_table",
]

Form = Literal["rsqrt", "gdn1"]
FORMS: tuple[Form, ...] = ("rsqrt", "gdn1")
NORM_MAX = (1 << 31) - 1
_ONE = 1 << 16


def _rsqrt_entry(index: int) -> int:
    """`round(2^16 / sqrt(f))`, f the midpoint of interval `index`: 128 of 1/128 from 1, 128 of 1/64 from 2."""
    midpoint_256 = 257 + 2 * index if index < 128 else 2 * (257 + 2 * (index - 128))
    # round(v) = (floor(2v) + 1) // 2, and 2v = sqrt(2^42 / midpoint_256).
    return (math.isqrt((1 << 42) // midpoint_256) + 1) // 2


def _recip_entry(index: int) -> int:
    """`round(2^16 / f)`, f the midpoint of interval `index` of 256 that divide [1, 2)."""
    midpoint_512 = 513 + 2 * index
    return ((1 << 26) + midpoint_512) // (2 * midpoint_512)


def _table(entries: list[int]) -> Integers:
    table = np.array(entries, dtype=np.int64)
    table.flags.writeable = False
    return table


RSQRT_TABLE = _table([_rsqrt_entry(index) for index in range(256)])
RECIP_TABLE = _table([_recip_entry(index) for index in range(256)])
TABLES: dict[str, Integers] = {"rsqrt": RSQRT_TABLE, "gdn1": RECIP_TABLE}


def root(norm: Integers, form: str, inverse: bool) -> tuple[Integers, Integers]:
    """Mantissas and exponents of GDN's root of `norm`: root ~ mantissa * 2^(exponent - 16).

    Args:
        norm: integers in [1, 2^31), any shape.
        form: "rsqrt" (1/sqrt; inverse sqrt) or "gdn1" (1/n; inverse n).
        inverse: False to divide by, True to multiply by the root.

    Returns:
        Mantissa (at most 18 bits) and exponent, both of norm's shape.

    Raises:
        RangeError: a norm outside [1, 2^31).
    """
    magnitude, m = _normalise(integers(norm), form)
    # A mantissa depends on the leading 17 or 18 bits alone: all of them are computed once, by the
    # formula, and then looked up.
    return _mantissas(form, inverse)[m - _ONE], magnitude if inverse else -magnitude


def root_by_table(
    norm: Integers, form: str, inverse: bool, table: Integers
) -> tuple[Integers, Integers]:
    """`root` by its formula, step by step as the hardware does it, with `table` (256 entries)."""
    magnitude, m = _normalise(integers(norm), form)
    return _mantissa(m, form, inverse, table), magnitude if inverse else -magnitude


def mantissa_range(form: str, inverse: bool) -> tuple[int, int]:
    """The least and the greatest mantissa that `root` ever returns (over all norms)."""
    every = _mantissas(form, inverse)
    return int(every.min()), int(every.max())


def _normalise(norm: Integers, form: str) -> tuple[Integers, Integers]:
    """Exponent and the leading bits of `norm`, 16 of them behind the binary point."""
    if form not in FORMS:
        raise ValueError(f"expected form 'rsqrt' or 'gdn1', but got '{form}'")
    within(norm, 1, NORM_MAX, "norm")
    bits = bit_length(norm) - 1
    if form == "rsqrt":
        magnitude = bits >> 1
        return magnitude, (norm << (30 - 2 * magnitude)) >> 14
    return bits, (norm << (30 - bits)) >> 14


def _mantissa(m: Integers, form: str, inverse: bool, table: Integers) -> Integers:
    if form == "rsqrt":
        return _sqrt_mantissa(m, inverse, table)
    return m.copy() if inverse else _recip_mantissa(m, table)


def _sqrt_mantissa(m: Integers, inverse: bool, table: Integers) -> Integers:
    """Mantissa 2^16 / sqrt(m) for m in [2^16, 2^18), or m times it."""
    index = np.where(m < 2 * _ONE, (m >> 9) - 128, m >> 10)
    r0 = table[index]
    squared = rshr(r0 * r0, 16)
    product = rshr(m * squared, 16)
    r = rshr(r0 * (3 * _ONE - product), 17)
    return rshr(m * r, 16) if inverse else r


def _recip_mantissa(m: Integers, table: Integers) -> Integers:
    """Mantissa 2^16 / m for m in [2^16, 2^17)."""
    r0 = table[(m >> 8) - 256]
    product = rshr(m * r0, 16)
    return rshr(r0 * (2 * _ONE - product), 16)


@functools.cache
def _mantissas(form: str, inverse: bool) -> Integers:
    end = 4 * _ONE if form == "rsqrt" else 2 * _ONE
    every = _mantissa(np.arange(_ONE, end, dtype=np.int64), form, inverse, TABLES[form])
    every.flags.writeable = False
    return every


def header() -> str:
    """The two tables as C++ initialisers (compilers of the emitted code read them from hls.rom)."""
    return "".join(
        f"static const std::uint32_t {name}[256] = {{\n{_rows(table)}}};\n"
        for name, table in (("LICC_RSQRT_TABLE", RSQRT_TABLE), ("LICC_RECIP_TABLE", RECIP_TABLE))
    )


def _rows(table: Integers) -> str:
    rows = table.reshape(32, 8).tolist()
    return "".join(f"    {', '.join(map(str, row))},\n" for row in rows)


def main() -> None:
    """`python -m licc.interp.root --header` prints the tables."""
    parser = argparse.ArgumentParser(description="the tables of GDN's roots")
    parser.add_argument("--header", action="store_true", required=True, help="print them as C++")
    parser.parse_args()
    print(header(), end="")


if __name__ == "__main__":
    main()
