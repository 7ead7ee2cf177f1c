// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "licc/codec.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "accelerator/accelerator.hpp"
#include "backend.hpp"
#include "build.hpp"
#include "emulation/emulation.hpp"
#include "entropy/container.hpp"
#include "entropy/rans.hpp"

namespace licc {
namespace {

constexpr int kMostExtra = 255;

std::string text_of(Size size) { return std::to_string(size.height) + "x" + std::to_string(size.width); }

std::uint64_t pixels_of(Size size) {
  return static_cast<std::uint64_t>(size.height) * static_cast<std::uint64_t>(size.width);
}

Size size_of(const Tensor& tensor) { return {tensor.height, tensor.width}; }

std::int64_t rounded_shift(std::int64_t value, int shift) {
  return (value + (std::int64_t{1} << shift >> 1)) >> shift;
}

// -----------------------------------------------------------------------------------------------------------
// Sizes
// -----------------------------------------------------------------------------------------------------------
int least_padded(int extent, int stride) { return (extent + stride - 1) / stride * stride; }

Size least_padded(Size image, Size stride) {
  return {least_padded(image.height, stride.height), least_padded(image.width, stride.width)};
}

bool fits(Size inner, Size outer) { return inner.height <= outer.height && inner.width <= outer.width; }

void check_image_size(Size size) {
  if (size.height < 1 || size.width < 1 || size.height > kLargestSide || size.width > kLargestSide) {
    throw Error("an image of " + text_of(size) + ": expected 1 to " + std::to_string(kLargestSide) +
                " either way");
  }
}

// -----------------------------------------------------------------------------------------------------------
// Pixels
// -----------------------------------------------------------------------------------------------------------
/// The image with its edge repeated below and at the right, as integers.
Tensor padded_pixels(const Image& image, Size padded) {
  Tensor pixels(padded.height, padded.width, 3);
  const auto row_values = static_cast<std::size_t>(padded.width) * 3;
  const auto image_values = static_cast<std::size_t>(image.size.width) * 3;
  for (int row = 0; row < image.size.height; ++row) {
    const std::uint8_t* from = image.pixels.data() + static_cast<std::size_t>(row) * image_values;
    std::int16_t* to = pixels.data.data() + static_cast<std::size_t>(row) * row_values;
    std::copy_n(from, image_values, to);
    for (std::size_t i = image_values; i < row_values; ++i) to[i] = to[i - 3];
  }
  const std::size_t above = static_cast<std::size_t>(image.size.height) * row_values;
  for (std::size_t i = above; i < pixels.data.size(); ++i) pixels.data[i] = pixels.data[i - row_values];
  return pixels;
}

/// The upper left of @g_s's result, whose integers are within 0..255.
Image cropped_image(const Tensor& pixels, Size size) {
  Image image{size, {}};
  const auto row_values = static_cast<std::size_t>(size.width) * 3;
  image.pixels.resize(static_cast<std::size_t>(size.height) * row_values);
  for (int row = 0; row < size.height; ++row) {
    const std::int16_t* from =
        pixels.data.data() + static_cast<std::size_t>(row) * static_cast<std::size_t>(pixels.width) * 3;
    std::transform(from, from + row_values,
                   image.pixels.begin() + static_cast<std::ptrdiff_t>(row_values) * row,
                   [](std::int16_t value) { return static_cast<std::uint8_t>(value); });
  }
  return image;
}

// -----------------------------------------------------------------------------------------------------------
// Planes: symbols are coded channel by channel, and computed pixel by pixel
// -----------------------------------------------------------------------------------------------------------
/// A window of a tensor: its upper left, and some of its channels.
struct Window {
  const Tensor& tensor;
  Size size;
  int first;
  int channels;

