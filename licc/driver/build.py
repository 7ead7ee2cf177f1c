# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""From a checkpoint through the phases, in memory, and into a build directory."""

from __future__ import annotations

import json
import shlex
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from licc import __version__
from licc.driver import build_dir
from licc.driver.options import DEFAULT_PRECISION, Options
from licc.driver.phases import BY_NAME, PHASES, Phase
from licc.driver.progress import Progress
from licc.errors import UserError
from licc.passes import registry

if TYPE_CHECKING:
    from torch_mlir import ir

    from licc.driver.diagnostics import Diagnostic

# Dumps are for reading: longer constants are elided, unless they are asked for.
DUMP_ELEMENTS = 16

Visit = Callable[[Phase, "ir.Module"], None]


class CompileError(Exception):
    """A phase failed. The text is what a user sees: lines, the first ones beginning with `error: `."""


def run_phases(options: Options, last: Phase, progress: Progress, visit: Visit) -> None:
    """Run the phases up to `last`, and call `visit` with the module after each.

    Raises:
        UserError: the checkpoint or an option is at fault.
        CompileError: a pass failed.
    """
    module: ir.Module | None = None
    for phase in PHASES[: PHASES.index(last) + 1]:
        if phase.number is None:
            break
        with progress.phase(phase.name, phase.step):
            if phase.pass_name is None:
                module = _ingress(options)
            else:
                assert module is not None
                _run_pass(options, phase.pass_name, module)
        if phase.name == "calibrate":
            assert module is not None
            _say_whose_scales(options, module, progress)
        visit(phase, module)


def _ingress(options: Options) -> ir.Module:
    from licc import dialects
    from licc.ingress import import_checkpoint

    try:
        return import_checkpoint(
            options.checkpoint, options.input_hw, dialects.make_context(), options.transforms
        )
    except (UserError, KeyboardInterrupt):
        raise
    except Exception as error:
        raise _internal(options, "ingress", error) from error


def _say_whose_scales(options: Options, module: ir.Module, progress: Progress) -> None:
    """Say that calibration was left out, where it was."""
    from licc.quantize import forms

    if forms.carried(module):
        only = "; --calibrate only measures noise" if options.calibrate else ""
        progress.note(f"{options.checkpoint}: takes the scales that it was trained with{only}")


# --------------------------------------------------------------------------------------------------
# Passes
# --------------------------------------------------------------------------------------------------
def configured_pass(options: Options, name: str) -> registry.Pass:
    """The pass `name`, with what the user asked for in those of its options that are about it."""
    from licc.quantize.load import TRAINED

    cls = registry.load_pass(name)
    asked = {
        "images": None if options.calibrate is None else str(options.calibrate),
        "policy": options.precision,
        "recalibrate": options.precision is not None and options.precision != TRAINED,
        "target": options.target,
        "clock_mhz": options.clock_mhz,
        "stripes": options.stripes,
        "fps": options.fps,
        "role": options.role,
        "share": options.share,
        "time_limit": options.time_limit,
    }
    fields = {option.field for option in registry.pass_options(cls).values()}
    return cls(**{k: v for k, v in asked.items() if k in fields and v is not None})


def _run_pass(options: Options, name: str, module: ir.Module) -> None:
    from licc.driver import diagnostics, run

    pass_ = configured_pass(options, name)
    before = module.operation.clone()
    got: list[Diagnostic] = []
    try:
        with diagnostics.diagnostics(module.context, got.append):
            run.run_step(module, pass_)
    except registry.PassFailure as failure:
        lines = [_line(options, d) for d in got if d.severity == "error"]
        lines = lines or [f"error: {options.checkpoint}: {str(failure) or f'{name} failed'}"]
        raise CompileError("\n".join([*lines, _reproducer(before, pass_)])) from failure
    except UserError:
        raise
    except Exception as error:
        report = _internal(options, name, error)
        raise CompileError(f"{report}\n{_reproducer(before, pass_)}") from error


def _line(options: Options, diagnostic: Diagnostic) -> str:
    """`error: student.pt: g_a.3: what`, the form of every error."""
    parts = [str(options.checkpoint), diagnostic.name, diagnostic.message]
    return "error: " + ": ".join(part for part in parts if part)


