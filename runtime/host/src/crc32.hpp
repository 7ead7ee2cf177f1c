// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// @file
/// The CRC-32 of IEEE 802.3, as zlib computes it.
#pragma once

#include <cstdint>
#include <string>

#include "bytes.hpp"

namespace licc {

/// The checksum of what `before` is the checksum of, followed by `bytes`.
std::uint32_t crc32(Bytes bytes, std::uint32_t before = 0);

/// A checksum as the files of a build have it: 8 hexadecimal digits.
std::string crc_text(std::uint32_t crc);

}  // namespace licc
