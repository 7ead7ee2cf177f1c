# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks to start a training from: fresh ones, and those of checkpoints."""

from __future__ import annotations

import argparse
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import torch

from licc.entropy.tables import BOTTLENECK
from licc.errors import UserError
from licc.ingress.architectures import ARCHITECTURES, TRANSFORMS, Architecture
from licc.ingress.checkpoint import Checkpoint, is_program, read_checkpoint
from licc.ingress.networks import CONTEXT_MODELS, check_keys, recognise, without_context
from licc.train.codec import Codec, FloatCodec
from licc.train.data import Photographs
from licc.train.options import warm_up
from licc.train.settings import Settings, Weights


def read(path: Path, named: str | None = None) -> Checkpoint:
    """Read a checkpoint of transforms, without a context model.

    Args:
        path: of the checkpoint.
        named: the architecture that it is of, where its `meta` does not say.

    Raises:
        UserError: it cannot be read, or is a torch.export program.
    """
    if is_program(path):
        raise UserError(f"{path}: a torch.export program cannot be trained; give a state_dict")
    checkpoint = read_checkpoint(path)
    if any(part in key for key in checkpoint.tensors for part in CONTEXT_MODELS):
        checkpoint = without_context(checkpoint, ("g_a", "g_s"))
    if named is not None and "architecture" not in checkpoint.meta:
        checkpoint = replace(checkpoint, meta={**checkpoint.meta, "architecture": named})
    return checkpoint


def network(checkpoint: Checkpoint) -> tuple[FloatCodec, set[str]]:
    """The network of a checkpoint, and which of its parts the checkpoint does not have.

    Raises:
        UserError: the architecture is unknown, or tensors are missing or of wrong shapes.
    """
    architecture, n, m = recognise(checkpoint)
    check_keys(checkpoint, architecture, n, m)
    codec = FloatCodec(architecture, n, m)
    missing = codec.load(checkpoint.tensors)
    unusable = sorted(missing & {"g_a", "g_s"})
    if unusable:
        raise checkpoint.error(f"{unusable[0]}: missing; training needs g_a and g_s")
    return codec, missing


def fresh(architecture: Architecture, n: int, m: int, seed: int) -> FloatCodec:
    """A network with random weights."""
    torch.manual_seed(seed)
    return FloatCodec(architecture, n, m)


def continued(
    checkpoint: Checkpoint, architecture: Architecture, n: int, m: int, seed: int
) -> tuple[FloatCodec, set[str]]:
    """A network with the checkpoint's weights where it has them; also the parts that are new.

    Raises:
        UserError: the checkpoint is of another architecture or width.
    """
    codec = fresh(architecture, n, m, seed)
    found, own_n, own_m = recognise(checkpoint)
    layers, wanted = found.build(own_n, own_m), architecture.build(own_n, own_m)
    if any(layers[part] != wanted[part] for part in ("g_a", "g_s")):
        raise checkpoint.error(
            f"expected the transforms of '{architecture.name}', but got '{found.name}'"
        )
    if (own_n, own_m) != (n, m):
        raise checkpoint.error(f"expected N = {n}, M = {m}, but got N = {own_n}, M = {own_m}")
    check_keys(checkpoint, found, own_n, own_m)
    parts = TRANSFORMS if found.name == architecture.name else ("g_a", "g_s")
    parts = (*parts, BOTTLENECK) if found.name == architecture.name else parts
    tensors = {k: v for k, v in checkpoint.tensors.items() if k.partition(".")[0] in parts}
    return codec, codec.load(tensors)


def parameter_names(parts: Collection[str]) -> frozenset[str]:
    """How the parameters of parts of a FloatCodec begin."""
    return frozenset("entropy." if part == BOTTLENECK else f"{part}." for part in parts)


def named(architecture: str) -> Architecture:
    """The architecture of that name."""
    return ARCHITECTURES[architecture]


def settings(
    given: argparse.Namespace,
    *,
    tool: str,
    codec: Codec,
    photographs: Photographs,
    weights: Weights,
    lr: float,
    start: str,
    source: str = "",
    teacher: str = "",
    quantize: str = "",
    processes: int,
) -> Settings:
    """What the command line decides."""
    return Settings(
        tool=tool,
        architecture=codec.architecture.name,
        width=codec.n,
        latent=codec.m,
        lmbda=given.lmbda,
        steps=given.steps,
        minutes=given.minutes,
        batch=given.batch,
        crop=given.crop,
        lr=lr if given.lr is None else given.lr,
        schedule=given.schedule,
        warm_up=warm_up(given.warm_up, given.steps),
        weight_decay=given.weight_decay,
        clip=given.clip,
        bf16=given.bf16,
        every=given.every,
        seed=given.seed,
        start=start,
        source=source,
        teacher=teacher,
        weight_latent=weights.latent,
        weight_image=weights.image,
        weight_rd=weights.rd,
        weight_hyper=weights.hyper,
        data=photographs.digest,
        quantize=quantize,
        processes=processes,
    )


def check_data(photographs: Photographs, batch: int) -> None:
    """Check that there are enough images.

    Raises:
        UserError: fewer than a batch has.
    """
    if len(photographs) < batch:
        skipped = f" ({len(photographs.skipped)} skipped)" if photographs.skipped else ""
        raise UserError(
            f"--data {photographs.folder}: {len(photographs)} images{skipped} are fewer than a "
            f"batch of {batch}; give more of them, or a smaller --batch"
        )


def check_crop(codec: Codec, crop: int) -> None:
    """Check that a crop is of whole strides of the network.

    Raises:
        UserError: it is not.
    """
    if crop % codec.multiple:
        raise UserError(
            f"--crop {crop}: expected a multiple of {codec.multiple} ({codec.architecture.name})"
        )
