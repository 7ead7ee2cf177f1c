# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Types at the edges of the transforms, where two functions have to agree.

The latent y is one domain, the hyper-latent z another: all latents of a domain share one scale 2^-f, and
its symbols have the range that such a latent can round to, of 10 significant bits at most: +-511. Where a
latent leaves a function and is coded in symbols, its own range is no wider: whoever rounds it gets symbols
that the decoder can take.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

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
    coded: set[str] = set()
    for name, function in functions.items():
        for role, value in edges_of(function):
            if role in ("latent", "symbols"):
                domain = domain_of(name, role)
                seen[domain] = max(seen.get(domain, 0.0), magnitude(before_rounding(value)))
            if role == "symbols":
                coded.add(domain_of(name, role))
    domains = {
        domain: _Domain(
            fraction_bits(most, policy.latent_bits(), policy.latent_headroom), domain in coded
        )
        for domain, most in seen.items()
    }
    return {
        name: _boundary(name, function, domains, policy) for name, function in functions.items()
    }


@dataclass(frozen=True)
class _Domain:
    """Fraction bits of the latents of a domain, and whether they are coded as symbols."""

    fraction: int
    coded: bool

    def greatest_symbol(self, policy: Policy) -> int:
        """The greatest magnitude of a symbol, of both signs."""
        whole_bits = policy.latent_bits() - self.fraction
        return (1 << (min(whole_bits, policy.symbol_bits()) - 1)) - 1

    def latent(self, policy: Policy) -> Quantized:
        """The type of a latent that leaves its function."""
        kind = _signed(policy.latent_bits(), 2.0**-self.fraction)
        if not self.coded:
            return kind
        most = self.greatest_symbol(policy) << self.fraction
        return replace(kind, lo=-most, hi=most)


def edges_of(function: func.FuncOp) -> Iterator[tuple[str, ir.Value]]:
    """Role and value of a function's argument, then of its result."""
    argument, result = facts.roles(function)
    yield argument, function.arguments[0]
    yield result, returned(function)


def domain_of(function: str, role: str) -> str:
    """The latents, y or z, that the edge `role` of a function belongs to."""
    return "z" if function.startswith("h_") and role == "symbols" else "y"


def _boundary(
    name: str, function: func.FuncOp, domains: Mapping[str, _Domain], policy: Policy
) -> Boundary:
    bits = policy.latent_bits()

    def kind(role: str, value: ir.Value) -> Quantized:
        if role == "image":
            return IMAGE
        if role == "latent":
            return domains[domain_of(name, role)].latent(policy)
        if role == "symbols":
            most = domains[domain_of(name, role)].greatest_symbol(policy)
            return Quantized(bits, True, -most, most, (1.0,))
        if role == "scales":
            fraction = fraction_bits(magnitude(value), bits, policy.latent_headroom)
            return _signed(bits, 2.0**-fraction)
        raise MissingFactError(value, f"requires a known '{facts.ROLE}', but got '{role}'")

    (argument, x), (result, y) = edges_of(function)
    # A function that rounds does so in the domain of its own symbols.
    domain = domains.get(domain_of(name, result))
    fraction = 0 if domain is None else domain.fraction
    return Boundary(kind(argument, x), kind(result, y), _signed(bits, 2.0**-fraction))


def _signed(bits: int, scale: float) -> Quantized:
    return Quantized(bits, True, -(1 << (bits - 1)), (1 << (bits - 1)) - 1, (scale,))
