// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Y4M and raw YUV 4:2:0, frame by frame.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include "licc/codec.hpp"
#include "media/files.hpp"

namespace licc {

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t LONGEST_LINE = 1024;
const std::string MAGIC = "YUV4MPEG2";
const std::string FRAME = "FRAME";
constexpr const char* CONVERT = "; convert it with ffmpeg -pix_fmt yuv420p";

/// An open file, or a standard stream that stays open.
class Handle {
 public:
  Handle(const std::filesystem::path& path, int flags, int standard) : path_(path), owned_(path != "-") {
    handle_ = owned_ ? ::open(path.c_str(), flags | O_CLOEXEC, 0666) : standard;
    if (handle_ < 0) refuse(flags & O_CREAT ? "cannot write" : "cannot read");
  }
  ~Handle() {
    if (owned_ && handle_ >= 0) ::close(handle_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  const std::filesystem::path& path() const { return path_; }

  /// Bytes read: fewer than `size` at the end alone.
  std::size_t read(std::uint8_t* to, std::size_t size) const {
    std::size_t done = 0;
    while (done < size) {
      const ssize_t got = ::read(handle_, to + done, size - done);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) refuse("cannot read");
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

  /// Writes all, or leaves the file without any of it.
  void write(const Bytes& data) {
    std::size_t done = 0;
    while (done < data.size()) {
      const ssize_t put = ::write(handle_, data.data() + done, data.size() - done);
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) {
        const int reason = errno;
        if (regular() && ::ftruncate(handle_, static_cast<off_t>(written_)) != 0) errno = reason;
        errno = reason;
        refuse("cannot write");
      }
      done += static_cast<std::size_t>(put);
    }
    written_ += data.size();
  }

  /// The size of a file that has one.
  std::optional<std::uint64_t> size() const {
    struct stat facts;
    if (::fstat(handle_, &facts) != 0 || !S_ISREG(facts.st_mode)) return std::nullopt;
    return static_cast<std::uint64_t>(facts.st_size);
  }

 private:
  bool regular() const { return owned_ && size().has_value(); }
  [[noreturn]] void refuse(const char* what) const {
    media::fail(path_, std::string(what) + ": " + std::strerror(errno));
  }

  std::filesystem::path path_;
  bool owned_;
  int handle_ = -1;
  std::uint64_t written_ = 0;
};

/// A line without its end; nothing at the end of the file.
std::optional<std::string> read_line(const Handle& file) {
  std::string line;
  std::uint8_t byte = 0;
  while (file.read(&byte, 1) == 1) {
    if (byte == '\n') return line;
    line.push_back(static_cast<char>(byte));
    if (line.size() > LONGEST_LINE) media::fail(file.path(), "not a Y4M file: a header without an end");
  }
  if (line.empty()) return std::nullopt;
  media::fail(file.path(), "ends within a header");
}

std::vector<std::string> words(const std::string& line) {
  std::vector<std::string> result;
  std::size_t at = 0;
  while (at < line.size()) {
    const std::size_t end = std::min(line.find(' ', at), line.size());
    if (end > at) result.push_back(line.substr(at, end - at));
    at = end + 1;
  }
  return result;
}

/// A number of decimal digits from 1 to `most`; 0 for anything else.
std::uint64_t number(const std::string& text, std::uint64_t most) {
  if (text.empty() || text.size() > 10) return 0;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return 0;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value <= most ? value : 0;
}

/// `30000:1001`; what says nothing leaves the rate as it is.
void read_rate(const std::string& text, VideoFormat& format) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) return;
  const std::uint64_t numerator = number(text.substr(0, colon), UINT32_MAX);
  const std::uint64_t denominator = number(text.substr(colon + 1), UINT32_MAX);
  if (!numerator || !denominator) return;
  format.rate_numerator = static_cast<std::uint32_t>(numerator);
  format.rate_denominator = static_cast<std::uint32_t>(denominator);
}

void read_field(const std::filesystem::path& path, const std::string& word, VideoFormat& format) {
  const std::string value = word.substr(1);
  switch (word[0]) {
    case 'W':
      format.size.width = static_cast<int>(number(value, kLargestSide));
      return;
    case 'H':
      format.size.height = static_cast<int>(number(value, kLargestSide));
      return;
    case 'F':
      read_rate(value, format);
      return;
    case 'I':
      if (value != "p" && value != "?") {
        media::fail(path, "interlaced video; convert it with ffmpeg -vf bwdif");
      }
      return;
    case 'C':
      if (value != "420" && value != "420jpeg" && value != "420mpeg2" && value != "420paldv") {
        media::fail(path, "video of colour format C" + value.substr(0, 16) + ", not 8-bit 4:2:0" + CONVERT);
      }
      return;
    case 'X':
      if (value == "COLORRANGE=FULL") format.yuv.full_range = true;
      if (value == "COLORRANGE=LIMITED") format.yuv.full_range = false;
      return;
    default:
      return;
  }
}

std::string header_of(const VideoFormat& format) {
  return MAGIC + " W" + std::to_string(format.size.width) + " H" + std::to_string(format.size.height) + " F" +
         std::to_string(format.rate_numerator) + ":" + std::to_string(format.rate_denominator) +
         " Ip A1:1 C420jpeg XCOLORRANGE=" + (format.yuv.full_range ? "FULL" : "LIMITED") + "\n";
}

void check_size(const std::filesystem::path& path, const VideoFormat& format, std::uint64_t max_pixels) {
  media::rgb_bytes(path, static_cast<std::uint64_t>(std::max(0, format.size.height)),
                   static_cast<std::uint64_t>(std::max(0, format.size.width)), max_pixels);
  if (!format.rate_numerator || !format.rate_denominator) media::fail(path, "a frame rate of 0");
}

}  // namespace

