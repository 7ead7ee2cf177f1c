# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Small `hls` designs as text, each with what it has to compute, straight from the formulas.

The reference here shares no code with licc: plain loops over taps in numpy.
"""

from dataclasses import dataclass, field

import numpy as np

STORED = {"i8": np.int8, "ui8": np.uint8, "i16": np.int16, "i32": np.int32, "i64": np.int64}


def ceil(a, b):
    return -(-a // b)


def rshr(v, s):
    return (v + ((1 << s) >> 1)) >> s


def elements(array, element):
    """`dense<"0x...">` of an array, never a splat by accident."""
    data = np.ascontiguousarray(array.astype(STORED[element]))
    shape = "x".join(map(str, array.shape))
    return f'dense<"0x{data.tobytes().hex().upper()}"> : tensor<{shape}x{element}>'


def memory(name, ssa, image, element, kind="ram"):
    words, lanes = image.shape
    return (
        f'      %{ssa} = "hls.{kind}"() {{name = "{name}", init = {elements(image, element)}}} : () -> '
        f"!hls.memory<vector<{lanes}x{element}>, {words} : i64>\n"
    )


def memory_type(image, element):
    return f"!hls.memory<vector<{image.shape[1]}x{element}>, {image.shape[0]} : i64>"


def stream(element, lanes, depth=16):
    return f"!hls.stream<vector<{lanes}x{element}>, {depth} : i64>"


def design(name, top, body):
    return (
        f'"hls.design"() ({{\n{body}  "hls.end"() : () -> ()\n}}) '
        f'{{name = "{name}", top = "{top}", device = "zcu102", clock_mhz = 300 : i64}} : () -> ()\n'
    )


def port_in(shape, element, lanes, role="image", name="g_a"):
    return (
        f'  %0 = "hls.port_in"() {{name = "{name}_input", role = "{role}", shape = array<i64: '
        f"{', '.join(map(str, shape))}>}} : () -> {stream(element, lanes)}\n"
    )


def port_out(value, shape, element, lanes, role="latent", name="g_a"):
    return (
        f'  "hls.port_out"(%{value}) {{name = "{name}_output", role = "{role}", shape = array<i64: '
        f"{', '.join(map(str, shape))}>}} : ({stream(element, lanes)}) -> ()\n"
    )


def array(values):
    return f"array<i64: {', '.join(map(str, values))}>"


def lanes_of(values, lanes):
    """[C] -> [ceil(C / lanes), lanes], zero-filled."""
    words = ceil(len(values), lanes)
    image = np.zeros(words * lanes, np.int64)
    image[: len(values)] = values
    return image.reshape(words, lanes)


def folding_text(oc, ic, kh=1, kw=1, px=1):
    return f"#hls.folding<{', '.join(f'{n} : i64' for n in (oc, ic, kh, kw, px))}>"


@dataclass
class Conv:
    """One convolution, or with `upsample` > 1 a transposed one as sub-pixel phases: array and drain.

    Lanes of 0 are as many as the array has. Foldings are at most the channels that there are, outputs padded
    to the next even number. `bits` narrows i16 activations to +-(2^(bits-1) - 1).
    """

    inputs: int = 3
    outputs: int = 4
    height: int = 7
    width: int = 9
    kernel: tuple = (3, 3)
    stride: int = 1
    padding: int = 1
    upsample: int = 1
    output_padding: int = 0
    oc: int = 2
    ic: int = 3
    kh: int = 1
    kw: int = 1
    px: int = 1
    intake: int = 0
    lanes: int = 0
    extra_rows: int = 0
    element: str = "i8"
    bits: int = 0
    weight_bits: int = 8
    out_element: str = "i8"
    packing: str = ""
    activation: str = ""
    fraction: int = 0
    seed: int = 0
    layer: str = "g_a.0"
    taps: dict = field(init=False)

    def __post_init__(self):
        rng = np.random.default_rng(self.seed)
        k = self.kernel
        most = (1 << (self.weight_bits - 1)) - 1
        self.weight = rng.integers(-most, most + 1, (self.outputs, self.inputs, *k))
        self.bias = rng.integers(-5000, 5001, self.outputs)
        if self.upsample == 1:
            size = [
                (n + 2 * self.padding - t) // self.stride + 1
                for n, t in zip((self.height, self.width), k, strict=True)
            ]
        else:
            size = [
                (n - 1) * self.upsample - 2 * self.padding + t + self.output_padding
                for n, t in zip((self.height, self.width), k, strict=True)
            ]
        self.out_shape = (self.outputs, *size)
        lo, hi = {"ui8": (0, 255), "i8": (-128, 127), "i16": (-2000, 1999)}[self.element]
        if self.bits:
            hi = (1 << (self.bits - (lo < 0))) - 1
            lo = -hi if lo < 0 else 0
        self.range = (lo, hi)
        self.x = rng.integers(lo, hi + 1, (self.inputs, self.height, self.width))
        bound = np.abs(self.weight).sum(axis=(1, 2, 3)).max() * max(-lo, hi) + 5000
        self.acc = (-int(bound), int(bound))
        bits = 4 if self.out_element == "i8" else 11
        scale = int(bound).bit_length() - bits
        self.multiplier = rng.integers(1 << 16, 1 << 17, self.outputs)
        self.shift = rng.integers(scale + 13, scale + 16, self.outputs)
        self._fold()

    def _fold(self):
        self.oc = min(self.oc, self.outputs + self.outputs % 2)
        self.ic = min(self.ic, self.inputs)
        self.intake = self.intake or self.ic
        self.lanes = self.lanes or min(self.oc, self.outputs)
        if not self.packing:
            fits = self.element != "i16" or 0 < self.bits <= 10
            self.packing = "pair" if self.oc % 2 == 0 and fits else "single"

    # ---- the reference
    def accumulators(self, x):
        c, oh, ow = self.out_shape
        acc = np.zeros((c, oh, ow), np.int64) + self.bias[:, None, None]
        for ky in range(self.kernel[0]):
            for kx in range(self.kernel[1]):
                for oy in range(oh):
                    for ox in range(ow):
                        place = self._place(oy, ky), self._place(ox, kx)
                        if None in place or not (
                            0 <= place[0] < self.height and 0 <= place[1] < self.width
                        ):
                            continue
                        acc[:, oy, ox] += self.weight[:, :, ky, kx] @ x[:, place[0], place[1]]
        return acc

    def _place(self, o, k):
        if self.upsample == 1:
            return o * self.stride - self.padding + k
        return (
            None
            if (o + self.padding - k) % self.upsample
            else (o + self.padding - k) // self.upsample
        )

    def result(self, x):
        v = self.accumulators(x)
        lo, hi = {"i8": (-128, 127), "i16": (-4096, 4095), "ui8": (0, 255)}[self.out_element]
        if self.activation == "leaky_relu":
            v = np.where(v >= 0, v, rshr(v * 65536, 20))
        if self.activation == "relu":
            v = np.maximum(v, 0)
        v = np.clip(rshr(v * self.multiplier[:, None, None], self.shift[:, None, None]), lo, hi)
        if self.fraction:
            v = np.clip(rshr(v, self.fraction), lo, hi)
        return v

    # ---- the IR
    def axis_taps(self, axis):
        """(dy, [kernel index of tap j]) for each phase."""
        k, s, p = self.kernel[axis], self.upsample, self.padding
        if s == 1:
            return [(-p, list(range(k)))]
        phases = []
        for phase in range(s):
            used = [t for t in range(k) if (phase + p - t) % s == 0]
            places = {(phase + p - t) // s: t for t in used}
            first = min(places)
            phases.append((first, [places[first + j] for j in range(len(places))]))
        return phases

    def least_rows(self):
        """Rows that are held at once, by walking through two frames row by row."""
        phases, height = self.axis_taps(0), self.x.shape[1]

        def taps(row):
            base, phase = divmod(row % self.out_shape[1], self.upsample)
            dy, used = phases[phase]
            top = base * self.stride + dy
            frame = row // self.out_shape[1] * height
            return [frame + y for y in range(top, top + len(used)) if 0 <= y < height]

        most, there = 1, max(taps(0), default=-1) + 1
        for row in range(2 * self.out_shape[1]):
            last = (row + 1) % self.out_shape[1] == 0
            frame = (row // self.out_shape[1] + 1) * height
            there = max(there, frame if last else 0, max(taps(row + 1), default=-1) + 1)
            # The first row that may be needed: rows left of the frame's end count as needed too.
            first = min(taps(row), default=min(there, frame))
            most = max(most, there - first)
        return most

    def banks(self, rows):
        """Of rows and columns, tried one by one."""
        pixels = max(1, self.intake // self.inputs)
        least = (self.px - 1) * self.stride + self.kw
        columns = next(
            n for n in range(least, 10**6) if n % (self.px * self.stride) == 0 and n % pixels == 0
        )
        return (1 if self.kh == 1 else rows), columns

    def text(self, name="g_a_0_conv", value="0", result="1", drain=None):
        """The two processes; `drain` is the name of the second, by default with `drain` for `conv`."""
        rows, columns = self.axis_taps(0), self.axis_taps(1)
        ci, co = ceil(self.inputs, self.ic), ceil(self.outputs, self.oc)
        words, steps = [], []
        for _, row in rows:
            for _, column in columns:
                tr, tc = ceil(len(row), self.kh), ceil(len(column), self.kw)
                steps.append(tr * tc * ci)
                full = np.zeros((co * self.oc, ci * self.ic, tr * self.kh, tc * self.kw), np.int64)
                picked = self.weight[:, :, row][:, :, :, column]
                full[: self.outputs, : self.inputs, : len(row), : len(column)] = picked
                full = full.reshape(co, self.oc, ci, self.ic, tr, self.kh, tc, self.kw)
                # blocks: outputs, tap rows, tap columns, inputs; lanes: [oc][kh][kw][ic]
                words.append(full.transpose(0, 4, 6, 2, 1, 5, 7, 3).reshape(co * tr * tc * ci, -1))
        weights = np.concatenate(words)
        bias = lanes_of(self.bias, self.oc)
        held = self.least_rows() + self.extra_rows
        folding = folding_text(self.oc, self.ic, self.kh, self.kw, self.px)
        taps = self.px * self.kh * self.kw * self.ic
        most = (1 << (self.weight_bits - 1)) - 1
        read, sums = stream(self.element, self.intake), stream("i32", self.px * self.oc)
        between = f"{result}_sums" if not result.isdigit() else f"s{result}"
        return (
            f'  %{between} = "hls.process"(%{value}) ({{\n    ^bb0(%in: {read}):\n'
            + memory("weights", "w", weights, "i8")
            + memory("bias", "b", bias, "i32")
            + f'      %win = "hls.window_buffer"(%in) {{input = {array(self.x.shape)}, output = {array(self.out_shape)}, '
            f"stride = {self.stride} : i64, upsample = {self.upsample} : i64, "
            f"row_taps = {array([v for dy, t in rows for v in (dy, len(t))])}, "
            f"column_taps = {array([v for dx, t in columns for v in (dx, len(t))])}, "
            f"rows = {held} : i64, banks = {array(self.banks(held))}, folding = {folding}}} : ({read}) -> vector<{taps}x{self.element}>\n"
            f'      %acc = "hls.mac_array"(%win, %w, %b) {{channels = array<i64: {self.inputs}, {self.outputs}>, '
            f'steps = {array(steps)}, packing = "{self.packing}", activation_range = {array(self.range)}, '
            f"weight_range = {array((-most, most))}, "
            f"acc_range = {array(self.acc)}, folding = {folding}}} : (vector<{taps}x{self.element}>, "
            f"{memory_type(weights, 'i8')}, {memory_type(bias, 'i32')}) -> vector<{self.px * self.oc}xi32>\n"
            f'      "hls.write"(%acc) : (vector<{self.px * self.oc}xi32>) -> ()\n    }}) '
            f'{{name = "{name}", layer = "{self.layer}"}} : ({read}) -> {sums}\n'
        ) + self.drain_text(drain or name.replace("conv", "drain"), between, result)

    def in_order(self):
        """Whether the array's words of sums are what leaves, so that nothing has to be reordered."""
        groups_end = self.out_shape[2] % (self.px * self.upsample) == 0
        whole = self.px == 1 or (self.upsample == 1 and self.oc == self.outputs)
        same = self.lanes == self.px * self.oc and self.oc <= self.outputs
        return groups_end and whole and same

    def drain_text(self, name, value, result):
        """What drains %value."""
        multiplier, shift = (self.words_of(v) for v in (self.multiplier, self.shift))
        folding = folding_text(self.oc, self.ic, self.kh, self.kw, self.px)
        sums = stream("i32", self.px * self.oc)
        lo, hi = {"i8": (-128, 127), "i16": (-4096, 4095), "ui8": (0, 255)}[self.out_element]
        wide, narrow = f"vector<{self.lanes}xi32>", f"vector<{self.lanes}x{self.out_element}>"
        text = (
            f'  %{result} = "hls.process"(%{value}) ({{\n    ^bb0(%in: {sums}):\n'
            + memory("multiplier", "m", multiplier, "i32")
            + memory("shift", "s", shift, "i8")
        )
        shape = f"shape = {array(self.out_shape)}"
        if self.in_order():
            text += f'      %acc = "hls.read"(%in) {{{shape}}} : ({sums}) -> {wide}\n'
        else:
            text += (
                f'      %acc = "hls.drain"(%in) {{{shape}, upsample = {self.upsample} : i64, folding = {folding}}} : '
                f"({sums}) -> {wide}\n"
            )
        last = "acc"
        if self.activation:
            text += (
                f'      %act = "hls.activation"(%{last}) {{kind = "{self.activation}", '
                f"range = array<i64: {self.acc[0]}, {self.acc[1]}>, multiplier = 65536 : i64, shift = 20 : i64}} : "
                f"({wide}) -> {wide}\n"
            )
            last = "act"
        text += (
            f'      %q = "hls.requantizer"(%{last}, %m, %s) {{range = array<i64: {lo}, {hi}>}} : ({wide}, '
            f"{memory_type(multiplier, 'i32')}, {memory_type(shift, 'i8')}) -> {narrow}\n"
        )
        last = "q"
        if self.fraction:
            text += (
                f'      %r = "hls.round"(%q) {{shift = {self.fraction} : i64, range = array<i64: {lo}, {hi}>}} : '
                f"({narrow}) -> {narrow}\n"
            )
            last = "r"
        return text + (
            f'      "hls.write"(%{last}) : ({narrow}) -> ()\n    }}) '
            f'{{name = "{name}", layer = "{self.layer}"}} : ({sums}) -> {stream(self.out_element, self.lanes)}\n'
        )

    def words_of(self, values):
        """A memory of the drain's lanes: for words of several pixels, all channels again and again."""
        if self.lanes > self.outputs:
            return np.tile(values, self.lanes // self.outputs)[None]
        return lanes_of(values, self.lanes)

    def module(self):
        body = port_in(self.x.shape, self.element, self.intake) + self.text()
        return design(
            "g_a", "encoder", body + port_out("1", self.out_shape, self.out_element, self.lanes)
        )

    def golden(self, prefix="g_a_0"):
        """What each process writes."""
        return {
            f"{prefix}_conv": self.accumulators(self.x),
            f"{prefix}_drain": self.result(self.x),
        }


@dataclass
class Gdn:
    """GDN as its two processes, with a repack between where the widths differ.

    Foldings are at most the channels that there are; an intake of 0 is `ic`.
    """

    channels: int = 5
    height: int = 3
    width: int = 4
    form: str = "rsqrt"
    inverse: bool = False
    oc: int = 2
    ic: int = 3
    lanes: int = 2
    intake: int = 0
    norm_shift: int = 6
    out_element: str = "i8"
    seed: int = 0

    def __post_init__(self):
        rng = np.random.default_rng(self.seed)
        c = self.channels
        self.oc, self.ic, self.lanes = (min(n, c) for n in (self.oc, self.ic, self.lanes))
        self.intake = min(self.intake or self.ic, c)
        self.x = rng.integers(-4096, 4096, (c, self.height, self.width))
        self.x[:, 0, 0] = 0
        self.gamma = rng.integers(0, 1 << 17, (c, c)) >> rng.integers(0, 12, (c, c))
        self.beta = rng.integers(1, 1 << 12, c)
        power = 1 << 24 if self.form == "rsqrt" else 1 << 12
        self.acc = (1, int(self.gamma.sum(axis=1).max()) * power + (1 << 12))
        while rshr(self.acc[1], self.norm_shift) >= 1 << 31:
            self.norm_shift += 1
        self.norm = (1, max(1, rshr(self.acc[1], self.norm_shift)))
        self.multiplier = rng.integers(1 << 16, 1 << 17, c)
        # Shifts that spread the results over the range, and keep every total shift in [0, 62].
        roots = [self.root(int(n)) for n in self.pairs(self.x)[1::2].flat]
        values = [abs(int(x)) * m * 2.0**e for x, (m, e) in zip(self.x.flat, roots, strict=True)]
        spread = (
            int(np.log2(max(np.median(values), 1))) + 1 - (5 if self.out_element == "i8" else 10)
        )
        least, most = min(e for _, e in roots), max(e for _, e in roots)
        self.shift = np.clip(spread + rng.integers(-1, 2, c), max(most - 16, 0), 46 + least)

    def pairs(self, x):
        power = x * x if self.form == "rsqrt" else np.abs(x)
        acc = np.einsum("ij,jhw->ihw", self.gamma, power) + self.beta[:, None, None]
        norm = np.maximum(1, rshr(acc, self.norm_shift))
        return np.stack([x, norm], axis=1).reshape(-1, *x.shape[1:])

    def result(self, x):
        pairs = self.pairs(x)
        lo, hi = {"i8": (-128, 127), "i16": (-4096, 4095)}[self.out_element]
        out = np.zeros_like(x)
        for c, y, z in np.ndindex(x.shape):
            mantissa, exponent = self.root(int(pairs[2 * c + 1, y, z]))
            v = int(x[c, y, z]) * mantissa * int(self.multiplier[c])
            out[c, y, z] = min(max(rshr(v, int(self.shift[c]) + 16 - exponent), lo), hi)
        return out

    def root(self, norm):
        """docs/semantics.md, "GDN", on Python's integers, with the table's own formula."""
        if self.form == "rsqrt":
            e = (norm.bit_length() - 1) // 2
            m = (norm << (30 - 2 * e)) >> 14
            r0 = table_entry("rsqrt", m)
            q = rshr(r0 * r0, 16)
            r = rshr(r0 * (3 * 2**16 - rshr(m * q, 16)), 17)
            return (rshr(m * r, 16), e) if self.inverse else (r, -e)
        e = norm.bit_length() - 1
        m = (norm << (30 - e)) >> 14
        if self.inverse:
            return m, e
        r0 = table_entry("gdn1", m)
        return rshr(r0 * (2 * 2**16 - rshr(m * r0, 16)), 16), -e

    def text(self, value, start, prefix="g_a_1", layer="g_a.1"):
        """Processes from %value; the names of their values are start, start + 1, ..."""
        c, (h, w) = self.channels, self.x.shape[1:]
        ci, co = ceil(c, self.ic), ceil(c, self.oc)
        gamma = np.zeros((co * self.oc, ci * self.ic), np.int64)
        gamma[:c, :c] = self.gamma
        gamma = gamma.reshape(co, self.oc, ci, self.ic).transpose(0, 2, 1, 3).reshape(co * ci, -1)
        beta = lanes_of(self.beta, self.oc)
        multiplier, shift = lanes_of(self.multiplier, self.lanes), lanes_of(self.shift, self.lanes)
        kept = root_table(self.form)[:, None]
        folding = folding_text(self.oc, self.ic)
        wide, narrow = stream("i32", 2 * self.oc), stream("i32", 2 * self.lanes)
        lo, hi = {"i8": (-128, 127), "i16": (-4096, 4095)}[self.out_element]
        text = (
            f'  %{start} = "hls.process"(%{value}) ({{\n    ^bb0(%in: {stream("i16", self.intake)}):\n'
            + memory("gamma", "g", gamma, "i32")
            + memory("beta", "b", beta, "i64")
            + f'      %p = "hls.gdn_norm"(%in, %g, %b) {{shape = {array((c, h, w))}, form = "{self.form}", '
            f"norm_shift = {self.norm_shift} : i64, acc_range = {array(self.acc)}, norm_range = {array(self.norm)}, "
            f"folding = {folding}}} : ({stream('i16', self.intake)}, {memory_type(gamma, 'i32')}, {memory_type(beta, 'i64')}) "
            f"-> vector<{2 * self.oc}xi32>\n"
            f'      "hls.write"(%p) : (vector<{2 * self.oc}xi32>) -> ()\n    }}) '
            f'{{name = "{prefix}_norm", layer = "{layer}"}} : ({stream("i16", self.intake)}) -> {wide}\n'
        )
        if self.oc != self.lanes:
            start += 1
            text += repack(
                start - 1,
                start,
                (2 * c, h, w),
                "i32",
                2 * self.oc,
                2 * self.lanes,
                f"{prefix}_repack",
                layer,
            )
        return text + (
            f'  %{start + 1} = "hls.process"(%{start}) ({{\n    ^bb0(%in: {narrow}):\n'
            + memory("table", "t", kept, "i32", "rom")
            + memory("multiplier", "m", multiplier, "i32")
            + memory("shift", "s", shift, "i8")
            + f'      %pair = "hls.read"(%in) {{shape = {array((2 * c, h, w))}}} : ({narrow}) -> vector<{2 * self.lanes}xi32>\n'
            f'      %y = "hls.gdn_root"(%pair, %t, %m, %s) {{form = "{self.form}", inverse = {str(self.inverse).lower()}, '
            f"range = array<i64: {lo}, {hi}>}} : (vector<{2 * self.lanes}xi32>, {memory_type(kept, 'i32')}, "
            f"{memory_type(multiplier, 'i32')}, {memory_type(shift, 'i8')}) -> vector<{self.lanes}x{self.out_element}>\n"
            f'      "hls.write"(%y) : (vector<{self.lanes}x{self.out_element}>) -> ()\n    }}) '
            f'{{name = "{prefix}_root", layer = "{layer}"}} : ({narrow}) -> {stream(self.out_element, self.lanes)}\n'
        )

    def module(self):
        last = 3 if self.oc != self.lanes else 2
        body = port_in(self.x.shape, "i16", self.intake, "latent") + self.text(0, 1)
        return design(
            "g_a", "encoder", body + port_out(last, self.x.shape, self.out_element, self.lanes)
        )

    def golden(self):
        pairs = self.pairs(self.x)
        return {"g_a_1_norm": pairs, "g_a_1_repack": pairs, "g_a_1_root": self.result(self.x)}


def table_entry(form, m):
    """The entry for a mantissa of 16 fraction bits: 2^16 / sqrt or 2^16 / 1 of the interval's midpoint."""
    if form == "rsqrt":
        step = 512 if m < 1 << 17 else 1024
        middle = (m // step * step + step / 2) / 65536
        return round(65536 / middle**0.5)
    middle = (m // 256 * 256 + 128) / 65536
    return round(65536 / middle)


def root_table(form):
    if form == "rsqrt":
        starts = [65536 + 512 * i for i in range(128)] + [131072 + 1024 * i for i in range(128)]
    else:
        starts = [65536 + 256 * i for i in range(256)]
    return np.array([table_entry(form, m) for m in starts])


def repack(value, result, shape, element, lanes_in, lanes_out, name, layer):
    read, written = stream(element, lanes_in), stream(element, lanes_out)
    return (
        f'  %{result} = "hls.process"(%{value}) ({{\n    ^bb0(%in: {read}):\n'
        f'      %p = "hls.repack"(%in) {{shape = {array(shape)}}} : ({read}) -> vector<{lanes_out}x{element}>\n'
        f'      "hls.write"(%p) : (vector<{lanes_out}x{element}>) -> ()\n    }}) '
        f'{{name = "{name}", layer = "{layer}"}} : ({read}) -> {written}\n'
    )


def pointwise(value, result, shape, element, lanes, units, out_element, name, layer, memories=""):
    """A process of lane units; `units` is text from %word to %last."""
    read = stream(element, lanes)
    return (
        f'  %{result} = "hls.process"(%{value}) ({{\n    ^bb0(%in: {read}):\n{memories}'
        f'      %word = "hls.read"(%in) {{shape = {array(shape)}}} : ({read}) -> vector<{lanes}x{element}>\n{units}'
        f'      "hls.write"(%last) : (vector<{lanes}x{out_element}>) -> ()\n    }}) '
        f'{{name = "{name}", layer = "{layer}"}} : ({read}) -> {stream(out_element, lanes)}\n'
    )
