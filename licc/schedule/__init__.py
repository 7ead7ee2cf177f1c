# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Choosing what runs in parallel: `stages` reads the problem from the IR, `search` solves it and
`check` verifies a schedule in the IR without the search.
"""
