# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`lic-codec`: pictures and video to streams and back, with a build of licc."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from licc import __version__
from licc.driver.console import Parser, exit_status
from licc.errors import UserError
from licc.images import LARGEST_SIDE

if TYPE_CHECKING:
    from licc.runtime.codec import Codec
    from licc.runtime.work import Request

DEFAULT_FRAMES = 64
MOST = 1 << 20

_EPILOG = """\
examples:
  lic-codec encode photo.png -b build/ -o photo.lic
  lic-codec decode photo.lic -b build/ -o photo.png
  lic-codec encode photos/ -b build/ -o streams/
  lic-codec encode clip.y4m -b build/ -o clip.lics
  lic-codec decode clip.lics -b build/ -o clip.y4m
  lic-codec info photo.lic
  lic-codec bench -b build/ --size 720x1280
  lic-codec verify photo.png photo.lic -b build/

lic-codec COMMAND --help lists the options of a command; docs/runtime.md says more.
"""

_BACKENDS = "emulation (this processor, the default), csim (the emitted C++) or xrt (the board)"


# --------------------------------------------------------------------------------------------------
# Command line
# --------------------------------------------------------------------------------------------------
def make_parser() -> argparse.ArgumentParser:
    """The command line of lic-codec."""
    parser = Parser(
        prog="lic-codec",
        description="Encode and decode pictures and video with a build of licc.",
        epilog=_EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"lic-codec {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)

    def command(name: str, text: str, more: str = "") -> argparse.ArgumentParser:
        return commands.add_parser(
            name, help=text, description=f"{text[0].upper()}{text[1:]}.", epilog=more
        )

    _add_encode(
        command(
            "encode",
            "pictures to streams, video to coded video",
            "One picture becomes a stream (-o FILE.lic); several, or a folder, become streams in a folder, or\n"
            "coded video (-o FILE.lics). Video is Y4M or raw YUV, 8-bit 4:2:0; - is Y4M on standard input.",
        )
    )
    _add_decode(
        command(
            "decode",
            "streams to pictures, coded video to video",
            "A stream becomes a picture (.png .webp .ppm .bmp .tif), several become .png in a folder. Coded video\n"
            "becomes .y4m (- is standard output), .yuv, or pictures in a folder.",
        )
    )
    _add_info(command("info", "say what a stream, coded video or a build is"))
    _add_bench(command("bench", "measure frames a second, latencies and occupancy"))
    _add_verify(command("verify", "compare a backend with the compiler's interpreter, bit for bit"))
    return parser


def _add_encode(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "inputs", nargs="+", metavar="IN", help="pictures, a folder of them, or a video"
    )
    parser.add_argument("-o", dest="output", required=True, metavar="OUT", help="file or folder")
    _add_build(parser)
    _add_video(parser)
    parser.add_argument("--stats", action="store_true", help="say what the pipeline did")


def _add_decode(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "inputs", nargs="+", metavar="IN", help="streams, a folder of them, or a coded video"
    )
    parser.add_argument("-o", dest="output", required=True, metavar="OUT", help="file or folder")
    _add_build(parser)
    parser.add_argument("--stats", action="store_true", help="say what the pipeline did")


def _add_info(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("inputs", nargs=1, metavar="IN", help="a stream, a coded video or a build")
    parser.add_argument("--json", action="store_true", help="as JSON")


def _add_bench(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "inputs", nargs="*", metavar="IN", help="pictures or a video (default: synthetic frames)"
    )
    _add_build(parser)
    parser.add_argument(
        "--size",
        metavar="HxW",
        help="of synthetic frames (default: the accelerator's) or raw video",
    )
    parser.add_argument(
        "--frames", default=str(DEFAULT_FRAMES), metavar="N", help=f"default: {DEFAULT_FRAMES}"
    )
    parser.add_argument("--json", metavar="FILE", help="write the results there too")


def _add_verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "inputs", nargs="+", metavar="IN", help="pictures, streams, or folders of them"
    )
    _add_build(parser)


def _add_build(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("-b", "--build", required=True, metavar="DIR", help="what licc -o wrote")
    add("--backend", default="emulation", metavar="NAME", help=_BACKENDS)
    add("--threads", default="0", metavar="N", help="of the emulation (default: one a core)")
    add("--device", default="0", metavar="DEV", help="of xrt: index or BDF (default: 0)")
    add(
        "--xclbin",
        metavar="PATH",
        help="of xrt: bitstream, or folder of them (default: vitis/ of the build)",
    )
    add(
        "--workers",
        default="0",
        metavar="N",
        help="frames in the transforms at once (default: 1, of xrt 3)",
    )
    add("--in-flight", default="0", metavar="N", help="frames read and not yet written, at most")


def _add_video(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--size", metavar="HxW", help="height and width of raw .yuv")
    add(
        "--rate",
        metavar="FPS",
        help="of raw .yuv and pictures: 30, 29.97 or 30000/1001 (default: 25)",
    )
    add("--matrix", default="bt601", choices=("bt601", "bt709"), help="of YUV (default: bt601)")


# --------------------------------------------------------------------------------------------------
# Values
# --------------------------------------------------------------------------------------------------
def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text, re.ASCII)
    if not match or not all(1 <= int(side) <= LARGEST_SIDE for side in match.groups()):
        raise UserError(f"--size {text}: expected HxW of 1 to {LARGEST_SIDE}, such as 720x1280")
    return int(match[1]), int(match[2])


def _rate(text: str | None) -> tuple[int, int] | None:
    """Frames a second as a fraction."""
    if text is None:
        return None
    known = re.fullmatch(r"\d{1,9}(/\d{1,9}|\.\d{1,6})?", text, re.ASCII)
    try:
        rate = Fraction(text) if known else Fraction(0)
    except ZeroDivisionError:
        rate = Fraction(0)
    if not rate:
        raise UserError(f"--rate {text}: expected frames a second, such as 25 or 30000/1001")
    return rate.numerator, rate.denominator


def _number(option: str, text: str, least: int, most: int) -> int:
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or not least <= int(text) <= most:
        raise UserError(f"{option} {text}: expected a number from {least} to {most}")
    return int(text)


def _path(option: str, text: str) -> Path:
    if not text:
        raise UserError(f"{option}: expected a path, but got ''")
    return Path(text)


def _pipeline(given: argparse.Namespace) -> dict[str, int]:
    return {
        "transform_workers": _number("--workers", given.workers, 0, 256),
        "frames_in_flight": _number("--in-flight", given.in_flight, 0, 4096),
    }


def _open_codec(given: argparse.Namespace) -> Codec:
    from licc.runtime.codec import Codec

    return Codec(
        _path("-b", given.build),
        given.backend,
        _number("--threads", given.threads, 0, 1024),
        device=given.device,
        xclbin=None if given.xclbin is None else _path("--xclbin", given.xclbin),
    )


def _request(given: argparse.Namespace) -> Request:
    from licc.runtime.work import Request

    video: dict[str, Any] = {}
    if given.command == "encode":
        video = {
            "size": _size(given.size),
            "rate": _rate(given.rate),
            "bt709": given.matrix == "bt709",
        }
    return Request(
        given=tuple(_path("IN", text) for text in given.inputs),
        output=_path("-o", given.output),
        open_codec=lambda: _open_codec(given),
        pipeline=_pipeline(given),
        statistics=given.stats,
        **video,
    )


# --------------------------------------------------------------------------------------------------
# Commands
# --------------------------------------------------------------------------------------------------
def run_codec(arguments: Sequence[str]) -> int:
    """The whole tool; the exit status. `UserError` holds what to print."""
    given = make_parser().parse_args(arguments)
    if given.command is None:
        raise UserError(
            "no command given: encode, decode, info, bench or verify; see lic-codec --help"
        )
    if given.command in ("encode", "decode"):
        from licc.runtime import work

        return (work.encode if given.command == "encode" else work.decode)(_request(given))
    sources = [_path("IN", text) for text in given.inputs]
    if given.command == "info":
        from licc.runtime.info import show

        show(sources[0], given.json)
        return 0
    if given.command == "verify":
        from licc.runtime.verify import verify

        return verify(_open_codec(given), Path(given.build), sources)
    from licc.runtime.bench import bench

    frames = _number("--frames", given.frames, 1, MOST)
    json_file = None if given.json is None else _path("--json", given.json)
    size, pipeline = _size(given.size), _pipeline(given)
    return bench(_open_codec(given), sources, size, frames, pipeline, json_file)


def entry() -> int:
    """The console script `lic-codec`."""
    status = exit_status(lambda: run_codec(sys.argv[1:]), "what was written before is whole")
    frames = sys.modules.get("licc.runtime.frames")
    if frames is not None and frames.still_reading():
        sys.stdout.flush()
        os._exit(status)  # a pipe on standard input that nobody closes
    return status


if __name__ == "__main__":
    sys.exit(entry())
