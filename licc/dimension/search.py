# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which width to ask for next, and which one is the answer: no schedule is made here.

Rates fall as widths grow, but not with every step: some widths fold better than the one before. So the widest width
that is fast enough is looked for by bisection, and then the two behind it have to be too slow.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# Beyond the answer, so many widths have to be too slow.
NEIGHBOURS = 2
# How the rate falls with the width, for guesses: between N (first and last layer) and N^2 (those in the middle).
POWER = 1.7
# For the first guess: the part of a device's multipliers that a schedule keeps busy.
BUSY = 0.9

Rates = Mapping[int, float]


@dataclass(frozen=True)
class Widths:
    """The widths to choose from: `step`, 2 `step`, ... up to `most`."""

    step: int
    most: int

    @property
    def count(self) -> int:
        """How many there are."""
        return self.most // self.step


def answer(rates: Rates, wanted: float) -> int | None:
    """The widest width that is known to reach `wanted` images a second; None without.

    Args:
        rates: images a second by width, 0 where there is no schedule.
        wanted: images a second.
    """
    return max((n for n, rate in rates.items() if rate >= wanted), default=None)


def ask(rates: Rates, wanted: float, widths: Widths, first: int) -> list[int]:
    """The widths to schedule next, the most telling first; none when the answer is known.

    Args:
        rates: images a second by width, as far as they are known.
        wanted: images a second.
        widths: to choose from.
        first: what to begin with where nothing is known.
    """
    known = {n // widths.step: rate for n, rate in rates.items() if n % widths.step == 0}
    known = {k: rate for k, rate in known.items() if 1 <= k <= widths.count}
    if not known:
        return [_inside(round(first / widths.step), 0, widths.count + 1) * widths.step]
    low = max((k for k, rate in known.items() if rate >= wanted), default=0)
    high = min((k for k in known if k > low), default=widths.count + 1)
    if high - low > 1:
        return [_between(low, high, known, wanted) * widths.step]
    around = [low + 1 + i for i in range(NEIGHBOURS)] + [low - 1]
    return [
        k * widths.step for k in around if 1 <= k <= widths.count and k not in known and low > 0
    ]


def _between(low: int, high: int, known: Rates, wanted: float) -> int:
    """A width between two: where a power law through the nearer end says, else the middle."""
    ends = [k for k in (low, high) if known.get(k, 0.0) > 0.0]
    for k in sorted(ends, key=lambda k: abs(math.log(known[k] / wanted))):
        # Rounded towards the other end, so that each guess is likely to be the end on the other side.
        guess = k * (known[k] / wanted) ** (1.0 / POWER)
        found = math.floor(guess) if k == high else math.ceil(guess)
        if low < found < high:
            return found
    return (low + high) // 2


def _inside(k: int, low: int, high: int) -> int:
    return min(max(k, low + 1), high - 1)


def guess(wanted: float, m: int, multiplications: float, widths: Widths) -> int:
    """A width to begin with: that of the four 5x5 convolutions and three GDNs of bmshj2018.

    Args:
        wanted: images a second.
        m: channels of the latent.
        multiplications: by pixel, that the device does in a second, two in a DSP.
        widths: to choose from.
    """

    def rate(n: int) -> float:
        # Multiplications by pixel: convolutions, then GDNs, of which a DSP does one at a time.
        macs = 75 * n / 4 + 25 * n * n / 16 + 25 * n * n / 64 + 25 * n * m / 256
        return BUSY * multiplications / (macs + 2 * 21 * n * n / 64)

    each = range(widths.step, widths.most + 1, widths.step)
    return max((n for n in each if rate(n) >= wanted), default=widths.step)


def left(rates: Rates, wanted: Sequence[float], widths: Widths) -> int:
    """About how many widths are still to be scheduled, for a bar."""
    if not rates:
        return len(wanted) * (2 + NEIGHBOURS)
    return sum(len(ask(rates, each, widths, widths.step)) for each in wanted)