  std::size_t plane() const { return static_cast<std::size_t>(pixels_of(size)); }
  std::size_t values() const { return plane() * static_cast<std::size_t>(channels); }
  const std::int16_t* row(int y) const {
    return tensor.data.data() +
           static_cast<std::size_t>(y) * static_cast<std::size_t>(tensor.width) * stride() +
           static_cast<std::size_t>(first);
  }
  std::size_t stride() const { return static_cast<std::size_t>(tensor.channels); }
};

Window all_of(const Tensor& tensor) { return {tensor, size_of(tensor), 0, tensor.channels}; }

/// The values of a window, channels slowest, each through `map`.
template <typename Value, typename Map>
std::vector<Value> to_planes(const Window& window, const Map& map) {
  std::vector<Value> planes(window.values());
  const auto width = static_cast<std::size_t>(window.size.width),
             channels = static_cast<std::size_t>(window.channels);
  for (int y = 0; y < window.size.height; ++y) {
    const std::int16_t* from = window.row(y);
    for (std::size_t c = 0; c < channels; ++c) {
      Value* to = planes.data() + c * window.plane() + static_cast<std::size_t>(y) * width;
      for (std::size_t x = 0; x < width; ++x) to[x] = map(from[x * window.stride() + c]);
    }
  }
  return planes;
}

std::int16_t same(std::int16_t value) { return value; }

/// Planes as a tensor, each value through `map`, which is given its place too.
template <typename Value, typename Map>
Tensor from_planes(const std::vector<Value>& planes, Size size, int channels, const Map& map) {
  Tensor tensor(size.height, size.width, channels);
  const auto plane = static_cast<std::size_t>(pixels_of(size)), depth = static_cast<std::size_t>(channels);
  const auto width = static_cast<std::size_t>(size.width);
  for (std::size_t first = 0; first < plane; first += width) {
    for (std::size_t c = 0; c < depth; ++c) {
      const Value* from = planes.data() + c * plane + first;
      std::int16_t* to = tensor.data.data() + first * depth + c;
      for (std::size_t x = 0; x < width; ++x) to[x * depth] = map(from[x], first + x, c);
    }
  }
  return tensor;
}

}  // namespace

// -----------------------------------------------------------------------------------------------------------
// Codec
// -----------------------------------------------------------------------------------------------------------
struct Codec::Parts {
  Build build;
  Options options;
  std::unique_ptr<Backend> backend;
  std::vector<std::uint16_t> index_of_scale;  ///< by the scale, from the least that h_s gives

  Parts(const std::filesystem::path& folder, const Options& chosen)
      : build(load_build(folder)),
        options(chosen),
        backend(make_backend()),
        index_of_scale(scale_indexes()) {}

  const EntropyModel& model() const { return build.entropy; }
  const Function& function(const char* name) const { return build.network.at(name); }
  /// Whether symbols of y have rows of their own.
  bool indexed() const { return model().kind == 2; }

  std::unique_ptr<Backend> make_backend() const {
    if (options.threads < 0)
      throw Error("threads: expected 0 or more, got " + std::to_string(options.threads));
    if (options.backend == "emulation") return make_emulation(build.network, options.threads);
    if (options.backend == "csim") return make_csim(build.folder);
    if (options.backend == "xrt") {
      return make_xrt(build.folder, options, make_emulation(build.network, options.threads));
    }
    throw Error("no backend '" + options.backend + "'; give emulation, csim or xrt");
  }

  /// How many thresholds each scale exceeds.
  std::vector<std::uint16_t> scale_indexes() const {
    std::vector<std::uint16_t> indexes;
    if (!indexed()) return indexes;
    std::size_t index = 0;
    for (int scale = model().h_s.lo; scale <= model().h_s.hi; ++scale) {
      while (index < model().thresholds.size() && scale > model().thresholds[index]) ++index;
      indexes.push_back(static_cast<std::uint16_t>(index));
    }
    return indexes;
  }

  Tensor run(const char* name, const Tensor& input) const {
    const Function& called = function(name);
    const Size size = result_size(called, size_of(input));
    Tensor result = backend->run(name, input);
    if (size_of(result) != size || result.channels != called.values.back().channels) {
      throw Error(std::string("@") + name + ": the backend '" + options.backend +
                  "' gave another size than " + text_of(size));
    }
    return result;
  }

  // ---------------------------------------------------------------------------------------------------------
  // Sizes
  // ---------------------------------------------------------------------------------------------------------
  Size padded_size(Size image) const {
    const Size least = least_padded(image, model().stride);
    const std::optional<Size> only = backend->only_size();
    if (!only) return least;
    if (!fits(least, *only)) {
      throw Error("an image of " + text_of(image) + ": the accelerator takes up to " + text_of(*only) +
                  "; build it with --input " + text_of(least) + ", or use the backend 'emulation'");
    }
    return *only;
  }

  /// Strides of padding beyond the least, as the container has them.
  Size extra_of(Size image, Size padded) const {
    const Size stride = model().stride, least = least_padded(image, stride);
    const Size extra{(padded.height - least.height) / stride.height,
                     (padded.width - least.width) / stride.width};
    const bool whole = padded.height == least.height + extra.height * stride.height &&
                       padded.width == least.width + extra.width * stride.width;
    if (!whole || !fits(least, padded) || !fits(extra, {kMostExtra, kMostExtra})) {
      throw Error("an image of " + text_of(image) + " cannot be padded to " + text_of(padded) +
                  "; build for a smaller one");
    }
    return extra;
  }

