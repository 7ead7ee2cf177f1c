# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the IR computes: interpreters of `lic` and `hls`, held to the integer law of docs/semantics.md."""
