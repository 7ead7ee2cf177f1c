// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// @file
/// The bytes of coded video (docs/entropy.md): a header of 32 bytes, then frames, each a whole stream.
///
/// There is neither a count nor an index: what was written is a valid sequence at any time, and of one that
/// was cut anywhere, all frames before the cut can be read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <istream>
#include <optional>
#include <ostream>
#include <vector>

#include "entropy/container.hpp"
#include "licc/codec.hpp"

namespace licc {

constexpr std::size_t kSequenceHeader = 32;
constexpr int kSequenceVersion = 1;

/// How the pixels lay in the source, for whoever gives them back so: RGB, or 8-bit YUV 4:2:0
/// (docs/runtime.md).
enum class PixelFormat : std::uint8_t {
  kRgb = 0,
  kYuv420Bt601 = 1,
  kYuv420Bt709 = 2,
  kYuv420Bt601Full = 3,
  kYuv420Bt709Full = 4,
};

struct SequenceHeader {
  ModelId model{};
  Size image;                         ///< of every frame
  std::uint32_t rate_numerator = 25;  ///< frames per second, both at least 1
  std::uint32_t rate_denominator = 1;
  PixelFormat format = PixelFormat::kRgb;
};

/// The bytes of a header. @throws Error a field is out of its range.
std::vector<std::uint8_t> pack_sequence_header(const SequenceHeader& header);

/// What a header says; its checksum and every field are checked.
///
/// @param bytes the first `kSequenceHeader` bytes of a sequence, or fewer where there are no more.
/// @throws StreamError
SequenceHeader parse_sequence_header(Bytes bytes);

/// Whether bytes begin as a sequence does (a single image begins with `LICC`).
bool is_sequence(Bytes bytes);

/// Writes a sequence, every frame at once and whole.
class SequenceWriter {
 public:
  /// Writes the header. @throws Error a field is out of its range, or nothing can be written.
  SequenceWriter(std::ostream& out, const SequenceHeader& header);

  /// Writes the stream of a frame and flushes: from here on it is part of the sequence.
  ///
  /// @throws Error it is not of the sequence's model and size, or cannot be written.
  void add(const std::vector<std::uint8_t>& frame);

  /// How many frames were written.
  std::uint64_t frames() const { return frames_; }
  /// How many bytes were written, the header included.
  std::uint64_t bytes() const { return bytes_; }

 private:
  std::ostream& out_;
  SequenceHeader header_;
  std::uint64_t frames_ = 0;
  std::uint64_t bytes_ = 0;
};

/// Reads a sequence from a file or a pipe, frame after frame.
class SequenceReader {
 public:
  /// Reads the header. @throws StreamError
  explicit SequenceReader(std::istream& in);

  const SequenceHeader& header() const { return header_; }

  /// The stream of the next frame, to be given to Codec::decode; none at the end, which may be a cut.
  ///
  /// Memory is taken as bytes arrive, whatever a frame says of its length.
  ///
  /// @throws StreamError what follows is no frame of this sequence.
  std::optional<std::vector<std::uint8_t>> next();

  /// How many whole frames were read.
  std::uint64_t frames() const { return frames_; }
  /// After the end: whether the sequence ended within a frame.
  bool cut() const { return cut_; }

 private:
  std::istream& in_;
  SequenceHeader header_;
  std::uint64_t frames_ = 0;
  bool cut_ = false;
};

}  // namespace licc
