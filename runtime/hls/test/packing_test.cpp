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

/// All values of a magnitude up to `most`.
constexpr Range upto(int most) { return {-most, most}; }

constexpr int greatest(Range range) { return licc::most(-range.least, range.greatest); }

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
template <int MOST_WEIGHT, int LEAST_VALUE, int MOST_VALUE>
void pairs() {
  constexpr int MOST = licc::most(-LEAST_VALUE, MOST_VALUE);
  constexpr Range WS = upto(MOST_WEIGHT);
  for_all(WS, WS, {LEAST_VALUE, MOST_VALUE}, [](int w1, int w0, int x) {
    const std::int16_t weights[2] = {std::int16_t(w0), std::int16_t(w1)};
    const std::int16_t window[1] = {std::int16_t(x)};
    std::int32_t sums[2] = {};
    licc::packed_pairs<1, 2, 1, MOST_WEIGHT, MOST>(weights, window, sums);
    check(sums[0] == w0 * x && sums[1] == w1 * x, "pair", MOST_WEIGHT, w1, w0, x);
  });
}

/// All triples of two activations and a weight.
template <int MOST_WEIGHT, int LEAST_VALUE, int MOST_VALUE>
void pixels() {
  constexpr int MOST = licc::most(-LEAST_VALUE, MOST_VALUE);
  constexpr Range XS = {LEAST_VALUE, MOST_VALUE};
  for_all(XS, XS, upto(MOST_WEIGHT), [](int x1, int x0, int w) {
    const std::int16_t weights[1] = {std::int16_t(w)};
    const std::int16_t window[2] = {std::int16_t(x0), std::int16_t(x1)};
    std::int32_t sums[2] = {};
    licc::packed_pixels<2, 1, 1, MOST_WEIGHT, MOST>(weights, window, sums);
    check(sums[0] == w * x0 && sums[1] == w * x1, "pixels", MOST_WEIGHT, x1, x0, w);
  });
}

/// All quadruples of two weights and two activations.
template <int MOST_WEIGHT, int LEAST_VALUE, int MOST_VALUE>
void quads() {
  constexpr int MOST = licc::most(-LEAST_VALUE, MOST_VALUE);
  for (int x1 = LEAST_VALUE; x1 <= MOST_VALUE; ++x1) {
    for_all(upto(MOST_WEIGHT), upto(MOST_WEIGHT), {LEAST_VALUE, MOST_VALUE},
            [x1](int w1, int w0, int x0) {
              const std::int8_t weights[2] = {std::int8_t(w0), std::int8_t(w1)};
              const std::int8_t window[2] = {std::int8_t(x0), std::int8_t(x1)};
              std::int32_t sums[4] = {};
              licc::packed_quads<2, 2, 1, MOST_WEIGHT, MOST>(weights, window, sums);
              check(sums[0] == w0 * x0 && sums[1] == w1 * x0, "quad, first", w1, w0, x1, x0);
              check(sums[2] == w0 * x1 && sums[3] == w1 * x1, "quad, second", w1, w0, x1, x0);
            });
  }
}

