// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <algorithm>
#include <cmath>

#include "emulation/kernels.hpp"

namespace licc::emulation {
namespace {

/// Sums wrap: the results are proven to fit, what they are on the way is not.
std::int32_t add(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(b));
}

void tile_pixel(const TileArguments& a, const std::int16_t* x, const std::int32_t* start,
                std::int32_t* sums) {
  std::int32_t sum[LANES];
  std::copy(start, start + LANES, sum);
  const std::int16_t* w = a.weights;
  for (int s = 0; s < a.segments; ++s) {
    const std::int16_t* at = x + a.offsets[s];
    for (int i = 0; i < a.pairs; ++i, at += 2, w += 2 * LANES) {
      const std::int32_t x0 = at[0];
      const std::int32_t x1 = at[1];
      for (int l = 0; l < LANES; ++l) sum[l] = add(sum[l], add(x0 * w[2 * l], x1 * w[2 * l + 1]));
    }
  }
  std::copy(sum, sum + LANES, sums);
}

void tile(int pixels, const TileArguments& a) {
  for (int p = 0; p < pixels; ++p) {
    std::int32_t* sums = a.sums + p * a.sums_step;
    tile_pixel(a, a.x + p * a.step, a.start == nullptr ? sums : a.start, sums);
  }
}

void scale(std::int32_t* x, int pixels, int lanes, const double* factor, const double* offset, double lo,
           double hi) {
  for (int p = 0; p < pixels; ++p, x += lanes)
    for (int l = 0; l < lanes; ++l) {
      const double v = std::floor(x[l] * factor[l] + offset[l]);
      x[l] = static_cast<std::int32_t>(std::min(std::max(v, lo), hi));
    }
}

void narrow(const std::int32_t* x, std::int16_t* y, std::ptrdiff_t count) {
  for (std::ptrdiff_t i = 0; i < count; ++i) y[i] = static_cast<std::int16_t>(x[i]);
}

#define VECTOR 16
#define ATTRIBUTE
#include "emulation/transforms.inl"
#undef VECTOR
#undef ATTRIBUTE

float product(const FinishArguments& a, float x, float sum) {
  if (a.gdn1) return a.inverse ? x * sum : x / sum;
  return a.inverse ? x * std::sqrt(sum) : x / std::sqrt(sum);
}

int finish(const FinishArguments& a, std::uint16_t* doubtful) {
  int count = 0;
  for (int p = 0; p < a.pixels; ++p)
    for (int l = 0; l < LANES; ++l) {
      float sum = a.beta[l];
      for (int k = 0; k < a.part_count; ++k)
        sum += a.factors[k] * static_cast<float>(a.parts[(k * a.pixels + p) * LANES + l]);
      // A norm is 1 at least.
      const float y = product(a, static_cast<float>(a.x[p * a.stride + l]), std::max(sum, 1.0F)) * a.scale[l];
      const float near = std::min(std::max(y, a.lo - 1.0F), a.hi + 1.0F);
      const float rounded = std::floor(near + 0.5F);
      const float beyond = (near + 0.5F) - rounded;
      const float bound = a.error * std::fabs(near) + 0x1p-22F;
      a.y[p * a.stride + l] = static_cast<std::int32_t>(std::min(std::max(rounded, a.lo), a.hi));
      const bool doubt = sum < a.least || beyond < bound || beyond > 1.0F - bound;
      if (doubt) doubtful[count++] = static_cast<std::uint16_t>(p * LANES + l);
    }
  return count;
}

}  // namespace

const Kernels& portable_kernels() {
  static const Kernels kernels = {"portable", tile, scale, spread, collect, narrow, finish};
  return kernels;
}

}  // namespace licc::emulation
