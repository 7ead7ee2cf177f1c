// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// @file
/// The integer law of docs/semantics.md, value by value.
#pragma once

#include <algorithm>
#include <cstdint>

#include "emulation/root_tables.hpp"

namespace licc::emulation {

/// `v` if shift is 0, else `(v + 2^(shift-1)) >> shift`; 0 <= shift <= 62, |v| < 2^62.
inline std::int64_t rshr(std::int64_t v, int shift) {
  return (v + ((std::int64_t{1} << shift) >> 1)) >> shift;
}

/// `min(max(v, lo), hi)`
inline std::int64_t clamp(std::int64_t v, std::int64_t lo, std::int64_t hi) {
  return std::min(std::max(v, lo), hi);
}

/// root ~ mantissa * 2^(exponent - 16)
struct Root {
  std::int64_t mantissa;
  int exponent;
};

/// Bits of a positive integer: 1 for 1, 8 for 255.
inline int bit_length(std::int64_t v) { return 64 - __builtin_clzll(static_cast<unsigned long long>(v)); }

inline Root root_rsqrt(std::int64_t norm, bool inverse) {
  const int e = (bit_length(norm) - 1) >> 1;
  const std::int64_t m = (norm << (30 - 2 * e)) >> 14;
  const std::int64_t t = RSQRT_TABLE[m < 131072 ? (m >> 9) - 128 : m >> 10];
  const std::int64_t r = rshr(t * (3 * 65536 - rshr(m * rshr(t * t, 16), 16)), 17);
  return inverse ? Root{rshr(m * r, 16), e} : Root{r, -e};
}

inline Root root_gdn1(std::int64_t norm, bool inverse) {
  const int e = bit_length(norm) - 1;
  const std::int64_t m = (norm << (30 - e)) >> 14;
  if (inverse) return {m, e};
  const std::int64_t t = RECIP_TABLE[(m >> 8) - 256];
  return {rshr(t * (2 * 65536 - rshr(m * t, 16)), 16), -e};
}

/// GDN's root of a norm in [1, 2^31): 1 / sqrt or sqrt; of form gdn1, 1 / norm or norm.
inline Root root(std::int64_t norm, bool gdn1, bool inverse) {
  return gdn1 ? root_gdn1(norm, inverse) : root_rsqrt(norm, inverse);
}

}  // namespace licc::emulation
