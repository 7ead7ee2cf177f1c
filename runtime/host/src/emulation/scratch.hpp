// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// @file
/// What a thread computes in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace licc::emulation {

/// Memory that grows to what was ever asked of it, and is not cleared.
template <class T>
class Buffer {
 public:
  T* of(std::size_t size) {
    if (data_.size() < size) data_.resize(size);
    return data_.data();
  }

 private:
  std::vector<T> data_;
};

struct Scratch {
  Buffer<std::int32_t> sums;       ///< of a strip
  Buffer<std::int32_t> result[2];  ///< of GDNs, in turn
  Buffer<std::int32_t> parts;      ///< of its sums
  Buffer<std::int16_t> powers;     ///< what it sums
  Buffer<std::uint16_t> doubtful;
  Buffer<std::int16_t> transformed;  ///< of a Winograd convolution
  Buffer<std::int32_t> products;
  std::vector<std::ptrdiff_t> offsets;  ///< of segments
};

inline Scratch& scratch() {
  thread_local Scratch mine;
  return mine;
}

}  // namespace licc::emulation
