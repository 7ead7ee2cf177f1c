# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""lic-codec: pictures and video there and back, what it refuses, and what an interruption leaves."""

import json
import re
import shlex
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.host_builds import example_build, photo

from licc.errors import StreamError, UserError
from licc.runtime import Codec, _host
from licc.runtime.main import make_parser, run_codec

HEIGHT, WIDTH = 48, 80
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def build():
    return example_build()


@pytest.fixture(scope="module")
def codec(build):
    return Codec(build)


@pytest.fixture(autouse=True)
def in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def frame(number=0):
    return np.ascontiguousarray(photo()[number : number + HEIGHT, :WIDTH])


def tool(capsys, *arguments):
    """Standard output of lic-codec, which succeeds."""
    status = run_codec([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    assert status == 0, captured.err
    return captured.out


def refused(*arguments):
    """The line that lic-codec ends with, in a process of its own."""
    command = [sys.executable, "-m", "licc.runtime.main", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("error: ")
    return lines[0].removeprefix("error: ")


def write_y4m(path, count):
    writer = _host.VideoWriter.y4m(path, _host.VideoFormat((HEIGHT, WIDTH), (30, 1)))
    for number in range(count):
        writer.write(frame(number))


# --------------------------------------------------------------------------------------------------
# Pictures
# --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("suffix", [".png", ".ppm", ".webp"])
def test_a_picture_there_and_back(capsys, build, codec, tmp_path, suffix):
    options = {"lossless": True} if suffix == ".webp" else {}
    Image.fromarray(frame()).save(f"in{suffix}", **options)
    out = tool(capsys, "encode", f"in{suffix}", "-b", build, "-o", "out.lic")
    data = (tmp_path / "out.lic").read_bytes()
    assert data == codec.encode(frame())
    bpp = 8 * len(data) / (HEIGHT * WIDTH)
    assert out == f"out.lic: {HEIGHT}x{WIDTH}, {len(data):,} bytes, {bpp:.4f} bpp\n"
    tool(capsys, "decode", "out.lic", "-b", build, "-o", f"back{suffix}")
    assert np.array_equal(np.asarray(Image.open(f"back{suffix}")), codec.decode(data))
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_jpeg(capsys, build, codec, tmp_path):
    Image.fromarray(frame()).save("in.jpg", quality=90)
    tool(capsys, "encode", "in.jpg", "-b", build, "-o", "out.lic", "--threads", 1)
    assert (tmp_path / "out.lic").read_bytes() == codec.encode(np.asarray(Image.open("in.jpg")))


def test_folders(capsys, build, codec, tmp_path):
    (tmp_path / "in").mkdir()
    for number in range(5):
        Image.fromarray(frame(number)).save(f"in/{number}.png")
    tool(capsys, "encode", "in", "-b", build, "-o", "streams", "--workers", 2)
    assert sorted(path.name for path in Path("streams").iterdir()) == [f"{i}.lic" for i in range(5)]
    tool(capsys, "decode", "streams", "-b", build, "-o", "back")
    for number in range(5):
        data = (tmp_path / "streams" / f"{number}.lic").read_bytes()
        assert data == codec.encode(frame(number))
        assert np.array_equal(np.asarray(Image.open(f"back/{number}.png")), codec.decode(data))


def test_verify_says_identical_and_different(capsys, build, codec, tmp_path, monkeypatch):
    from licc.runtime.codec import Codec

    Image.fromarray(frame()).save("in.png")
    (tmp_path / "in.lic").write_bytes(codec.encode(frame()))
    out = tool(capsys, "verify", "in.png", "in.lic", "-b", build)
    assert out.splitlines() == [
        "in.png: strings identical; picture identical",
        "in.lic: picture identical",
        "2 files, 0 with differences: emulation against the interpreter",
    ]
    decode = Codec.decode

    def wrong(self, stream):
        picture = decode(self, stream).copy()
        picture[3, 4, 2] ^= 1
        return picture

    monkeypatch.setattr(Codec, "decode", wrong)
    assert run_codec(["verify", "in.lic", "-b", str(build)]) == 1
    assert (
        "differs in 1 of 11,520 values, first at row 3, column 4, channel 2"
        in capsys.readouterr().out
    )


def test_info(capsys, build, codec, tmp_path):
    data = codec.encode(frame())
    (tmp_path / "x.lic").write_bytes(data)
    facts = json.loads(tool(capsys, "info", "x.lic", "--json"))
    assert facts["model"] == codec.model
    assert (facts["size"], facts["bytes"]) == ([HEIGHT, WIDTH], len(data))
    assert facts["bytes_of_z"] + facts["bytes_of_y"] + 32 == len(data)
    assert f"model       {codec.model}\n" in tool(capsys, "info", "x.lic")
    facts = json.loads(tool(capsys, "info", build, "--json"))
    assert (facts["what"], facts["model"]) == ("build", codec.model)
    write_y4m("x.y4m", 3)
    tool(capsys, "encode", "x.y4m", "-b", build, "-o", "x.lics", "--matrix", "bt709")
    facts = json.loads(tool(capsys, "info", "x.lics", "--json"))
    assert (facts["frames"], facts["frames_per_second"]) == (3, 30)
    assert facts["source"] == "YUV 4:2:0, BT.709, limited range"


def test_bench(capsys, build, tmp_path):
    out = tool(capsys, "bench", "-b", build, "--size", "32x48", "--frames", 6, "--json", "b.json")
    for name in ("frames/s", "latency p99", "transform, at work", "waiting for sink"):
        assert name in out
    facts = json.loads((tmp_path / "b.json").read_text())
    for way in ("encode", "decode"):
        assert facts[way]["frames"] == 6
        assert facts[way]["frames_per_second"] > 0
        assert {stage["name"] for stage in facts[way]["stages"]} == {"transform", "entropy"}
    assert facts["size"] == [32, 48]


# --------------------------------------------------------------------------------------------------
# Video
# --------------------------------------------------------------------------------------------------
def test_video_there_and_back(capsys, build, codec, tmp_path):
    write_y4m("in.y4m", 4)
    out = tool(capsys, "encode", "in.y4m", "-b", build, "-o", "v.lics")
    assert out.startswith(f"v.lics: 4 frames of {HEIGHT}x{WIDTH}, ")
    tool(capsys, "decode", "v.lics", "-b", build, "-o", "out.y4m")
    tool(capsys, "decode", "v.lics", "-b", build, "-o", "out.yuv")
    tool(capsys, "decode", "v.lics", "-b", build, "-o", "frames")
    seen, back = _host.VideoReader.y4m("in.y4m"), _host.VideoReader.y4m("out.y4m")
    raw = (tmp_path / "out.yuv").read_bytes()
    size = len(raw) // 4
    assert back.format.rate == (30, 1)
    for number in range(4):
        expected = codec.decode(codec.encode(seen.read()))
        assert np.array_equal(np.asarray(Image.open(f"frames/frame-{number + 1:06}.png")), expected)
        yuv = _host.to_yuv(expected)
        assert raw[number * size : (number + 1) * size] == yuv
        assert np.array_equal(back.read(), _host.from_yuv(yuv, (HEIGHT, WIDTH)))
    tool(
        capsys,
        "encode",
        "out.yuv",
        "-b",
        build,
        "-o",
        "w.lics",
        "--size",
        "48x80",
        "--rate",
        "29.97",
    )
    assert json.loads(tool(capsys, "info", "w.lics", "--json"))["frames"] == 4


def test_pictures_become_video(capsys, build, tmp_path):
    for number in range(3):
        Image.fromarray(frame(number)).save(f"{number}.png")
    names = [f"{i}.png" for i in range(3)]
    tool(capsys, "encode", *names, "-b", build, "-o", "v.lics", "--rate", "30000/1001")
    facts = json.loads(tool(capsys, "info", "v.lics", "--json"))
    assert (facts["frames"], facts["source"]) == (3, "RGB")


def test_a_cut_video_decodes_up_to_the_cut(capsys, build, tmp_path):
    write_y4m("in.y4m", 3)
    tool(capsys, "encode", "in.y4m", "-b", build, "-o", "v.lics")
    data = (tmp_path / "v.lics").read_bytes()
    (tmp_path / "v.lics").write_bytes(data[:-1])
    status = run_codec(["decode", "v.lics", "-b", str(build), "-o", "out.y4m"])
    assert status == 0
    assert (
        "note: v.lics: is cut within frame 3; the 2 before it are whole" in capsys.readouterr().err
    )
    assert _host.VideoReader.y4m("out.y4m").frames == 2


def test_a_damaged_frame_is_named_and_those_before_it_are_kept(build, tmp_path, capsys):
    write_y4m("in.y4m", 4)
    tool(capsys, "encode", "in.y4m", "-b", build, "-o", "v.lics")
    reader = _host.CodedReader("v.lics")
    sizes = [len(data) for data in iter(reader.read, None)]
    data = bytearray((tmp_path / "v.lics").read_bytes())
    data[32 + sizes[0] + sizes[1] + sizes[2] - 1] ^= 1
    (tmp_path / "v.lics").write_bytes(data)
    with pytest.raises(StreamError, match=r"^v\.lics: frame 3: a damaged stream"):
        run_codec(["decode", "v.lics", "-b", str(build), "-o", "out.y4m"])
    assert _host.VideoReader.y4m("out.y4m").frames == 2


def test_a_video_that_ends_within_a_frame(build, tmp_path, capsys):
    write_y4m("in.y4m", 3)
    data = (tmp_path / "in.y4m").read_bytes()
    (tmp_path / "in.y4m").write_bytes(data[:-1])
    with pytest.raises(UserError, match=r"^in\.y4m: ends within frame 3; 2 before it are whole"):
        run_codec(["encode", "in.y4m", "-b", str(build), "-o", "v.lics"])
    assert whole_frames(tmp_path / "v.lics") == 2


@contextmanager
def encoding(build, output):
    """A process that encodes a video from a pipe of ours, which stays open."""
    command = [
        sys.executable,
        "-m",
        "licc.runtime.main",
        "encode",
        "-",
        "-b",
        build,
        "-o",
        output,
    ]
    process = subprocess.Popen(
        list(map(str, command)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    header = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F30:1 Ip C420jpeg\n"
    with process:
        process.stdin.write(header.encode())
        yield process
        process.kill()


def feed(process, output, frames):
    """Give a process frames, and wait until they are written."""
    for number in range(frames):
        process.stdin.write(b"FRAME\n" + _host.to_yuv(frame(number)))
    process.stdin.flush()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if output.exists() and whole_frames(output) == frames:
            return
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)
    raise AssertionError("the frames were not written")


def whole_frames(path):
    if path.stat().st_size < 32:
        return 0
    reader = _host.CodedReader(path)
    return sum(1 for _ in iter(reader.read, None))


def test_ctrl_c_leaves_a_shorter_video(capsys, build, tmp_path):
    output = tmp_path / "v.lics"
    with encoding(build, output) as process:
        feed(process, output, 5)
        process.send_signal(signal.SIGINT)
        # The source says nothing more, and does not keep the tool.
        assert process.wait(30) == 128 + signal.SIGINT
        assert (
            process.stderr.read().decode() == f"error: interrupted; {output}: 5 frames are whole\n"
        )
    tool(capsys, "decode", output, "-b", build, "-o", "out.y4m")
    assert _host.VideoReader.y4m("out.y4m").frames == 5


def test_a_killed_encoder_leaves_a_shorter_video(capsys, build, tmp_path):
    output = tmp_path / "v.lics"
    with encoding(build, output) as process:
        feed(process, output, 5)
        process.kill()
    with output.open("ab") as file:
        file.write(output.read_bytes()[32:90])  # and what it may have begun to write
    assert run_codec(["decode", str(output), "-b", str(build), "-o", "out.y4m"]) == 0
    assert "cut within frame 6; the 5 before it are whole" in capsys.readouterr().err


# --------------------------------------------------------------------------------------------------
# Refusals
# --------------------------------------------------------------------------------------------------
def test_what_a_user_gets_wrong_is_one_line(build, codec, tmp_path):
    Image.fromarray(frame()).save("a.png")
    (tmp_path / "bad.png").write_bytes(b"no picture")
    (tmp_path / "a.lic").write_bytes(codec.encode(frame()))
    (tmp_path / "cut.lic").write_bytes(codec.encode(frame())[:-1])
    (tmp_path / "a.yuv").write_bytes(bytes(100))
    assert refused("encode", "a.png", "-b", build, "-o", "x.lic", "--backend", "gpu").startswith(
        "no backend 'gpu'"
    )
    assert "none" in refused("encode", "a.png", "-b", tmp_path / "none", "-o", "x.lic")
    assert (
        refused("encode", "bad.png", "-b", build, "-o", "x.lic") == "bad.png: not a readable image"
    )
    assert refused("decode", "cut.lic", "-b", build, "-o", "x.png").startswith(
        "cut.lic: a stream of "
    )


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ("encode none.png -o x.lic", "none.png: no such file"),
        ("encode a.lic -o x.lic", "a.lic: is coded already; lic-codec decode reads it"),
        ("encode a.yuv -o x.lics", "a.yuv: raw video does not say its size; give --size HxW"),
        (
            "encode a.yuv -o x.lics --size 8x8",
            "a.yuv: 100 bytes are no whole number of frames of 8x8",
        ),
        ("encode a.y4m -o x.lics --size 8x8", "a.y4m: --size and --rate are for raw .yuv"),
        ("encode a.y4m -o x.lic", "a.y4m: not a Y4M file"),
        ("encode a.png b.png -o x.lic", "-o x.lic: 2 files go into a folder; give one"),
        ("encode a.png a.webp -o x", "a.png, a.webp: both would be a.lic"),
        ("encode . -o x.lic --size 5", "--size 5: expected HxW"),
        ("encode empty -o x", "empty: no file of .bmp"),
        ("decode a.png -o x.png", "a.png: no stream of licc"),
        ("decode a.lic -o x.jpg", "-o x.jpg: pictures are written as .png"),
        ("verify a.y4m", "a.y4m: verify takes pictures and streams"),
        ("bench --frames 0", "--frames 0: expected a number from 1"),
        ("bench --workers x", "--workers x: expected a number from 0"),
    ],
)
def test_refusals(build, codec, tmp_path, arguments, line):
    for name in ("a.png", "b.png"):
        Image.fromarray(frame()).save(name)
    Image.fromarray(frame()).save("a.webp")
    (tmp_path / "a.lic").write_bytes(codec.encode(frame()))
    (tmp_path / "a.yuv").write_bytes(bytes(100))
    (tmp_path / "a.y4m").write_bytes(b"YUV4")
    (tmp_path / "empty").mkdir()
    before = set(Path().iterdir())
    with pytest.raises(UserError) as error:
        run_codec([*arguments.split(), "-b", str(build)])
    assert str(error.value).startswith(line)
    assert "\n" not in str(error.value)
    assert set(Path().iterdir()) == before


@pytest.mark.parametrize("page", ["docs/runtime.md", "--help"])
def test_command_lines_are_valid(page):
    parser = make_parser()
    text = parser.format_help() if page == "--help" else (ROOT / page).read_text()
    lines = re.findall(
        r"^ +(?:.*\| )?lic-codec ((?:encode|decode|info|bench|verify) .*)", text, re.MULTILINE
    )
    assert len(lines) >= 8
    for line in lines:
        given = parser.parse_args(shlex.split(line.partition("#")[0]))
        assert given.command == line.split()[0]


def test_info_refuses_other_files(tmp_path):
    (tmp_path / "x").write_bytes(b"something")
    with pytest.raises(UserError, match="x: neither a stream"):
        run_codec(["info", "x"])
