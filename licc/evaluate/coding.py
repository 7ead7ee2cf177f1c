# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One codec at work: a picture there and back, and what is measured of it."""

from __future__ import annotations

import tempfile
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from torch_mlir import ir

from licc import dialects
from licc.evaluate import metrics
from licc.evaluate.images import Pixels, UnreadableError, decode
from licc.evaluate.layers import Energies, layer_energies

# A variant is done before the next begins, so a worker needs little more than one at a time.
HELD_CODECS = 2

Record = dict[str, Any]


@dataclass(frozen=True)
class Source:
    """A codec in a form that can be sent to a worker.

    Attributes:
        key: names it among all variants.
        module: the text of its `lic` functions.
        floats: the text of the float functions, for the errors of layers; None for a float codec.
        checkpoint: the bytes of the file that it was made from: its entropy model is in there.
        suffix: of that file.
    """

    key: str
    module: str
    floats: str | None
    checkpoint: bytes
    suffix: str


@dataclass(frozen=True)
class Task:
    """One image through one variant; `data` is the image file."""

    variant: str
    name: str
    digest: str
    data: bytes


@dataclass(frozen=True)
class Measured:
    """What is known of one image after one codec.

    Attributes:
        height: of the image.
        width: of the image.
        psnr: in dB.
        ms_ssim: None for an image that is too small for it.
        bits: of the strings with their header, or of their estimate.
        estimated: whether `bits` is the empirical entropy of the symbols, not the length of a string.
        layers: sums of squares by layer: of the floats, and of the errors of the integers.
    """

    height: int
    width: int
    psnr: float
    ms_ssim: float | None
    bits: float
    estimated: bool
    layers: Energies = field(default_factory=dict[str, tuple[float, float]])


class Codec:
    """A variant that is ready to code; `source` is where it comes from."""

    def __init__(self, source: Source) -> None:
        from licc.entropy.coder import Coder
        from licc.entropy.tables import EntropyModel

        self.module = parse(source.module)
        self.floats = None if source.floats is None else parse(source.floats)
        with tempfile.TemporaryDirectory(prefix="licc-eval-") as folder:
            # What reads a checkpoint reads a file; this worker may be on another machine.
            path = Path(folder) / f"checkpoint{source.suffix}"
            path.write_bytes(source.checkpoint)
            self.coder = Coder(self.module, EntropyModel.of(path))

    def measure(self, image: Pixels) -> Measured:
        """Code an image and compare what is decoded with it."""
        decoded, bits, estimated = self._there_and_back(image)
        layers = {} if self.floats is None else layer_energies(self.floats, self.module, image)
        return Measured(
            image.shape[0],
            image.shape[1],
            metrics.psnr(decoded, image),
            metrics.ms_ssim(decoded, image),
            bits,
            estimated,
            layers,
        )

    def _there_and_back(self, image: Pixels) -> tuple[Pixels, float, bool]:
        decoded, bits, _ = self.coder.reconstruct(image)
        return decoded, float(bits), bool(self.coder.estimated)


class Worker:
    """Codes images, and keeps its codecs from one to the next."""

    def __init__(self) -> None:
        self.codecs: OrderedDict[str, Codec] = OrderedDict()

    def measure(self, task: Task, fetch: Callable[[], Source]) -> Record:
        """One line of the results: of an image that cannot be read, `error` is the reason.

        Args:
            task: the image and the variant.
            fetch: where to get the variant from, when this worker does not hold it.
        """
        record: Record = {"variant": task.variant, "image": task.digest, "name": task.name}
        try:
            image = decode(task.data)
        except UnreadableError as error:
            return {**record, "error": str(error)}
        return {**record, **asdict(self._codec(task.variant, fetch).measure(image))}

    def _codec(self, key: str, fetch: Callable[[], Source]) -> Codec:
        if key not in self.codecs:
            while len(self.codecs) >= HELD_CODECS:
                self.codecs.popitem(last=False)
            self.codecs[key] = Codec(fetch())
        self.codecs.move_to_end(key)
        return self.codecs[key]


def parse(text: str) -> ir.Module:
    """A module in a context of its own, so that its constants go when it goes."""
    with dialects.make_context():
        return ir.Module.parse(text)
