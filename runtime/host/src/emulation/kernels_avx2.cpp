// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emulation/kernels.hpp"

#if defined(__x86_64__)

#include <immintrin.h>

// Of the functions here alone: what the rest of the library compiles to must run on any x86-64.
#define LICC_AVX2 __attribute__((target("avx2,fma")))

namespace licc::emulation {
namespace {

// A pair of values, which lies at any even address.
typedef std::int32_t Pair __attribute__((may_alias, aligned(2)));

LICC_AVX2 inline __m256i load(const std::int32_t* p) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}
LICC_AVX2 inline __m256i load(const std::int16_t* p) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}
LICC_AVX2 inline void store(std::int32_t* p, __m256i v) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), v);
}

// Twelve sums, two words of weights, a pair of values and a product are all sixteen registers. Compilers that
// may order these five instructions load pairs early and spill sums, which takes twice as long; so they may
// not.
#define LICC_MULTIPLY(SUM0, SUM1, W0, W1, PAIR)                                              \
  do {                                                                                       \
    __m256i both, product;                                                                   \
    __asm__(                                                                                 \
        "vpbroadcastd %[pair], %[both]\n\t"                                                  \
        "vpmaddwd %[w0], %[both], %[product]\n\t"                                            \
        "vpaddd %[product], %[sum0], %[sum0]\n\t"                                            \
        "vpmaddwd %[w1], %[both], %[both]\n\t"                                               \
        "vpaddd %[both], %[sum1], %[sum1]"                                                   \
        : [sum0] "+x"(SUM0), [sum1] "+x"(SUM1), [both] "=&x"(both), [product] "=&x"(product) \
        : [w0] "x"(W0), [w1] "x"(W1), [pair] "m"(PAIR));                                     \
  } while (false)

template <int P>
LICC_AVX2 void tile_of(const TileArguments& a) {
  __m256i sums[P][2];
#pragma GCC unroll 6
  for (int p = 0; p < P; ++p) {
    const std::int32_t* from = a.start == nullptr ? a.sums + p * a.sums_step : a.start;
    sums[p][0] = load(from);
    sums[p][1] = load(from + 8);
  }
  const std::int16_t* w = a.weights;
  const std::ptrdiff_t step = a.step;
  for (int s = 0; s < a.segments; ++s) {
    const std::int16_t* x = a.x + a.offsets[s];
    for (int i = 0; i < a.pairs; ++i, x += 2, w += 2 * LANES) {
      const __m256i w0 = load(w);
      const __m256i w1 = load(w + LANES);
#pragma GCC unroll 6
      for (int p = 0; p < P; ++p)
        LICC_MULTIPLY(sums[p][0], sums[p][1], w0, w1, *reinterpret_cast<const Pair*>(x + p * step));
    }
  }
#pragma GCC unroll 6
  for (int p = 0; p < P; ++p) {
    store(a.sums + p * a.sums_step, sums[p][0]);
    store(a.sums + p * a.sums_step + 8, sums[p][1]);
  }
}

LICC_AVX2 void tile(int pixels, const TileArguments& a) {
  switch (pixels) {
    case 1:
      return tile_of<1>(a);
    case 2:
      return tile_of<2>(a);
    case 3:
      return tile_of<3>(a);
    case 4:
      return tile_of<4>(a);
    case 5:
      return tile_of<5>(a);
    default:
      return tile_of<6>(a);
  }
}

LICC_AVX2 inline __m128i scale4(const std::int32_t* x, const double* factor, const double* offset, __m256d lo,
                                __m256d hi) {
  const __m256d v = _mm256_cvtepi32_pd(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x)));
  const __m256d down = _mm256_floor_pd(_mm256_fmadd_pd(v, _mm256_loadu_pd(factor), _mm256_loadu_pd(offset)));
  return _mm256_cvttpd_epi32(_mm256_min_pd(_mm256_max_pd(down, lo), hi));
}

/// `lanes` is a multiple of LANES.
LICC_AVX2 void scale(std::int32_t* x, int pixels, int lanes, const double* factor, const double* offset,
                     double lo, double hi) {
  const __m256d least = _mm256_set1_pd(lo);
  const __m256d most = _mm256_set1_pd(hi);
  for (int p = 0; p < pixels; ++p, x += lanes)
    for (int l = 0; l < lanes; l += 4)
      _mm_storeu_si128(reinterpret_cast<__m128i*>(x + l), scale4(x + l, factor + l, offset + l, least, most));
}

