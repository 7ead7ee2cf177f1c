#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How long schedules take, and how near to their proven bounds they are, for several networks and devices.

    python benchmarks/schedule.py [--widths 32 64 128] [--targets zcu102 u250] [--share role] [--precision int8]

The networks are randomly initialised ScaleHyperpriors with 192 latents, all four transforms. The time is that of the
pass lic-schedule with its check, without start-up, calibration and typing. A rate is predicted, not measured.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Literal

from torch_mlir import ir

from licc.dialects import make_context
from licc.passes.lic_fuse import LicFuse
from licc.passes.lic_schedule import LicSchedule
from licc.passes.lic_tile import LicTile
from licc.passes.registry import PassFailure

Share = Literal["auto", "role", "transform"]
NETWORKS = Path(__file__).resolve().parents[1] / "test" / "unit" / "support" / "networks.py"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--widths", nargs="+", type=int, default=[32, 64, 128])
    parser.add_argument(
        "--targets", nargs="+", default=["zcu102", "zcu104", "kv260", "ultra96v2", "u250"]
    )
    parser.add_argument("--share", choices=["auto", "role", "transform"], default="auto")
    parser.add_argument("--input", default="720x1280", help="HxW")
    parser.add_argument("--precision", default="int8", help="see licc --help")
    given = parser.parse_args()
    print("| network | device | schedule | what shares: FPS, gap |\n|---|---|---|---|", flush=True)
    for width in given.widths:
        typed = typed_module(width, given.input, given.precision)
        for target in given.targets:
            print(f"| N={width} | {target} | {row(typed, target, given.share)} |", flush=True)


def typed_module(width: int, size: str, precision: str) -> str:
    """The typed module of a network, as text."""
    with tempfile.TemporaryDirectory() as folder:
        network, typed = Path(folder) / "network.pt", Path(folder) / "typed.mlir"
        shape = [str(width), "192", "0"]
        command = [sys.executable, NETWORKS, "bmshj2018-hyperprior", *shape, network]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        licc = Path(sys.executable).parent / "licc"
        command = [licc, network, "-o", typed, "--input", size, "--precision", precision]
        subprocess.run([*command, "--compile-to", "type"], check=True)
        return typed.read_text()


def row(typed: str, target: str, share: Share) -> str:
    """Seconds, and rate and gap of each group that shares the device."""
    module = ir.Module.parse(typed, make_context())
    LicFuse().run(module)
    try:
        LicTile(target=target, share=share).run(module)
        start = time.perf_counter()
        LicSchedule(target=target, share=share).run(module)
    except PassFailure:
        return "- | does not fit"
    seconds = time.perf_counter() - start
    attributes = module.operation.attributes
    clock = ir.IntegerAttr(attributes["lic.clock_mhz"]).value
    groups = ir.DictAttr(attributes["lic.schedule"])
    texts: list[str] = []
    for named in groups:
        found = ir.DictAttr(named.attr)
        cycles, gap = (ir.IntegerAttr(found[name]).value for name in ("cycles", "gap_ppm"))
        texts.append(f"{named.name} {clock * 1e6 / cycles:.1f}, {gap / 1e4:.2f} %")
    return f"{seconds:.1f} s | {'; '.join(texts)}"


if __name__ == "__main__":
    main()
