# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Types at the edges of the transforms, where two functions have to agree.

The latent y is one domain, the hyper-latent z another: all latents of a domain share one scale 2^-f, and
its symbols have the range that such a latent can round to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from torch_mlir import ir
from torch_mlir.dialects import func

from licc.dialects.quantized import Quantized, printable_scale
from licc.quantize import facts
from licc.quantize.policy import Policy
from licc.quantize.scales import fraction_bits

IMAGE = Quantized(8, False, 0, 255, (printable_scale(1.0 / 255.0),))


@dataclass(frozen=True)
class Boundary:
    """The types around one function.

    Attributes:
        argument: of its argument.
        result: of its result.
        latent: of what it rounds to symbols, before the rounding.
    """

    argument: Quantized
    result: Quantized
    latent: Quantized


class MissingFactError(Exception):
    """Calibration did not say what a value needs; `value` is where."""

    def __init__(self, value: ir.Value, message: str) -> None:
        super().__init__(message)
        self.value = value


def magnitude(value: ir.Value, name: str = facts.OBSERVED) -> float:
    """The largest magnitude in the range `name` of `value`.

    Raises:
        MissingFactError: it has no such range.
    """
    found = facts.read_interval(value, name)
    if found is None:
        raise MissingFactError(value, f"requires attribute '{name}'; run lic-calibrate first")
    return max(abs(found[0]), abs(found[1]))


def returned(function: func.FuncOp) -> ir.Value:
    """The value that a function returns."""
    return list(function.entry_block.operations)[-1].operands[0]


def before_rounding(value: ir.Value) -> ir.Value:
    """The latent behind symbols; any other value is its own."""
    if not isinstance(value, ir.BlockArgument) and value.owner.name == "lic.round_latent":
        return value.owner.operands[0]
    return value


def boundaries(functions: Mapping[str, func.FuncOp], policy: Policy) -> dict[str, Boundary]:
    """The types around each of `functions`, from roles and observed ranges.

    Raises:
        MissingFactError: a value without an observed range, or an argument or result without a role.
    """
    seen: dict[str, float] = {}
    for name, function in functions.items():
        for role, value in _edges(function):
            if role in ("latent", "symbols"):
                domain = _domain(name, role)
                seen[domain] = max(seen.get(domain, 0.0), magnitude(before_rounding(value)))
    bits = policy.latent_bits()
    fractions = {
        domain: fraction_bits(most, bits, policy.latent_headroom) for domain, most in seen.items()
    }
    return {
        name: _boundary(name, function, fractions, policy) for name, function in functions.items()
    }


def _edges(function: func.FuncOp) -> Iterator[tuple[str, ir.Value]]:
    argument, result = facts.roles(function)
    yield argument, function.arguments[0]
    yield result, returned(function)


def _domain(function: str, role: str) -> str:
    return "z" if function.startswith("h_") and role == "symbols" else "y"


def _boundary(
    name: str, function: func.FuncOp, fractions: Mapping[str, int], policy: Policy
) -> Boundary:
    bits = policy.latent_bits()

    def kind(role: str, value: ir.Value) -> Quantized:
        if role == "image":
            return IMAGE
        if role == "latent":
            return _signed(bits, 2.0 ** -fractions[_domain(name, role)])
        if role == "symbols":
            most = 1 << (bits - 1 - fractions[_domain(name, role)])
            return Quantized(bits, True, -most, most - 1, (1.0,))
        if role == "scales":
            fraction = fraction_bits(magnitude(value), bits, policy.latent_headroom)
            return _signed(bits, 2.0**-fraction)
        raise MissingFactError(value, f"requires a known '{facts.ROLE}', but got '{role}'")

    (argument, x), (result, y) = _edges(function)
    # A function that rounds does so in the domain of its own symbols.
    domain = fractions.get(_domain(name, result), 0)
    return Boundary(kind(argument, x), kind(result, y), _signed(bits, 2.0**-domain))


def _signed(bits: int, scale: float) -> Quantized:
    return Quantized(bits, True, -(1 << (bits - 1)), (1 << (bits - 1)) - 1, (scale,))
