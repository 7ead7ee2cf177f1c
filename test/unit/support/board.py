# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Whole builds with an accelerator, and the host's C++ library around them, compiled once a run."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from support.codecs import EXAMPLE
from support.networks import random_checkpoint

ROOT = Path(__file__).parents[3]
HOST = ROOT / "runtime" / "host"
MODEL = HOST / "test" / "xrt_model.cpp"
GOLDEN = HOST / "test" / "accelerator_golden.cpp"
TOOLCHAIN = HOST / "cmake" / "aarch64.cmake"
FUNCTIONS = ("g_a", "h_a", "h_s", "g_s")

# A design of one process, which adds 3, -4 and 500 to the channels of an image.
SUM = """
"hls.design"() ({
  %0 = "hls.port_in"() {name = "g_a_input", role = "image", shape = array<i64: 3, 4, 5>} : () -> !hls.stream<vector<3xui8>, 16 : i64>
  %1 = "hls.process"(%0) ({
  ^bb0(%in: !hls.stream<vector<3xui8>, 16 : i64>):
    %c = "hls.ram"() {name = "constant", init = dense<[[3, -4, 500]]> : tensor<1x3xi32>} : () -> !hls.memory<vector<3xi32>, 1 : i64>
    %x = "hls.read"(%in) {shape = array<i64: 3, 4, 5>} : (!hls.stream<vector<3xui8>, 16 : i64>) -> vector<3xui8>
    %y = "hls.add"(%x, %c) {multiplier = array<i64: 65536, 65536>, shift = 16 : i64, range = array<i64: -1024, 1023>} : (vector<3xui8>, !hls.memory<vector<3xi32>, 1 : i64>) -> vector<3xi16>
    "hls.write"(%y) : (vector<3xi16>) -> ()
  }) {name = "g_a_0_add", layer = "g_a.0"} : (!hls.stream<vector<3xui8>, 16 : i64>) -> !hls.stream<vector<3xi16>, 16 : i64>
  "hls.port_out"(%1) {name = "g_a_output", role = "latent", shape = array<i64: 3, 4, 5>} : (!hls.stream<vector<3xi16>, 16 : i64>) -> ()
  "hls.end"() : () -> ()
}) {name = "g_a", top = "encoder", device = "zcu102", clock_mhz = 300 : i64} : () -> ()
"""


@functools.cache
def _kept() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="licc-board-")


def run(*command: object, **options) -> subprocess.CompletedProcess[str]:
    """A command, with what it printed."""
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, **options
    )
    done.said = done.stdout + done.stderr
    return done


def must(*command: object, **options) -> str:
    """A command that has to succeed."""
    done = run(*command, **options)
    assert done.returncode == 0, done.said[-4000:]
    return done.said


@functools.cache
def whole_build(network: str = "tiny") -> Path:
    """All that `licc` writes, to be left as it is but for `hls/csim.so`.

    `tiny` has random weights, and its two stripes; `student` is the example, which reconstructs pictures.
    """
    folder = Path(_kept().name) / network
    if network == "student":
        checkpoint, options = EXAMPLE, ["--input", "128x192"]
    else:
        checkpoint = random_checkpoint("bls2017-hyperprior", 8, 12, 1, folder.with_suffix(".pt"))
        options = ["--input", "64x128", "--stripes", "2"]
    licc = [sys.executable, "-P", "-c", "from licc.driver.main import entry; entry()"]
    must(*licc, checkpoint, "-o", folder, *options)
    must("make", "-s", "-C", folder / "hls", "library", "OPTIMISE=-O1")
    return folder


@dataclass(frozen=True)
class Library:
    """An installed library: where it was built, where it is, and whether it has the backend xrt."""

    folder: Path
    prefix: Path
    xrt: bool


def json_include() -> Path:
    """The folder of nlohmann/json.hpp."""
    import nlohmann_json

    return Path(nlohmann_json.__path__[0]) / "include"


def library(name: str, xrt: bool, *options: object) -> Library:
    """Configures, compiles and installs runtime/host."""
    folder = Path(_kept().name) / f"{name}-host"
    made = Library(folder, folder / "prefix", xrt)
    must(
        *("cmake", "-S", HOST, "-B", folder, f"-DCMAKE_INSTALL_PREFIX={made.prefix}"),
        *(f"-DLICC_JSON_INCLUDE={json_include()}", f"-DLICC_HOST_XRT={'ON' if xrt else 'OFF'}"),
        *("-DLICC_HOST_IMAGES=OFF", "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_CXX_FLAGS_RELEASE=-O1"),
        *options,
    )
    must("cmake", "--build", folder)
    must("cmake", "--install", folder)
    return made


def xrt_folder() -> Path | None:
    """Where Debian's XRT has its libraries, if it is there."""
    found = sorted(Path("/usr/lib").glob("*/libxrt_noop.so.2"))
    headers = Path("/usr/include/xrt/xrt/xrt_kernel.h")
    return found[0].parent if found and headers.is_file() else None


@functools.cache
def native_library() -> Library:
    """The library for this processor, with XRT if that is there."""
    return library("native", xrt_folder() is not None)


def project(source: Path, library: Library, name: str, *options: object) -> Path:
    """Configures and compiles a project that finds the installed library; its folder."""
    folder = library.folder / name
    must("cmake", "-S", source, "-B", folder, f"-DCMAKE_PREFIX_PATH={library.prefix}", *options)
    must("cmake", "--build", folder)
    return folder


def write_ppm(path: Path, height: int, width: int, seed: int = 0) -> np.ndarray:
    """A smooth picture with some noise, also as an array."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = [128 + 90 * np.sin((x * (3 + c) + y * (5 - c)) / 40) for c in range(3)]
    pixels = np.stack(waves, axis=-1) + rng.normal(0, 8, (height, width, 3))
    image = np.clip(pixels, 0, 255).astype(np.uint8)
    Image.fromarray(image).save(path)
    return image


def environment(**values: object) -> dict[str, str]:
    """This process' environment with `values`, and without any XRT of its own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("XILINX", "XCL_", "LICC_"))}
    return {**kept, **{k: str(v) for k, v in values.items()}}
