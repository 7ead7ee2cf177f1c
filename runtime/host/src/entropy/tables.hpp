// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// @file
/// Cumulative frequencies that symbols are coded with, arranged for both directions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace licc {

/// A table: a row of cumulative frequencies out of 2^16 for each index (docs/entropy.md).
class CdfTable {
 public:
  /// An entry of a row. For a state x < 2^63: x / frequency = (2x * reciprocal) >> (64 + shift).
  struct Entry {
    std::uint64_t reciprocal;
    std::uint32_t frequency;  ///< 1 to 2^16 - 1
    std::uint16_t start;
    std::uint16_t shift;
  };

  struct Row {
    std::uint32_t first;  ///< where its entries begin
    std::int32_t last;    ///< the entry that stands for all symbols outside
    std::int32_t offset;  ///< the symbol of entry 0
  };

  /// @param name of the table, for errors.
  /// @param lengths entries of each row, 0 and 2^16 included: at least 3.
  /// @param offsets symbol of the first entry of each row.
  /// @param cdfs the rows, one after another: from 0, rising, to 2^16.
  /// @throws Error one is not so.
  CdfTable(const std::string& name, const std::vector<std::int32_t>& lengths,
           const std::vector<std::int32_t>& offsets, const std::vector<std::int32_t>& cdfs);

  std::size_t rows() const { return rows_.size(); }
  const Row& row(std::size_t index) const { return rows_[index]; }
  const Entry& entry(const Row& row, std::int32_t at) const {
    return entries_[row.first + static_cast<std::uint32_t>(at)];
  }

  /// The entry of row `index` in which `low`, below 2^16, lies.
  std::int32_t find(std::size_t index, std::uint32_t low) const {
    const Row& row = rows_[index];
    std::int32_t at = guesses_[index * kGuesses + (low >> kGuessShift)];
    // Every entry but the last ends at 2^16 or before: this stops there.
    while (low >= end_of(row, at)) ++at;
    return at;
  }

 private:
  // Rows of the widest distributions have some entries in an interval of 2^7, most rows less than one.
  static constexpr std::size_t kGuesses = 512;
  static constexpr int kGuessShift = 7;

  std::uint32_t end_of(const Row& row, std::int32_t at) const {
    const Entry& e = entry(row, at);
    return e.start + e.frequency;
  }

  void add_guesses(const Row& row);

  std::vector<Row> rows_;
  std::vector<Entry> entries_;
  std::vector<std::uint16_t>
      guesses_;  ///< by row and the upper bits of `low`: the first entry that can be it
};

}  // namespace licc
