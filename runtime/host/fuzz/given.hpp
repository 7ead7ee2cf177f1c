// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// @file
/// What the harnesses share: numbers out of the fuzzer's bytes, checksums set right, and claims that have to
/// hold.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "bytes.hpp"
#include "crc32.hpp"
#include "entropy/container.hpp"

namespace licc::fuzz {

/// Ends the process where something does not hold that no input may break.
inline void claim(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

/// The fuzzer's bytes, taken from the front; zeros follow them.
class Given {
 public:
  Given(const std::uint8_t* data, std::size_t size) : data_(data), left_(size) {}

  std::uint32_t byte() {
    if (left_ == 0) return 0;
    --left_;
    return *data_++;
  }

  std::uint32_t word() {
    const std::uint32_t low = byte();
    return low | byte() << 8;
  }

  /// 0 to `count - 1`.
  std::uint32_t below(std::uint32_t count) { return word() % count; }

  std::size_t left() const { return left_; }

  Bytes rest() const { return {data_, left_}; }

 private:
  const std::uint8_t* data_;
  std::size_t left_;
};

/// Sets the checksum of a stream right, as whoever forges one does: else nothing behind it is ever reached.
inline void forge_container(std::vector<std::uint8_t>& stream) {
  constexpr std::size_t crc_at = 28;
  if (stream.size() < kContainerHeader) return;
  const Bytes strings(stream.data() + kContainerHeader, stream.size() - kContainerHeader);
  write_u32(stream.data() + crc_at, crc32(strings, crc32({stream.data(), crc_at})));
}

/// Sets the length of y right, too: it is what there is behind the header and z.
inline void forge_lengths(std::vector<std::uint8_t>& stream) {
  constexpr std::size_t z_at = 20, y_at = 24;
  if (stream.size() < kContainerHeader) return;
  const auto strings = static_cast<std::uint32_t>(stream.size() - kContainerHeader);
  const std::uint32_t z = std::min(read_u32(stream.data() + z_at), strings);
  write_u32(stream.data() + z_at, z);
  write_u32(stream.data() + y_at, strings - z);
}

}  // namespace licc::fuzz