  Size padded_of(const Container& held) const {
    const Size least = least_padded(held.image, model().stride);
    const Size padded{least.height + held.extra_below * model().stride.height,
                      least.width + held.extra_right * model().stride.width};
    const std::uint64_t most = std::max(options.max_pixels, pixels_of(build.facts.accelerator));
    if (padded != least && (!fits(padded, {kLargestSide, kLargestSide}) || pixels_of(padded) > most)) {
      throw StreamError("an image padded to " + text_of(padded) + ": too large to decode here");
    }
    const std::optional<Size> only = backend->only_size();
    if (only && padded != *only) {
      throw Error("a stream of an image padded to " + text_of(padded) + ", and the accelerator takes " +
                  text_of(*only) + "; use the backend 'emulation'");
    }
    return padded;
  }

  // ---------------------------------------------------------------------------------------------------------
  // Between latents and symbols: docs/semantics.md, "Scales and means"
  // ---------------------------------------------------------------------------------------------------------
  /// The scales and means of y, in their order.
  Tensor parameters_of(const Tensor& z, Size y) const {
    Tensor parameters = run("h_s", z);
    if (!fits(y, size_of(parameters))) {
      throw Error("@h_s: gives " + text_of(size_of(parameters)) + " for latents of " + text_of(y) +
                  "; the network is not made for images of this size");
    }
    return parameters;
  }

  /// Rows of the tables for y, channels slowest.
  std::vector<std::uint16_t> indexes_of(const Tensor& parameters, Size y) const {
    const int lo = model().h_s.lo;
    const std::uint16_t* indexes = index_of_scale.data();
    return to_planes<std::uint16_t>(Window{parameters, y, 0, model().y.channels},
                                    [=](std::int16_t scale) { return indexes[scale - lo]; });
  }

  /// What lies at a place of y, in planes, has this mean.
  class Means {
   public:
    Means(const Parts& parts, const Tensor& parameters, Size y)
        : values_(parts.model().means ? parameters.data.data() + parts.model().y.channels : nullptr),
          stride_(static_cast<std::size_t>(parameters.channels)),
          width_(static_cast<std::size_t>(y.width)),
          wide_(static_cast<std::size_t>(parameters.width)) {}

    std::int64_t at(std::size_t pixel, std::size_t channel) const {
      if (values_ == nullptr) return 0;
      return values_[(pixel / width_ * wide_ + pixel % width_) * stride_ + channel];
    }

   private:
    const std::int16_t* values_;
    std::size_t stride_, width_, wide_;
  };

  /// symbol = rshr((y << (F - f)) - (m << (F - g)), F)
  Tensor symbols_of(const Tensor& y, const Tensor& parameters) const {
    const int fraction = model().y.fraction, of_means = model().means ? model().h_s.fraction : 0;
    const int common = std::max(fraction, of_means);
    const std::int64_t unit_y = std::int64_t{1} << (common - fraction),
                       unit_m = std::int64_t{1} << (common - of_means);
    Tensor symbols(y.height, y.width, y.channels);
    if (!model().means) {
      std::transform(y.data.begin(), y.data.end(), symbols.data.begin(), [=](std::int16_t value) {
        return static_cast<std::int16_t>((value + (1 << fraction >> 1)) >> fraction);
      });
      return symbols;
    }
    const Means means(*this, parameters, size_of(y));
    const auto channels = static_cast<std::size_t>(y.channels);
    const auto pixels = static_cast<std::size_t>(pixels_of(size_of(y)));
    for (std::size_t pixel = 0, i = 0; pixel < pixels; ++pixel) {
      for (std::size_t c = 0; c < channels; ++c, ++i) {
        const std::int64_t difference = y.data[i] * unit_y - means.at(pixel, c) * unit_m;
        symbols.data[i] = static_cast<std::int16_t>(rounded_shift(difference, common));
      }
    }
    return symbols;
  }

