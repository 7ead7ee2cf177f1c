# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The host and what nobody sane gives it: streams, build directories, arrays. Errors of one line, and no crash."""

from __future__ import annotations

import json
import re
import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.host_builds import example_build, photo

from licc.entropy import container
from licc.errors import StreamError, UserError
from licc.runtime import Codec, _host

ROOT = Path(__file__).parents[2]
HEADER, CRC_AT = 32, 28


@pytest.fixture(scope="module")
def codec() -> Any:
    return Codec(example_build(), threads=1, max_pixels=1 << 16)


@pytest.fixture(scope="module")
def stream(codec) -> bytes:
    return codec.encode(photo()[:60, :70])


def forged(stream: bytes) -> bytes:
    """With a right checksum."""
    head, strings = stream[:CRC_AT], stream[HEADER:]
    return head + struct.pack("<I", zlib.crc32(strings, zlib.crc32(head))) + strings


def with_field(stream: bytes, at: int, format_: str, *values: int) -> bytes:
    changed = bytearray(stream)
    struct.pack_into(format_, changed, at, *values)
    return forged(bytes(changed))


# --------------------------------------------------------------------------------------------------
# Streams
# --------------------------------------------------------------------------------------------------
HEIGHT, WIDTH, Z, Y = (16, "<H"), (18, "<H"), (20, "<I"), (24, "<I")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ((0, "<I"), 0x5343494C, "does not begin with LICC"),
        ((4, "<B"), 2, "version 2, and this licc reads 1"),
        ((5, "<B"), 0, "of another kind than its model writes"),
        ((5, "<B"), 3, "of a kind that this licc does not know"),
        ((8, "<Q"), 0, "a stream of model 0000000000000000, and this is "),
        (HEIGHT, 0, "an image of 0x70: expected 1 to 16384 either way"),
        (WIDTH, 16385, "an image of 60x16385: expected 1 to 16384 either way"),
        (HEIGHT, 16384, "an image of 16384x70: too large to decode here"),
        ((6, "<H"), 0xFFFF, "an image padded to 4144x4160: too large to decode here"),
        (Z, 2**32 - 1, "that says it has "),
        (Y, 2**32 - 1, "that says it has "),
        (HEIGHT, 200, "a string that"),
        (WIDTH, 1, "a string that"),
        ((6, "<H"), 1, "a string that"),
    ],
)
def test_a_forged_header(codec, stream, field, value, message) -> None:
    with pytest.raises(StreamError, match=re.escape(message)) as raised:
        codec.decode(with_field(stream, *field, value))
    assert "\n" not in str(raised.value)


def test_a_stream_is_refused_without_its_checksum(codec, stream) -> None:
    for at in (9, 17, 21, 29, 40, len(stream) - 1):
        damaged = bytearray(stream)
        damaged[at] ^= 1
        with pytest.raises(StreamError):
            codec.decode(bytes(damaged))


def test_every_cut(codec, stream) -> None:
    """With and without a header that knows of it."""
    for length in range(len(stream)):
        with pytest.raises(StreamError):
            codec.decode(stream[:length])
        if length < HEADER:
            continue
        z = min(struct.unpack_from("<I", stream, 20)[0], length - HEADER)
        with pytest.raises(StreamError, match=r"^a string (of \d+ bytes|that|with an impossible)"):
            codec.decode(with_field(stream[:length], 20, "<2I", z, length - HEADER - z))


def test_strings_that_are_exchanged(codec, stream) -> None:
    held = container.parse(stream)
    swapped = container.Container(2, held.model, held.height, held.width, held.y, held.z)
    with pytest.raises(StreamError):
        codec.decode(container.pack(swapped))


def test_a_string_that_says_more_than_it_has(codec, stream) -> None:
    """Few bytes, many symbols: memory is what the image takes, and the string ends too early."""
    held = container.parse(stream)
    short = struct.pack("<2I", 0, 1 << 31)
    with pytest.raises(StreamError):
        codec.decode(container.pack(container.Container(2, held.model, 256, 256, short, short)))


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_any_strings(codec, stream, data) -> None:
    held = container.parse(stream)
    drawn = st.binary(max_size=200)
    size = data.draw(st.tuples(st.integers(1, 80), st.integers(1, 80)))
    held = container.Container(2, held.model, *size, data.draw(drawn), data.draw(drawn))
    try:
        picture = codec.decode(container.pack(held))
    except StreamError:
        return
    assert picture.shape == (*size, 3)


