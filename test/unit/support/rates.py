# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Rates of widths by a formula, where licc-dimension would schedule; importable by its workers."""

from __future__ import annotations

from licc.dimension.rate import RESOURCES, Question, Rate

# A DSP's images a second of one multiplication, roughly those of the real schedules.
SPEEDS = {"zcu102": 480_000.0, "ultra96v2": 57_000.0}


def rate(question: Question) -> Rate:
    """Falls with the square of the width; wide ones do not fit the small board."""
    if question.target == "ultra96v2" and question.n > 64:
        return Rate(0.0, question.n**2, 0, 0, {}, {}, "too many weights")
    slower = 1.1 if question.role == "decoder" else 1.0
    fps = SPEEDS[question.target] / question.n**2 / slower
    return Rate(fps, question.n**2, 1, 0, {}, dict.fromkeys(RESOURCES, question.n))


def dying(question: Question) -> Rate:
    """A worker that is ended from outside."""
    import os

    os._exit(question.n and 9)
