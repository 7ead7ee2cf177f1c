# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The host's library for the processors of boards: cross-compiled, and run under qemu against this processor."""

import os
import shutil
import struct
from pathlib import Path

import pytest
from support import board

pytestmark = pytest.mark.slow
NEEDED = {"aarch64-linux-gnu-g++": "g++-aarch64-linux-gnu", "qemu-aarch64": "qemu-user"}
# A folder into which Debian's arm64 packages libxrt1, libxrt-dev, libuuid1, uuid-dev and libboost-filesystem1.74.0
# were unpacked (docs/board.md says how).
SYSROOT = os.environ.get("LICC_SYSROOT")


def skip_without_tools():
    missing = [package for tool, package in NEEDED.items() if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"no cross compiler or emulator: apt install {' '.join(missing)}")


@pytest.fixture(scope="module")
def programs():
    """The example's programs for aarch64, against the installed library."""
    skip_without_tools()
    cross = board.library("aarch64", False, "--toolchain", board.TOOLCHAIN)
    return board.project(board.HOST / "example", cross, "example", "--toolchain", board.TOOLCHAIN)


@pytest.fixture(scope="module")
def native():
    return board.project(board.HOST / "example", board.native_library(), "example")


def emulated(program: Path, *arguments: object) -> str:
    return board.must("qemu-aarch64", "-L", "/usr/aarch64-linux-gnu", program, *arguments)


def test_programs_are_for_aarch64(programs):
    machine = struct.unpack_from("<H", (programs / "picture").read_bytes(), 18)[0]
    assert machine == 183  # EM_AARCH64


@pytest.mark.parametrize("network", ["tiny", "student"])
@pytest.mark.parametrize("size", [(121, 185), (64, 128)])
def test_streams_and_pictures_are_those_of_this_processor(
    programs, native, tmp_path, network, size
):
    build = board.whole_build(network)
    board.write_ppm(tmp_path / "in.ppm", *size)
    emulated(programs / "picture", "encode", build, tmp_path / "in.ppm", tmp_path / "a.lic")
    board.must(native / "picture", "encode", build, tmp_path / "in.ppm", tmp_path / "x.lic")
    stream = (tmp_path / "x.lic").read_bytes()
    assert (tmp_path / "a.lic").read_bytes() == stream
    emulated(programs / "picture", "decode", build, tmp_path / "x.lic", tmp_path / "a.ppm")
    board.must(native / "picture", "decode", build, tmp_path / "x.lic", tmp_path / "x.ppm")
    assert (tmp_path / "a.ppm").read_bytes() == (tmp_path / "x.ppm").read_bytes()


def test_the_xrt_backend_links_for_aarch64():
    skip_without_tools()
    if SYSROOT is None:
        pytest.skip("no arm64 XRT: unpack its packages (docs/board.md) and set LICC_SYSROOT")
    libraries = Path(SYSROOT) / "usr" / "lib" / "aarch64-linux-gnu"
    cross = board.library(
        "aarch64-xrt", True, "--toolchain", board.TOOLCHAIN, f"-DLICC_SYSROOT={SYSROOT}"
    )
    options = ["--toolchain", board.TOOLCHAIN, f"-DLICC_SYSROOT={SYSROOT}"]
    linked = f"-DCMAKE_EXE_LINKER_FLAGS=-Wl,-rpath-link,{libraries}"
    folder = board.project(board.HOST / "example", cross, "example", *options, linked)
    needed = board.must("readelf", "-d", folder / "picture")
    assert "libxrt_coreutil.so.2" in needed
    done = board.run(
        *("qemu-aarch64", "-L", "/usr/aarch64-linux-gnu", "-E", f"LD_LIBRARY_PATH={libraries}"),
        *(folder / "picture", "encode", board.whole_build(), os.devnull, os.devnull, "xrt"),
    )
    assert done.returncode == 1
    assert "error: xrt: device '0': " in done.said
