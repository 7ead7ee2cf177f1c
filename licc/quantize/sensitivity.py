# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What each tensor loses by each width, measured on a calibrated codec.

A tensor is narrowed alone while all others of its transform are wide and other transforms stay in floats.
Errors of different tensors hardly depend on each other, so their squares add up; and each further bit
leaves a quarter of them (6 dB), so that widths above the measured ones are known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from licc import progress
from licc.quantize.codec import Codec
from licc.quantize.policy import Widths

# Of the other tensors while one is measured: their own errors are small then.
WIDE = 10


@dataclass(frozen=True)
class Tensor:
    """The weights of a layer, or its result where convolutions read it."""

    kind: Literal["weights", "activations"]
    layer: str

    @property
    def name(self) -> str:
        """For problems and progress."""
        return f"{self.kind} of {self.layer}"


def tensors(codec: Codec) -> list[Tensor]:
    """All whose widths can be chosen."""
    weights = [Tensor("weights", layer) for layer in codec.weights]
    return [*weights, *(Tensor("activations", layer) for layer in codec.activations)]


def as_widths(widths: Mapping[Tensor, int]) -> Widths:
    """The policy of these widths."""
    return Widths(
        {tensor.layer: bits for tensor, bits in widths.items() if tensor.kind == "weights"},
        {tensor.layer: bits for tensor, bits in widths.items() if tensor.kind == "activations"},
    )


def measure(codec: Codec, widths: Sequence[int]) -> dict[Tensor, dict[int, float]]:
    """By tensor and width, how much it alone lets the squared error grow, the rate included (`Loss.additive`)."""
    chosen = tensors(codec)
    wide = dict.fromkeys(chosen, WIDE)
    names = dict.fromkeys(codec.layer(tensor.layer).transform for tensor in chosen)
    steps = len(names) + len(chosen) * len(widths)
    before: dict[str, float] = {}
    for done, name in enumerate(names):
        progress.step(f"measuring {name}", done, steps)
        before[name] = codec.measure(as_widths(wide), [name]).additive
    found: dict[Tensor, dict[int, float]] = {}
    for tensor in chosen:
        transform = codec.layer(tensor.layer).transform
        found[tensor] = {}
        for bits in widths:
            done = len(names) + len(found) * len(widths) - len(widths) + len(found[tensor])
            progress.step(f"measuring {tensor.name} at {bits} bits", done, steps)
            after = codec.measure(as_widths({**wide, tensor: bits}), [transform]).additive
            # Less than nothing is noise of the measurement.
            found[tensor][bits] = max(after - before[transform], 0.0)
    return found


def extrapolated(known: Mapping[int, float], widths: Sequence[int]) -> dict[int, float]:
    """Losses at `widths`: as measured, elsewhere a quarter a bit from the nearest that was.

    A width never loses less than a larger one.
    """
    found: dict[int, float] = {}
    for bits in sorted(widths, reverse=True):
        nearest = min(known, key=lambda b: (abs(b - bits), b))
        wider = max(found.values(), default=0.0)
        found[bits] = max(known[nearest] * 4.0 ** (nearest - bits), wider)
    return found
