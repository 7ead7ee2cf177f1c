// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// @file
/// A codec around an accelerator: images in, bitstreams out, and back (docs/runtime.md).
///
///     licc::Codec codec("build");
///     std::vector<std::uint8_t> stream = codec.encode(image);
///     licc::Image picture = codec.decode(stream.data(), stream.size());
///
/// A build directory is what `licc` wrote. The transforms run on a backend: `emulation` (this processor, the
/// same integers), `csim` (the emitted HLS C++, compiled for this processor) or `xrt` (the board). All give
/// the same bytes. A Codec may be used from several threads at once.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace licc {

/// A user's mistake: one line that names what is at fault and what to do.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A stream that is damaged, cut, forged, or of another model.
class StreamError : public Error {
 public:
  using Error::Error;
};

/// The greatest height and width of an image, and of what it is padded to.
constexpr int kLargestSide = 16384;

/// Larger images are not read or decoded unless the caller says so: some bytes may claim any size.
constexpr std::uint64_t kMaxPixels = std::uint64_t{1} << 26;

struct Size {
  int height = 0;
  int width = 0;
  friend bool operator==(Size a, Size b) { return a.height == b.height && a.width == b.width; }
  friend bool operator!=(Size a, Size b) { return !(a == b); }
};

/// RGB, 8 bits, height x width x 3, rows from the top, nothing between them.
struct Image {
  Size size;
  std::vector<std::uint8_t> pixels;
};

/// Stored integers, height x width x channels (channels vary fastest), nothing between rows.
struct Tensor {
  int height = 0;
  int width = 0;
  int channels = 0;
  std::vector<std::int16_t> data;

  Tensor() = default;
  Tensor(int height_, int width_, int channels_)
      : height(height_),
        width(width_),
        channels(channels_),
        data(static_cast<std::size_t>(height_) * static_cast<std::size_t>(width_) *
             static_cast<std::size_t>(channels_)) {}
};

struct Options {
  std::string backend = "emulation";      ///< `emulation`, `csim` or `xrt`
  int threads = 0;                        ///< of the emulation; 0: as many as the processor runs at once
  std::string device = "0";               ///< of `xrt`: index or BDF
  std::filesystem::path xclbin;           ///< of `xrt`: a file, or the folder of them; empty: BUILD/vitis
  int frames_in_flight = 3;               ///< of `xrt`: frames that are on their way at once
  bool self_test = true;                  ///< of `xrt`: first frames are compared with the emulation's
  std::uint64_t max_pixels = kMaxPixels;  ///< larger images are not decoded
};

/// What an encoder knows of an image before it becomes strings.
struct Coded {
  Size image;
  Size padded;       ///< what the transforms saw
  Tensor y;          ///< symbols of the latent
  Tensor y_indexes;  ///< rows of the tables for y, of its shape; empty without a hyperprior
  Tensor z;          ///< symbols of the hyper-latent; empty without a hyperprior
};

/// What a decoder knows of a stream before it becomes an image.
struct Latent {
  Size image;
  Size padded;
  Tensor y_hat;  ///< what @g_s takes
};

/// What a build says of itself.
struct BuildFacts {
  std::string model;  ///< 16 hexadecimal digits: streams name their decoder by it
  int strings;        ///< in each stream: 2 (z and y), 1 (y) or 0 (symbols in plain)
  Size stride;        ///< images are padded to multiples of it
  Size accelerator;   ///< padded size of the images that the accelerator was made for
};

/// Encoder and decoder of a build.
class Codec {
 public:
  /// Loads a build: every file is checked against its checksum, every number against what it is used for.
  explicit Codec(const std::filesystem::path& build, const Options& options = {});
  ~Codec();
  Codec(Codec&&) noexcept;
  Codec& operator=(Codec&&) noexcept;

  /// The stream of an image of any size up to 16384 x 16384; accelerators take those that pad to theirs.
  std::vector<std::uint8_t> encode(const Image& image) const;
  /// The image of a stream. @throws StreamError
  Image decode(const std::uint8_t* data, std::size_t size) const;

  /// The two halves of `encode`: transforms, and entropy coding.
  Coded analyse(const Image& image) const;
  std::vector<std::uint8_t> write(const Coded& coded) const;
  /// The two halves of `decode`: entropy decoding (with @h_s, which it depends on), and @g_s.
  Latent read(const std::uint8_t* data, std::size_t size) const;
  Image synthesise(const Latent& latent) const;

