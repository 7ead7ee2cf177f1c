#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Train a small scale-hyperprior codec on a folder of photographs, on a CPU.

    python examples/train_student.py --data DIR --width 32 --latent 96 --lambda 0.018 -o student.pt

The model is CompressAI's ScaleHyperprior and the loss its rate-distortion loss,
`lambda * 255^2 * MSE + bpp`. The latents are rounded, with a straight-through gradient, on their way
to the decoder, and get uniform noise in the rate, as is usual. Every few minutes the state goes to
`OUTPUT.state`, and the averaged weights go to OUTPUT as licc reads them; the same command, given
again, goes on from there. Every random choice is drawn from (seed, step) alone, so an interrupted run
and an unbroken one see the same crops and the same noise.
"""

from __future__ import annotations

import argparse
import copy
import csv
import ctypes
import math
import os
import queue
import signal
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from PIL import Image
from rich.progress import Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from licc.entropy.compressai import declare_torchvision_operators

declare_torchvision_operators()
from compressai.models import ScaleHyperprior  # noqa: E402

PARTS = ("g_a", "g_s", "h_a", "h_s", "entropy_bottleneck", "gaussian_conditional")
HELD_OUT_EVERY = 16  # each 16th photograph is never trained on, only watched
WATCHED = ("held_out_loss", "held_out_bpp", "held_out_psnr")
LOG_FIELDS: tuple[str, ...] = (
    "step",
    "seconds",
    "lr",
    "loss",
    "bpp",
    "psnr",
    "grad_norm",
    *WATCHED,
)


@dataclass(frozen=True)
class Settings:
    """What decides the result; stored with the state and in the student's `meta`."""

    width: int
    latent: int
    lmbda: float
    steps: int
    minutes: float
    batch: int
    crop: int
    lr: float
    seed: int
    float32_from: float


# Photographs


def load_photographs(folder: Path) -> tuple[list[Image.Image], list[Image.Image]]:
    """Decode all photographs into memory; return those to train on and those held out."""
    training: list[Image.Image] = []
    held_out: list[Image.Image] = []
    for index, path in enumerate(sorted(folder.rglob("*.png"))):
        with Image.open(path) as image:
            kept = held_out if index % HELD_OUT_EVERY == 0 else training
            kept.append(image.convert("RGB"))
    return training, held_out


def random_crop(image: Image.Image, size: int, rng: np.random.Generator) -> np.ndarray:
    """Cut a square of random scale (1 to 1/2) and orientation out of a photograph."""
    scale = max(rng.uniform(0.5, 1.0) if rng.random() < 0.7 else 1.0, size / min(image.size))
    side = size / scale
    left, top = rng.random() * (image.width - side), rng.random() * (image.height - side)
    left, top = max(left, 0.0), max(top, 0.0)  # `side` may exceed the image by a rounding error
    if scale == 1.0:
        left, top = int(left), int(top)
        patch = image.crop((left, top, left + size, top + size))
    else:
        box = (left, top, min(left + side, image.width), min(top + side, image.height))
        patch = image.resize((size, size), Image.Resampling.BICUBIC, box)
    pixels = np.asarray(patch)
    if rng.random() < 0.5:
        pixels = pixels[:, ::-1]
    return pixels


def make_batch(images: list[Image.Image], areas: np.ndarray, s: Settings, step: int) -> Tensor:
    """Return the batch of one step: it depends on the seed and on the step number alone."""
    rng = np.random.default_rng((s.seed, step))
    chosen = rng.choice(len(images), s.batch, p=areas)
    crops = np.stack([random_crop(images[index], s.crop, rng) for index in chosen])
    batch = torch.from_numpy(crops).permute(0, 3, 1, 2).float().div_(255)
    return batch.contiguous(memory_format=torch.channels_last)


