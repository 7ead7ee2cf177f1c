// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The pipelines of a codec for Python.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <chrono>

#include "bindings.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace licc {

namespace {

using namespace licc::python;

// How long a signal, Ctrl-C say, waits until Python hears of it.
constexpr std::chrono::milliseconds PATIENCE{50};

nb::object python_of(Image image) { return nb::cast(picture_of(std::move(image))); }
nb::object python_of(const std::vector<std::uint8_t>& data) { return bytes_of(data); }

/// The next result; None at the end. Signals are heard meanwhile, and no frame is lost to what they raise.
template <class In, class Out>
nb::object pull(FrameStream<In, Out>& stream) {
  Out frame;
  while (true) {
    Pulled pulled;
    {
      const nb::gil_scoped_release release;
      pulled = stream.pull(frame, PATIENCE);
    }
    if (pulled == Pulled::frame) return python_of(std::move(frame));
    if (pulled == Pulled::end) return nb::none();
    if (PyErr_CheckSignals() != 0) throw nb::python_error();
  }
}

template <class In, class Out, class Given>
void bind_frames(nb::module_& module, const char* name, In (*converted)(const Given&)) {
  using Stream = FrameStream<In, Out>;
  nb::class_<Stream>(module, name)
      .def(
          "push",
          [converted](Stream& stream, const Given& given) {
            In frame = converted(given);
            const nb::gil_scoped_release release;
            return stream.push(std::move(frame));
          },
          "frame"_a, "Offer a frame, and wait for room; whether it was taken.")
      .def("pull", &pull<In, Out>, "The next result; None at the end.")
      .def("finish", &Stream::finish, "Nothing more will be pushed; what is in flight still comes out.")
      .def("stop", &Stream::stop, "Drop what is in flight.")
      .def("statistics", &Stream::statistics);
}

StreamOptions options_of(int transform_workers, int entropy_workers, int frames_in_flight) {
  StreamOptions options;
  options.transform_workers = transform_workers;
  options.entropy_workers = entropy_workers;
  options.frames_in_flight = frames_in_flight;
  return options;
}

void bind_statistics(nb::module_& module) {
  nb::class_<StageStatistics>(module, "StageStatistics")
      .def_ro("name", &StageStatistics::name)
      .def_ro("workers", &StageStatistics::workers)
      .def_ro("occupancy", &StageStatistics::occupancy)
      .def_ro("seconds_per_frame", &StageStatistics::seconds_per_frame);
  nb::class_<QueueStatistics>(module, "QueueStatistics")
      .def_ro("name", &QueueStatistics::name)
      .def_ro("mean", &QueueStatistics::mean)
      .def_ro("most", &QueueStatistics::most);
  nb::class_<StreamStatistics>(module, "StreamStatistics")
      .def_ro("frames", &StreamStatistics::frames)
      .def_ro("seconds", &StreamStatistics::seconds)
      .def_ro("frames_per_second", &StreamStatistics::frames_per_second)
      .def_ro("latency_p50", &StreamStatistics::latency_p50)
      .def_ro("latency_p90", &StreamStatistics::latency_p90)
      .def_ro("latency_p99", &StreamStatistics::latency_p99)
      .def_ro("latency_most", &StreamStatistics::latency_most)
      .def_ro("frames_in_flight", &StreamStatistics::frames_in_flight)
      .def_ro("stages", &StreamStatistics::stages)
      .def_ro("queues", &StreamStatistics::queues);
}

}  // namespace

void bind_stream(nb::module_& module) {
  // A thread that waits for its source when Python ends holds what it holds.
  nb::set_leak_warnings(false);
  bind_statistics(module);
  bind_frames<Image, std::vector<std::uint8_t>, Pixels>(module, "FrameEncoder", &image_of);
  bind_frames<std::vector<std::uint8_t>, Image, nb::bytes>(module, "FrameDecoder", &vector_of);
  module.def(
      "make_frame_encoder",
      [](const Codec& codec, int transform_workers, int entropy_workers, int frames_in_flight) {
        return make_frame_encoder(codec, options_of(transform_workers, entropy_workers, frames_in_flight));
      },
      "codec"_a, "transform_workers"_a = 0, "entropy_workers"_a = 1, "frames_in_flight"_a = 0,
      nb::keep_alive<0, 1>());
  module.def(
      "make_frame_decoder",
      [](const Codec& codec, int transform_workers, int entropy_workers, int frames_in_flight) {
        return make_frame_decoder(codec, options_of(transform_workers, entropy_workers, frames_in_flight));
      },
      "codec"_a, "transform_workers"_a = 0, "entropy_workers"_a = 1, "frames_in_flight"_a = 0,
      nb::keep_alive<0, 1>());
}

}  // namespace licc
