# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Running one step of a pipeline, ours or upstream's: what `licc` and `licc-opt` share."""

from __future__ import annotations

import re
from dataclasses import replace

from torch_mlir import ir
from torch_mlir.passmanager import PassManager

from licc.passes.pipelines import Step, UpstreamPass
from licc.passes.registry import OptionError, Pass, PassFailure, pipeline_text

_RESTRICTED = re.compile(r"restricted to '([\w.]+)' on a PassManager intended to run on")


def check_step(step: Step, nest: bool) -> Step:
    """The step, once MLIR knows its name and options if it is upstream's; else `OptionError`.

    With `nest`, an upstream pass that works on functions only is nested in `func.func`, as mlir-opt
    does for flags.
    """
    if not isinstance(step, UpstreamPass):
        return step
    try:
        parse_upstream(step)
    except OptionError as error:
        restricted = _RESTRICTED.search(str(error))
        if not nest or not restricted:
            raise
        step = replace(step, anchors=(*step.anchors, restricted[1]))
        parse_upstream(step)
    return step


def parse_upstream(step: UpstreamPass) -> PassManager:
    """The pass manager of one upstream pass, in the current context."""
    try:
        return PassManager.parse(step.text)
    except ValueError as error:
        # MLIR's text has a caret drawing below its first line.
        reason = str(error).strip().splitlines()[0].rpartition("error: ")[2]
        raise OptionError(f"'{step.name}': {reason}") from error


def run_step(module: ir.Module, step: Step, verify: bool = True) -> None:
    """Run `step` on `module` in place, and MLIR's verifier after it.

    Raises:
        PassFailure: the pass failed, or left invalid IR; the reasons were emitted as diagnostics.
    """
    with module.context, ir.Location.unknown():
        if isinstance(step, Pass):
            step.run(module)
            if verify:
                verify_module(module)
            return
        manager = parse_upstream(step)
        manager.enable_verifier(verify)
        try:
            manager.run(module.operation)
        except ir.MLIRError as error:
            raise PassFailure from error


def verify_module(module: ir.Module) -> None:
    """Run MLIR's verifier; `PassFailure` when it refuses."""
    try:
        held = module.operation.verify()
    except ir.MLIRError as error:
        raise PassFailure from error
    if not held:
        raise PassFailure


def step_flag(step: Step) -> str:
    """The step as an argument of `licc-opt` that gives it the same options."""
    if isinstance(step, UpstreamPass):
        return f"--pass-pipeline={step.text}"
    name, brace, options = pipeline_text(step).partition("{")
    return f"--{name}={options[:-1]}" if brace else f"--{name}"
