#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The emulation beside torch, ONNX Runtime and OpenVINO: the same students, threads and frames, in one run.

    python benchmarks/host.py examples/student_n64_0.025.pt sh128 --work DIR

A network is a checkpoint, or shN: a random bmshj2018-hyperprior of N channels and 192 latents. licc is timed as its
users call it: an image to bytes and back, and the halves of both; the others' transforms are timed one by one, and
what CompressAI's entropy coder takes for the same symbols is added where whole codecs are compared. Contestants take
turns, so that what else the machine does hits all of them; medians count, of a peer's forms (layouts, transposed
convolutions as they are or as sub-pixel convolutions) the fastest. Cells that are done are kept in DIR and not
measured again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

Size = tuple[int, int]
Pixels = npt.NDArray[np.uint8]
Work = Callable[[], Any]
Cell = dict[str, Any]
Times = Mapping[str, Mapping[str, float]]
Agreement = Mapping[str, float | None]

HERE = Path(__file__).resolve().parent
NETWORKS = HERE.parent / "test" / "unit" / "support" / "networks.py"
LATENTS = 192
SETTLE_SECONDS = 0.03  # thread pools of the one before stop spinning
SHORT_SECONDS = 0.25  # what takes less runs once unmeasured, to have its data in the caches
MULTIPLE = 16  # of a codec's stride: peers get the frame that licc's transforms see
SAMPLES, SAMPLE_SIZE = 8, (256, 256)
TRANSFORMS = ("g_a", "h_a", "h_s", "g_s")
ENCODER, DECODER = ("g_a", "h_a", "h_s"), ("h_s", "g_s")
OURS = "licc emulation"
COMPRESSAI = "CompressAI rANS"


@dataclass(frozen=True)
class Settings:
    """What holds for all cells."""

    work: Path
    threads: int
    rounds: int
    image: Path | None
    calibrate: Path | None


def main() -> None:
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").partition("\n")[0],
        epilog=(__doc__ or "").partition("\n\n")[2],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("networks", nargs="+", metavar="NETWORK", help="checkpoint, or shN")
    add("--sizes", nargs="+", default=["512x768", "720x1280"], metavar="HxW")
    add("--threads", type=int, default=2, help="of each contestant (2)")
    add("--rounds", type=int, default=7, help="turns of each contestant (7)")
    add("--work", type=Path, default=Path("host-benchmark"), help="folder for models and cells")
    add("--image", type=Path, help="frames are cut from it (a mosaic of the calibration images)")
    add("--calibrate", type=Path, help="images that INT8 is calibrated with (the embedded ones)")
    add("--out", type=Path, help="JSON of all cells (WORK/host.json)")
    add("--again", action="store_true", help="measure cells that are there once more")
    given = parser.parse_args()
    set_threads(given.threads)
    settings = Settings(given.work, given.threads, given.rounds, given.image, given.calibrate)
    sizes = [parsed_size(text) for text in given.sizes]
    cells = measure(given.networks, sizes, settings, given.again)
    out = given.out or given.work / "host.json"
    write_json(out, cells)
    print("\n\n".join(markdown(cell) for cell in cells))
    print(f"\n{out} has all of it", file=sys.stderr)


def set_threads(threads: int) -> None:
    """Before torch is imported: OpenMP reads it once."""
    os.environ["OMP_NUM_THREADS"] = str(threads)
    import torch

    torch.set_num_threads(threads)


def parsed_size(text: str) -> Size:
    height, _, width = text.partition("x")
    if not (height.isdigit() and width.isdigit()):
        sys.exit(f"error: --sizes {text}: expected HEIGHTxWIDTH")
    return int(height), int(width)


def write_json(path: Path, content: Any) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(content, indent=1) + "\n")
    part.replace(path)


