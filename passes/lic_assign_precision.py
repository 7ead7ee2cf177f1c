# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`lic-assign-precision`: integer types for a calibrated float codec."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from licc.passes.registry import Pass, PassFailure, option

if TYPE_CHECKING:
    from torch_mlir import ir

    from licc.quantize.policy import Policy

DEFAULT_POLICY = "hybrid"


@dataclass(frozen=True)
class LicAssignPrecision(Pass):
    """Give every value of a calibrated codec an integer type, and every op the integers that it needs.

    Images become u8, weights i8 by output channel, accumulators i32 with proven ranges, activations i8,
    GDN's inputs 13 bits in an i32, latents and symbols i16. Where one scale changes into another there is
    a `lic.requantize`:

        conv2d -> relu -> gdn    becomes    conv2d -> relu -> requantize -> gdn

    Channels of an activation that only one convolution reads are divided by scales that its weights
    absorb; `lic.channel_scales` on the producer says which.
    """

    name: ClassVar[str] = "lic-assign-precision"
    policy: str = option(
        DEFAULT_POLICY, "int8, hybrid, search{budget=1.1}, FILE.py:CLASS or an installed one"
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
        from licc.quantize.load import load_policy

        policy = load_policy(self.policy)
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
    from licc.quantize import facts
    from licc.quantize.assign import assign
    from licc.quantize.boundary import MissingFactError
    from licc.quantize.typer import TypingError

    try:
        assign(module, policy, images)
    except (MissingFactError, TypingError) as error:
        place = facts.owner(error.value)
        place.location.emit_error(f"'{place.name}' op {error}")
        raise PassFailure from error
