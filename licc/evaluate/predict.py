# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Images a second of a variant on a device: predicted, by the compiler's own schedule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from licc.driver.options import Options
from licc.errors import UserError
from licc.evaluate import variants

if TYPE_CHECKING:
    from torch_mlir import ir


@dataclass(frozen=True)
class Predicted:
    """What `licc` would report for a build, from its schedule and cost model; nothing was run.

    Attributes:
        target: the device.
        input: height and width of the images.
        fps: images a second by role.
        dsp: DSP slices by role.
        note: why there is no schedule; "" where there is one.
    """

    target: str
    input: tuple[int, int]
    fps: Mapping[str, float]
    dsp: Mapping[str, int]
    note: str = ""

    def data(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @staticmethod
    def of(data: Mapping[str, Any]) -> Predicted:
        """From JSON."""
        height, width = data["input"]
        return Predicted(data["target"], (height, width), data["fps"], data["dsp"], data["note"])


def code_digest() -> str:
    """Of the code of licc that decides what is predicted."""
    return variants.code_digest(("cost", "dialects", "passes", "schedule", "target"))[:16]


def predict(module: ir.Module, options: Options) -> Predicted:
    """Schedule a typed codec, which is changed, and read what it would reach.

    Args:
        module: typed `lic` functions for images of `options.input_hw`.
        options: as of `licc`: target, input and whatever else steers the schedule.
    """
    from licc.driver import build, diagnostics, run
    from licc.driver.phases import BY_NAME, PHASES
    from licc.passes.registry import PassFailure
    from licc.report.facts import collect

    first = PHASES.index(BY_NAME["type"]) + 1
    last = PHASES.index(BY_NAME["lower"])
    got: list[diagnostics.Diagnostic] = []
    try:
        for phase in PHASES[first : last + 1]:
            assert phase.pass_name is not None
            with diagnostics.diagnostics(module.context, got.append):
                run.run_step(module, build.configured_pass(options, phase.pass_name))
        report = collect(module)
    except (PassFailure, UserError) as error:
        errors = [d for d in got if d.severity == "error"]
        parts = [errors[0].name, errors[0].message] if errors else [str(error)]
        note = ": ".join(part for part in parts if part)
        return Predicted(options.target, options.input_hw, {}, {}, note or "no schedule")
    except Exception as error:  # noqa: BLE001 (a schedule that fails must not cost the measurements)
        note = f"internal error: {type(error).__name__}: {str(error).partition(chr(10))[0]}"
        return Predicted(options.target, options.input_hw, {}, {}, note)
    return Predicted(
        options.target,
        options.input_hw,
        {role.name: role.fps for role in report.roles},
        {role.name: role.dsp for role in report.roles},
    )
