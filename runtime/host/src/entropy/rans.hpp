// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// @file
/// rANS strings, equal to CompressAI's (docs/entropy.md): 64-bit state, 32-bit words, 16-bit frequencies.
///
/// Symbols come plane by plane: a plane is what lies in one channel, in raster order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bytes.hpp"
#include "entropy/tables.hpp"

namespace licc {

/// The rows that symbols are coded with: one for each plane, its number; or one for each symbol.
class Rows {
 public:
  /// Row c for every symbol of plane c.
  static Rows by_plane() { return Rows(nullptr); }
  /// Row `indexes[i]` for symbol i; whoever holds them has to outlive this.
  static Rows by_symbol(const std::uint16_t* indexes) { return Rows(indexes); }

  const std::uint16_t* indexes() const { return indexes_; }

 private:
  explicit Rows(const std::uint16_t* indexes) : indexes_(indexes) {}
  const std::uint16_t* indexes_;
};

/// Appends the string of `planes * plane` symbols to `string`.
///
/// Every row that `rows` names has to be one of `table`'s: an index beyond them is a mistake of the caller.
void write_string(const std::int16_t* symbols, std::size_t planes, std::size_t plane, const CdfTable& table,
                  Rows rows, std::vector<std::uint8_t>& string);

/// Reads `planes * plane` symbols. All of the string has to be used, and the state has to end where a
/// writer's begins.
///
/// @param symbols where they go; what lies outside of a row may have a magnitude of up to 2^22.
/// @throws StreamError the string is none that a writer makes for these rows.
void read_string(Bytes string, std::size_t planes, std::size_t plane, const CdfTable& table, Rows rows,
                 std::int32_t* symbols);

}  // namespace licc
