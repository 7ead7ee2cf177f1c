# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Make `import compressai` work beside a torch whose torchvision has no binary operators.

CompressAI imports torchvision, and torchvision registers fake kernels for two of its own C++ operators
while it is imported. Where its library does not load (the torchvision of the default index beside a
CPU-only torch, say) those operators do not exist and the import fails, although CompressAI needs
none of them. So declare them, without kernels, when, and only when, torchvision cannot do so itself.
Import this module before `compressai`.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import torch

# The operators for which torchvision registers a fake kernel even without its library.
SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)


def own_operators_load() -> bool:
    """Say whether torchvision's own library loads into this torch (without importing torchvision)."""
    spec = find_spec("torchvision")
    folders = (spec.submodule_search_locations or ()) if spec else ()
    for library in (path for folder in folders for path in Path(folder).glob("_C.*")):
        try:
            torch.ops.load_library(library)
        except OSError:
            continue
        return True
    return False


def declare_operators() -> torch.library.Library | None:
    """Declare the missing operators; they exist for as long as the returned library does."""
    if own_operators_load():
        return None
    library = torch.library.Library("torchvision", "FRAGMENT")
    for schema in SCHEMAS:
        if not hasattr(torch.ops.torchvision, schema.partition("(")[0]):
            library.define(schema)
    return library


DECLARED = declare_operators()
