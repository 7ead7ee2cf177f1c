// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "entropy/sequence.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "crc32.hpp"

namespace licc {
namespace {

constexpr char kMagic[] = {'L', 'I', 'C', 'S'};
constexpr std::size_t kVersionAt = 4, kFormatAt = 5, kZerosAt = 6, kModelAt = 8, kHeightAt = 16,
                      kWidthAt = 18, kNumeratorAt = 20, kDenominatorAt = 24, kCrcAt = 28;
// Memory for a frame is taken in steps of this many bytes, as they arrive.
constexpr std::size_t kChunk = std::size_t{1} << 20;
// No frame is longer: the symbols of 2^26 pixels, in plain, are not.
constexpr std::uint64_t kLongestFrame = std::uint64_t{1} << 30;

/// What is wrong with the fields; empty where nothing is.
std::string fault_of(const SequenceHeader& header) {
  for (const int extent : {header.image.height, header.image.width}) {
    if (extent < 1 || extent > kLargestSide)
      return "expected frames of 1 to " + std::to_string(kLargestSide) + " pixels either way";
  }
  if (header.rate_numerator == 0 || header.rate_denominator == 0) return "expected a frame rate above 0";
  if (header.format > PixelFormat::kYuv420Bt709Full) return "its pixel format is not known to this licc";
  return "";
}

/// Up to `size` more bytes of `in`, appended; fewer at its end.
void append(std::istream& in, std::vector<std::uint8_t>& bytes, std::size_t size) {
  while (size > 0 && in) {
    const std::size_t before = bytes.size(), step = std::min(size, kChunk);
    bytes.resize(before + step);
    in.read(reinterpret_cast<char*>(bytes.data() + before), static_cast<std::streamsize>(step));
    const auto got = static_cast<std::size_t>(in.gcount());
    bytes.resize(before + got);
    size -= got;
  }
}

std::vector<std::uint8_t> read_head(std::istream& in) {
  std::vector<std::uint8_t> head;
  append(in, head, kSequenceHeader);
  return head;
}

}  // namespace

std::vector<std::uint8_t> pack_sequence_header(const SequenceHeader& header) {
  const std::string fault = fault_of(header);
  if (!fault.empty()) throw Error("a sequence cannot be written: " + fault);
  std::vector<std::uint8_t> bytes(kSequenceHeader);
  std::uint8_t* head = bytes.data();
  std::copy_n(kMagic, sizeof kMagic, head);
  head[kVersionAt] = kSequenceVersion;
  head[kFormatAt] = static_cast<std::uint8_t>(header.format);
  std::copy(header.model.begin(), header.model.end(), head + kModelAt);
  write_u16(head + kHeightAt, static_cast<std::uint32_t>(header.image.height));
  write_u16(head + kWidthAt, static_cast<std::uint32_t>(header.image.width));
  write_u32(head + kNumeratorAt, header.rate_numerator);
  write_u32(head + kDenominatorAt, header.rate_denominator);
  write_u32(head + kCrcAt, crc32({head, kCrcAt}));
  return bytes;
}

SequenceHeader parse_sequence_header(Bytes bytes) {
  if (!is_sequence(bytes)) throw StreamError("not a sequence of licc: it does not begin with LICS");
  if (bytes.size < kSequenceHeader) {
    throw StreamError("a sequence of " + std::to_string(bytes.size) + " bytes is cut within its header");
  }
  const std::uint8_t* head = bytes.data;
  if (head[kVersionAt] != kSequenceVersion) {
    throw StreamError("a sequence of version " + std::to_string(head[kVersionAt]) + ", and this licc reads " +
                      std::to_string(kSequenceVersion));
  }
  if (read_u32(head + kCrcAt) != crc32({head, kCrcAt})) {
    throw StreamError("a damaged sequence: the checksum of its header is wrong");
  }
  if (read_u16(head + kZerosAt) != 0)
    throw StreamError("a sequence that no encoder writes: its header has more to say");
  SequenceHeader header;
  header.format = static_cast<PixelFormat>(head[kFormatAt]);
  std::copy_n(head + kModelAt, header.model.size(), header.model.begin());
  header.image = {read_u16(head + kHeightAt), read_u16(head + kWidthAt)};
  header.rate_numerator = read_u32(head + kNumeratorAt);
  header.rate_denominator = read_u32(head + kDenominatorAt);
  const std::string fault = fault_of(header);
  if (!fault.empty()) throw StreamError("a sequence that no encoder writes: " + fault);
  return header;
}

bool is_sequence(Bytes bytes) {
  return bytes.size >= sizeof kMagic && std::memcmp(bytes.data, kMagic, sizeof kMagic) == 0;
}

SequenceWriter::SequenceWriter(std::ostream& out, const SequenceHeader& header) : out_(out), header_(header) {
  const std::vector<std::uint8_t> head = pack_sequence_header(header);
  out_.write(reinterpret_cast<const char*>(head.data()), static_cast<std::streamsize>(head.size()));
  out_.flush();
  if (!out_) throw Error("a sequence cannot be written: the disk may be full");
  bytes_ = head.size();
}

void SequenceWriter::add(const std::vector<std::uint8_t>& frame) {
  if (frame.size() < kContainerHeader) throw Error("a frame that is no stream");
  const ContainerHeader said = parse_header(frame.data());
  if (said.bytes != frame.size() || said.model != header_.model || said.image != header_.image) {
    throw Error("a frame of another model or size than its sequence");
  }
  out_.write(reinterpret_cast<const char*>(frame.data()), static_cast<std::streamsize>(frame.size()));
  out_.flush();
  if (!out_) throw Error("a sequence cannot be written: the disk may be full");
  ++frames_;
  bytes_ += frame.size();
}

SequenceReader::SequenceReader(std::istream& in) : in_(in), header_(parse_sequence_header(read_head(in))) {}

std::optional<std::vector<std::uint8_t>> SequenceReader::next() {
  if (cut_) return std::nullopt;
  std::vector<std::uint8_t> frame;
  append(in_, frame, kContainerHeader);
  if (frame.size() < kContainerHeader) {
    cut_ = !frame.empty();
    return std::nullopt;
  }
  const std::string which = "frame " + std::to_string(frames_ + 1) + ": ";
  ContainerHeader said;
  try {
    said = parse_header(frame.data());
  } catch (const StreamError& error) {
    throw StreamError(which + error.what());
  }
  if (said.model != header_.model || said.image != header_.image) {
    throw StreamError(which + "of another model or size than its sequence");
  }
  if (said.bytes > kLongestFrame) throw StreamError(which + "longer than any frame is");
  append(in_, frame, static_cast<std::size_t>(said.bytes) - kContainerHeader);
  if (frame.size() < said.bytes) {
    cut_ = true;
    return std::nullopt;
  }
  ++frames_;
  return frame;
}

}  // namespace licc
