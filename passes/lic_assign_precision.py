# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`lic-assign-precision`: integer types for a calibrated float codec."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from licc.passes.registry import Pass, PassFailure, option

if TYPE_CHECKING:
    from torch_mlir import ir


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
    channel_scales: bool = option(True, "spread narrow channels over the whole range of 8 bits")
    clip: bool = option(True, "choose ranges by squared error; otherwise the observed extremes")
    adaptive: bool = option(True, "let weights make up for each other's rounding errors")

    def run(self, module: ir.Module) -> None:
        """Replace each float function by a typed one."""
        from licc.dialects.quantized import quantized
        from licc.quantize import facts
        from licc.quantize.boundary import MissingFactError, boundaries
        from licc.quantize.policy import Policy
        from licc.quantize.typer import TypingError, typed_function

        policy = Policy(self.channel_scales, self.clip, self.adaptive)
        with module.context:
            functions = {
                name: function
                for name, function in facts.functions(module).items()
                if not function.is_external and quantized(function.arguments[0].type) is None
            }
            try:
                edges = boundaries(functions, policy)
                for name, function in functions.items():
                    typed_function(function, edges[name], policy)
            except (MissingFactError, TypingError) as error:
                place = facts.owner(error.value)
                place.location.emit_error(f"'{place.name}' op {error}")
                raise PassFailure from error
