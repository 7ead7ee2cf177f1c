# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""From the measurements of images to what is said about variants, curves and policies: results.json.

Numbers of a variant are means over the images, as the field takes them: PSNR and MS-SSIM are averaged in
the unit in which they are measured, rates as bits a pixel of each image.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from licc import __version__
from licc.evaluate import curves, metrics
from licc.evaluate.curves import Curve, Delta, Equivalent, Point
from licc.evaluate.images import Picture, Skipped
from licc.evaluate.predict import Predicted
from licc.evaluate.variants import Facts, Variant

FORMAT = 1
"""Of results.json."""

STRINGS = "strings of the entropy coder, header included"
ENTROPY = "empirical entropy of the symbols (no entropy model): no bitstream"
PREDICTED = "predicted by the schedule and the cost model; nothing was run"

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Images:
    """What was evaluated: the folder, its images in order and those left out."""

    folder: Path
    pictures: Sequence[Picture]
    skipped: Sequence[Skipped]

    @property
    def digest(self) -> str:
        """Of the contents of all images, whatever their names and order."""
        whole = "".join(sorted(picture.digest for picture in self.pictures))
        return hashlib.sha256(whole.encode()).hexdigest()


@dataclass(frozen=True)
class Evaluated:
    """A variant with what is known of it.

    Attributes:
        variant: the checkpoint in a precision.
        facts: what its IR says.
        records: of the images, in their order.
        predicted: on a device, if that was asked for.
    """

    variant: Variant
    facts: Facts
    records: Sequence[Record]
    predicted: Predicted | None = None

    def values(self, name: str) -> list[float]:
        """A measure of all images that have it."""
        if name == "bpp":
            return [
                record["bits"] / (record["height"] * record["width"]) for record in self.records
            ]
        return [record[name] for record in self.records if record[name] is not None]

    def mean(self, name: str) -> float | None:
        """The mean over images; None where none has it."""
        values = self.values(name)
        return sum(values) / len(values) if values else None

    @property
    def estimated(self) -> bool:
        """Whether its rate is an estimate."""
        return any(record["estimated"] for record in self.records)

    @property
    def point(self) -> Point:
        """Its mean rate and quality."""
        psnr, bpp = self.mean("psnr"), self.mean("bpp")
        assert psnr is not None
        assert bpp is not None
        return Point(self.variant.checkpoint.name, bpp, psnr, self.mean("ms_ssim"))

    def layers(self) -> list[tuple[str, float]]:
        """Signal to noise of layers in dB over all images, the worst first."""
        sums: dict[str, tuple[float, float]] = {}
        for record in self.records:
            for layer, (signal, noise) in record["layers"].items():
                before = sums.get(layer, (0.0, 0.0))
                sums[layer] = (before[0] + signal, before[1] + noise)
        found = [(layer, metrics.ratio(*pair)) for layer, pair in sums.items()]
        return sorted(found, key=lambda item: item[1])


@dataclass(frozen=True)
class Group:
    """One precision of all checkpoints of an architecture and width: together, they are a curve."""

    network: str
    precision: str
    members: tuple[Evaluated, ...]

    @property
    def curve(self) -> Curve:
        """Through its checkpoints."""
        return Curve(self.precision, tuple(member.point for member in self.members))


def groups(evaluated: Iterable[Evaluated]) -> list[Group]:
    """By network, and then by precision, in the order in which they come."""
    found: dict[tuple[str, str], list[Evaluated]] = {}
    for each in evaluated:
        key = (each.facts.network, each.variant.precision.name)
        found.setdefault(key, []).append(each)
    whole = [Group(*key, tuple(members)) for key, members in found.items()]
    order = {name: i for i, name in enumerate(dict.fromkeys(g.network for g in whole))}
    return sorted(whole, key=lambda group: order[group.network])


# --------------------------------------------------------------------------------------------------
# The loss of integers
# --------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Loss:
    """What integers lose against the floats of the same checkpoint.

    Attributes:
        psnr: mean of dB over the images; above zero, integers are worse.
        worst: the image that loses most.
        worst_psnr: how much.
        ms_ssim: mean loss; None where there is no MS-SSIM.
        bpp_percent: change of the mean rate.
        equivalent: both in one number, by the slope of a curve.
    """

    psnr: float
    worst: str
    worst_psnr: float
    ms_ssim: float | None
    bpp_percent: float
    equivalent: Equivalent | None


def loss(test: Evaluated, base: Evaluated, reference: Curve | None) -> Loss:
    """Of a variant against the floats of its checkpoint, on the images that both have."""
    by_image = {record["image"]: record for record in base.records}
    drops = [
        (by_image[record["image"]]["psnr"] - record["psnr"], str(record["name"]))
        for record in test.records
    ]
    worst = max(drops)
    similar, exact = test.mean("ms_ssim"), base.mean("ms_ssim")
    return Loss(
        sum(drop for drop, _ in drops) / len(drops),
        worst[1],
        worst[0],
        None if similar is None or exact is None else exact - similar,
        100.0 * (test.point.bpp / base.point.bpp - 1.0),
        None if reference is None else curves.equivalent_rate(test.point, base.point, reference),
    )


