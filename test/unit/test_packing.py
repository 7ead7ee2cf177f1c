# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Packed multiplication on Python's integers: the lanes of docs/semantics.md are exact and fit a DSP48E2."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from licc.interp.root import RECIP_TABLE, RSQRT_TABLE

ROOT = Path(__file__).resolve().parents[2]
PORTS = (27, 18)
ACCUMULATOR = 48

Range = tuple[int, int]
I4, U4, I8, U8 = (-8, 7), (0, 15), (-128, 127), (0, 255)


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


PACKINGS = {
    "pair i8": Packing(I8, (0, 18), I8, (0,), 7),
    "pair u8": Packing(I8, (0, 18), U8, (0,), 4),
    "pair 9 bits": Packing(I8, (0, 18), (-256, 255), (0,), 3),
    "pair 10 bits": Packing(I8, (0, 18), (-512, 511), (0,), 1),
    "pixels i8": Packing(I8, (0, 18), I8, (0,), 7),
    "pixels u8": Packing(U8, (0, 18), I8, (0,), 4),
    "pixels 9 bits": Packing((-255, 255), (0, 18), I8, (0,), 3),
    "pixels 10 bits": Packing((-511, 511), (0, 17), I8, (0,), 1),
    "quad i4": Packing(I4, (0, 22), I4, (0, 11), 15),
    "quad u4": Packing(I4, (0, 22), U4, (0, 11), 8),
    "four i4": Packing((-7, 7), (0, 7, 14, 21), I4, (0,), 1),
}


def fits(value: int, bits: int) -> bool:
    """Whether `value` is a signed number of `bits` bits."""
    return -(1 << (bits - 1)) <= value < 1 << (bits - 1)


def pack(values: tuple[int, ...], places: tuple[int, ...], port: int) -> int:
    """A port's value."""
    packed = sum(value << place for value, place in zip(values, places, strict=True))
    assert fits(packed, port)
    return packed


def split(total: int, places: list[int]) -> list[int]:
    """The lanes of a sum by the page's formula, on the bits of the accumulator."""
    lanes: list[int] = []
    for begin, end in pairwise(places):
        bits = end - begin
        low = total & ((1 << bits) - 1)
        lanes.append(low - (low >> (bits - 1) << bits))
        total = (total >> bits) + (total >> (bits - 1) & 1)
    return [*lanes, total]


def accumulate(packing: Packing, steps: list[tuple[tuple[int, ...], tuple[int, ...]]]) -> int:
    """The sum of packed products."""
    total = 0
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


@pytest.mark.parametrize("name", PACKINGS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_cascades_are_exact(name: str, data: st.DataObject) -> None:
    packing = PACKINGS[name]
    steps = data.draw(st.lists(steps_of(packing), min_size=1, max_size=packing.cascade))
    assert split(accumulate(packing, steps), packing.places) == plain(packing, steps)


@pytest.mark.parametrize("name", PACKINGS)
def test_the_extremes(name: str) -> None:
    """Every combination of the ends of the ranges, as often as a cascade is long."""
    packing = PACKINGS[name]
    for wide in product(packing.wide, repeat=len(packing.at_wide)):
        for narrow in product(packing.narrow, repeat=len(packing.at_narrow)):
            steps = [(wide, narrow)] * packing.cascade
            assert split(accumulate(packing, steps), packing.places) == plain(packing, steps)


@pytest.mark.parametrize("name", [name for name in PACKINGS if name != "pixels 9 bits"])
def test_cascades_cannot_be_longer(name: str) -> None:
    """Two positions of 9 bits are cut like two outputs, though -256 is never among them."""
    packing = PACKINGS[name]
    greatest = max(map(abs, packing.wide)) * max(map(abs, packing.narrow))
    room = (1 << (packing.places[1] - 1)) - 1
    assert packing.cascade == room // greatest


@pytest.mark.parametrize(
    ("wide", "places"), [((-512, -512), (0, 17)), ((-512, -1), (0, 17)), ((-256, -256), (0, 18))]
)
def test_the_least_activation_does_not_fit_beside_another(
    wide: tuple[int, int], places: tuple[int, int]
) -> None:
    assert not fits(sum(v << place for v, place in zip(wide[::-1], places, strict=True)), PORTS[0])


def test_the_page_states_the_cascades() -> None:
    text = (ROOT / "docs" / "semantics.md").read_text()
    rows = re.findall(r"^\| `(?:pair|pixels|quad)`.*\| (.+) \|$", text, re.MULTILINE)
    pixels = "i8: 7, u8: 4, 9 bits: 3"
    assert rows == [f"{pixels}, 10 bits: 1", pixels, "1", "i4: 15, u4: 8", "1"]


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