  const BuildFacts& facts() const;
  const std::string& backend() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// ---- Many frames ------------------------------------------------------------------------------------------

/// How frames go through a codec: source -> stage -> stage -> sink, several at once, in order.
struct StreamOptions {
  int transform_workers = 0;  ///< frames in the transforms at once; 0: one, or three on `xrt`
  int entropy_workers = 1;    ///< frames in entropy coding at once
  int frames_in_flight = 0;   ///< accepted and not yet taken, at most; 0: two more than there are workers
};

/// What a stage did since the first frame came.
struct StageStatistics {
  std::string name;
  int workers = 0;
  double occupancy = 0;          ///< how much of its workers' time it was at work, 0 to 1
  double seconds_per_frame = 0;  ///< of one worker
};

/// How many frames waited in a queue.
struct QueueStatistics {
  std::string name;  ///< before which stage
  double mean = 0;   ///< over time
  int most = 0;
};

/// What a pipeline did since the first frame came. A latency is the time from when a frame is offered (`push`
/// is called, so that waiting for room counts) to when the sink has it, in seconds; percentiles are within
/// 1 %.
struct StreamStatistics {
  std::uint64_t frames = 0;  ///< that the sink has
  double seconds = 0;        ///< from the first frame offered to the last one taken
  double frames_per_second = 0;
  double latency_p50 = 0, latency_p90 = 0, latency_p99 = 0, latency_most = 0;
  int frames_in_flight = 0;  ///< how many there may be
  std::vector<StageStatistics> stages;
  std::vector<QueueStatistics> queues;
};

enum class Pulled { frame, end, not_yet };

/// A pipeline from `In` to `Out`. One thread pushes and another pulls, or one does both in turns: `push`
/// waits while as many frames as may be are in flight, `pull` until the next is done. Order is kept.
///
/// What a stage throws reaches `pull` at the frame that it was thrown for, after all those before it; then
/// the pipeline is stopped.
template <class In, class Out>
class FrameStream {
 public:
  virtual ~FrameStream() = default;
  FrameStream() = default;
  FrameStream(const FrameStream&) = delete;
  FrameStream& operator=(const FrameStream&) = delete;

  /// Offers a frame; waits for room. False if it was not taken: the stream is finished or stopped.
  virtual bool push(In frame) = 0;
  /// The next frame; nothing when all are out, or the stream is stopped.
  virtual std::optional<Out> pull() = 0;
  /// As `pull`, but `not_yet` after `patience`.
  virtual Pulled pull(Out& frame, std::chrono::milliseconds patience) = 0;
  /// Nothing more will be pushed; what is in flight still comes out.
  virtual void finish() = 0;
  /// What is in flight is dropped.
  virtual void stop() = 0;
  virtual StreamStatistics statistics() const = 0;
};

using FrameEncoder = FrameStream<Image, std::vector<std::uint8_t>>;
using FrameDecoder = FrameStream<std::vector<std::uint8_t>, Image>;

/// Pipelines of a codec, which has to outlive them. @throws Error options out of their range
std::unique_ptr<FrameEncoder> make_frame_encoder(const Codec& codec, const StreamOptions& options = {});
std::unique_ptr<FrameDecoder> make_frame_decoder(const Codec& codec, const StreamOptions& options = {});

/// Takes all frames of a source to a sink. The source is called in a thread of its own and ends with nothing;
/// the sink is called in the caller's. What either throws, or a stage, ends it and is thrown from here; a
/// sink has then seen all frames before the one at fault. A source that waits is waited for: end it with
/// nothing.
StreamStatistics encode_frames(const Codec& codec, const std::function<std::optional<Image>()>& source,
                               const std::function<void(std::vector<std::uint8_t>)>& sink,
                               const StreamOptions& options = {});
StreamStatistics decode_frames(const Codec& codec,
                               const std::function<std::optional<std::vector<std::uint8_t>>()>& source,
                               const std::function<void(Image)>& sink, const StreamOptions& options = {});

// ---- Pictures in files ------------------------------------------------------------------------------------

/// The picture of a PPM or PGM file; of PNG, JPEG and WebP where the library was built with theirs. The kind
/// is told by its first bytes. Transparency is dropped, 16 bits become 8, Exif's orientation is not applied.
/// @throws Error it is none of these, damaged, or larger than `max_pixels`
Image read_image(const std::filesystem::path& path, std::uint64_t max_pixels = kMaxPixels);

/// Writes `.ppm`, or `.png` and `.webp` (lossless) where the library was built with theirs. The file appears
/// whole or not at all.
void write_image(const std::filesystem::path& path, const Image& image);

/// The suffixes that `read_image` and `write_image` take, such as `.ppm .png`.
std::string readable_images();
std::string writable_images();

enum class YuvMatrix { bt601, bt709 };

/// How RGB stands in 8-bit YUV 4:2:0; docs/runtime.md has the formulas.
struct YuvFormat {
  YuvMatrix matrix = YuvMatrix::bt601;
  bool full_range = false;  ///< Y, U and V from 0 to 255; else 16 to 235 and 16 to 240
};

/// Bytes of a frame: Y, then U and V of half its height and width, rounded up.
std::size_t yuv_bytes(Size size);
Image from_yuv(const std::uint8_t* yuv, Size size, YuvFormat format = {});
std::vector<std::uint8_t> to_yuv(const Image& image, YuvFormat format = {});

struct VideoFormat {
  Size size;
  std::uint32_t rate_numerator = 25, rate_denominator = 1;  ///< frames a second
  YuvFormat yuv;
};

/// Frames of a `.y4m` or raw `.yuv` file, read one by one.
class VideoReader {
 public:
  /// Reads the header of Y4M. `yuv.full_range` comes from its XCOLORRANGE, where there is one. `-` is stdin.
  /// @throws Error no file, no Y4M, or one of another format than 8-bit progressive 4:2:0
  static VideoReader y4m(const std::filesystem::path& path, YuvFormat yuv = {},
                         std::uint64_t max_pixels = kMaxPixels);
  /// Frames of one size without anything between them. @throws Error no file, or not a whole number of frames
  static VideoReader raw(const std::filesystem::path& path, const VideoFormat& format,
                         std::uint64_t max_pixels = kMaxPixels);
  ~VideoReader();
  VideoReader(VideoReader&&) noexcept;
  VideoReader& operator=(VideoReader&&) noexcept;