LICC_AVX2 void narrow(const std::int32_t* x, std::int16_t* y, std::ptrdiff_t count) {
  std::ptrdiff_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    const __m256i packed = _mm256_packs_epi32(load(x + i), load(x + i + 8));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(y + i), _mm256_permute4x64_epi64(packed, 0xD8));
  }
  for (; i < count; ++i) y[i] = static_cast<std::int16_t>(x[i]);
}

#define VECTOR 32
#define ATTRIBUTE LICC_AVX2
#include "emulation/transforms.inl"
#undef VECTOR
#undef ATTRIBUTE

LICC_AVX2 inline __m256 product(const FinishArguments& a, __m256 x, __m256 sum) {
  const __m256 norm = a.gdn1 ? sum : _mm256_sqrt_ps(sum);
  return a.inverse ? _mm256_mul_ps(x, norm) : _mm256_div_ps(x, norm);
}

/// Eight lanes of a pixel. @return a bit for each doubtful one
LICC_AVX2 inline int finish8(const FinishArguments& a, int p, int l) {
  __m256 sum = _mm256_loadu_ps(a.beta + l);
  for (int k = 0; k < a.part_count; ++k) {
    const __m256 part = _mm256_cvtepi32_ps(load(a.parts + (k * a.pixels + p) * LANES + l));
    sum = _mm256_add_ps(sum, _mm256_mul_ps(_mm256_set1_ps(a.factors[k]), part));
  }
  const __m256 x = _mm256_cvtepi32_ps(load(a.x + p * a.stride + l));
  // A norm is 1 at least.
  const __m256 one = _mm256_set1_ps(1.0F);
  const __m256 y = _mm256_mul_ps(product(a, x, _mm256_max_ps(sum, one)), _mm256_loadu_ps(a.scale + l));
  const __m256 lo = _mm256_set1_ps(a.lo);
  const __m256 hi = _mm256_set1_ps(a.hi);
  const __m256 near = _mm256_min_ps(_mm256_max_ps(y, _mm256_sub_ps(lo, one)), _mm256_add_ps(hi, one));
  const __m256 above = _mm256_add_ps(near, _mm256_set1_ps(0.5F));
  const __m256 rounded = _mm256_floor_ps(above);
  const __m256 beyond = _mm256_sub_ps(above, rounded);
  const __m256 magnitude = _mm256_andnot_ps(_mm256_set1_ps(-0.0F), near);
  const __m256 bound =
      _mm256_add_ps(_mm256_mul_ps(_mm256_set1_ps(a.error), magnitude), _mm256_set1_ps(0x1p-22F));
  store(a.y + p * a.stride + l, _mm256_cvttps_epi32(_mm256_min_ps(_mm256_max_ps(rounded, lo), hi)));
  // As a distance from the middle between two boundaries: one comparison for both of them.
  const __m256 from_middle =
      _mm256_andnot_ps(_mm256_set1_ps(-0.0F), _mm256_sub_ps(beyond, _mm256_set1_ps(0.5F)));
  const __m256 close = _mm256_cmp_ps(from_middle, _mm256_sub_ps(_mm256_set1_ps(0.5F), bound), _CMP_GT_OQ);
  const __m256 small = _mm256_cmp_ps(sum, _mm256_set1_ps(a.least), _CMP_LT_OQ);
  return _mm256_movemask_ps(_mm256_or_ps(close, small));
}

LICC_AVX2 int finish(const FinishArguments& a, std::uint16_t* doubtful) {
  int count = 0;
  for (int p = 0; p < a.pixels; ++p)
    for (int l = 0; l < LANES; l += 8)
      for (int bits = finish8(a, p, l); bits != 0; bits &= bits - 1)
        doubtful[count++] =
            static_cast<std::uint16_t>(p * LANES + l + __builtin_ctz(static_cast<unsigned>(bits)));
  return count;
}

const Kernels& avx2_kernels() {
  static const Kernels kernels = {"avx2", tile, scale, spread, collect, narrow, finish};
  return kernels;
}

}  // namespace

const Kernels& best_kernels() {
  static const bool found = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return found ? avx2_kernels() : portable_kernels();
}

}  // namespace licc::emulation

#else

namespace licc::emulation {

const Kernels& best_kernels() { return portable_kernels(); }

}  // namespace licc::emulation

#endif
