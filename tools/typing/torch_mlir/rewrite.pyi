# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# torch_mlir has no type information; so far as types are concerned, all of it is Any.
from typing import Any

def __getattr__(name: str) -> Any: ...
