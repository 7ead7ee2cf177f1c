# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The emitted C++ as a library: alone, through the host's library, and when it is not there."""

import ctypes
import json
import re
import shutil
import threading

import numpy as np
import pytest
from support import board
from torch_mlir import ir

from licc.dialects import make_context
from licc.errors import UserError
from licc.runtime import Codec
from licc.runtime.csim import ensure_library
from licc.target import emit
from licc.target.board import accelerator_of, description
from licc.target.emit.write import parameter_files

ADDED = np.array([3, -4, 500])


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A design of one process, as a library: its folder, and what accelerator.json would say."""
    out = tmp_path_factory.mktemp("small")
    with make_context(), ir.Location.unknown():
        module = ir.Module.parse(board.SUM)
        views = emit.write_build(module, out)
        _, parameters = parameter_files([design for _, design in views])
        said = description(accelerator_of(module, views), parameters)
    board.must("make", "-s", "-C", out / "hls", "library", "OPTIMISE=-O1 -Werror")
    return out, said


def words(array: np.ndarray) -> ctypes.Array:
    data = array.tobytes()
    return (ctypes.c_uint64 * -(-len(data) // 8)).from_buffer_copy(data + bytes(-len(data) % 8))


def call(library: ctypes.CDLL, images: np.ndarray, parameters: bytes) -> np.ndarray:
    result = (ctypes.c_uint64 * -(-images.size * 2 // 8))()
    given = words(np.frombuffer(parameters, np.uint8))
    library.licc_csim_g_a(words(images), result, given, ctypes.c_int(len(images)))
    return np.frombuffer(bytes(result), np.int16)[: images.size].reshape(images.shape)


def test_a_design_computes_frames_in_a_library(small):
    out, _said = small
    library = ctypes.CDLL(str(out / "hls" / "csim.so"))
    parameters = (out / "weights" / "g_a.bin").read_bytes()
    images = np.random.default_rng(0).integers(0, 256, (3, 4, 5, 3), np.uint8)
    np.testing.assert_array_equal(call(library, images, parameters), images.astype(int) + ADDED)
    # Parameters are read by the first call and stay.
    np.testing.assert_array_equal(
        call(library, images[:1], bytes(len(parameters))), images[:1].astype(int) + ADDED
    )


def test_calls_from_several_threads_take_turns(small):
    out, _said = small
    library = ctypes.CDLL(str(out / "hls" / "csim.so"))
    parameters = (out / "weights" / "g_a.bin").read_bytes()
    wrong = set()

    def work(seed):
        images = np.random.default_rng(seed).integers(0, 256, (40, 4, 5, 3), np.uint8)
        for _ in range(20):
            if not np.array_equal(call(library, images, parameters), images.astype(int) + ADDED):
                wrong.add(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_library_says_of_which_sources_it_is(small):
    out, said = small
    library = ctypes.CDLL(str(out / "hls" / "csim.so"))
    library.licc_csim_sources.restype = ctypes.c_char_p
    assert library.licc_csim_sources().decode() == said["sources"]
    exported = board.must("nm", "-D", "--defined-only", out / "hls" / "csim.so")
    names = {line.split()[-1] for line in exported.splitlines()}
    # Those of the C++ library are the same everywhere.
    assert {name for name in names if not re.match("_ZN?K?S", name)} == {
        "licc_csim_g_a",
        "licc_csim_sources",
    }


def test_the_sources_are_others_when_the_code_is(small):
    _out, said = small
    with make_context(), ir.Location.unknown():
        other = emit.write.views_of(ir.Module.parse(board.SUM.replace("shift = 16", "shift = 17")))
        values = emit.write.views_of(ir.Module.parse(board.SUM.replace("500", "501")))
        hashes = [emit.write.sources_hash([d for _, d in views]) for views in (other, values)]
    assert hashes[0] != said["sources"]
    assert hashes[1] == said["sources"]  # values of parameters are no code


def test_a_library_is_compiled_once(small, tmp_path, monkeypatch):
    out, _said = small
    shutil.copytree(out / "hls", tmp_path / "hls")
    library = tmp_path / "hls" / "csim.so"
    assert ensure_library(tmp_path) == library
    library.unlink()
    monkeypatch.setenv("OPTIMISE", "-O0")
    ensure_library(tmp_path)
    made = library.stat().st_mtime_ns
    assert ensure_library(tmp_path) == library
    assert library.stat().st_mtime_ns == made


def test_a_library_that_cannot_be_made(small, tmp_path, monkeypatch):
    out, _said = small
    with pytest.raises(UserError, match=r"no csim\.cpp; compile the checkpoint again"):
        ensure_library(tmp_path)
    shutil.copytree(out / "hls", tmp_path / "hls")
    (tmp_path / "hls" / "g_a.cpp").write_text("#error broken")
    with pytest.raises(UserError, match=r"csim\.so: cannot be compiled: .*broken.*; run make -C"):
        ensure_library(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"csim\.so: missing; install make and g\+\+"):
        ensure_library(tmp_path)


# --------------------------------------------------------------------------------------------------
# A whole build
# --------------------------------------------------------------------------------------------------
@pytest.mark.slow
@pytest.mark.parametrize("network", ["tiny", "student"])
def test_streams_and_pictures_are_those_of_the_emulation(network):
    build = board.whole_build(network)
    emulated = Codec(build)
    simulated = Codec(build, backend="csim")
    height, width = emulated.accelerator
    for size in [(height, width), (height - 5, width - 9), (1, 1)]:
        image = np.random.default_rng(size[0]).integers(0, 256, (*size, 3), np.uint8)
        stream = simulated.encode(image)
        np.testing.assert_array_equal(simulated.decode(stream), emulated.decode(stream))
        if size == (height, width):
            assert stream == emulated.encode(image)
    with pytest.raises(UserError, match=f"{height}x{width}"):
        simulated.encode(np.zeros((height + 1, width, 3), np.uint8))


@pytest.mark.slow
def test_damaged_builds_are_named(tmp_path):
    build = tmp_path / "build"
    shutil.copytree(board.whole_build(), build)
    parameters = build / "weights" / "g_s.bin"
    data = bytearray(parameters.read_bytes())
    data[100] ^= 1
    parameters.write_bytes(data)
    with pytest.raises(UserError, match=r"g_s\.bin"):
        Codec(build, backend="csim")

    shutil.copyfile(board.whole_build() / "weights" / "g_s.bin", parameters)
    described = build / "host" / "accelerator.json"
    text = described.read_text()
    described.write_text(text.replace('"sources": "', '"sources": "0'))
    with pytest.raises(UserError, match=r"accelerator\.json"):
        Codec(build, backend="csim")

    described.write_text(text)
    shutil.copyfile(board.whole_build("student") / "hls" / "csim.so", build / "hls" / "csim.so")
    with pytest.raises(UserError, match=r"csim\.so: of another build; run make -C .* library"):
        Codec(build, backend="csim")
    (build / "hls" / "csim.so").write_bytes(b"no library")
    with pytest.raises(UserError, match=r"csim\.so: cannot be loaded"):
        Codec(build, backend="csim")


@pytest.mark.slow
def test_a_description_names_every_file_that_a_host_reads():
    build = board.whole_build()
    said = json.loads((build / "host" / "accelerator.json").read_text())
    assert {kernel["function"] for kernel in said["kernels"]} == set(board.FUNCTIONS)
    assert sorted(f for image in said["images"] for f in image["functions"]) == sorted(
        board.FUNCTIONS
    )
    assert len(next(k for k in said["kernels"] if k["function"] == "g_a")["stripes"]["crop"]) == 2
