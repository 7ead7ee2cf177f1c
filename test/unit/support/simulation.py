# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Emitting modules of tests, and running what was emitted."""

import os
import subprocess
import sys
from pathlib import Path

from torch_mlir import ir

from licc.dialects import make_context
from licc.target.emit import EmitOptions, write_build

NAMES = ("g_a", "g_s", "h_a", "h_s")
TOPS = ("encoder", "decoder", "hyper_encoder", "hyper_decoder")


def emit(text, out: Path, golden, inputs):
    """Write the build of a module; golden data are given, not interpreted."""
    with make_context(), ir.Location.unknown():
        module = ir.Module.parse(text)
        assert module.operation.verify()
        write_build(module, out, EmitOptions(golden_inputs=inputs, run=lambda _op, _x: golden))


def make(out: Path, target="csim", **variables):
    """Run `make TARGET` in the emitted folder; all that it printed and its status."""
    given = {"PYTHON": sys.executable, "FRAMES": 2, "OPTIMISE": "-O1", **variables}
    done = subprocess.run(
        ["make", "-s", "-C", str(out / "hls"), target, *(f"{k}={v}" for k, v in given.items())],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env={**os.environ, "MAKEFLAGS": ""},
    )
    return done.returncode, done.stdout


def expect_exact(out: Path, designs, target="csim"):
    """Every design of a build simulates without a mismatch, and nothing warns."""
    status, text = make(out, target)
    assert status == 0, text
    assert text.count(": 0 mismatches of ") == designs, text
    assert "warning" not in text.lower(), text