  const VideoFormat& format() const;
  /// How many frames there are to read in all, where the file tells by its size.
  std::optional<std::uint64_t> frames() const;
  /// The next frame; nothing at the end. @throws Error the file ends within a frame
  std::optional<Image> read();

 private:
  struct Parts;
  explicit VideoReader(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

/// Writes frames one by one; the file is valid after each.
class VideoWriter {
 public:
  static VideoWriter y4m(const std::filesystem::path& path, const VideoFormat& format);
  static VideoWriter raw(const std::filesystem::path& path, const VideoFormat& format);
  ~VideoWriter();
  VideoWriter(VideoWriter&&) noexcept;
  VideoWriter& operator=(VideoWriter&&) noexcept;

  /// @throws Error a frame of another size, or the file cannot be written
  void write(const Image& frame);

 private:
  struct Parts;
  explicit VideoWriter(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

/// What a file of coded video says of itself.
struct CodedFormat {
  VideoFormat video;
  bool rgb = false;   ///< the source was no YUV; `video.yuv` says nothing
  std::string model;  ///< as BuildFacts::model
};

/// Writes coded video (docs/entropy.md): after each frame, and wherever it is cut, the file is a valid,
/// shorter one.
class CodedWriter {
 public:
  /// Writes the header for streams of a codec. @throws Error the file cannot be written
  CodedWriter(const std::filesystem::path& path, const Codec& codec, const VideoFormat& video,
              bool rgb = false);
  ~CodedWriter();
  CodedWriter(CodedWriter&&) noexcept;
  CodedWriter& operator=(CodedWriter&&) noexcept;

  /// @throws Error not a stream of the codec and of the video's size, or the file cannot be written
  void write(const std::vector<std::uint8_t>& stream);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// Reads coded video, frame by frame.
class CodedReader {
 public:
  /// @throws Error no file. @throws StreamError no coded video
  explicit CodedReader(const std::filesystem::path& path);
  ~CodedReader();
  CodedReader(CodedReader&&) noexcept;
  CodedReader& operator=(CodedReader&&) noexcept;

  const CodedFormat& format() const;
  /// The stream of the next frame; nothing at the end, which may be a cut.
  /// @throws StreamError something else follows
  std::optional<std::vector<std::uint8_t>> read();
  /// After the end: whether the file ends within a frame.
  bool cut() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace licc
