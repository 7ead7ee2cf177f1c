# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Policies and passes of a user."""

from licc.passes.registry import Pass, PassFailure, option
from licc.quantize.policy import Policy


class Narrow(Policy):
    bits: int = 6

    def weight_bits(self, layer):
        return self.bits

    def sensitivity(self, layer):
        return {"activations": 0.25} if layer == "g_a.1" else {}


class Wrong(Policy):
    def activation_bits(self, layer):
        return {}[layer]


class Wide(Policy):
    def weight_bits(self, layer):
        return 17


class CountOps(Pass):
    """Write the number of ops onto each function."""

    name = "count-ops"
    most: int = option(100, "fail beyond so many")

    def run(self, module):
        from torch_mlir import ir

        for function in module.body.operations:
            share = 1 / self.most
            count = len(list(function.entry_block.operations))
            if count * share > 1:
                function.location.emit_error(f"expected {self.most} ops at most, but got {count}")
                raise PassFailure
            function.attributes["ops"] = ir.IntegerAttr.get(ir.IntegerType.get_signless(64), count)
