# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Several processes that train together, as torchrun starts them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from licc.ingress.architectures import ARCHITECTURES
from licc.train import start
from licc.train.data import Batches, Photographs
from licc.train.objective import Objective
from licc.train.processes import Processes
from licc.train.run import Run
from licc.train.settings import PLAIN, Settings

STEPS = 3


@pytest.mark.slow
def test_two_processes_step_by_the_mean_of_their_gradients(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for seed in range(4):
        pixels = np.random.default_rng(seed).integers(0, 256, (80, 90, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(photos / f"{seed}.png")
    output = tmp_path / "t.pt"
    command = [
        *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"),
        *("-m", "licc.train.main", "--architecture", "bmshj2018-hyperprior"),
        *("--width", "4", "--latent", "6", "--lambda", "0.01", "--data", str(photos)),
        *("-o", str(output), "--steps", str(STEPS), "--batch", "2", "--crop", "64"),
        *("--threads", "1", "--device", "cpu", "--every", "2"),
    ]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    # In a folder of its own: `-m` would take the checkout for the package where that is the current one.
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    state: dict[str, Any] = torch.load(output.with_suffix(".state"), weights_only=True)
    settings = Settings(**state["settings"])
    assert (state["step"], settings.processes) == (STEPS, 2)
    assert done.stdout.count("held out: loss") == 2  # one of the two talks

    alone = in_one_process(settings, Photographs(photos, 64))
    for key, value in alone.state_dict().items():
        if value.is_floating_point():
            torch.testing.assert_close(state["codec"][key], value, rtol=1e-4, atol=1e-6)


def in_one_process(settings: Settings, photographs: Photographs) -> nn.Module:
    """The same training with the two batches of a step one after the other."""
    torch.set_num_threads(1)
    codec = start.fresh(ARCHITECTURES["bmshj2018-hyperprior"], 4, 6, settings.seed)
    codec = codec.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    run = Run(codec, settings, Processes(0, 1, torch.device("cpu")))
    objective = Objective(codec, settings.lmbda, PLAIN)
    batches = [Batches(photographs, 2, 64, settings.seed, rank) for rank in (0, 1)]
    codec.train()
    for step in range(STEPS):
        codec.zero_grad()
        for rank in (0, 1):
            torch.manual_seed((settings.seed * 1_000_003 + step) * 1009 + rank)
            (objective(batches[rank].make(step)).total / 2).backward()
        run.step = step
        for group in run.optimizer.param_groups:
            group["lr"] = run._rate(fresh=False)
        run._update()
    return codec
