// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// JPEG by libjpeg-turbo (or libjpeg).
#ifdef LICC_HAVE_JPEG

#include <csetjmp>
#include <cstdio>  // jpeglib.h needs it before

#include <jerror.h>
#include <jpeglib.h>

#include <string>

#include "media/files.hpp"
#include "media/formats.hpp"

namespace licc::media {

namespace {

// A progressive file of some bytes may ask for a whole pass over the image with each scan; none that is made
// to be looked at has as many.
constexpr int MOST_SCANS = 100;

// libjpeg leaves by longjmp: what has a destructor lives outside of the functions that it leaves.
struct Session {
  jpeg_error_mgr errors;  // first, so that libjpeg's pointer to it is one to the session
  jpeg_progress_mgr progress;
  std::jmp_buf back;
  char text[JMSG_LENGTH_MAX];
  bool cut;
};

void on_error(j_common_ptr jpeg) {
  auto* session = reinterpret_cast<Session*>(jpeg->err);
  jpeg->err->format_message(jpeg, session->text);
  std::longjmp(session->back, 1);
}

void on_message(j_common_ptr) {}

/// libjpeg goes on after a warning: it fills up what is missing with grey.
void on_warning(j_common_ptr jpeg, int level) {
  if (level < 0 && jpeg->err->msg_code == JWRN_JPEG_EOF) reinterpret_cast<Session*>(jpeg->err)->cut = true;
}

void on_progress(j_common_ptr jpeg) {
  if (!jpeg->is_decompressor) return;
  if (reinterpret_cast<j_decompress_ptr>(jpeg)->input_scan_number <= MOST_SCANS) return;
  auto* session = reinterpret_cast<Session*>(jpeg->err);
  std::snprintf(session->text, sizeof session->text, "more than %d scans", MOST_SCANS);
  std::longjmp(session->back, 1);
}

class Reader {
 public:
  explicit Reader(const Bytes& data) : data_(data) {
    jpeg_.err = jpeg_std_error(&session_.errors);
    session_.errors.error_exit = on_error;
    session_.errors.output_message = on_message;
    session_.errors.emit_message = on_warning;
    session_.progress.progress_monitor = on_progress;
  }
  ~Reader() {
    if (made_) jpeg_destroy_decompress(&jpeg_);
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  bool header() {
    if (setjmp(session_.back)) return false;
    jpeg_create_decompress(&jpeg_);
    made_ = true;
    jpeg_.progress = &session_.progress;
    jpeg_mem_src(&jpeg_, data_.data(), static_cast<unsigned long>(data_.size()));
    jpeg_read_header(&jpeg_, TRUE);
    jpeg_.out_color_space = JCS_RGB;
    return true;
  }

  bool pixels(std::uint8_t* to) {
    if (setjmp(session_.back)) return false;
    jpeg_start_decompress(&jpeg_);
    const std::size_t stride = static_cast<std::size_t>(jpeg_.output_width) * 3;
    while (jpeg_.output_scanline < jpeg_.output_height) {
      JSAMPROW row = to + jpeg_.output_scanline * stride;
      jpeg_read_scanlines(&jpeg_, &row, 1);
    }
    jpeg_finish_decompress(&jpeg_);
    return true;
  }

  bool cut() const { return session_.cut; }
  bool rgb() const { return jpeg_.jpeg_color_space != JCS_CMYK && jpeg_.jpeg_color_space != JCS_YCCK; }
  Size size() const { return {static_cast<int>(jpeg_.image_height), static_cast<int>(jpeg_.image_width)}; }
  std::string error() const { return session_.text; }

 private:
  const Bytes& data_;
  Session session_{};
  jpeg_decompress_struct jpeg_{};
  bool made_ = false;
};

}  // namespace

Image read_jpeg(const std::filesystem::path& path, const Bytes& data, std::uint64_t max_pixels) {
  Reader reader(data);
  if (!reader.header()) fail(path, "a damaged JPEG: " + reader.error());
  if (!reader.rgb()) fail(path, "a JPEG of four inks; convert it to RGB");
  const Size size = reader.size();
  const std::size_t bytes = rgb_bytes(path, static_cast<std::uint64_t>(size.height),
                                      static_cast<std::uint64_t>(size.width), max_pixels);
  Image image{size, Bytes(bytes)};
  if (!reader.pixels(image.pixels.data())) fail(path, "a damaged JPEG: " + reader.error());
  if (reader.cut()) fail(path, "a cut JPEG");
  return image;
}

}  // namespace licc::media

#endif  // LICC_HAVE_JPEG
