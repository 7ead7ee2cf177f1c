// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// @file
/// Harness: tables and strings. The first bytes choose tables, right ones or not, planes and rows; what
/// follows makes symbols that are written and read again, damages their string, or is read as a string
/// itself.
#include <algorithm>
#include <vector>

#include "entropy/rans.hpp"
#include "entropy/tables.hpp"
#include "given.hpp"
#include "licc/codec.hpp"

namespace {

using licc::fuzz::claim;
using licc::fuzz::Given;

constexpr std::uint32_t kMostRows = 8, kMostEntries = 40, kMostPlane = 64;
constexpr std::int32_t kTotal = 1 << 16;

/// What a table is made of.
struct Parts {
  std::vector<std::int32_t> lengths, offsets, cdfs;
};

/// A row that rises from 0 to 2^16, in steps that the input chooses.
void add_row(Given& given, Parts& parts) {
  const auto entries = static_cast<std::int32_t>(2 + given.below(kMostEntries));
  parts.lengths.push_back(entries + 1);
  parts.offsets.push_back(static_cast<std::int32_t>(given.word()) - (1 << 15));
  std::int32_t at = 0;
  for (std::int32_t entry = 0; entry < entries; ++entry) {
    parts.cdfs.push_back(at);
    const std::int32_t room = kTotal - at - (entries - entry - 1);
    const std::uint32_t kind = given.byte();
    const auto step = static_cast<std::int32_t>(kind < 128 ? 1 + kind : given.word());
    at += std::clamp(step, 1, room);
  }
  parts.cdfs.push_back(kTotal);
}

Parts make_parts(Given& given) {
  Parts parts;
  const std::uint32_t rows = 1 + given.below(kMostRows);
  for (std::uint32_t row = 0; row < rows; ++row) add_row(given, parts);
  return parts;
}

/// Tables out of anything: an error, or one that can be read with.
void check_table(Given given) {
  Parts parts;
  const std::uint32_t rows = given.below(4), entries = given.below(64);
  for (std::uint32_t row = 0; row < rows; ++row) {
    parts.lengths.push_back(static_cast<std::int32_t>(given.word()) - 4);
    parts.offsets.push_back(static_cast<std::int32_t>(given.word() << 16 | given.word()));
  }
  for (std::uint32_t entry = 0; entry < entries; ++entry) {
    parts.cdfs.push_back(static_cast<std::int32_t>(given.word() << given.below(17)));
  }
  try {
    const licc::CdfTable table("table", parts.lengths, parts.offsets, parts.cdfs);
    for (std::size_t row = 0; row < table.rows(); ++row) {
      claim(table.find(row, 0) == 0, "rows begin at 0");
      claim(table.find(row, kTotal - 1) == table.row(row).last, "rows end at 2^16");
    }
  } catch (const licc::Error&) {
    return;
  }
}

/// How symbols lie, and the rows that they are coded with.
struct Layout {
  std::size_t planes = 0, plane = 0;
  std::vector<std::uint16_t> indexes;  ///< empty: by plane

  std::size_t symbols() const { return planes * plane; }
  licc::Rows rows() const {
    return indexes.empty() ? licc::Rows::by_plane() : licc::Rows::by_symbol(indexes.data());
  }
};

Layout make_layout(Given& given, std::size_t rows) {
  Layout layout;
  const bool by_plane = given.byte() % 2 == 0;
  layout.planes = by_plane ? rows : 1 + given.below(kMostRows);
  layout.plane = 1 + given.below(kMostPlane);
  if (by_plane) return layout;
  for (std::size_t i = 0; i < layout.symbols(); ++i) {
    layout.indexes.push_back(static_cast<std::uint16_t>(given.byte() % rows));
  }
  return layout;
}

std::vector<std::int32_t> read(licc::Bytes string, const licc::CdfTable& table, const Layout& layout) {
  std::vector<std::int32_t> symbols(layout.symbols());
  licc::read_string(string, layout.planes, layout.plane, table, layout.rows(), symbols.data());
  return symbols;
}

std::vector<std::uint8_t> write(const std::vector<std::int16_t>& symbols, const licc::CdfTable& table,
                                const Layout& layout) {
  std::vector<std::uint8_t> string;
  licc::write_string(symbols.data(), layout.planes, layout.plane, table, layout.rows(), string);
  return string;
}

/// Symbols come back from the string that is made of them.
void check_round_trip(const std::vector<std::int16_t>& symbols, const licc::CdfTable& table,
                      const Layout& layout) {
  const std::vector<std::int32_t> found = read(write(symbols, table, layout), table, layout);
  claim(std::equal(found.begin(), found.end(), symbols.begin(), symbols.end()), "symbols come back");
}

/// Whatever a string holds: an error, or symbols within bounds that can be written.
void check_string(licc::Bytes string, const licc::CdfTable& table, const Layout& layout) {
  std::vector<std::int32_t> found;
  try {
    found = read(string, table, layout);
  } catch (const licc::StreamError&) {
    return;
  }
  std::vector<std::int16_t> symbols;
  for (const std::int32_t symbol : found) {
    claim(symbol >= -(1 << 23) && symbol <= 1 << 23, "symbols have bounds");
    if (symbol != static_cast<std::int16_t>(symbol)) return;
    symbols.push_back(static_cast<std::int16_t>(symbol));
  }
  check_round_trip(symbols, table, layout);
}

/// Most lie near the first row, as trained ones do.
std::vector<std::int16_t> make_symbols(Given& given, const Parts& parts, const Layout& layout) {
  std::vector<std::int16_t> symbols(layout.symbols());
  for (std::int16_t& symbol : symbols) {
    const std::uint32_t kind = given.byte();
    const auto near = parts.offsets[0] + static_cast<std::int32_t>(kind % 48);
    symbol = static_cast<std::int16_t>(kind < 250 ? near : static_cast<std::int32_t>(given.word()));
  }
  return symbols;
}

/// The string with some bytes changed, or cut.
std::vector<std::uint8_t> damaged(Given& given, std::vector<std::uint8_t> string) {
  const auto size = [&] { return static_cast<std::uint32_t>(string.size()); };
  if (given.byte() % 8 == 0) string.resize(4 * given.below(size() / 4));
  for (std::uint32_t changes = given.byte() % 4; changes > 0 && !string.empty(); --changes) {
    string[given.below(size())] ^= static_cast<std::uint8_t>(1 + given.byte() % 255);
  }
  return string;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Given given(data, size);
  const std::uint32_t mode = given.byte() % 8;
  if (mode == 0) {
    check_table(given);
    return 0;
  }
  const Parts parts = make_parts(given);
  const licc::CdfTable table("table", parts.lengths, parts.offsets, parts.cdfs);
  const Layout layout = make_layout(given, table.rows());
  if (mode < 5) {
    const std::vector<std::int16_t> symbols = make_symbols(given, parts, layout);
    check_round_trip(symbols, table, layout);
    if (mode == 4) check_string(damaged(given, write(symbols, table, layout)), table, layout);
    return 0;
  }
  std::vector<std::uint8_t> string(given.rest().data, given.rest().data + given.left());
  if (mode < 7) string.resize(string.size() / 4 * 4);  // most are whole words
  check_string(string, table, layout);
  return 0;
}