@given(st.integers(HEADER * 8, 10**9), st.booleans())
@settings(deadline=None, max_examples=200)
def test_a_flipped_bit_in_the_strings(codec, stream, bit, behind_z) -> None:
    """An error or a picture of the right size, and the same one every time."""
    first = HEADER + (struct.unpack_from("<I", stream, 20)[0] if behind_z else 0)
    bit = first * 8 + bit % ((len(stream) - first) * 8)
    flipped = bytearray(stream)
    flipped[bit // 8] ^= 1 << bit % 8
    results = []
    for _ in range(2):
        try:
            results.append(codec.decode(forged(bytes(flipped))))
        except StreamError as error:
            results.append(str(error))
    np.testing.assert_array_equal(results[0], results[1])
    if not isinstance(results[0], str):
        assert results[0].shape == (60, 70, 3)


def test_a_stream_of_another_model_is_refused_before_it_is_decoded(codec, stream) -> None:
    """Its strings are nothing that could be decoded."""
    other = container.pack(container.Container(2, bytes(8), 8, 8, b"x", b"y"))
    with pytest.raises(StreamError, match="a stream of model 0000000000000000"):
        codec.decode(other)


def test_a_codec_works_after_errors(codec, stream) -> None:
    with pytest.raises(StreamError):
        codec.decode(forged(stream[:-4]))
    assert codec.decode(stream).shape == (60, 70, 3)


def sweep(streams: int) -> dict[str, int]:
    script = ROOT / "benchmarks" / "mutations.py"
    counted = example_build() / f"counted-{streams}.json"
    command = [sys.executable, script, "--build", example_build(), "--streams", str(streams)]
    done = subprocess.run(
        [*map(str, command), "--json", str(counted)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(counted.read_text())


def check_sweep(counted: dict[str, int], streams: int) -> None:
    assert sum(counted.values()) == streams
    kinds = {kind for kind in counted if not kind.startswith("error: ")}
    assert kinds <= {"right picture", "wrong picture", "wrong picture of another size"}
    in_strings = sum(n for kind, n in counted.items() if kind.startswith("error: a string"))
    assert in_strings > streams / 4, "few streams reach the entropy decoder"


def test_mutated_streams() -> None:
    check_sweep(sweep(400), 400)


@pytest.mark.slow
def test_ten_thousand_mutated_streams() -> None:
    check_sweep(sweep(10000), 10000)


# --------------------------------------------------------------------------------------------------
# Build directories
# --------------------------------------------------------------------------------------------------
FILES = ("host/network.json", "host/network.bin", "weights/entropy.json", "weights/entropy.bin")
LISTING = "host/files.json"


@pytest.fixture
def build(tmp_path) -> Path:
    """A build of its own."""
    return Path(shutil.copytree(example_build(), tmp_path / "build"))


def refused(build: Path) -> str:
    """The line with which a build is refused."""
    with pytest.raises(UserError) as raised:
        Codec(build, threads=1)
    line = str(raised.value)
    assert "\n" not in line
    assert str(build) in line
    return line


@pytest.mark.parametrize("name", [*FILES, LISTING])
@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "flipped", "longer", "a folder"])
def test_a_damaged_file(build, name, damage) -> None:
    path = build / name
    data = bytearray(path.read_bytes())
    path.unlink()
    if damage == "a folder":
        path.mkdir()
    elif damage != "missing":
        data[len(data) // 2] ^= 4 if damage == "flipped" else 0
        text = {"empty": b"", "cut": data[: len(data) // 2], "longer": data + b"{"}
        path.write_bytes(text.get(damage, data))
    line = refused(build)
    assert name in line
    assert "build it again" in line or "check its permissions" in line


def relist(build: Path) -> None:
    """Set the checksums right, all three layers of them."""
    from licc.target import host

    for description, binary in (FILES[:2], FILES[2:]):
        content = json.loads((build / description).read_text())
        content["crc32"] = f"{zlib.crc32((build / binary).read_bytes()):08x}"
        (build / description).write_text(json.dumps(content))
    host.write_checksums(build)


def change(build: Path, name: str, edit: Callable[[Any], object]) -> None:
    content = json.loads((build / name).read_text())
    edit(content)
    (build / name).write_text(json.dumps(content))
    relist(build)


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Of all that a description holds; of long lists, the first elements."""
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = list(enumerate(value))[:3]
    return [path, *(below for key, part in items for below in paths_of(part, (*path, key)))]


def check_refused_or_codes(build: Path) -> None:
    """And take it away."""
    line = ""
    try:
        codec = Codec(build, threads=1)
        assert codec.decode(codec.encode(photo()[:20, :33])).shape == (20, 33, 3)
    except UserError as error:
        line = str(error)
    shutil.rmtree(build.parent)
    assert "\n" not in line


WRONG: tuple[Any, ...] = (
    -1,
    0,
    1,
    3,
    2**31,
    2**63 - 1,
    -(2**63),
    1e300,
    "text",
    None,
    [],
    {},
    True,
)


@pytest.mark.parametrize("name", FILES[::2])
@given(st.data())
@settings(deadline=None, max_examples=120)
def test_any_field_may_be_wrong(tmp_path_factory, name, data) -> None:
    """With right checksums: an error, or a build that codes without a crash."""
    build = Path(shutil.copytree(example_build(), tmp_path_factory.mktemp("wrong") / "build"))
    content = json.loads((build / name).read_text())
    path = data.draw(st.sampled_from([p for p in paths_of(content) if p]))
    value = data.draw(st.sampled_from(WRONG))

    def edit(content: Any) -> None:
        for key in path[:-1]:
            content = content[key]
        content[path[-1]] = value

    change(build, name, edit)
    check_refused_or_codes(build)


@given(st.integers(0, 10**9), st.sampled_from(FILES[1::2]), st.integers(0, 255))
@settings(deadline=None, max_examples=60)
def test_any_constant_may_be_wrong(tmp_path_factory, at, name, byte) -> None:
    """Weights that leave proven ranges, tables that do not rise: an error, or a build that codes."""
    build = Path(shutil.copytree(example_build(), tmp_path_factory.mktemp("wrong") / "build"))
    data = bytearray((build / name).read_bytes())
    data[at % len(data)] = byte
    (build / name).write_bytes(data)
    relist(build)
    check_refused_or_codes(build)


@pytest.mark.parametrize(
    ("name", "edit", "message"),
    [
        (LISTING, lambda c: c.update(version=2), "of another version of licc"),
        (FILES[2], lambda c: c.update(container_version=9), "of another version of licc"),
        (FILES[2], lambda c: c.update(model="xyz"), "expected 16 hexadecimal digits"),
        (FILES[2], lambda c: c.update(stride=[0, 16]), "stride"),
        (FILES[2], lambda c: c["tables"]["y"].update(rows=1 << 40), "tables.y.rows"),
        (FILES[2], lambda c: c["tables"]["z"].update(offset=-4), "tables.z.offset"),
        (FILES[2], lambda c: c["ports"]["y"].update(channels=5), "channels"),
        (FILES[0], lambda c: c["functions"].pop("g_s"), "no g_s"),
        (FILES[0], lambda c: c.update(padded=[10**6, 64]), "padded"),
    ],
)
def test_a_description_that_is_wrong(build, name, edit, message) -> None:
    content = json.loads((build / name).read_text())
    edit(content)
    (build / name).write_text(json.dumps(content))
    if name != LISTING:
        relist(build)
    line = refused(build)
    assert message in line
    assert name in line


def test_json_that_is_too_deep(build) -> None:
    """A reader that calls itself for every bracket would overrun its stack."""
    (build / LISTING).write_text("[" * 200_000)
    assert LISTING in refused(build)


def test_no_build(tmp_path) -> None:
    assert "no such build" in refused(tmp_path / "nothing")
    (tmp_path / "file").write_text("")
    assert "no such build" in refused(tmp_path / "file")
    (tmp_path / "empty").mkdir()
    assert "build it again with this licc" in refused(tmp_path / "empty")


# --------------------------------------------------------------------------------------------------
# Python
# --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("image", "message"),
    [
        (None, "an image of NoneType: expected a numpy array of uint8"),
        ([[[1, 2, 3]]], "an image of list"),
        (np.zeros((8, 8, 3)), "an image of float64 and shape (8, 8, 3): expected uint8"),
        (np.zeros((8, 8, 3), np.int8), "an image of int8"),
        (np.zeros((8, 8), np.uint8), "shape (8, 8): expected uint8, height x width x 3"),
        (np.zeros((8, 8, 4), np.uint8), "shape (8, 8, 4)"),
        (np.zeros((3, 8, 8), np.uint8), "shape (3, 8, 8)"),
        (np.zeros((1, 8, 8, 3), np.uint8), "shape (1, 8, 8, 3)"),
        (np.zeros((0, 8, 3), np.uint8), "an image of 0x8: expected 1 to 16384 either way"),
        (np.zeros((1, 16385, 3), np.uint8), "an image of 1x16385"),
        (np.zeros((8, 8, 3), object), "an image of object"),
    ],
)
@pytest.mark.parametrize("method", ["encode", "analyse"])
def test_what_is_no_image(codec, image, message, method) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        getattr(codec, method)(image)


def layouts() -> dict[str, np.ndarray]:
    """One image in memory of different kinds."""
    image = photo()[:40, :56]
    wide = np.zeros((40, 56, 9), np.uint8)
    wide[:, :, ::3] = image
    frozen = image.copy()
    frozen.flags.writeable = False
    unaligned = np.frombuffer(b"x" + image.tobytes(), np.uint8)[1:].reshape(image.shape)
    return {
        "flipped": image[::-1].copy()[::-1],
        "fortran": np.asfortranarray(image),
        "planes": image.transpose(2, 0, 1).copy().transpose(1, 2, 0),
        "strided": wide[:, :, ::3],
        "frozen": frozen,
        "unaligned": unaligned,
        "subclass": image.view(np.recarray),
    }


@pytest.mark.parametrize("kind", layouts())
def test_images_of_any_layout_in_memory(codec, kind) -> None:
    image = layouts()[kind]
    assert codec.encode(image) == codec.encode(np.ascontiguousarray(image).copy())


def test_an_image_without_memory_of_its_own(codec) -> None:
    """Every row is the same one."""
    row = photo()[:1, :64]
    image = np.broadcast_to(row, (64, 64, 3))
    assert codec.encode(image) == codec.encode(image.copy())


@pytest.mark.parametrize("given_", [None, "text", 5, [1, 2], np.zeros(40, np.uint8)])
def test_what_is_no_stream(codec, given_) -> None:
    with pytest.raises(UserError, match=r"expected bytes$"):
        codec.decode(given_)


def test_streams_of_other_types(codec, stream) -> None:
    wanted = codec.decode(stream)
    for other in (bytearray(stream), memoryview(stream), memoryview(b"x" + stream + b"y")[1:-1]):
        np.testing.assert_array_equal(codec.decode(other), wanted)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backend": "fpga"}, "no backend 'fpga'; give emulation, csim or xrt"),
        ({"threads": -1}, "threads: expected 0 to 1024, but got -1"),
        ({"threads": 10**9}, "threads: expected 0 to 1024"),
        ({"max_pixels": 0}, "max_pixels: expected 1 to"),
        ({"frames_in_flight": 0}, "frames_in_flight: expected 1 to 1024"),
    ],
)
def test_options_out_of_their_range(options, message) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        Codec(example_build(), **options)


def coded_parts(codec: Any) -> dict[str, Any]:
    coded = codec.analyse(photo()[:60, :70])
    names = ("image", "padded", "y", "y_indexes", "z")
    return {name: getattr(coded, name) for name in names}


@pytest.mark.parametrize(
    ("part", "edit"),
    [
        ("image", lambda v: (0, 70)),
        ("image", lambda v: (-5, 70)),
        ("image", lambda v: (2**31 - 1, 70)),
        ("padded", lambda v: (16, 16)),
        ("padded", lambda v: (v[0] + 1, v[1])),
        ("padded", lambda v: (2**31 - 16, 2**31 - 16)),
        ("y", lambda v: v[:1].copy()),
        ("y", lambda v: v[:, :, :5].copy()),
        ("y", lambda v: v[:0].copy()),
        ("z", lambda v: v[:, :0].copy()),
        ("z", lambda v: None),
        ("y_indexes", lambda v: None),
        ("y_indexes", lambda v: np.full_like(v, -1)),
        ("y_indexes", lambda v: np.full_like(v, 64)),
        ("y_indexes", lambda v: v.transpose(2, 0, 1).copy()),
    ],
)
def test_symbols_that_do_not_fit(codec, part, edit) -> None:
    parts = coded_parts(codec)
    parts[part] = edit(parts[part])
    with pytest.raises(UserError):
        codec.write(_host.Coded(**parts))


@pytest.mark.parametrize(
    ("part", "edit"),
    [
        ("image", lambda v: (0, 70)),
        ("image", lambda v: (500, 70)),
        ("image", lambda v: (-(2**31), 70)),
        ("padded", lambda v: (-64, -64)),
        ("padded", lambda v: (2**31 - 1, 2**31 - 1)),
        ("padded", lambda v: (0, 0)),
        ("y_hat", lambda v: v[:1].copy()),
        ("y_hat", lambda v: v[:0].copy()),
        ("y_hat", lambda v: np.full_like(v, 32767)),
        ("y_hat", lambda v: np.full_like(v, -32768)),
    ],
)
def test_latents_that_do_not_fit(codec, stream, part, edit) -> None:
    latent = codec.read(stream)
    parts = {name: getattr(latent, name) for name in ("image", "padded", "y_hat")}
    parts[part] = edit(parts[part])
    with pytest.raises(UserError):
        codec.synthesise(_host.Latent(**parts))


@pytest.mark.parametrize(
    ("lengths", "offsets", "cdfs"),
    [
        ([], [], []),
        ([3], [], [0, 1, 65536]),
        ([3], [0, 0], [0, 1, 65536]),
        ([2], [0], [0, 65536]),
        ([-1], [0], [0, 1, 65536]),
        ([2**31 - 1], [0], [0, 1, 65536]),
        ([4], [0], [0, 1, 65536]),
        ([3], [0], [0, 1, 65536, 7]),
        ([3], [0], [1, 2, 65536]),
        ([3], [0], [0, 0, 65536]),
        ([3], [0], [0, 65536, 65536]),
        ([3], [0], [0, -5, 65536]),
        ([3], [0], [0, 1, 65535]),
        ([3], [2**21], [0, 1, 65536]),
        ([4], [0], [0, 70000, 1, 65536]),
    ],
)
def test_tables_that_are_none(lengths, offsets, cdfs) -> None:
    with pytest.raises(UserError, match=r"^the table: "):
        _host.Table("the table", lengths, offsets, cdfs)


def test_indexes_beyond_a_table() -> None:
    table = _host.Table("t", [3], [0], [0, 1, 65536])
    symbols = np.zeros((2, 3), np.int16)
    with pytest.raises(UserError, match="more planes than the table has rows"):
        table.write(symbols)
    with pytest.raises(UserError, match="an index beyond the rows"):
        table.write(symbols, np.ones((2, 3), np.uint16))
    with pytest.raises(UserError, match="another shape"):
        table.write(symbols, np.zeros((3, 2), np.uint16))
    string = table.write(symbols, np.zeros((2, 3), np.uint16))
    with pytest.raises(UserError, match="more planes than the table has rows"):
        table.read(string, 2, 3)
    with pytest.raises(UserError):
        table.read(string, 1, 2**62)
