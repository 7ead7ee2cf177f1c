# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Integers of fewer than 8 bits in elements attributes, which MLIR's Python buffers do not know."""

import re

import numpy as np
from torch_mlir import ir

from licc.interp.arith import Integers

__all__ = ["is_narrow", "narrow_elements"]


def is_narrow(type_: ir.Type) -> bool:
    """Whether a shaped type has integer elements of 2 to 7 bits."""
    element = ir.ShapedType(type_).element_type
    return isinstance(element, ir.IntegerType) and 1 < element.width < 8


def narrow_elements(attribute: ir.Attribute) -> Integers:
    """The signed values of a dense attribute of narrow integers, in its shape.

    They are read from its text: numbers, one number for all (a splat), or, of many elements, a byte each
    in hexadecimal digits, whose upper bits mean nothing.
    """
    shape = tuple(ir.ShapedType(attribute.type).shape)
    bits = ir.IntegerType(ir.ShapedType(attribute.type).element_type).width
    text = str(attribute)
    text = text[: text.rindex(":")]
    found = re.search(r'"0x([0-9A-Fa-f]*)"', text)
    if found is None:
        values = np.array(re.findall(r"-?\d+", text), dtype=np.int64)
    else:
        values = np.frombuffer(bytes.fromhex(found[1]), dtype=np.int8).astype(np.int64)
    half = 1 << (bits - 1)
    signed = ((values + half) & (2 * half - 1)) - half
    return np.broadcast_to(signed, shape) if signed.size == 1 else signed.reshape(shape)
