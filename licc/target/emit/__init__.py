# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Emission: from the `hls` dialect to the C++, the parameters and the golden data of a build."""

from licc.target.emit.view import EmitError
from licc.target.emit.write import EmitOptions, write_build

__all__ = ["EmitError", "EmitOptions", "write_build"]