// ---- Reading
struct VideoReader::Parts {
  explicit Parts(const std::filesystem::path& path) : file(path, O_RDONLY, STDIN_FILENO) {}

  Handle file;
  VideoFormat format;
  bool headers = false;  ///< each frame has a line above it
  std::optional<std::uint64_t> frames;
  std::uint64_t read = 0;
  Bytes buffer;

  [[noreturn]] void cut() const {
    media::fail(file.path(), "ends within frame " + std::to_string(read + 1) + "; " + std::to_string(read) +
                                 " before it are whole");
  }

  /// Whether there is another frame.
  bool next_header() {
    const std::optional<std::string> line = read_line(file);
    if (!line) return false;
    const bool more = line->size() > FRAME.size() && (*line)[FRAME.size()] != ' ';
    if (line->compare(0, FRAME.size(), FRAME) != 0 || more) {
      media::fail(file.path(),
                  "frame " + std::to_string(read + 1) + " does not begin with FRAME: a damaged Y4M file");
    }
    for (const std::string& word : words(line->substr(FRAME.size()))) {
      if (word[0] == 'I' && word.size() > 1 && word[1] != 'p') media::fail(file.path(), "interlaced video");
    }
    return true;
  }
};

VideoReader::VideoReader(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
VideoReader::~VideoReader() = default;
VideoReader::VideoReader(VideoReader&&) noexcept = default;
VideoReader& VideoReader::operator=(VideoReader&&) noexcept = default;

VideoReader VideoReader::y4m(const std::filesystem::path& path, YuvFormat yuv, std::uint64_t max_pixels) {
  auto parts = std::make_unique<Parts>(path);
  parts->format.yuv = yuv;
  parts->headers = true;
  Bytes magic(MAGIC.size() + 1);
  const std::size_t got = parts->file.read(magic.data(), magic.size());
  if (got != magic.size() || std::string(magic.begin(), magic.end()) != MAGIC + " ") {
    media::fail(path, "not a Y4M file: it does not begin with YUV4MPEG2");
  }
  const std::optional<std::string> line = read_line(parts->file);
  if (!line) media::fail(path, "ends within a header");
  for (const std::string& word : words(*line)) read_field(path, word, parts->format);
  check_size(path, parts->format, max_pixels);
  const std::size_t frame = yuv_bytes(parts->format.size), header = magic.size() + line->size() + 1;
  const std::optional<std::uint64_t> size = parts->file.size();
  if (size && *size >= header && (*size - header) % (FRAME.size() + 1 + frame) == 0) {
    parts->frames = (*size - header) / (FRAME.size() + 1 + frame);
  }
  return VideoReader(std::move(parts));
}

VideoReader VideoReader::raw(const std::filesystem::path& path, const VideoFormat& format,
                             std::uint64_t max_pixels) {
  check_size(path, format, max_pixels);
  auto parts = std::make_unique<Parts>(path);
  parts->format = format;
  const std::size_t frame = yuv_bytes(format.size);
  if (const std::optional<std::uint64_t> size = parts->file.size()) {
    if (*size % frame != 0) {
      media::fail(path, std::to_string(*size) + " bytes are no whole number of frames of " +
                            std::to_string(format.size.height) + "x" + std::to_string(format.size.width) +
                            " (" + std::to_string(frame) + " bytes each)");
    }
    parts->frames = *size / frame;
  }
  return VideoReader(std::move(parts));
}

const VideoFormat& VideoReader::format() const { return parts_->format; }
std::optional<std::uint64_t> VideoReader::frames() const { return parts_->frames; }

std::optional<Image> VideoReader::read() {
  Parts& parts = *parts_;
  if (parts.headers && !parts.next_header()) return std::nullopt;
  parts.buffer.resize(yuv_bytes(parts.format.size));
  const std::size_t got = parts.file.read(parts.buffer.data(), parts.buffer.size());
  if (got == 0 && !parts.headers) return std::nullopt;
  if (got < parts.buffer.size()) parts.cut();
  ++parts.read;
  return from_yuv(parts.buffer.data(), parts.format.size, parts.format.yuv);
}

// ---- Writing
struct VideoWriter::Parts {
  Parts(const std::filesystem::path& path, const VideoFormat& format_, bool headers_)
      : file(path, O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO), format(format_), headers(headers_) {}

  Handle file;
  VideoFormat format;
  bool headers;
};

VideoWriter::VideoWriter(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
VideoWriter::~VideoWriter() = default;
VideoWriter::VideoWriter(VideoWriter&&) noexcept = default;
VideoWriter& VideoWriter::operator=(VideoWriter&&) noexcept = default;

VideoWriter VideoWriter::y4m(const std::filesystem::path& path, const VideoFormat& format) {
  check_size(path, format, UINT64_MAX);
  auto parts = std::make_unique<Parts>(path, format, true);
  const std::string header = header_of(format);
  parts->file.write(Bytes(header.begin(), header.end()));
  return VideoWriter(std::move(parts));
}

VideoWriter VideoWriter::raw(const std::filesystem::path& path, const VideoFormat& format) {
  check_size(path, format, UINT64_MAX);
  return VideoWriter(std::make_unique<Parts>(path, format, false));
}

void VideoWriter::write(const Image& frame) {
  if (frame.size != parts_->format.size) {
    media::fail(parts_->file.path(), "a frame of " + std::to_string(frame.size.height) + "x" +
                                         std::to_string(frame.size.width) + " in a video of " +
                                         std::to_string(parts_->format.size.height) + "x" +
                                         std::to_string(parts_->format.size.width));
  }
  Bytes data = to_yuv(frame, parts_->format.yuv);
  const std::string line = FRAME + "\n";
  if (parts_->headers) data.insert(data.begin(), line.begin(), line.end());
  parts_->file.write(data);
}

}  // namespace licc
