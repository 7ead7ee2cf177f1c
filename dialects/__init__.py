# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The dialects: `lic` (what the codec computes) and `hls` (what the hardware is)."""

from torch_mlir import ir
from torch_mlir._mlir_libs import (
    _torchMlir,  # what dialects.torch wraps, without its Python op classes
)

from licc.dialects import ext
from licc.dialects.hls import Hls
from licc.dialects.lic import Lic

__all__ = ["DIALECTS", "load_dialects", "make_context"]

DIALECTS = (Lic, Hls)


def load_dialects(context: ir.Context) -> ir.Context:
    """Load `lic` and `hls` into `context` (once; more calls do nothing) and return it."""
    with context, ir.Location.unknown():
        ext.load(*DIALECTS)
    return context


def make_context() -> ir.Context:
    """A context that knows our dialects beside every upstream one, torch's included."""
    context = ir.Context()
    _torchMlir.register_dialect(context)
    return load_dialects(context)