/// All quintuples of four weights and an activation.
template <int MOST_WEIGHT, int LEAST_VALUE, int MOST_VALUE>
void fours() {
  constexpr int MOST = licc::most(-LEAST_VALUE, MOST_VALUE);
  constexpr Range WS = upto(MOST_WEIGHT);
  for (int w3 = WS.least; w3 <= WS.greatest; ++w3) {
    for_all(WS, WS, WS, [w3](int w2, int w1, int w0) {
      for (int x = LEAST_VALUE; x <= MOST_VALUE; ++x) {
        const std::int8_t weights[4] = {std::int8_t(w0), std::int8_t(w1), std::int8_t(w2),
                                        std::int8_t(w3)};
        const std::int8_t window[1] = {std::int8_t(x)};
        std::int32_t sums[4] = {};
        licc::packed_fours<1, 4, 1, MOST_WEIGHT, MOST>(weights, window, sums);
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
  constexpr long TOP = 1L << licc::least(24, 46 - LANE); // of 48 bits
  for (const long high : {0L, 1L, -1L, 77L, -77L, TOP - 1, -TOP}) {
    long stride = 1;
    for (long low = -HALF; low < HALF; low += stride) {
      const bool edge = low < 3 - HALF || low + STRIDE >= HALF - 3;
      stride = edge ? 1 : STRIDE;
      const licc::Int<48> sum = high * (1L << LANE) + low + licc::halves<LANE, 2>();
      check(licc::low_lane<LANE>(sum) == low, "low lane", LANE, high, low);
      check(licc::high_lane<LANE>(sum) == high, "high lane", LANE, high, low);
    }
  }
}

enum class Packing { Pairs, Pixels, Quads };

/// An array against plain sums, at the extremes that fill the lanes and at random.
template <Packing PACKING, int PIXELS, int OUTPUTS, int TAPS, int MOST_WEIGHT, int LEAST_VALUE,
          int MOST_VALUE>
void array() {
  constexpr Range WS = upto(MOST_WEIGHT), XS = {LEAST_VALUE, MOST_VALUE};
  constexpr int MOST = greatest(XS);
  std::mt19937 random(PIXELS * 10000 + OUTPUTS * 1000 + TAPS);
  const auto pick = [&](Range range, int round, int bit) {
    if (round >= 16) return range.least + static_cast<int>(random() % range.count());
    // Four rounds each with one end everywhere; then ends at random, lane against lane.
    const bool high = round < 4 ? (round >> bit & 1) != 0 : (random() & 1) != 0;
    return high ? range.greatest : range.least;
  };
  for (int round = 0; round < ROUNDS; ++round) {
    std::int16_t weights[OUTPUTS * TAPS];
    std::int16_t window[PIXELS * TAPS];
    std::int32_t sums[PIXELS * OUTPUTS], single[PIXELS * OUTPUTS], packed[PIXELS * OUTPUTS];
    for (auto& w : weights) w = static_cast<std::int16_t>(pick(WS, round, 0));
    for (auto& x : window) x = static_cast<std::int16_t>(pick(XS, round, 1));
    for (int i = 0; i < PIXELS * OUTPUTS; ++i) sums[i] = single[i] = packed[i] = 7 * i - 11;
    licc::multiply_add<PIXELS, OUTPUTS, TAPS, MOST_WEIGHT, MOST>(weights, window, single);
    if constexpr (PACKING == Packing::Pairs) {
      licc::multiply_add_pairs<PIXELS, OUTPUTS, TAPS, MOST_WEIGHT, MOST>(weights, window, sums);
      licc::packed_pairs<PIXELS, OUTPUTS, TAPS, MOST_WEIGHT, MOST>(weights, window, packed);
    } else if constexpr (PACKING == Packing::Pixels) {
      licc::multiply_add_pixels<PIXELS, OUTPUTS, TAPS, MOST_WEIGHT, MOST>(weights, window, sums);
      licc::packed_pixels<PIXELS, OUTPUTS, TAPS, MOST_WEIGHT, MOST>(weights, window, packed);
    } else {
      licc::multiply_add_quads<PIXELS, OUTPUTS, TAPS, MOST_WEIGHT, MOST>(weights, window, sums);
      if constexpr (PIXELS % 2 == 0) {
        licc::packed_quads<PIXELS, OUTPUTS, TAPS, MOST_WEIGHT, MOST>(weights, window, packed);
      } else {
        licc::packed_fours<PIXELS, OUTPUTS, TAPS, MOST_WEIGHT, MOST>(weights, window, packed);
      }
    }
    for (int pixel = 0; pixel < PIXELS; ++pixel) {
      for (int output = 0; output < OUTPUTS; ++output) {
        const int i = pixel * OUTPUTS + output;
        long wanted = 7 * i - 11;
        for (int k = 0; k < TAPS; ++k) {
          wanted += long(weights[output * TAPS + k]) * window[pixel * TAPS + k];
        }
        check(single[i] == wanted, "single sum", MOST_WEIGHT, TAPS, round, i);
        check(packed[i] == wanted, "packed sum", MOST_WEIGHT, TAPS, round, i);
        check(sums[i] == wanted, "sum", MOST_WEIGHT, TAPS, round, i);
      }
    }
  }
}

/// The longest cascade of a packing of two by two.
template <Packing PACKING>
constexpr int longest(int weight, int value) {
  const int lane = PACKING == Packing::Pairs    ? licc::two_lane(weight)
                   : PACKING == Packing::Pixels ? licc::two_lane(value)
                                                : licc::quad_lane(weight, value);
  return licc::cascade_length(lane, weight, value);
}

/// Arrays whose cascades are as long as they may be, one longer, and many. LONGEST is what the page says.
template <Packing PACKING, int LONGEST, int MOST_WEIGHT, int LEAST_VALUE, int MOST_VALUE>
void cascades() {
  static_assert(longest<PACKING>(MOST_WEIGHT, greatest({LEAST_VALUE, MOST_VALUE})) == LONGEST);
  constexpr int TAPS = licc::least(LONGEST, 64); // as far as arrays go
  array<PACKING, 2, 2, 1, MOST_WEIGHT, LEAST_VALUE, MOST_VALUE>();
  array<PACKING, 2, 4, TAPS, MOST_WEIGHT, LEAST_VALUE, MOST_VALUE>();
  array<PACKING, 4, 2, TAPS + 1, MOST_WEIGHT, LEAST_VALUE, MOST_VALUE>();
  array<PACKING, 2, 6, 6 * licc::least(TAPS, 8) + 3, MOST_WEIGHT, LEAST_VALUE, MOST_VALUE>();
  if constexpr (PACKING == Packing::Pairs) {
    array<PACKING, 3, 2, TAPS, MOST_WEIGHT, LEAST_VALUE, MOST_VALUE>();
  }
  if constexpr (PACKING == Packing::Pixels) {
    array<PACKING, 2, 3, TAPS, MOST_WEIGHT, LEAST_VALUE, MOST_VALUE>();
  }
}

} // namespace

int main() {
  // Weights are symmetric: of b bits up to 2^(b-1) - 1. The widest activations that go with them.
  pairs<127, -128, 127>();
  pairs<127, 0, 255>();
  pairs<127, -512, 511>();
  pairs<127, -2048, 2047>();
  pairs<255, -512, 511>();
  pairs<511, -128, 127>();
  pairs<63, -8192, 8191>();
  pairs<31, -32768, 32767>();
  pairs<128, -512, 511>();
  pixels<127, -128, 127>();
  pixels<127, 0, 255>();
  pixels<127, -511, 511>();
  pixels<255, -256, 255>();
  pixels<511, -255, 255>();
  pixels<511, 0, 255>();
  pixels<1023, -128, 127>();
  pixels<2047, 0, 127>();
  pixels<4095, -64, 63>();
  pixels<32767, -16, 15>();
  quads<7, -8, 7>();
  quads<7, 0, 15>();
  quads<8, -8, 7>();
  quads<7, -64, 63>();
  quads<15, -32, 31>();
  quads<31, -16, 15>();
  quads<63, -8, 7>();
  fours<7, -8, 7>();
  fours<8, -7, 7>();
  split<7>();
  split<8>();
  split<11>();
  split<16>();
  split<17>();
  split<18>();
  split<19>();
  split<23>();
  cascades<Packing::Pairs, 16, 127, -128, 127>();
  cascades<Packing::Pairs, 8, 127, 0, 255>();
  cascades<Packing::Pairs, 4, 127, -512, 511>();
  cascades<Packing::Pairs, 1, 127, -2048, 2047>();
  cascades<Packing::Pairs, 1, 255, -512, 511>();
  cascades<Packing::Pairs, 2, 255, -256, 255>();
  cascades<Packing::Pairs, 7, 128, -128, 127>();
  cascades<Packing::Pairs, 1170, 7, -512, 511>();
  cascades<Packing::Pixels, 8, 127, -128, 127>();
  cascades<Packing::Pixels, 16, 127, 0, 127>();
  cascades<Packing::Pixels, 4, 127, 0, 255>();
  cascades<Packing::Pixels, 1, 127, -511, 511>();
  cascades<Packing::Pixels, 1, 511, -255, 255>();
  cascades<Packing::Pixels, 2, 511, -128, 127>();
  cascades<Packing::Pixels, 1, 1023, -128, 127>();
  cascades<Packing::Pixels, 32, 2047, -16, 15>();
  cascades<Packing::Quads, 18, 7, -8, 7>();
  cascades<Packing::Quads, 9, 7, 0, 15>();
  cascades<Packing::Quads, 4, 15, -16, 15>();
  cascades<Packing::Quads, 1, 31, -16, 15>();
  array<Packing::Quads, 1, 4, 1, 7, -8, 7>();
  array<Packing::Quads, 3, 8, 9, 7, -8, 7>();
  std::puts("all packed products agree with plain ones");
}
