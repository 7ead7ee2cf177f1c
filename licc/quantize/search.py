# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The policy `search{budget=...}`: widths by tensor that lose least for their DSP cycles.

What each tensor loses is measured (`sensitivity`), the solver chooses among all widths (`allocation`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from licc import progress
from licc.cost import packing
from licc.errors import UserError
from licc.quantize import allocation
from licc.quantize.allocation import Product
from licc.quantize.codec import Codec, Input, Layer, Range
from licc.quantize.hybrid import Hybrid
from licc.quantize.memo import remembering
from licc.quantize.policy import BASE_BITS, Widths
from licc.quantize.sensitivity import Tensor, as_widths, extrapolated, measure
from licc.quantize.typer import TypingError

WIDTHS = (4, 6, 8, 9, 10, 11, 12, 16)
# Those whose sums fit i32 in all but very wide layers.
SAFE_WIDTHS = WIDTHS[:5]
# What widths cost beside DSP cycles, in the unit of losses (relative squared error; 0.01 are 0.04 dB). A bit
# more for one tensor takes memory:
BIT_PRICE = 0.0002
# and sums of packed products that are too short for a cascade are added in LUTs: about 54 a slice if each
# product is split, which is half of a ZCU102 if all its slices work so.
SPLIT_PRICE = 0.02


class Search(Widths):
    """Widths that lose least for `budget` times the DSP cycles of int8; no worse than `hybrid` if that is enough.

    Attributes:
        budget: DSP cycles, relative to int8: 1.1 may take a tenth more, 0.9 saves a tenth.
        measurements: of `prepare`: by tensor and measured width, relative growth of squared error.
    """

    budget: float = 1.1

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.measurements: dict[Tensor, dict[int, float]] = {}

    def prepare(self, codec: Codec) -> None:
        """Measure, allocate, and compare what was chosen with `hybrid`.

        Raises:
            UserError: no widths keep to the budget.
        """
        if not 0.0 < self.budget < 1000.0:
            raise UserError(
                f"{self.name or 'search'}: option 'budget' expected DSP cycles relative to int8, such as 1.1"
            )
        # Below 6 bits little is taken where there are as many cycles as for int8.
        measured = (4, 6, BASE_BITS) if self.budget < 1.0 else (6, BASE_BITS)
        with remembering():
            self.measurements = measure(codec, measured)
            try:
                chosen = _better(codec, self._allocated(codec), self.budget)
            except TypingError:  # of accumulators beyond i32, say
                chosen = _better(codec, self._allocated(codec, SAFE_WIDTHS), self.budget)
        self.weights, self.activations = dict(chosen.weights), dict(chosen.activations)

    def sensitivity(self, layer: str) -> Mapping[str, float]:
        """What 8 bits cost, in dB."""
        return {
            tensor.kind: 10.0 * math.log10(1.0 + known[BASE_BITS])
            for tensor, known in self.measurements.items()
            if tensor.layer == layer
        }

    def _allocated(self, codec: Codec, widths: Sequence[int] = WIDTHS) -> Widths:
        """Those of `widths` that lose least within the budget."""
        losses = {
            tensor: priced(extrapolated(known, widths))
            for tensor, known in self.measurements.items()
        }
        convolutions = products(codec, widths)
        int8 = {tensor.name: BASE_BITS for tensor in losses}
        others = 1.0 - allocation.cycles(convolutions, int8)
        by_name = {tensor.name: by_bits for tensor, by_bits in losses.items()}
        try:
            found = allocation.allocate(by_name, convolutions, self.budget - others)
        except allocation.BudgetError as error:
            raise UserError(
                f"{self.name or 'search'}: no widths keep to {self.budget:g} of int8's DSP cycles; "
                f"the least is about {error.least + others:.3f}"
            ) from error
        return as_widths({tensor: found[tensor.name] for tensor in losses})


def _better(codec: Codec, found: Widths, budget: float) -> Widths:
    """`found`, or `hybrid` where that keeps to the budget as well and measures better."""
    hybrid = Hybrid()
    hybrid.prepare(codec)
    progress.step("measuring what was chosen", 0, 2)
    loss = codec.measure(found).total
    if codec.dsp_cycles(hybrid) > budget:
        return found
    progress.step("measuring what was chosen", 1, 2)
    return found if loss <= codec.measure(hybrid).total else hybrid


def priced(losses: Mapping[int, float]) -> dict[int, float]:
    """Losses with what the bits cost in memory."""
    return {bits: loss + BIT_PRICE * bits for bits, loss in losses.items()}


def products(codec: Codec, widths: Sequence[int] = WIDTHS) -> list[Product]:
    """The convolutions, with their cycles and prices at all `widths`; cycles are shares of int8's."""
    ranges = {bits: codec.input_ranges(bits) for bits in widths}
    macs = max(sum(layer.macs for layer in codec.layers), 1)
    return [
        _product(
            layer,
            layer.reads,
            {bits: by_place[layer.place] for bits, by_place in ranges.items()},
            macs,
            codec.int8_cycles,
        )
        for layer in codec.layers
        if layer.reads is not None
    ]


def _product(
    layer: Layer, reads: Input, ranges: Mapping[int, Range], macs: int, cycles: float
) -> Product:
    factors = [Tensor("weights", layer.name).name]
    if reads.layer is None:
        keys = {(w,): (w, reads.range) for w in ranges}
    else:
        factors.append(Tensor("activations", reads.layer).name)
        keys = {(w, a): (w, ranges[a]) for w in ranges for a in ranges}
    return Product(
        tuple(factors),
        {key: layer.macs / layer.macs_per_dsp(w, read) / cycles for key, (w, read) in keys.items()},
        {
            key: SPLIT_PRICE * layer.macs / macs / cascade(layer, w, read)
            for key, (w, read) in keys.items()
        },
    )


def cascade(layer: Layer, weight_bits: int, read: Range) -> int:
    """Products that are summed before lanes are split; very many where a DSP does only one product."""
    if layer.macs_per_dsp(weight_bits, read) == 1:
        return 1 << 20
    weight, value = (1 << (weight_bits - 1)) - 1, max(-read[0], read[1], 1)
    return max(packing.packed(how, weight, value).cascade for how in ("pair", "pixels")) or 1
