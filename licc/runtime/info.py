# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`lic-codec info`: what a stream, a coded video or a build says of itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from licc.driver.build_dir import MANIFEST
from licc.errors import StreamError, UserError
from licc.runtime import inputs
from licc.runtime.codec import Codec, host

__all__ = ["facts_of", "show"]

STRINGS = {0: "symbols in plain", 1: "y", 2: "z and y"}


def show(path: Path, as_json: bool) -> None:
    """Print what a file or build says, a line each or as JSON.

    Raises:
        UserError: it is none of licc's, damaged, or cannot be read.
    """
    facts = facts_of(path)
    if as_json:
        print(json.dumps(facts, indent=1))
        return
    width = max(map(len, facts))
    for name, value in facts.items():
        shown = name if name.startswith("@") else name.replace("_", " ")
        print(f"{shown:{width}}  {_text(value)}")


def facts_of(path: Path) -> dict[str, Any]:
    """The same, as JSON has it."""
    if path.is_dir():
        return _of_build(path)
    kind = inputs.kind_of(path)
    if kind == "stream":
        return _of_stream(path)
    if kind == "coded":
        return _of_coded(path)
    raise UserError(f"{path}: neither a stream (LICC), coded video (LICS) nor a build of licc")


def _of_stream(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    try:
        held = host().describe_stream(data)
    except StreamError as error:
        raise StreamError(f"{path}: {error}") from error
    height, width = held["size"]
    facts: dict[str, Any] = {
        "what": "stream",
        "model": held["model"],
        "size": [height, width],
        "strings": STRINGS[held["kind"]],
        "bytes": len(data),
        "bytes_of_z": held["z"],
        "bytes_of_y": held["y"],
        "bpp": 8 * len(data) / (height * width),
    }
    if any(held["extra"]):
        facts["further_strides_of_padding"] = list(held["extra"])
    return facts


def _of_coded(path: Path) -> dict[str, Any]:
    reader = host().CodedReader(path)
    sizes = [len(data) for data in inputs.every(reader)]
    height, width = reader.video.size
    numerator, denominator = reader.video.rate
    frames = max(1, len(sizes))
    seconds = len(sizes) * denominator / numerator
    facts: dict[str, Any] = {
        "what": "coded video",
        "model": reader.model,
        "size": [height, width],
        "frames_per_second": numerator / denominator,
        "source": _source(reader),
        "frames": len(sizes),
        "seconds": seconds,
        "bytes": path.stat().st_size,
        "smallest_frame": min(sizes, default=0),
        "largest_frame": max(sizes, default=0),
        "bpp": 8 * sum(sizes) / (frames * height * width),
        "mbit_per_second": 8 * sum(sizes) / max(seconds, 1e-9) / 1e6,
    }
    if reader.cut:
        facts["cut"] = f"within frame {len(sizes) + 1}"
    return facts


def _source(reader: Any) -> str:
    if reader.rgb:
        return "RGB"
    yuv = reader.video.yuv
    matrix, range_ = "BT.709" if yuv.bt709 else "BT.601", "full" if yuv.full_range else "limited"
    return f"YUV 4:2:0, {matrix}, {range_} range"


def _of_build(path: Path) -> dict[str, Any]:
    codec = Codec(path)  # reads and checks all that a codec takes
    made = _json(path / MANIFEST)
    network = _json(path / "host/network.json")
    facts: dict[str, Any] = {
        "what": "build",
        "model": codec.model,
        "strings": STRINGS[codec.strings],
        "padded_to_multiples_of": list(codec.stride),
        "accelerator_takes": list(codec.accelerator),
    }
    for name in ("checkpoint", "target", "precision", "licc"):
        if made.get(name) is not None:
            facts[name] = made[name]
    for name, function in network.get("functions", {}).items():
        facts[f"@{name}"] = ", ".join(op["op"] for op in function["ops"])
    return facts


def _json(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}


def _text(value: Any) -> str:
    if isinstance(value, list):
        return " x ".join(map(str, value))
    if isinstance(value, float):
        return f"{value:.4f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
