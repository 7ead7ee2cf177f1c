# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The rate that a width reaches on a board: predicted by a schedule of a network of that width.

Costs depend on shapes, bit widths and proven ranges, not on what a network has learned: so its weights are random,
and it is calibrated on a small photograph and rounded to nearest. Everything else is what `licc` does.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from licc.driver.options import Options

if TYPE_CHECKING:
    from torch_mlir import ir

ROLES: Mapping[str, tuple[str, ...]] = {
    "encoder": ("g_a", "h_a"),
    "decoder": ("g_s", "h_s"),
    "codec": ("g_a", "h_a", "g_s", "h_s"),
}
"""What may be on the board at the same time, with its transforms."""

RESOURCES = ("dsp", "bram18", "uram", "lut", "ff")
# All that decides what is predicted; devices and policies of users are told apart by their contents.
CODE = (
    *("cost", "dialects", "ingress", "interp", "passes", "quantize", "schedule"),
    *("calibration.py", "dimension/network.py", "dimension/rate.py", "target/device.py"),
)
_KEY_DIGITS = 32
CALIBRATION_SIZE = (128, 192)


@dataclass(frozen=True)
class Question:
    """What is asked: how fast is a network of this width on that board?

    Attributes:
        architecture: of licc.ingress.architectures.
        n: the width N.
        m: channels of the latent; without meaning where a network has one width.
        precision: the policy, as `--precision` spells it.
        policy_digest: of a user's policy file; "" for licc's own.
        input: height and width of the images.
        target: the device.
        clock_mhz: None for the clock of the device.
        role: one of ROLES.
    """

    architecture: str
    n: int
    m: int
    precision: str
    policy_digest: str
    input: tuple[int, int]
    target: str
    clock_mhz: int | None
    role: str

    @property
    def label(self) -> str:
        """What progress calls it."""
        height, width = self.input
        return f"{self.target} {height}x{width} {self.role} N={self.n}"


@dataclass(frozen=True)
class Rate:
    """What was predicted; nothing was run on a board.

    Attributes:
        fps: images a second; 0 where there is no schedule.
        macs: useful multiply-accumulates of an image.
        cycles: of an image.
        gap_ppm: how much faster a schedule may be at most, in millionths.
        stripes: by transform, the column stripes of those that are cut.
        used: what it takes of each of RESOURCES.
        note: why there is no schedule; "" where there is one.
    """

    fps: float
    macs: int
    cycles: int
    gap_ppm: int
    stripes: Mapping[str, int]
    used: Mapping[str, int]
    note: str = ""

    def data(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @staticmethod
    def of(data: Mapping[str, Any]) -> Rate:
        """From JSON; TypeError for anything else."""
        return Rate(**data)


def key(question: Question) -> str:
    """Names the answer: a digest of the question, of the device's facts and of the code that decides."""
    from licc.evaluate.variants import code_digest
    from licc.target import device

    whole = [code_digest(CODE), repr(device.load(question.target)), json.dumps(asdict(question))]
    return hashlib.sha256("\n".join(whole).encode()).hexdigest()[:_KEY_DIGITS]


def rate(question: Question) -> Rate:
    """Make a network, take it through the compiler's phases up to its schedule, and read that.

    Raises:
        UserError: a policy or an architecture is at fault.
    """
    from licc.cost.precision import dsp_cycles, total
    from licc.driver import build, diagnostics, run
    from licc.driver.phases import BY_NAME, PHASES
    from licc.passes.registry import PassFailure

    module = _codec(question)
    present = total(dsp_cycles(module))
    assert present.macs
    options = Options(
        Path(f"{question.architecture} N={question.n}"),
        target=question.target,
        input_hw=question.input,
        clock_mhz=question.clock_mhz,
        role="codec" if question.role == "codec" else "auto",
        share="role",
    )
    got: list[diagnostics.Diagnostic] = []
    first, last = (PHASES.index(BY_NAME[name]) for name in ("fuse", "schedule"))
    try:
        for phase in PHASES[first : last + 1]:
            assert phase.pass_name is not None
            with diagnostics.diagnostics(module.context, got.append):
                run.run_step(module, build.configured_pass(options, phase.pass_name))
    except PassFailure as failure:
        errors = [d.message for d in got if d.severity == "error"]
        note = errors[0] if errors else str(failure) or "no schedule"
        return Rate(0.0, present.macs, 0, 0, {}, {}, note)
    return _read(module, question.role, present.macs)


def _codec(question: Question) -> ir.Module:
    """The typed transforms of the role."""
    from licc.quantize import facts
    from licc.quantize.modules import copied

    module = copied(
        _typed(question.architecture, question.n, question.m, question.precision, question.input)
    )
    functions = facts.functions(module)
    wanted = ROLES[question.role]
    for name, function in functions.items():
        if name not in wanted:
            function.operation.erase()
    return module


@lru_cache(maxsize=2)
def _typed(architecture: str, n: int, m: int, precision: str, size: tuple[int, int]) -> ir.Module:
    """All transforms of a random network in integers, for images of `size`."""
    from licc import dialects
    from licc.dimension import network
    from licc.quantize import pipeline
    from licc.quantize.load import load_policy
    from licc.quantize.pictures import CALIBRATION

    policy = load_policy(precision)
    # How a weight is rounded changes no width, and takes most of the time.
    policy.adaptive = policy.bias_correction = False
    with tempfile.TemporaryDirectory(prefix="licc-dimension-") as folder:
        path = Path(folder) / f"{architecture}-n{n}.pt"
        network.write_checkpoint(architecture, n, m, path)
        floats = pipeline.float_module(path, dialects.make_context(), size)
    calibrated = pipeline.calibrated_module(floats, None, 1, CALIBRATION_SIZE)
    # Without it typing takes ranges from calibration's statistics, and looks at no picture again.
    del calibrated.operation.attributes[CALIBRATION]
    return pipeline.typed_module(calibrated, policy)


def _read(module: ir.Module, role: str, macs: int) -> Rate:
    """What lic-schedule wrote."""
    from torch_mlir import ir

    from licc.quantize import facts
    from licc.schedule import stripes
    from licc.schedule.problem import SCHEDULE
    from licc.schedule.stages import CLOCK

    attributes = module.operation.attributes
    found = ir.DictAttr(ir.DictAttr(attributes[SCHEDULE])[role])

    def number(name: str) -> int:
        return ir.IntegerAttr(found[name]).value

    cut = {name: stripes.read(function) for name, function in facts.functions(module).items()}
    clock = ir.IntegerAttr(attributes[CLOCK]).value
    return Rate(
        clock * 1e6 / number("cycles"),
        macs,
        number("cycles"),
        number("gap_ppm"),
        {name: each.count for name, each in cut.items() if each is not None},
        {name: number(name) for name in RESOURCES},
    )
