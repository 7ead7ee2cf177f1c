# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""docs/semantics.md: its examples run, its figures are the measured ones, and it knows every op."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_root import ERRORS

from licc.dialects.lic import ops
from licc.interp import root

PAGE = Path(__file__).resolve().parents[2] / "docs" / "semantics.md"
TEXT = PAGE.read_text()


def test_examples() -> None:
    test = doctest.DocTestParser().get_doctest(TEXT, {}, PAGE.name, str(PAGE), 0)
    assert len(test.examples) >= 15
    written: list[str] = []
    result = doctest.DocTestRunner(verbose=False).run(test, out=written.append)
    assert result.failed == 0, "".join(written)


def test_every_op_is_described() -> None:
    names = set(re.findall(r'Lic\.Operation, name="(\w+)"', Path(ops.__file__).read_text()))
    names -= {"constant", "stage", "yield"}
    assert len(names) == 13
    missing = [name for name in names if f"`{name}`" not in TEXT and name != "gdn"]
    assert not missing
    assert "## GDN" in TEXT


def test_errors_of_the_roots() -> None:
    """The page rounds up what the sweep of test_root.py pins."""
    stated = [float(v) for v in re.findall(r"(\d\.\d\de-5)", TEXT)]
    for figure, measured in zip(stated, ERRORS.values(), strict=True):
        assert measured <= figure < measured + 1e-7


def test_mantissas() -> None:
    ranges = [root.mantissa_range(form, inv) for form in root.FORMS for inv in (False, True)]
    assert (min(lo for lo, _ in ranges), max(hi for _, hi in ranges)) == (1 << 15, 1 << 17)


# --------------------------------------------------------------------------------------------------
# Two products a DSP
# --------------------------------------------------------------------------------------------------
WEIGHTS = st.sampled_from((-128, -127, -1, 0, 127)) | st.integers(-128, 127)
ACTIVATIONS = {
    7: st.sampled_from((-128, 127)) | st.integers(-128, 127),
    4: st.sampled_from((0, 255)) | st.integers(0, 255),
}


def split(products: list[tuple[int, int, int]]) -> tuple[int, int]:
    """Low and high lane of a cascade, by the page's formulas on a 48-bit accumulator."""
    total = sum((w1 * 2**18 + w0) * a for w1, w0, a in products)
    assert -(1 << 47) <= total < 1 << 47
    bits = total & ((1 << 48) - 1)
    low = bits & ((1 << 18) - 1)
    return low - (1 << 18) * (low >> 17), (total >> 18) + (bits >> 17 & 1)


@pytest.mark.parametrize("length", ACTIVATIONS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_cascades_are_exact(length: int, data: st.DataObject) -> None:
    product = st.tuples(WEIGHTS, WEIGHTS, ACTIVATIONS[length])
    products = data.draw(st.lists(product, min_size=1, max_size=length))
    low, high = split(products)
    assert low == sum(w0 * a for _, w0, a in products)
    assert high == sum(w1 * a for w1, _, a in products)


@pytest.mark.parametrize(("length", "activation"), [(7, -128), (4, 255)])
def test_cascades_cannot_be_longer(length: int, activation: int) -> None:
    worst = (0, -128, activation)
    assert split([worst] * length) == (-128 * activation * length, 0)
    # One more overflows the low lane of i8; of u8 the extreme is negative, and five do.
    assert split([worst] * (length + 1))[0] != -128 * activation * (length + 1)
