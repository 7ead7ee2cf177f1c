# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What decides the result of a training: kept with its state, so that it goes on as it began."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

SCHEDULES = ("cosine", "plateau", "constant")


@dataclass(frozen=True)
class Weights:
    """Weights of the loss's terms.

    Attributes:
        latent: of the squared error of y against the teacher's.
        image: of the squared error of the reconstruction against the teacher's.
        rd: of the student's own rate-distortion loss.
        hyper: of the squared error of the scales that the hyper-latents decode to.
    """

    latent: float = 0.2
    image: float = 0.2
    rd: float = 0.6
    hyper: float = 0.0

    @property
    def distils(self) -> bool:
        """Whether a teacher is asked in each step."""
        return bool(self.latent or self.image or self.hyper)


PLAIN = Weights(0.0, 0.0, 1.0)
"""No teacher: the rate-distortion loss alone."""


@dataclass(frozen=True)
class Settings:
    """Everything that the weights after a number of steps depend on, but for machine and thread count.

    Attributes:
        lmbda: weight of `255^2 * MSE` beside the rate in bits a pixel.
        minutes: the schedule is shortened to this time (0: no limit), and then depends on the machine.
        batch: images in a step of each process.
        crop: side of the training images.
        lr: peak learning rate.
        warm_up: steps at the start with a rising learning rate, or of new parts alone.
        every: steps between two looks at held-out images.
        start: where the weights come from: `random`, `init`, `narrow` or `student`.
        source: digest of the file that they come from.
        teacher: digest of the teacher's file.
        data: number and digest of the images.
        quantize: precision of the integers that the student is trained for; "" for floats.
        processes: how many train together.
    """

    tool: str
    architecture: str
    width: int
    latent: int
    lmbda: float
    steps: int
    minutes: float
    batch: int
    crop: int
    lr: float
    schedule: str
    warm_up: int
    weight_decay: float
    clip: float
    bf16: bool
    every: int
    seed: int
    start: str
    source: str
    teacher: str
    weight_latent: float
    weight_image: float
    weight_rd: float
    weight_hyper: float
    data: str
    quantize: str
    processes: int

    @property
    def weights(self) -> Weights:
        """Of the loss."""
        return Weights(self.weight_latent, self.weight_image, self.weight_rd, self.weight_hyper)


_SHOWN = {
    "lmbda": "--lambda",
    "weight_hyper": "--hyper",
    "source": "another file to start from",
    "teacher": "another teacher",
    "data": "other images",
    "processes": "another number of processes",
    "tool": "another tool",
}
_DIGESTS = ("source", "teacher", "data")


def difference(before: Mapping[str, object], now: Settings) -> str | None:
    """Say what `now` has otherwise than the settings of a stored state; None where nothing."""
    for name, value in asdict(now).items():
        stored = before.get(name)
        if stored == value:
            continue
        option = _SHOWN.get(name, f"--{name.replace('_', '-')}")
        if name in _DIGESTS:
            return f"made with {option} ({stored or 'none'}, now {value or 'none'})"
        return f"made with {option} {stored}, but now it is {value}"
    return None