# --------------------------------------------------------------------------------------------------
# Cells
# --------------------------------------------------------------------------------------------------
def measure(
    networks: Sequence[str], sizes: Sequence[Size], settings: Settings, again: bool
) -> list[Cell]:
    """A cell of each network and size, in this order."""
    cells: list[Cell] = []
    bar = Progress(
        TextColumn("{task.description:46}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )
    with bar:
        whole = bar.add_task("cells", total=len(networks) * len(sizes))
        for network in networks:
            checkpoint = checkpoint_of(network, settings.work)
            folder = settings.work / f"{checkpoint.stem}-{content_hash(checkpoint)}"
            folder.mkdir(parents=True, exist_ok=True)
            for size in sizes:
                kept = (
                    folder / f"{size[0]}x{size[1]}-{settings.threads}-{frame_name(settings)}.json"
                )
                if again or not kept.exists():
                    write_json(kept, cell_of(checkpoint, folder, size, settings, bar))
                cells.append(json.loads(kept.read_text()))
                bar.advance(whole)
    return cells


def checkpoint_of(network: str, work: Path) -> Path:
    """The checkpoint itself; shN is made where it is missing."""
    if not (network.startswith("sh") and network[2:].isdigit()):
        if not Path(network).is_file():
            sys.exit(f"error: {network}: no such checkpoint")
        return Path(network)
    path = work / f"{network}.pt"
    if not path.exists():
        work.mkdir(parents=True, exist_ok=True)
        shape = [network[2:], str(LATENTS), "0"]
        command = [sys.executable, str(NETWORKS), "bmshj2018-hyperprior", *shape, str(path)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return path


def content_hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8]


def frame_name(settings: Settings) -> str:
    return "mosaic" if settings.image is None else settings.image.stem


def cell_of(checkpoint: Path, folder: Path, size: Size, settings: Settings, bar: Progress) -> Cell:
    """Times and agreement of all contestants for one network and size."""
    title = f"{checkpoint.stem} {size[0]}x{size[1]}"
    step = bar.add_task(f"{title}: builds and models", total=None)
    contest = Contest(checkpoint, folder, size, settings)
    bar.update(step, description=title, total=settings.rounds * len(contest.works), completed=0)
    before = os.getloadavg()[0]
    times: dict[str, list[float]] = {name: [] for name in contest.works}
    for _ in range(settings.rounds):
        for name, work in contest.works.items():
            times[name].append(seconds(work, times[name][-1:]))
            bar.advance(step)
    bar.remove_task(step)
    milliseconds = {name: summary(found) for name, found in times.items()}
    return {
        "network": checkpoint.stem,
        "size": list(size),
        "threads": settings.threads,
        "rounds": settings.rounds,
        "frame": frame_name(settings),
        "load": [before, os.getloadavg()[0]],
        "processor": processor(),
        "versions": versions(),
        "milliseconds": milliseconds,
        "agreement": contest.agreement(milliseconds),
        "bytes": contest.bytes,
    }


def seconds(work: Work, last: Sequence[float]) -> float:
    """How long a frame takes, after what ran before has come to rest."""
    time.sleep(SETTLE_SECONDS)
    if not last or last[0] < SHORT_SECONDS:
        work()
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def summary(found: Sequence[float]) -> dict[str, float]:
    return {"median": 1e3 * statistics.median(found), "best": 1e3 * min(found)}


def processor() -> str:
    with suppress(OSError):
        info = Path("/proc/cpuinfo").read_text()
        names = [line.partition(":")[2].strip() for line in info.splitlines() if "name" in line]
        flags = next((line for line in info.splitlines() if line.startswith("flags")), "").split()
        vectors = "AVX-512" if "avx512f" in flags else "AVX2" if "avx2" in flags else "no AVX2"
        dots = "" if any("vnni" in flag for flag in flags) else "no "
        return f"{names[-1]} ({vectors}, {dots}VNNI)"
    return "unknown"


def versions() -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(name) for name in ("torch", "onnxruntime", "openvino", "nncf", "licc")}


# --------------------------------------------------------------------------------------------------
# Contestants
# --------------------------------------------------------------------------------------------------
class Contest:
    """All that takes turns on one frame, ready to run.

    Attributes:
        works: by name; those of peers are `transform|family|form`.
        bytes: of licc's stream.
    """

    def __init__(self, checkpoint: Path, folder: Path, size: Size, settings: Settings) -> None:
        import peers

        from licc.calibration import load_images
        from licc.runtime import Codec

        build = build_of(checkpoint, folder, settings.calibrate)
        self.codec: Any = Codec(build, threads=settings.threads)
        self.image = frame(size, settings.image)
        student = peers.read_student(checkpoint)
        self.inputs = peers.inputs_of(student, normalized(padded(self.image, MULTIPLE)))
        images = load_images(settings.calibrate, SAMPLES, SAMPLE_SIZE)
        samples = [peers.inputs_of(student, image) for image in images]
        self.runners: dict[str, Any] = {}
        for transform, x in self.inputs.items():
            given = [sample[transform] for sample in samples]
            for form in peers.forms(student, transform, x.shape, folder, given, settings.threads):
                self.runners[f"{transform}|{form.family}|{form.name}"] = form.load()
        stream: bytes = self.codec.encode(self.image)
        self.bytes = len(stream)
        self.works = codec_works(self.codec, self.image, stream)
        self.works |= string_works(checkpoint, build, self.codec, self.image, stream)
        self.works |= {name: self._transform_work(name) for name in self.runners}

    def _transform_work(self, name: str) -> Work:
        runner = self.runners[name]
        x = runner.prepare(self.inputs[name.partition("|")[0]])
        return lambda: runner.run(x)

    def agreement(self, times: Times) -> dict[str, Agreement]:
        """How near each contestant's codec is to the float one, in its fastest forms.

        Each rounds what its own g_a gives, and its own g_s makes a picture of that. `symbols` is the share that
        differ from torch's; PSNR of its picture is `float` against torch's, `image` against the frame.
        """
        import peers

        latents: dict[str, Any] = {}
        pictures: dict[str, Pixels] = {}
        for family in peers.FAMILIES:
            g_a, g_s = (self.runners[fastest(times, name, family)] for name in ("g_a", "g_s"))
            latents[family] = np.rint(g_a.run(g_a.prepare(self.inputs["g_a"])))
            pictures[family] = shown(g_s.run(g_s.prepare(latents[family])), self.image.shape)
        latents[OURS] = np.asarray(self.codec.analyse(self.image).y).transpose(2, 0, 1)[None]
        pictures[OURS] = self.codec.decode(self.codec.encode(self.image))
        wanted, reference = self.inputs["g_s"], pictures[peers.TORCH]
        return {
            name: {
                "symbols": float(np.mean(latents[name] != wanted)),
                "float": psnr(picture, reference),
                "image": psnr(picture, self.image),
            }
            for name, picture in pictures.items()
        }


def build_of(checkpoint: Path, folder: Path, calibrate: Path | None) -> Path:
    """licc's build of the checkpoint, in integers as it was trained for, or INT8."""
    from licc.ingress.checkpoint import read_checkpoint
    from licc.ingress.importer import trained_scales

    build = folder / "build"
    if (build / "licc.json").exists():
        return build
    command = [str(Path(sys.executable).parent / "licc"), str(checkpoint), "-o", str(build)]
    command += ["--input", "512x768", "--transforms", "g_a,h_a,h_s,g_s"]
    if not trained_scales(read_checkpoint(checkpoint)):
        command += ["--precision", "int8"]
    if calibrate is not None:
        command += ["--calibrate", str(calibrate)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return build


def codec_works(codec: Any, image: Pixels, stream: bytes) -> dict[str, Work]:
    """licc's codec: whole, and in halves."""
    coded, latent = codec.analyse(image), codec.read(stream)
    return {
        f"encode|{OURS}": lambda: codec.encode(image),
        f"decode|{OURS}": lambda: codec.decode(stream),
        f"analyse|{OURS}": lambda: codec.analyse(image),
        f"synthesise|{OURS}": lambda: codec.synthesise(latent),
        f"write|{OURS}": lambda: codec.write(coded),
        f"read|{OURS}": lambda: codec.read(stream),
    }


# --------------------------------------------------------------------------------------------------
# Frames
# --------------------------------------------------------------------------------------------------
def frame(size: Size, path: Path | None) -> Pixels:
    """The centre of an image, or the embedded calibration images side by side, mirrored where they repeat."""
    height, width = size
    whole = mosaic(size) if path is None else picture(path)
    top, left = (whole.shape[0] - height) // 2, (whole.shape[1] - width) // 2
    if top < 0 or left < 0:
        sys.exit(f"error: --image {path}: smaller than {height}x{width}")
    return np.ascontiguousarray(whole[top : top + height, left : left + width])


def picture(path: Path) -> Pixels:
    from PIL import Image

    with Image.open(path) as opened:
        return np.asarray(opened.convert("RGB"))


def mosaic(size: Size) -> Pixels:
    from licc.calibration import load_images

    tiles = [np.rint(x[0].transpose(1, 2, 0) * 255).astype(np.uint8) for x in load_images()]
    side = min(tile.shape[0] for tile in tiles), min(tile.shape[1] for tile in tiles)
    rows, columns = (-(-extent // part) for extent, part in zip(size, side, strict=True))
    lines = [
        np.hstack([placed(tiles, row, column)[: side[0], : side[1]] for column in range(columns)])
        for row in range(rows)
    ]
    return np.vstack(lines)


def placed(tiles: Sequence[Pixels], row: int, column: int) -> Pixels:
    at = row * 7 + column
    return tiles[at % len(tiles)][:: 1 - 2 * (at // len(tiles) % 2)]


def padded(image: Pixels, multiple: int) -> Pixels:
    pads = [(0, -extent % multiple) for extent in image.shape[:2]]
    return np.pad(image, [*pads, (0, 0)], mode="edge")


def normalized(image: Pixels) -> npt.NDArray[np.float32]:
    """As networks see it: 1x3xHxW in 0..1."""
    return np.ascontiguousarray(image.transpose(2, 0, 1)[None], np.float32) / np.float32(255)


def shown(result: npt.NDArray[np.float32], shape: Sequence[int]) -> Pixels:
    """The picture that a g_s gives, without padding."""
    values = np.rint(np.clip(result[0].transpose(1, 2, 0), 0, 1) * 255).astype(np.uint8)
    return values[: shape[0], : shape[1]]


def psnr(one: Pixels, other: Pixels) -> float | None:
    """In dB; None where they are equal."""
    error = float(np.mean((one.astype(np.float64) - other) ** 2))
    return 10 * math.log10(255**2 / error) if error else None


# --------------------------------------------------------------------------------------------------
# Entropy coding
# --------------------------------------------------------------------------------------------------
def string_works(
    checkpoint: Path, build: Path, codec: Any, image: Pixels, stream: bytes
) -> dict[str, Work]:
    """CompressAI's coder on the symbols, indexes and tables of licc's stream, as its models call it.

    Its strings have to equal those in the stream.
    """
    from licc.entropy import EntropyModel, compressai, container

    coder = compressai.rans()
    model = EntropyModel.of(checkpoint)
    coded = codec.analyse(image)
    held = container.parse(stream)
    z, y, indexes = (
        np.asarray(part).transpose(2, 0, 1) for part in (coded.z, coded.y, coded.y_indexes)
    )
    channels = np.broadcast_to(np.arange(len(z))[:, None, None], z.shape)
    parts = [(z, channels, model.bottleneck, held.z), (y, indexes, model.conditional, held.y)]

    def lists(table: Any) -> tuple[Any, ...]:
        return table.cdfs.tolist(), table.lengths.tolist(), table.offsets.tolist()

    tables = [lists(table) for _, _, table, _ in parts]

    def write() -> list[bytes]:
        return [
            coder.RansEncoder().encode_with_indexes(
                symbols.reshape(-1).tolist(), rows.reshape(-1).tolist(), *table
            )
            for (symbols, rows, _, _), table in zip(parts, tables, strict=True)
        ]

    def read() -> list[Any]:
        return [
            np.array(
                coder.RansDecoder().decode_with_indexes(string, rows.reshape(-1).tolist(), *table)
            )
            for (_, rows, _, string), table in zip(parts, tables, strict=True)
        ]

    if write() != [held.z, held.y]:
        sys.exit(f"error: {build}: CompressAI's strings differ from those of the stream")
    if not all(
        np.array_equal(got, part[0].reshape(-1)) for got, part in zip(read(), parts, strict=True)
    ):
        sys.exit(f"error: {build}: CompressAI reads other symbols in the stream")
    return {f"write|{COMPRESSAI}": write, f"read|{COMPRESSAI}": read}


# --------------------------------------------------------------------------------------------------
# Report
# --------------------------------------------------------------------------------------------------
def fastest(times: Times, transform: str, family: str) -> str:
    """The name of a family's fastest form of a transform."""
    names = [name for name in times if name.startswith(f"{transform}|{family}|")]
    return min(names, key=lambda name: times[name]["median"])


def markdown(cell: Cell) -> str:
    """The table of a cell."""
    times: dict[str, dict[str, float]] = cell["milliseconds"]
    ours = {name.partition("|")[0]: t["median"] for name, t in times.items() if name.endswith(OURS)}
    theirs = {
        name.partition("|")[0]: t["median"]
        for name, t in times.items()
        if name.endswith(COMPRESSAI)
    }
    height, width = cell["size"]
    title = (
        f"**{cell['network']}, {height}x{width}**: {cell['threads']} threads, {cell['processor']}, load "
        f"{cell['load'][0]:.1f} before and {cell['load'][1]:.1f} after, medians of {cell['rounds']}, ms"
    )
    entropy = (
        f"Entropy coding of {cell['bytes']} bytes: licc writes in {ours['write']:.1f} ms and reads, h_s included, in "
        f"{ours['read']:.1f} ms; CompressAI's coder, called as its models do, {theirs['write']:.1f} and "
        f"{theirs['read']:.1f} ms."
    )
    halves = [f"{ours[name]:.1f}" for name in ("synthesise", "analyse")]
    whole = [f"{ours[name]:.1f}" for name in ("encode", "decode")]
    rows = [row(OURS, ["", *halves, "", *whole], cell["agreement"][OURS])]
    rows += [
        peer_row(family, times, ours, theirs, found)
        for family, found in cell["agreement"].items()
        if family != OURS
    ]
    columns = "g_a", "g_s", "g_a, h_a, h_s", "h_s, g_s", "encode", "decode"
    quality = "symbols that differ", "PSNR to float", "PSNR to image"
    head = (
        f"| | {' | '.join([*columns, *quality])} |\n|{'---|' * (1 + len(columns) + len(quality))}"
    )
    return "\n".join([title, "", head, *rows, "", entropy])


def peer_row(
    family: str,
    times: Times,
    ours: Mapping[str, float],
    theirs: Mapping[str, float],
    agreement: Agreement,
) -> str:
    """Milliseconds, with how many times licc's they are."""
    by = {name: times[fastest(times, name, family)]["median"] for name in TRANSFORMS}
    encoder, decoder = (sum(by[name] for name in side) for side in (ENCODER, DECODER))
    return row(
        family,
        [
            f"{by['g_a']:.1f}",
            against(by["g_s"], ours["synthesise"]),
            against(encoder, ours["analyse"]),
            f"{decoder:.1f}",
            against(encoder + theirs["write"], ours["encode"]),
            against(decoder + theirs["read"], ours["decode"]),
        ],
        agreement,
    )


def against(value: float, ours: float) -> str:
    return f"{value:.1f} ({value / ours:.2f}x)"


def row(name: str, values: Sequence[str], agreement: Agreement) -> str:
    last = [f"{agreement['symbols']:.2%}"]
    for key in ("float", "image"):
        value = agreement[key]
        last.append("equal" if value is None else f"{value:.1f} dB")
    return f"| {' | '.join([name, *values, *last])} |"


if __name__ == "__main__":
    main()
