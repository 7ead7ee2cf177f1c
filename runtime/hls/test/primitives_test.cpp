// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The primitives of licc_hls.hpp against plain models on 128-bit integers.
#include "licc_hls.hpp"
#include "root_tables.hpp"

#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

namespace {

using Wide = __int128;

#if LICC_AP_INT
constexpr int STRIDE = 61; // ap_int is slow: every 61st case, and the edges
#else
constexpr int STRIDE = 1;
#endif

void check(bool holds, const char* what, long a, long b = 0, long c = 0) {
  if (holds) return;
  std::printf("%s: wrong for %ld, %ld, %ld\n", what, a, b, c);
  std::exit(1);
}

// ---- Plain models
Wide model_rshr(Wide v, int s) { return s == 0 ? v : (v + (Wide(1) << (s - 1))) >> s; }

long model_clamp(Wide v, long lo, long hi) {
  return v < lo ? lo : v > hi ? hi : static_cast<long>(v);
}

struct ModelRoot {
  long mantissa;
  int exponent;
};

int bit_length(std::uint32_t v) {
  int bits = 0;
  for (; v != 0; v >>= 1) ++bits;
  return bits;
}

ModelRoot model_root(std::uint32_t norm, bool rsqrt, bool inverse) {
  const int e = rsqrt ? (bit_length(norm) - 1) / 2 : bit_length(norm) - 1;
  const long aligned = static_cast<long>(norm) << (rsqrt ? 30 - 2 * e : 30 - e);
  const long m = aligned >> 14;
  if (!rsqrt) {
    if (inverse) return {m, e};
    const Wide r0 = LICC_RECIP_TABLE[(aligned >> 22) - 256];
    return {static_cast<long>(model_rshr(r0 * (131072 - model_rshr(m * r0, 16)), 16)), -e};
  }
  const long entry = aligned < (1L << 31) ? (aligned >> 23) - 128 : aligned >> 24;
  const Wide r0 = LICC_RSQRT_TABLE[entry];
  const Wide q = model_rshr(r0 * r0, 16);
  const Wide r = model_rshr(r0 * (196608 - model_rshr(m * q, 16)), 17);
  if (!inverse) return {static_cast<long>(r), -e};
  return {static_cast<long>(model_rshr(m * r, 16)), e};
}

// ---- Tests
template <int W>
std::vector<long> samples() {
  const long top = (1L << (W - 1)) - 1;
  std::vector<long> values = {0, 1, -1, 2, -2, 3, -3, top, top - 1, -top, -top - 1};
  std::mt19937_64 random(W);
  for (int i = 0; i < 40; ++i) {
    const int bits = static_cast<int>(random() % W);
    values.push_back(static_cast<long>(random()) >> (63 - bits));
  }
  return values;
}

template <int W>
void rounding() {
  for (const long v : samples<W>()) {
    for (int s = 0; s <= 62; ++s) {
      check(licc::rshr<W>(licc::Int<W>(v), s) == static_cast<long>(model_rshr(v, s)), "rshr", v, s, W);
    }
  }
}

template <int W, licc::Built BUILT>
void requantization() {
  for (const long v : samples<W>()) {
    for (const long m : {65536L, 65537L, 100000L, 131071L}) {
      for (int s = 0; s <= 62; ++s) {
        const long scaled = model_clamp(model_rshr(Wide(v) * m, s), -128, 127);
        check(licc::requantize<W, BUILT>(v, m, s, -128, 127) == scaled, "requantize", v, m, s);
        const long leaky = v >= 0 ? model_clamp(v, -128, 127) : scaled;
        check(licc::leaky_relu<W, BUILT>(v, m, s, -128, 127) == leaky, "leaky_relu", v, m, s);
        const long moved = model_clamp(model_rshr(Wide(v) * m - Wide(77) * 131071, s), -300, 300);
        check(licc::add<W, BUILT>(v, m, -77, 131071, s, -300, 300) == moved, "add", v, m, s);
      }
    }
    check(licc::relu<W>(v, 0, 127) == model_clamp(v < 0 ? 0 : v, 0, 127), "relu", v);
    check(licc::absolute<W>(v, 0, 127) == model_clamp(v < 0 ? -v : v, 0, 127), "abs", v);
  }
}

/// Roots of norms at and beside every power of two, of table edges, and at random; then the scaling.
template <bool INVERSE, licc::Built BUILT>
void roots() {
  licc::UInt<17> rsqrt[256];
  licc::UInt<17> recip[256];
  for (int i = 0; i < 256; ++i) {
    rsqrt[i] = LICC_RSQRT_TABLE[i];
    recip[i] = LICC_RECIP_TABLE[i];
  }
  std::vector<std::uint32_t> norms = {1, 2, 3, 0x7FFFFFFFU};
  for (int bit = 1; bit < 31; ++bit) {
    const std::uint32_t one = 1U << bit;
    norms.insert(norms.end(), {one - 1, one, one + 1});
  }
  for (std::uint32_t m = 1U << 16; m < 1U << 18; ++m) norms.push_back(m << 12); // all, in any width
  std::mt19937 random(1);
  for (int i = 0; i < 300000 / STRIDE; ++i) norms.push_back((random() >> (random() % 31 + 1)) | 1U);
  for (const std::uint32_t norm : norms) {
    for (const bool form : {true, false}) {
      const ModelRoot wanted = model_root(norm, form, INVERSE);
      const licc::Root got = form ? licc::root_sqrt<INVERSE, BUILT>(norm, rsqrt)
                                  : licc::root_reciprocal<INVERSE, BUILT>(norm, recip);
      check(got.mantissa == static_cast<std::uint32_t>(wanted.mantissa), "mantissa", norm, form);
      check(got.exponent == wanted.exponent, "exponent", norm, form);
      const long x = static_cast<long>(random() % 8192) - 4096;
      const long multiplier = 65536 + static_cast<long>(random() % 65536);
      const int shift = wanted.exponent > 0 ? wanted.exponent + 4 : 16;
      const long y = model_clamp(
          model_rshr(Wide(x) * wanted.mantissa * multiplier, shift + 16 - wanted.exponent), -128, 127);
      const long scaled = licc::scale_by_root<BUILT>(x, got, multiplier, shift, -128, 127);
      check(scaled == y, "scaled", norm, x, form);
    }
  }
}

template <licc::Built BUILT>
void norms() {
  std::mt19937 random(2);
  for (int round = 0; round < 20000 / STRIDE; ++round) {
    licc::UInt<17> gamma[6];
    licc::Int<27> power[3];
    licc::Int<48> sums[2] = {5, 7};
    long wanted[2] = {5, 7};
    long g[6];
    for (int i = 0; i < 6; ++i) gamma[i] = g[i] = random() % 131072;
    for (int i = 0; i < 3; ++i) {
      const long x = round == 0 ? -4096 : static_cast<long>(random() % 8192) - 4096;
      power[i] = round % 2 == 0 ? licc::square<BUILT>(x) : licc::magnitude(x);
      const long p = round % 2 == 0 ? x * x : std::labs(x);
      for (int o = 0; o < 2; ++o) wanted[o] += g[3 * o + i] * p;
    }
    licc::multiply_add_norm<2, 3>(gamma, power, sums);
    for (int o = 0; o < 2; ++o) {
      check(sums[o] == wanted[o], "norm sum", round, o);
      const int shift = 12 + round % 9;
      const long norm = static_cast<long>(model_rshr(wanted[o], shift));
      check(licc::norm_of(sums[o], shift) == (norm < 1 ? 1 : norm), "norm", wanted[o], shift);
    }
  }
}

/// Tensors through unpack and pack come back, dense as they were, and their words are filled up with zeros.
template <class T, int CHANNELS, int LANES>
void ports() {
  constexpr int PIXELS = 13;
  constexpr int FRAMES = 3;
  constexpr int BYTES = CHANNELS * PIXELS * sizeof(T);
  constexpr int BEATS = licc::beats_of(FRAMES, BYTES);
  std::vector<T> values(BEATS * 8 / sizeof(T), 0);
  std::mt19937 random(LANES);
  for (int i = 0; i < CHANNELS * PIXELS * FRAMES; ++i) values[i] = static_cast<T>(random());
  std::vector<licc::Beat> memory(BEATS), back(BEATS);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto bits = static_cast<std::make_unsigned_t<T>>(values[i]);
    memory[i * sizeof(T) / 8] |= licc::Beat(bits) << (8 * (i * sizeof(T) % 8));
  }
  hls::stream<licc::Beat> beats("beats"), packed("packed");
  hls::stream<licc::Pack<T, LANES>> words("words"), again("again");
  licc::load_beats<BYTES>(memory.data(), beats, FRAMES);
  licc::unpack_beats<CHANNELS, PIXELS>(beats, words, FRAMES);
  constexpr int WORDS = licc::ceil_div(CHANNELS, LANES);
  for (int word = 0; word < FRAMES * PIXELS * WORDS; ++word) {
    const auto taken = words.read();
    for (int lane = 0; lane < LANES; ++lane) {
      const int channel = word % WORDS * LANES + lane;
      const T wanted = channel < CHANNELS ? values[word / WORDS * CHANNELS + channel] : T(0);
      check(taken.lane[lane] == wanted, "unpacked", CHANNELS, LANES, word);
    }
    again.write(taken);
  }
  check(words.empty() && beats.empty(), "unpack leaves something", CHANNELS, LANES);
  licc::pack_beats<CHANNELS, PIXELS>(again, packed, FRAMES);
  licc::store_beats<BYTES>(packed, back.data(), FRAMES);
  check(back == memory && packed.empty(), "packed", CHANNELS, LANES);
}

