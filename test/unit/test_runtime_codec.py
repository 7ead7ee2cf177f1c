# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""licc.runtime.Codec against licc.entropy.Coder: the same bytes, the same pictures, the same refusals."""

from __future__ import annotations

import json
import re
import struct
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support import networks
from support.compressai_import import compressai_models
from support.entropy import random_symbols, random_table
from support.host_builds import write_host_build

from licc.dialects import make_context
from licc.entropy import Coder, rans
from licc.entropy.container import parse
from licc.errors import StreamError, UserError
from licc.quantize.pipeline import float_module, typed_module
from licc.runtime import Codec, _host
from licc.target import host

ARCHITECTURES = ("bmshj2018-hyperprior", "mbt2018-mean", "bmshj2018-factorized", "bls2017")
OTHERS = ("bls2017-hyperprior", "cheng2020-anchor", "mbt2018-mean-leaky-relu")
SIZES = ((64, 64), (33, 50), (1, 1), (16, 97))


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compressai_models()  # what Coder writes strings with
    return tmp_path_factory.mktemp("builds")


@cache
def codecs(folder: Path, architecture: str) -> tuple[Coder, Path]:
    """The codec of Python for a random network, and the build for the host's library."""
    widths = (4, 4) if architecture.startswith("cheng") else (5, 8)
    path = networks.random_checkpoint(architecture, *widths, 3, folder / f"{architecture}.pt")
    typed = typed_module(float_module(path, make_context(), (64, 64)), "int8", max_images=1)
    return Coder(typed, path), write_host_build(typed, path, folder / architecture)


def both(folder: Path, architecture: str = ARCHITECTURES[0], **options: Any) -> tuple[Coder, Any]:
    coder, build = codecs(folder, architecture)
    return coder, Codec(build, **options)


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    random = torch.Generator().manual_seed(seed)
    image = networks.synthetic_image(height, width, random)[0].permute(1, 2, 0)
    return (image * 255).round().numpy().astype(np.uint8)


def sealed(stream: bytes | bytearray) -> bytes:
    """With the checksum that it ought to have."""
    data = bytearray(stream)
    struct.pack_into("<I", data, 28, zlib.crc32(data[:28] + data[32:]))
    return bytes(data)


# --------------------------------------------------------------------------------------------------
# The same bytes
# --------------------------------------------------------------------------------------------------
def same_bytes_and_pictures(coder: Coder, codec: Any) -> None:
    assert codec.model == coder.model_hash.hex()
    assert codec.strings == coder.kind
    assert codec.stride == coder.stride
    for seed, size in enumerate(SIZES):
        image = picture(*size, seed)
        stream = coder.encode(image).data
        assert codec.encode(image) == stream
        np.testing.assert_array_equal(codec.decode(stream), coder.decode(stream))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_streams_and_pictures_are_those_of_the_interpreter(folder: Path, architecture: str) -> None:
    same_bytes_and_pictures(*both(folder, architecture))


@pytest.mark.slow
@pytest.mark.parametrize("architecture", OTHERS)
def test_other_networks(folder: Path, architecture: str) -> None:
    same_bytes_and_pictures(*both(folder, architecture))


@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 99))
@settings(deadline=None, max_examples=12)
def test_any_size(folder: Path, height: int, width: int, seed: int) -> None:
    coder, codec = both(folder, "mbt2018-mean")
    image = picture(height, width, seed)
    stream = coder.encode(image).data
    assert codec.encode(image) == stream
    np.testing.assert_array_equal(codec.decode(stream), coder.decode(stream))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_halves_are_the_whole(folder: Path, architecture: str) -> None:
    coder, codec = both(folder, architecture)
    image = picture(40, 70)
    wanted, coded = coder.analyse(image), codec.analyse(image)
    assert coded.image == (40, 70)
    assert coded.padded == (48, 80)
    np.testing.assert_array_equal(np.moveaxis(coded.y, 2, 0), wanted.y)
    if coder.kind == 2:
        np.testing.assert_array_equal(np.moveaxis(coded.z, 2, 0), wanted.z)
        np.testing.assert_array_equal(np.moveaxis(coded.y_indexes, 2, 0), wanted.y_indexes)
    stream = codec.write(coded)
    assert stream == codec.encode(image)
    latent = codec.read(stream)
    np.testing.assert_array_equal(np.moveaxis(latent.y_hat, 2, 0)[None], wanted.latent)
    np.testing.assert_array_equal(codec.synthesise(latent), codec.decode(stream))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_more_padding_than_needed(folder: Path, architecture: str) -> None:
    """As an accelerator pads a small image: whoever decodes has to know."""
    coder, codec = both(folder, architecture)
    image = picture(20, 35)
    stream = coder.encode(image, padded=(64, 96)).data
    assert stream[6:8] == b"\x02\x03"
    assert codec.read(stream).padded == (64, 96)
    decoded = codec.decode(stream)
    np.testing.assert_array_equal(decoded, coder.decode(stream))
    assert decoded.shape == image.shape
    assert stream != coder.encode(image).data


