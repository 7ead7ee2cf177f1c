# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Import CompressAI beside a torch whose torchvision has no binary operators.

CompressAI needs none of them, but torchvision registers fake kernels of two of its operators on import,
which fails where its library does not load (its CUDA build beside a CPU-only torch).
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "compressai_import.py"


def compressai_models() -> ModuleType:
    """Return `compressai.models`, or skip the test where CompressAI is not installed."""
    if not all(map(importlib.util.find_spec, ("compressai", "torchvision"))):
        pytest.skip("CompressAI is not installed")
    if "compressai_import" not in sys.modules:
        spec = importlib.util.spec_from_file_location("compressai_import", EXAMPLE)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        # Kept in sys.modules: the operators exist for as long as the module does.
        sys.modules["compressai_import"] = module
        spec.loader.exec_module(module)
    import compressai.models

    return compressai.models
