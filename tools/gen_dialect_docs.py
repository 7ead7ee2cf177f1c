#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Write docs/dialects/*.md from the op classes and their docstrings; a test holds the pages to them."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from licc.dialects import DIALECTS, ext

DOCS = Path(__file__).parent.parent / "docs" / "dialects"


def dialect_page(dialect: Any) -> str:
    """The page of one dialect: its types and attributes, then its ops."""
    name = dialect.DIALECT_NAMESPACE
    parameters = [*dialect.types, *dialect.attributes]
    sections = [
        f"# The `{name}` dialect\n",
        (
            f"Written by tools/gen_dialect_docs.py from dialects/{name}/ops.py. "
            f"Why it is as it is: [rationale](../rationale/{name}.md).\n"
        ),
        _module_text(dialect),
        "## Types and attributes\n" if dialect.types else "## Attributes\n",
        *(_parameter_section(kind) for kind in parameters),
        "## Operations\n",
        "All ops are in MLIR's generic form.\n",
        *(_operation_section(op) for op in dialect.operations),
    ]
    return "\n".join(sections)


def _module_text(dialect: Any) -> str:
    module = inspect.getmodule(dialect.operations[0])
    assert module is not None
    _, _, rest = (inspect.getdoc(module) or "").partition("\n\n")
    return rest + "\n"


def _parameter_section(kind: Any) -> str:
    sigil = "!" if kind in kind._dialect_obj.types else "#"
    return f"### `{sigil}{kind._dialect_name}.{kind._name}`\n\n{inspect.getdoc(kind)}\n"


def _operation_section(op: Any) -> str:
    operands, _, results, regions = ext.fields(op)
    rows = [
        *(f"| operand | `{name}` | {kind} |" for name, kind in operands),
        *(f"| result | `{name}` | {kind} |" for name, kind in results),
        *(f"| region | `{name}` | one block |" for name in regions),
        *(f"| attribute | `{name}` | {kind} |" for name, kind in op.kinds.items()),
        *(
            f"| attribute | `{name}` | {kind}, may be absent |"
            for name, kind in op.optional.items()
        ),
    ]
    table = "\n".join(["| | name | kind |", "|---|---|---|", *rows, ""]) if rows else ""
    pure = "Pure. " if ext.Pure in op._traits else ""
    terminator = "Terminator. " if ext.Terminator in op._traits else ""
    isolated = "Isolated from above. " if ext.IsolatedFromAbove in op._traits else ""
    traits = (pure + terminator + isolated).strip()
    parts = [f"### `{op.OPERATION_NAME}`", inspect.getdoc(op) or "", traits, table]
    return "\n\n".join(part for part in parts if part) + ("" if table else "\n")


def pages() -> dict[Path, str]:
    """All pages, by their path."""
    return {DOCS / f"{d.DIALECT_NAMESPACE}.md": dialect_page(d) for d in DIALECTS}


if __name__ == "__main__":
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
