// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// @file
/// Bytes that somebody else holds, and little-endian integers in them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace licc {

/// A view; whoever holds the bytes has to outlive it.
struct Bytes {
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;

  Bytes() = default;
  Bytes(const std::uint8_t* data_, std::size_t size_) : data(data_), size(size_) {}
  Bytes(const std::vector<std::uint8_t>& held)
      : data(held.data()), size(held.size()) {}  // NOLINT: a view of it
};

inline std::uint16_t read_u16(const std::uint8_t* at) {
  return static_cast<std::uint16_t>(at[0] | at[1] << 8);
}

inline std::uint32_t read_u32(const std::uint8_t* at) {
  return static_cast<std::uint32_t>(read_u16(at)) | static_cast<std::uint32_t>(read_u16(at + 2)) << 16;
}

inline void write_u16(std::uint8_t* at, std::uint32_t value) {
  at[0] = static_cast<std::uint8_t>(value);
  at[1] = static_cast<std::uint8_t>(value >> 8);
}

inline void write_u32(std::uint8_t* at, std::uint32_t value) {
  write_u16(at, value);
  write_u16(at + 2, value >> 16);
}

}  // namespace licc
