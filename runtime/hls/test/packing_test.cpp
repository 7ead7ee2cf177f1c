// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Several multiplications in one DSP48E2 against plain products: single products exhaustively, cascades
// at their worst, arrays of odd shapes at random.
#include "licc_hls.hpp"

#include <cstdio>
#include <cstdlib>
#include <random>

namespace {

#if LICC_AP_INT
constexpr int STRIDE = 1009; // ap_int is slow: every 1009th case (a prime), and the edges
constexpr int ROUNDS = 40;
#else
constexpr int STRIDE = 1;
constexpr int ROUNDS = 4000;
#endif

void check(bool holds, const char* what, long a, long b = 0, long c = 0, long d = 0) {
  if (holds) return;
  std::printf("%s: wrong for %ld, %ld, %ld, %ld\n", what, a, b, c, d);
  std::exit(1);
}

/// Values of a factor: `least` to `greatest`.
struct Range {
  int least;
  int greatest;
  int count() const { return greatest - least + 1; }
};

constexpr Range WEIGHTS = {-128, 127};
constexpr Range NIBBLES = {-8, 7};

/// Activations of BITS significant bits; for two in a port, signed ones of more than 8 are symmetric.
template <class Activation, int BITS>
constexpr Range activations(bool symmetric = false) {
  if (!std::is_signed<Activation>::value) return {0, (1 << BITS) - 1};
  const int top = (1 << (BITS - 1)) - 1;
  return {symmetric && BITS > 8 ? -top : -top - 1, top};
}

/// Calls `test(a, b, c)` for all values of three factors: every STRIDEth, and those next to an end of
/// all three ranges.
template <class Test>
void for_all(Range as, Range bs, Range cs, Test test) {
  const auto edge = [](int v, Range r) { return v <= r.least + 1 || v >= r.greatest - 1; };
  int next = 0;
  for (int a = as.least; a <= as.greatest; ++a) {
    for (int b = bs.least; b <= bs.greatest; ++b) {
      const bool edges = STRIDE > 1 && edge(a, as) && edge(b, bs);
      for (int c = cs.least; c <= cs.greatest; ++c) {
        if (STRIDE == 1 || next++ % STRIDE == 0 || (edges && edge(c, cs))) test(a, b, c);
      }
    }
  }
}

// ---- Single products
/// All triples of two weights and an activation.
template <class Activation, int BITS>
void pairs() {
  for_all(WEIGHTS, WEIGHTS, activations<Activation, BITS>(), [](int w1, int w0, int x) {
    const std::int8_t weights[2] = {std::int8_t(w0), std::int8_t(w1)};
    const Activation window[1] = {Activation(x)};
    std::int32_t sums[2] = {};
    licc::packed_pairs<1, 2, 1, Activation, BITS>(weights, window, sums);
    check(sums[0] == w0 * x && sums[1] == w1 * x, "pair", BITS, w1, w0, x);
  });
}

/// All triples of two activations and a weight.
template <class Activation, int BITS>
void pixels() {
  const Range xs = activations<Activation, BITS>(true);
  for_all(xs, xs, WEIGHTS, [](int x1, int x0, int w) {
    const std::int8_t weights[1] = {std::int8_t(w)};
    const Activation window[2] = {Activation(x0), Activation(x1)};
    std::int32_t sums[2] = {};
    licc::packed_pixels<2, 1, 1, Activation, BITS>(weights, window, sums);
    check(sums[0] == w * x0 && sums[1] == w * x1, "pixels", BITS, x1, x0, w);
  });
}

/// All quadruples of two weights and two activations.
template <class Activation>
void quads() {
  const Range xs = activations<Activation, 4>();
  for (int x1 = xs.least; x1 <= xs.greatest; ++x1) {
    for_all(NIBBLES, NIBBLES, xs, [x1](int w1, int w0, int x0) {
      const std::int8_t weights[2] = {std::int8_t(w0), std::int8_t(w1)};
      const Activation window[2] = {Activation(x0), Activation(x1)};
      std::int32_t sums[4] = {};
      licc::packed_quads<2, 2, 1, Activation>(weights, window, sums);
      check(sums[0] == w0 * x0 && sums[1] == w1 * x0, "quad, first position", w1, w0, x1, x0);
      check(sums[2] == w0 * x1 && sums[3] == w1 * x1, "quad, second position", w1, w0, x1, x0);
    });
  }
}

/// All quintuples of four weights and an activation.
void fours() {
  constexpr Range SYMMETRIC = {-7, 7};
  for (int w3 = -7; w3 <= 7; ++w3) {
    for_all(SYMMETRIC, SYMMETRIC, {-7, 7}, [w3](int w2, int w1, int w0) {
      for (int x = -8; x <= 7; ++x) {
        const std::int8_t weights[4] = {std::int8_t(w0), std::int8_t(w1), std::int8_t(w2),
                                        std::int8_t(w3)};
        const std::int8_t window[1] = {std::int8_t(x)};
        std::int32_t sums[4] = {};
        licc::packed_fours<1, 4, 1>(weights, window, sums);
        check(sums[0] == w0 * x && sums[1] == w1 * x, "four, low", w1, w0, x);
        check(sums[2] == w2 * x && sums[3] == w3 * x, "four, high", w3, w2, x);
      }
    });
  }
}

// ---- Cascades
/// Any sum of packed products splits exactly: all values of the low lane, below sums of any sign.
template <int LANE>
void split() {
  constexpr long HALF = 1L << (LANE - 1);
  for (const long high : {0L, 1L, -1L, 77L, -77L, (1L << 24) - 1, -(1L << 24)}) {
    long stride = 1;
    for (long low = -HALF; low < HALF; low += stride) {
      const bool edge = low < 3 - HALF || low + STRIDE >= HALF - 3;
      stride = edge ? 1 : STRIDE;
      const licc::Int<48> sum = high * (1L << LANE) + low;
      check(licc::low_lane<LANE>(sum) == low, "low lane", LANE, high, low);
      check(licc::high_lane<LANE>(sum) == high, "high lane", LANE, high, low);
    }
  }
}

enum class Packing { Pairs, Pixels, Quads };

/// An array against plain sums, at the extremes that fill the lanes and at random. SYMMETRIC weights
/// exclude the least one.
template <Packing PACKING, int PIXELS, int OUTPUTS, int TAPS, class Activation, int BITS,
          bool SYMMETRIC = false>
void array() {
  const Range ws = PACKING != Packing::Quads ? WEIGHTS : SYMMETRIC ? Range{-7, 7} : NIBBLES;
  const Range xs = activations<Activation, BITS>(PACKING == Packing::Pixels);
  std::mt19937 random(PIXELS * 10000 + OUTPUTS * 1000 + TAPS);
  const auto pick = [&](Range range, int round, int bit) {
    if (round >= 16) return range.least + static_cast<int>(random() % range.count());
    // Four rounds each with one end everywhere; then ends at random, lane against lane.
    const bool high = round < 4 ? (round >> bit & 1) != 0 : (random() & 1) != 0;
    return high ? range.greatest : range.least;
  };
  for (int round = 0; round < ROUNDS; ++round) {
    std::int8_t weights[OUTPUTS * TAPS];
    Activation window[PIXELS * TAPS];
    std::int32_t sums[PIXELS * OUTPUTS], single[PIXELS * OUTPUTS], packed[PIXELS * OUTPUTS];
    for (auto& w : weights) w = static_cast<std::int8_t>(pick(ws, round, 0));
    for (auto& x : window) x = static_cast<Activation>(pick(xs, round, 1));
    for (int i = 0; i < PIXELS * OUTPUTS; ++i) sums[i] = single[i] = packed[i] = 7 * i - 11;
    licc::multiply_add<PIXELS, OUTPUTS, TAPS, Activation, BITS>(weights, window, single);
    if constexpr (PACKING == Packing::Pairs) {
      licc::multiply_add_pairs<PIXELS, OUTPUTS, TAPS, Activation, BITS>(weights, window, sums);
      licc::packed_pairs<PIXELS, OUTPUTS, TAPS, Activation, BITS>(weights, window, packed);
    } else if constexpr (PACKING == Packing::Pixels) {
      licc::multiply_add_pixels<PIXELS, OUTPUTS, TAPS, Activation, BITS>(weights, window, sums);
      licc::packed_pixels<PIXELS, OUTPUTS, TAPS, Activation, BITS>(weights, window, packed);
    } else {
      licc::multiply_add_quads<PIXELS, OUTPUTS, TAPS, Activation, BITS>(weights, window, sums);
      if constexpr (PIXELS % 2 == 0) {
        licc::packed_quads<PIXELS, OUTPUTS, TAPS, Activation>(weights, window, packed);
      } else {
        licc::packed_fours<PIXELS, OUTPUTS, TAPS>(weights, window, packed);
      }
    }
    for (int pixel = 0; pixel < PIXELS; ++pixel) {
      for (int output = 0; output < OUTPUTS; ++output) {
        const int i = pixel * OUTPUTS + output;
        long wanted = 7 * i - 11;
        for (int k = 0; k < TAPS; ++k) {
          wanted += long(weights[output * TAPS + k]) * window[pixel * TAPS + k];
        }
        check(single[i] == wanted, "single sum", BITS, TAPS, round, i);
        check(packed[i] == wanted, "packed sum", BITS, TAPS, round, i);
        check(sums[i] == wanted, "sum", BITS, TAPS, round, i);
      }
    }
  }
}

/// Arrays whose cascades are as long as they may be, one longer, and many.
template <Packing PACKING, class Activation, int BITS, int LONGEST>
void cascades() {
  array<PACKING, 2, 2, 1, Activation, BITS>();
  array<PACKING, 2, 4, LONGEST, Activation, BITS>();
  array<PACKING, 4, 2, LONGEST + 1, Activation, BITS>();
  array<PACKING, 2, 6, 6 * LONGEST + 3, Activation, BITS>();
  if constexpr (PACKING == Packing::Pairs) array<PACKING, 3, 2, LONGEST, Activation, BITS>();
  if constexpr (PACKING == Packing::Pixels) array<PACKING, 2, 3, LONGEST, Activation, BITS>();
}

} // namespace

