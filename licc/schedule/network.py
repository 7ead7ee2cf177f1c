# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What shares a board, as graphs of processes, and what each process may do at a given rate.

For one number of cycles T that every process has to keep, everything but the resources decouples. The words of
each narrow stream are the narrowest that pass in T (`lanes`): a requantizer, a root or a square is paid for every
lane, so that wider ones only cost more. Then every process has its own list of foldings of at most T cycles
(`options`), each with all that it costs: the process, the FIFO that it reads, a repack where the words that come are
not those that it takes, a port at either end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from licc.cost import fifos
from licc.cost.folding import Folding
from licc.cost.process import LEAST_FIFO, Process
from licc.cost.streams import SUM_BITS
from licc.schedule import between
from licc.schedule.candidates import (
    MOST_PIXELS,
    RESOURCES,
    Integers,
    Pick,
    Table,
    convolutions,
    lane_choices,
    lanes,
    norms,
    pareto,
    port_cycles,
    single,
    splits,
)

# A stream: the index of the process that reads it, and which of those that it reads this is.
Edge = tuple[int, int]
# Pixels that wait in the FIFO of a stream; 0 where nothing is given.
Waiting = Mapping[Edge, float]


@dataclass(frozen=True)
class Chain:
    """One transform.

    Attributes:
        processes: from port to port, each behind those that it reads.
        frames: that make an image: its stripes.
        sources: for each stream of each process, the index of the process that writes it, None for the port; if not
            given, each reads the one before it.
    """

    processes: tuple[Process, ...]
    frames: int = 1
    sources: tuple[tuple[int | None, ...], ...] = ()

    @property
    def read(self) -> tuple[tuple[int | None, ...], ...]:
        """`sources`, given or not."""
        count = len(self.processes)
        return self.sources or tuple((i - 1 if i else None,) for i in range(count))


@dataclass(frozen=True)
class Node:
    """A process in its chain.

    Attributes:
        process: what it is.
        sources: indices of the processes that it reads; None for a port. Only what joins has two.
        readers: indices of the processes that read it; none for a port.
        chain: what it belongs to.
    """

    process: Process
    sources: tuple[int | None, ...]
    readers: tuple[int, ...]
    chain: Chain

    @property
    def before(self) -> int | None:
        """Index of the process that it reads first; None for a port."""
        return self.sources[0]

    @property
    def after(self) -> int | None:
        """Index of the process that reads it first; None for a port. An array and a norm have no other."""
        return self.readers[0] if self.readers else None


