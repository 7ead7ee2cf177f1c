# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which widths and methods typing uses: a policy answers by layer (docs/try-a-policy.md).

class Wide(Policy):
    def weight_bits(self, layer):
        return 10 if layer.startswith("g_s") else 8
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from licc.quantize.codec import Codec

BASE_BITS = 8
LEAST_BITS, MOST_BITS = 4, 16
GDN_INPUT_BITS = 13
GAMMA_BITS = 17
LATENT_BITS = 16
SYMBOL_BITS = 10


class Policy:
    """Widths in bits, by kind of tensor; 8 wherever nothing else is said. A subclass may answer by layer.

    Layers are named by their paths in the network, such as "g_a.0". Class attributes are options: a subclass
    changes their defaults or adds its own, and `NAME{option=value}` or a keyword of the constructor
    sets them for one object. A GDN's i32 is no option: the verifier of `lic` refuses anything else.

    Attributes:
        name: what reports call the policy.
        channel_scales: divide activation channels by scales that the next weights absorb.
        clip: choose ranges by squared error; otherwise by the observed extremes.
        adaptive: round weights so that they make up for each other's errors.
        bias_correction: take the mean error that rounded weights make out of the bias.
        gdn_headroom: how far beyond the observed range GDN's input reaches.
        latent_headroom: bits by which latents may exceed the observed range.
    """

    name: str = ""
    channel_scales: bool = True
    clip: bool = True
    adaptive: bool = True
    bias_correction: bool = True
    gdn_headroom: float = 1.25
    latent_headroom: int = 1

    # What is no option although it is a class attribute.
    _reserved: ClassVar[frozenset[str]] = frozenset({"name"})

    def __init__(self, **options: Any) -> None:
        """Set `options` on this object; `TypeError` for one that the class does not have."""
        known = self.options()
        for name, value in options.items():
            if name not in known:
                raise TypeError(
                    f"{type(self).__name__} has no option '{name}'; it has {', '.join(known)}"
                )
            setattr(self, name, value)

    @classmethod
    def options(cls) -> Mapping[str, Any]:
        """The options with their defaults: class attributes that are a bool, a number or a text."""
        found: dict[str, Any] = {}
        for base in reversed(cls.__mro__):
            found |= {
                name: value
                for name, value in vars(base).items()
                if isinstance(value, (bool, int, float, str))
                and not name.startswith("_")
                and name not in cls._reserved
            }
        return found

    def prepare(self, codec: Codec) -> None:
        """Called once, before anything is asked: look at the codec, and measure, as far as needed."""
        del codec

    def sensitivity(self, layer: str) -> Mapping[str, float]:
        """What `prepare` found out about a layer, in dB by kind of tensor: `lic.sensitivity` in the IR."""
        del layer
        return {}

    def weight_bits(self, layer: str) -> int:
        """Width of the weights of the convolution `layer`, 4 to 16: stored in +-(2^(bits-1) - 1)."""
        del layer
        return BASE_BITS

    def activation_bits(self, layer: str) -> int:
        """Width of what a convolution reads from `layer` before it, 4 to 16."""
        del layer
        return BASE_BITS

    def gdn_bits(self, layer: str) -> int:
        """Width of the input of a GDN that reads `layer`; 13 equals 16 in quality and is what one DSP squares."""
        del layer
        return GDN_INPUT_BITS

    def gamma_bits(self, layer: str) -> int:
        """Significant bits of gamma in the GDN `layer`, 17 at most."""
        del layer
        return GAMMA_BITS

    def latent_bits(self) -> int:
        """Width of latents and scales."""
        return LATENT_BITS

    def symbol_bits(self) -> int:
        """Significant bits of symbols at most: 10 still pack two multiplications in a DSP."""
        return SYMBOL_BITS


class Int8(Policy):
    """All that can be in 8 bits: weights and what convolutions read."""


class Widths(Policy):
    """Widths from tables by layer; 8 bits for what they do not name.

    The tables are copies: what the caller does to its own later changes nothing.
    """

    def __init__(
        self,
        weights: Mapping[str, int] | None = None,
        activations: Mapping[str, int] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.weights = dict(weights or {})
        self.activations = dict(activations or {})

    def weight_bits(self, layer: str) -> int:
        """From the table."""
        return self.weights.get(layer, BASE_BITS)

    def activation_bits(self, layer: str) -> int:
        """From the table."""
        return self.activations.get(layer, BASE_BITS)
