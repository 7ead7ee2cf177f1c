# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The codec of a build, as its users run it: images in, streams out, and back (docs/runtime.md).

    from licc.runtime import Codec

    codec = Codec("build")
    stream = codec.encode(image)      # uint8, height x width x 3
    picture = codec.decode(stream)

Importing this package imports nothing else; its names load what they need, and neither torch nor MLIR.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from licc.runtime.codec import Codec

__all__ = ["Codec"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(import_module(f"{__name__}.codec"), name)