def _reproducer(before: Any, pass_: registry.Pass) -> str:
    """Save the IR before a pass; a line with the command that runs the pass on it again."""
    from licc.driver import run

    with tempfile.NamedTemporaryFile(
        "w", prefix="licc-", suffix=f"-before-{pass_.name}.mlir", delete=False, encoding="utf-8"
    ) as file:
        file.write(before.operation.get_asm(enable_debug_info=True))
    command = shlex.join(["licc-opt", file.name, run.step_flag(pass_)])
    return f"note: the IR before {pass_.name} is saved; to reproduce: {command}"


def _internal(options: Options, where: str, error: Exception) -> CompileError:
    """What to say about an exception that nobody has foreseen."""
    text = str(error).strip().partition("\n")[0]
    line = f"error: {options.checkpoint}: internal error in {where}: {type(error).__name__}: {text}"
    if options.verbose:
        trace = "".join(traceback.format_exception(error)).rstrip()
        return CompileError(f"{line}\n{trace}")
    return CompileError(f"{line}; --verbose shows more")


# --------------------------------------------------------------------------------------------------
# Results
# --------------------------------------------------------------------------------------------------
def compile_to_text(options: Options, progress: Progress) -> str:
    """The IR after the phase `options.compile_to`, with all constants."""
    last = BY_NAME[options.compile_to]
    text: list[str] = []

    def keep(phase: Phase, module: ir.Module) -> None:
        if phase is last:
            text.append(module.operation.get_asm())

    run_phases(options, last, progress, keep)
    return text[0].rstrip("\n") + "\n"


def build(options: Options, progress: Progress) -> Path:
    """Make a whole build directory, or leave everything as it was; the directory.

    Raises:
        UserError: the checkpoint, an option or the directory is at fault.
        CompileError: a phase failed.
    """
    assert options.output is not None
    try:
        with build_dir.new_build(options.output) as work:
            _build_in(options, progress, work)
    except OSError as error:  # no space left, say
        raise UserError(f"{options.output}: cannot write: {error.strerror or error}") from error
    return options.output


def _build_in(options: Options, progress: Progress, work: Path) -> None:
    ir_folder = work / "ir"
    ir_folder.mkdir()
    modules: dict[str, Any] = {}

    def dump(phase: Phase, module: ir.Module) -> None:
        limit = None if options.full_dumps else DUMP_ELEMENTS
        text = module.operation.get_asm(large_elements_limit=limit)
        (ir_folder / str(phase.dump)).write_text(text, encoding="utf-8")
        if phase.name in ("type", "lower"):
            modules[phase.name] = module.operation.clone()

    emit = PHASES[-1]
    run_phases(options, emit, progress, dump)
    with progress.phase(emit.name, emit.step):
        _emit(options, modules, work)
        text = manifest(options, _policy(modules["type"]))
        (work / build_dir.MANIFEST).write_text(text, encoding="utf-8")


def _emit(options: Options, modules: dict[str, Any], work: Path) -> None:
    from licc.driver import golden
    from licc.entropy import store
    from licc.report import write_reports
    from licc.target import board, emit, host

    try:
        golden_data = golden.emit_options(modules["type"], options)
        views = emit.write_build(modules["lower"], work, golden_data)
        board.write_build(modules["lower"], views, work)
        store.write_build(modules["type"], options.checkpoint, work / "weights")
        host.write_network(modules["type"], work / "host")
        write_reports(modules["lower"], modules["type"], work, options)
        host.write_checksums(work)
    except (UserError, OSError):
        raise
    except Exception as error:
        raise _internal(options, "emit", error) from error


def _policy(typed: Any) -> str:
    """The policy that a module was typed with."""
    from torch_mlir import ir

    from licc.quantize.assign import POLICY

    return ir.StringAttr(typed.attributes[POLICY]).value


def manifest(options: Options, policy: str = "") -> str:
    """What a build was made from. No dates and no absolute paths: equal input gives equal builds.

    Args:
        options: as the user gave them.
        policy: what the types are of, where no policy was asked for.
    """
    from licc.quantize.load import policy_name

    policy = policy_name(options.precision) if options.precision else policy or DEFAULT_PRECISION
    facts = {
        "licc": __version__,
        "checkpoint": options.checkpoint.name,
        "target": options.target,
        "input": list(options.input_hw),
        "transforms": None if options.transforms is None else list(options.transforms),
        "clock_mhz": options.clock_mhz,
        "stripes": options.stripes,
        "fps": options.fps,
        "role": options.role,
        "share": options.share,
        "time_limit": options.time_limit,
        "precision": policy,
        "calibrate": None if options.calibrate is None else options.calibrate.name,
        "golden": None if options.golden is None else options.golden.name,
    }
    return json.dumps(facts, indent=2) + "\n"
