// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "entropy/container.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>

#include "crc32.hpp"

namespace licc {
namespace {

constexpr char kMagic[] = {'L', 'I', 'C', 'C'};
// Offsets in the header; the checksum is of what is before it, and of the strings.
constexpr std::size_t kVersionAt = 4, kKindAt = 5, kBelowAt = 6, kRightAt = 7, kModelAt = 8, kHeightAt = 16,
                      kWidthAt = 18, kZAt = 20, kYAt = 24, kCrcAt = 28;
constexpr int kKinds = 3;

bool is_side(int extent) { return extent >= 1 && extent <= kLargestSide; }

std::string size_text(Size size) { return std::to_string(size.height) + "x" + std::to_string(size.width); }

/// The fields, with strings of which only the lengths are known.
Container fields_of(const std::uint8_t* header) {
  Container held;
  held.kind = header[kKindAt];
  held.extra_below = header[kBelowAt];
  held.extra_right = header[kRightAt];
  std::copy_n(header + kModelAt, held.model.size(), held.model.begin());
  held.image = {read_u16(header + kHeightAt), read_u16(header + kWidthAt)};
  held.z.size = read_u32(header + kZAt);
  held.y.size = read_u32(header + kYAt);
  return held;
}

void check_version(const std::uint8_t* header) {
  if (std::memcmp(header, kMagic, sizeof kMagic) != 0) {
    throw StreamError("not a licc stream: it does not begin with LICC");
  }
  if (header[kVersionAt] != kContainerVersion) {
    throw StreamError("a stream of version " + std::to_string(header[kVersionAt]) + ", and this licc reads " +
                      std::to_string(kContainerVersion));
  }
}

void check_fields(const Container& held) {
  if (held.kind >= kKinds || (held.kind == 1 && held.z.size != 0)) {
    throw StreamError("a stream of a kind that this licc does not know");
  }
  if (!is_side(held.image.height) || !is_side(held.image.width)) {
    throw StreamError("an image of " + size_text(held.image) + ": expected 1 to " +
                      std::to_string(kLargestSide) + " either way");
  }
}

/// Without overflow: of two lengths of 32 bits.
std::uint64_t bytes_of(const Container& held) {
  return kContainerHeader + static_cast<std::uint64_t>(held.z.size) + held.y.size;
}

}  // namespace

std::string to_hex(const ModelId& model) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : model) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

ContainerHeader parse_header(const std::uint8_t* header) {
  check_version(header);
  const Container held = fields_of(header);
  check_fields(held);
  return {held.model, held.image, bytes_of(held)};
}

Container parse_container(Bytes stream) {
  if (stream.size < sizeof kMagic || std::memcmp(stream.data, kMagic, sizeof kMagic) != 0) {
    throw StreamError("not a licc stream: it does not begin with LICC");
  }
  if (stream.size < kContainerHeader) {
    throw StreamError("a stream of " + std::to_string(stream.size) + " bytes is cut within its header");
  }
  check_version(stream.data);
  Container held = fields_of(stream.data);
  if (stream.size != bytes_of(held)) {
    throw StreamError("a stream of " + std::to_string(stream.size) + " bytes that says it has " +
                      std::to_string(bytes_of(held)) + ": cut or damaged");
  }
  held.z.data = stream.data + kContainerHeader;
  held.y.data = held.z.data + held.z.size;
  const std::uint32_t strings = crc32({held.z.data, held.z.size + held.y.size}, crc32({stream.data, kCrcAt}));
  if (strings != read_u32(stream.data + kCrcAt)) throw StreamError("a damaged stream: its checksum is wrong");
  check_fields(held);
  return held;
}

std::vector<std::uint8_t> pack_container(const Container& container) {
  constexpr std::uint64_t longest = std::numeric_limits<std::uint32_t>::max();
  if (!is_side(container.image.height) || !is_side(container.image.width)) {
    throw Error("an image of " + size_text(container.image) + ": expected 1 to " +
                std::to_string(kLargestSide) + " either way");
  }
  if (container.z.size > longest || container.y.size > longest) throw Error("a string of more than 4 GiB");
  if (container.kind < 0 || container.kind >= kKinds ||
      std::min(container.extra_below, container.extra_right) < 0 ||
      std::max(container.extra_below, container.extra_right) > 255) {
    throw Error("a container with a field that its byte does not hold");
  }
  std::vector<std::uint8_t> stream(kContainerHeader);
  std::uint8_t* head = stream.data();
  std::copy_n(kMagic, sizeof kMagic, head);
  head[kVersionAt] = kContainerVersion;
  head[kKindAt] = static_cast<std::uint8_t>(container.kind);
  head[kBelowAt] = static_cast<std::uint8_t>(container.extra_below);
  head[kRightAt] = static_cast<std::uint8_t>(container.extra_right);
  std::copy(container.model.begin(), container.model.end(), head + kModelAt);
  write_u16(head + kHeightAt, static_cast<std::uint32_t>(container.image.height));
  write_u16(head + kWidthAt, static_cast<std::uint32_t>(container.image.width));
  write_u32(head + kZAt, static_cast<std::uint32_t>(container.z.size));
  write_u32(head + kYAt, static_cast<std::uint32_t>(container.y.size));
  write_u32(head + kCrcAt, crc32(container.y, crc32(container.z, crc32({head, kCrcAt}))));
  stream.reserve(bytes_of(container));
  for (const Bytes& part : {container.z, container.y})
    stream.insert(stream.end(), part.data, part.data + part.size);
  return stream;
}

}  // namespace licc
