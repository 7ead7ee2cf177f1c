# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`licc-opt`: read a module, run passes on it, write it; the `mlir-opt` of licc."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from licc import __version__
from licc.driver.console import Parser
from licc.errors import UserError
from licc.passes import pipelines, registry
from licc.user_code import load_class, user_code

if TYPE_CHECKING:
    from torch_mlir import ir

    from licc.driver.diagnostics import Diagnostic
    from licc.passes.pipelines import Step

SPLIT_MARKER = "// -----"
DEFAULT_ELEMENTS = 16  # longer constants are elided by --elide-constants

_EPILOG = """\
passes run in the order of their flags; OPTIONS is 'name=value name=value':
{passes}

Any other --NAME[=OPTIONS] is a pass of MLIR itself, such as --canonicalize or --cse.
`licc-opt --list-passes` documents each pass and its options.
"""


def make_parser() -> argparse.ArgumentParser:
    """The command line of licc-opt, without the flags of passes."""
    flags = "\n".join(f"  --{name}[=OPTIONS]" for name in (*registry.PASSES, *pipelines.PIPELINES))
    parser = Parser(
        prog="licc-opt",
        usage="licc-opt [options] [--PASS[=OPTIONS]]... [file]",
        description="Run passes on a module of IR.",
        epilog=_EPILOG.format(passes=flags),
    )
    add = parser.add_argument
    add("file", nargs="?", default="-", help="the IR to read; '-' (the default) is standard input")
    add(
        "-o",
        dest="output",
        default="-",
        metavar="FILE",
        help="write here instead of standard output",
    )
    add(
        "--pass-pipeline",
        metavar="TEXT",
        help="run 'builtin.module(lic-fuse{opt=v}, func.func(canonicalize, cse))'",
    )
    add(
        "--split-input-file",
        action="store_true",
        help=f"process the parts between lines '{SPLIT_MARKER}' one by one",
    )
    add(
        "--verify-diagnostics",
        action="store_true",
        help="check diagnostics against the expected-error{{...}} comments of the input",
    )
    add(
        "--verify-each",
        type=_boolean,
        default=True,
        metavar="BOOL",
        help="run the verifier after each pass (default: true)",
    )
    add(
        "--allow-unregistered-dialect",
        action="store_true",
        help="accept ops of dialects that are not loaded",
    )
    for when in ("before", "after"):
        add(
            f"--mlir-print-ir-{when}-all",
            action="store_true",
            help=f"print the IR {when} each pass to standard error",
        )
        add(
            f"--mlir-print-ir-{when}",
            action="append",
            default=[],
            metavar="PASS",
            help=f"print the IR {when} this pass (may be repeated, or a list with commas)",
        )
    add("--mlir-print-debuginfo", action="store_true", help="print locations")
    add("--mlir-print-op-generic", action="store_true", help="print every op in its generic form")
    add(
        "--elide-constants",
        nargs="?",
        type=int,
        const=DEFAULT_ELEMENTS,
        metavar="N",
        help=f"leave out the elements of constants of more than N ({DEFAULT_ELEMENTS}) elements",
    )
    add(
        "--load-pass",
        action="append",
        default=[],
        metavar="FILE.py:CLASS",
        help="make a flag of a pass in a file of yours, which is run (may be repeated)",
    )
    add("--irdl", metavar="DIALECT", help="print the IRDL definition of a dialect and stop")
    add("--list-passes", action="store_true", help="document all passes and their options and stop")
    add("--version", action="version", version=f"licc-opt {__version__}")
    return parser


def _boolean(text: str) -> bool:
    if text not in ("true", "false", "0", "1"):
        raise argparse.ArgumentTypeError(f"expected true or false, but got '{text}'")
    return text in ("true", "1")


# --------------------------------------------------------------------------------------------------
# Command line
# --------------------------------------------------------------------------------------------------
def split_flags(arguments: Iterable[str], known: Iterable[str]) -> tuple[list[str], list[str]]:
    """Take the flags of passes out of a command line: (the rest, `--NAME[=OPTIONS]` in order)."""
    known = frozenset(known)
    rest: list[str] = []
    flags: list[str] = []
    for argument in arguments:
        is_flag = argument.startswith("--") and argument.partition("=")[0] not in known
        (flags if is_flag and argument != "--" else rest).append(argument)
    return rest, flags