def prefetch(images: list[Image.Image], s: Settings, first: int) -> queue.Queue[Tensor]:
    """Make the batches from step `first` on in a thread, a few ahead of the training."""
    batches: queue.Queue[Tensor] = queue.Queue(maxsize=6)
    # Large photographs hold more different crops; the root keeps them from taking over.
    areas = np.sqrt(np.array([image.width * image.height for image in images], dtype=np.float64))
    areas /= areas.sum()

    def work() -> None:
        for step in range(first, s.steps):
            batches.put(make_batch(images, areas, s, step))

    threading.Thread(target=work, daemon=True).start()
    return batches


def centre(image: Image.Image, side: int = 512) -> Tensor:
    """Return the middle of a photograph as a batch of one, its sides multiples of 64."""
    width, height = (min(side, length // 64 * 64) for length in image.size)
    left, top = (image.width - width) // 2, (image.height - height) // 2
    pixels = np.asarray(image.crop((left, top, left + width, top + height)))
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float().div_(255)


# The model


def straight_through(values: Tensor, offset: Tensor | float = 0.0) -> Tensor:
    """Round (relative to `offset`), with the gradient of the identity."""
    return values + (torch.round(values - offset) + offset - values).detach()


def forward(model: Any, x: Tensor, *, bf16: bool) -> tuple[Tensor, Tensor]:
    """Return the reconstruction and the bits a pixel.

    Only the transforms may run in bfloat16: a latent of some hundred has no fraction left in it, and
    likelihoods near one lose their logarithm, so everything between the transforms is float32.
    """

    def run(transform: nn.Module, values: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            return transform(values).float()

    y = run(model.g_a, x)
    z = run(model.h_a, torch.abs(y))
    _, z_likelihood = model.entropy_bottleneck(z)
    medians = model.entropy_bottleneck._get_medians().detach().reshape(1, -1, 1, 1)
    scales = run(model.h_s, straight_through(z, medians))
    _, y_likelihood = model.gaussian_conditional(y, scales)
    x_hat = run(model.g_s, straight_through(y))
    nats = torch.log(y_likelihood).sum() + torch.log(z_likelihood).sum()
    return x_hat, nats / (-math.log(2) * x.shape[0] * x.shape[2] * x.shape[3])


def psnr(mse: float) -> float:
    """Return the peak signal-to-noise ratio of values in 0..1."""
    return -10 * math.log10(max(mse, 1e-10))


@torch.no_grad()
def watch(model: Any, photographs: list[Tensor], lmbda: float) -> tuple[float, ...]:
    """Return loss, bits a pixel and PSNR (mean of each) on the held-out photographs."""
    model.eval()
    losses, rates, qualities = [], [], []
    for x in photographs:
        x_hat, bpp = forward(model, x, bf16=False)
        mse = F.mse_loss(x_hat.clamp(0, 1), x).item()
        losses.append(lmbda * 255**2 * mse + bpp.item())
        rates.append(bpp.item())
        qualities.append(psnr(mse))
    return tuple(float(np.mean(values)) for values in (losses, rates, qualities))


# Files


def save(content: object, path: Path) -> None:
    """Write a file in one step: readers and interrupted runs see a whole one."""
    partial = path.with_name(path.name + ".partial")
    torch.save(content, partial)
    partial.replace(path)


def export(model: Any, s: Settings, training: dict[str, Any], path: Path) -> None:
    """Write the student as licc reads it: plain tensors, nothing that has to be unpickled."""
    model = copy.deepcopy(model).eval()  # a copy: the next line resizes buffers
    model.update(force=True)  # the integer tables of the entropy coder
    student: dict[str, Any] = {
        part: {
            # clone: contiguous, and owning its storage, so that the file holds nothing else
            name: value.detach().clone(memory_format=torch.contiguous_format)
            for name, value in getattr(model, part).state_dict().items()
        }
        for part in PARTS
    }
    student["meta"] = {
        "format": "licc-student",
        "version": 1,
        "architecture": "bmshj2018-hyperprior",
        "N": s.width,
        "M": s.latent,
        "lambda": s.lmbda,
        "metric": "mse",
        "training": training,
    }
    save(student, path)


# Training


def keep_freed_memory() -> None:
    """Tell the C library to reuse large blocks instead of giving them back to the system.

    Every activation is some 10 MB, which glibc maps and unmaps each time: the page faults then take
    more time than the arithmetic (three quarters of a step, where this was measured).
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(-4, 0)  # M_MMAP_MAX: never map a single block
        mallopt(-1, 2**31 - 1)  # M_TRIM_THRESHOLD: never shrink the heap


@dataclass
class Run:
    """Everything that changes during the training."""

    model: ScaleHyperprior
    average: AveragedModel
    optimizer: torch.optim.Optimizer
    tables: torch.optim.Optimizer  # of the quantiles, for the entropy coder's tables
    step: int = 0
    seconds: float = 0.0

    def state(self) -> dict[str, Any]:
        """Return what `restore` needs."""
        parts = ("model", "average", "optimizer", "tables")
        state = {part: getattr(self, part).state_dict() for part in parts}
        return state | {"step": self.step, "seconds": self.seconds}

    def restore(self, state: dict[str, Any]) -> None:
        """Go back to a stored state."""
        for part in ("model", "average", "optimizer", "tables"):
            getattr(self, part).load_state_dict(state[part])
        self.step, self.seconds = state["step"], state["seconds"]


def moving_average(average: Tensor, value: Tensor, count: Tensor | int) -> Tensor:
    """Average over about the last 1000 steps, or the last tenth of the steps where they are fewer."""
    return torch.lerp(average, value, max(1e-3, 10 / (int(count) + 10)))


def start(s: Settings) -> Run:
    """Return an untrained model with its average and its optimizers."""
    torch.manual_seed(s.seed)
    model: Any = ScaleHyperprior(s.width, s.latent)
    model = model.to(memory_format=torch.channels_last)
    named = dict(model.named_parameters())
    quantiles = [value for name, value in named.items() if name.endswith(".quantiles")]
    weights = [value for name, value in named.items() if not name.endswith(".quantiles")]
    return Run(
        model,
        AveragedModel(model, avg_fn=moving_average),
        torch.optim.Adam(weights, lr=s.lr),
        torch.optim.Adam(quantiles, lr=1e-3),
    )


def learning_rate(s: Settings, step: int, progress: float) -> float:
    """Warm up over 500 steps, then fall along a cosine to 1 % of the peak."""
    cosine = 0.5 + 0.5 * math.cos(math.pi * min(progress, 1.0))
    return s.lr * min(1.0, (step + 1) / 500) * (0.01 + 0.99 * cosine)


def advance(run: Run, x: Tensor, s: Settings, progress: float) -> dict[str, float]:
    """Make one step; return what the log shows."""
    torch.manual_seed(s.seed * 1_000_003 + run.step)  # the noise
    rate = learning_rate(s, run.step, progress)
    for group in run.optimizer.param_groups:
        group["lr"] = rate
    run.model.train()
    # The last steps are float32, so that the result has seen no bfloat16 rounding at the end.
    x_hat, bpp = forward(run.model, x, bf16=progress < s.float32_from)
    mse = F.mse_loss(x_hat, x)
    loss = s.lmbda * 255**2 * mse + bpp
    run.optimizer.zero_grad()
    run.tables.zero_grad()
    loss.backward()
    norm = nn.utils.clip_grad_norm_(run.optimizer.param_groups[0]["params"], 1.0)
    if torch.isfinite(norm):  # one bad batch must not end a long run
        run.optimizer.step()
    run.tables.zero_grad()
    run.model.aux_loss().backward()
    run.tables.step()
    run.average.update_parameters(run.model)
    run.step += 1
    values = {"loss": loss.item(), "bpp": bpp.item(), "psnr": psnr(mse.item())}
    return values | {"grad_norm": norm.item(), "lr": rate}


def train(run: Run, s: Settings, data: Path, output: Path, every: int, save_minutes: float) -> None:
    """Train to the end of the schedule, logging, saving and exporting on the way."""
    images, held_out = load_photographs(data)
    if not images:
        raise SystemExit(f"error: {data}: no .png photographs there")
    watched = [centre(image) for image in held_out]
    print(f"{len(images)} photographs to train on, {len(watched)} held out", flush=True)
    batches = prefetch(images, s, run.step)
    log_path = output.with_suffix(".csv")
    fresh = run.step == 0 or not log_path.exists()
    began = time.monotonic() - run.seconds
    saved = time.monotonic()
    recent: list[dict[str, float]] = []
    asked_to_stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):  # finish the step, then store it
        signal.signal(number, lambda *_: asked_to_stop.set())

    def store() -> None:
        save(run.state() | {"settings": asdict(s)}, output.with_suffix(".state"))
        training = {
            "steps": run.step,
            "data": f"{len(images)} photographs gathered by gather_photos.py",
            "hardware": f"CPU, {torch.get_num_threads()} threads, bfloat16 then float32",
            "seed": s.seed,
            "seconds": round(run.seconds),
            "batch": s.batch,
            "crop": s.crop,
            "lr": s.lr,
        }
        export(run.average.module, s, training, output)

    columns = (*Progress.get_default_columns()[:2], TimeElapsedColumn(), TimeRemainingColumn())
    with (
        log_path.open("w" if fresh else "a", newline="", encoding="utf-8") as file,
        Progress(*columns, TextColumn("{task.fields[note]}")) as bar,
    ):
        log = csv.DictWriter(file, LOG_FIELDS)
        if fresh:
            log.writeheader()
        task = bar.add_task("training", total=s.steps, completed=run.step, note="")
        while run.step < s.steps and not asked_to_stop.is_set():
            progress = max(run.step / s.steps, run.seconds / (60 * s.minutes))
            if progress >= 1:
                break
            recent.append(advance(run, batches.get(), s, progress))
            run.seconds = time.monotonic() - began
            if run.step % every == 0 or run.step == s.steps:
                means = {key: float(np.mean([r[key] for r in recent])) for key in recent[0]}
                recent.clear()
                values = watch(run.average.module, watched, s.lmbda)
                row = means | dict(zip(WATCHED, values, strict=True))
                row = {key: float(f"{value:.5g}") for key, value in row.items()}
                log.writerow({"step": run.step, "seconds": round(run.seconds)} | row)
                file.flush()
                note = f"loss {row['loss']:.3f} bpp {row['bpp']:.3f} PSNR {row['psnr']:.2f}"
                bar.update(task, note=f"{note}; held out {row['held_out_loss']:.3f}")
            bar.update(task, completed=run.step)
            if time.monotonic() - saved > 60 * save_minutes:
                store()
                saved = time.monotonic()
    store()


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train a small learned image codec on a CPU.")
    add = parser.add_argument
    add("--data", type=Path, required=True, help="folder of photographs, as .png")
    add("-o", "--output", type=Path, required=True, help="the student, a .pt file")
    add("--width", type=int, default=32, help="channels of the transforms, N (default: 32)")
    add("--latent", type=int, default=96, help="channels of the latent, M (default: 96)")
    add("--lambda", dest="lmbda", type=float, default=0.018, help="weight of 255^2 MSE")
    add("--steps", type=int, default=40_000)
    add("--minutes", type=float, default=math.inf, help="shorten the schedule to this time")
    add("--batch", type=int, default=8)
    add("--crop", type=int, default=256)
    add("--lr", type=float, default=1e-3)
    add("--seed", type=int, default=1)
    add("--threads", type=int, default=os.cpu_count() or 1)
    add("--float32-from", type=float, default=0.9, help="share of the schedule run in bfloat16")
    add("--log-every", type=int, default=500, help="steps between two rows of the log")
    add("--save-minutes", type=float, default=4, help="minutes between two saved states")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    keep_freed_memory()
    torch.set_num_threads(options.threads)
    s = Settings(**{name: getattr(options, name) for name in Settings.__dataclass_fields__})
    run = start(s)
    state_path = options.output.with_suffix(".state")
    if state_path.exists():
        run.restore(torch.load(state_path, weights_only=True))
        print(f"going on from step {run.step}", flush=True)
    train(run, s, options.data, options.output, options.log_every, options.save_minutes)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
