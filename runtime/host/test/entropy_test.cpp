// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Entropy coding: strings that CompressAI wrote, division by multiplication at all its ends, containers and
// sequences that were cut and changed everywhere.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "crc32.hpp"
#include "entropy/container.hpp"
#include "entropy/rans.hpp"
#include "entropy/sequence.hpp"
#include "entropy/tables.hpp"

namespace {

using licc::Bytes;
using licc::CdfTable;
using Buffer = std::vector<std::uint8_t>;

void expect(bool holds, const std::string& what) {
  if (holds) return;
  std::fprintf(stderr, "entropy_test: %s\n", what.c_str());
  std::exit(1);
}

/// What is said of a mistake; empty where nothing is.
std::string refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const licc::StreamError& error) {
    return error.what();
  }
  return "";
}

// -----------------------------------------------------------------------------------------------------------
// Strings
// -----------------------------------------------------------------------------------------------------------
void test_strings_of_compressai() {
  // Symbols inside and outside of their rows, as CompressAI 1.2.8 wrote them.
  const CdfTable table("t", {5, 3}, {-1, 7}, {0, 1, 40000, 65535, 65536, 0, 30000, 65536});
  const std::vector<std::int16_t> symbols{0, 1, -1, 0, 0, 7, 7, 7, -32768, 32767, 2, -2, 300, -300, 0};
  const std::vector<std::uint16_t> indexes{0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0};
  const Buffer theirs{0x34, 0x20, 0x85, 0xa1, 0xe6, 0x47, 0x01, 0x00, 0x24, 0x86, 0x87, 0x36, 0xee, 0xff,
                      0xff, 0xff, 0xf0, 0xff, 0x1f, 0xf1, 0x43, 0x25, 0xff, 0xff, 0x53, 0x25, 0xb9, 0x43};
  Buffer ours;
  licc::write_string(symbols.data(), 3, 5, table, licc::Rows::by_symbol(indexes.data()), ours);
  expect(ours == theirs, "a string is not CompressAI's");
  std::vector<std::int32_t> read(symbols.size());
  licc::read_string(theirs, 3, 5, table, licc::Rows::by_symbol(indexes.data()), read.data());
  expect(std::equal(read.begin(), read.end(), symbols.begin()), "CompressAI's string gives other symbols");
}

void test_division() {
  __extension__ using Wide = unsigned __int128;
  std::mt19937_64 random(1);
  for (std::int32_t frequency = 1; frequency < 65536; ++frequency) {
    const CdfTable table("t", {3}, {0}, {0, frequency, 65536});
    const CdfTable::Entry& entry = table.entry(table.row(0), 0);
    const auto divisor = static_cast<std::uint64_t>(frequency);
    // States of this frequency are below 2^47 times it; quotients change where it divides them.
    const std::uint64_t limit = divisor << 47;
    for (const std::uint64_t state :
         {limit - 1, limit - divisor, limit / 2, divisor * (random() >> 18) % limit,
          (divisor * (random() >> 18) + divisor - 1) % limit, divisor - 1, divisor}) {
      const auto product = static_cast<Wide>(state << 1) * entry.reciprocal;
      const auto quotient = static_cast<std::uint64_t>(product >> 64) >> entry.shift;
      expect(quotient == state / divisor, "division by " + std::to_string(frequency) + " is wrong");
    }
  }
}

/// A table of rows of `entries` symbols with random frequencies.
CdfTable random_table(std::mt19937& random, int rows, int entries) {
  std::vector<std::int32_t> lengths, offsets, cdfs;
  for (int row = 0; row < rows; ++row) {
    std::vector<std::int32_t> bounds{0, 65536};
    while (static_cast<int>(bounds.size()) < entries + 1) {
      const auto bound = static_cast<std::int32_t>(random() % 65535 + 1);
      const auto place = std::lower_bound(bounds.begin(), bounds.end(), bound);
      if (*place != bound) bounds.insert(place, bound);
    }
    lengths.push_back(entries + 1);
    offsets.push_back(static_cast<std::int32_t>(random() % 64) - 40);
    cdfs.insert(cdfs.end(), bounds.begin(), bounds.end());
  }
  return CdfTable("random", lengths, offsets, cdfs);
}

void test_find() {
  std::mt19937 random(2);
  for (const int entries : {2, 3, 17, 600, 30000}) {
    const CdfTable table = random_table(random, 2, entries);
    for (std::size_t row = 0; row < 2; ++row) {
      for (std::uint32_t low = 0; low < 65536; ++low) {
        const CdfTable::Entry& entry = table.entry(table.row(row), table.find(row, low));
        expect(low >= entry.start && low < entry.start + entry.frequency,
               "an entry that does not hold its number");
      }
    }
  }
}

