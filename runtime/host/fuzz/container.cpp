// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// @file
/// Harness: the container of an image and the sequence of frames, as they come and with checksums set right.
#include <sstream>
#include <string>
#include <vector>

#include "entropy/container.hpp"
#include "entropy/sequence.hpp"
#include "given.hpp"
#include "licc/codec.hpp"

namespace {

using licc::fuzz::claim;
using Stream = std::vector<std::uint8_t>;

/// What parses has views within the stream, and is written as it was read.
void check_container(const Stream& stream) {
  try {
    const licc::Container held = licc::parse_container(stream);
    claim(held.z.size + held.y.size + licc::kContainerHeader == stream.size(), "strings fill a stream");
    claim(held.image.height >= 1 && held.image.height <= licc::kLargestSide, "heights are checked");
    claim(held.image.width >= 1 && held.image.width <= licc::kLargestSide, "widths are checked");
    claim(licc::pack_container(held) == stream, "a container is packed as it was");
    claim(licc::parse_header(stream.data()).bytes == stream.size(), "a header says how long its stream is");
  } catch (const licc::StreamError&) {
    return;
  }
}

/// The frames that are read are those of the stream, one after another, and written make its beginning.
void check_sequence(const Stream& stream) {
  std::istringstream in(std::string(stream.begin(), stream.end()));
  std::ostringstream out;
  try {
    licc::SequenceReader reader(in);
    licc::SequenceWriter writer(out, reader.header());
    try {
      while (const auto frame = reader.next()) writer.add(*frame);
      claim(reader.cut() || writer.bytes() == stream.size(), "a sequence that is not cut is read to its end");
    } catch (const licc::StreamError&) {
      // Frames before one that is none are there all the same.
    }
    claim(reader.frames() == writer.frames(), "a reader counts frames");
    const std::string written = out.str();
    claim(written.size() == writer.bytes() && written.size() <= stream.size(), "a writer counts bytes");
    claim(std::equal(written.begin(), written.end(), stream.begin(),
                     [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; }),
          "a sequence is written as it was read");
  } catch (const licc::StreamError&) {
    return;
  }
}

void forge_sequence(Stream& stream) {
  constexpr std::size_t crc_at = 28;
  if (stream.size() < licc::kSequenceHeader) return;
  licc::write_u32(stream.data() + crc_at, licc::crc32({stream.data(), crc_at}));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Stream stream(data, data + size);
  if (licc::is_sequence(stream)) {
    check_sequence(stream);
    forge_sequence(stream);
    check_sequence(stream);
    return 0;
  }
  check_container(stream);
  licc::fuzz::forge_container(stream);
  check_container(stream);
  licc::fuzz::forge_lengths(stream);
  licc::fuzz::forge_container(stream);
  check_container(stream);
  return 0;
}
