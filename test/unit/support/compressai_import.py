# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""CompressAI's models, where CompressAI is installed."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest

from licc.entropy.compressai import declare_torchvision_operators


def compressai_models() -> ModuleType:
    """Return `compressai.models`; skip the test, saying so, in an install without the extra that brings CompressAI."""
    if not all(map(importlib.util.find_spec, ("compressai", "torchvision"))):
        pytest.skip("CompressAI is not installed; pip install 'licc[test]' brings it")
    declare_torchvision_operators()
    import compressai.models

    return compressai.models
