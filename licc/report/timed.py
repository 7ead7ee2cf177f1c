# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""timed.json of `make timed`: read, and held against the report of the same build."""

from __future__ import annotations

from pathlib import Path

from licc.errors import UserError
from licc.report.data import DesignFacts, Report, Simulated, SimulatedDesign
from licc.report.decode import decode, read_json, shown

AGAIN = "run make -C hls timed in the build again"


def read_timed(path: Path, report: Report) -> Simulated:
    """The simulation of a build.

    Args:
        path: of timed.json.
        report: of the build that it has to be of.

    Raises:
        UserError: the file cannot be read, or it is of another build.
    """
    simulated = decode(Simulated, read_json(path), path)
    known = {design.name: design for design in report.designs}
    for run in simulated.designs:
        if run.design not in known:
            raise UserError(f"{path}: design '{shown(run.design)}' is not in this build; {AGAIN}")
        reason = _mismatch(run, known[run.design], report.clock_mhz)
        if reason:
            raise UserError(f"{path}: {run.design}: {reason}; {AGAIN}")
    if len({run.design for run in simulated.designs}) != len(simulated.designs):
        raise UserError(f"{path}: a design is there twice; {AGAIN}")
    return simulated


def _mismatch(run: SimulatedDesign, design: DesignFacts, clock_mhz: int) -> str:
    """Why a run cannot be of this design, or ""."""
    if run.clock_mhz != clock_mhz:
        return f"simulated at {run.clock_mhz} MHz, but the build is for {clock_mhz} MHz"
    if run.interval < 1 or run.latency < 1 or run.frames < 1:
        return "no frame was run"
    processes = {process.name: process for process in run.processes}
    for wanted in design.processes:
        found = processes.get(wanted.name)
        if found is None:
            return f"process '{shown(wanted.name)}' was not simulated"
        if found.predicted != wanted.cycles:
            return (
                f"{shown(wanted.name)}: simulated for a schedule of {found.predicted} cycles, "
                f"but the build has {wanted.cycles}"
            )
    for process in run.processes:
        spans = list(zip(process.starts, process.ends, strict=False))
        if len(process.starts) != len(process.ends) or not spans:
            return f"{shown(process.name)}: starts and ends do not match"
        if any(start > end for start, end in spans):
            return f"{shown(process.name)}: a frame ends before it starts"
    return ""
