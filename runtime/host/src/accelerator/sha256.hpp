// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// @file
/// SHA-256 (FIPS 180-4), for parameter files: a CRC finds accidents, this finds another file.
#pragma once

#include <string>

#include "bytes.hpp"

namespace licc {

/// 64 hexadecimal digits.
std::string sha256(Bytes bytes);

}  // namespace licc
