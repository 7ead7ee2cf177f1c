# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Packed multiplication on Python's integers: the lanes of docs/semantics.md are exact and fit a DSP48E2."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from licc.cost.packing import packed
from licc.interp.root import RECIP_TABLE, RSQRT_TABLE

PORTS = (27, 18)
ACCUMULATOR = 48

Range = tuple[int, int]
BITS = range(4, 17)


@dataclass(frozen=True)
class Packing:
    """How factors share a DSP.

    Attributes:
        wide, narrow: ranges of the factors in the 27-bit and in the 18-bit port.
        at_wide, at_narrow: the places that they are shifted to, the lowest first.
        cascade: how many products may be summed.
    """

    wide: Range
    at_wide: tuple[int, ...]
    narrow: Range
    at_narrow: tuple[int, ...]
    cascade: int

    @property
    def places(self) -> list[int]:
        """Where the lanes begin."""
        return [a + b for a, b in product(self.at_wide, self.at_narrow)]


def greatest(interval: Range) -> int:
    return max(map(abs, interval))


def packing_of(way: str, weights: Range, values: Range) -> Packing:
    """`way` (fours: a quad of four outputs) for these ranges, with lanes as wide as they may be."""
    fours = way == "fours"
    lanes = packed("quad" if fours else way, greatest(weights), greatest(values), fours=fours)
    bits = lanes.bits
    if way == "pixels":
        return Packing(values, (0, bits), weights, (0,), lanes.cascade)
    if way == "pair":
        return Packing(weights, (0, bits), values, (0,), lanes.cascade)
    if fours:
        return Packing(weights, (0, bits, 2 * bits, 3 * bits), values, (0,), lanes.cascade)
    return Packing(weights, (0, 2 * bits), values, (0, bits), lanes.cascade)


WAYS = ("pair", "pixels", "quad", "fours")
# Where packings end: one bit more of either factor and most of them refuse.
LIMITS = [
    ("pair", (-127, 127), (-2048, 2047)),
    ("pair", (-255, 255), (-512, 511)),
    ("pair", (-128, 127), (-128, 127)),
    ("pair", (-31, 31), (-32768, 32767)),
    ("pixels", (-127, 127), (-511, 511)),
    ("pixels", (-511, 511), (0, 255)),
    ("pixels", (-1023, 1023), (-128, 127)),
    ("pixels", (-2047, 2047), (0, 127)),
    ("quad", (-7, 7), (-8, 7)),
    ("quad", (-7, 7), (-64, 63)),
    ("quad", (-31, 31), (-16, 15)),
    ("fours", (-7, 7), (-8, 7)),
]


def fits(value: int, bits: int) -> bool:
    """Whether `value` is a signed number of `bits` bits."""
    return -(1 << (bits - 1)) <= value < 1 << (bits - 1)


def pack(values: tuple[int, ...], places: tuple[int, ...], port: int) -> int:
    """A port's value."""
    value = sum(value << place for value, place in zip(values, places, strict=True))
    assert fits(value, port)
    return value


def split(total: int, places: list[int]) -> list[int]:
    """The lanes of a sum by the page's formula, on the bits of the accumulator."""
    lanes: list[int] = []
    for begin, end in pairwise(places):
        bits = end - begin
        lanes.append((total & ((1 << bits) - 1)) - (1 << (bits - 1)))
        total >>= bits
    return [*lanes, total]


def halves(places: list[int]) -> int:
    """What a cascade starts from: half of each lane but the highest."""
    return sum(1 << (end - 1) for end in places[1:])


def accumulate(packing: Packing, steps: list[tuple[tuple[int, ...], tuple[int, ...]]]) -> int:
    """The sum of packed products, and what it starts from."""
    total = halves(packing.places)
    for wide, narrow in steps:
        a = pack(wide, packing.at_wide, PORTS[0])
        b = pack(narrow, packing.at_narrow, PORTS[1])
        total += a * b
        assert fits(total, ACCUMULATOR)
    return total


def plain(packing: Packing, steps: list[tuple[tuple[int, ...], tuple[int, ...]]]) -> list[int]:
    """The same sums, product by product."""
    count = len(packing.at_wide) * len(packing.at_narrow)
    sums = [0] * count
    for wide, narrow in steps:
        for lane, (a, b) in enumerate(product(wide, narrow)):
            sums[lane] += a * b
    return sums


