# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a user asks of `licc`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

DEFAULT_INPUT = (720, 1280)
DEFAULT_OUTPUT = Path("build")
DEFAULT_TARGET = "zcu102"
DEFAULT_PRECISION = "hybrid"


@dataclass(frozen=True)
class Options:
    """The command line of `licc`, checked as far as it can be without reading the checkpoint.

    Attributes:
        checkpoint: the student, or whatever else `licc.ingress` reads.
        output: the build directory; with `compile_to` a file, or None for standard output.
        target: the name of a device in licc/data/devices.
        input_hw: height and width of the images.
        precision: the quantization policy, as `licc.quantize.load` reads it; None for what training chose, or
            `DEFAULT_PRECISION` where it did not.
        calibrate: folder of images; None for the embedded set.
        golden: image that the testbench runs; None for the one that ships with licc.
        transforms: those to compile; None for all that the checkpoint has.
        clock_mhz: None for the clock of the target.
        stripes: column stripes of g_a and g_s: a number, or "auto".
        fps: images a second that are enough; None for as many as possible.
        role: "auto" for encoder and decoder, each with the whole device, or "codec" for both at once.
        share: what shares the device: "role", "transform" (each alone) or "auto".
        time_limit: seconds for the schedule; None for a limit that does not depend on the machine.
        compile_to: name of the last phase; "emit" for a whole build.
        full_dumps: keep the constants in the dumps of build/ir.
        verbose: a line for each phase, and tracebacks.
    """

    checkpoint: Path
    output: Path | None = DEFAULT_OUTPUT
    target: str = DEFAULT_TARGET
    input_hw: tuple[int, int] = DEFAULT_INPUT
    precision: str | None = None
    calibrate: Path | None = None
    golden: Path | None = None
    transforms: tuple[str, ...] | None = None
    clock_mhz: int | None = None
    stripes: str = "auto"
    fps: float | None = None
    role: str = "auto"
    share: str = "auto"
    time_limit: int | None = None
    compile_to: str = "emit"
    full_dumps: bool = False
    verbose: bool = False
