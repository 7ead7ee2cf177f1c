# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Training: teachers (`licc-train`), and leaner students distilled from them (`licc-distill`)."""
