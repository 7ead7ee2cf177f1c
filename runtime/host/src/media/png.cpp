// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// PNG by libpng.
#ifdef LICC_HAVE_PNG

#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstring>
#include <string>

#include "media/files.hpp"
#include "media/formats.hpp"

namespace licc::media {

namespace {

// libpng leaves by longjmp: what has a destructor lives outside of the functions that it leaves.
struct Session {
  const Bytes* in = nullptr;
  std::size_t at = 0;
  Bytes* out = nullptr;
  std::string error;
  std::jmp_buf back;
};

void on_error(png_structp png, png_const_charp text) {
  auto* session = static_cast<Session*>(png_get_error_ptr(png));
  session->error = text;
  std::longjmp(session->back, 1);
}

void on_warning(png_structp, png_const_charp) {}

void on_read(png_structp png, png_bytep to, png_size_t size) {
  auto* session = static_cast<Session*>(png_get_io_ptr(png));
  if (size > session->in->size() - session->at) png_error(png, "cut");
  std::memcpy(to, session->in->data() + session->at, size);
  session->at += size;
}

void on_write(png_structp png, png_bytep from, png_size_t size) {
  auto* session = static_cast<Session*>(png_get_io_ptr(png));
  session->out->insert(session->out->end(), from, from + size);
}

void on_flush(png_structp) {}

class Reader {
 public:
  explicit Reader(Session& session) : session_(session) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, &session, on_error, on_warning);
    if (png_) info_ = png_create_info_struct(png_);
    if (!info_) throw std::bad_alloc();
    png_set_read_fn(png_, &session, on_read);
    png_set_user_limits(png_, kLargestSide, kLargestSide);
    png_set_chunk_cache_max(png_, 64);
    png_set_chunk_malloc_max(png_, 8u << 20);
  }
  ~Reader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// Reads up to the pixels, which become 8 bits of red, green and blue; false on an error.
  bool header() {
    if (setjmp(session_.back)) return false;
    png_read_info(png_, info_);
    png_set_expand(png_);
    png_set_scale_16(png_);
    png_set_gray_to_rgb(png_);
    png_set_strip_alpha(png_);
    passes_ = png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    return true;
  }

  /// Reads the pixels into `to`, rows of `stride` bytes; false on an error.
  bool pixels(std::uint8_t* to, std::size_t stride) {
    if (setjmp(session_.back)) return false;
    if (png_get_rowbytes(png_, info_) != stride) png_error(png_, "rows of an unexpected length");
    const png_uint_32 rows = height();
    for (int pass = 0; pass < passes_; ++pass) {
      for (png_uint_32 row = 0; row < rows; ++row) png_read_row(png_, to + row * stride, nullptr);
    }
    png_read_end(png_, nullptr);
    return true;
  }

  png_uint_32 height() const { return png_get_image_height(png_, info_); }
  png_uint_32 width() const { return png_get_image_width(png_, info_); }

 private:
  Session& session_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  int passes_ = 1;
};

class Writer {
 public:
  explicit Writer(Session& session) : session_(session) {
    png_ = png_create_write_struct(PNG_LIBPNG_VER_STRING, &session, on_error, on_warning);
    if (png_) info_ = png_create_info_struct(png_);
    if (!info_) throw std::bad_alloc();
    png_set_write_fn(png_, &session, on_write, on_flush);
  }
  ~Writer() { png_destroy_write_struct(&png_, &info_); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  bool write(Size size, const std::uint8_t* pixels) {
    if (setjmp(session_.back)) return false;
    const auto height = static_cast<png_uint_32>(size.height), width = static_cast<png_uint_32>(size.width);
    png_set_IHDR(png_, info_, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png_, info_);
    for (png_uint_32 row = 0; row < height; ++row) {
      png_write_row(png_, pixels + static_cast<std::size_t>(row) * width * 3);
    }
    png_write_end(png_, info_);
    return true;
  }

 private:
  Session& session_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
};

}  // namespace

Image read_png(const std::filesystem::path& path, const Bytes& data, std::uint64_t max_pixels) {
  Session session;
  session.in = &data;
  Reader reader(session);
  if (!reader.header()) fail(path, "a damaged PNG: " + session.error);
  const std::size_t bytes = rgb_bytes(path, reader.height(), reader.width(), max_pixels);
  Image image{{static_cast<int>(reader.height()), static_cast<int>(reader.width())}, Bytes(bytes)};
  if (!reader.pixels(image.pixels.data(), bytes / reader.height())) {
    fail(path, "a damaged PNG: " + session.error);
  }
  return image;
}

Bytes write_png(const std::filesystem::path& path, const Image& image) {
  Bytes data;
  Session session;
  session.out = &data;
  Writer writer(session);
  if (!writer.write(image.size, image.pixels.data())) fail(path, "cannot write: " + session.error);
  return data;
}

}  // namespace licc::media

#endif  // LICC_HAVE_PNG
