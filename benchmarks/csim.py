# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""C simulation of licc beside hls4ml's, on the convolutions of the same analysis transform, in one run.

    python benchmarks/csim.py [--channels 128] [--latents 192] [--size 128x128]

Both compile with g++ -O3 against AMD's headers and simulate on one core. hls4ml refuses GDN, so it gets the
four convolutions alone, at 8 bits as in licc; licc simulates the whole g_a, and its MACs include GDN's.
C simulation is measured in processor time, the rest in wall time; licc's includes starting Python and torch.
"""

import argparse
import contextlib
import io
import itertools
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

# N, M, height, width
Shape = tuple[int, int, int, int]
Found = dict[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--channels", type=int, default=128)
    parser.add_argument("--latents", type=int, default=192)
    parser.add_argument("--size", default="128x128", help="HEIGHTxWIDTH, multiples of 16")
    parser.add_argument("--repeat", type=int, default=3, help="simulated frames; the best counts")
    given = parser.parse_args()
    height, width = map(int, given.size.split("x"))
    shape = given.channels, given.latents, height, width
    torch.manual_seed(0)
    layers = convolutions(given.channels, given.latents)
    with tempfile.TemporaryDirectory() as folder:
        ours = licc(layers, shape, Path(folder) / "licc", given.repeat)
        theirs = hls4ml(layers, shape, Path(folder) / "hls4ml", given.repeat)
    for name, found in (("licc", ours), ("hls4ml", theirs)):
        print(
            f"{name:7} convert + write {found['convert']:5.1f} s, {found['megabytes']:5.1f} MB, "
            f"g++ {found['compile']:5.1f} s, C simulation {found['seconds']:7.3f} s a frame, "
            f"{found['mmacs']:6.0f} MMAC/s"
        )
    print(
        f"ratio   C simulation {ours['mmacs'] / theirs['mmacs']:.1f} times as many MAC/s, "
        f"files {theirs['megabytes'] / ours['megabytes']:.1f} times smaller"
    )
    print(
        json.dumps(
            {"size": given.size, "n": shape[0], "m": shape[1], "licc": ours, "hls4ml": theirs}
        )
    )


def convolutions(n: int, m: int) -> list[nn.Conv2d]:
    """The four 5x5 stride-2 convolutions of g_a."""
    widths = [3, n, n, n, m]
    return [nn.Conv2d(i, o, 5, stride=2, padding=2) for i, o in itertools.pairwise(widths)]


def conv_macs(n: int, m: int, height: int, width: int) -> int:
    return height * width * (75 * n // 4 + 25 * n * n // 16 + 25 * n * n // 64 + 25 * n * m // 256)


def megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    began = time.perf_counter()
    result = work()
    return result, time.perf_counter() - began


def processor_time(work: Callable[[], Any]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


# --------------------------------------------------------------------------------------------------
# licc
# --------------------------------------------------------------------------------------------------
def licc(layers: list[nn.Conv2d], shape: Shape, folder: Path, repeat: int) -> Found:
    """The whole g_a of a factorized-prior model with these convolutions."""
    _, _, height, width = shape
    folder.mkdir()
    checkpoint = folder / "model.pt"
    torch.save({"g_a": analysis(layers)}, checkpoint)
    build = folder / "build"
    # The installed command: `python -c` would find the sources of a checkout first.
    command = [str(Path(sys.executable).parent / "licc"), str(checkpoint)]
    command += ["-o", str(build), "--target", "zcu102", "--input", f"{height}x{width}"]
    _, convert = timed(lambda: run([*command, "--transforms", "g_a"]))
    size = megabytes(build)
    make = ["make", "-s", "-C", str(build / "hls"), f"PYTHON={sys.executable}"]
    _, compiled = timed(lambda: run([*make, "csim.exe"]))
    output = run([*make, "csim", f"FRAMES={repeat}"])
    found = re.search(r"0 mismatches of .*; top: (\S+) s a frame, (\d+) MMAC/s", output)
    if not found:
        raise SystemExit(output)
    return result(convert, size, compiled, float(found[1]), float(found[2]))


def result(convert: float, size: float, compiled: float, seconds: float, mmacs: float) -> Found:
    return {
        "convert": convert,
        "megabytes": size,
        "compile": compiled,
        "seconds": seconds,
        "mmacs": mmacs,
    }


def analysis(layers: list[nn.Conv2d]) -> dict[str, torch.Tensor]:
    """The state_dict of a bls2017-like g_a: convolutions at 0, 2, 4, 6 and GDN between them."""
    states: dict[str, torch.Tensor] = {}
    for index, layer in enumerate(layers):
        states[f"{2 * index}.weight"] = layer.weight.detach()
        states[f"{2 * index}.bias"] = layer.bias.detach()
        if layer is not layers[-1]:
            # beta 1 and gamma 0.1 on the diagonal, as a new GDN has; both are stored as square roots.
            n = layer.out_channels
            states[f"{2 * index + 1}.beta"] = torch.sqrt(torch.ones(n) + 2.0**-36)
            states[f"{2 * index + 1}.gamma"] = torch.sqrt(0.1 * torch.eye(n) + 2.0**-36)
    return states


def run(command: list[str]) -> str:
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}")
    return done.stdout


# --------------------------------------------------------------------------------------------------
# hls4ml
# --------------------------------------------------------------------------------------------------
def hls4ml(layers: list[nn.Conv2d], shape: Shape, folder: Path, repeat: int) -> Found:
    """The convolutions alone, in hls4ml's streaming form at 8 bits with 32-bit sums."""
    n, m, height, width = shape
    warnings.simplefilter("ignore")
    import hls4ml as peer

    network = nn.Sequential(*layers).eval()

    def convert() -> Any:
        with contextlib.redirect_stdout(io.StringIO()):
            config = peer.utils.config_from_pytorch_model(
                network,
                (3, height, width),
                granularity="name",
                backend="Vitis",
                default_precision="ap_fixed<8,3>",
                channels_last_conversion="full",
                transpose_outputs=False,
            )
            config["Model"]["Strategy"] = "Resource"
            for layer in config["LayerName"].values():
                layer["Strategy"] = "Resource"
                if "accum" in layer.get("Precision", {}):
                    layer["Precision"]["accum"] = "ap_fixed<32,16>"
            model = peer.converters.convert_from_pytorch_model(
                network,
                hls_config=config,
                output_dir=str(folder),
                backend="Vitis",
                io_type="io_stream",
            )
            model.write()
            return model

    model, converted = timed(convert)
    size = megabytes(folder)
    with contextlib.redirect_stdout(io.StringIO()):
        _, compiled = timed(model.compile)
    frame = np.random.default_rng(0).random((1, height, width, 3), np.float32)
    seconds = min(processor_time(lambda: model.predict(frame)) for _ in range(repeat))
    return result(
        converted, size, compiled, seconds, conv_macs(n, m, height, width) / seconds / 1e6
    )


if __name__ == "__main__":
    main()
