# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a build costs and delivers: report.html and report.txt for people, report.json for programs.

All are made from `data.Report`: `facts` reads it from the `hls` module, which is what is printed, and
`stored` from the report.json of an earlier build, together with what `make timed` has measured since.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from licc.report.data import Report
from licc.report.page import page
from licc.report.stored import files
from licc.report.text import render

if TYPE_CHECKING:
    from torch_mlir import ir

__all__ = ["Report", "page", "render", "write_reports"]


def write_reports(hls: ir.Module, typed: ir.Module, out: Path, options: Any) -> None:
    """Write report.html, report.txt and report.json into the build directory.

    Args:
        hls: the lowered module.
        typed: the typed `lic` module that it was made from.
        out: the build directory.
        options: the command line (`checkpoint` is named in the reports, and its metadata read).
    """
    from licc.report.facts import collect
    from licc.report.quality import stated_quality

    checkpoint = Path(options.checkpoint)
    report = collect(hls, typed, checkpoint.name, stated_quality(checkpoint))
    for name, text in files(report).items():
        (out / name).write_text(text, encoding="utf-8")
