# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# `licc` with the two packages that are folders of their own beside it (links here); its other modules are
# found in licc/ itself.
from typing import Any

__version__: str

def __getattr__(name: str) -> Any: ...