@dataclass(frozen=True)
class Policy:
    """A precision over all checkpoints of a network: what it loses and what it costs.

    Attributes:
        network: architecture and width of the checkpoints.
        precision: the policy.
        psnr_loss: mean dB over checkpoints and images.
        worst_image: the greatest loss in dB of an image of any checkpoint.
        rate_percent: BD-rate against floats with two checkpoints or more, else the equivalent change.
        rate_label: which of both.
        cycles_per_pixel: DSP cycles, mean over checkpoints.
        relative: the same over those of `int8`; None without it.
        best: whether no other policy is as cheap and loses as little.
    """

    network: str
    precision: str
    psnr_loss: float
    worst_image: float
    rate_percent: float | None
    rate_label: str
    cycles_per_pixel: float
    relative: float | None
    best: bool = False


@dataclass(frozen=True)
class Summary:
    """All that an evaluation says; `data` is results.json."""

    evaluated: Sequence[Evaluated]
    groups: Sequence[Group]
    losses: Mapping[str, Loss]
    policies: Sequence[Policy]
    deltas: Sequence[tuple[Group, str, Delta]]
    references: Sequence[Curve]
    notes: Sequence[str]
    data: dict[str, Any]


def summarise(
    evaluated: Sequence[Evaluated],
    images: Images,
    calibrate: Path | None,
    against: Sequence[Curve],
) -> Summary:
    """Everything that follows from the measurements.

    Args:
        evaluated: all variants, by checkpoint.
        images: what they were evaluated on.
        calibrate: the folder of calibration; None for the embedded images.
        against: curves to compare with; none for the published one that is nearest to the network.
    """
    found = groups(evaluated)
    floats = {
        each.variant.checkpoint.digest: each
        for each in evaluated
        if each.variant.precision.is_float
    }
    references = _references(found, against)
    losses = {
        each.variant.key: loss(
            each,
            floats[each.variant.checkpoint.digest],
            references.get(each.facts.network),
        )
        for each in evaluated
        if not each.variant.precision.is_float
    }
    deltas = list(_deltas(found, against, references))
    policies = _policies(found, losses, deltas)
    shown = list({curve.name: curve for curve in (*against, *references.values())}.values())
    notes = list(_notes(evaluated, images, shown))
    data = _data(evaluated, images, calibrate, losses, policies, deltas, shown, notes)
    return Summary(evaluated, found, losses, policies, deltas, shown, notes, data)


def _references(found: Sequence[Group], against: Sequence[Curve]) -> dict[str, Curve]:
    """The curve by whose slope a single point is judged, by network."""
    result: dict[str, Curve] = {}
    for group in found:
        own = (
            against[0] if against else curves.nearest_published(group.members[0].facts.architecture)
        )
        if own is not None:
            result.setdefault(group.network, own)
    return result


def _deltas(
    found: Sequence[Group], against: Sequence[Curve], references: Mapping[str, Curve]
) -> Iterable[tuple[Group, str, Delta]]:
    """BD-rates of groups that are curves: against their floats, and against other curves."""
    floats = {group.network: group for group in found if _is_float(group)}
    for group in found:
        if len(group.members) < 2:
            continue
        base = floats[group.network]
        nearest = references.get(group.network)
        others = list(against) or ([] if nearest is None else [nearest])
        anchors = [*([] if group is base else [base.curve]), *others]
        for anchor in anchors:
            for metric in curves.METRICS:
                delta = curves.bd_rate(group.curve, anchor, metric)
                if delta.percent is not None or metric == "psnr":
                    yield group, anchor.name, delta


def _is_float(group: Group) -> bool:
    return group.members[0].variant.precision.is_float


def _policies(
    found: Sequence[Group],
    losses: Mapping[str, Loss],
    deltas: Iterable[tuple[Group, str, Delta]],
) -> list[Policy]:
    rates = {
        (group.network, group.precision): delta
        for group, anchor, delta in deltas
        if anchor == "float" and delta.metric == "psnr" and delta.percent is not None
    }
    result: list[Policy] = []
    for network, members in groupby(found, key=lambda group: group.network):
        typed = [group for group in members if not _is_float(group)]
        costs = {group.precision: _cost(group) for group in typed}
        policies = [
            _policy(group, costs, losses, rates.get((network, group.precision))) for group in typed
        ]
        best = curves.frontier((p.cycles_per_pixel, p.psnr_loss) for p in policies)
        result += [replace(policy, best=b) for policy, b in zip(policies, best, strict=True)]
    return result


def _policy(
    group: Group, costs: Mapping[str, float], losses: Mapping[str, Loss], delta: Delta | None
) -> Policy:
    own = [losses[member.variant.key] for member in group.members]
    rate, label = (None, "") if delta is None else (delta.percent, "BD-rate against float")
    if delta is None and len(own) == 1 and own[0].equivalent is not None:
        rate, label = own[0].equivalent.percent, own[0].equivalent.label
    cost = costs[group.precision]
    return Policy(
        group.network,
        group.precision,
        sum(each.psnr for each in own) / len(own),
        max(each.worst_psnr for each in own),
        rate,
        label,
        cost,
        cost / costs["int8"] if "int8" in costs else None,
    )


