# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Photographs to train with, out of packages that anybody can fetch by name: `licc-photos`."""
