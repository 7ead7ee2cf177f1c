#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Write the pages of docs/ that are made from tables in the code; a test holds them to it."""

from __future__ import annotations

from pathlib import Path

from licc.driver.phases import markdown_table

DOCS = Path(__file__).parent.parent / "docs"


def phases_page() -> str:
    """docs/phases.md."""
    return f"""# Phases

Written by tools/write_docs.py from licc/driver/phases.py.

{markdown_table()}

`licc --compile-to=PHASE` stops after a phase and writes its IR with all constants. A whole build keeps the IR
after every phase in `ir/`, with constants of more than 16 elements elided unless `--dump-ir=full` is given.
"""


if __name__ == "__main__":
    (DOCS / "phases.md").write_text(phases_page(), encoding="utf-8")
