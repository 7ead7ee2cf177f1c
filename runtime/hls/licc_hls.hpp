// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What every emitted design includes: words of lanes, the integer law of docs/semantics.md, two
// multiplications a DSP, the roots of GDN, and the way between memory and streams.
//
// Widths. Arithmetic is written on Int<W> and UInt<W>. Synthesis sees AMD's ap_int and ap_uint of
// exactly W bits. C simulation sees the native type that holds W bits: the same values forty times
// faster, as no value here ever needs more bits than its type says. -DLICC_EXACT_WIDTHS simulates on
// ap_int too, which is how the tests show that the widths suffice.
#ifndef LICC_HLS_HPP
#define LICC_HLS_HPP

#include <hls_stream.h>

#include <cstdint>
#include <type_traits>

#if defined(__SYNTHESIS__) || defined(LICC_EXACT_WIDTHS)
#define LICC_AP_INT 1
#include <ap_int.h>
#else
#define LICC_AP_INT 0
#endif

namespace licc {

// -------------------------------------------------------------------------------------------------
// Types
// -------------------------------------------------------------------------------------------------

/// A word of a stream: `lane[i]` is channel `word * N + i` of a pixel.
template <class T, int N>
struct Pack {
  T lane[N];
};

/// A word of an AXI port, the least significant byte first.
using Beat = std::uint64_t;

#if LICC_AP_INT
template <int W>
using Int = ap_int<W>;
template <int W>
using UInt = ap_uint<W>;
#else
template <int W, class I8, class I16, class I32, class I64>
using Native =
    std::conditional_t<(W <= 8), I8,
                       std::conditional_t<(W <= 16), I16, std::conditional_t<(W <= 32), I32, I64>>>;
template <int W>
using Int = Native<W, std::int8_t, std::int16_t, std::int32_t, std::int64_t>;
template <int W>
using UInt = Native<W, std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t>;
#endif

// -------------------------------------------------------------------------------------------------
// Timed simulation
// -------------------------------------------------------------------------------------------------

/// Stages of the pipelines, by kind of loop. Assumed for about 300 MHz, not synthesised: a cycle or two
/// for each address, memory, multiplier and level of adders on the way. An output leaves that many
/// cycles behind its iteration, and what follows a loop waits for them.
constexpr int BEAT_STAGES = 2;         // a shift register, or a port; what DDR adds is not counted
constexpr int REPACK_STAGES = 2;       // a shift register
constexpr int WORD_STAGES = 24;        // a root, or units of single values
constexpr int NORM_STAGES = 20;        // square, MACs, adder tree, norm
constexpr int CONVOLUTION_STAGES = 32; // address, line buffer, window, MACs, adder tree

/// An iteration of a pipelined loop starts, with an interval of INTERVAL cycles. Costs nothing but in
/// the timed simulation, whose clocks it moves.
template <int INTERVAL, int STAGES>
inline void cycle() {
#pragma HLS inline // empty
#if defined(LICC_TIMED)
  timed::current()->iterate(INTERVAL, STAGES);
#endif
}

/// The loop that follows has BEFORE iterations in front of the first frame, and EACH for every PER
/// frames (rounded up, where frames end within a beat). Likewise; it is how the timed simulation knows
/// which frame a process is at.
template <int BEFORE, int EACH, int PER = 1>
inline void frames() {
#pragma HLS inline // empty
#if defined(LICC_TIMED)
  timed::current()->announce(BEFORE, EACH, PER);
#endif
}

/// A pipelined loop ends: what follows starts when its last iteration is through. Likewise.
inline void drain() {
#pragma HLS inline // empty
#if defined(LICC_TIMED)
  timed::current()->drain();
#endif
}

constexpr int ceil_div(int a, int b) { return (a + b - 1) / b; }
constexpr int least(int a, int b) { return a < b ? a : b; }
constexpr int most(int a, int b) { return a > b ? a : b; }

/// What a multiplier is made of: DSPs, if the tool does as it likes, or LUTs.
enum Built { DSP, FABRIC };

/// The exact product of an A-bit and a B-bit factor: one multiplier of A x B bits.
template <int A, int B, Built BUILT = DSP>
inline Int<A + B> multiply(Int<A> a, Int<B> b) {
#pragma HLS inline // a multiplier of its own for each use
  static_assert(A + B <= 64, "the product does not fit a native integer");
#if LICC_AP_INT
  if constexpr (BUILT == FABRIC) {
    const Int<A + B> product = a * b;
#pragma HLS bind_op variable=product op=mul impl=fabric // the arrays need all DSPs
    return product;
  } else {
    return a * b;
  }
#else
  return static_cast<Int<A + B>>(static_cast<Int<A + B>>(a) * b);
#endif
}

// -------------------------------------------------------------------------------------------------
// The integer law
// -------------------------------------------------------------------------------------------------

/// `v` if shift is 0, else `(v + 2^(shift-1)) >> shift`: rounds half up.
template <int W>
inline Int<W> rshr(Int<W> v, UInt<6> shift) {
#pragma HLS inline // part of the pipeline that uses it
  static_assert(W <= 62, "rounding adds a bit");
  if (shift > W) return 0; // |v| is at most half of the unit that is rounded to
  const Int<W + 1> half = shift == 0 ? Int<W + 1>(0) : Int<W + 1>(Int<W + 1>(1) << (shift - 1));
  return static_cast<Int<W>>((static_cast<Int<W + 1>>(v) + half) >> shift);
}

template <int W>
inline Int<32> clamp(Int<W> v, Int<32> lo, Int<32> hi) {
#pragma HLS inline // part of the pipeline that uses it
  if (v < lo) return lo;
  if (v > hi) return hi;
  return static_cast<Int<32>>(v);
}

/// `clamp(rshr(acc * multiplier, shift), lo, hi)`; the accumulator is proven to fit W bits.
template <int W, Built BUILT = DSP>
inline Int<32> requantize(Int<W> acc, UInt<17> multiplier, UInt<6> shift, Int<32> lo, Int<32> hi) {
#pragma HLS inline // a multiplier of its own for each lane
  const Int<W + 18> product = multiply<W, 18, BUILT>(acc, Int<18>(multiplier));
  return clamp<W + 18>(rshr<W + 18>(product, shift), lo, hi);
}

template <int W>
inline Int<32> relu(Int<W> v, Int<32> lo, Int<32> hi) {
#pragma HLS inline // part of the pipeline that uses it
  return clamp<W>(v < 0 ? Int<W>(0) : v, lo, hi);
}

/// `v` if it is not negative, else `rshr(v * multiplier, shift)`, clamped.
template <int W, Built BUILT = DSP>
inline Int<32> leaky_relu(Int<W> v, UInt<17> multiplier, UInt<6> shift, Int<32> lo, Int<32> hi) {
#pragma HLS inline // part of the pipeline that uses it
  if (v < 0) return requantize<W, BUILT>(v, multiplier, shift, lo, hi);
  return clamp<W>(v, lo, hi);
}

template <int W>
inline Int<32> absolute(Int<W> v, Int<32> lo, Int<32> hi) {
#pragma HLS inline // part of the pipeline that uses it
  const Int<W + 1> wide = v;
  return clamp<W + 1>(wide < 0 ? Int<W + 1>(-wide) : wide, lo, hi);
}

/// `clamp(rshr(a * ma + b * mb, shift), lo, hi)`.
template <int W, Built BUILT = DSP>
inline Int<32> add(Int<W> a, UInt<17> ma, Int<32> b, UInt<17> mb, UInt<6> shift, Int<32> lo,
                   Int<32> hi) {
#pragma HLS inline // part of the pipeline that uses it
  const Int<52> sum = Int<52>(multiply<W, 18, BUILT>(a, Int<18>(ma))) +
                      Int<52>(multiply<32, 18, BUILT>(b, Int<18>(mb)));
  return clamp<52>(rshr<52>(sum, shift), lo, hi);
}

/// The same for the values of two streams.
template <int W, Built BUILT = DSP>
inline Int<32> join(Int<W> a, UInt<17> ma, Int<W> b, UInt<17> mb, UInt<6> shift, Int<32> lo,
                    Int<32> hi) {
#pragma HLS inline // part of the pipeline that uses it
  const Int<W + 19> sum = Int<W + 19>(multiply<W, 18, BUILT>(a, Int<18>(ma))) +
                          Int<W + 19>(multiply<W, 18, BUILT>(b, Int<18>(mb)));
  return clamp<W + 19>(rshr<W + 19>(sum, shift), lo, hi);
}

/// `clamp(rshr(v, shift), lo, hi)`: the symbol of a latent.
template <int W>
inline Int<32> round_latent(Int<W> v, UInt<6> shift, Int<32> lo, Int<32> hi) {
#pragma HLS inline // part of the pipeline that uses it
  return clamp<W>(rshr<W>(v, shift), lo, hi);
}

// -------------------------------------------------------------------------------------------------
// Several multiplications in one DSP48E2
// -------------------------------------------------------------------------------------------------
//
// A factor packed as `f1 * 2^LANE + f0`, times a factor g that both share, is two products: that of f0
// in the low LANE bits, as long as it fits them as a signed number, and that of f1 above. Products are
// summed inside the DSPs in cascades of nearly equal length, as few as the lanes allow, and only their
// sums are split. docs/semantics.md, "Packed multiplication", derives the lanes from MOST_WEIGHT and
// MOST_VALUE, the greatest magnitudes that a weight and an activation are proven to have.
//
// All forms of `multiply_add` compute the same integers. Native simulation takes them from plain
// products, which g++ -O3 vectorises: 2,300 to 10,000 MMAC/s against 1,100 to 3,400 of the packed form.
// LICC_PACKED=1 simulates the packed form there too; synthesis and exact widths always have it.
#if !defined(LICC_PACKED)
#define LICC_PACKED LICC_AP_INT
#endif

/// Bits of a magnitude, without a sign.
constexpr int bits_of(std::int64_t magnitude) {
  int bits = 0;
  for (; magnitude > 0; magnitude /= 2) ++bits;
  return bits;
}

/// The widest lanes that the ports leave, of 26 and 17 bits and a sign: of two values up to `packed` in
/// the wide one, of two weights by two activations, of four weights.
constexpr int two_lane(int packed) { return 26 - bits_of(packed); }
constexpr int quad_lane(int weight, int value) {
  return least((26 - bits_of(weight)) / 2, 17 - bits_of(value));
}
constexpr int four_lane(int weight) { return (26 - bits_of(weight)) / 3; }

/// How many products of these magnitudes fit a signed lane as a sum; 0 where not even one does.
constexpr int cascade_length(int lane, int weight, int value) {
  if (lane < 2) return 0;
  return static_cast<int>(((std::int64_t(1) << (lane - 1)) - 1) / (std::int64_t(weight) * value));
}

/// The length of `taps` cut into cascades of nearly equal length, as few as `longest` allows.
constexpr int even_cascade(int taps, int longest) { return ceil_div(taps, ceil_div(taps, longest)); }

/// The narrowest lane of a sum of `length` products.
constexpr int lane_of(int length, int weight, int value) {
  return bits_of(std::int64_t(length) * weight * value) + 1;
}

/// What a cascade starts from: half of every lane but the highest of LANES. It is a constant of the first
/// DSP, and makes what is below a lane positive, so that splitting takes no adder: `low = bits - half`
/// flips a bit, and nothing is borrowed from the lane above.
template <int LANE, int LANES>
constexpr std::int64_t halves() {
  std::int64_t sum = 0;
  for (int lane = 0; lane < LANES - 1; ++lane) sum += std::int64_t(1) << (lane * LANE + LANE - 1);
  return sum;
}

/// `high * 2^LANE + low` for a port of a DSP, with the borrow of a negative `low`.
template <int LANE>
inline Int<27> pack_two(Int<13> high, Int<13> low) {
#pragma HLS inline // the pre-adder of the DSP
  return static_cast<Int<27>>(static_cast<Int<28>>(high) * (1 << LANE) + low);
}

/// The low lane of a sum of packed products and of half of that lane.
template <int LANE>
inline Int<LANE> low_lane(Int<48> sum) {
#pragma HLS inline // wires and an inverter
  return static_cast<Int<LANE>>((sum & ((1 << LANE) - 1)) - (1 << (LANE - 1)));
}

/// What lies above the low lane.
template <int LANE>
inline Int<48 - LANE> high_lane(Int<48> sum) {
#pragma HLS inline // wires
  return static_cast<Int<48 - LANE>>(sum >> LANE);
}

static_assert(cascade_length(two_lane(127), 127, 128) == 16, "8 by 8 bits");
static_assert(cascade_length(two_lane(127), 127, 2048) == 1, "weights of 8 by 12 bits");
static_assert(cascade_length(two_lane(255), 255, 512) == 1, "weights of 9 by 10 bits");
static_assert(cascade_length(two_lane(255), 255, 515) == 0, "no more");
static_assert(cascade_length(two_lane(128), 1023, 128) == 1, "two of 8 bits by weights of 11");
static_assert(cascade_length(quad_lane(7, 8), 7, 8) == 18, "4 by 4 bits");
static_assert(cascade_length(four_lane(7), 7, 8) == 1, "4 by 4 bits, four weights");

/// Two outputs a DSP: they share an activation.
template <int PIXELS, int OUTPUTS, int TAPS, int MOST_WEIGHT, int MOST_VALUE, class Weight,
          class Activation>
inline void packed_pairs(const Weight (&weights)[OUTPUTS * TAPS],
                         const Activation (&window)[PIXELS * TAPS],
                         std::int32_t (&sums)[PIXELS * OUTPUTS]) {
#pragma HLS inline // the MAC array of the loop that uses it
  constexpr int LENGTH =
      even_cascade(TAPS, cascade_length(two_lane(MOST_WEIGHT), MOST_WEIGHT, MOST_VALUE));
  constexpr int LANE = lane_of(LENGTH, MOST_WEIGHT, MOST_VALUE);
  constexpr int SHARED = bits_of(MOST_VALUE) + 1;
  for (int pixel = 0; pixel < PIXELS; ++pixel) {
#pragma HLS unroll // all positions in one cycle
    for (int output = 0; output < OUTPUTS; output += 2) {
#pragma HLS unroll // all pairs in one cycle
      for (int begin = 0; begin < TAPS; begin += LENGTH) {
#pragma HLS unroll // all cascades in one cycle
        Int<48> sum = halves<LANE, 2>();
        for (int tap = begin; tap < least(begin + LENGTH, TAPS); ++tap) {
#pragma HLS unroll // a chain of DSPs
          const Int<27> pair =
              pack_two<LANE>(weights[(output + 1) * TAPS + tap], weights[output * TAPS + tap]);
          sum += multiply<27, SHARED>(pair, Int<SHARED>(window[pixel * TAPS + tap]));
        }
        sums[pixel * OUTPUTS + output] += low_lane<LANE>(sum);
        sums[pixel * OUTPUTS + output + 1] += high_lane<LANE>(sum);
      }
    }
  }
}

/// Two positions a DSP: they share a weight.
template <int PIXELS, int OUTPUTS, int TAPS, int MOST_WEIGHT, int MOST_VALUE, class Weight,
          class Activation>
inline void packed_pixels(const Weight (&weights)[OUTPUTS * TAPS],
                          const Activation (&window)[PIXELS * TAPS],
                          std::int32_t (&sums)[PIXELS * OUTPUTS]) {
#pragma HLS inline // the MAC array of the loop that uses it
  constexpr int LENGTH =
      even_cascade(TAPS, cascade_length(two_lane(MOST_VALUE), MOST_WEIGHT, MOST_VALUE));
  constexpr int LANE = lane_of(LENGTH, MOST_WEIGHT, MOST_VALUE);
  constexpr int SHARED = bits_of(MOST_WEIGHT) + 1;
  for (int pixel = 0; pixel < PIXELS; pixel += 2) {
#pragma HLS unroll // all pairs in one cycle
    for (int output = 0; output < OUTPUTS; ++output) {
#pragma HLS unroll // all outputs in one cycle
      for (int begin = 0; begin < TAPS; begin += LENGTH) {
#pragma HLS unroll // all cascades in one cycle
        Int<48> sum = halves<LANE, 2>();
        for (int tap = begin; tap < least(begin + LENGTH, TAPS); ++tap) {
#pragma HLS unroll // a chain of DSPs
          const Int<27> pair =
              pack_two<LANE>(window[(pixel + 1) * TAPS + tap], window[pixel * TAPS + tap]);
          sum += multiply<27, SHARED>(pair, Int<SHARED>(weights[output * TAPS + tap]));
        }
        sums[pixel * OUTPUTS + output] += low_lane<LANE>(sum);
        sums[(pixel + 1) * OUTPUTS + output] += high_lane<LANE>(sum);
      }
    }
  }
}

/// Four products a DSP: those of two weights and two activations, one of each a port.
template <int PIXELS, int OUTPUTS, int TAPS, int MOST_WEIGHT, int MOST_VALUE, class Weight,
          class Activation>
inline void packed_quads(const Weight (&weights)[OUTPUTS * TAPS],
                         const Activation (&window)[PIXELS * TAPS],
                         std::int32_t (&sums)[PIXELS * OUTPUTS]) {
#pragma HLS inline // the MAC array of the loop that uses it
  constexpr int LENGTH = even_cascade(
      TAPS, cascade_length(quad_lane(MOST_WEIGHT, MOST_VALUE), MOST_WEIGHT, MOST_VALUE));
  constexpr int LANE = lane_of(LENGTH, MOST_WEIGHT, MOST_VALUE);
  for (int pixel = 0; pixel < PIXELS; pixel += 2) {
#pragma HLS unroll // all pairs of positions in one cycle
    for (int output = 0; output < OUTPUTS; output += 2) {
#pragma HLS unroll // all pairs of outputs in one cycle
      for (int begin = 0; begin < TAPS; begin += LENGTH) {
#pragma HLS unroll // all cascades in one cycle
        Int<48> sum = halves<LANE, 4>();
        for (int tap = begin; tap < least(begin + LENGTH, TAPS); ++tap) {
#pragma HLS unroll // a chain of DSPs
          const Int<27> outputs =
              pack_two<2 * LANE>(weights[(output + 1) * TAPS + tap], weights[output * TAPS + tap]);
          const Int<27> pixels =
              pack_two<LANE>(window[(pixel + 1) * TAPS + tap], window[pixel * TAPS + tap]);
          sum += multiply<27, 18>(outputs, Int<18>(pixels));
        }
        // Lane by lane.
        const Int<48> second = high_lane<LANE>(sum);
        const Int<48> third = high_lane<LANE>(second);
        sums[pixel * OUTPUTS + output] += low_lane<LANE>(sum);
        sums[(pixel + 1) * OUTPUTS + output] += low_lane<LANE>(second);
        sums[pixel * OUTPUTS + output + 1] += low_lane<LANE>(third);
        sums[(pixel + 1) * OUTPUTS + output + 1] += high_lane<LANE>(third);
      }
    }
  }
}

/// Four products a DSP: those of four weights and an activation; every one is split.
template <int PIXELS, int OUTPUTS, int TAPS, int MOST_WEIGHT, int MOST_VALUE, class Weight,
          class Activation>
inline void packed_fours(const Weight (&weights)[OUTPUTS * TAPS],
                         const Activation (&window)[PIXELS * TAPS],
                         std::int32_t (&sums)[PIXELS * OUTPUTS]) {
#pragma HLS inline // the MAC array of the loop that uses it
  constexpr int LANE = lane_of(1, MOST_WEIGHT, MOST_VALUE);
  constexpr int SHARED = bits_of(MOST_VALUE) + 1;
  for (int pixel = 0; pixel < PIXELS; ++pixel) {
#pragma HLS unroll // all positions in one cycle
    for (int output = 0; output < OUTPUTS; output += 4) {
#pragma HLS unroll // all outputs in one cycle
      for (int tap = 0; tap < TAPS; ++tap) {
#pragma HLS unroll // all taps in one cycle
        const Int<27> low =
            pack_two<LANE>(weights[(output + 1) * TAPS + tap], weights[output * TAPS + tap]);
        const Int<27> high =
            pack_two<LANE>(weights[(output + 3) * TAPS + tap], weights[(output + 2) * TAPS + tap]);
        const Int<27> four =
            static_cast<Int<27>>(static_cast<Int<28>>(high) * (1 << 2 * LANE) + low);
        const Int<48> product = static_cast<Int<48>>(
            multiply<27, SHARED>(four, Int<SHARED>(window[pixel * TAPS + tap])) + halves<LANE, 4>());
        const Int<48> second = high_lane<LANE>(product);
        const Int<48> third = high_lane<LANE>(second);
        sums[pixel * OUTPUTS + output] += low_lane<LANE>(product);
        sums[pixel * OUTPUTS + output + 1] += low_lane<LANE>(second);
        sums[pixel * OUTPUTS + output + 2] += low_lane<LANE>(third);
        sums[pixel * OUTPUTS + output + 3] += high_lane<LANE>(third);
      }
    }
  }
}

/// `sums[p][o] += sum over k of weights[o][k] * window[p][k]`, one multiplication a DSP.
template <int PIXELS, int OUTPUTS, int TAPS, int MOST_WEIGHT, int MOST_VALUE, class Weight,
          class Activation>
inline void multiply_add(const Weight (&weights)[OUTPUTS * TAPS],
                         const Activation (&window)[PIXELS * TAPS],
                         std::int32_t (&sums)[PIXELS * OUTPUTS]) {
#pragma HLS inline // the MAC array of the loop that uses it
  static_assert(bits_of(MOST_WEIGHT) <= 17 && bits_of(MOST_VALUE) <= 17, "one DSP a product");
  for (int pixel = 0; pixel < PIXELS; ++pixel) {
#pragma HLS unroll // all positions in one cycle
    for (int output = 0; output < OUTPUTS; ++output) {
#pragma HLS unroll // all outputs in one cycle
      std::int32_t sum = 0;
      for (int tap = 0; tap < TAPS; ++tap) {
#pragma HLS unroll // all taps in one cycle
        sum += static_cast<std::int32_t>(weights[output * TAPS + tap]) *
               static_cast<std::int32_t>(window[pixel * TAPS + tap]);
      }
      sums[pixel * OUTPUTS + output] += sum;
    }
  }
}

/// The same, two outputs a DSP.
template <int PIXELS, int OUTPUTS, int TAPS, int MOST_WEIGHT, int MOST_VALUE, class Weight,
          class Activation>
inline void multiply_add_pairs(const Weight (&weights)[OUTPUTS * TAPS],
                               const Activation (&window)[PIXELS * TAPS],
                               std::int32_t (&sums)[PIXELS * OUTPUTS]) {
#pragma HLS inline // the MAC array of the loop that uses it
  static_assert(OUTPUTS % 2 == 0, "pairs of outputs");
  static_assert(cascade_length(two_lane(MOST_WEIGHT), MOST_WEIGHT, MOST_VALUE) > 0, "too wide");
#if LICC_PACKED
  packed_pairs<PIXELS, OUTPUTS, TAPS, MOST_WEIGHT, MOST_VALUE>(weights, window, sums);
#else
  multiply_add<PIXELS, OUTPUTS, TAPS, MOST_WEIGHT, MOST_VALUE>(weights, window, sums);
#endif
}

/// The same, two positions a DSP.
template <int PIXELS, int OUTPUTS, int TAPS, int MOST_WEIGHT, int MOST_VALUE, class Weight,
          class Activation>
inline void multiply_add_pixels(const Weight (&weights)[OUTPUTS * TAPS],
                                const Activation (&window)[PIXELS * TAPS],
                                std::int32_t (&sums)[PIXELS * OUTPUTS]) {
#pragma HLS inline // the MAC array of the loop that uses it
  static_assert(PIXELS % 2 == 0, "pairs of positions");
  static_assert(cascade_length(two_lane(MOST_VALUE), MOST_WEIGHT, MOST_VALUE) > 0, "too wide");
#if LICC_PACKED
  packed_pixels<PIXELS, OUTPUTS, TAPS, MOST_WEIGHT, MOST_VALUE>(weights, window, sums);
#else
  multiply_add<PIXELS, OUTPUTS, TAPS, MOST_WEIGHT, MOST_VALUE>(weights, window, sums);
#endif
}

/// The same, four products a DSP: of two outputs and two positions where both are even, else of four
/// outputs.
template <int PIXELS, int OUTPUTS, int TAPS, int MOST_WEIGHT, int MOST_VALUE, class Weight,
          class Activation>
inline void multiply_add_quads(const Weight (&weights)[OUTPUTS * TAPS],
                               const Activation (&window)[PIXELS * TAPS],
                               std::int32_t (&sums)[PIXELS * OUTPUTS]) {
#pragma HLS inline // the MAC array of the loop that uses it
  constexpr bool SQUARE = PIXELS % 2 == 0 && OUTPUTS % 2 == 0;
  constexpr int LANE = SQUARE ? quad_lane(MOST_WEIGHT, MOST_VALUE) : four_lane(MOST_WEIGHT);
  static_assert(SQUARE || OUTPUTS % 4 == 0, "neither two by two nor four outputs");
  static_assert(cascade_length(LANE, MOST_WEIGHT, MOST_VALUE) > 0, "too wide");
#if LICC_PACKED
  if constexpr (SQUARE) {
    packed_quads<PIXELS, OUTPUTS, TAPS, MOST_WEIGHT, MOST_VALUE>(weights, window, sums);
  } else {
    packed_fours<PIXELS, OUTPUTS, TAPS, MOST_WEIGHT, MOST_VALUE>(weights, window, sums);
  }
#else
  multiply_add<PIXELS, OUTPUTS, TAPS, MOST_WEIGHT, MOST_VALUE>(weights, window, sums);
#endif
}

// -------------------------------------------------------------------------------------------------
// GDN
// -------------------------------------------------------------------------------------------------

/// `sums[o] += sum over k of gamma[o][k] * power[k]`: 17 x 26 bits, one DSP each, 48-bit sums.
template <int OUTPUTS, int INPUTS>
inline void multiply_add_norm(const UInt<17> (&gamma)[OUTPUTS * INPUTS],
                              const Int<27> (&power)[INPUTS], Int<48> (&sums)[OUTPUTS]) {
#pragma HLS inline // the MAC array of the loop that uses it
  for (int output = 0; output < OUTPUTS; ++output) {
#pragma HLS unroll // all outputs in one cycle
    Int<48> sum = 0;
    for (int input = 0; input < INPUTS; ++input) {
#pragma HLS unroll // all inputs in one cycle
      sum += multiply<18, 27>(Int<18>(gamma[output * INPUTS + input]), power[input]);
    }
    sums[output] += sum;
  }
}

/// `x^2` of a 13-bit value.
template <Built BUILT = DSP>
inline Int<27> square(Int<13> x) {
#pragma HLS inline // one multiplier for each lane
  return static_cast<Int<27>>(multiply<13, 13, BUILT>(x, x));
}

/// `|x|` of a 13-bit value.
inline Int<27> magnitude(Int<13> x) {
#pragma HLS inline // part of the pipeline that uses it
  return x < 0 ? Int<27>(-static_cast<Int<27>>(x)) : Int<27>(x);
}

/// `max(1, rshr(acc, shift))`, proven to fit 31 bits.
inline Int<32> norm_of(Int<48> acc, UInt<6> shift) {
#pragma HLS inline // part of the pipeline that uses it
  const Int<48> norm = rshr<48>(acc, shift);
  return norm < 1 ? Int<32>(1) : Int<32>(norm);
}

/// `root ~ mantissa * 2^(exponent - 16)`.
struct Root {
  UInt<18> mantissa;
  Int<6> exponent;
};

/// The number of the leading one bit of a positive `v`, from 0.
inline UInt<6> leading_bit(UInt<31> v) {
#pragma HLS inline // a priority encoder
#if LICC_AP_INT
  return 30 - v.countLeadingZeros();
#else
  return static_cast<UInt<6>>(31 - __builtin_clz(v));
#endif
}

/// `1 / sqrt(norm)`, or `sqrt(norm)` (INVERSE): 256 entries on [1, 4), then one Newton step.
template <bool INVERSE, Built BUILT = DSP>
inline Root root_sqrt(UInt<31> norm, const UInt<17> (&table)[256]) {
#pragma HLS inline // one root unit for each lane
  const UInt<6> exponent = leading_bit(norm) >> 1;
  const UInt<32> aligned = UInt<32>(norm) << (30 - 2 * exponent);
  const UInt<18> m = aligned >> 14; // 16 bits behind the binary point
  const UInt<8> entry = m < 131072 ? UInt<8>((m >> 9) - 128) : UInt<8>(m >> 10);
  // Entries are below 2^16, and so is their square behind the point; the root is at most 2^16. With 18
  // bits each, every product fits the 27x18 bits of one DSP.
  const Int<18> r0 = table[entry];
  const Int<18> squared = rshr<36>(multiply<18, 18, BUILT>(r0, r0), 16);
  const Int<19> product = rshr<37>(multiply<19, 18, BUILT>(Int<19>(m), squared), 16);
  const Int<18> r = rshr<37>(multiply<18, 19, BUILT>(r0, Int<19>(196608 - product)), 17);
  if (!INVERSE) return {UInt<18>(r), Int<6>(-Int<6>(exponent))};
  return {UInt<18>(rshr<37>(multiply<19, 18, BUILT>(Int<19>(m), r), 16)), Int<6>(exponent)};
}

/// `1 / norm`, or `norm` (INVERSE): 256 entries on [1, 2), then one Newton step.
template <bool INVERSE, Built BUILT = DSP>
inline Root root_reciprocal(UInt<31> norm, const UInt<17> (&table)[256]) {
#pragma HLS inline // one root unit for each lane
  const UInt<6> exponent = leading_bit(norm);
  const UInt<31> aligned = norm << (30 - exponent);
  const UInt<17> m = aligned >> 14; // 16 bits behind the binary point
  if (INVERSE) return {UInt<18>(m), Int<6>(exponent)};
  const UInt<8> entry = UInt<8>((m >> 8) - 256);
  const Int<18> r0 = table[entry];
  const Int<19> product = rshr<36>(multiply<18, 18, BUILT>(Int<18>(m), r0), 16);
  const Int<19> r = rshr<37>(multiply<18, 19, BUILT>(r0, Int<19>(131072 - product)), 16);
  return {UInt<18>(r), Int<6>(-Int<6>(exponent))};
}

/// `clamp(rshr(x * root * multiplier, shift), lo, hi)`: what GDN makes of a 13-bit value.
template <Built BUILT = DSP>
inline Int<32> scale_by_root(Int<13> x, Root root, UInt<17> multiplier, UInt<6> shift, Int<32> lo,
                             Int<32> hi) {
#pragma HLS inline // two multipliers for each lane
  const Int<32> scaled = multiply<13, 19, BUILT>(x, Int<19>(root.mantissa));
  const UInt<6> places = static_cast<UInt<6>>(Int<8>(shift) + 16 - root.exponent);
  const Int<50> product = multiply<32, 18, BUILT>(scaled, Int<18>(multiplier));
  return clamp<50>(rshr<50>(product, places), lo, hi);
}

/// A norm that a root is defined for: a lane behind the last channel carries 0.
inline UInt<31> positive(Int<32> norm) {
#pragma HLS inline // part of the pipeline that uses it
  return norm < 1 ? UInt<31>(1) : UInt<31>(norm);
}

// -------------------------------------------------------------------------------------------------
// Line buffers
// -------------------------------------------------------------------------------------------------

/// A column of a line buffer: column x lies in bank x mod BANKS, at address floor(x / BANKS) * WORDS.
struct Column {
  Int<8> bank;
  Int<20> address;
};

/// The column that lies `right` columns to the right of `left`; a pixel has WORDS words.
template <int BANKS, int WORDS>
inline Column plus(Column left, Column right) {
#pragma HLS inline // three small adders
  const Int<9> bank = static_cast<Int<9>>(left.bank + right.bank);
  const Int<20> address = static_cast<Int<20>>(left.address + right.address);
  if (bank < BANKS) return {static_cast<Int<8>>(bank), address};
  return {static_cast<Int<8>>(bank - BANKS), static_cast<Int<20>>(address + WORDS)};
}

/// What the output rows of a convolution that are alike have in common: its loop takes one of these from
/// a table when a row begins.
struct Row {
  int steps;    // of the MAC array
  int words;    // of the input that are read meanwhile
  int trip;     // iterations: the greater of the two
  int taps;     // rows of taps
  int weight;   // the first word of weights
  int bias;     // the first word of biases: 0 where all phases have the same
  int on;       // input rows from its first tap row to that of the next output row, within the frame
  int on_slots; // the same in slots of the line buffer, also from one frame to the next
  int repeats;  // how often its group of rows comes again
  int back;     // the first kind of its group if it is the last one, else -1
  int next;     // the kind that follows when the group has come for the last time
};

/// Whether this is one of the PART steps among WHOLE that are spread evenly; `due` starts from 0.
template <int PART, int WHOLE>
inline bool spread(int& due) {
#pragma HLS inline // two adders side by side
  if (PART == WHOLE) return true;
  const bool is = due + PART >= WHOLE;
  due += is ? PART - WHOLE : PART;
  return is;
}

/// `value` modulo COUNT, for a value below 2 * COUNT.
template <int COUNT>
inline int wrap(int value) {
#pragma HLS inline // one adder
  return value < COUNT ? value : value - COUNT;
}

// -------------------------------------------------------------------------------------------------
// Memory and streams
// -------------------------------------------------------------------------------------------------

/// Beats that `count` values of `bytes` bytes take.
constexpr int beats_of(std::int64_t count, int bytes) {
  return static_cast<int>((count * bytes + 7) / 8);
}

/// Reads `memory` from a parameter stream; values are stored as `Stored`, every word on a new beat.
template <class Stored, class T, int WORDS, int LANES>
inline void load_memory(hls::stream<Beat>& parameters, T (&memory)[WORDS][LANES]) {
#pragma HLS inline // the memory is the caller's
  constexpr int BEATS = beats_of(LANES, sizeof(Stored));
  constexpr int VALUES = 8 / sizeof(Stored);
LOAD_WORD:
  for (int word = 0; word < WORDS; ++word) {
    T values[BEATS * VALUES];
#pragma HLS array_partition variable=values complete // a register that fills beat by beat
  LOAD_BEAT:
    for (int beat = 0; beat < BEATS; ++beat) {
#pragma HLS pipeline II=1 // one beat a cycle
      cycle<1, BEAT_STAGES>();
      const Beat bits = parameters.read();
      for (int value = 0; value < VALUES; ++value) {
#pragma HLS unroll // wires
        values[beat * VALUES + value] =
            static_cast<T>(static_cast<Stored>(bits >> (8 * sizeof(Stored) * value)));
      }
    }
    drain(); // the word is whole
    for (int lane = 0; lane < LANES; ++lane) {
#pragma HLS unroll // one word of the memory
      memory[word][lane] = values[lane];
    }
  }
}

/// Reads `frames` tensors of BYTES bytes from an AXI port in one burst.
template <int BYTES>
inline void load_beats(const Beat* memory, hls::stream<Beat>& beats, int frames) {
#pragma HLS inline // the loop of the process that uses it
  const int count = beats_of(frames, BYTES);
  licc::frames<0, BYTES, 8>();
LOAD:
  for (int beat = 0; beat < count; ++beat) {
#pragma HLS pipeline II=1 // one beat a cycle, so the port bursts
    cycle<1, BEAT_STAGES>();
    beats.write(memory[beat]);
  }
}

/// Writes `frames` tensors of BYTES bytes to an AXI port in one burst.
template <int BYTES>
inline void store_beats(hls::stream<Beat>& beats, Beat* memory, int frames) {
#pragma HLS inline // the loop of the process that uses it
  const int count = beats_of(frames, BYTES);
  licc::frames<0, BYTES, 8>();
STORE:
  for (int beat = 0; beat < count; ++beat) {
#pragma HLS pipeline II=1 // one beat a cycle, so the port bursts
    cycle<1, BEAT_STAGES>();
    memory[beat] = beats.read();
  }
}

/// Beats of `frames` dense NHWC tensors into words of LANES channels, the last word of a pixel
/// zero-filled. Pixels side by side in a word are one pixel here, with the channels of all of them.
template <int CHANNELS, int PIXELS, class T, int LANES>
inline void unpack_beats(hls::stream<Beat>& beats, hls::stream<Pack<T, LANES>>& output,
                         int frames) {
#pragma HLS inline // the loop of the process that uses it
  constexpr int VALUES = 8 / sizeof(T);                // values in a beat
  constexpr int WORDS = ceil_div(CHANNELS, LANES);     // words of a pixel
  constexpr int LAST = CHANNELS - (WORDS - 1) * LANES; // channels in the last of them
  constexpr int READS = ceil_div(LANES, VALUES);       // most beats that one word can need
  T held[LANES + VALUES] = {};
#pragma HLS array_partition variable=held complete // a shift register
  int count = 0; // values held
  const int total = PIXELS * frames;
  licc::frames<0, PIXELS * WORDS>();
PIXEL:
  for (int pixel = 0; pixel < total; ++pixel) {
  WORD:
    for (int word = 0; word < WORDS; ++word) {
#pragma HLS pipeline II=READS // beats that one word can need
      cycle<READS, BEAT_STAGES>();
      const int needed = word == WORDS - 1 ? LAST : LANES;
      for (int read = 0; read < READS; ++read) {
#pragma HLS unroll // at most II reads of one stream
        if (count < needed) {
          const Beat beat = beats.read();
          for (int value = 0; value < VALUES; ++value) {
#pragma HLS unroll // wires
            held[count + value] = static_cast<T>(beat >> (8 * sizeof(T) * value));
          }
          count += VALUES;
        }
      }
      Pack<T, LANES> packed;
      for (int lane = 0; lane < LANES; ++lane) {
#pragma HLS unroll // one word
        packed.lane[lane] = lane < needed ? held[lane] : T(0);
      }
      output.write(packed);
      for (int value = 0; value < VALUES; ++value) {
#pragma HLS unroll // fewer than one beat stays
        held[value] = held[needed + value];
      }
      count -= needed;
    }
  }
}

/// Words of LANES channels into beats of `frames` dense NHWC tensors; fill lanes are dropped.
template <int CHANNELS, int PIXELS, class T, int LANES>
inline void pack_beats(hls::stream<Pack<T, LANES>>& input, hls::stream<Beat>& beats, int frames) {
#pragma HLS inline // the loop of the process that uses it
  using Bits = std::make_unsigned_t<T>;
  constexpr int VALUES = 8 / sizeof(T);                // values in a beat
  constexpr int WORDS = ceil_div(CHANNELS, LANES);     // words of a pixel
  constexpr int LAST = CHANNELS - (WORDS - 1) * LANES; // channels in the last of them
  constexpr int WRITES = ceil_div(LANES, VALUES);      // most beats that one word can complete
  T held[LANES + 2 * VALUES] = {};
#pragma HLS array_partition variable=held complete // a shift register
  int count = 0; // values held
  const int total = PIXELS * frames;
  licc::frames<0, PIXELS * WORDS>();
PIXEL:
  for (int pixel = 0; pixel < total; ++pixel) {
  WORD:
    for (int word = 0; word < WORDS; ++word) {
#pragma HLS pipeline II=WRITES // beats that one word can complete
      cycle<WRITES, BEAT_STAGES>();
      const Pack<T, LANES> packed = input.read();
      for (int lane = 0; lane < LANES; ++lane) {
#pragma HLS unroll // one word
        held[count + lane] = packed.lane[lane];
      }
      count += word == WORDS - 1 ? LAST : LANES;
      for (int write = 0; write < WRITES; ++write) {
#pragma HLS unroll // at most II writes of one stream
        if (count >= VALUES) {
          Beat beat = 0;
          for (int value = 0; value < VALUES; ++value) {
#pragma HLS unroll // wires
            beat |= static_cast<Beat>(static_cast<Bits>(held[value]))
                    << (8 * sizeof(T) * value);
          }
          beats.write(beat);
          for (int value = 0; value < LANES + VALUES; ++value) {
#pragma HLS unroll // one beat leaves
            held[value] = held[value + VALUES];
          }
          count -= VALUES;
        }
      }
    }
  }
  if (count > 0) { // the last tensor ends within a beat
    Beat beat = 0;
    for (int value = 0; value < VALUES; ++value) {
#pragma HLS unroll // wires
      beat |= static_cast<Beat>(static_cast<Bits>(value < count ? held[value] : T(0)))
              << (8 * sizeof(T) * value);
    }
    beats.write(beat);
  }
}

} // namespace licc

#endif // LICC_HLS_HPP