def values(interval: Range) -> st.SearchStrategy[int]:
    """Integers of a range, its ends most of all."""
    return st.sampled_from((*interval, 0)) | st.integers(*interval)


def steps_of(packing: Packing) -> st.SearchStrategy[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Factors of one DSP."""
    wide = st.tuples(*(values(packing.wide) for _ in packing.at_wide))
    narrow = st.tuples(*(values(packing.narrow) for _ in packing.at_narrow))
    return st.tuples(wide, narrow)


@pytest.mark.parametrize(("way", "weights", "inputs"), LIMITS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_cascades_are_exact(way: str, weights: Range, inputs: Range, data: st.DataObject) -> None:
    packing = packing_of(way, weights, inputs)
    steps = data.draw(st.lists(steps_of(packing), min_size=1, max_size=packing.cascade))
    assert split(accumulate(packing, steps), packing.places) == plain(packing, steps)


def at_extremes(packing: Packing, length: int) -> bool:
    """Whether cascades of `length` alike products are exact, for all combinations of the ends of the ranges."""
    for wide in product(packing.wide, repeat=len(packing.at_wide)):
        for narrow in product(packing.narrow, repeat=len(packing.at_narrow)):
            first = halves(packing.places)
            total = first + length * (accumulate(packing, [(wide, narrow)]) - first)
            wanted = [length * lane for lane in plain(packing, [(wide, narrow)])]
            if not fits(total, ACCUMULATOR) or split(total, packing.places) != wanted:
                return False
    return True


@pytest.mark.parametrize("way", WAYS)
def test_all_widths_at_their_extremes(way: str) -> None:
    """For every width: cascades are exact, one product more is not (of four weights, the port's limit binds)."""
    legal = 0
    for weight_bits, bits in product(BITS, BITS):
        most, half = (1 << (weight_bits - 1)) - 1, 1 << (bits - 1)
        for inputs in ((-half, half - 1), (1 - half, half - 1), (0, 2 * half - 1)):
            packing = packing_of(way, (-most, most), inputs)
            if packing.cascade == 0:
                continue
            legal += 1
            assert at_extremes(packing, packing.cascade)
            if way != "fours":
                assert not at_extremes(packing, packing.cascade + 1)
    assert legal >= 2


@pytest.mark.parametrize(("way", "weights", "inputs"), LIMITS)
def test_lanes_cannot_be_wider(way: str, weights: Range, inputs: Range) -> None:
    """With a place more between its values, one of the ports overflows."""
    packing = packing_of(way, weights, inputs)
    assert packing.cascade >= 1
    unit = packing.places[1]

    def widened(places: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(place // unit * (unit + 1) for place in places)

    ports = [(packing.wide, packing.at_wide, 27), (packing.narrow, packing.at_narrow, 18)]
    overflows = [
        not fits(sum(v << place for v, place in zip(vs, widened(places), strict=True)), port)
        for interval, places, port in ports
        for vs in product(interval, repeat=len(places))
    ]
    assert any(overflows)


# --------------------------------------------------------------------------------------------------
# Products of the roots of GDN
# --------------------------------------------------------------------------------------------------
def rshr(v: np.ndarray, shift: int) -> np.ndarray:
    return (v + (1 << (shift - 1))) >> shift


def signed_bits(v: np.ndarray) -> int:
    assert v.min() >= 0
    return int(v.max()).bit_length() + 1


def test_every_product_of_a_root_fits_one_dsp() -> None:
    """Over all mantissas, the factors have the widths that licc_hls.hpp gives them."""
    m = np.arange(1 << 16, 1 << 18)
    guess = RSQRT_TABLE[np.where(m < 1 << 17, (m >> 9) - 128, m >> 10)]
    squared = rshr(guess * guess, 16)
    left = 3 * 2**16 - rshr(m * squared, 16)
    r = rshr(guess * left, 17)
    assert signed_bits(m) == 19
    assert max(map(signed_bits, (guess, squared, r))) <= 18
    assert signed_bits(left) <= 19
    m = np.arange(1 << 16, 1 << 17)
    guess = RECIP_TABLE[(m >> 8) - 256]
    left = 2 * 2**16 - rshr(m * guess, 16)
    assert max(map(signed_bits, (m, guess))) <= 18
    assert signed_bits(left) <= 19
