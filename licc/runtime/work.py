# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`lic-codec encode` and `decode`: files through the pipeline of a codec."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from licc.driver import build_dir
from licc.errors import UserError
from licc.runtime import inputs, pictures
from licc.runtime.codec import Codec, host
from licc.runtime.frames import Frames, described
from licc.runtime.inputs import CODED, STANDARD, STREAM, Target
from licc.runtime.output import note, progress
from licc.runtime.stopping import Stop, stopping

__all__ = ["Request", "decode", "encode"]

T = TypeVar("T")


@dataclass(frozen=True)
class Request:
    """A command line that was checked.

    Attributes:
        given: what to read.
        output: where to write.
        open_codec: loads the build.
        pipeline: arguments of `Codec.encode_frames` and `decode_frames`.
        size: height and width of raw video.
        rate: frames a second of raw video and of pictures that become video, as a fraction.
        bt709: YUV is BT.709, not BT.601.
        statistics: say what the pipeline did.
    """

    given: tuple[Path, ...]
    output: Path
    open_codec: Callable[[], Codec]
    pipeline: dict[str, int]
    size: tuple[int, int] | None = None
    rate: tuple[int, int] | None = None
    bt709: bool = False
    statistics: bool = False


# --------------------------------------------------------------------------------------------------
# Encoding
# --------------------------------------------------------------------------------------------------
def encode(request: Request) -> int:
    """Pictures to streams, or a video or pictures to one coded video; the exit status."""
    sources = inputs.expand(request.given)
    kinds = {inputs.kind_of(path) for path in sources}
    if kinds & {"stream", "coded"}:
        coded = next(path for path in sources if inputs.kind_of(path) in ("stream", "coded"))
        raise UserError(f"{coded}: is coded already; lic-codec decode reads it")
    if "video" in kinds:
        if len(sources) > 1:
            raise UserError(
                f"{len(sources)} files with a video among them; give one video at a time"
            )
        return _encode_video(request, sources[0])
    if request.size is not None:
        raise UserError("--size is for raw .yuv video; pictures say their size")
    if request.output.suffix.lower() == CODED:
        return _encode_pictures_as_video(request, sources)
    return _encode_pictures(request, sources)


def _encode_pictures(request: Request, sources: Sequence[Path]) -> int:
    places = inputs.targets(sources, request.given, request.output, STREAM)
    codec = request.open_codec()
    sizes: list[tuple[int, int]] = []

    def read(path: Path) -> Any:
        pixels = pictures.read(path)
        sizes.append((pixels.shape[0], pixels.shape[1]))
        return pixels

    written = 0

    def write(place: Target, data: bytes) -> None:
        nonlocal written
        height, width = sizes[written]
        build_dir.write_file(place.path, data)
        written += 1
        print(
            f"{place.path}: {height}x{width}, {len(data):,} bytes, "
            f"{8 * len(data) / (height * width):.4f} bpp",
            flush=True,
        )

    frames = codec.encode_frames(map(read, sources), **request.pipeline)
    stop = _each_picture(frames, places, "encoding", write)
    return _ended(request, frames, stop, f"{written} of {len(places)} pictures are written")


def _encode_video(request: Request, source: Path) -> int:
    reader = inputs.video_reader(host(), source, request.size, request.rate, request.bt709)
    codec = request.open_codec()
    frames = inputs.every(reader)
    return _to_coded(request, codec, frames, reader.frames, reader.format, rgb=False)


def _encode_pictures_as_video(request: Request, sources: Sequence[Path]) -> int:
    video = host().VideoFormat(pictures.size_of(sources[0]), request.rate or (25, 1))
    codec = request.open_codec()
    frames = map(pictures.read, sources)
    return _to_coded(request, codec, frames, len(sources), video, rgb=True)


def _to_coded(
    request: Request, codec: Codec, source: Iterable[Any], total: int | None, video: Any, rgb: bool
) -> int:
    """Frames into coded video, which is valid after each of them."""
    output = request.output
    if output.suffix.lower() != CODED:
        raise UserError(f"-o {output}: coded video is written as {CODED}")
    writer = host().CodedWriter(output, codec.native, video, rgb)
    count = size = 0
    frames = codec.encode_frames(source, **request.pipeline)
    with stopping(frames) as stop, progress("encoding", total) as advance:
        for data in _named(frames, lambda number: f"{request.given[0]}: frame {number + 1}"):
            writer.write(data)
            count, size = count + 1, size + len(data)
            advance()
    height, width = video.size
    seconds = count * video.rate[1] / video.rate[0]
    rate = frames.statistics.frames_per_second
    print(
        f"{output}: {count} frames of {height}x{width}, {size:,} bytes, "
        f"{8 * size / max(1, count * height * width):.4f} bpp, {8 * size / max(seconds, 1e-9) / 1e6:.3f} Mbit/s, "
        f"encoded at {rate:.2f} frames/s"
    )
    return _ended(request, frames, stop, f"{output}: {count} frames are whole")


