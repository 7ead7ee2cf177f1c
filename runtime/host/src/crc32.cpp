// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "crc32.hpp"

#include <array>
#include <cstddef>

namespace licc {
namespace {

constexpr std::uint32_t kPolynomial = 0xEDB88320U;
// Eight bytes a step: `tables[k]` is what a byte does that `k` others follow.
using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

Tables make_tables() {
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t rest = byte;
    for (int bit = 0; bit < 8; ++bit) rest = rest & 1 ? rest >> 1 ^ kPolynomial : rest >> 1;
    tables[0][byte] = rest;
  }
  for (std::size_t k = 1; k < tables.size(); ++k) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = tables[k - 1][byte];
      tables[k][byte] = before >> 8 ^ tables[0][before & 0xFF];
    }
  }
  return tables;
}

}  // namespace

std::uint32_t crc32(Bytes bytes, std::uint32_t before) {
  static const Tables tables = make_tables();
  std::uint32_t crc = ~before;
  const std::uint8_t* at = bytes.data;
  std::size_t left = bytes.size;
  for (; left >= 8; left -= 8, at += 8) {
    const std::uint32_t low = crc ^ read_u32(at);
    const std::uint32_t high = read_u32(at + 4);
    crc = tables[7][low & 0xFF] ^ tables[6][low >> 8 & 0xFF] ^ tables[5][low >> 16 & 0xFF] ^
          tables[4][low >> 24] ^ tables[3][high & 0xFF] ^ tables[2][high >> 8 & 0xFF] ^
          tables[1][high >> 16 & 0xFF] ^ tables[0][high >> 24];
  }
  for (; left > 0; --left, ++at) crc = crc >> 8 ^ tables[0][(crc ^ *at) & 0xFF];
  return ~crc;
}

std::string crc_text(std::uint32_t crc) {
  std::string text(8, '0');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = "0123456789abcdef"[crc >> (28 - 4 * i) & 15];
  return text;
}

}  // namespace licc
