# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""From a checkpoint to its float codec, and from that to its integers, without a schedule.

codec = float_module(Path("student.pt"), make_context())
calibrated = calibrated_module(codec, images="photos")
typed = [typed_module(calibrated, policy) for policy in ("int8", "hybrid")]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from torch_mlir import ir

from licc.calibration import DEFAULT_SIZE
from licc.errors import UserError
from licc.passes.registry import PassFailure
from licc.quantize import facts, forms
from licc.quantize.load import DEFAULT_POLICY, TRAINED, load_policy
from licc.quantize.modules import copied
from licc.quantize.policy import Policy

MAX_IMAGES = 16


def float_module(
    checkpoint: Path,
    context: ir.Context,
    size: tuple[int, int] = DEFAULT_SIZE,
    transforms: Sequence[str] | None = None,
) -> ir.Module:
    """The codec of a checkpoint as float `lic` functions, compiled for images of `size` (height, width).

    The interpreter runs functions on images of any size; costs are those of `size`.

    Raises:
        UserError: the file is no checkpoint that licc reads, or its network is not supported.
    """
    from licc.ingress import import_checkpoint
    from licc.passes.lic_raise_torch import LicRaiseTorch

    module = import_checkpoint(checkpoint, size, context, transforms)
    _run(lambda: LicRaiseTorch().run(module), module, str(checkpoint))
    return module


def calibrated_module(
    module: ir.Module,
    images: str | None = None,
    max_images: int = MAX_IMAGES,
    size: tuple[int, int] = DEFAULT_SIZE,
) -> ir.Module:
    """A copy of a float codec with the facts of calibration, whatever training chose; `module` stays.

    Args:
        module: float `lic` functions, g_a among them.
        images: folder to calibrate with; None for the embedded photographs.
        max_images: read at most so many.
        size: height and width to crop the images to.

    Raises:
        UserError: no image can be read, or there is no g_a.
    """
    from licc.passes.lic_calibrate import LicCalibrate

    copy = copied(module)
    height, width = size
    calibrate = LicCalibrate(
        images=images or "", max_images=max_images, size=f"{height}x{width}", recalibrate=True
    )
    _run(lambda: calibrate.run(copy), copy, "lic-calibrate")
    return copy


def typed_module(
    module: ir.Module,
    policy: Policy | str | None = None,
    images: str | None = None,
    max_images: int = MAX_IMAGES,
    size: tuple[int, int] = DEFAULT_SIZE,
) -> ir.Module:
    """A typed copy of a float codec; `module` stays as it is.

    Args:
        module: float `lic` functions. Where they carry the facts of calibration, those are used and
            none are measured again: calibrate once to try many policies.
        policy: as `--precision` spells it, or an object. None for what training chose, where the module carries
            that, and else the default.
        images: folder to calibrate with, and for the policy to measure on; None for the embedded photographs.
        max_images: calibrate with at most so many.
        size: height and width to crop the images to.

    Raises:
        UserError: the policy or the images are at fault, or a layer has no typed form.
    """
    from licc.passes.lic_assign_precision import assign_precision, take_over

    if (policy is None and forms.carried(module)) or policy == TRAINED:
        copy = copied(module)
        _run(lambda: take_over(copy), copy, "lic-assign-precision")
        return copy
    policy = policy or DEFAULT_POLICY
    known = is_calibrated(module)
    copy = copied(module) if known else calibrated_module(module, images, max_images, size)
    chosen = load_policy(policy) if isinstance(policy, str) else policy
    _run(lambda: assign_precision(copy, chosen, images), copy, "lic-assign-precision")
    return copy


def is_calibrated(module: ir.Module) -> bool:
    """Whether `lic-calibrate` has left its facts."""
    return any(
        facts.OBSERVED in op.attributes
        for function in facts.functions(module).values()
        for op in function.entry_block.operations
    )


def _run(step: Callable[[], None], module: ir.Module, what: str) -> None:
    """Run a step that emits diagnostics, and verify the module; the first diagnostic as a `UserError`."""
    from licc.driver.diagnostics import Diagnostic, diagnostics
    from licc.driver.run import verify_module

    got: list[Diagnostic] = []
    try:
        with diagnostics(module.context, got.append), module.context, ir.Location.unknown():
            step()
            verify_module(module)
    except PassFailure as failure:
        errors = [d for d in got if d.severity == "error"]
        parts = [what, errors[0].name, errors[0].message] if errors else [what, str(failure)]
        raise UserError(": ".join(part for part in parts if part)) from failure
