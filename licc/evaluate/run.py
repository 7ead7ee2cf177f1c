# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A whole evaluation: make the variants, measure what is not measured yet, write what follows."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from licc.driver.build_dir import write_file
from licc.driver.options import Options
from licc.errors import UserError
from licc.evaluate import coding, curves, images, jobs, plots, predict, variants
from licc.evaluate.coding import Source, Task
from licc.evaluate.images import Picture, Skipped
from licc.evaluate.output import Progress
from licc.evaluate.predict import Predicted
from licc.evaluate.request import Request
from licc.evaluate.store import Record, Store
from licc.evaluate.summary import Evaluated, Images, Summary, summarise
from licc.evaluate.variants import Facts, Variant

# Below so many images, starting Ray takes longer than it saves.
FEW_TASKS = 8


def evaluate(request: Request, progress: Progress) -> Summary:
    """Measure what is not measured yet, and write the results.

    Raises:
        UserError: an argument, a file or the machine is at fault.
    """
    precisions = variants.read_precisions(request.precisions) if request.precisions else None
    against = [curves.read_curve(text) for text in request.against]
    checkpoints = variants.read_checkpoints(request.checkpoints)
    pictures, skipped = images.find(request.images)
    setting = variants.Setting(request.output, request.calibrate)
    if request.input_hw is not None:
        setting = variants.Setting(request.output, request.calibrate, request.input_hw)
    planned = list(variants.plan(checkpoints, precisions, setting))
    with Store(request.output) as store:
        facts = _made(planned, setting, progress)
        found = Images(request.images, pictures, skipped)
        readable = _measure(request, planned, facts, found, store, progress)
        done = [
            Evaluated(
                variant,
                facts[variant.key],
                _records(variant, readable.pictures, store),
                _predicted(request, variant, store, progress),
            )
            for variant in planned
        ]
    progress.step("drawing")
    summary = summarise(done, readable, request.calibrate, against)
    _write(request.output, summary)
    return summary


def _made(
    planned: Sequence[Variant], setting: variants.Setting, progress: Progress
) -> dict[str, Facts]:
    maker, facts = variants.Maker(setting), dict[str, Facts]()
    for variant in planned:
        if variants.read_facts(variant) is None:
            progress.step(f"{variant.label}: compiling")
        facts[variant.key] = maker.make(variant)
    return facts


def _measure(
    request: Request,
    planned: Sequence[Variant],
    facts: Mapping[str, Facts],
    found: Images,
    store: Store,
    progress: Progress,
) -> Images:
    """Measure what the store does not have; the images without those that cannot be coded."""
    need = max(each.bytes_per_pixel for each in facts.values())
    fitting, skipped = _fitting(found, need)
    unique = {picture.digest: picture for picture in fitting}
    missing = [
        (variant, picture)
        for variant in planned
        for picture in unique.values()
        if store.get(variant.key, picture.digest) is None
    ]
    if missing:
        largest = max(picture.pixels for _, picture in missing)
        _code(request.jobs, missing, int(need * largest), store, progress)
    damaged = {
        digest: str(record["error"])
        for variant in planned
        for digest in unique
        if (record := store.get(variant.key, digest)) is not None and "error" in record
    }
    readable = [picture for picture in fitting if picture.digest not in damaged]
    skipped += [Skipped(p.name, damaged[p.digest]) for p in fitting if p.digest in damaged]
    for entry in skipped:
        progress.say(f"warning: {entry.name}: skipped, {entry.reason}")
    if not readable:
        raise UserError(f"--images {found.folder}: none of its images can be coded")
    return Images(found.folder, readable, skipped)


def _code(
    workers: int | None,
    missing: Sequence[tuple[Variant, Picture]],
    need: int,
    store: Store,
    progress: Progress,
) -> None:
    """Measure images and keep what comes back, one by one."""
    by_key = {variant.key: variant for variant, _ in missing}
    if workers is None and (len(missing) < FEW_TASKS or importlib.util.find_spec("ray") is None):
        workers = 1

    def tasks() -> Iterator[Task]:
        for variant, picture in missing:
            yield Task(variant.key, picture.name, picture.digest, picture.path.read_bytes())

    def fetch(key: str) -> Source:
        return by_key[key].source()

    progress.step(f"coding {len(missing)} images", total=len(missing))
    for record in jobs.run(tasks(), fetch, workers, need):
        store.add(record)
        progress.advance(by_key[record["variant"]].label)


def _fitting(found: Images, bytes_per_pixel: float) -> tuple[list[Picture], list[Skipped]]:
    """The images that memory holds, and all that are left out."""
    room = jobs.available_memory()
    fitting: list[Picture] = []
    skipped = list(found.skipped)
    for picture in found.pictures:
        need = bytes_per_pixel * picture.pixels
        if need <= room:
            fitting.append(picture)
            continue
        reason = (
            f"{picture.height}x{picture.width} needs about {need / 2**30:.1f} GiB of memory, and "
            f"{room / 2**30:.1f} are free"
        )
        skipped.append(Skipped(picture.name, reason))
    return fitting, skipped


def _records(variant: Variant, pictures: Sequence[Picture], store: Store) -> list[Record]:
    """The measurements in the order of the images, each under the name that it has here."""
    records: list[Record] = []
    for picture in pictures:
        record = store.get(variant.key, picture.digest)
        assert record is not None
        records.append({**record, "name": picture.name})
    return records


def _predicted(
    request: Request, variant: Variant, store: Store, progress: Progress
) -> Predicted | None:
    """The predicted rate; the store keeps it beside the images, as a schedule takes its time."""
    if request.target is None or request.input_hw is None or variant.precision.is_float:
        return None
    key = f"schedule {predict.code_digest()} {request.target} {request.input_hw}"
    known = store.get(variant.key, key)
    if known is None:
        progress.step(f"{variant.label}: predicting images a second on {request.target}")
        options = Options(variant.checkpoint.path, target=request.target, input_hw=request.input_hw)
        module = coding.parse(variant.source().module)
        known = {"variant": variant.key, "image": key, **predict.predict(module, options).data()}
        store.add(known)
    found = Predicted.of(known)
    if found.note:
        progress.say(f"warning: {variant.label}: no predicted rate: {found.note}")
    return found


def _write(folder: Path, summary: Summary) -> None:
    text = json.dumps(summary.data, indent=2, allow_nan=False) + "\n"
    write_file(folder / "results.json", text)
    drawn = plots.draw(summary)
    for name in plots.NAMES:
        if name in drawn:
            write_file(folder / name, drawn[name])
        else:  # of an earlier run, which had policies
            (folder / name).unlink(missing_ok=True)
