# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`licc-distill`: a lean student from a teacher, its width the one knob; and its tuning for integers."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from licc.calibration import DEFAULT_SIZE
from licc.driver.console import Parser, exit_status
from licc.errors import UserError
from licc.train import options
from licc.train.main import INTERRUPTED

if TYPE_CHECKING:
    from torch import Tensor

    from licc.train.codec import Codec, FloatCodec
    from licc.train.data import Photographs
    from licc.train.processes import Processes
    from licc.train.settings import Weights

_EPILOG = """\
examples:
  licc-distill teacher.pt --width 64 --lambda 0.013 --data photos/ -o student.pt
  licc-distill teacher.pt --student student.pt --quantize --lambda 0.013 --data photos/ -o student_int8.pt

The loss is  0.2 MSE(y, y_t) + 0.2 MSE(x, x_t) + 0.6 (bpp + lambda 255^2 MSE(x, image)), _t the teacher's.
A training that was interrupted goes on with the same command where it was, to the same weights.
"""

NARROW_CROPS = 32
"""Training crops that a teacher is narrowed on."""

CALIBRATION = 16
"""Training photographs that a student is calibrated with before it is trained for integers."""

LR = 1e-4
RANDOM_LR = 4e-4


def make_parser() -> argparse.ArgumentParser:
    """The command line of licc-distill."""
    parser = Parser(
        prog="licc-distill",
        description="Distil a lean student from a teacher, or tune one for its integers.",
        epilog=_EPILOG,
    )
    add = parser.add_argument
    add(
        "teacher",
        metavar="TEACHER",
        type=Path,
        help="checkpoint of any architecture that licc knows",
    )
    add("--width", metavar="N", type=options.whole("--width", 1),
        help="channels of the student's transforms")  # fmt: skip
    add("--latent", metavar="M", type=options.whole("--latent", 1),
        help="channels of its latent (default: the teacher's)")  # fmt: skip
    add("--architecture", metavar="NAME", type=options.architecture,
        help="of the student (default: the teacher's)")  # fmt: skip
    add("--start", choices=("narrow", "random"),
        help="the teacher's most telling channels, or random weights (default: narrow where it can be)")  # fmt: skip
    add("--student", metavar="FILE", type=Path, help="go on with this student instead")
    add("--no-distill", action="store_true", help="the student's own rate-distortion loss alone, to compare with")  # fmt: skip
    for name, value, of in (
        ("latent", 0.2, "the latents' distance from the teacher's"),
        ("image", 0.2, "the reconstruction's distance from the teacher's"),
        ("rd", 0.6, "the student's own rate-distortion loss"),
    ):
        add(f"--weight-{name}", metavar="W", type=options.number(f"--weight-{name}"), default=value,
            help=f"of {of} (default: {value})")  # fmt: skip
    add("--hyper", metavar="W", type=options.number("--hyper"), default=0.0,
        help="weight of the distance of the scales that hyper-latents decode to (default: 0)")  # fmt: skip
    add("--quantize", action="store_true",
        help="train in the integers that licc compiles; takes a distilled --student")  # fmt: skip
    add("--precision", metavar="POLICY", help="with --quantize: widths of the integers (default: int8)")  # fmt: skip
    options.add_shared(
        parser,
        batch=16,
        steps=200_000,
        lr=f"{LR:g}; from random weights {RANDOM_LR:g}",
    )
    return parser


