# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a build costs and delivers: report.txt for people, report.json for programs.

Both are made from the `hls` module, which is what is printed, and from the device's file.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from licc.report.facts import Report, collect
from licc.report.text import render

if TYPE_CHECKING:
    from torch_mlir import ir

__all__ = ["Report", "collect", "render", "write_reports"]


def write_reports(hls: ir.Module, typed: ir.Module, out: Path, options: Any) -> None:
    """Write report.txt and report.json into the build directory.

    Args:
        hls: the lowered module.
        typed: the typed `lic` module that it was made from.
        out: the build directory.
        options: the command line (`checkpoint` is named in the reports).
    """
    report = collect(hls, typed, Path(options.checkpoint).name)
    (out / "report.txt").write_text(render(report), encoding="utf-8")
    text = json.dumps(asdict(report), indent=2)
    (out / "report.json").write_text(text + "\n", encoding="utf-8")
