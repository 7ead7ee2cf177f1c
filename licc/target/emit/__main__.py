# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`python -m licc.target.emit FILE.mlir`: prints the C++ of a module of `hls.design` ops, for tests.

Exit status 1 and one line on stderr for what the printer does not know.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from torch_mlir import ir

from licc.dialects import make_context
from licc.target.emit.printer import print_design, print_testbench
from licc.target.emit.view import Design, EmitError
from licc.target.emit.write import print_library, views_of


def main(arguments: list[str] | None = None) -> int:
    """Print the header and the source of each design, or what is asked for instead."""
    parser = argparse.ArgumentParser(prog="python -m licc.target.emit", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--testbench", action="store_true", help="print tb.cpp instead")
    parser.add_argument("--csim", action="store_true", help="print csim.cpp instead")
    given = parser.parse_args(arguments)
    with make_context(), ir.Location.unknown():
        module = ir.Module.parse(given.file.read_text())
        try:
            designs = [design for _, design in views_of(module)]
            texts = _texts(designs, given)
        except EmitError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
    print("\n".join(texts))
    return 0


def _texts(designs: list[Design], given: argparse.Namespace) -> list[str]:
    if given.testbench:
        return [print_testbench(designs)]
    if given.csim:
        return [print_library(designs)]
    return [text for design in designs for text in print_design(design)]


if __name__ == "__main__":
    sys.exit(main())
