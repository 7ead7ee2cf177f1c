# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A policy's answers, asked once each and checked: what typing reads, whoever wrote the policy."""

from __future__ import annotations

import operator
from typing import Any

from licc.errors import UserError
from licc.quantize.policy import GAMMA_BITS, GDN_INPUT_BITS, LEAST_BITS, MOST_BITS, Policy
from licc.user_code import user_code

# Least and most bits of each answer: what the verifier of `lic` and one DSP take.
LIMITS = {
    "weight_bits": (LEAST_BITS, MOST_BITS),
    "activation_bits": (LEAST_BITS, MOST_BITS),
    "gdn_bits": (LEAST_BITS, GDN_INPUT_BITS),
    "gamma_bits": (LEAST_BITS, GAMMA_BITS),
    "latent_bits": (8, MOST_BITS),
    "symbol_bits": (LEAST_BITS, MOST_BITS),
}


class Answers(Policy):
    """What another policy answers, each question asked once: it cannot change its mind half way.

    Answers that are no whole numbers, or too wide or narrow, and exceptions in the policy become a
    `UserError` that names it.
    """

    def __init__(self, policy: Policy, **options: Any) -> None:
        """Of `policy`; `options` take the place of its own."""
        shared = {name: self._option(policy, name) for name in Policy.options()}
        super().__init__(**(shared | options))
        self.name = policy.name
        self.asked: dict[tuple[str, ...], int] = {}
        self._policy = policy

    def weight_bits(self, layer: str) -> int:
        """Checked."""
        return self._ask("weight_bits", layer)

    def activation_bits(self, layer: str) -> int:
        """Checked."""
        return self._ask("activation_bits", layer)

    def gdn_bits(self, layer: str) -> int:
        """Checked."""
        return self._ask("gdn_bits", layer)

    def gamma_bits(self, layer: str) -> int:
        """Checked."""
        return self._ask("gamma_bits", layer)

    def latent_bits(self) -> int:
        """Checked."""
        return self._ask("latent_bits")

    def symbol_bits(self) -> int:
        """Checked."""
        return self._ask("symbol_bits")

    def layers(self, question: str) -> tuple[str, ...]:
        """The layers that a question was asked about, in the order of asking."""
        return tuple(key[1] for key in self.asked if key[0] == question)

    def _ask(self, question: str, *layer: str) -> int:
        key = (question, *layer)
        if key not in self.asked:
            self.asked[key] = self._checked(question, *layer)
        return self.asked[key]

    def _checked(self, question: str, *layer: str) -> int:
        call = f"{type(self._policy).__name__}.{question}({', '.join(map(repr, layer))})"
        with user_code(call, type(self._policy)):
            answer: Any = getattr(self._policy, question)(*layer)
        least, most = LIMITS[question]
        try:
            if isinstance(answer, bool):
                raise TypeError
            bits = operator.index(answer)
        except TypeError:
            raise UserError(
                f"{self._who()}: {call} expected whole bits from {least} to {most}, but got {answer!r}"
            ) from None
        if not least <= bits <= most:
            raise UserError(
                f"{self._who()}: {call} expected {least} to {most} bits, but got {bits}"
            )
        return bits

    def _who(self) -> str:
        return self._policy.name or type(self._policy).__name__

    @staticmethod
    def _option(policy: Policy, name: str) -> Any:
        value, default = getattr(policy, name), Policy.options()[name]
        kind = (int, float) if isinstance(default, float) else type(default)
        if not isinstance(value, kind) or isinstance(value, bool) != isinstance(default, bool):
            raise UserError(
                f"{policy.name or type(policy).__name__}: option '{name}' expected "
                f"{type(default).__name__}, but got {value!r}"
            )
        return value
