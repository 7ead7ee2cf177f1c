# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the host and Vitis have to know of the designs of a build: `host/accelerator.json`, `vitis/`."""

from licc.target.board.accelerator import Accelerator, accelerator_of, description
from licc.target.board.write import write_build

__all__ = ["Accelerator", "accelerator_of", "description", "write_build"]
