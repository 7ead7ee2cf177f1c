# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Training in the typed `lic` semantics: integers forward, gradients straight through (docs/quantization.md)."""
