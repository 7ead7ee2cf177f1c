# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`licc-eval`: what a codec keeps of pictures, in floats and in the integers of one or more policies.

Importing this package imports no heavy module; docs/evaluate.md is its manual.
"""
