# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the compiler compiles for: devices, and the files that it emits for them."""
