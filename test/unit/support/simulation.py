# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Emitting modules of tests, and running what was emitted."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from torch_mlir import ir

from licc.dialects import make_context
from licc.interp import hls
from licc.target.emit import EmitOptions, write_build

NAMES = ("g_a", "g_s", "h_a", "h_s")
TOPS = ("encoder", "decoder", "hyper_encoder", "hyper_decoder")


def emit(text, out: Path, golden, inputs, frames=2):
    """Write the build of a module, once the interpreter agrees with `golden`: what each process writes.

    The golden frames are different ones: the first is `inputs`, the others are that turned around.
    """
    with make_context(), ir.Location.unknown():
        module = ir.Module.parse(text)
        assert module.operation.verify()
        for name, op in hls.designs(module).items():
            for process, values in hls.run(op, inputs[name]).items():
                np.testing.assert_array_equal(values, golden[process], process)
        images = {name: one_below(values, frames) for name, values in inputs.items()}
        options = EmitOptions(feed=lambda name, _results: images[name], frames=frames)
        write_build(module, out, options)


def one_below(values, frames):
    """`frames` frames, as if of one high image: the first is `values`, the others are turned around."""
    axes = [(), (1, 2), (2,), (1,)]
    return np.concatenate([np.flip(values, axes[i % 4]) for i in range(frames)], axis=1)


def make(out: Path, target="csim", **variables):
    """Run `make TARGET` in the emitted folder; all that it printed and its status."""
    given = {"PYTHON": sys.executable, "CALLS": 2, "OPTIMISE": "-O1", **variables}
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
