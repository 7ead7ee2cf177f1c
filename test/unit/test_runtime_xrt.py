# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The backend xrt against XRT itself, whose no-op shim is a board that completes everything and computes nothing; and
against a model of the board in front of that shim (runtime/host/test/xrt_model.cpp), which computes with the emitted
C++ what XRT sends it. Bitstreams are files in AMD's format without a bitstream (support/xclbin.py).
"""

import json
import re
import shutil

import numpy as np
import pytest
from support import board
from support.xclbin import make_xclbin, write_xclbins

from licc.errors import UserError
from licc.runtime import Codec


def test_without_xrt_the_remedy_is_named(tmp_path):
    """Every machine has the backend; where the library was built without XRT it is one line."""
    from support.host_builds import example_build

    with pytest.raises(UserError, match=r"LICC_HOST_XRT=ON|xrt: device|accelerator\.json") as found:
        Codec(example_build(), backend="xrt")
    assert "\n" not in str(found.value)


def test_a_bitstream_without_a_bitstream_has_the_size_that_it_says(tmp_path):
    kernel = {
        "function": "g_a",
        "kernel": "encoder",
        "unit": "encoder_1",
        "input": {"argument": 0, "name": "g_a_input"},
        "output": {"argument": 1, "name": "g_a_output"},
        "parameters": {"argument": 2, "load": 3},
        "frames": {"argument": 4},
    }
    image = {"file": "encoder.xclbin", "functions": ["g_a"]}
    for folder in ("host", "vitis"):
        (tmp_path / folder).mkdir()
    said = {"sources": "0", "images": [image], "kernels": [kernel]}
    (tmp_path / "host" / "accelerator.json").write_text(json.dumps(said))
    (tmp_path / "vitis" / "link_encoder.cfg").write_text(
        "".join(f"sp=encoder_1.{name}:HP0\n" for name in ("g_a_input", "g_a_output", "parameters"))
    )
    data = make_xclbin(tmp_path, image)
    assert data[:8] == b"xclbin2\0"
    assert int.from_bytes(data[304:312], "little") == len(data)


# --------------------------------------------------------------------------------------------------
# With Debian's XRT
# --------------------------------------------------------------------------------------------------
pytest_xrt = [
    pytest.mark.slow,
    pytest.mark.skipif(
        board.xrt_folder() is None, reason="XRT is missing: apt install libxrt-dev uuid-dev"
    ),
]


def with_xrt(test):
    for mark in pytest_xrt:
        test = mark(test)
    return test


class Board:
    """A build with bitstreams, the tool that runs its golden frames, and how to run it."""

    def __init__(self, folder):
        self.build = folder / "build"
        shutil.copytree(board.whole_build("student"), self.build)
        write_xclbins(self.build, self.build / "vitis")
        library = board.native_library()
        self.tool = folder / "golden"
        includes = [f"-I{board.HOST / 'include'}", f"-I{board.HOST / 'src'}"]
        libraries = ["-lxrt_coreutil", "-luuid", "-ldl", "-lpthread"]
        archive = library.prefix / "lib" / "liblicc_host.a"
        board.must(
            *("g++", "-std=c++17", "-O1", *includes, board.GOLDEN, archive, *libraries),
            *("-o", self.tool),
        )
        self.model = folder / "model.so"
        self._make_model(folder)
        self.xrt = folder / "xrt"  # XRT looks for its shims in lib/ of this folder
        self.xrt.mkdir()
        (self.xrt / "lib").symlink_to(board.xrt_folder())
        self.report = folder / "report.txt"

    def _make_model(self, folder):
        said = json.loads((self.build / "host" / "accelerator.json").read_text())
        lines = [f'#include "{kernel["function"]}.hpp"' for kernel in said["kernels"]]
        lines += ["#include <string>", "void licc_model_run(const std::string& kernel,"]
        lines += ["std::uint64_t* const* m, bool load, int frames) {"]
        lines += [
            f'if (kernel == "{k["kernel"]}") {k["kernel"]}(m[0], m[1], m[2], load, frames);'
            for k in said["kernels"]
        ]
        (folder / "kernels.cpp").write_text("\n".join([*lines, "}\n"]))
        hls = self.build / "hls"
        board.must(
            *("g++", "-std=c++17", "-O1", "-fPIC", "-shared", "-I/usr/include/xrt"),
            *(f"-I{hls / 'csim'}", f"-I{hls}", board.MODEL, folder / "kernels.cpp"),
            *(hls / f"library.{kernel['function']}.o" for kernel in said["kernels"]),
            *("-ldl", "-lpthread", "-o", self.model),
        )

    def environment(self, model=True, fault=None):
        values = {"XILINX_XRT": self.xrt, "XCL_EMULATION_MODE": "noop"}
        if model:
            values |= {"LD_PRELOAD": self.model, "LICC_MODEL_REPORT": self.report}
        if fault is not None:
            values["LICC_MODEL_FAULT"] = fault
        return board.environment(**values)

    def run(self, *arguments, build=None, **options):
        """The golden frames on the backend xrt: exit status, and what was printed."""
        command = (self.tool, build or self.build, "xrt", *arguments)
        done = board.run(*command, env=self.environment(**options), timeout=300)
        return done.returncode, done.said


@pytest.fixture(scope="module")
def xrt(tmp_path_factory):
    if board.xrt_folder() is None:
        pytest.skip("XRT is missing: apt install libxrt-dev uuid-dev")
    return Board(tmp_path_factory.mktemp("xrt"))


@with_xrt
def test_all_kernels_compute_what_the_interpreter_did(xrt):
    status, said = xrt.run("--rounds", "3", *board.FUNCTIONS)
    assert (status, said) == (0, "12 calls, 0 wrong\n")
    runs, loads, _flight, bitstreams = map(int, re.findall(r"\d+", xrt.report.read_text()))
    # g_a comes with its h_a, and g_s with its h_s; h_s stays on the host while g_s is not asked for.
    assert bitstreams == 6
    assert loads == 2 * bitstreams
    assert runs == 12 + loads - 3 * 1


@with_xrt
def test_several_frames_are_on_their_way_at_once(xrt):
    status, said = xrt.run("--threads", "4", "--rounds", "4", "g_a", "h_a")
    assert (status, said) == (0, "32 calls, 0 wrong\n")
    runs, loads, flight, bitstreams = map(int, re.findall(r"\d+", xrt.report.read_text()))
    assert (runs, loads, bitstreams) == (34, 2, 1)  # parameters are loaded once a kernel
    assert flight >= 3


@with_xrt
def test_encoder_and_decoder_may_ask_at_once(xrt):
    status, said = xrt.run("--threads", "4", "--rounds", "3", *board.FUNCTIONS)
    assert (status, said) == (0, "48 calls, 0 wrong\n")


@with_xrt
@pytest.mark.parametrize("size", [1, 4])
def test_a_bool_may_have_any_size(xrt, tmp_path, size):
    shutil.copytree(xrt.build, tmp_path / "build")
    write_xclbins(tmp_path / "build", tmp_path / "build" / "vitis", bool_bytes=size)
    status, said = xrt.run("g_a", "h_a", build=tmp_path / "build")
    assert (status, said) == (0, "2 calls, 0 wrong\n")


@with_xrt
@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("parameters", "the board's memory does not hold the parameters of @g_a"),
        ("result", "kernel 'encoder' computes something else than @g_a of this build"),
        ("hang", "kernel 'encoder' has not ended"),
    ],
)
def test_a_broken_board_is_found_before_the_first_frame(xrt, fault, message):
    status, said = xrt.run("g_a", fault=fault)
    assert status == 1
    assert said.startswith(f"error: xrt: {xrt.build}/vitis/encoder.xclbin: {message}")
    assert said.count("\n") == 1


@with_xrt
def test_the_noop_shim_alone_computes_nothing(xrt):
    """As far as XRT goes without a board: bitstream, kernels, buffers, parameters, runs."""
    status, said = xrt.run("g_a", model=False)
    assert status == 1
    assert "computes something else than @g_a" in said
    # h_s is the host's while the encoder's bitstream is loaded.
    assert xrt.run("--no-self-test", *board.FUNCTIONS, model=False) == (1, "4 calls, 3 wrong\n")


@with_xrt
def test_bitstreams_that_do_not_fit(xrt, tmp_path):
    build = tmp_path / "build"
    shutil.copytree(xrt.build, build)
    encoder, decoder = (build / "vitis" / f"{name}.xclbin" for name in ("encoder", "decoder"))
    shutil.copyfile(encoder, decoder)
    assert "has no kernel 'decoder' (@g_s)" in xrt.run("g_s", build=build)[1]
    decoder.write_bytes(encoder.read_bytes().replace(b'name="g_a_input"', b'name="g_b_input"'))
    shutil.move(decoder, encoder)
    assert "kernel 'encoder' is of another build" in xrt.run("g_a", build=build)[1]
    encoder.write_bytes(b"junk")
    assert "encoder.xclbin: Invalid xclbin" in xrt.run("g_a", build=build)[1]
    encoder.unlink()
    assert "no such bitstream; run make -C" in xrt.run("g_a", build=build)[1]


@with_xrt
def test_without_a_board_the_remedy_is_named(xrt):
    environment = {
        k: v for k, v in xrt.environment(model=False).items() if k != "XCL_EMULATION_MODE"
    }
    done = board.run(xrt.tool, xrt.build, "xrt", "g_a", env=environment)
    assert done.returncode == 1
    assert "error: xrt: device '0': Could not open device" in done.said


@with_xrt
def test_the_example_gives_the_emulation_s_stream(xrt, tmp_path):
    programs = board.project(board.HOST / "example", board.native_library(), "example")
    board.write_ppm(tmp_path / "in.ppm", 120, 190)
    for backend in ("emulation", "xrt"):
        board.must(
            *(programs / "picture", "encode", xrt.build, tmp_path / "in.ppm"),
            *(tmp_path / f"{backend}.lic", backend),
            env=xrt.environment(),
        )
        board.must(
            *(programs / "picture", "decode", xrt.build, tmp_path / f"{backend}.lic"),
            *(tmp_path / f"{backend}.ppm", backend),
            env=xrt.environment(),
        )
    # The accelerator pads to its own size, which the stream says: the pictures may differ at the border only.
    pictures = [(tmp_path / f"{backend}.ppm").read_bytes() for backend in ("emulation", "xrt")]
    assert len(pictures[0]) == len(pictures[1])
    board.must(
        *(programs / "picture", "decode", xrt.build, tmp_path / "xrt.lic", tmp_path / "e.ppm"),
        env=xrt.environment(),
    )
    assert (tmp_path / "e.ppm").read_bytes() == pictures[1]


@with_xrt
def test_bitstreams_for_other_shapes_have_banks_for_every_port(xrt):
    text = (xrt.build / "vitis" / "link_encoder.cfg").read_text()
    assert len(re.findall(r"^sp=", text, re.MULTILINE)) == 6
    assert np.unique(re.findall(r"^sp=.*:(\S+)$", text, re.MULTILINE)).size == 6
