# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`licc`: compile a student for a board."""

from __future__ import annotations

import argparse
import re
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

from licc import __version__
from licc.driver import build_dir
from licc.driver.console import Parser, exit_status
from licc.driver.options import (
    DEFAULT_INPUT,
    DEFAULT_OUTPUT,
    DEFAULT_PRECISION,
    DEFAULT_TARGET,
    Options,
)
from licc.driver.phases import BY_NAME, PHASES, help_table
from licc.driver.progress import Progress
from licc.errors import UserError

TRANSFORMS = ("g_a", "g_s", "h_a", "h_s")
LARGEST_CLOCK_MHZ = 1000

_EPILOG = """\
phases, in order (PHASE of --compile-to):
{phases}

example:
  licc student.pt -o build/ --target zcu102 --input 720x1280
  xdg-open build/report.html; make -C build/hls csim
"""


def make_parser() -> argparse.ArgumentParser:
    """The command line of licc."""
    parser = Parser(
        prog="licc",
        description="Compile a learned-image-compression student into an FPGA accelerator.",
        epilog=_EPILOG.format(phases=help_table()),
    )
    add = parser.add_argument
    add("checkpoint", nargs="?", metavar="student.pt", help="a checkpoint (.pt) or program (.pt2)")
    add(
        "-o",
        dest="output",
        metavar="PATH",
        help=f"the build directory (default: {DEFAULT_OUTPUT}/); with --compile-to a file "
        "(default: standard output)",
    )
    add("--target", default=DEFAULT_TARGET, metavar="NAME", help=f"default: {DEFAULT_TARGET}")
    add(
        "--input",
        default="{}x{}".format(*DEFAULT_INPUT),
        metavar="HxW",
        help="height and width of the images (default: {}x{})".format(*DEFAULT_INPUT),
    )
    add(
        "--precision",
        metavar="POLICY",
        help="int8, hybrid, search{budget=1.1}, FILE.py:CLASS, an installed policy, or trained: the "
        "checkpoint's own scales (default: trained where it has them, "
        f"{DEFAULT_PRECISION} where not)",
    )
    add("--calibrate", metavar="DIR", help="images to calibrate with (default: an embedded set)")
    add("--golden", metavar="IMAGE", help="image for the golden data of the testbench")
    add("--transforms", metavar="LIST", help="those to compile, such as g_a,g_s (default: all)")
    add("--clock", metavar="MHZ", help="clock frequency (default: the target's)")
    add(
        "--stripes",
        default="auto",
        metavar="N",
        help="column stripes that g_a and g_s are cut into (default: auto, as few as fit)",
    )
    add(
        "--fps",
        metavar="N",
        help="images a second that are enough: the least hardware that reaches them (default: as many "
        "as the target allows)",
    )
    add(
        "--role",
        default="auto",
        choices=("auto", "codec"),
        help="what runs at once: auto, encoder and decoder each on the whole target; codec, both",
    )
    add(
        "--share",
        default="auto",
        choices=("auto", "role", "transform"),
        help="whether the transforms of a role share the target, or are loaded one after the other",
    )
    add(
        "--time-limit",
        metavar="SECONDS",
        help="for the schedule; with it, the result may depend on the machine (default: none)",
    )
    add(
        "--compile-to",
        choices=list(BY_NAME),
        metavar="PHASE",
        help="stop after this phase and write its IR with all constants",
    )
    add(
        "--dump-ir",
        nargs="?",
        const="elided",
        default="elided",
        choices=("elided", "full"),
        metavar="full",
        help="what build/ir holds: long constants elided (the default), or in full",
    )
    add("--list-targets", action="store_true", help="list the devices and stop")
    add("--list-phases", action="store_true", help="print the table of phases and stop")
    add("--verbose", action="store_true", help="a line for each phase, and tracebacks")
    add("--version", action="version", version=f"licc {__version__}")
    return parser


# --------------------------------------------------------------------------------------------------
# Options
# --------------------------------------------------------------------------------------------------
def read_options(arguments: Sequence[str]) -> Options:
    """Check a command line; `UserError` names the argument at fault."""
    given = make_parser().parse_args(arguments)
    if given.checkpoint is None:
        raise UserError("no checkpoint given; see licc --help")
    checkpoint = Path(given.checkpoint)
    if not checkpoint.exists():
        raise UserError(f"{checkpoint}: no such file")
    compile_to = given.compile_to or PHASES[-1].name
    return Options(
        checkpoint=checkpoint,
        output=_output(given.output, compile_to),
        target=target_name(given.target),
        input_hw=input_size(given.input),
        precision=_precision(given.precision),
        calibrate=existing("--calibrate", given.calibrate, directory=True),
        golden=existing("--golden", given.golden, directory=False),
        transforms=_transforms(given.transforms),
        clock_mhz=clock(given.clock),
        stripes=_stripes(given.stripes),
        fps=None if given.fps is None else frame_rate(given.fps),
        role=given.role,
        share=_share(given.share, given.role),
        time_limit=_seconds(given.time_limit),
        compile_to=compile_to,
        full_dumps=given.dump_ir == "full",
        verbose=given.verbose,
    )


