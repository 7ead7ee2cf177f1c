# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The roots of GDN: tables by exact inequalities, roots by a model on Python's integers, errors by a sweep."""

from __future__ import annotations

import re
import subprocess
import sys
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.hls_modules import Gdn, root_table

from licc.interp.arith import RangeError
from licc.interp.root import (
    FORMS,
    NORM_MAX,
    RECIP_TABLE,
    RSQRT_TABLE,
    TABLES,
    header,
    mantissa_range,
    root,
    root_by_table,
)

CASES = [(form, inverse) for form in FORMS for inverse in (False, True)]
NORMS = st.integers(1, NORM_MAX) | st.integers(0, 30).flatmap(
    lambda bit: st.integers(max(1, (1 << bit) - 2), (1 << bit) + 2)
)
# The largest relative errors, measured over every norm; docs/semantics.md states the last digits.
ERRORS = {
    ("rsqrt", False): 3.364e-5,
    ("rsqrt", True): 3.668e-5,
    ("gdn1", False): 2.992e-5,
    ("gdn1", True): 1.526e-5,
}


def model(norm: int, form: str, inverse: bool) -> tuple[int, int]:
    """The tests' own formula, on Python's integers."""
    return Gdn.root(SimpleNamespace(form=form, inverse=inverse), norm)


def real(norms: np.ndarray, form: str, inverse: bool) -> np.ndarray:
    power = 0.5 if form == "rsqrt" else 1.0
    return norms.astype(np.float64) ** (power if inverse else -power)


# --------------------------------------------------------------------------------------------------
# Tables
# --------------------------------------------------------------------------------------------------
def test_rsqrt_entries_are_rounded_exactly() -> None:
    for index, entry in enumerate(RSQRT_TABLE.tolist()):
        half = Fraction(2 * (index % 128) + 1, 256)
        middle = (1 + half) * (1 if index < 128 else 2)
        # |entry - 2^16 / sqrt(middle)| <= 1/2, squared.
        square = Fraction(1 << 32) / middle
        assert (entry - Fraction(1, 2)) ** 2 <= square <= (entry + Fraction(1, 2)) ** 2


def test_recip_entries_are_rounded_exactly() -> None:
    for index, entry in enumerate(RECIP_TABLE.tolist()):
        middle = 1 + Fraction(2 * index + 1, 512)
        assert abs(entry - Fraction(1 << 16) / middle) <= Fraction(1, 2)


@pytest.mark.parametrize("form", FORMS)
def test_tables(form: str) -> None:
    table = TABLES[form]
    assert table.shape == (256,)
    np.testing.assert_array_equal(table, root_table(form))
    assert (np.diff(table) < 0).all()
    assert table.max() < 1 << 17
    with pytest.raises(ValueError, match="read-only"):
        table[0] = 1


def test_header_holds_both_tables() -> None:
    parts = header().split("LICC_RECIP_TABLE")
    for text, table in zip(parts, (RSQRT_TABLE, RECIP_TABLE), strict=True):
        body = text[text.index("{") : text.index("}")]
        assert [int(v) for v in re.findall(r"\d+", body)] == table.tolist()


def test_header_from_the_command_line() -> None:
    command = [sys.executable, "-m", "licc.interp.root", "--header"]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == header()


# --------------------------------------------------------------------------------------------------
# Roots
# --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("form", "inverse"), CASES)
@settings(max_examples=400, deadline=None)
@given(norm=NORMS)
@example(norm=1)
@example(norm=2)
@example(norm=3)
@example(norm=4)
@example(norm=NORM_MAX)
@example(norm=1 << 30)
def test_root_is_the_model(form: str, inverse: bool, norm: int) -> None:
    mantissa, exponent = root(np.array([norm]), form, inverse)
    assert (int(mantissa[0]), int(exponent[0])) == model(norm, form, inverse)


@pytest.mark.parametrize(("form", "inverse"), CASES)
def test_powers_of_two_and_their_neighbours(form: str, inverse: bool) -> None:
    norms = sorted({(1 << bit) + by for bit in range(32) for by in (-1, 0, 1)} - {0})
    norms = [n for n in norms if n <= NORM_MAX]
    mantissas, exponents = root(np.array(norms), form, inverse)
    found = list(zip(mantissas.tolist(), exponents.tolist(), strict=True))
    assert found == [model(n, form, inverse) for n in norms]


@pytest.mark.parametrize(("form", "inverse"), CASES)
def test_every_mantissa_is_the_model_and_fits_18_bits(form: str, inverse: bool) -> None:
    # Norms with 16 bits behind the leading one or two: each mantissa of the table's domain once.
    norms = np.arange(1 << 16, 1 << (18 if form == "rsqrt" else 17))
    mantissas, exponents = root(norms, form, inverse)
    looked_up = root_by_table(norms, form, inverse, TABLES[form])
    np.testing.assert_array_equal(looked_up[0], mantissas)
    np.testing.assert_array_equal(looked_up[1], exponents)
    assert (mantissas.min(), mantissas.max()) == mantissa_range(form, inverse)
    assert 0 < mantissas.min()
    assert mantissas.max() < 1 << 18
    for norm in norms[:: 251 if form == "rsqrt" else 127].tolist():
        index = norm - (1 << 16)
        assert (mantissas[index], exponents[index]) == model(norm, form, inverse)


@pytest.mark.parametrize(("form", "inverse"), CASES)
def test_largest_error_over_all_norms(form: str, inverse: bool) -> None:
    """Norms that share a mantissa are an interval, and the error is largest at one of its ends."""
    step, top = (2, 18) if form == "rsqrt" else (1, 17)
    mantissas = np.arange(1 << 16, 1 << top)
    worst = 0.0
    for shift in range(-16, 31 - 16, step):
        norms = mantissas >> -shift
        if shift >= 0:
            norms = np.concatenate([mantissas << shift, ((mantissas + 1) << shift) - 1])
        norms = norms[norms <= NORM_MAX]
        mantissa, exponent = root(norms, form, inverse)
        found = np.ldexp(mantissa.astype(np.float64), exponent - 16)
        worst = max(worst, float(np.abs(found / real(norms, form, inverse) - 1).max()))
    assert ERRORS[form, inverse] - 1e-8 <= worst <= ERRORS[form, inverse]


@pytest.mark.parametrize("norm", [0, -1, NORM_MAX + 1])
@pytest.mark.parametrize("form", FORMS)
def test_norms_outside_the_domain(norm: int, form: str) -> None:
    with pytest.raises(RangeError, match="norm of"):
        root(np.array([1, norm]), form, False)
    with pytest.raises(RangeError, match="norm of"):
        root_by_table(np.array([norm]), form, False, TABLES[form])


def test_unknown_form() -> None:
    with pytest.raises(ValueError, match="expected form 'rsqrt' or 'gdn1', but got 'sqrt'"):
        root(np.array([1]), "sqrt", False)


def test_shapes_are_kept() -> None:
    norms = np.arange(1, 25).reshape(2, 3, 4)
    for part in root(norms, "rsqrt", False):
        assert part.shape == norms.shape
    empty = root(np.zeros((0, 3), np.int64), "gdn1", True)
    assert empty[0].shape == (0, 3)


def test_a_wrong_table_gives_other_roots() -> None:
    norms = np.arange(1, 1000)
    shifted = np.roll(RSQRT_TABLE, 1)
    right, _ = root(norms, "rsqrt", False)
    assert (root_by_table(norms, "rsqrt", False, shifted)[0] != right).any()