def test_a_codec_serves_several_threads(folder: Path) -> None:
    _, codec = both(folder, threads=2)
    images = [picture(50 + i, 60, i) for i in range(4)]
    wanted = [codec.encode(image) for image in images]
    found: dict[int, bool] = {}

    def work(i: int) -> None:
        same = [codec.encode(images[i]) == wanted[i] for _ in range(5)]
        found[i] = all(same) and np.array_equal(codec.decode(wanted[i]), codec.decode(wanted[i]))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == dict.fromkeys(range(4), True)


def test_it_needs_neither_torch_nor_mlir(folder: Path) -> None:
    _, build = codecs(folder, ARCHITECTURES[0])
    code = (
        "import sys, numpy as np; from licc.runtime import Codec\n"
        f"codec = Codec({str(build)!r}); codec.decode(codec.encode(np.zeros((9, 9, 3), np.uint8)))\n"
        "assert not {'torch', 'torch_mlir', 'compressai'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-P", "-c", code], check=True)


# --------------------------------------------------------------------------------------------------
# Strings
# --------------------------------------------------------------------------------------------------
def native(table: Any) -> Any:
    values = [value for row in table.rows for value in row]
    return _host.Table("random", table.lengths.tolist(), table.offsets.tolist(), values)


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.sampled_from([3, 40, 900]))
@settings(deadline=None, max_examples=60)
def test_strings_are_compressais(folder: Path, seed: int, rows: int, longest: int) -> None:
    """For random tables, with symbols outside of them, in both directions."""
    random = np.random.default_rng(seed)
    table = random_table(random, rows, longest)
    symbols, indexes = random_symbols(random, table, 200)
    symbols = np.clip(symbols, -(1 << 15), (1 << 15) - 1)
    string = rans.encode(symbols, indexes, table)
    planes = indexes.astype(np.uint16).reshape(4, 50)
    ours = native(table)
    assert ours.write(symbols.astype(np.int16).reshape(4, 50), planes) == string
    np.testing.assert_array_equal(ours.read(string, 4, 50, planes).reshape(-1), symbols)


def test_the_symbols_at_all_ends(folder: Path) -> None:
    """Every entry of every row, and the furthest symbols that 16 bits hold."""
    random = np.random.default_rng(3)
    table = random_table(random, 6, 300)
    far = np.array([-(1 << 15), (1 << 15) - 1] * 6)
    symbols = np.concatenate(
        [
            *(o + np.arange(-9, n + 9) for o, n in zip(table.offsets, table.lengths, strict=True)),
            far,
        ]
    )
    rows = np.concatenate(
        [*(np.full(n + 18, i) for i, n in enumerate(table.lengths)), np.arange(12) // 2]
    )
    string = rans.encode(symbols, rows, table)
    ours = native(table)
    assert ours.write(symbols.astype(np.int16)[None], rows.astype(np.uint16)[None]) == string
    np.testing.assert_array_equal(
        ours.read(string, 1, len(symbols), rows.astype(np.uint16)[None])[0], symbols
    )


@given(st.integers(0, 2**32 - 1), st.data())
@settings(deadline=None, max_examples=100)
def test_a_damaged_string_is_read_as_in_python(
    folder: Path, seed: int, data: st.DataObject
) -> None:
    """The same symbols or an error, for any bytes."""
    random = np.random.default_rng(seed)
    table = random_table(random, 5)
    symbols, indexes = random_symbols(random, table, 40)
    string = bytearray(rans.encode(np.clip(symbols, -30000, 30000), indexes, table))
    for _ in range(data.draw(st.integers(0, 3))):
        bit = data.draw(st.integers(0, 8 * len(string) - 1))
        string[bit // 8] ^= 1 << bit % 8
    cut = bytes(string[: data.draw(st.integers(0, len(string)))])
    planes = indexes.astype(np.uint16)[None]
    for damaged in (bytes(string), cut, cut + bytes(8)):
        wanted = outcome(rans.decode, damaged, indexes[None], table)
        np.testing.assert_equal(outcome(native(table).read, damaged, 1, 40, planes), wanted)


def outcome(call: Callable[..., np.ndarray], *arguments: Any) -> np.ndarray | str:
    """What a decoder gives, or says of a stream."""
    try:
        return call(*arguments)
    except StreamError as error:
        return str(error)


@pytest.mark.parametrize(
    ("lengths", "offsets", "cdfs", "message"),
    [
        ([3], [0], [0, 9, 65535], "row 0 does not end at 65536"),
        ([3], [0], [1, 9, 65536], "row 0 does not start at 0"),
        ([4], [0], [0, 9, 9, 65536], "row 0 does not rise"),
        ([4], [0], [0, 70000, 9, 65536], "row 0 does not rise"),
        ([2], [0], [0, 65536], "row 0 has 2 entries"),
        ([3, 4], [0, 0], [0, 9, 65536, 0, 9, 65536], "row 1 is cut"),
        ([3], [0], [0, 9, 65536, 0], "behind the last row"),
        ([3], [1 << 21], [0, 9, 65536], "offset"),
        ([], [], [], "0 rows"),
    ],
)
def test_tables_are_checked(
    lengths: list[int], offsets: list[int], cdfs: list[int], message: str
) -> None:
    table = _host.Table
    with pytest.raises(UserError, match=message):
        table("t", lengths, offsets, cdfs)


# --------------------------------------------------------------------------------------------------
# Refusals
# --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((1, 16385, 3), np.uint8),
        [[[0, 0, 0]]],
        None,
    ],
)
def test_what_is_no_image_is_refused(folder: Path, image: Any) -> None:
    _, codec = both(folder)
    with pytest.raises(UserError, match="expected"):
        codec.encode(image)