void test_round_trips() {
  std::mt19937 random(3);
  for (int round = 0; round < 60; ++round) {
    const std::size_t planes = 1 + random() % 9, plane = random() % 400;
    const CdfTable table =
        random_table(random, static_cast<int>(planes), 2 + static_cast<int>(random() % 90));
    std::vector<std::int16_t> symbols(planes * plane);
    std::vector<std::uint16_t> indexes(symbols.size());
    for (std::size_t i = 0; i < symbols.size(); ++i) {
      const int width = random() % 8 == 0 ? 65536 : 90;
      symbols[i] =
          static_cast<std::int16_t>(static_cast<int>(random() % static_cast<unsigned>(width)) - width / 2);
      indexes[i] = static_cast<std::uint16_t>(random() % planes);
    }
    for (const licc::Rows rows : {licc::Rows::by_plane(), licc::Rows::by_symbol(indexes.data())}) {
      Buffer string;
      licc::write_string(symbols.data(), planes, plane, table, rows, string);
      std::vector<std::int32_t> read(symbols.size());
      licc::read_string(string, planes, plane, table, rows, read.data());
      expect(std::equal(read.begin(), read.end(), symbols.begin()),
             "a string gives other symbols than went in");
      const auto read_again = [&] { licc::read_string(string, planes, plane, table, rows, read.data()); };
      string.insert(string.end(), 4, 0);
      expect(!refusal(read_again).empty(), "a longer string is read");
      string.resize(string.size() - 8);
      expect(!refusal(read_again).empty(), "a cut string is read");
    }
  }
}

void test_any_bytes_are_symbols_or_an_error() {
  std::mt19937 random(4);
  const CdfTable table = random_table(random, 4, 30);
  std::vector<std::int32_t> read(4 * 50);
  for (int round = 0; round < 20000; ++round) {
    Buffer string(random() % 60);
    for (std::uint8_t& byte : string) byte = static_cast<std::uint8_t>(random());
    refusal([&] { licc::read_string(string, 4, 50, table, licc::Rows::by_plane(), read.data()); });
    for (const std::int32_t symbol : read) expect(std::abs(symbol) < 1 << 23, "a symbol out of all bounds");
  }
}

// -----------------------------------------------------------------------------------------------------------
// Containers and sequences
// -----------------------------------------------------------------------------------------------------------
const licc::ModelId kModel{1, 2, 3, 4, 5, 6, 7, 8};

Buffer some_container(std::size_t bytes_of_y = 8) {
  static const Buffer z(4, 'z');
  const Buffer y(bytes_of_y, 'y');
  licc::Container container;
  container.kind = 2;
  container.model = kModel;
  container.image = {48, 80};
  container.extra_below = 3;
  container.extra_right = 255;
  container.z = z;
  container.y = y;
  return licc::pack_container(container);
}

void test_crc() {
  const Buffer digits{'1', '2', '3', '4', '5', '6', '7', '8', '9'};
  expect(licc::crc32(digits) == 0xCBF43926U, "the CRC-32 of 123456789");
  expect(licc::crc32({digits.data() + 4, 5}, licc::crc32({digits.data(), 4})) == 0xCBF43926U,
         "a CRC-32 in two parts");
  expect(licc::crc_text(0xABCU) == "00000abc", "the text of a CRC-32");
}

void test_containers() {
  const Buffer stream = some_container();
  const Buffer page{0x4c, 0x49, 0x43, 0x43, 0x01, 0x02, 0x03, 0xff, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,
                    0x08, 0x30, 0x00, 0x50, 0x00, 0x04, 0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x89, 0x15,
                    0xc3, 0xb9, 0x7a, 0x7a, 0x7a, 0x7a, 0x79, 0x79, 0x79, 0x79, 0x79, 0x79, 0x79, 0x79};
  expect(stream == page, "the bytes of a container are not those of docs/entropy.md");
  const licc::Container held = licc::parse_container(stream);
  expect(held.model == kModel && held.image == licc::Size{48, 80}, "a container's model and size");
  expect(held.extra_below == 3 && held.extra_right == 255, "a container's padding");
  expect(held.z.size == 4 && held.y.size == 8 && held.y.data[7] == 'y', "a container's strings");
  expect(licc::parse_header(stream.data()).bytes == stream.size(), "a container's length");
  for (std::size_t size = 0; size < stream.size(); ++size) {
    const Buffer cut(stream.begin(),
                     stream.begin() + static_cast<std::ptrdiff_t>(size));  // so that ASan knows its end
    expect(!refusal([&] { licc::parse_container(cut); }).empty(), "a cut container is read");
  }
  for (std::size_t bit = 0; bit < 8 * stream.size(); ++bit) {
    Buffer flipped = stream;
    flipped[bit / 8] = static_cast<std::uint8_t>(flipped[bit / 8] ^ 1 << bit % 8);
    expect(!refusal([&] { licc::parse_container(flipped); }).empty(),
           "a container with a flipped bit is read");
  }
}