def _output(text: str | None, compile_to: str) -> Path | None:
    if text == "":
        raise UserError("-o: expected a path, but got ''")
    if compile_to == PHASES[-1].name:
        return Path(text) if text else DEFAULT_OUTPUT
    return None if text in (None, "-") else Path(str(text))


def input_size(text: str) -> tuple[int, int]:
    """Height and width of `--input`; `UserError` for anything else."""
    match = re.fullmatch(r"(\d{1,9})x(\d{1,9})", text, re.ASCII)
    if not match:
        raise UserError(
            f"--input {text}: expected HxW, such as {DEFAULT_INPUT[0]}x{DEFAULT_INPUT[1]}"
        )
    from licc.ingress.sizes import check_input_size

    size = int(match[1]), int(match[2])
    check_input_size(size)
    return size


def _precision(text: str | None) -> str | None:
    """A policy that can be loaded: what is wrong with it is said before anything is read or measured."""
    from licc.quantize.load import TRAINED, load_policy

    if text is not None and text not in (DEFAULT_PRECISION, TRAINED):
        load_policy(text)
    return text


def clock(text: str | None) -> int | None:
    """MHz of `--clock`, if given; `UserError` for anything else."""
    if text is None:
        return None
    if not re.fullmatch(r"\d{1,4}", text, re.ASCII) or not 1 <= int(text) <= LARGEST_CLOCK_MHZ:
        raise UserError(f"--clock {text}: expected whole MHz from 1 to {LARGEST_CLOCK_MHZ}")
    return int(text)


def _stripes(text: str) -> str:
    if text != "auto" and not re.fullmatch(r"0*[1-9]\d{0,4}", text, re.ASCII):
        raise UserError(f"--stripes {text}: expected auto or a number from 1")
    return text


def frame_rate(text: str) -> float:
    """Images a second of `--fps`; `UserError` for anything else."""
    if not re.fullmatch(r"\d{1,6}(\.\d{1,6})?", text, re.ASCII) or not float(text):
        raise UserError(f"--fps {text}: expected images a second, such as 30 or 59.94")
    return float(text)


def _share(text: str, role: str) -> str:
    if role == "codec" and text == "transform":
        raise UserError("--share transform: --role codec is all transforms at once")
    return text


def _seconds(text: str | None) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"0*[1-9]\d{0,5}", text, re.ASCII):
        raise UserError(f"--time-limit {text}: expected whole seconds from 1")
    return int(text)


def _transforms(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    names = tuple(name.strip() for name in text.split(","))
    unknown = [name for name in names if name not in TRANSFORMS]
    if unknown or len(set(names)) != len(names):
        raise UserError(f"--transforms {text}: expected some of {','.join(TRANSFORMS)}, each once")
    return names


def existing(option: str, text: str | None, directory: bool) -> Path | None:
    """The file or folder that an option names; `UserError` if it is not there."""
    if text is None:
        return None
    path = Path(text)
    if not (path.is_dir() if directory else path.is_file()):
        wanted = "folder" if directory else "file"
        raise UserError(f"{option} {text}: no such {wanted}")
    return path


def target_name(name: str) -> str:
    """The name of a device that there is; `UserError` for any other."""
    from licc.target import device

    return device.load(name).name


def list_targets() -> str:
    """One line for each device: its name and what it is."""
    from licc.target import device

    width = max(map(len, device.known()))
    return "\n".join(f"{name:{width}}  {device.load(name).title}" for name in device.known())


# --------------------------------------------------------------------------------------------------
# Work
# --------------------------------------------------------------------------------------------------
def _show_warning(message: Warning | str, *_rest: object, **_more: object) -> None:
    print(f"warning: {message}", file=sys.stderr)


def run_licc(arguments: Sequence[str]) -> int:
    """The whole tool; the exit status. `UserError` and `CompileError` hold what to print."""
    if "--list-targets" in arguments:
        print(list_targets())
        return 0
    if "--list-phases" in arguments:
        from licc.driver.phases import markdown_table

        print(markdown_table())
        return 0
    options = read_options(arguments)
    # What libraries warn about among themselves is not for users; what licc warns about is one line.
    warnings.simplefilter("ignore")
    warnings.filterwarnings("default", module=r"licc\.")
    warnings.showwarning = _show_warning

    from licc.driver import build

    progress = Progress(options.verbose)
    if options.compile_to != PHASES[-1].name:
        with progress.running():
            text = build.compile_to_text(options, progress)
        if options.output is None:
            sys.stdout.write(text)
        else:
            build_dir.write_file(options.output, text)
        return 0
    with progress.running():
        output = build.build(options, progress)
    print(f"{output}: complete; read {output / 'report.html'}, run make -C {output / 'hls'} csim")
    return 0


def entry() -> int:
    """The console script `licc`."""
    return exit_status(_compiled, "nothing was written")


def _compiled() -> int:
    """Run licc; what a pass says of the network is told as it stands."""
    try:
        return run_licc(sys.argv[1:])
    except Exception as error:
        from licc.driver.build import CompileError

        if not isinstance(error, CompileError):
            raise
        print(error, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(entry())