def read_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Check a command line; `UserError` names the argument at fault."""
    given = make_parser().parse_args(arguments)
    if given.quantize and given.student is None:
        raise UserError("--quantize takes a student that was distilled before: --student FILE")
    if given.precision is not None and not given.quantize:
        raise UserError("--precision: only with --quantize")
    if given.student is None and given.width is None:
        raise UserError("no width given: --width N; see licc-distill --help")
    clash = next((o for o in ("width", "latent", "start", "architecture") if given.student is not None and getattr(given, o) is not None), None)  # fmt: skip
    if clash is not None:
        raise UserError(f"--{clash}: --student FILE says it already; give one of the two")
    weights = (given.weight_latent, given.weight_image, given.weight_rd, given.hyper)
    if not given.no_distill and not any(weights):
        raise UserError("--weight-latent, --weight-image and --weight-rd are all 0")
    return given


def run_distill(arguments: Sequence[str]) -> int:
    """The whole tool; the exit status. `UserError` holds what to print."""
    given = read_arguments(arguments)
    from licc.train import processes

    with processes.started(given.device) as together:
        _distill(given, together)
    return 0


@dataclass(frozen=True)
class _Begin:
    """Where a student begins.

    Attributes:
        new: parts that the file it comes from does not have.
        source: digest of that file.
    """

    codec: Codec
    start: str
    lr: float
    new: frozenset[str] = frozenset()
    source: str = ""


def _distill(given: argparse.Namespace, together: Processes) -> None:
    import torch

    from licc.train import files, start
    from licc.train.data import Photographs
    from licc.train.loop import Job, Loop, keep_freed_memory
    from licc.train.objective import check_fit

    files.check_apart(given.output, given.teacher, given.student)
    torch.set_num_threads(given.threads)
    keep_freed_memory()
    teacher, missing = start.network(start.read(given.teacher))
    photographs = Photographs(given.data, given.crop)
    start.check_data(photographs, given.batch)
    begin = _begin(given, teacher, missing, photographs, together)
    weights = _weights(given)
    start.check_crop(begin.codec, given.crop)
    check_fit(begin.codec, teacher, weights)
    quantize = (given.precision or "int8") if given.quantize else ""
    settings = start.settings(
        given,
        tool="licc-distill",
        codec=begin.codec,
        photographs=photographs,
        weights=weights,
        lr=begin.lr,
        start=begin.start,
        source=begin.source,
        teacher=files.digest(given.teacher),
        quantize=quantize,
        processes=together.count,
    )
    told: dict[str, object] = {"teacher": given.teacher.name, "distilled": weights.distils}
    if given.student is not None:
        told["student"] = given.student.name
    if quantize:
        told["quantize"] = quantize
    job = Job(
        begin.codec,
        settings,
        photographs,
        given.output,
        teacher=teacher if weights.distils else None,
        fresh=start.parameter_names(begin.new),
        save_minutes=given.save_minutes,
        workers=given.workers,
        told=tuple(told.items()),
    )
    Loop(job, together)()


def _weights(given: argparse.Namespace) -> Weights:
    from licc.train.settings import PLAIN, Weights

    if given.no_distill:
        return PLAIN
    return Weights(given.weight_latent, given.weight_image, given.weight_rd, given.hyper)


def _begin(
    given: argparse.Namespace,
    teacher: FloatCodec,
    missing: set[str],
    photographs: Photographs,
    together: Processes,
) -> _Begin:
    from licc.train import files, start
    from licc.train.narrow import narrow, reason_against

    if given.student is not None:
        source = files.digest(given.student)
        if given.quantize:
            return _Begin(_integers(given, photographs), "student", LR, source=source)
        codec, new = start.network(start.read(given.student))
        return _Begin(codec, "student", LR, frozenset(new), source)
    architecture = start.named(given.architecture or teacher.architecture.name)
    codec = start.fresh(architecture, given.width, given.latent or teacher.m, given.seed)
    if codec.n > teacher.n and together.first:
        print(f"warning: --width {codec.n} is more than the teacher's {teacher.n}", file=sys.stderr)
    reason = reason_against(codec, teacher)
    if given.start == "random" or (given.start is None and (reason or missing)):
        return _Begin(codec, "random", RANDOM_LR)
    narrow(codec, teacher, _crops(photographs, given))
    return _Begin(codec, "narrow", LR, frozenset(missing))


def _crops(photographs: Photographs, given: argparse.Namespace) -> Tensor:
    from licc.train.data import Batches

    # Its own seed: none of the batches that training sees.
    return Batches(photographs, NARROW_CROPS, given.crop, given.seed + 1_000_003).make(0)


def _integers(given: argparse.Namespace, photographs: Photographs) -> Codec:
    """The student in the integers that calibration with training photographs, or training before, found.

    A training that goes on takes the types of its own student: calibrating again might round otherwise.
    """
    import tempfile

    from licc.train.integers.codec import IntegerCodec

    if given.output.with_suffix(".state").exists() and _has_integers(given.output):
        return IntegerCodec.of(given.output)
    with tempfile.TemporaryDirectory(prefix="licc-distill-") as folder:
        photographs.write_middles(Path(folder), CALIBRATION, DEFAULT_SIZE)
        return IntegerCodec.of(given.student, folder, given.precision, DEFAULT_SIZE)


def _has_integers(path: Path) -> bool:
    from licc.ingress.checkpoint import read_checkpoint

    try:
        return bool(read_checkpoint(path).integers)
    except UserError:
        return False


def entry() -> int:
    """The console script `licc-distill`."""
    return exit_status(lambda: run_distill(sys.argv[1:]), INTERRUPTED)


if __name__ == "__main__":
    sys.exit(entry())