def test_images_may_lie_in_memory_as_they_like(folder: Path) -> None:
    _, codec = both(folder)
    image = picture(31, 20)
    stream = codec.encode(image)
    assert codec.encode(np.asfortranarray(image)) == stream
    assert codec.encode(np.ascontiguousarray(image[:, ::-1])[:, ::-1]) == stream
    image.setflags(write=False)
    assert codec.encode(image) == stream
    np.testing.assert_array_equal(codec.decode(bytearray(stream)), codec.decode(memoryview(stream)))


@pytest.mark.parametrize("stream", ["LICC", 7, None, np.zeros(64, np.uint8)])
def test_what_are_no_bytes_is_refused(folder: Path, stream: Any) -> None:
    _, codec = both(folder)
    with pytest.raises(UserError, match="expected bytes"):
        codec.decode(stream)


def test_symbols_of_others_are_checked(folder: Path) -> None:
    _, codec = both(folder)
    native_module = _host
    c = codec.analyse(picture(20, 20))
    for image, padded, y, indexes, z in (
        ((20, 20), (33, 32), c.y, c.y_indexes, c.z),
        ((20, 20), (16, 32), c.y, c.y_indexes, c.z),
        ((20, 20), (8192, 32), c.y, c.y_indexes, c.z),
        ((0, 20), (32, 32), c.y, c.y_indexes, c.z),
        ((20, 20), (32, 32), c.y[:1], c.y_indexes, c.z),
        ((20, 20), (32, 32), c.y, c.y_indexes[..., :3], c.z),
        ((20, 20), (32, 32), c.y, c.y_indexes + np.int16(99), c.z),
        ((20, 20), (32, 32), c.y, c.y_indexes - np.int16(99), c.z),
        ((20, 20), (32, 32), c.y, None, c.z),
        ((20, 20), (32, 32), c.y, c.y_indexes, None),
    ):
        y, indexes, z = (None if v is None else np.ascontiguousarray(v) for v in (y, indexes, z))
        with pytest.raises(UserError):
            codec.write(native_module.Coded(image, padded, y, indexes, z))
    y_hat = codec.read(codec.write(c)).y_hat
    for image, wrong in (
        ((20, 20), y_hat[:, :1]),
        ((20, 20), y_hat + np.int16(9999)),
        ((40, 20), y_hat),
    ):
        with pytest.raises(UserError):
            codec.synthesise(native_module.Latent(image, (32, 32), np.ascontiguousarray(wrong)))


def test_streams_of_others_are_refused(folder: Path) -> None:
    _, codec = both(folder)
    _, other = both(folder, "mbt2018-mean")
    stream = codec.encode(picture(20, 20))
    with pytest.raises(
        StreamError, match=f"a stream of model {codec.model}, and this is {other.model}"
    ):
        other.decode(stream)


