// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// @file
/// The bytes of a coded image (docs/entropy.md): a header of 32 bytes, then the strings.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "bytes.hpp"
#include "licc/codec.hpp"

namespace licc {

constexpr std::size_t kContainerHeader = 32;
constexpr int kContainerVersion = 1;

/// The first bytes of the hash of a decoder, by which streams name it.
using ModelId = std::array<std::uint8_t, 8>;

/// A model as 16 hexadecimal digits.
std::string to_hex(const ModelId& model);

/// What a stream holds; the strings are views of it.
struct Container {
  int kind = 0;  ///< 2: strings of z and y, 1: of y alone, 0: symbols in plain
  ModelId model{};
  Size image;
  int extra_below = 0;  ///< strides of padding below the least, 0 to 255
  int extra_right = 0;  ///< likewise at the right
  Bytes z;              ///< empty where there is none
  Bytes y;
};

/// What the first 32 bytes of a stream say, before its strings are there.
struct ContainerHeader {
  ModelId model{};
  Size image;
  std::uint64_t bytes = 0;  ///< of the whole stream, the header included; up to 2^33
};

/// Reads a header, and checks all of it but the checksum, which is of the strings too.
///
/// @param header `kContainerHeader` bytes.
/// @throws StreamError no stream of this version, or a field that no encoder writes.
ContainerHeader parse_header(const std::uint8_t* header);

/// What is in `stream`; every length is compared with what is there, and the checksum with the bytes.
///
/// @throws StreamError no stream of this version, cut, longer than it says, damaged, or with a field that no
///   encoder writes.
Container parse_container(Bytes stream);

/// The bytes of a stream. @throws Error a field is out of its range.
std::vector<std::uint8_t> pack_container(const Container& container);

}  // namespace licc