def find_steps(pipeline: str | None, flags: Sequence[str]) -> tuple[Step, ...]:
    """The steps of a command line; `UserError` for text that cannot be read."""
    if pipeline is not None and flags:
        raise UserError(f"'--pass-pipeline' cannot be combined with the pass flag '{flags[0]}'")
    try:
        if pipeline is not None:
            return pipelines.parse_pipeline(pipeline)
        parts = (flag.removeprefix("--").partition("=") for flag in flags)
        return tuple(step for name, _, given in parts for step in pipelines.parse_flag(name, given))
    except registry.OptionError as error:
        raise UserError(str(error)) from error


def load_passes(spellings: Iterable[str]) -> None:
    """Make flags of passes in users' files, FILE.py:CLASS each; `UserError` says what is wrong with one."""
    registry.LOADED.clear()
    for spelling in spellings:
        found = load_class(spelling, registry.Pass, "--load-pass")
        try:
            registry.add_pass(found)
        except registry.OptionError as error:
            raise UserError(f"--load-pass {spelling}: {error}") from error


def _run_step(module: ir.Module, step: Step, verify: bool) -> None:
    """Run a step; what goes wrong in a user's own pass is one line with the place in the user's file."""
    from licc.driver import run

    if step.name not in registry.LOADED:
        run.run_step(module, step, verify=verify)
        return
    with user_code(f"{type(step).__name__}.run()", type(step), (registry.PassFailure,)):
        run.run_step(module, step, verify=verify)


def list_passes() -> str:
    """The documentation of every pass, one below the other."""
    return "\n\n".join(_document(registry.load_pass(name)) for name in registry.known_passes())


def _document(cls: type[registry.Pass]) -> str:
    lines = [
        f"--{cls.name}",
        *(f"    {line}".rstrip() for line in registry.describe(cls).split("\n")),
    ]
    for found in registry.pass_options(cls).values():
        default = "required" if found.required else f"default {found.default!r}"
        text = f"      {found.name}={found.kind_name} ({default})"
        lines.append(f"{text}: {found.description}" if found.description else text)
    return "\n".join(lines)


def print_irdl(namespace: str) -> str:
    """The IRDL definition of one of our dialects."""
    from torch_mlir import ir

    from licc import dialects

    known = {dialect.DIALECT_NAMESPACE: dialect for dialect in dialects.DIALECTS}
    if namespace not in known:
        raise UserError(f"unknown dialect '{namespace}'; licc has {', '.join(known)}")
    with dialects.make_context(), ir.Location.unknown():
        return str(dialects.ext.irdl_module(known[namespace])).rstrip()


# --------------------------------------------------------------------------------------------------
# Work on the input
# --------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Chunk:
    """One module of the input.

    Attributes:
        text: the source, with empty lines in front so that line numbers are those of the file.
        path: the file, when the chunk is all of it.
    """

    text: str
    path: Path | None = None


def split_source(source: str) -> list[Chunk]:
    """The parts of `source` between lines that consist of the marker."""
    chunks: list[Chunk] = []
    lines = source.split("\n")
    start = 0
    for end in [i for i, line in enumerate(lines) if line.rstrip() == SPLIT_MARKER] + [len(lines)]:
        chunks.append(Chunk("\n" * start + "\n".join(lines[start:end])))
        start = end + 1
    return chunks


def read_input(name: str, split: bool) -> list[Chunk]:
    """The modules of the input file, or of standard input for '-'."""
    try:
        source = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file"
        raise UserError(f"{name}: cannot read: {reason}") from error
    if split:
        return split_source(source)
    return [Chunk(source, None if name == "-" else Path(name))]


