# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reading and building upstream's `!quant.uniform` types, the element types of typed `lic` values."""

from dataclasses import dataclass

from torch_mlir import ir
from torch_mlir.dialects import quant

__all__ = ["Quantized", "element_type", "printable_scale", "quantized", "shape_of"]


def printable_scale(scale: float) -> float:
    """The nearest scale of seven significant digits, which MLIR prints short.

    Any other scale survives its text as well, with all of its seventeen digits.
    """
    return float(f"{scale:.6e}")


@dataclass(frozen=True)
class Quantized:
    """One `!quant.uniform` element type: `real = scale * (stored - zero_point)`.

    Attributes:
        bits: storage width (4, 8, 16 or 32).
        signed: whether the storage is signed.
        lo: smallest stored value; with `hi`, the range that the value is PROVEN to stay in.
        hi: largest stored value.
        scales: one scale, or one per index of dimension `axis`.
        axis: the dimension of per-axis scales, None for a per-tensor scale.
        zero_point: the stored value of 0; of a per-axis type one that is not zero, if any is.
    """

    bits: int
    signed: bool
    lo: int
    hi: int
    scales: tuple[float, ...]
    axis: int | None = None
    zero_point: int = 0

    @property
    def scale(self) -> float:
        """The scale of a per-tensor type."""
        if self.axis is not None:
            raise ValueError("a per-axis type has no single scale")
        return self.scales[0]

    @property
    def magnitude_bits(self) -> int:
        """Bits of the smallest two's-complement (signed) or plain (unsigned) field that holds the range."""
        if self.lo >= 0:
            return max(self.hi.bit_length(), 1)
        return max((-self.lo - 1).bit_length(), self.hi.bit_length()) + 1

    def type(self) -> ir.Type:
        """The MLIR type, in the current context."""
        storage = f"{'i' if self.signed else 'u'}{self.bits}"
        least, most = _storage_limits(self.bits, self.signed)
        bounds = "" if (self.lo, self.hi) == (least, most) else f"<{self.lo}:{self.hi}>"
        if self.axis is None:
            zero = f":{self.zero_point}" if self.zero_point else ""
            return ir.Type.parse(
                f"!quant.uniform<{storage}{bounds}:f32, {_literal(self.scale)}{zero}>"
            )
        zero = f":{self.zero_point}" if self.zero_point else ""
        scales = ",".join(f"{_literal(scale)}{zero}" for scale in self.scales)
        return ir.Type.parse(f"!quant.uniform<{storage}{bounds}:f32:{self.axis}, {{{scales}}}>")


def _literal(value: float) -> str:
    """`value` as MLIR reads it: with a point also where Python writes none, as in 1e-05."""
    mantissa, exponent, digits = repr(value).partition("e")
    return f"{mantissa if '.' in mantissa else f'{mantissa}.0'}{exponent}{digits}"


def _storage_limits(bits: int, signed: bool) -> tuple[int, int]:
    if signed:
        return -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    return 0, (1 << bits) - 1


def quantized(type_: ir.Type) -> Quantized | None:
    """The description of `type_` (a `!quant.uniform` or a tensor of one), None for any other type."""
    element = element_type(type_)
    if isinstance(element, quant.UniformQuantizedType):
        return Quantized(
            element.storage_type_integral_width,
            element.is_signed,
            element.storage_type_min,
            element.storage_type_max,
            (element.scale,),
            None,
            element.zero_point,
        )
    if isinstance(element, quant.UniformQuantizedPerAxisType):
        return Quantized(
            element.storage_type_integral_width,
            element.is_signed,
            element.storage_type_min,
            element.storage_type_max,
            tuple(element.scales),
            element.quantized_dimension,
            next((zero for zero in element.zero_points if zero), 0),
        )
    return None


def element_type(type_: ir.Type) -> ir.Type:
    """The element type of a tensor or vector; any other type is its own element."""
    return type_.element_type if isinstance(type_, ir.ShapedType) else type_


def shape_of(value: ir.Value) -> tuple[int, ...]:
    """The static shape of a tensor value."""
    return tuple(ir.ShapedType(value.type).shape)
