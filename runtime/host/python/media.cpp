// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Video and coded video for Python, which reads pictures with Pillow.
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>

#include <optional>

#include "bindings.hpp"
#include "entropy/container.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace licc {

namespace {

using namespace licc::python;

using Path = std::filesystem::path;

template <class Reader>
nb::object read_image_of(Reader& reader) {
  std::optional<Image> image;
  {
    const nb::gil_scoped_release release;
    image = reader.read();
  }
  return image ? nb::cast(picture_of(std::move(*image))) : nb::none();
}

nb::object read_stream_of(CodedReader& reader) {
  std::optional<std::vector<std::uint8_t>> stream;
  {
    const nb::gil_scoped_release release;
    stream = reader.read();
  }
  if (!stream) return nb::none();
  return bytes_of(*stream);
}

void bind_formats(nb::module_& module) {
  nb::class_<YuvFormat>(module, "YuvFormat")
      .def(
          "__init__",
          [](YuvFormat* self, bool bt709, bool full_range) {
            new (self) YuvFormat{bt709 ? YuvMatrix::bt709 : YuvMatrix::bt601, full_range};
          },
          "bt709"_a = false, "full_range"_a = false)
      .def_prop_ro("bt709", [](const YuvFormat& f) { return f.matrix == YuvMatrix::bt709; })
      .def_ro("full_range", &YuvFormat::full_range);
  nb::class_<VideoFormat>(module, "VideoFormat")
      .def(
          "__init__",
          [](VideoFormat* self, std::pair<int, int> size, std::pair<std::uint32_t, std::uint32_t> rate,
             YuvFormat yuv) {
            new (self) VideoFormat{{size.first, size.second}, rate.first, rate.second, yuv};
          },
          "size"_a, "rate"_a = std::pair<std::uint32_t, std::uint32_t>{25, 1}, "yuv"_a = YuvFormat{})
      .def_prop_ro("size",
                   [](const VideoFormat& f) {
                     return std::pair{f.size.height, f.size.width};
                   })
      .def_prop_ro("rate",
                   [](const VideoFormat& f) {
                     return std::pair{f.rate_numerator, f.rate_denominator};
                   })
      .def_ro("yuv", &VideoFormat::yuv);
}

nb::bytes to_yuv_of(const Pixels& pixels, YuvFormat format) {
  return bytes_of(to_yuv(image_of(pixels), format));
}

Picture from_yuv_of(const nb::bytes& data, std::pair<int, int> given, YuvFormat format) {
  const Size size{given.first, given.second};
  if (data.size() != yuv_bytes(size)) throw Error("YUV 4:2:0 of another size than given");
  return picture_of(from_yuv(static_cast<const std::uint8_t*>(data.data()), size, format));
}

/// What the header of a stream says, once all of it is checked but the strings.
nb::dict describe_stream(const nb::bytes& data) {
  const Container held = parse_container({static_cast<const std::uint8_t*>(data.data()), data.size()});
  nb::dict facts;
  facts["kind"] = held.kind;
  facts["model"] = to_hex(held.model);
  facts["size"] = std::pair{held.image.height, held.image.width};
  facts["extra"] = std::pair{held.extra_below, held.extra_right};
  facts["z"] = held.z.size;
  facts["y"] = held.y.size;
  return facts;
}

}  // namespace

void bind_media(nb::module_& module) {
  bind_formats(module);
  module.def("describe_stream", &describe_stream, "stream"_a);
  module.def("to_yuv", &to_yuv_of, "image"_a, "yuv"_a = YuvFormat{});
  module.def("from_yuv", &from_yuv_of, "data"_a, "size"_a, "yuv"_a = YuvFormat{});

  nb::class_<VideoReader>(module, "VideoReader")
      .def_static(
          "y4m", [](const Path& path, YuvFormat yuv) { return VideoReader::y4m(path, yuv); }, "path"_a,
          "yuv"_a = YuvFormat{})
      .def_static(
          "raw", [](const Path& path, const VideoFormat& format) { return VideoReader::raw(path, format); },
          "path"_a, "video"_a)
      .def_prop_ro("format", &VideoReader::format)
      .def_prop_ro("frames", &VideoReader::frames)
      .def("read", &read_image_of<VideoReader>, "The next frame; None at the end.");
  nb::class_<VideoWriter>(module, "VideoWriter")
      .def_static("y4m", &VideoWriter::y4m, "path"_a, "video"_a)
      .def_static("raw", &VideoWriter::raw, "path"_a, "video"_a)
      .def(
          "write",
          [](VideoWriter& writer, const Pixels& pixels) {
            const Image frame = image_of(pixels);
            const nb::gil_scoped_release release;
            writer.write(frame);
          },
          "frame"_a);

  nb::class_<CodedReader>(module, "CodedReader")
      .def(nb::init<const Path&>(), "path"_a)
      .def_prop_ro("video", [](const CodedReader& reader) { return reader.format().video; })
      .def_prop_ro("rgb", [](const CodedReader& reader) { return reader.format().rgb; })
      .def_prop_ro("model", [](const CodedReader& reader) { return reader.format().model; })
      .def_prop_ro("cut", &CodedReader::cut)
      .def("read", &read_stream_of, "The stream of the next frame; None at the end.");
  nb::class_<CodedWriter>(module, "CodedWriter")
      .def(nb::init<const Path&, const Codec&, const VideoFormat&, bool>(), "path"_a, "codec"_a, "video"_a,
           "rgb"_a = false)
      .def(
          "write", [](CodedWriter& writer, const nb::bytes& stream) { writer.write(vector_of(stream)); },
          "stream"_a);
}

}  // namespace licc