/// PART of WHOLE steps are taken, as early as is even.
template <int PART, int WHOLE>
void spreads() {
  int due = 0;
  int taken = 0;
  for (int step = 0; step < 3 * WHOLE; ++step) {
    taken += licc::spread<PART, WHOLE>(due) ? 1 : 0;
    check(taken == (step + 1) * PART / WHOLE, "spread", PART, WHOLE, step);
  }
}

template <int CHANNELS, int LANES>
void ports_of_all_types() {
  ports<std::uint8_t, CHANNELS, LANES>();
  ports<std::int8_t, CHANNELS, LANES>();
  ports<std::int16_t, CHANNELS, LANES>();
  ports<std::int32_t, CHANNELS, LANES>();
}

} // namespace

int main() {
  rounding<8>();
  rounding<16>();
  rounding<31>();
  rounding<33>();
  rounding<50>();
  rounding<60>();
  requantization<13, licc::DSP>();
  requantization<24, licc::DSP>();
  requantization<32, licc::DSP>();
  roots<false, licc::DSP>();
  roots<true, licc::DSP>();
  norms<licc::DSP>();
  requantization<24, licc::FABRIC>();
  roots<true, licc::FABRIC>();
  norms<licc::FABRIC>();
  ports_of_all_types<3, 1>();
  ports_of_all_types<3, 3>();
  ports_of_all_types<3, 8>();
  ports_of_all_types<7, 4>();
  ports_of_all_types<16, 8>();
  ports_of_all_types<17, 16>();
  ports_of_all_types<37, 32>();
  spreads<1, 1>();
  spreads<1, 7>();
  spreads<5, 7>();
  spreads<7, 7>();
  std::puts("all primitives agree with their models");
}