# --------------------------------------------------------------------------------------------------
# Decoding
# --------------------------------------------------------------------------------------------------
def decode(request: Request) -> int:
    """Streams to pictures, or coded video to video or pictures; the exit status."""
    sources = inputs.expand(request.given, (STREAM, CODED))
    for path in sources:
        if inputs.kind_of(path) not in ("stream", "coded"):
            raise UserError(f"{path}: no stream of licc: it begins neither with LICC nor with LICS")
    if any(inputs.kind_of(path) == "coded" for path in sources):
        if len(sources) > 1:
            raise UserError(
                f"{len(sources)} files with a coded video among them; give one at a time"
            )
        return _decode_video(request, sources[0])
    return _decode_pictures(request, sources)


def _decode_pictures(request: Request, sources: Sequence[Path]) -> int:
    places = inputs.targets(sources, request.given, request.output, ".png")
    for place in places:
        _check_picture(place.path)
    codec = request.open_codec()
    written = 0

    def write(place: Target, pixels: Any) -> None:
        nonlocal written
        pictures.write(place.path, pixels)
        written += 1
        print(f"{place.path}: {pixels.shape[0]}x{pixels.shape[1]}", flush=True)

    frames = codec.decode_frames(map(_read_stream, sources), **request.pipeline)
    stop = _each_picture(frames, places, "decoding", write)
    return _ended(request, frames, stop, f"{written} of {len(places)} pictures are written")


def _decode_video(request: Request, source: Path) -> int:
    reader = host().CodedReader(source)
    codec = request.open_codec()
    write = _video_sink(request, reader)
    count = 0
    frames = codec.decode_frames(inputs.every(reader), **request.pipeline)
    with stopping(frames) as stop, progress("decoding", _frames_in(source)) as advance:
        for pixels in _named(frames, lambda number: f"{source}: frame {number + 1}"):
            write(count, pixels)
            count += 1
            advance()
    if reader.cut and not stop.signum:
        note(f"{source}: is cut within frame {count + 1}; the {count} before it are whole")
    if request.output != STANDARD:
        rate = frames.statistics.frames_per_second
        height, width = reader.video.size
        print(
            f"{request.output}: {count} frames of {height}x{width}, decoded at {rate:.2f} frames/s"
        )
    return _ended(request, frames, stop, f"{request.output}: {count} frames are whole")


def _video_sink(request: Request, reader: Any) -> Callable[[int, Any], None]:
    """What takes the number of a frame and its pixels."""
    output, suffix = request.output, request.output.suffix.lower()
    if output == STANDARD or suffix == ".y4m":
        writer = host().VideoWriter.y4m(output, reader.video)
    elif suffix == ".yuv":
        writer = host().VideoWriter.raw(output, reader.video)
    elif not suffix or output.is_dir():
        inputs.make_folder(output)
        return lambda number, pixels: pictures.write(output / f"frame-{number + 1:06}.png", pixels)
    else:
        raise UserError(f"-o {output}: video is written as .y4m or .yuv, or as .png into a folder")
    return lambda _, pixels: writer.write(pixels)


def _check_picture(path: Path) -> None:
    if path.suffix.lower() not in pictures.WRITABLE:
        raise UserError(f"-o {path}: pictures are written as {' '.join(pictures.WRITABLE)}")


def _read_stream(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from error


def _frames_in(path: Path) -> int | None:
    """How many whole frames coded video has, for a bar; None without one, or where it cannot be read through."""
    if not sys.stderr.isatty():
        return None
    try:
        return sum(1 for _ in inputs.every(host().CodedReader(path)))
    except UserError:
        return None


# --------------------------------------------------------------------------------------------------
# Both
# --------------------------------------------------------------------------------------------------
def _each_picture(
    frames: Frames[T], places: Sequence[Target], what: str, write: Callable[[Target, T], None]
) -> Stop:
    """Write each result to its place."""
    with stopping(frames) as stop, progress(what, len(places)) as advance:
        results = _named(frames, lambda number: str(places[number].source))
        for place, result in zip(places, results, strict=False):
            write(place, result)
            advance()
    return stop


def _named(frames: Iterator[T], name: Callable[[int], str]) -> Iterator[T]:
    """The results of `frames`; errors begin with the name of the frame at fault, if not with its file already."""
    for number in itertools.count():
        try:
            result = next(frames)
        except StopIteration:
            return
        except UserError as error:
            where = name(number)
            if str(error).startswith(f"{where.partition(': ')[0]}:"):
                raise
            raise type(error)(f"{where}: {error}") from error
        yield result


def _ended(request: Request, frames: Frames[Any], stop: Stop, so_far: str) -> int:
    """Say what the pipeline did, if asked for, and how far it came, if it was stopped; the exit status."""
    if request.statistics:
        s = described(frames.statistics)
        stages = ", ".join(f"{each['name']} {each['occupancy']:.0%}" for each in s["stages"])
        latency = s["latency"]
        print(
            f"{s['frames_per_second']:.2f} frames/s; latency "
            + ", ".join(f"{name} {1e3 * latency[name]:.1f} ms" for name in ("p50", "p90", "p99"))
            + f"; at work: {stages}",
            file=sys.stderr,
        )
    if stop.signum:
        print(f"error: interrupted; {so_far}", file=sys.stderr)
    return stop.status
