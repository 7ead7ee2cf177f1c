# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""CompressAI, where it is installed: its rANS coder and its entropy models.

The coder is an extension module that needs nothing else of the package, so it is loaded alone: importing
the package takes seconds, and torchvision.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

from licc.errors import UserError

REMEDY = "install it with: pip install 'licc[train]'"

# The operators for which torchvision registers a fake kernel even where its own library does not load.
_TORCHVISION_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)


class NotInstalledError(UserError):
    """CompressAI is not there, or does not load."""


@cache
def rans() -> Any:
    """The module `compressai.ans`, without the rest of CompressAI.

    Raises:
        NotInstalledError: CompressAI is not installed.
    """
    if "compressai.ans" in sys.modules:
        return sys.modules["compressai.ans"]
    package = importlib.util.find_spec("compressai")
    folders = list(package.submodule_search_locations or ()) if package else []
    spec = PathFinder.find_spec("compressai.ans", folders) if folders else None
    if spec is None or spec.loader is None:
        raise NotInstalledError(f"the entropy coder needs CompressAI; {REMEDY}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def entropy_models() -> Any:
    """The module `compressai.entropy_models`.

    Raises:
        NotInstalledError: CompressAI is not installed, or does not load.
    """
    if importlib.util.find_spec("compressai") is None:
        raise NotInstalledError(
            f"a checkpoint without tables needs CompressAI to make them; {REMEDY}"
        )
    try:
        declare_torchvision_operators()
        return importlib.import_module("compressai.entropy_models")
    except (ImportError, RuntimeError, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise NotInstalledError(f"CompressAI does not load ({reason}); {REMEDY}") from error


@cache
def layers() -> Any:
    """The module `compressai.layers`.

    Raises:
        NotInstalledError: CompressAI is not installed, or does not load.
    """
    entropy_models()
    return importlib.import_module("compressai.layers")


# Declared operators exist for as long as their library does.
_DECLARED: list[Any] = []


@cache
def declare_torchvision_operators() -> None:
    """Let torchvision be imported where its binary operators do not load into this torch; call before CompressAI.

    CompressAI imports torchvision and needs none of them, but the import fails where its library
    is not made for this torch (that of the default index beside a CPU-only torch, say).
    """
    import torch

    spec = importlib.util.find_spec("torchvision")
    folders = (spec.submodule_search_locations or ()) if spec else ()
    for library in (path for folder in folders for path in Path(folder).glob("_C.*")):
        try:
            torch.ops.load_library(library)
        except OSError:
            continue
        return
    fragment = torch.library.Library("torchvision", "FRAGMENT")
    for schema in _TORCHVISION_SCHEMAS:
        if not hasattr(torch.ops.torchvision, schema.partition("(")[0]):
            fragment.define(schema)
    _DECLARED.append(fragment)