@dataclass
class Network:
    """All processes that share a board. Cycles are those of an image everywhere.

    Attributes:
        chains: what shares it.
        most_dsp: no array may take more.
        uram: whether the part has UltraRAM.
        known: the foldings of convolutions, for this most_dsp and uram; shared between networks.
    """

    chains: Sequence[Chain]
    most_dsp: int
    uram: bool = False
    known: dict[Process, Table] = field(default_factory=dict)
    _fifos: dict[tuple[Edge, int | None, int, int, float], Integers] = field(default_factory=dict)
    _norms: dict[tuple[int, int], Table] = field(default_factory=dict)
    _lanes: dict[tuple[int, int], Table] = field(default_factory=dict)

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """The processes of all chains, one after another."""
        found: list[Node] = []
        for chain in self.chains:
            start, read = len(found), chain.read
            for i, process in enumerate(chain.processes):
                sources = tuple(None if j is None else start + j for j in read[i])
                readers = tuple(start + j for j, ways in enumerate(read) if i in ways)
                found.append(Node(process, sources, readers, chain))
        return tuple(found)

    @cached_property
    def tables(self) -> dict[int, Table]:
        """Every folding and intake of every convolution."""
        return {
            i: self._convolution(node)
            for i, node in enumerate(self.nodes)
            if node.process.kind == "conv"
        }

    def _convolution(self, node: Node) -> Table:
        process = node.process
        if process not in self.known:
            table = convolutions(process, node.before is None, self.most_dsp, self.uram)
            if node.before is None:
                table = table.plus(port_cycles(process.input, table.intakes, process.in_bits), 0)
            self.known[process] = table.times(node.chain.frames)
        return self.known[process]

    @cached_property
    def floors(self) -> dict[int, Table]:
        """Every folding of every convolution, with the least that it takes with any intake.

        The shallowest FIFOs are counted (that of its sums has to hold a group of positions) and a port.
        """
        found: dict[int, Table] = {}
        for i, table in self.tables.items():
            drain = self.nodes[i].after
            assert drain is not None
            queues = between.by_value(
                table.intakes, lambda lanes, i=i: self._queue(i, None, lanes, {})
            )
            floor = table.plus(0, queues + self._source(i, table.intakes)).floor()
            found[i] = floor.plus(0, self._sums_queue(drain, floor, 1, 0.0))
        return found

    def next_interval(self, least: int) -> int | None:
        """The smallest number of cycles, of at least `least`, that some process may take."""
        found: list[int] = []
        for spent in self._cycles:
            later = spent[spent >= least]
            if len(later):
                found.append(int(later.min()))
        return min(found, default=None)

    @property
    def longest(self) -> int:
        """The most cycles that any folding takes."""
        return max(int(spent.max()) for spent in self._cycles)

    @cached_property
    def _cycles(self) -> tuple[Integers, ...]:
        """What each process may take."""
        parts = [table.cycles for table in self.tables.values()]
        for i, node in enumerate(self.nodes):
            process = node.process
            if process.kind == "norm":
                parts.append(self.norm(i, process.input[0]).cycles)
            elif process.kind != "conv":
                widths = lane_choices(process, node.after is None)
                parts.append(np.array([self._lane_cycles(i, w) for w in widths], dtype=np.int64))
        return tuple(parts)

    @cached_property
    def work(self) -> int:
        """DSPs times cycles that the arrays and norms take at least, whatever their foldings."""
        tables = [*self.floors.values()]
        tables += [
            self.norm(i, 1) for i, node in enumerate(self.nodes) if node.process.kind == "norm"
        ]
        return sum(int((table.use[:, 0].astype(np.int64) * table.cycles).min()) for table in tables)

    # ----------------------------------------------------------------------------------------------
    # At one rate
    # ----------------------------------------------------------------------------------------------
    def lanes(self, most: int, floors: Mapping[int, int]) -> dict[int, int] | None:
        """The narrowest words that each drain, root and elementwise process can write in `most` cycles.

        They are no narrower than in `floors`. None where even the widest are too slow.
        """
        found: dict[int, int] = {}
        for i, node in enumerate(self.nodes):
            if node.process.kind in ("conv", "norm"):
                continue
            fast = (
                width
                for width in lane_choices(node.process, node.after is None)
                if width >= floors.get(i, 1) and self._lane_cycles(i, width) <= most
            )
            width = next(fast, None)
            if width is None:
                return None
            found[i] = width
        return found

    def _lane_cycles(self, index: int, width: int) -> int:
        node = self.nodes[index]
        spent = int(self.lane_table(index, width).cycles[0])
        return max(spent, node.chain.frames * self._port_cycles(node, width))

    @staticmethod
    def _port_cycles(node: Node, width: int) -> int:
        """Cycles of a frame at the ports of a drain, root or elementwise process of `width` lanes; 0 for none."""
        process, spent = node.process, 0
        if node.after is None:
            spent = int(port_cycles(process.output, width, process.out_bits))
        if node.before is None:
            spent = max(spent, int(port_cycles(process.input, width, process.in_bits)))
        return spent

    def lane_table(self, index: int, width: int) -> Table:
        """A drain, root or elementwise process of `width` lanes; the first row multiplies in DSPs."""
        if (index, width) not in self._lanes:
            node = self.nodes[index]
            self._lanes[index, width] = lanes(node.process, width).times(node.chain.frames)
        return self._lanes[index, width]

    def norm(self, index: int, intake: int) -> Table:
        """The foldings of a GDN's norm that reads `intake` lanes."""
        if (index, intake) not in self._norms:
            node = self.nodes[index]
            self._norms[index, intake] = norms(node.process, intake).times(node.chain.frames)
        return self._norms[index, intake]

    def least(self, most: int) -> list[Table] | None:
        """The foldings of at most `most` cycles with what they cost at least, those that can matter.

        What depends on other processes is left out: repacks, and of FIFOs all that one process does not need by
        itself. Choices only grow with `most`: where these do not fit, nothing does that takes `most` cycles or
        fewer. None where a process is too slow whatever it does.
        """
        widths = self.lanes(most, {})
        if widths is None:
            return None
        tables: list[Table] = []
        for i, node in enumerate(self.nodes):
            kind = node.process.kind
            if kind == "conv":
                table = self.floors[i]
            elif kind == "norm":
                table = self._least_norm(i, self._written(i, widths))
            else:
                table = self._least_lanes(i, widths[i])
            if kind in ("conv", "norm"):
                table = table.take(np.flatnonzero(table.cycles <= most))
                if len(table) == 0:
                    return None
                table = table.take(pareto(table.use))
            tables.append(table)
        return tables

    def _least_norm(self, index: int, narrowest: int) -> Table:
        """Each folding with the least of each resource that it takes behind words that are not narrower."""
        node = self.nodes[index]
        root = node.after
        assert root is not None
        sizes = splits(node.process.input[0])
        # The root reads what is least to store; it may write other words.
        queues = {oc: np.min([self._queue(root, oc, w, {}) for w in sizes], axis=0) for oc in sizes}
        table = _least_of(
            [
                self.norm(index, w).plus(0, self._queue(index, w, w, {}))
                for w in sizes
                if w >= narrowest
            ]
        )
        return table.plus(0, between.by_value(table.foldings[:, 0], lambda oc: queues[oc]))

    def _least_lanes(self, index: int, narrowest: int) -> Table:
        """The least of each resource that words that are not narrower take, in DSPs and in LUTs."""
        node = self.nodes[index]
        widths = lane_choices(node.process, node.after is None)
        return _least_of(
            [
                self.lane_table(index, w).plus(0, self._sides(index, w, {}))
                for w in widths
                if w >= narrowest
            ]
        )

    def options(
        self, most: int, waiting: Waiting, floors: Mapping[int, int] | None = None
    ) -> list[Table] | None:
        """The foldings of at most `most` cycles with all that they cost, those that can matter.

        Args:
            most: cycles that each process may take.
            waiting: pixels in the FIFO of each stream.
            floors: of drains, roots and elementwise processes, the narrowest words that are wanted.
        """
        widths = self.lanes(most, floors or {})
        if widths is None:
            return None
        tables: list[Table] = []
        for i, node in enumerate(self.nodes):
            kind = node.process.kind
            if kind == "conv":
                table = self.tables[i]
            elif kind == "norm":
                table = self.norm(i, self._written(i, widths))
            else:
                table = self.lane_table(i, widths[i])
            table = table.take(np.flatnonzero(table.cycles <= most))
            table = self._with_streams(i, table, widths, waiting)
            table = table.take(np.flatnonzero(table.cycles <= most))
            if len(table) == 0:
                return None
            tables.append(table.take(pareto(table.use)))
        return tables

    def exact(self, chosen: Sequence[Pick], waiting: Waiting) -> list[Table]:
        """One row for each process, of what is chosen for it, with all that it costs."""
        widths = {
            i: pick.folding.oc
            for i, (node, pick) in enumerate(zip(self.nodes, chosen, strict=True))
            if node.process.kind not in ("conv", "norm")
        }
        tables: list[Table] = []
        for i, (node, pick) in enumerate(zip(self.nodes, chosen, strict=True)):
            table = single(node.process, pick, self.uram)
            tables.append(self._with_streams(i, table.times(node.chain.frames), widths, waiting))
        return tables

    def _written(self, index: int, widths: Mapping[int, int]) -> int:
        """Lanes of the words that the process at `index` is sent; it does not read a port."""
        before = self.nodes[index].before
        assert before is not None
        return widths[before]

    # ----------------------------------------------------------------------------------------------
    # What lies between processes
    # ----------------------------------------------------------------------------------------------
    def _with_streams(
        self, index: int, table: Table, widths: Mapping[int, int], waiting: Waiting
    ) -> Table:
        """With the FIFO, the repack and the port in front of a process, and the port behind it.

        The FIFO of a drain or a root is counted with the array or norm in front, whose words it holds, and so is
        the time of a drain. Cycles become those of the slowest of them.
        """
        node = self.nodes[index]
        around = {"conv": self._around_conv, "norm": self._around_norm}
        find = around.get(node.process.kind, self._around_lanes)
        spent, use = find(index, table, widths, waiting)
        return table.plus(spent * node.chain.frames, use)

    def _around_conv(
        self, index: int, table: Table, widths: Mapping[int, int], waiting: Waiting
    ) -> tuple[Integers, Integers]:
        node = self.nodes[index]
        process, drain = node.process, node.after
        assert drain is not None
        use = self._sums_queue(drain, table, widths[drain], waiting.get((drain, 0), 0.0))
        given = None if node.before is None else widths[node.before]
        use = use + between.by_value(
            table.intakes, lambda lanes: self._queue(index, given, lanes, waiting)
        )
        # Groups that are partly beyond the row cost the drain time as well.
        spent = between.drain_cycles(process, table, widths[drain])
        if node.before is None:
            port = port_cycles(process.input, table.intakes, process.in_bits)
            return np.maximum(spent, port), use + self._source(index, table.intakes)
        before = widths[node.before]
        wait, cost = between.repacks(
            process.input, table.intakes, lambda lanes: (before, lanes), process.in_bits
        )
        return np.maximum(spent, wait), use + cost

    def _around_norm(
        self, index: int, table: Table, widths: Mapping[int, int], waiting: Waiting
    ) -> tuple[Integers, Integers]:
        node = self.nodes[index]
        process, root = node.process, node.after
        assert root is not None
        channels, height, width = process.output
        # The root reads pairs of a value and its norm.
        lanes = 2 * widths[root]
        spent, use = between.repacks(
            (2 * channels, height, width),
            table.foldings[:, 0],
            lambda oc: (2 * oc, lanes),
            SUM_BITS,
        )
        use = use + between.by_value(
            table.foldings[:, 0], lambda oc: self._queue(root, oc, widths[root], waiting)
        )
        written = self._written(index, widths)
        use = use + self._queue(index, written, written, waiting)
        return spent, use

    def _around_lanes(
        self, index: int, _: Table, widths: Mapping[int, int], waiting: Waiting
    ) -> tuple[int, Integers]:
        node, width = self.nodes[index], widths[index]
        process = node.process
        use = self._sides(index, width, waiting)
        ports = self._port_cycles(node, width)
        if process.kind != "elementwise" or node.before is None:
            return ports, use
        slowest = ports
        for slot, (source, bits) in enumerate(zip(node.sources, process.lane_bits, strict=True)):
            assert source is not None
            given = widths[source]
            spent, cost = between.repack(process.input, given, width, bits)
            # Its FIFO holds what a repack gives late.
            queue = self._queue(index, given, width, waiting, slot)
            use = use + cost + queue - self._queue(index, width, width, waiting, slot)
            slowest = max(slowest, spent)
        return slowest, use

    def _source(self, index: int, intakes: Integers) -> Integers:
        """The port that a convolution reads in words of `intakes` lanes, if it reads one."""
        node = self.nodes[index]
        process = node.process
        if node.before is not None:
            return np.zeros((1, len(RESOURCES)), dtype=np.int64)
        return between.by_value(
            intakes, lambda lanes: between.port(process.input, lanes, process.in_bits)
        )

    def _sides(self, index: int, width: int, waiting: Waiting) -> Integers:
        """The ports of a drain, root or elementwise process of `width` lanes, and the FIFOs that the latter reads."""
        node = self.nodes[index]
        process = node.process
        use = np.zeros(len(RESOURCES), dtype=np.int64)
        if node.after is None:
            use = use + between.port(process.output, width, process.out_bits)
            use = use + between.fifo(LEAST_FIFO, width * process.out_bits)
        if process.kind == "elementwise":
            for slot in range(len(node.sources)):
                use = use + self._queue(index, width, width, waiting, slot)
            if node.before is None:
                use = use + between.port(process.input, width, process.in_bits)
        return use

    # ----------------------------------------------------------------------------------------------
    # A choice
    # ----------------------------------------------------------------------------------------------
    def wider(self, index: int, width: int) -> int | None:
        """The next words, after those of `width` lanes, that a drain may write."""
        node = self.nodes[index]
        choices = lane_choices(node.process, node.after is None)
        return next((choice for choice in choices if choice > width), None)

    def queues(
        self, chosen: Sequence[Pick], spent: Sequence[int]
    ) -> tuple[list[tuple[int, ...]], dict[Edge, float]]:
        """Words of the FIFOs that each process reads, for what is chosen, and pixels that wait there.

        Args:
            chosen: of each process.
            spent: its cycles, with those of what lies around it. Each chain runs as fast as it can.
        """
        depths, waiting = list[tuple[int, ...]](), dict[Edge, float]()
        for chain in self.chains:
            start = len(depths)
            here = slice(start, start + len(chain.processes))
            paced = [
                fifos.Paced(process, pick.folding, pick.intake, sources)
                for process, pick, sources in zip(
                    chain.processes, chosen[here], chain.read, strict=True
                )
            ]
            interval = max(spent[here]) // chain.frames
            # The last one would be that of the output port, and is left.
            words, pixels = fifos.depths(paced, interval), fifos.backlogs(paced, interval)
            found = iter(zip(words, pixels, strict=False))
            for i, sources in enumerate(chain.read, start):
                own = [next(found) for _ in sources]
                depths.append(tuple(depth for depth, _ in own))
                waiting |= {(i, slot): held for slot, (_, held) in enumerate(own)}
        return depths, waiting

    def _queue(
        self, index: int, given: int | None, lanes: int, waiting: Waiting, slot: int = 0
    ) -> Integers:
        """The FIFO of words of `lanes` lanes that a process reads; before a repack, words have `given` lanes."""
        edge = (index, slot)
        node, pixels = self.nodes[index], waiting.get(edge, 0.0)
        source = node.sources[slot]
        given = None if source is None else given
        key = (edge, given, lanes, 0, pixels)
        if key not in self._fifos:
            after = fifos.Paced(node.process, Folding(lanes, lanes), lanes)
            before = None
            if source is not None and given is not None:
                process = self.nodes[source].process
                before = fifos.Paced(process, Folding(given, given), given)
            depth = fifos.depth(before, after, pixels, slot)
            bits = node.process.lane_bits[slot]
            wide = 2 * SUM_BITS if node.process.kind == "root" else bits
            self._fifos[key] = between.fifo(depth, lanes * wide)
        return self._fifos[key]

    def _sums_queue(self, index: int, table: Table, lanes: int, pixels: float) -> Integers:
        """The FIFO of sums in front of a drain that writes `lanes` lanes, behind each folding of an array."""
        node = self.nodes[index]
        assert node.before is not None
        process = self.nodes[node.before].process
        after = fifos.Paced(node.process, Folding(lanes, lanes), lanes)

        def queue(code: int) -> Integers:
            oc, px = divmod(code, MOST_PIXELS + 1)
            key = ((index, 0), oc, lanes, px, pixels)
            if key not in self._fifos:
                before = fifos.Paced(process, Folding(oc, 1, px=px), 1)
                depth = fifos.depth(before, after, pixels)
                self._fifos[key] = between.fifo(depth, oc * px * SUM_BITS)
            return self._fifos[key]

        return between.by_value(
            table.foldings[:, 0] * (MOST_PIXELS + 1) + table.foldings[:, 4], queue
        )


def _least_of(tables: Sequence[Table]) -> Table:
    """The least of each number of tables whose rows are the same, but for words of several widths."""
    return replace(
        tables[0],
        cycles=np.minimum.reduce([table.cycles for table in tables]),
        use=np.minimum.reduce([table.use for table in tables]),
    )
