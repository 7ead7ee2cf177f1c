# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a report says, as plain data: report.json is `Report`, written out.

Numbers are of five origins, and a number is never shown without its own:

- predicted: from the schedule and the cost model; everything in `Report` outside of `simulated`
- simulated: from the timed simulation of the emitted C++; only what is in `Report.simulated`
- model: what another machine would do, from a formula (`licc.report.dpu`) or as if a layer ran alone
- calibrated: float against integer on the calibration images; only `LayerFacts.sqnr`
- given: from the data sheet of the device or the metadata of the checkpoint
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

FORMAT = 2
"""Of report.json; 1 had no `format`."""

Signed = NewType("Signed", int)
"""A count that may be below zero; in a file, no other may."""

Decibels = NewType("Decibels", float)
"""A ratio that may be below zero; in a file, no other number with a point may."""


@dataclass(frozen=True)
class Resources:
    """Counts of a part's resources, or of what is used of them."""

    dsp: int = 0
    bram18: int = 0
    uram: int = 0
    lut: int = 0
    ff: int = 0

    def __add__(self, other: Resources) -> Resources:
        return Resources(*(a + b for a, b in zip(self.counts, other.counts, strict=True)))

    @property
    def counts(self) -> tuple[int, int, int, int, int]:
        """In the order of the fields."""
        return self.dsp, self.bram18, self.uram, self.lut, self.ff


@dataclass(frozen=True)
class ProcessFacts:
    """One process.

    Attributes:
        name: of its function.
        kind: conv, drain, norm, root, elementwise or repack.
        layer: its path in the model.
        work: what it does, such as "conv 5x5 /2".
        input: channels, height, width.
        output: likewise.
        in_type: element of the stream that it reads.
        out_type: element of the stream that it writes.
        macs: multiply-accumulates a frame that the network asks for.
        folding: output channels, input channels, tap rows, tap columns and pixels in a cycle; None
            without array.
        lanes: values of a word that it reads and of one that it writes.
        packing: "pair", "pixels", "quad" (multiplications that share a DSP), "single", or "" without
            MAC array.
        dsp: DSP slices; of this process alone, as all resources, without FIFOs.
        bram18: BRAM18s.
        uram: UltraRAMs.
        lut: LUTs.
        ff: flip-flops.
        cycles: of a frame.
        share: cycles by those of the slowest process of its design.
        reads: name of the FIFO that it reads.
        fifo_depth: words of that FIFO.
        other_reads: name of the second FIFO that it reads, "" where it joins none.
        other_depth: words of that FIFO, or 0.
        parameters: bytes of its memory images.
        weight_bytes: bytes of weights that its array reads from on-chip memory in a frame.
        fill: part of its input frame that has to be there before it writes anything.
    """

    name: str
    kind: str
    layer: str
    work: str
    input: tuple[int, ...]
    output: tuple[int, ...]
    in_type: str
    out_type: str
    macs: int
    folding: tuple[int, ...] | None
    lanes: tuple[int, int]
    packing: str
    dsp: int
    bram18: int
    uram: int
    lut: int
    ff: int
    cycles: int
    share: float
    reads: str
    fifo_depth: int
    other_reads: str
    other_depth: int
    parameters: int
    weight_bytes: int
    fill: float

    @property
    def resources(self) -> Resources:
        """What it takes."""
        return Resources(self.dsp, self.bram18, self.uram, self.lut, self.ff)


@dataclass(frozen=True)
class PortFacts:
    """A port to DDR: `bytes` a frame of a dense tensor, `cycles` a frame to move them."""

    name: str
    role: str
    shape: tuple[int, ...]
    element: str
    lanes: int
    bytes: int
    cycles: int


@dataclass(frozen=True)
class DesignFacts:
    """One design; `cycles` is that of its slowest process or port, `bound` which one that is.

    `stripes` frames of the design make an image; `fps` is of images. `efficiency` is macs / cycles /
    dsp: 2 at most with INT8 pairs. `sink_depth` is the depth of the FIFO that the output port reads.
    `streams` is what FIFOs and ports take; the totals include it.
    """

    name: str
    top: str
    input: tuple[int, ...]
    output: tuple[int, ...]
    source: PortFacts
    sink: PortFacts
    sink_depth: int
    processes: tuple[ProcessFacts, ...]
    stripes: int
    macs: int
    streams: Resources
    dsp: int
    bram18: int
    uram: int
    lut: int
    ff: int
    parameters: int
    cycles: int
    fps: float
    bound: str
    efficiency: float

    @property
    def resources(self) -> Resources:
        """What it takes."""
        return Resources(self.dsp, self.bram18, self.uram, self.lut, self.ff)


