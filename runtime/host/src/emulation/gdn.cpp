// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emulation/gdn.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "emulation/law.hpp"

namespace licc::emulation {
namespace {

// |x| <= 2^12. A square is upper * 2^12 + lower, of which neither exceeds 2^12 either.
constexpr int HALF_BITS = 12;
constexpr std::int64_t POWER_MAX = std::int64_t{1} << HALF_BITS;
// Of a gamma of 17 bits, what an i16 holds; the rest is 0 in most places.
constexpr int GAMMA_BITS = 15;
// Smaller norms are left to the law.
constexpr double NORM_LEAST = 32768;
constexpr std::int64_t SUM_MAX = (std::int64_t{1} << 31) - 1;

std::int64_t low(std::int64_t gamma) { return gamma & ((1 << GAMMA_BITS) - 1); }
std::int64_t high(std::int64_t gamma) { return gamma >> GAMMA_BITS; }

/// Of the law's root beside the real one: docs/semantics.md, "GDN".
double root_error(const Gdn& gdn) {
  if (gdn.gdn1) return gdn.inverse ? 1.53e-5 : 3.00e-5;
  return gdn.inverse ? 3.67e-5 : 3.37e-5;
}

int even(int n) { return n + (n & 1); }

template <class T>
T of_channel(const std::vector<T>& values, int channel) {
  return values[values.size() == 1 ? 0 : static_cast<std::size_t>(channel)];
}

}  // namespace

GdnPlan::GdnPlan(const Gdn& gdn, const ValueType& x, const ValueType& result, int lanes)
    : gdn_(gdn),
      channels_(x.channels),
      lanes_(lanes),
      halves_(gdn.gdn1 ? 1 : 2),
      stride_(even(x.channels)),
      lo_(result.lo),
      hi_(result.hi) {
  std::size_t most_parts = 0;
  for (int first = 0; first < lanes; first += LANES) {
    Block& block = blocks_.emplace_back();
    for (int half = 0; half < halves_; ++half) {
      add_dense(block, first, half);
      add_sparse(block, first, half);
    }
    for (const Part& part : block.parts) block.factors.push_back(static_cast<float>(part.factor));
    for (int l = 0; l < LANES; ++l) {
      const int i = first + l;
      const bool real = i < channels_;
      // A lane of padding has some sum that can be divided by.
      block.beta[l] = real ? static_cast<float>(gdn.beta[static_cast<std::size_t>(i)]) : 1.0F;
      if (!real) {
        block.scale[l] = 0.0F;
        continue;
      }
      // The sums are 2^norm_shift norms.
      const double of_norm = (gdn.inverse ? -1.0 : 1.0) * gdn.norm_shift * (gdn.gdn1 ? 1.0 : 0.5);
      block.scale[l] =
          static_cast<float>(of_channel(gdn.multiplier, i) * std::exp2(of_norm - of_channel(gdn.shift, i)));
    }
    most_parts = std::max(most_parts, block.parts.size());
  }
  // A norm is a sum of 2^norm_shift of its units, rounded: what that changes matters for small ones only.
  const bool rounds = gdn.norm_shift > 0;
  if (rounds) least_ = static_cast<float>(std::ldexp(NORM_LEAST, gdn.norm_shift));
  const double error =
      root_error(gdn) + (rounds ? 0.51 / NORM_LEAST : 0) + static_cast<double>(most_parts + 10) * 0x1p-24;
  const bool nonnegative =
      std::all_of(gdn.beta.begin(), gdn.beta.end(), [](std::int64_t b) { return b >= 0; });
  const double reach = static_cast<double>(std::max(std::abs(lo_), std::abs(hi_)) + 1);
  // A value that is clamped must lie clear of every boundary.
  if (nonnegative && error * reach < 0.25) error_ = static_cast<float>(1.01 * error);
}

std::int64_t GdnPlan::gamma(int i, int j) const {
  if (i >= channels_ || j >= channels_) return 0;
  return gdn_
      .gamma[static_cast<std::size_t>(i) * static_cast<std::size_t>(channels_) + static_cast<std::size_t>(j)];
}

/// The low bits of all gammas of a block, cut into as few parts as keep their sums within 31 bits.
void GdnPlan::add_dense(Block& block, int first, int half) {
  std::int64_t sums[LANES] = {};
  int from = 0;
  const auto flush = [&](int to) {
    Part part;
    part.factor = half == 0 ? 1 : POWER_MAX;
    part.offsets = {half * stride_ + from};
    part.pairs = (to - from) / 2;
    for (int j = from; j < to; j += 2)
      for (int l = 0; l < LANES; ++l)
        for (int k = 0; k < 2; ++k)
          part.weights.push_back(static_cast<std::int16_t>(low(gamma(first + l, j + k))));
    block.parts.push_back(std::move(part));
    std::fill(sums, sums + LANES, 0);
    from = to;
  };
  for (int j = 0; j < stride_; j += 2) {
    std::int64_t next[LANES];
    for (int l = 0; l < LANES; ++l)
      next[l] = POWER_MAX * (low(gamma(first + l, j)) + low(gamma(first + l, j + 1)));
    bool over = false;
    for (int l = 0; l < LANES; ++l) over = over || sums[l] + next[l] > SUM_MAX;
    if (over) flush(j);
    for (int l = 0; l < LANES; ++l) sums[l] += next[l];
  }
  flush(stride_);
}

/// The high bits, of those pairs of inputs where a gamma of the block has any.
void GdnPlan::add_sparse(Block& block, int first, int half) {
  Part part;
  part.factor = (half == 0 ? 1 : POWER_MAX) << GAMMA_BITS;
  part.pairs = 1;
  for (int j = 0; j < stride_; j += 2) {
    bool any = false;
    for (int l = 0; l < LANES; ++l)
      any = any || high(gamma(first + l, j)) > 0 || high(gamma(first + l, j + 1)) > 0;
    if (!any) continue;
    part.offsets.push_back(half * stride_ + j);
    for (int l = 0; l < LANES; ++l)
      for (int k = 0; k < 2; ++k)
        part.weights.push_back(static_cast<std::int16_t>(high(gamma(first + l, j + k))));
  }
  if (!part.offsets.empty()) block.parts.push_back(std::move(part));
}

/// [pixels][halves][stride]
void GdnPlan::powers(const std::int32_t* x, std::int16_t* p, int pixels) const {
  for (int pixel = 0; pixel < pixels; ++pixel, x += lanes_, p += halves_ * stride_) {
    if (channels_ != stride_) p[stride_ - 1] = p[halves_ * stride_ - 1] = 0;
    if (gdn_.gdn1) {
      for (int j = 0; j < channels_; ++j) p[j] = static_cast<std::int16_t>(std::abs(x[j]));
      continue;
    }
    std::int16_t* const upper = p + stride_;
    for (int j = 0; j < channels_; ++j) {
      const std::int32_t square = x[j] * x[j];
      p[j] = static_cast<std::int16_t>(square & (POWER_MAX - 1));
      upper[j] = static_cast<std::int16_t>(square >> HALF_BITS);
    }
  }
}

std::int32_t GdnPlan::exactly(const Block& block, const std::int32_t* parts, int pixels, int pixel, int lane,
                              int channel, std::int64_t x) const {
  std::int64_t sum = gdn_.beta[static_cast<std::size_t>(channel)];
  for (const Part& part : block.parts) {
    sum += part.factor * parts[pixel * LANES + lane];
    parts += static_cast<std::ptrdiff_t>(pixels) * LANES;
  }
  const Root r = root(std::max<std::int64_t>(1, rshr(sum, gdn_.norm_shift)), gdn_.gdn1, gdn_.inverse);
  const std::int64_t scaled = x * r.mantissa * of_channel(gdn_.multiplier, channel);
  return static_cast<std::int32_t>(
      clamp(rshr(scaled, of_channel(gdn_.shift, channel) + 16 - r.exponent), lo_, hi_));
}

void GdnPlan::run(const Kernels& kernels, Scratch& mine, const std::int32_t* x, std::int32_t* y,
                  int pixels) const {
  static constexpr std::int32_t ZEROS[LANES] = {};
  const int step = halves_ * stride_;
  const int each = pixels_each(pixels);
  const auto count = static_cast<std::size_t>(pixels);
  std::int16_t* p = mine.powers.of(count * static_cast<std::size_t>(step) + 2);
  std::uint16_t* doubtful = mine.doubtful.of(count * LANES);
  powers(x, p, pixels);
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    const Block& block = blocks_[b];
    const auto first = static_cast<std::ptrdiff_t>(b) * LANES;
    const std::ptrdiff_t part_size = static_cast<std::ptrdiff_t>(pixels) * LANES;
    std::int32_t* parts = mine.parts.of(block.parts.size() * static_cast<std::size_t>(part_size));
    for (std::size_t k = 0; k < block.parts.size(); ++k) {
      const Part& part = block.parts[k];
      for (int at = 0; at < pixels; at += each) {
        std::int32_t* sums = parts + static_cast<std::ptrdiff_t>(k) * part_size + at * LANES;
        kernels.tile(std::min(each, pixels - at), {p + static_cast<std::ptrdiff_t>(at) * step, step,
                                                   part.offsets.data(), static_cast<int>(part.offsets.size()),
                                                   part.pairs, part.weights.data(), sums, LANES, ZEROS});
      }
    }
    const auto exact = [&](int pixel, int lane) {
      const std::ptrdiff_t at = pixel * static_cast<std::ptrdiff_t>(lanes_) + first + lane;
      y[at] = exactly(block, parts, pixels, pixel, lane, static_cast<int>(first) + lane, x[at]);
    };
    const int real = std::min(LANES, channels_ - static_cast<int>(first));
    if (!in_float()) {
      for (int pixel = 0; pixel < pixels; ++pixel)
        for (int lane = 0; lane < real; ++lane) exact(pixel, lane);
      continue;
    }
    const int doubts =
        kernels.finish({x + first, y + first, lanes_, parts, block.factors.data(),
                        static_cast<int>(block.parts.size()), pixels, block.beta, block.scale, gdn_.gdn1,
                        gdn_.inverse, least_, error_, static_cast<float>(lo_), static_cast<float>(hi_)},
                       doubtful);
    for (int d = 0; d < doubts; ++d)
      if (doubtful[d] % LANES < real) exact(doubtful[d] / LANES, doubtful[d] % LANES);
  }
}

}  // namespace licc::emulation