def test_large_images_are_refused_before_anything_is_computed(folder: Path) -> None:
    coder, codec = both(folder, max_pixels=400)
    stream = coder.encode(picture(20, 20)).data
    assert codec.decode(stream).shape == (20, 20, 3)
    larger = coder.encode(picture(20, 21)).data
    with pytest.raises(StreamError, match="20x21: too large to decode here"):
        codec.decode(larger)
    padded = sealed(stream[:6] + b"\xff\xff" + stream[8:])
    for decoder in (codec.decode, lambda data: coder.decode(data, max_pixels=400)):
        with pytest.raises(StreamError, match="padded to 4112x4112: too large"):
            decoder(padded)


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_a_damaged_stream_is_refused_as_in_python(folder: Path, data: st.DataObject) -> None:
    """Bits flipped, with a checksum that was right before or is right again: the same picture or the same words."""
    architecture = data.draw(st.sampled_from(ARCHITECTURES))
    coder, codec = both(folder, architecture, threads=1, max_pixels=10_000)
    stream = bytearray(encoded(folder, architecture))
    for _ in range(data.draw(st.integers(1, 3))):
        bit = data.draw(st.integers(0, 8 * len(stream) - 1))
        stream[bit // 8] ^= 1 << bit % 8
    damaged = sealed(stream) if data.draw(st.booleans()) else bytes(stream)
    wanted = outcome(coder.decode, damaged, 10_000)
    np.testing.assert_equal(outcome(codec.decode, damaged), wanted)


@cache
def encoded(folder: Path, architecture: str) -> bytes:
    return codecs(folder, architecture)[0].encode(picture(40, 40)).data


# --------------------------------------------------------------------------------------------------
# Builds
# --------------------------------------------------------------------------------------------------
@pytest.fixture
def build(folder: Path, tmp_path: Path) -> Path:
    """A build of its own, to damage."""
    _, whole = codecs(folder, "mbt2018-mean")
    for path in whole.rglob("*"):
        if path.is_file():
            target = tmp_path / path.relative_to(whole)
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(path.read_bytes())
    return tmp_path


def refusal(build: Path, **options: Any) -> str:
    with pytest.raises(UserError) as error:
        Codec(build, **options)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_backends_and_options_are_checked(build: Path) -> None:
    assert refusal(build, backend="gpu") == "no backend 'gpu'; give emulation, csim or xrt"
    assert refusal(build, threads=-1) == "threads: expected 0 to 1024, but got -1"
    assert "max_pixels" in refusal(build, max_pixels=0)
    assert "no such build" in refusal(build / "nothing")


@pytest.mark.parametrize(
    "name", ["host/network.json", "host/network.bin", "weights/entropy.json", "weights/entropy.bin"]
)
def test_every_file_is_held_to_its_checksum(build: Path, name: str) -> None:
    data = bytearray((build / name).read_bytes())
    data[len(data) // 2] ^= 1
    (build / name).write_bytes(data)
    assert refusal(build).startswith(f"{build / name}: damaged or of another build")
    (build / name).write_bytes(data[:-1])
    assert refusal(build).startswith(f"{build / name}: damaged or of another build")
    (build / name).unlink()
    assert refusal(build).startswith(f"{build / name}: cannot be read")


def test_a_build_of_an_earlier_licc(build: Path) -> None:
    (build / "host" / "files.json").unlink()
    assert "build it again with this licc" in refusal(build)


def test_half_a_codec(build: Path) -> None:
    (build / "weights" / "entropy.json").unlink()
    host.write_checksums(build)
    assert "as of half a codec" in refusal(build)


def changed(build: Path, name: str, path: str, value: Any) -> str:
    """What is said of a build whose description has another value, with right checksums."""
    whole = json.loads((build / name).read_text())
    *keys, last = [int(key) if key.isdigit() else key for key in path.split("/")]
    at = whole
    for key in keys:
        at = at[key]
    if value is None:
        del at[last]
    else:
        at[last] = value
    (build / name).write_text(json.dumps(whole))
    host.write_checksums(build)
    return refusal(build)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("version", 2, "version: of another version of licc"),
        ("padded/0", 0, r"padded\[0\]: expected an integer from 1 to 16384"),
        ("crc32", "00000000", "crc32: its constants have another checksum"),
        ("bytes", 7, "bytes: its constants have"),
        ("functions", [], "functions: expected an object"),
        ("functions/g_a", None, "no g_a"),
        ("functions/h_s", None, "no h_a or no h_s"),
        ("functions/g_a/values/1/channels", 6, "expected the channels of its input and output"),
        ("functions/g_a/values/1/channels", 2**62, "expected an integer from 1 to 32768"),
        ("functions/g_a/values/1/bits", 12, "expected i8, u8, i16 or i32"),
        ("functions/g_a/values/1/lo", -(2**40), "expected an integer from -2147483648"),
        ("functions/g_a/values/1/hi", 5, "has sums of"),
        ("functions/g_a/values/0/hi", 200, "does not take"),
        ("functions/g_a/ops/0/op", "softmax", "an op that this licc does not know"),
        ("functions/g_a/ops/0/inputs", [1], r"inputs\[0\]: expected an integer from 0 to 0"),
        ("functions/g_a/ops/0/inputs", [], "inputs: expected one at least"),
        ("functions/g_a/ops/0/inputs", [0, 0], "inputs: expected 1"),
        ("functions/g_a/ops/0/output", 2, "output: expected an integer from 1 to 1"),
        ("functions/g_a/ops/0/kernel", [5, 64], "kernel.*expected an integer from 1 to 63"),
        ("functions/g_a/ops/0/kernel", [5, 4], "count: expected 300"),
        ("functions/g_a/ops/0/kernel", [5], "expected two integers"),
        ("functions/g_a/ops/0/stride", [0, 2], "stride.*expected an integer from 1"),
        ("functions/g_a/ops/0/stride", [1, 1], "g_s does not give images of the size"),
        ("functions/g_a/ops/0/groups", 2, "groups: expected a divisor"),
        ("functions/g_a/ops/0/output_padding", [1, 0], "output_padding: expected less"),
        ("functions/g_a/ops/0/weights/offset", 2**31, "offset: expected an integer from 0"),
        ("functions/g_a/ops/0/weights/type", "float32", "expected int8, int16"),
        ("functions/g_a/ops/0/weights/type", "int64", "lies beyond the end|within -32767..32767"),
        ("functions/g_a/ops/1/multiplier", [1], "multiplier.*expected an integer from 65536"),
        ("functions/g_a/ops/1/shift", [63] * 5, "shift.*expected an integer from 0 to 62"),
        ("functions/g_a/ops/1/shift", [20, 20], "one of each a channel"),
        ("functions/g_a/ops/2/acc_range", [0, 5], "acc_range.*has sums of"),
        ("functions/g_a/ops/2/acc_range", [0, 2**47], "expected an integer from 0"),
        ("functions/g_a/ops/2/norm_range", [1, 5], "norm_range: expected what acc_range gives"),
        ("functions/g_a/ops/2/shift", [62] * 5, "gives a total shift of"),
        ("functions/g_a/ops/2/form", "sqrt", "form: expected rsqrt or gdn1"),
        ("functions/g_a/ops/2/inverse", 1, "expected true or false"),
        ("functions/g_a/result", 0, "result: expected an integer from"),
        ("functions/g_a/ops/0/layer", 3, "layer: expected a text"),
        ("functions/g_a/ops", None, "no 'ops'"),
    ],
)
def test_every_number_of_the_network_is_checked(
    build: Path, path: str, value: Any, message: str
) -> None:
    said = changed(build, "host/network.json", path, value)
    assert said.startswith(f"{build}/host/network.json: ")
    assert re.search(message, said), said


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("container_version", 2, "of another version of licc"),
        ("model", "123", "16 hexadecimal digits"),
        ("kind", 1, "kind: not that of its ports"),
        ("kind", 3, "expected an integer from 0 to 2"),
        ("stride/0", 0, "expected an integer from 1"),
        ("stride", [16, 16, 16], "stride: expected two integers"),
        ("stride", [24, 16], "g_s does not give"),
        ("ports/y/channels", 7, "y_hat: expected the channels of y"),
        ("ports/y/lo", -5, "y is not the one of weights/entropy.json"),
        ("ports/y/fraction", 25, "expected an integer from 0 to 24"),
        ("ports/z/hi", 1, "z is not the one"),
        ("ports/h_s/channels", 9, "expected the channels of y, or twice"),
        ("scale_thresholds", [3, 2, 1], "rising"),
        ("scale_thresholds", [1, 2], "expected 3"),
        ("tables/y/rows", 2**31, "expected an integer from 1"),
        ("tables/y/offset", -4, "expected an integer from 0"),
        ("tables/z/bytes", 8, "do not fit"),
        ("tables/z/offset", 4, "table of z"),
        ("crc32", "00000000", "another checksum"),
    ],
)
def test_every_number_of_the_entropy_model_is_checked(
    build: Path, path: str, value: Any, message: str
) -> None:
    said = changed(build, "weights/entropy.json", path, value)
    assert re.search(message, said), said


def test_parse_agrees_with_the_container(folder: Path) -> None:
    _, codec = both(folder)
    held = parse(codec.encode(picture(20, 20)))
    assert (held.height, held.width, held.kind, held.below, held.right) == (20, 20, 2, 0, 0)
    assert held.model.hex() == codec.model