@dataclass(frozen=True)
class RoleFacts:
    """What is on the board at the same time, and which part of the usable resources it takes."""

    name: str
    designs: tuple[str, ...]
    dsp: int
    bram18: int
    uram: int
    lut: int
    ff: int
    fps: float
    bound: str

    @property
    def resources(self) -> Resources:
        """What it takes."""
        return Resources(self.dsp, self.bram18, self.uram, self.lut, self.ff)


@dataclass(frozen=True)
class ScheduleFacts:
    """How good a schedule is: no schedule of the same model takes fewer than `bound` cycles a frame.

    `gap_ppm` is how far `cycles` may be above the best there is, in millionths; `optimal` says that
    the solver has proven its own optimum.
    """

    role: str
    cycles: int
    bound: int
    gap_ppm: int
    optimal: bool


@dataclass(frozen=True)
class QualityFacts:
    """A rate and a quality that the checkpoint's metadata states; licc has not measured them."""

    images: str
    model: str
    bpp: float
    psnr: float


@dataclass(frozen=True)
class LayerFacts:
    """The widths of a layer, and what its integers lose.

    Attributes:
        layer: its path in the model.
        work: the op, such as "conv2d".
        weights: significant bits of its weights (of gamma for a GDN); 0 without.
        reads: significant bits of what it reads.
        sqnr: signal to quantization noise of its result in dB, on the calibration images; None where the
            IR does not say.
    """

    layer: str
    work: str
    weights: int
    reads: int
    sqnr: Decibels | None


@dataclass(frozen=True)
class SimulatedProcess:
    """Cycles of one process in the last frame, and when each frame of it started and ended."""

    name: str
    predicted: int
    busy: int
    stalled_on_empty: int
    stalled_on_full: int
    starts: tuple[int, ...]
    ends: tuple[int, ...]


@dataclass(frozen=True)
class SimulatedFifo:
    """A FIFO: `high_water` words at most were in it."""

    name: str
    depth: int
    high_water: int
    words: int
    reader_waited: int
    writer_waited: int


@dataclass(frozen=True)
class SimulatedDesign:
    """The timed run of one design: `interval` cycles between the ends of its last two frames.

    `fifo_caused` of them are there because FIFOs are limited; None if nobody has looked.
    """

    design: str
    frames: int
    clock_mhz: int
    interval: int
    latency: int
    with_parameters: int
    processes: tuple[SimulatedProcess, ...]
    fifos: tuple[SimulatedFifo, ...]
    fifo_caused: Signed | None = None


@dataclass(frozen=True)
class Simulated:
    """timed.json: `label` says what its numbers are."""

    label: str
    designs: tuple[SimulatedDesign, ...]

    def of(self, design: str) -> SimulatedDesign | None:
        """The run of a design, if there was one."""
        return next((run for run in self.designs if run.design == design), None)


@dataclass(frozen=True)
class Claim:
    """Something that holds, and how that is known."""

    what: str
    how: str


@dataclass(frozen=True)
class Report:
    """A whole report; `predicted` says what its numbers are (those of `simulated` excepted)."""

    format: int
    checkpoint: str
    architecture: str
    input: tuple[int, ...]
    padded: tuple[int, ...]
    device: str
    device_title: str
    clock_mhz: int
    ddr_gbps: float
    total: Resources
    usable: Resources
    predicted: str
    roles: tuple[RoleFacts, ...]
    designs: tuple[DesignFacts, ...]
    schedules: tuple[ScheduleFacts, ...]
    quality: tuple[QualityFacts, ...]
    checked: tuple[Claim, ...]
    not_checked: tuple[str, ...]
    simulated: Simulated | None = None
    policy: str = ""
    layers: tuple[LayerFacts, ...] = ()

    def design(self, name: str) -> DesignFacts:
        """A design by name; KeyError without."""
        for design in self.designs:
            if design.name == name:
                return design
        raise KeyError(name)

    def run(self, design: str) -> SimulatedDesign | None:
        """The timed run of a design, if there was one."""
        return self.simulated.of(design) if self.simulated else None

    def simulated_fps(self, design: str) -> float | None:
        """Images a second in simulation, or None."""
        run = self.run(design)
        if run is None:
            return None
        return self.clock_mhz * 1e6 / run.interval / self.design(design).stripes

    def simulated_role_fps(self, role: RoleFacts) -> float | None:
        """Of all designs of a role side by side, or None if one of them was not run."""
        rates = [self.simulated_fps(name) for name in role.designs]
        known = [rate for rate in rates if rate is not None]
        return min(known) if known and len(known) == len(rates) else None
