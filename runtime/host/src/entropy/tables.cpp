// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "entropy/tables.hpp"

#include <cstdlib>

#include "licc/codec.hpp"

namespace licc {
namespace {

constexpr std::int32_t kTotal = 1 << 16;
constexpr std::int32_t kLargestOffset = 1 << 20;
// Entry numbers are kept in 16 bits, and rows of more entries cannot rise in every step.
constexpr std::int32_t kLongestRow = kTotal + 1;

/// floor(x / frequency) = (2x * reciprocal) >> (64 + shift) for all x < 2^63. With the least shift for which
/// frequency <= 2^shift, the reciprocal, 2^(63+shift) / frequency rounded up, has 64 bits; it is too large by
/// less than 1, and the quotient by less than x / 2^(63+shift) < 1 / frequency.
CdfTable::Entry make_entry(std::uint32_t start, std::uint32_t frequency) {
  unsigned shift = 0;
  while ((std::uint32_t{1} << shift) < frequency) ++shift;
  // 2^(63+shift) / frequency in two steps of long division, as it is wider than 64 bits.
  const std::uint64_t top = std::uint64_t{1} << 63;
  std::uint64_t quotient = top / frequency, rest = top % frequency;
  for (unsigned bit = 0; bit < shift; ++bit) {
    rest <<= 1;
    quotient = quotient << 1 | (rest >= frequency ? 1 : 0);
    if (rest >= frequency) rest -= frequency;
  }
  return {quotient + (rest != 0 ? 1 : 0), frequency, static_cast<std::uint16_t>(start),
          static_cast<std::uint16_t>(shift)};
}

[[noreturn]] void fail(const std::string& name, std::size_t row, const std::string& what) {
  throw Error(name + ": row " + std::to_string(row) + " " + what);
}

/// Checks a row, and appends its entries.
void add_row(const std::string& name, std::size_t number, const std::int32_t* cdf, std::int32_t length,
             std::vector<CdfTable::Entry>& entries) {
  if (cdf[0] != 0) fail(name, number, "does not start at 0");
  if (cdf[length - 1] != kTotal) fail(name, number, "does not end at 65536");
  for (std::int32_t at = 0; at + 1 < length; ++at) {
    // The last one is 65536, so that all others being below the next keeps every one within 0..65536.
    if (cdf[at] < 0 || cdf[at] >= cdf[at + 1]) fail(name, number, "does not rise in every step");
    entries.push_back(
        make_entry(static_cast<std::uint32_t>(cdf[at]), static_cast<std::uint32_t>(cdf[at + 1] - cdf[at])));
  }
}

}  // namespace

CdfTable::CdfTable(const std::string& name, const std::vector<std::int32_t>& lengths,
                   const std::vector<std::int32_t>& offsets, const std::vector<std::int32_t>& cdfs) {
  if (lengths.empty() || lengths.size() != offsets.size()) {
    throw Error(name + ": " + std::to_string(lengths.size()) + " rows with " +
                std::to_string(offsets.size()) + " offsets");
  }
  std::size_t used = 0;
  rows_.reserve(lengths.size());
  entries_.reserve(cdfs.size());
  guesses_.reserve(lengths.size() * kGuesses);
  for (std::size_t number = 0; number < lengths.size(); ++number) {
    const std::int32_t length = lengths[number], offset = offsets[number];
    if (length < 3 || length > kLongestRow) fail(name, number, "has " + std::to_string(length) + " entries");
    if (offset < -kLargestOffset || offset > kLargestOffset) fail(name, number, "has an offset beyond 2^20");
    if (static_cast<std::size_t>(length) > cdfs.size() - used) fail(name, number, "is cut");
    rows_.push_back({static_cast<std::uint32_t>(entries_.size()), length - 2, offset});
    add_row(name, number, cdfs.data() + used, length, entries_);
    add_guesses(rows_.back());
    used += static_cast<std::size_t>(length);
  }
  if (used != cdfs.size()) throw Error(name + ": entries behind the last row");
}

void CdfTable::add_guesses(const Row& row) {
  std::int32_t at = 0;
  for (std::size_t guess = 0; guess < kGuesses; ++guess) {
    while (guess << kGuessShift >= end_of(row, at)) ++at;
    guesses_.push_back(static_cast<std::uint16_t>(at));
  }
}

}  // namespace licc