int main() {
  using I8 = std::int8_t;
  using U8 = std::uint8_t;
  using I16 = std::int16_t;
  pairs<I8, 8>();
  pairs<U8, 8>();
  pairs<I16, 9>();
  pairs<I16, 10>();
  pixels<I8, 8>();
  pixels<U8, 8>();
  pixels<I16, 9>();
  pixels<I16, 10>();
  quads<I8>();
  quads<U8>();
  fours();
  split<7>();
  split<11>();
  split<17>();
  split<18>();
  cascades<Packing::Pairs, I8, 8, 7>();
  cascades<Packing::Pairs, U8, 8, 4>();
  cascades<Packing::Pairs, I16, 9, 3>();
  cascades<Packing::Pairs, I16, 10, 1>();
  cascades<Packing::Pairs, I8, 5, 63>();
  cascades<Packing::Pixels, I8, 8, 7>();
  cascades<Packing::Pixels, U8, 8, 4>();
  cascades<Packing::Pixels, I16, 9, 3>();
  cascades<Packing::Pixels, I16, 10, 1>();
  cascades<Packing::Quads, I8, 4, 15>();
  cascades<Packing::Quads, U8, 4, 8>();
  array<Packing::Quads, 1, 4, 1, I8, 4, true>();
  array<Packing::Quads, 3, 8, 9, I8, 4, true>();
  std::puts("all packed products agree with plain ones");
}
