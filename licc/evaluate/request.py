# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a user asks of `licc-eval`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Request:
    """The command line, checked.

    Attributes:
        checkpoints: the files.
        images: the folder.
        calibrate: folder to calibrate on; None for the embedded images.
        precisions: spellings of policies; none for the default of each checkpoint.
        target: device to predict a rate for; None without.
        input_hw: height and width of the images there.
        against: curves to compare with, as they were spelled.
        output: folder of the results.
        jobs: workers; None for as many as there are cores.
    """

    checkpoints: tuple[Path, ...]
    images: Path
    calibrate: Path | None
    precisions: tuple[str, ...]
    target: str | None
    input_hw: tuple[int, int] | None
    against: tuple[str, ...]
    output: Path
    jobs: int | None
