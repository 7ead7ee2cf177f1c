// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "entropy/rans.hpp"

#include <algorithm>
#include <string>

#include "licc/codec.hpp"

namespace licc {
namespace {

// A state below takes another word; so writers begin and readers end with it.
constexpr std::uint64_t kLowest = std::uint64_t{1} << 31;
constexpr int kTotalBits = 16;
constexpr int kNibbleBits = 4;
// A writer gives out a word of a state that would grow beyond 2^63, by a frequency or by a nibble.
constexpr int kLimitBits = 63 - kTotalBits;
constexpr std::uint64_t kNibbleLimit = std::uint64_t{1} << (63 - kNibbleBits);
// Symbols in plain are within 2^20 of a row that begins within 2^20; each distance has two numbers.
constexpr std::uint32_t kMostNibbles = 8;
constexpr std::uint64_t kGreatestPlain = std::uint64_t{1} << 22;

[[noreturn]] void fail(const char* what) { throw StreamError(what); }

/// The upper 64 bits of a product.
std::uint64_t multiply_high(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>(static_cast<Wide>(a) * b >> 64);
}

/// The writer: it takes symbols from the last to the first, and its words come out in the opposite order.
class Writer {
 public:
  explicit Writer(std::vector<std::uint32_t>& words) : words_(words) {}

  void put(const CdfTable::Entry& entry) {
    give_out(static_cast<std::uint64_t>(entry.frequency) << kLimitBits);
    const std::uint64_t quotient = multiply_high(state_ << 1, entry.reciprocal) >> entry.shift;
    // quotient * 2^16 + state mod frequency + start
    state_ += quotient * ((std::uint64_t{1} << kTotalBits) - entry.frequency) + entry.start;
  }

  void put_nibble(std::uint32_t value) {
    give_out(kNibbleLimit);
    state_ = state_ << kNibbleBits | value;
  }

  void finish() {
    words_.push_back(static_cast<std::uint32_t>(state_ >> 32));
    words_.push_back(static_cast<std::uint32_t>(state_));
  }

 private:
  void give_out(std::uint64_t limit) {
    if (state_ < limit) return;
    words_.push_back(static_cast<std::uint32_t>(state_));
    state_ >>= 32;
  }

  std::vector<std::uint32_t>& words_;
  std::uint64_t state_ = kLowest;
};

/// A symbol that its row has no entry for: what a reader takes after the row's last entry, from the end.
void put_plain(Writer& writer, std::int32_t at, std::int32_t last) {
  const std::uint32_t value =
      at < 0 ? static_cast<std::uint32_t>(-2 * at - 1) : static_cast<std::uint32_t>(2 * (at - last));
  std::uint32_t count = 0;
  while (value >> (kNibbleBits * count) != 0) ++count;
  for (std::uint32_t i = count; i > 0; --i) writer.put_nibble(value >> (kNibbleBits * (i - 1)) & 15);
  writer.put_nibble(count);
}

void put_symbol(Writer& writer, const CdfTable& table, std::size_t index, std::int16_t symbol) {
  const CdfTable::Row& row = table.row(index);
  const std::int32_t at = symbol - row.offset;
  const bool inside = at >= 0 && at < row.last;
  if (!inside) put_plain(writer, at, row.last);
  writer.put(table.entry(row, inside ? at : row.last));
}

class Reader {
 public:
  explicit Reader(Bytes string) : at_(string.data), end_(string.data + string.size) {
    if (string.size < 8 || string.size % 4 != 0) {
      throw StreamError("a string of " + std::to_string(string.size) +
                        " bytes: expected whole words, two at least");
    }
    state_ = read_u32(at_) | static_cast<std::uint64_t>(read_u32(at_ + 4)) << 32;
    at_ += 8;
    if (state_ < kLowest) fail("a string with an impossible first state");
  }

  std::int32_t get(const CdfTable& table, std::size_t index) {
    const auto low = static_cast<std::uint32_t>(state_ & ((1U << kTotalBits) - 1));
    const CdfTable::Row& row = table.row(index);
    std::int32_t found = table.find(index, low);
    const CdfTable::Entry& entry = table.entry(row, found);
    // A first state may be of any size; that of a later one is below 2^63. Neither product leaves 64 bits.
    state_ = entry.frequency * (state_ >> kTotalBits) + low - entry.start;
    refill();
    if (found == row.last) found = get_plain(row.last);
    return found + row.offset;
  }

  void finish() const {
    if (at_ != end_ || state_ != kLowest) fail("a string that does not end with its last symbol");
  }

 private:
  void refill() {
    if (state_ >= kLowest) return;
    if (at_ == end_) fail("a string that ends before its last symbol");
    state_ = state_ << 32 | read_u32(at_);
    at_ += 4;
  }

  std::uint32_t get_nibble() {
    const auto value = static_cast<std::uint32_t>(state_ & 15);
    state_ >>= kNibbleBits;
    refill();
    return value;
  }

  std::int32_t get_plain(std::int32_t last) {
    // A count of 15 or more would need a second nibble; no symbol has so many.
    const std::uint32_t count = get_nibble();
    if (count > kMostNibbles) fail("a string with a symbol out of all bounds");
    std::uint64_t value = 0;
    for (std::uint32_t i = 0; i < count; ++i)
      value |= static_cast<std::uint64_t>(get_nibble()) << (kNibbleBits * i);
    if (value > kGreatestPlain + 1) fail("a string with a symbol out of all bounds");
    const auto half = static_cast<std::int32_t>(value >> 1);
    return (value & 1) != 0 ? -half - 1 : last + half;
  }

  const std::uint8_t* at_;
  const std::uint8_t* end_;
  std::uint64_t state_ = 0;
};

}  // namespace

void write_string(const std::int16_t* symbols, std::size_t planes, std::size_t plane, const CdfTable& table,
                  Rows rows, std::vector<std::uint8_t>& string) {
  std::vector<std::uint32_t> words;
  words.reserve(planes * plane / 8 + 16);
  Writer writer(words);
  const std::uint16_t* indexes = rows.indexes();
  for (std::size_t p = planes; p > 0; --p) {
    for (std::size_t i = p * plane; i > (p - 1) * plane; --i) {
      put_symbol(writer, table, indexes == nullptr ? p - 1 : indexes[i - 1], symbols[i - 1]);
    }
  }
  writer.finish();
  const std::size_t before = string.size();
  string.resize(before + 4 * words.size());
  std::uint8_t* at = string.data() + before;
  for (auto word = words.rbegin(); word != words.rend(); ++word, at += 4) write_u32(at, *word);
}

void read_string(Bytes string, std::size_t planes, std::size_t plane, const CdfTable& table, Rows rows,
                 std::int32_t* symbols) {
  Reader reader(string);
  const std::uint16_t* indexes = rows.indexes();
  for (std::size_t p = 0; p < planes; ++p) {
    for (std::size_t i = p * plane; i < (p + 1) * plane; ++i) {
      symbols[i] = reader.get(table, indexes == nullptr ? p : indexes[i]);
    }
  }
  reader.finish();
}

}  // namespace licc
