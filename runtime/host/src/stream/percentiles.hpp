// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// @file
/// Percentiles of times, in memory that does not grow with their number.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace licc::stream {

/// Counts times in buckets that are each 1 % longer than the one before, from a microsecond to an hour.
class Percentiles {
 public:
  void add(double seconds) {
    most_ = std::max(most_, seconds);
    ++counts_[bucket(seconds)];
    ++count_;
  }

  /// The least time that at least `fraction` (0 to 1) of all are no longer than, within 1 %; 0 where there
  /// are none.
  double at(double fraction) const {
    const auto wanted = std::max<std::uint64_t>(
        1, static_cast<std::uint64_t>(std::ceil(fraction * static_cast<double>(count_))));
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      below += counts_[i];
      if (below >= wanted) return std::min(most_, LEAST * std::pow(GROWTH, static_cast<double>(i) + 0.5));
    }
    return most_;
  }

  double most() const { return most_; }

 private:
  static constexpr double LEAST = 1e-6;
  static constexpr double GROWTH = 1.01;
  static constexpr std::size_t BUCKETS = 2212;  // 1.01 ^ 2212 microseconds are an hour

  static std::size_t bucket(double seconds) {
    if (!(seconds > LEAST)) return 0;
    const double index = std::log(seconds / LEAST) / std::log(GROWTH);
    return std::min(BUCKETS - 1, static_cast<std::size_t>(index));
  }

  std::array<std::uint64_t, BUCKETS> counts_{};
  std::uint64_t count_ = 0;
  double most_ = 0;
};

}  // namespace licc::stream