Buffer some_sequence(int frames) {
  std::ostringstream out;
  licc::SequenceHeader header;
  header.model = kModel;
  header.image = {48, 80};
  header.rate_numerator = 30000;
  header.rate_denominator = 1001;
  header.format = licc::PixelFormat::kYuv420Bt709;
  licc::SequenceWriter writer(out, header);
  for (int frame = 0; frame < frames; ++frame)
    writer.add(some_container(4 * static_cast<std::size_t>(frame)));
  const std::string text = out.str();
  expect(writer.bytes() == text.size() && writer.frames() == static_cast<std::uint64_t>(frames),
         "what was written");
  return {text.begin(), text.end()};
}

/// Frames of a sequence, and whether it was cut.
std::pair<std::vector<Buffer>, bool> frames_of(const Buffer& bytes) {
  std::istringstream in(std::string(bytes.begin(), bytes.end()));
  licc::SequenceReader reader(in);
  std::vector<Buffer> frames;
  while (auto frame = reader.next()) frames.push_back(*frame);
  expect(!reader.next() && reader.frames() == frames.size(), "a sequence goes on after its end");
  return {frames, reader.cut()};
}

void test_sequences() {
  const Buffer sequence = some_sequence(3);
  const Buffer page{0x4c, 0x49, 0x43, 0x53, 0x01, 0x02, 0x00, 0x00, 0x01, 0x02, 0x03,
                    0x04, 0x05, 0x06, 0x07, 0x08, 0x30, 0x00, 0x50, 0x00, 0x30, 0x75,
                    0x00, 0x00, 0xe9, 0x03, 0x00, 0x00, 0x3f, 0x67, 0x92, 0xb4};
  expect(std::equal(page.begin(), page.end(), sequence.begin()), "a header is not that of docs/entropy.md");
  const licc::SequenceHeader header = licc::parse_sequence_header(sequence);
  expect(header.model == kModel && header.image == licc::Size{48, 80}, "a sequence's model and size");
  expect(header.rate_numerator == 30000 && header.rate_denominator == 1001, "a sequence's rate");
  expect(header.format == licc::PixelFormat::kYuv420Bt709, "a sequence's format");
  const std::size_t ends[] = {32, 32 + 36, 32 + 36 + 40, 32 + 36 + 40 + 44};
  for (std::size_t size = 0; size <= sequence.size(); ++size) {
    const Buffer cut(sequence.begin(), sequence.begin() + static_cast<std::ptrdiff_t>(size));
    if (size < 32) {
      expect(!refusal([&] { frames_of(cut); }).empty(), "a sequence without a header is read");
      continue;
    }
    const auto [frames, was_cut] = frames_of(cut);
    std::size_t whole = 0;
    while (whole < 3 && ends[whole + 1] <= size) ++whole;
    expect(frames.size() == whole && was_cut == (ends[whole] != size), "a cut sequence gives other frames");
    for (std::size_t i = 0; i < whole; ++i)
      expect(frames[i] == some_container(4 * i), "a frame has other bytes");
  }
  for (std::size_t bit = 0; bit < 8 * 32; ++bit) {
    Buffer flipped = sequence;
    flipped[bit / 8] = static_cast<std::uint8_t>(flipped[bit / 8] ^ 1 << bit % 8);
    expect(!refusal([&] { frames_of(flipped); }).empty(),
           "a sequence with a flipped bit in its header is read");
  }
}

void test_frames_of_others() {
  const Buffer sequence = some_sequence(2);
  for (const std::size_t place : {32U, 32U + 4, 32U + 5, 32U + 8, 32U + 16}) {
    Buffer changed = sequence;
    changed[place] = static_cast<std::uint8_t>(changed[place] ^ 0x44);
    expect(refusal([&] { frames_of(changed); }).rfind("frame 1: ", 0) == 0,
           "a frame of something else is read");
  }
  // A frame that says it has 4 GiB: no such memory is taken.
  Buffer longest = sequence;
  licc::write_u32(longest.data() + 32 + 24, 0xFFFFFFFFU);
  expect(refusal([&] { frames_of(longest); }).find("longer than any frame") != std::string::npos,
         "4 GiB are believed");
  licc::write_u32(longest.data() + 32 + 24, 0x3FFFFF00U);
  expect(frames_of(longest).second, "a frame of which little is there was not cut");
}

}  // namespace

int main() {
  test_strings_of_compressai();
  test_division();
  test_find();
  test_round_trips();
  test_any_bytes_are_symbols_or_an_error();
  test_crc();
  test_containers();
  test_sequences();
  test_frames_of_others();
  std::puts("entropy_test: ok");
  return 0;
}
