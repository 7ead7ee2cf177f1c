#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Wall time, processor time and peak memory of whole `licc` runs, and the size of what they write.

    python benchmarks/compile.py [--channels 128] [--latents 192] [--input 720x1280]

The network is a randomly initialised ScaleHyperprior. The time includes starting Python and importing torch.
`benchmarks/csim.py` has the same for hls4ml, on the convolutions of g_a.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NETWORKS = Path(__file__).resolve().parents[1] / "test" / "unit" / "support" / "networks.py"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--channels", type=int, default=128)
    parser.add_argument("--latents", type=int, default=192)
    parser.add_argument("--input", default="720x1280", help="HxW")
    parser.add_argument("--repeat", type=int, default=3, help="runs; each is printed")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        student, build = Path(folder) / "student.pt", Path(folder) / "build"
        shape = [str(given.channels), str(given.latents)]
        subprocess.run(
            [sys.executable, NETWORKS, "bmshj2018-hyperprior", *shape, "0", student], check=True
        )
        # The installed command: `python -m` would find the sources of a checkout first.
        command = [str(Path(sys.executable).parent / "licc"), str(student), "-o", str(build)]
        for _ in range(given.repeat):
            wall, processor, peak = measured([*command, "--input", given.input])
            size = sum(file.stat().st_size for file in build.rglob("*") if file.is_file())
            print(
                f"licc N={given.channels} M={given.latents} {given.input}: {wall:.1f} s wall, "
                f"{processor:.1f} s processor, {peak / 1e9:.2f} GB peak, build/ {size / 1e6:.1f} MB",
                flush=True,
            )


def measured(command: list[str]) -> tuple[float, float, float]:
    """Seconds of wall and processor time, and peak resident bytes, of a command that succeeds."""
    start = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    if status:
        raise SystemExit(f"{command} failed")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024.0


if __name__ == "__main__":
    main()
