// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// @file
/// GDN in blocks of lanes: exact sums, roots in float, and the law where a float could round to another
/// integer.
#pragma once

#include <cstdint>
#include <vector>

#include "emulation/kernels.hpp"
#include "emulation/scratch.hpp"
#include "network.hpp"

namespace licc::emulation {

class GdnPlan {
 public:
  /// @param x the type of its input @param result that of its result @param lanes channels and what is padded
  GdnPlan(const Gdn& gdn, const ValueType& x, const ValueType& result, int lanes);

  /// Whether its input lies in the 13 bits that this is made for.
  static bool takes(const ValueType& x) { return x.lo >= -4096 && x.hi <= 4096; }

  /// y = GDN(x), both [pixels][lanes].
  void run(const Kernels& kernels, Scratch& scratch, const std::int32_t* x, std::int32_t* y,
           int pixels) const;

  /// Whether roots are computed in float at all.
  bool in_float() const { return error_ > 0; }

 private:
  /// Some of a block's products, whose sum fits 31 bits; the sum counts `factor` times.
  struct Part {
    std::int64_t factor = 1;
    std::vector<std::ptrdiff_t> offsets;
    int pairs = 0;
    std::vector<std::int16_t> weights;
  };
  struct Block {
    std::vector<Part> parts;
    std::vector<float> factors;
    float beta[LANES];
    float scale[LANES];
  };

  std::int64_t gamma(int i, int j) const;
  void add_dense(Block& block, int first, int half);
  void add_sparse(Block& block, int first, int half);
  void powers(const std::int32_t* x, std::int16_t* p, int pixels) const;
  std::int32_t exactly(const Block& block, const std::int32_t* parts, int pixels, int pixel, int lane,
                       int channel, std::int64_t x) const;

  Gdn gdn_;
  int channels_;
  int lanes_;
  int halves_;  ///< 1: |x|; 2: the lower and the upper bits of x^2
  int stride_;  ///< of a half, in values
  std::int64_t lo_, hi_;
  float error_ = 0;  ///< of y; 0: roots are not computed in float
  float least_ = 0;  ///< sums that floats are good for
  std::vector<Block> blocks_;
};

}  // namespace licc::emulation
