// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "accelerator/sha256.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace licc {
namespace {

using Words8 = std::array<std::uint32_t, 8>;
constexpr std::size_t BLOCK = 64;

/// The first primes: the constants are the fractions of their roots.
constexpr std::array<int, 64> PRIMES = {2,   3,   5,   7,   11,  13,  17,  19,  23,  29,  31,  37,  41,
                                        43,  47,  53,  59,  61,  67,  71,  73,  79,  83,  89,  97,  101,
                                        103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
                                        173, 179, 181, 191, 193, 197, 199, 211, 223, 227, 229, 233, 239,
                                        241, 251, 257, 263, 269, 271, 277, 281, 283, 293, 307, 311};

/// The first 32 bits behind the point. A double has 52, which leaves more than enough for these roots.
std::uint32_t fraction(double root) {
  return static_cast<std::uint32_t>((root - std::floor(root)) * 4294967296.0);
}

std::array<std::uint32_t, 64> round_constants() {
  std::array<std::uint32_t, 64> made{};
  std::transform(PRIMES.begin(), PRIMES.end(), made.begin(), [](int p) { return fraction(std::cbrt(p)); });
  return made;
}

Words8 initial() {
  Words8 made{};
  std::transform(PRIMES.begin(), PRIMES.begin() + 8, made.begin(),
                 [](int p) { return fraction(std::sqrt(p)); });
  return made;
}

std::uint32_t turn(std::uint32_t word, int bits) { return word >> bits | word << (32 - bits); }

void mix(Words8& hash, const std::uint8_t* block) {
  static const std::array<std::uint32_t, 64> constants = round_constants();
  std::array<std::uint32_t, 64> w{};
  for (std::size_t i = 0; i < 16; ++i) {
    for (std::size_t byte = 0; byte < 4; ++byte) w[i] = w[i] << 8 | block[4 * i + byte];
  }
  for (std::size_t i = 16; i < 64; ++i) {
    const std::uint32_t a = w[i - 15], b = w[i - 2];
    w[i] = w[i - 16] + (turn(a, 7) ^ turn(a, 18) ^ a >> 3) + w[i - 7] + (turn(b, 17) ^ turn(b, 19) ^ b >> 10);
  }
  Words8 s = hash;
  for (std::size_t i = 0; i < 64; ++i) {
    const std::uint32_t choice = (s[4] & s[5]) ^ (~s[4] & s[6]);
    const std::uint32_t majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
    const std::uint32_t first =
        s[7] + (turn(s[4], 6) ^ turn(s[4], 11) ^ turn(s[4], 25)) + choice + constants[i] + w[i];
    const std::uint32_t second = (turn(s[0], 2) ^ turn(s[0], 13) ^ turn(s[0], 22)) + majority;
    s = {first + second, s[0], s[1], s[2], s[3] + first, s[4], s[5], s[6]};
  }
  for (std::size_t i = 0; i < 8; ++i) hash[i] += s[i];
}

}  // namespace

std::string sha256(Bytes bytes) {
  Words8 hash = initial();
  const std::size_t whole = bytes.size / BLOCK * BLOCK;
  for (std::size_t at = 0; at < whole; at += BLOCK) mix(hash, bytes.data + at);

  // The rest, a one, zeros, and how many bits there were.
  std::array<std::uint8_t, 2 * BLOCK> tail{};
  const std::size_t rest = bytes.size - whole;
  if (rest > 0) std::memcpy(tail.data(), bytes.data + whole, rest);
  tail[rest] = 0x80;
  const std::size_t end = rest + 9 <= BLOCK ? BLOCK : 2 * BLOCK;
  const std::uint64_t bits = static_cast<std::uint64_t>(bytes.size) * 8;
  for (std::size_t i = 0; i < 8; ++i) tail[end - 1 - i] = static_cast<std::uint8_t>(bits >> 8 * i);
  for (std::size_t at = 0; at < end; at += BLOCK) mix(hash, tail.data() + at);

  std::string text;
  for (const std::uint32_t word : hash) {
    for (int shift = 28; shift >= 0; shift -= 4) text += "0123456789abcdef"[word >> shift & 15];
  }
  return text;
}

}  // namespace licc
