# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Entropy coding: tables, integer indexes and symbols, rANS strings, the container, the whole codec.

docs/entropy.md says what encoder and decoder have to agree on, bit for bit. Importing this package
imports nothing else; its names load what they need.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from licc.entropy.coder import Coder, Reconstruction, Stream, StreamError
    from licc.entropy.tables import EntropyModel

__all__ = ["Coder", "EntropyModel", "Reconstruction", "Stream", "StreamError"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    module = "tables" if name == "EntropyModel" else "coder"
    return getattr(import_module(f"{__name__}.{module}"), name)