  /// y_hat = clamp((symbol << f) + (m << (f - g))), or rshr(m, g - f) where g > f
  Tensor latent_of(const std::vector<std::int32_t>& symbols, const Tensor& parameters, Size y) const {
    const Port& port = model().y_hat;
    const int shift = port.fraction - (model().means ? model().h_s.fraction : 0);
    const std::int64_t unit = std::int64_t{1} << port.fraction,
                       unit_m = std::int64_t{1} << std::max(shift, 0);
    const Means means(*this, parameters, y);
    const auto clamped = [&](std::int64_t value) {
      return static_cast<std::int16_t>(std::clamp<std::int64_t>(value, port.lo, port.hi));
    };
    if (!model().means) {
      return from_planes(symbols, y, port.channels, [&](std::int32_t symbol, std::size_t, std::size_t) {
        return clamped(symbol * unit);
      });
    }
    return from_planes(symbols, y, port.channels, [&](std::int32_t symbol, std::size_t pixel, std::size_t c) {
      const std::int64_t mean = means.at(pixel, c);
      return clamped(symbol * unit + (shift < 0 ? rounded_shift(mean, -shift) : mean * unit_m));
    });
  }

  // ---------------------------------------------------------------------------------------------------------
  // Strings
  // ---------------------------------------------------------------------------------------------------------
  static void write_symbols(const Tensor& symbols, const std::optional<CdfTable>& table, Rows rows,
                            std::vector<std::uint8_t>& string) {
    const Window window = all_of(symbols);
    const std::vector<std::int16_t> planes = to_planes<std::int16_t>(window, same);
    if (table) {
      write_string(planes.data(), static_cast<std::size_t>(symbols.channels), window.plane(), *table, rows,
                   string);
      return;
    }
    std::size_t at = string.size();
    string.resize(at + 2 * planes.size());
    for (const std::int16_t symbol : planes) {
      write_u16(string.data() + at, static_cast<std::uint16_t>(symbol));
      at += 2;
    }
  }

  static std::vector<std::int32_t> read_symbols(Bytes string, Size size, int channels,
                                                const std::optional<CdfTable>& table, Rows rows) {
    const auto plane = static_cast<std::size_t>(pixels_of(size)), planes = static_cast<std::size_t>(channels);
    if (!table && string.size != 2 * plane * planes) {
      throw StreamError(std::to_string(string.size) + " bytes of symbols: expected " +
                        std::to_string(2 * plane * planes));
    }
    std::vector<std::int32_t> symbols(plane * planes);
    if (table) {
      read_string(string, planes, plane, *table, rows, symbols.data());
      return symbols;
    }
    for (std::size_t i = 0; i < symbols.size(); ++i) {
      symbols[i] = static_cast<std::int16_t>(read_u16(string.data + 2 * i));
    }
    return symbols;
  }

  Tensor read_z(const Container& held, Size y) const {
    const Port& port = model().z;
    const Size size = result_size(function("h_a"), y);
    const std::vector<std::int32_t> symbols =
        read_symbols(held.z, size, port.channels, model().z_table, Rows::by_plane());
    for (const std::int32_t symbol : symbols) {
      if (symbol < port.lo || symbol > port.hi)
        throw StreamError("a stream with symbols that its model never writes");
    }
    return from_planes(symbols, size, port.channels, [](std::int32_t symbol, std::size_t, std::size_t) {
      return static_cast<std::int16_t>(symbol);
    });
  }

  // ---------------------------------------------------------------------------------------------------------
  // What callers give
  // ---------------------------------------------------------------------------------------------------------
  static void check_shape(const char* what, const Tensor& tensor, Size size, int channels) {
    const std::uint64_t values = pixels_of(size) * static_cast<std::uint64_t>(channels);
    if (size_of(tensor) != size || tensor.channels != channels || tensor.data.size() != values) {
      throw Error(std::string(what) + ": expected " + text_of(size) + "x" + std::to_string(channels));
    }
  }

  void check(const Coded& coded) const {
    const Size y = result_size(function("g_a"), coded.padded);
    check_shape("y", coded.y, y, model().y.channels);
    if (model().hyper) check_shape("z", coded.z, result_size(function("h_a"), y), model().z.channels);
    if (!indexed()) return;
    check_shape("y_indexes", coded.y_indexes, y, model().y.channels);
    const auto rows = static_cast<int>(model().y_table->rows());
    for (const std::int16_t index : coded.y_indexes.data) {
      if (index < 0 || index >= rows) throw Error("y_indexes: expected 0 to " + std::to_string(rows - 1));
    }
  }

