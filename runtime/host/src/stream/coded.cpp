// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Coded video in files.
#include <cerrno>
#include <cstring>
#include <fstream>

#include "entropy/sequence.hpp"
#include "licc/codec.hpp"
#include "media/files.hpp"

namespace licc {

namespace {

ModelId model_of(const std::string& hex) {
  ModelId model{};
  for (std::size_t i = 0; i < model.size(); ++i) {
    model[i] = static_cast<std::uint8_t>(std::stoul(hex.substr(2 * i, 2), nullptr, 16));
  }
  return model;
}

PixelFormat pixels_of(YuvFormat yuv) {
  if (yuv.matrix == YuvMatrix::bt709) {
    return yuv.full_range ? PixelFormat::kYuv420Bt709Full : PixelFormat::kYuv420Bt709;
  }
  return yuv.full_range ? PixelFormat::kYuv420Bt601Full : PixelFormat::kYuv420Bt601;
}

SequenceHeader header_of(const Codec& codec, const VideoFormat& video, bool rgb) {
  SequenceHeader header;
  header.model = model_of(codec.facts().model);
  header.image = video.size;
  header.rate_numerator = video.rate_numerator;
  header.rate_denominator = video.rate_denominator;
  header.format = rgb ? PixelFormat::kRgb : pixels_of(video.yuv);
  return header;
}

CodedFormat format_of(const SequenceHeader& header) {
  const PixelFormat pixels = header.format;
  CodedFormat format;
  format.model = to_hex(header.model);
  format.rgb = pixels == PixelFormat::kRgb;
  format.video.size = header.image;
  format.video.rate_numerator = header.rate_numerator;
  format.video.rate_denominator = header.rate_denominator;
  const bool bt709 = pixels == PixelFormat::kYuv420Bt709 || pixels == PixelFormat::kYuv420Bt709Full;
  format.video.yuv.matrix = bt709 ? YuvMatrix::bt709 : YuvMatrix::bt601;
  format.video.yuv.full_range =
      pixels == PixelFormat::kYuv420Bt601Full || pixels == PixelFormat::kYuv420Bt709Full;
  return format;
}

/// Errors of a file begin with its name.
template <class Call>
auto named(const std::filesystem::path& path, const Call& call) {
  try {
    return call();
  } catch (const StreamError& error) {
    throw StreamError(path.string() + ": " + error.what());
  } catch (const Error& error) {
    throw Error(path.string() + ": " + error.what());
  }
}

}  // namespace

struct CodedWriter::Parts {
  std::filesystem::path path;
  std::ofstream file;
  std::optional<SequenceWriter> sequence;
};

CodedWriter::CodedWriter(const std::filesystem::path& path, const Codec& codec, const VideoFormat& video,
                         bool rgb)
    : parts_(std::make_unique<Parts>()) {
  const SequenceHeader header = header_of(codec, video, rgb);
  parts_->path = path;
  parts_->file.open(path, std::ios::binary | std::ios::trunc);
  if (!parts_->file) media::fail(path, std::string("cannot write: ") + std::strerror(errno));
  named(path, [&] { parts_->sequence.emplace(parts_->file, header); });
}

CodedWriter::~CodedWriter() = default;
CodedWriter::CodedWriter(CodedWriter&&) noexcept = default;
CodedWriter& CodedWriter::operator=(CodedWriter&&) noexcept = default;

void CodedWriter::write(const std::vector<std::uint8_t>& stream) {
  named(parts_->path, [&] { parts_->sequence->add(stream); });
}

struct CodedReader::Parts {
  std::filesystem::path path;
  std::ifstream file;
  std::optional<SequenceReader> sequence;
  CodedFormat format;
};

CodedReader::CodedReader(const std::filesystem::path& path) : parts_(std::make_unique<Parts>()) {
  parts_->path = path;
  if (std::filesystem::is_directory(path)) media::fail(path, "is a folder; give a file");
  parts_->file.open(path, std::ios::binary);
  if (!parts_->file) media::fail(path, std::string("cannot read: ") + std::strerror(errno));
  named(path, [&] { parts_->sequence.emplace(parts_->file); });
  parts_->format = format_of(parts_->sequence->header());
}

CodedReader::~CodedReader() = default;
CodedReader::CodedReader(CodedReader&&) noexcept = default;
CodedReader& CodedReader::operator=(CodedReader&&) noexcept = default;

const CodedFormat& CodedReader::format() const { return parts_->format; }
std::optional<std::vector<std::uint8_t>> CodedReader::read() {
  return named(parts_->path, [&] { return parts_->sequence->next(); });
}
bool CodedReader::cut() const { return parts_->sequence->cut(); }

}  // namespace licc