@dataclass(frozen=True)
class Job:
    """What to do with each chunk."""

    options: argparse.Namespace
    steps: tuple[Step, ...]
    context: ir.Context

    @property
    def file(self) -> str:
        """The name of the input in diagnostics, as MLIR spells it."""
        return "<stdin>" if self.options.file == "-" else str(self.options.file)

    def process(self, chunk: Chunk) -> str | None:
        """The text of the chunk after all passes; None after errors, which were printed."""
        from licc.driver import diagnostics as diag

        got: list[Diagnostic] = []
        checks = self.options.verify_diagnostics
        with diag.diagnostics(self.context, got.append if checks else self._print):
            text = self._transform(chunk)
        if not checks:
            return text
        problems = diag.verify(diag.find_expectations(chunk.text), got, self.file)
        for problem in problems:
            print(problem, file=sys.stderr)
        # As in mlir-opt, a chunk that fails as expected is a success without output.
        return None if problems else text or ""

    def _print(self, diagnostic: Diagnostic) -> None:
        print(diagnostic.text(self.file), file=sys.stderr, flush=True)

    def _transform(self, chunk: Chunk) -> str | None:
        from torch_mlir import ir

        try:
            with self.context:
                parse = ir.Module.parseFile if chunk.path else ir.Module.parse
                module = parse(str(chunk.path) if chunk.path else chunk.text)
            for step in self.steps:
                self._dump(module, "before", step)
                _run_step(module, step, verify=self.options.verify_each)
                self._dump(module, "after", step)
        except ir.MLIRError:
            return None  # the parser has emitted why
        except registry.PassFailure as failure:
            if str(failure):
                print(f"error: {failure}", file=sys.stderr)
            return None
        return self._assembly(module)

    def _dump(self, module: ir.Module, when: str, step: Step) -> None:
        chosen: list[str] = getattr(self.options, f"mlir_print_ir_{when}")
        every: bool = getattr(self.options, f"mlir_print_ir_{when}_all")
        if every or step.name in {name for names in chosen for name in names.split(",")}:
            title = f"// -----// IR Dump {when.capitalize()} {step.name} //----- //"
            print(f"{title}\n{self._assembly(module)}", file=sys.stderr, flush=True)

    def _assembly(self, module: ir.Module) -> str:
        return module.operation.get_asm(
            large_elements_limit=self.options.elide_constants,
            enable_debug_info=self.options.mlir_print_debuginfo,
            print_generic_op_form=self.options.mlir_print_op_generic,
        ).rstrip("\n")


def write_output(name: str, text: str) -> None:
    """Write `text` to the file, or to standard output for '-'."""
    if name == "-":
        print(text, flush=True)
        return
    try:
        Path(name).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise UserError(f"{name}: cannot write: {error.strerror}") from error


def run_opt(arguments: Sequence[str]) -> int:
    """The whole tool; the exit status. `UserError` is a mistake on the command line."""
    parser = make_parser()
    known = [name for action in parser._actions for name in action.option_strings]
    rest, flags = split_flags(arguments, known)
    options = parser.parse_args(rest)
    load_passes(options.load_pass)
    if options.list_passes:
        print(list_passes())
        return 0
    if options.irdl:
        write_output(options.output, print_irdl(options.irdl))
        return 0
    steps = find_steps(options.pass_pipeline, flags)
    chunks = read_input(options.file, options.split_input_file)

    from licc import dialects
    from licc.driver import run

    context = dialects.make_context()
    context.allow_unregistered_dialects = options.allow_unregistered_dialect
    try:
        with context:
            steps = tuple(run.check_step(step, nest=bool(flags)) for step in steps)
    except registry.OptionError as error:
        raise UserError(str(error)) from error
    job = Job(options, steps, context)
    results = [job.process(chunk) for chunk in chunks]
    if any(result is None for result in results):
        return 1
    write_output(options.output, f"\n{SPLIT_MARKER}\n".join(filter(None, results)))
    return 0


def entry() -> int:
    """The console script `licc-opt`."""
    try:
        return run_opt(sys.argv[1:])
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader went away, as in `licc-opt ... | head`; keep the interpreter from flushing again.
        sys.stderr.close()
        return 1


if __name__ == "__main__":
    sys.exit(entry())