  void check(const Latent& latent) const {
    const Port& port = model().y_hat;
    check_image_size(latent.image);
    extra_of(latent.image, latent.padded);
    check_shape("y_hat", latent.y_hat, result_size(function("g_a"), latent.padded), port.channels);
    const auto [least, most] = std::minmax_element(latent.y_hat.data.begin(), latent.y_hat.data.end());
    if (*least < port.lo || *most > port.hi) {
      throw Error("y_hat: expected " + std::to_string(port.lo) + ".." + std::to_string(port.hi));
    }
  }
};

Codec::Codec(const std::filesystem::path& build, const Options& options)
    : parts_(std::make_unique<Parts>(build, options)) {}
Codec::~Codec() = default;
Codec::Codec(Codec&&) noexcept = default;
Codec& Codec::operator=(Codec&&) noexcept = default;

const BuildFacts& Codec::facts() const { return parts_->build.facts; }
const std::string& Codec::backend() const { return parts_->options.backend; }

std::vector<std::uint8_t> Codec::encode(const Image& image) const { return write(analyse(image)); }

Image Codec::decode(const std::uint8_t* data, std::size_t size) const { return synthesise(read(data, size)); }

Coded Codec::analyse(const Image& image) const {
  check_image_size(image.size);
  if (image.pixels.size() != pixels_of(image.size) * 3) {
    throw Error("an image of " + text_of(image.size) + " with " + std::to_string(image.pixels.size()) +
                " bytes: expected " + std::to_string(pixels_of(image.size) * 3));
  }
  Coded coded;
  coded.image = image.size;
  coded.padded = parts_->padded_size(image.size);
  const Tensor y = parts_->run("g_a", padded_pixels(image, coded.padded));
  Tensor parameters;
  if (parts_->model().hyper) {
    coded.z = parts_->run("h_a", y);
    parameters = parts_->parameters_of(coded.z, size_of(y));
  }
  if (parts_->indexed()) {
    const std::vector<std::uint16_t> indexes = parts_->indexes_of(parameters, size_of(y));
    coded.y_indexes = from_planes(
        indexes, size_of(y), y.channels,
        [](std::uint16_t index, std::size_t, std::size_t) { return static_cast<std::int16_t>(index); });
  }
  coded.y = parts_->symbols_of(y, parameters);
  return coded;
}

std::vector<std::uint8_t> Codec::write(const Coded& coded) const {
  const EntropyModel& model = parts_->model();
  check_image_size(coded.image);
  const Size extra = parts_->extra_of(coded.image, coded.padded);
  parts_->check(coded);
  Container container;
  container.kind = model.kind;
  container.model = model.model;
  container.image = coded.image;
  container.extra_below = extra.height;
  container.extra_right = extra.width;
  std::vector<std::uint8_t> z, y;
  if (model.hyper) Parts::write_symbols(coded.z, model.z_table, Rows::by_plane(), z);
  std::vector<std::uint16_t> indexes;
  if (parts_->indexed()) {
    indexes = to_planes<std::uint16_t>(all_of(coded.y_indexes),
                                       [](std::int16_t index) { return static_cast<std::uint16_t>(index); });
  }
  Parts::write_symbols(coded.y, model.y_table,
                       parts_->indexed() ? Rows::by_symbol(indexes.data()) : Rows::by_plane(), y);
  container.z = z;
  container.y = y;
  return pack_container(container);
}

Latent Codec::read(const std::uint8_t* data, std::size_t size) const {
  const EntropyModel& model = parts_->model();
  const Container held = parse_container({data, size});
  if (held.model != model.model) {
    throw StreamError("a stream of model " + to_hex(held.model) + ", and this is " + to_hex(model.model));
  }
  if (pixels_of(held.image) > parts_->options.max_pixels) {
    throw StreamError("an image of " + text_of(held.image) + ": too large to decode here");
  }
  if (held.kind != model.kind) throw StreamError("a stream of another kind than its model writes");
  Latent latent;
  latent.image = held.image;
  latent.padded = parts_->padded_of(held);
  const Size y = result_size(parts_->function("g_a"), latent.padded);
  Tensor parameters;
  std::vector<std::uint16_t> indexes;
  if (model.hyper) parameters = parts_->parameters_of(parts_->read_z(held, y), y);
  if (parts_->indexed()) indexes = parts_->indexes_of(parameters, y);
  const Rows rows = parts_->indexed() ? Rows::by_symbol(indexes.data()) : Rows::by_plane();
  const std::vector<std::int32_t> symbols =
      Parts::read_symbols(held.y, y, model.y.channels, model.y_table, rows);
  latent.y_hat = parts_->latent_of(symbols, parameters, y);
  return latent;
}

Image Codec::synthesise(const Latent& latent) const {
  parts_->check(latent);
  const Tensor pixels = parts_->run("g_s", latent.y_hat);
  if (!fits(latent.image, size_of(pixels))) {
    throw Error("an image of " + text_of(latent.image) + " of latents for " + text_of(size_of(pixels)));
  }
  return cropped_image(pixels, latent.image);
}

}  // namespace licc
