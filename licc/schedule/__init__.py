# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Choosing what runs in parallel.

`stages` reads stages from the IR, `problem` poses what is to be solved there; `candidates`, `between` and
`network` say what each process may do and what it costs, `solve` chooses, and `check` verifies a schedule in
the IR without any of them. `stripes` cuts images that are too wide.
"""
