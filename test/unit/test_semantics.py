# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""docs/semantics.md: its examples run, its figures are the measured ones, and it knows every op."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

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
