# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`lic-assign-precision`: integer types for a calibrated float codec."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from licc.errors import UserError
from licc.passes.registry import Pass, PassFailure, option

if TYPE_CHECKING:
    from torch_mlir import ir

    from licc.quantize.policy import Policy

_DEFAULT_POLICY = "hybrid"


@dataclass(frozen=True)
class LicAssignPrecision(Pass):
    """Give every value of a calibrated codec an integer type, and every op the integers that it needs.

    Images become u8, weights i8 by output channel, accumulators i32 with proven ranges, activations i8,
    GDN's inputs 13 bits in an i32, latents and symbols i16. Where one scale changes into another there is
    a `lic.requantize`:

        conv2d -> relu -> gdn    becomes    conv2d -> relu -> requantize -> gdn

    Channels of an activation that only one convolution reads are divided by scales that its weights
    absorb; `lic.channel_scales` on the producer says which.

    A codec that carries types of training's choice (`lic.forms`) gets those, and weights rounded to the
    nearest, unless a policy is asked for.
    """

    name: ClassVar[str] = "lic-assign-precision"
    policy: str = option(
        "",
        "int8, hybrid, search{budget=1.1}, FILE.py:CLASS or an installed one, or trained; by default "
        f"what training chose, and {_DEFAULT_POLICY} where it did not",
    )
    channel_scales: bool | None = option(
        None, "spread narrow channels over the whole range; by default what the policy says"
    )
    clip: bool | None = option(None, "choose ranges by squared error; likewise")
    adaptive: bool | None = option(
        None, "let weights make up for each other's rounding errors; likewise"
    )
    images: str = option(
        "",
        "folder of the images that a policy measures on; the embedded photographs when not given",
    )

    def run(self, module: ir.Module) -> None:
        """Replace each float function by a typed one."""
        from licc.quantize import forms
        from licc.quantize.load import DEFAULT_POLICY, TRAINED, load_policy

        methods = (self.channel_scales, self.clip, self.adaptive)
        if self.policy == TRAINED or (
            not self.policy and forms.carried(module) and all(each is None for each in methods)
        ):
            take_over(module)
            return
        if forms.carried(module):
            raise UserError(
                f"pass '{self.name}': the codec carries what training chose, and a policy needs the facts of "
                "calibration; run lic-calibrate=recalibrate=true first"
            )
        policy = load_policy(self.policy or DEFAULT_POLICY)
        for name in ("channel_scales", "clip", "adaptive"):
            if getattr(self, name) is not None:
                setattr(policy, name, getattr(self, name))
        assign_precision(module, policy, self.images or None)


def assign_precision(module: ir.Module, policy: Policy, images: str | None = None) -> None:
    """Type the float functions of a calibrated codec as `policy` says, which may measure on `images`.

    Raises:
        PassFailure: a layer cannot be typed; diagnostics say why.
        UserError: the policy is at fault.
    """
    from licc.quantize.assign import assign

    _explained(lambda: assign(module, policy, images))


def take_over(module: ir.Module) -> None:
    """Type the float functions of a codec as training chose.

    Raises:
        PassFailure: they do not carry all that it needs, or a layer cannot be typed so; diagnostics say why.
        UserError: they carry nothing.
    """
    from licc.quantize import assign, forms
    from licc.quantize.modules import float_functions

    if float_functions(module) and not forms.carried(module):
        raise UserError("--precision trained: the checkpoint carries no scales of training")
    _explained(lambda: assign.take_over(module))


def _explained(step: Callable[[], None]) -> None:
    from licc.quantize import facts
    from licc.quantize.boundary import MissingFactError
    from licc.quantize.forms import FormError
    from licc.quantize.typer import TypingError

    try:
        step()
    except (FormError, MissingFactError, TypingError) as error:
        place = facts.owner(error.value)
        place.location.emit_error(f"'{place.name}' op {error}")
        raise PassFailure from error
