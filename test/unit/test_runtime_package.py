# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The installed C++ library: the examples and the project that a build brings find it and run."""

import shutil
import struct

import pytest
from support import board

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def programs():
    return board.project(board.HOST / "example", board.native_library(), "example")


def test_the_package_is_one_header_and_one_archive():
    prefix = board.native_library().prefix
    found = {str(path.relative_to(prefix)) for path in prefix.rglob("*") if path.is_file()}
    cmake = "lib/cmake/licc_host/licc_host"
    assert found == {
        "include/licc/codec.hpp",
        "lib/liblicc_host.a",
        f"{cmake}-config.cmake",
        f"{cmake}-config-version.cmake",
        f"{cmake}-targets.cmake",
        f"{cmake}-targets-release.cmake",
    }


def test_a_picture_goes_there_and_back(programs, tmp_path):
    build = board.whole_build("student")
    board.write_ppm(tmp_path / "in.ppm", 100, 150)
    said = board.must(
        programs / "picture", "encode", build, tmp_path / "in.ppm", tmp_path / "out.lic"
    )
    size = (tmp_path / "out.lic").stat().st_size
    assert (
        said == f"{tmp_path}/out.lic: 100x150, {size} bytes, {8 * size / 15000:.4f} bits a pixel\n"
    )
    board.must(programs / "picture", "decode", build, tmp_path / "out.lic", tmp_path / "out.ppm")
    assert (tmp_path / "out.ppm").read_bytes()[:15] == b"P6\n150 100\n255\n"
    done = board.run(programs / "picture", "decode", build, tmp_path / "in.ppm", tmp_path / "o")
    assert done.returncode == 1
    assert done.said.startswith("error: ")
    assert done.said.count("\n") == 1


def test_a_clip_goes_there_and_back(programs, tmp_path):
    height, width, frames = 64, 96, 5
    clip = b"YUV4MPEG2 W96 H64 F25:1 Ip C420\n"
    for frame in range(frames):
        luma = bytes(
            (x * 2 + y + 9 * frame) % 220 + 16 for y in range(height) for x in range(width)
        )
        clip += b"FRAME\n" + luma + bytes([128]) * (height * width // 2)
    (tmp_path / "in.y4m").write_bytes(clip)
    said = board.must(
        *(programs / "video", board.whole_build("student"), tmp_path / "in.y4m"),
        tmp_path / "out.y4m",
    )
    assert "encoded 5 frames" in said
    assert "decoded 5 frames" in said
    out = (tmp_path / "out.y4m").read_bytes()
    assert out.count(b"FRAME\n") == frames
    assert len(out) - out.index(b"\n") == len(clip) - clip.index(b"\n")


def test_the_project_of_a_build_compiles_and_runs(tmp_path):
    build = board.whole_build("student")
    project = board.project(build / "host", board.native_library(), "from-build")
    image = board.write_ppm(tmp_path / "in.ppm", 128, 192)
    said = board.must(
        *(project / "codec", build, "csim", tmp_path / "in.ppm", tmp_path / "out.ppm")
    )
    assert said.endswith(" bits a pixel\n")
    assert (tmp_path / "out.ppm").stat().st_size == image.size + struct.calcsize("15s")
    done = board.run(project / "codec", build, "none", tmp_path / "in.ppm", tmp_path / "o")
    assert done.returncode == 1
    assert "none" in done.said


FAKE_VPP = """#!/bin/sh
echo "$@" >> calls.txt
step=$1
while [ $# -gt 0 ]; do
  [ "$1" = --work_dir ] && mkdir -p "$2/hls/impl" && echo xo > "$2/hls/impl/kernel.xo"
  [ "$1" = -o ] && [ "$step" = --link ] && echo xclbin > "$2"
  shift
done
exit 0
"""


def test_the_vitis_makefile_takes_every_step_once(tmp_path):
    """With a v++ that only says how it was called: Vitis is not here."""
    for part in ("hls", "vitis"):
        shutil.copytree(board.whole_build() / part, tmp_path / part)
    vitis = tmp_path / "vitis"
    vpp = vitis / "fake-vpp"
    vpp.write_text(FAKE_VPP)
    vpp.chmod(0o755)
    board.must("make", "-C", vitis, "VPP=./fake-vpp")
    calls = (vitis / "calls.txt").read_text().splitlines()
    compiled = [
        call for call in calls if call.startswith("-c --mode hls --config ../hls/hls_config_")
    ]
    linked = [call for call in calls if call.startswith("--link --target hw --platform ")]
    assert (len(compiled), len(linked), len(calls)) == (4, 2, 6)
    platform = "xilinx_zcu102_base_202310_1"
    assert set(linked) == {
        f"--link --target hw --platform {platform} --config link_{role}.cfg -o {role}.xclbin "
        f"{role}.xo hyper_{role}.xo"
        for role in ("encoder", "decoder")
    }
    assert board.must("make", "-C", vitis, "VPP=./fake-vpp").count("fake-vpp") == 0  # all is there

    done = board.run("make", "-C", vitis, "VPP=./fake-vpp", "sd_card")
    assert "error: no rootfs.ext4 in ''" in done.said
    (tmp_path / "common").mkdir()
    (tmp_path / "common" / "rootfs.ext4").touch()
    board.must("make", "-C", vitis, "VPP=./fake-vpp", "sd_card", "SYSROOT_IMAGES=../common")
    package = (vitis / "calls.txt").read_text().splitlines()[-1]
    assert package.startswith(f"--package --target hw --platform {platform} ")
    assert "--package.boot_mode sd" in package
    assert package.count("--package.sd_file ") == 2
