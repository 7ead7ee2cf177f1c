# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`lic-codec bench`: frames a second, latencies and how busy each stage is, to streams and back."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from licc.driver import build_dir
from licc.runtime import inputs, pictures
from licc.runtime.codec import Codec, host
from licc.runtime.frames import Frames, described
from licc.runtime.output import progress, table
from licc.runtime.stopping import stopping

__all__ = ["bench", "synthetic"]

Pixels = npt.NDArray[np.uint8]

# Frames that are held in memory, and coded again and again.
MOST_DISTINCT = 32


def bench(
    codec: Codec,
    given: Sequence[Path],
    size: tuple[int, int] | None,
    count: int,
    pipeline: dict[str, int],
    json_file: Path | None,
) -> int:
    """Code frames and decode them again; print what the pipelines did. The exit status.

    Args:
        codec: of a build.
        given: pictures, or one video; none for synthetic frames.
        size: of synthetic frames and raw video; None for what the accelerator was made for.
        count: how many frames; the given ones in turns.
        pipeline: arguments of `Codec.encode_frames`.
        json_file: where to write the same as JSON.
    """
    images = _frames(codec, given, size, min(count, MOST_DISTINCT))
    codec.decode(codec.encode(images[0]))  # what is made at the first use is not measured
    encoder = codec.encode_frames(itertools.islice(itertools.cycle(images), count), **pipeline)
    streams, stopped = _through(encoder, count, "encoding")
    if stopped or not streams:
        return stopped
    decoder = codec.decode_frames(streams, **pipeline)
    decoded, stopped = _through(decoder, count, "decoding", keep=len(images))
    if stopped:
        return stopped
    pixels = [image.shape[0] * image.shape[1] for image in images]
    facts: dict[str, Any] = {
        "model": codec.model,
        "backend": codec.backend,
        "frames": "given" if given else "synthetic",
        "size": list(images[0].shape[:2]),
        "bpp": 8 * sum(map(len, streams[: len(images)])) / sum(pixels),
        "psnr": sum(map(_psnr, images, decoded)) / len(images),
        "encode": described(encoder.statistics),
        "decode": described(decoder.statistics),
    }
    _show(facts)
    if json_file is not None:
        build_dir.write_file(json_file, json.dumps(facts, indent=1) + "\n")
    return 0


def _frames(
    codec: Codec, given: Sequence[Path], size: tuple[int, int] | None, count: int
) -> list[Pixels]:
    if not given:
        return synthetic(size or codec.accelerator, count)
    sources = inputs.expand(given)
    if len(sources) == 1 and inputs.kind_of(sources[0]) == "video":
        reader = inputs.video_reader(host(), sources[0], size, None, bt709=False)
        return list(itertools.islice(inputs.every(reader), count))
    return [pictures.read(path) for path in sources[:count]]


def synthetic(size: tuple[int, int], count: int) -> list[Pixels]:
    """Frames alike photographs in what they cost: noise whose power falls with its frequency, moving."""
    height, width = size
    random = np.random.default_rng(0)
    total = np.zeros((height, width, 3), np.float32)
    cells, weight = 2, 1.0
    while cells <= min(height, width):
        noise = random.normal(size=(cells, cells, 3)).astype(np.float32)
        planes = [
            Image.fromarray(noise[..., c]).resize((width, height), Image.Resampling.BICUBIC)
            for c in range(3)
        ]
        total += weight * np.stack([np.asarray(plane) for plane in planes], axis=2)
        cells, weight = 2 * cells, weight / 2
    first = np.clip(128 + 48 * total, 0, 255).astype(np.uint8)
    return [np.ascontiguousarray(np.roll(first, 3 * i, axis=1)) for i in range(count)]


def _through(
    frames: Frames[Any], count: int, what: str, keep: int | None = None
) -> tuple[list[Any], int]:
    """All results, or the first `keep` of them; and the exit status of an interruption."""
    kept: list[Any] = []
    with stopping(frames) as stop, progress(what, count) as advance:
        for result in frames:
            if keep is None or len(kept) < keep:
                kept.append(result)
            advance()
    return kept, stop.status


def _psnr(image: Pixels, decoded: Pixels) -> float:
    error = float(np.mean((image.astype(np.float64) - decoded) ** 2))
    return 99.0 if error == 0 else 10 * math.log10(255**2 / error)


def _show(facts: dict[str, Any]) -> None:
    ways = ("encode", "decode")
    latency = {
        f"latency {name}": [f"{1e3 * facts[way]['latency'][name]:.1f} ms" for way in ways]
        for name in ("p50", "p90", "p99", "most")
    }
    rows: dict[str, list[str]] = {
        "frames": [f"{facts[way]['frames']:,}" for way in ways],
        "frames/s": [f"{facts[way]['frames_per_second']:.2f}" for way in ways],
        **latency,
        "in flight, at most": [str(facts[way]["frames_in_flight"]) for way in ways],
    }
    for stage in ("transform", "entropy"):
        found = [_named(facts[way]["stages"], "name", stage) for way in ways]
        rows[f"{stage}, at work"] = [
            f"{each['occupancy']:.0%} of {each['workers']}" for each in found
        ]
        rows[f"{stage}, a frame"] = [f"{1e3 * each['seconds_per_frame']:.1f} ms" for each in found]
    for queue in ("transform", "entropy", "sink"):
        found = [_named(facts[way]["queues"], "before", queue) for way in ways]
        rows[f"waiting for {queue}"] = [
            f"{each['mean']:.2f}, at most {each['most']}" for each in found
        ]
    height, width = facts["size"]
    title = (
        f"{facts['backend']}, {facts['frames']} frames of {height}x{width}: "
        f"{facts['bpp']:.4f} bpp, {facts['psnr']:.2f} dB"
    )
    table(title, ("", *ways), [[name, *values] for name, values in rows.items()])


def _named(items: list[dict[str, Any]], key: str, name: str) -> dict[str, Any]:
    return next(each for each in items if each[key] == name)
