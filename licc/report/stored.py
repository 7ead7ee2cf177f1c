# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The files of a report, and how one is read back."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

from licc.errors import UserError
from licc.report.data import FORMAT, Report
from licc.report.decode import decode, read_json
from licc.report.page import page
from licc.report.text import render
from licc.report.timed import read_timed

TIMED = Path("hls", "timed.json")


def files(report: Report) -> dict[str, str]:
    """The texts of the files of a report by name."""
    return {
        "report.html": page(report),
        "report.json": json.dumps(asdict(report), indent=2) + "\n",
        "report.txt": render(report),
    }


def read_build(build: Path) -> Report:
    """The report of a build, with the simulation of it if there is one by now.

    Raises:
        UserError: there is no build, or one of its files is not what it should be.
    """
    path = build / "report.json"
    if not build.is_dir():
        raise UserError(f"{build}: no such folder")
    if not path.exists():
        raise UserError(f"{build}: no report.json in it, so not a build of licc")
    data = read_json(path)
    found = data.get("format", 1) if isinstance(data, dict) else None
    if isinstance(found, int) and found != FORMAT:
        age = "an older" if found < FORMAT else "a newer"
        raise UserError(f"{path}: of {age} licc (format {found}, not {FORMAT}); run licc again")
    report = replace(decode(Report, data, path), simulated=None)
    _check(report, path)
    timed = build / TIMED
    return replace(report, simulated=read_timed(timed, report)) if timed.exists() else report


def _check(report: Report, path: Path) -> None:
    """What the pages divide by and look up."""
    if report.clock_mhz < 1 or not report.designs:
        raise UserError(f"{path}: has no design or no clock; run licc again")
    names = {design.name for design in report.designs}
    if len(names) != len(report.designs):
        raise UserError(f"{path}: a design is there twice; run licc again")
    for role in report.roles:
        missing = [name for name in role.designs if name not in names]
        if missing or not role.designs:
            raise UserError(f"{path}: a role without its designs; run licc again")
    for design in report.designs:
        if design.cycles < 1 or design.stripes < 1 or not design.processes:
            raise UserError(f"{path}: a design of no cycles or no processes; run licc again")
        shapes = [design.input, design.output, design.source.shape, design.sink.shape]
        for process in design.processes:
            shapes += [process.input, process.output]
            if process.folding is not None and len(process.folding) != 5:
                raise UserError(f"{path}: a folding that is not of five; run licc again")
        if any(len(shape) != 3 for shape in shapes):
            raise UserError(f"{path}: a shape that is not of three; run licc again")
