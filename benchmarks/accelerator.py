#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Frame rates of emitted accelerators in timed simulation, beside what their schedules predict.

    python benchmarks/accelerator.py [--cases sh64@720x1280 sh128@512x768:200 bls128@1365x2048] [--share role]

A case is NETWORK@HxW[:MHZ]; a network is `shN` (a randomly initialised ScaleHyperprior with N channels and 192
latents) or the path of a checkpoint. Each is compiled for the target, and the emitted C++ is run against the clock
(`make timed`). Nothing here was measured on a board.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

NETWORKS = Path(__file__).resolve().parents[1] / "test" / "unit" / "support" / "networks.py"
BIN = Path(sys.executable).parent
CASES = (
    "sh64@720x1280",
    "sh128@720x1280",
    "sh32@720x1280",
    "sh64@1080x1920",
    "sh128@1080x1920",
    "sh32@1080x1920",
    "sh128@512x768:200",
)
HEADER = (
    "| case | transform | cycles predicted | simulated | worst process | FPS | ms | latency ms | DSP | MAC/cycle/DSP "
    "| BRAM18 | LUT | FF | lost to FIFOs |\n|" + "---|" * 14
)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", nargs="+", default=list(CASES), metavar="NETWORK@HxW[:MHZ]")
    parser.add_argument("--target", default="zcu102")
    parser.add_argument("--share", default="transform", help="see licc --help")
    parser.add_argument("--transforms", default="g_a,g_s")
    parser.add_argument("--precision", default="int8", help="see licc --help")
    parser.add_argument("--frames", type=int, default=3, help="back to back in a simulation")
    given = parser.parse_args()
    print(HEADER, flush=True)
    for case in given.cases:
        with tempfile.TemporaryDirectory() as folder:
            for row in rows(case, given, Path(folder)):
                print(row, flush=True)


def rows(case: str, given: argparse.Namespace, folder: Path) -> list[str]:
    """Compile and simulate one case; a row for each transform."""
    network, _, rest = case.rpartition("@")
    size, _, clock = rest.partition(":")
    build = folder / "build"
    command = [
        BIN / "licc",
        checkpoint(network, folder),
        "-o",
        build,
        "--target",
        given.target,
        "--input",
        size,
    ]
    command += ["--share", given.share, "--transforms", given.transforms]
    command += ["--precision", given.precision]
    run([*command, "--clock", clock] if clock else command)
    python = f"PYTHON={sys.executable}"
    run(["make", "-s", "-C", build / "hls", "timed", python, f"TIMED_FRAMES={given.frames}"])
    report = json.loads((build / "report.json").read_text())
    timed = json.loads((build / "hls" / "timed.json").read_text())
    designs = {design["name"]: design for design in report["designs"]}
    return [row(case, designs[t["design"]], t, report) for t in timed["designs"]]


def row(case: str, design: dict[str, Any], timed: dict[str, Any], report: dict[str, Any]) -> str:
    """A row of the table. With stripes, a frame of the image is so many frames of the design."""
    stripes = design["stripes"]
    predicted, simulated = design["cycles"] * stripes, timed["interval"] * stripes
    clock = report["clock_mhz"]
    worst = max(timed["processes"], key=deviation)
    # Halo columns are no useful work.
    side = max(design["input"], design["output"], key=lambda shape: shape[2])
    useful = design["macs"] * report["padded"][1] / side[2]
    used = [
        f"{design[name]} ({design[name] / report['total'][name]:.0%})"
        for name in ("bram18", "lut", "ff")
    ]
    cells = [
        f"{Path(case).name}{f', {stripes} stripes' if stripes > 1 else ''}",
        design["name"],
        predicted,
        f"{simulated} ({simulated / predicted - 1:+.2%})",
        f"{worst['name']} {deviation(worst):+.2%}",
        f"{clock * 1e6 / simulated:.2f}",
        f"{simulated / clock / 1e3:.2f}",
        f"{(timed['latency'] + simulated - timed['interval']) / clock / 1e3:.2f}",
        design["dsp"],
        f"{useful / simulated / design['dsp']:.3f}",
        *used,
        timed["fifo_caused"],
    ]
    return f"| {' | '.join(map(str, cells))} |"


def deviation(process: dict[str, Any]) -> float:
    """How far a process was busier than predicted, as a share."""
    predicted = process["predicted"]
    return abs(process["busy"] / predicted - 1) if predicted else 0.0


def checkpoint(network: str, folder: Path) -> Path:
    """The checkpoint of a case; random ones are written to `folder`."""
    if not network.removeprefix("sh").isdigit():
        return Path(network)
    path = folder / "network.pt"
    width = network.removeprefix("sh")
    run([sys.executable, NETWORKS, "bmshj2018-hyperprior", width, "192", "0", path])
    return path


def run(command: list[Any]) -> None:
    """Run a command that has to succeed, its output on standard error only if it does not."""
    done = subprocess.run(
        command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} failed:\n{done.stdout}")


if __name__ == "__main__":
    main()
