// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "media/files.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>

namespace licc::media {

namespace {

constexpr std::size_t CHUNK = std::size_t{1} << 20;

struct Closer {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

/// A file beside another, that is removed unless it takes the other's place.
class Temporary {
 public:
  explicit Temporary(const std::filesystem::path& target)
      : target_(target), name_(target.string() + ".XXXXXX") {
    handle_ = ::mkstemp(name_.data());
    if (handle_ < 0) fail(target, std::string("cannot write: ") + std::strerror(errno));
  }
  ~Temporary() {
    if (handle_ >= 0) ::close(handle_);
    if (!kept_) ::unlink(name_.c_str());
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  void write(const std::uint8_t* data, std::size_t size) {
    while (size > 0) {
      const ssize_t done = ::write(handle_, data, size);
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) refuse();
      data += done;
      size -= static_cast<std::size_t>(done);
    }
  }

  void keep() {
    const mode_t mask = ::umask(0);
    ::umask(mask);
    if (::fchmod(handle_, 0666 & ~mask) != 0) refuse();
    const int closed = ::close(handle_);
    handle_ = -1;
    if (closed != 0 || ::rename(name_.c_str(), target_.c_str()) != 0) refuse();
    kept_ = true;
  }

 private:
  [[noreturn]] void refuse() { fail(target_, std::string("cannot write: ") + std::strerror(errno)); }

  std::filesystem::path target_;
  std::string name_;
  int handle_ = -1;
  bool kept_ = false;
};

}  // namespace

void fail(const std::filesystem::path& path, const std::string& what) {
  throw Error(path.string() + ": " + what);
}

std::vector<std::uint8_t> read_file(const std::filesystem::path& path, std::size_t most) {
  if (std::filesystem::is_directory(path)) fail(path, "is a folder; give a file");
  const std::unique_ptr<std::FILE, Closer> file(std::fopen(path.c_str(), "rb"));
  if (!file) fail(path, std::string("cannot read: ") + std::strerror(errno));
  std::vector<std::uint8_t> data;
  while (true) {
    const std::size_t before = data.size();
    data.resize(before + CHUNK);
    const std::size_t got = std::fread(data.data() + before, 1, CHUNK, file.get());
    data.resize(before + got);
    if (data.size() > most) fail(path, "more than " + std::to_string(most) + " bytes: no image has here");
    if (got < CHUNK) break;
  }
  if (std::ferror(file.get())) fail(path, std::string("cannot read: ") + std::strerror(errno));
  return data;
}

void write_file(const std::filesystem::path& path, const std::uint8_t* data, std::size_t size) {
  if (std::filesystem::is_directory(path)) fail(path, "is a folder; give a file");
  Temporary file(path);
  file.write(data, size);
  file.keep();
}

std::size_t rgb_bytes(const std::filesystem::path& path, std::uint64_t height, std::uint64_t width,
                      std::uint64_t max_pixels) {
  const std::string size = std::to_string(height) + "x" + std::to_string(width);
  if (height < 1 || width < 1 || height > kLargestSide || width > kLargestSide) {
    fail(path, "an image of " + size + ": expected 1 to " + std::to_string(kLargestSide) + " either way");
  }
  if (height * width > max_pixels) fail(path, "an image of " + size + ": too large to read here");
  return static_cast<std::size_t>(height * width * 3);
}

void check_image(const Image& image) {
  const bool sides = image.size.height >= 1 && image.size.width >= 1 && image.size.height <= kLargestSide &&
                     image.size.width <= kLargestSide;
  if (!sides || image.pixels.size() != static_cast<std::size_t>(image.size.height) *
                                           static_cast<std::size_t>(image.size.width) * 3) {
    throw std::invalid_argument("an image whose pixels do not fill its size");
  }
}

}  // namespace licc::media
