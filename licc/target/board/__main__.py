# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`python -m licc.target.board FILE.mlir`: prints what the host and Vitis are told of an `hls` module, for tests."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from torch_mlir import ir

from licc.dialects import make_context
from licc.target.board.accelerator import accelerator_of, description
from licc.target.board.write import vitis_files
from licc.target.emit.write import parameter_files, views_of


def main(arguments: list[str] | None = None) -> int:
    """Print `host/accelerator.json`, or with --vitis the files of `vitis/`, each behind a line with its name."""
    parser = argparse.ArgumentParser(prog="python -m licc.target.board", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--vitis", action="store_true", help="print the files of vitis/ instead")
    given = parser.parse_args(arguments)
    with make_context(), ir.Location.unknown():
        module = ir.Module.parse(given.file.read_text(encoding="utf-8"))
        views = views_of(module)
        accelerator = accelerator_of(module, views)
        if given.vitis:
            for path, text in vitis_files(accelerator).items():
                print(f"=== {path}\n{text}")
            return 0
        _, parameters = parameter_files([design for _, design in views])
        print(json.dumps(description(accelerator, parameters), indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
