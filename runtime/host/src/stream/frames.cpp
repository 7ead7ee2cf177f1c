// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The pipelines of a codec.
#include <algorithm>

#include "licc/codec.hpp"
#include "stream/pipeline.hpp"

namespace licc {

namespace {

using Bytes = std::vector<std::uint8_t>;
using stream::Pipeline;
using stream::Stage;

constexpr int MOST_WORKERS = 256;
constexpr int MOST_FRAMES = 4096;
constexpr int XRT_WORKERS = 3;  // as Options::frames_in_flight

int checked(int value, int most, const char* what) {
  if (value >= 0 && value <= most) return value;
  throw Error(std::string(what) + " " + std::to_string(value) + ": expected 0 to " + std::to_string(most));
}

struct Workers {
  int transform;
  int entropy;
  int in_flight;
};

/// The emulation spreads one frame over all threads; a board is kept busy by several.
Workers workers_of(const Codec& codec, const StreamOptions& options) {
  Workers result{checked(options.transform_workers, MOST_WORKERS, "transform_workers"),
                 checked(options.entropy_workers, MOST_WORKERS, "entropy_workers"),
                 checked(options.frames_in_flight, MOST_FRAMES, "frames_in_flight")};
  if (result.transform == 0) result.transform = codec.backend() == "xrt" ? XRT_WORKERS : 1;
  if (result.entropy == 0) result.entropy = 1;
  if (result.in_flight == 0) result.in_flight = result.transform + result.entropy + 2;
  return result;
}

}  // namespace

std::unique_ptr<FrameEncoder> make_frame_encoder(const Codec& codec, const StreamOptions& options) {
  const Workers workers = workers_of(codec, options);
  return std::make_unique<Pipeline<Image, Coded, Bytes>>(
      Stage<Image, Coded>{"transform", workers.transform,
                          [&codec](Image frame) { return codec.analyse(frame); }},
      Stage<Coded, Bytes>{"entropy", workers.entropy, [&codec](Coded coded) { return codec.write(coded); }},
      workers.in_flight);
}

std::unique_ptr<FrameDecoder> make_frame_decoder(const Codec& codec, const StreamOptions& options) {
  const Workers workers = workers_of(codec, options);
  return std::make_unique<Pipeline<Bytes, Latent, Image>>(
      Stage<Bytes, Latent>{"entropy", workers.entropy,
                           [&codec](Bytes data) { return codec.read(data.data(), data.size()); }},
      Stage<Latent, Image>{"transform", workers.transform,
                           [&codec](Latent latent) { return codec.synthesise(latent); }},
      workers.in_flight);
}

StreamStatistics encode_frames(const Codec& codec, const std::function<std::optional<Image>()>& source,
                               const std::function<void(Bytes)>& sink, const StreamOptions& options) {
  const auto frames = make_frame_encoder(codec, options);
  stream::drive(*frames, source, sink);
  return frames->statistics();
}

StreamStatistics decode_frames(const Codec& codec, const std::function<std::optional<Bytes>()>& source,
                               const std::function<void(Image)>& sink, const StreamOptions& options) {
  const auto frames = make_frame_decoder(codec, options);
  stream::drive(*frames, source, sink);
  return frames->statistics();
}

}  // namespace licc