def _cost(group: Group) -> float:
    costs = [member.facts.cycles_per_pixel or 0.0 for member in group.members]
    return sum(costs) / len(costs)


def _notes(evaluated: Sequence[Evaluated], images: Images, shown: Sequence[Curve]) -> Iterable[str]:
    """What a reader has to know beside the numbers."""
    if images.skipped:
        first = images.skipped[0]
        yield (
            f"{len(images.skipped)} of {len(images.skipped) + len(images.pictures)} images left out, "
            f"such as {first.name}: {first.reason}"
        )
    estimated = sorted({e.variant.checkpoint.name for e in evaluated if e.estimated})
    if estimated:
        yield f"bpp of {', '.join(estimated)}: {ENTROPY}"
    foreign = [curve.name for curve in shown if curve.images == "kodak24" and not _kodak(images)]
    if foreign:
        yield (
            f"{', '.join(foreign)}: published for the 24 Kodak images, and these are others; "
            "their slopes are a guide, their levels do not compare"
        )
    small = {record["name"] for e in evaluated for record in e.records if record["ms_ssim"] is None}
    if small:
        yield (
            f"MS-SSIM: not defined for {len(small)} of the images, smaller than "
            f"{metrics.SMALLEST_MS_SSIM} pixels a side"
        )


def _kodak(images: Images) -> bool:
    """Whether these are the Kodak images, as far as names and sizes tell."""
    sizes = {(512, 768), (768, 512)}
    return len(images.pictures) == 24 and all(
        picture.name.lower().startswith("kodim") and (picture.height, picture.width) in sizes
        for picture in images.pictures
    )


# --------------------------------------------------------------------------------------------------
# results.json
# --------------------------------------------------------------------------------------------------
def _data(
    evaluated: Sequence[Evaluated],
    images: Images,
    calibrate: Path | None,
    losses: Mapping[str, Loss],
    policies: Sequence[Policy],
    deltas: Sequence[tuple[Group, str, Delta]],
    shown: Sequence[Curve],
    notes: Sequence[str],
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "licc": __version__,
        "images": {
            "folder": images.folder.name,
            "count": len(images.pictures),
            "digest": images.digest,
            "skipped": [asdict(skipped) for skipped in images.skipped],
        },
        "calibration": "embedded" if calibrate is None else calibrate.name,
        "notes": list(notes),
        "variants": [_variant(each, losses.get(each.variant.key)) for each in evaluated],
        "policies": [asdict(policy) for policy in policies],
        "bd_rate": [
            {
                "network": group.network,
                "precision": group.precision,
                "against": anchor,
                **asdict(delta),
            }
            for group, anchor, delta in deltas
        ],
        "references": [asdict(curve) for curve in shown],
    }


def _variant(each: Evaluated, lost: Loss | None) -> dict[str, Any]:
    variant, facts = each.variant, each.facts
    return {
        "checkpoint": variant.checkpoint.name,
        "checkpoint_sha256": variant.checkpoint.digest,
        "architecture": facts.architecture,
        "network": facts.network,
        "precision": variant.precision.name,
        "module": f"ir/{variant.module.name}",
        "rate": ENTROPY if each.estimated else STRINGS,
        "mean": {name: each.mean(name) for name in ("psnr", "ms_ssim", "bpp")},
        "worst": {
            "psnr": _extreme(each, min, "psnr"),
            "ms_ssim": _extreme(each, min, "ms_ssim"),
            "bpp": _extreme(each, max, "bpp"),
        },
        "loss": None if lost is None else _loss(lost),
        "dsp": None
        if facts.dsp_cycles is None
        else {
            "input": list(facts.input),
            "macs": facts.macs,
            "cycles": facts.dsp_cycles,
            "cycles_per_pixel": facts.cycles_per_pixel,
            "layers": facts.dsp_layers,
        },
        "predicted": None
        if each.predicted is None
        else {"what": PREDICTED, **asdict(each.predicted)},
        "layers": [{"layer": layer, "sqnr": value} for layer, value in each.layers()],
        "calibrated_layers": [
            {"layer": layer, "sqnr": value}
            for layer, value in sorted(facts.calibrated_sqnr.items(), key=lambda item: item[1])
        ],
        "images": [
            {
                "name": record["name"],
                "sha256": record["image"],
                **{k: record[k] for k in ("height", "width", "psnr", "ms_ssim", "bits")},
                "bpp": record["bits"] / (record["height"] * record["width"]),
            }
            for record in each.records
        ],
    }


def _loss(lost: Loss) -> dict[str, Any]:
    data = asdict(lost)
    if lost.equivalent is not None:
        data["equivalent"]["label"] = lost.equivalent.label
    return data


def _extreme(
    each: Evaluated, choose: Callable[[list[float]], float], name: str
) -> dict[str, Any] | None:
    known = [record for record in each.records if name == "bpp" or record[name] is not None]
    if not known:
        return None
    values = each.values(name)
    value = choose(values)
    return {"image": known[values.index(value)]["name"], "value": value}
