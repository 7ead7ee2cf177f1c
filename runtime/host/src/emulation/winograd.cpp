// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emulation/winograd.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "emulation/taps.hpp"

namespace licc::emulation {
namespace {

// Points of F(tile, 3) are tile + 2 an axis, in the order of transforms.inl.

/// Weights of a line of 3 or 2 taps at the points of F(tile, 3), scaled so that both have the same sums.
using Line = std::array<int, 3>;
constexpr std::array<Line, 6> TAPS_4_3 = {
    {{1, 0, 0}, {1, 1, 1}, {1, -1, 1}, {1, 2, 4}, {1, -2, 4}, {0, 0, 1}}};
constexpr std::array<Line, 6> TAPS_4_2 = {{{2, 0}, {3, 3}, {1, -1}, {4, 8}, {0, 0}, {0, 1}}};
constexpr std::array<Line, 6> TAPS_2_3 = {{{1, 0, 0}, {1, 1, 1}, {1, -1, 1}, {0, 0, 1}}};
constexpr std::array<Line, 6> TAPS_2_2 = {{{1, 0}, {2, 2}, {0, 0}, {0, 1}}};

const std::array<Line, 6>& taps_of(int tile, int taps) {
  if (tile == 4) return taps == 3 ? TAPS_4_3 : TAPS_4_2;
  return taps == 3 ? TAPS_2_3 : TAPS_2_2;
}

/// How much larger the values at a point can be than those of the tile, an axis.
int growth(int tile) { return tile == 4 ? 10 : 2; }
/// Results within this come back whole.
std::int64_t result_max(int tile) {
  return tile == 4 ? (std::int64_t{1} << 25) - 1 : (std::int64_t{1} << 29) - 1;
}

// Values of transformed tiles that stay in the second cache.
constexpr int VALUES_NEAR = 96 * 1024;
// Tiles of a strip: whole kernels, and no more than is needed for weights to be used often enough.
constexpr int TILES_MOST = 24;

/// Places along an axis that are `step` apart: 2 or 3 of them, or fewer of which the rest has weights of 0.
struct Places {
  int first = 0;
  int count = 0;
  friend bool operator==(const Places& a, const Places& b) {
    return a.first == b.first && a.count == b.count;
  }
};

/// What becomes points: the neighbourhood of base positions, at some rows and columns of the input.
struct Transform {
  Places rows;
  Places columns;
  friend bool operator==(const Transform& a, const Transform& b) {
    return a.rows == b.rows && a.columns == b.columns;
  }

  /// Whether it has a point: one of two taps lacks the last but one.
  bool has(int points, int i, int j) const {
    return (rows.count == 3 || i != points - 2) && (columns.count == 3 || j != points - 2);
  }
};

/// LANES outputs, the sum of what their transforms give.
struct Block {
  std::vector<std::size_t> transforms;
  int row_taps = 2;  ///< the most of its transforms
  int column_taps = 2;
  std::int32_t bias[LANES] = {};
  /// [point][transform that has it][pair][LANES][2]; where a point begins is in `starts`
  std::vector<std::int16_t> weights;
  std::vector<std::size_t> starts;
};

/// Blocks whose results are stored together.
struct Group {
  std::vector<Block> blocks;
  std::vector<Lane> lanes;
  bool ordered = false;  ///< lanes are the channels of one phase
  std::size_t chain = 0;
};

/// `offsets`, ascending, as places; those of a step apart.
bool as_places(const std::vector<int>& offsets, int step, Places& places) {
  if (offsets.empty()) return false;
  const int reach = offsets.back() - offsets.front();
  places.first = offsets.front();
  places.count = std::max(2, reach / step + 1);
  return reach % step == 0 && places.count <= 3;
}

class WinogradStep final : public Step {
 public:
  WinogradStep(int tile, const Convolution& c)
      : tile_(tile),
        points_(tile + 2),
        channels_(c.in_channels),
        step_{c.transposed ? 1 : c.stride[0], c.transposed ? 1 : c.stride[1]},
        spread_{c.transposed ? c.stride[0] : 1, c.transposed ? c.stride[1] : 1} {
    // Thin pixels: those of a stride lie side by side in memory, and are one pixel of more channels.
    folded_ = !c.transposed && c.in_channels < 16 && c.stride[1] > 1;
    depth_ = folded_ ? c.in_channels * c.stride[1] : c.in_channels;
    padded_ = (depth_ + 15) / 16 * 16;
  }

  /// @return false where it does not suit: other taps, weights that do not fit, no fewer products
  bool prepare(const Convolution& c, const std::vector<Op>& following, int result,
               const std::vector<ValueType>& values) {
    if (c.groups != 1) return false;
    if (c.dilation[0] != 1 || c.dilation[1] != 1) return false;
    for (const std::vector<Lane>& lanes : grouped_lanes(c)) {
      Group group;
      group.lanes = lanes;
      for (std::size_t first = 0; first < lanes.size(); first += LANES) {
        group.blocks.emplace_back();
        if (!choose_transforms(c, &lanes[first], group.blocks.back())) return false;
      }
      groups_.push_back(std::move(group));
    }
    if (transforms_.size() > TRANSFORMS_MOST || !is_cheaper(c)) return false;
    for (Group& group : groups_) {
      for (std::size_t b = 0; b < group.blocks.size(); ++b)
        if (!pack(c, &group.lanes[b * LANES], group.blocks[b])) return false;
      group.chain = chain_of(group.lanes, following, result, values, chains_);
      group.ordered = chains_[group.chain].ordered() && !is_thin(c);
    }
    return true;
  }

  const std::vector<int>& others() const override { return chains_[0].others(); }

  Margins margins(Size input, Size output) const override {
    Margins m;
    const int rows = tiles(output.height, 0) * tile_;
    const int columns = tiles(output.width, 1) * tile_;
    const int wide = (padded_ + channels_ - 1) / channels_;
    for (const Transform& t : transforms_) {
      const int bottom = t.rows.first + (rows + t.rows.count - 2) * step_[0];
      const int right = t.columns.first + (columns + t.columns.count - 2) * step_[1];
      m.cover({-t.rows.first, bottom + 1 - input.height, -t.columns.first, right + wide - input.width});
    }
    return m;
  }

  void run(const Frame& frame) const override {
    const int rows = tiles(frame.output.height, 0);
    const int columns = tiles(frame.output.width, 1);
    const int strips = (columns + at_once() - 1) / at_once();
    const int each = (columns + strips - 1) / strips;
    frame.pool.run(rows * strips, [&](int job) {
      const int column = job % strips * each;
      run_strip(frame, job / strips, column, std::min(each, columns - column));
    });
  }

 private:
  static constexpr std::size_t TRANSFORMS_MOST = 16;

  int points_of(const Transform& t) const {
    return (tile_ + t.rows.count - 1) * (tile_ + t.columns.count - 1);
  }

  int at_once() const {
    int values = 0;
    for (const Transform& t : transforms_) values += points_of(t) * padded_;
    return std::clamp(VALUES_NEAR / values / PIXELS * PIXELS, PIXELS, TILES_MOST);
  }

  int tiles(int extent, int axis) const {
    return ((extent + spread_[axis] - 1) / spread_[axis] + tile_ - 1) / tile_;
  }

  std::size_t number_of(const Transform& t) {
    const auto found = std::find(transforms_.begin(), transforms_.end(), t);
    if (found != transforms_.end()) return static_cast<std::size_t>(found - transforms_.begin());
    transforms_.push_back(t);
    return transforms_.size() - 1;
  }

  /// One for each phase of the input that the lanes read; columns are one phase if they are folded.
  bool choose_transforms(const Convolution& c, const Lane* lanes, Block& block) {
    const Window window = common_window(c, lanes);
    for (int a = 0; a < step_[0]; ++a)
      for (int b = 0; b < (folded_ ? 1 : step_[1]); ++b) {
        Transform t;
        if (!places_of(window.rows, step_[0], a, t.rows)) return false;
        if (!(folded_ ? folded_places(window.columns, step_[1], t.columns)
                      : places_of(window.columns, step_[1], b, t.columns)))
          return false;
        block.transforms.push_back(number_of(t));
        block.row_taps = std::max(block.row_taps, t.rows.count);
        block.column_taps = std::max(block.column_taps, t.columns.count);
      }
    return true;
  }

  /// Of a window's offsets those that are `phase` more than a multiple of `step`.
  static bool places_of(const std::vector<int>& offsets, int step, int phase, Places& places) {
    std::vector<int> mine;
    for (int offset : offsets)
      if ((offset - phase) % step == 0) mine.push_back(offset);
    return as_places(mine, step, places);
  }

  static bool folded_places(const std::vector<int>& offsets, int step, Places& places) {
    std::vector<int> whole;
    const auto down = [step](int offset) { return (offset >= 0 ? offset : offset - step + 1) / step * step; };
    for (int offset : offsets)
      if (whole.empty() || whole.back() != down(offset)) whole.push_back(down(offset));
    return as_places(whole, step, places);
  }

  /// Products and about what transforms cost, beside the products of the taps.
  bool is_cheaper(const Convolution& c) const {
    double mine = 0;
    double direct = 0;
    for (const Transform& t : transforms_) mine += 4.0 * points_of(t) * padded_;
    for (const Group& group : groups_)
      for (std::size_t b = 0; b < group.blocks.size(); ++b) {
        const Window window = common_window(c, &group.lanes[b * LANES]);
        const std::size_t taps = window.rows.size() * window.columns.size();
        direct += static_cast<double>(taps) * c.in_channels * LANES * tile_ * tile_;
        mine += 6.0 * points_ * points_ * LANES;
        for (std::size_t t : group.blocks[b].transforms)
          mine += 1.0 * points_of(transforms_[t]) * depth_ * LANES;
      }
    return mine < 0.8 * direct;
  }

  /// The weights of a block at all points. @return false where one is no i16
  bool pack(const Convolution& c, const Lane* lanes, Block& block) {
    for (int l = 0; l < LANES; ++l)
      if (lanes[l].channel >= 0) block.bias[l] = c.bias[static_cast<std::size_t>(lanes[l].channel)];
    const std::size_t segment = static_cast<std::size_t>(pairs()) * 2 * LANES;
    std::size_t size = 0;
    for (int point = 0; point < points_ * points_; ++point) {
      block.starts.push_back(size);
      for (std::size_t t : block.transforms)
        size += transforms_[t].has(points_, point / points_, point % points_) ? segment : 0;
    }
    block.weights.resize(size);
    std::vector<std::size_t> at = block.starts;
    bool fits = true;
    for (std::size_t t : block.transforms) {
      const std::vector<Taps> taps = taps_of_block(c, lanes, transforms_[t]);
      for (int point = 0; point < points_ * points_; ++point) {
        if (!transforms_[t].has(points_, point / points_, point % points_)) continue;
        std::size_t& to = at[static_cast<std::size_t>(point)];
        fits = pack_point(taps, transforms_[t], point, block.weights.data() + to) && fits;
        to += segment;
      }
    }
    return fits;
  }

  using Taps = std::array<std::array<std::int32_t, 3>, 3>;

  /// [value of a place][lane]
  std::vector<Taps> taps_of_block(const Convolution& c, const Lane* lanes, const Transform& t) const {
    std::vector<Taps> found(static_cast<std::size_t>(depth_) * LANES, Taps{});
    for (int v = 0; v < depth_; ++v)
      for (int l = 0; l < LANES; ++l)
        for (int y = 0; y < t.rows.count && lanes[l].channel >= 0; ++y)
          for (int x = 0; x < t.columns.count; ++x) {
            const int column = t.columns.first + x * step_[1] + v / channels_;
            found[static_cast<std::size_t>(v * LANES + l)][static_cast<std::size_t>(y)]
                 [static_cast<std::size_t>(x)] =
                     tap_weight(c, lanes[l], t.rows.first + y * step_[0], column, v % channels_);
          }
    return found;
  }

  bool pack_point(const std::vector<Taps>& taps, const Transform& t, int point, std::int16_t* to) const {
    const Line& rows = taps_of(tile_, t.rows.count)[static_cast<std::size_t>(point / points_)];
    const Line& columns = taps_of(tile_, t.columns.count)[static_cast<std::size_t>(point % points_)];
    Taps factors{};
    for (std::size_t y = 0; y < 3; ++y)
      for (std::size_t x = 0; x < 3; ++x) factors[y][x] = rows[y] * columns[x];
    bool fits = true;
    for (int v = 0; v < depth_; ++v)
      for (int l = 0; l < LANES; ++l) {
        const Taps& mine = taps[static_cast<std::size_t>(v * LANES + l)];
        std::int32_t sum = 0;
        for (std::size_t y = 0; y < 3; ++y)
          for (std::size_t x = 0; x < 3; ++x) sum += factors[y][x] * mine[y][x];
        fits = fits && std::abs(sum) <= 32767;
        to[(v / 2 * LANES + l) * 2 + v % 2] = static_cast<std::int16_t>(sum);
      }
    return fits;
  }

  int pairs() const { return (depth_ + 1) / 2; }

  void run_strip(const Frame& frame, int row, int column, int count) const {
    Scratch& mine = scratch();
    const std::ptrdiff_t point_step = static_cast<std::ptrdiff_t>(count) * padded_;
    const std::ptrdiff_t transform_step = points_ * points_ * point_step;
    std::int16_t* values = mine.transformed.of(transforms_.size() * static_cast<std::size_t>(transform_step));
    for (std::size_t t = 0; t < transforms_.size(); ++t)
      for (int n = 0; n < count; ++n)
        spread(frame, transforms_[t], row * tile_, (column + n) * tile_,
               values + static_cast<std::ptrdiff_t>(t) * transform_step +
                   static_cast<std::ptrdiff_t>(n) * padded_,
               point_step);
    for (const Group& group : groups_) {
      const auto lanes = static_cast<std::ptrdiff_t>(group.lanes.size());
      const std::ptrdiff_t line = count * tile_ * lanes;
      std::int32_t* sums = mine.sums.of(static_cast<std::size_t>(tile_ * line));
      for (std::size_t b = 0; b < group.blocks.size(); ++b)
        sum_block(frame.kernels, mine, group.blocks[b], values, count, sums + b * LANES, lanes, line);
      for (int y = 0; y < tile_; ++y)
        finish(frame, mine, group, row * tile_ + y, column * tile_, count * tile_, sums + y * line);
    }
  }

  void spread(const Frame& frame, const Transform& t, int row, int column, std::int16_t* to,
              std::ptrdiff_t point_step) const {
    const std::int16_t* x = frame.input.at(t.rows.first + static_cast<std::ptrdiff_t>(row) * step_[0],
                                           t.columns.first + static_cast<std::ptrdiff_t>(column) * step_[1]);
    frame.kernels.spread(tile_, {t.rows.count, t.columns.count, x, step_[0] * frame.input.pitch,
                                 static_cast<std::ptrdiff_t>(step_[1]) * channels_, padded_, to, point_step});
  }

  /// LANES outputs of a strip, [tile row][pixel][lanes].
  void sum_block(const Kernels& kernels, Scratch& mine, const Block& block, const std::int16_t* values,
                 int count, std::int32_t* sums, std::ptrdiff_t lanes, std::ptrdiff_t line) const {
    static constexpr std::int32_t ZEROS[LANES] = {};
    const int all_points = points_ * points_;
    const int each = pixels_each(count);
    const std::ptrdiff_t point_step = static_cast<std::ptrdiff_t>(count) * padded_;
    std::int32_t* products = mine.products.of(static_cast<std::size_t>(all_points * count * LANES));
    std::array<std::ptrdiff_t, TRANSFORMS_MOST> offsets;
    for (int point = 0; point < all_points; ++point) {
      std::size_t segments = 0;
      for (std::size_t t : block.transforms)
        if (transforms_[t].has(points_, point / points_, point % points_))
          offsets[segments++] = (static_cast<std::ptrdiff_t>(t) * all_points + point) * point_step;
      if (segments == 0) continue;
      const std::int16_t* weights = block.weights.data() + block.starts[static_cast<std::size_t>(point)];
      for (int n = 0; n < count; n += each)
        kernels.tile(std::min(each, count - n), {values + static_cast<std::ptrdiff_t>(n) * padded_, padded_,
                                                 offsets.data(), static_cast<int>(segments), pairs(), weights,
                                                 products + (point * count + n) * LANES, LANES, ZEROS});
    }
    for (int n = 0; n < count; ++n)
      kernels.collect(tile_, {block.row_taps, block.column_taps, products + n * LANES,
                              static_cast<std::ptrdiff_t>(count) * LANES, block.bias,
                              sums + n * tile_ * lanes, line, lanes});
  }

  /// The chain of a row of base positions, and where its results go.
  void finish(const Frame& frame, Scratch& mine, const Group& group, int row, int column, int count,
              std::int32_t* sums) const {
    const Chain& chain = chains_[group.chain];
    if (!group.ordered) {
      if (row * spread_[0] >= frame.output.height) return;
      const int there = (frame.output.width + spread_[1] - 1) / spread_[1] - column;
      const Strip strip = {row, column, 1, std::min(count, there)};
      const std::int32_t* found = chain.run(frame.kernels, mine, sums, strip, frame.others);
      scatter_strip(found, group.lanes, spread_, strip, frame.output);
      return;
    }
    const int y = row * spread_[0] + group.lanes[0].phase[0];
    const int x = column * spread_[1] + group.lanes[0].phase[1];
    const int pixels = std::min(count, (frame.output.width - x + spread_[1] - 1) / spread_[1]);
    if (y >= frame.output.height || pixels < 1) return;
    const Strip strip = {y, x, spread_[1], pixels};
    const std::int32_t* found = chain.run(frame.kernels, mine, sums, strip, frame.others);
    store_strip(frame.kernels, found, chain.lanes(), strip, frame.output);
  }

  int tile_;
  int points_;
  int channels_;
  int step_[2];    ///< of the input, from a base position to the next
  int spread_[2];  ///< of the output
  bool folded_;
  int depth_;   ///< values of a place
  int padded_;  ///< to whole vectors
  std::vector<Transform> transforms_;
  std::vector<Group> groups_;
  std::vector<Chain> chains_;
};

}  // namespace

std::unique_ptr<Step> winograd_step(const Convolution& c, const std::vector<Op>& following, int input,
                                    int result, const std::vector<ValueType>& values) {
  const ValueType& x = values[static_cast<std::size_t>(input)];
  const ValueType& y = values[static_cast<std::size_t>(result)];
  std::int64_t bias = 0;
  for (std::int32_t b : c.bias) bias = std::max<std::int64_t>(bias, std::abs(std::int64_t{b}));
  const std::int64_t most = std::max(std::abs(x.lo), std::abs(x.hi));
  const std::int64_t reach = std::max(std::abs(y.lo), std::abs(y.hi)) + bias;
  for (int tile : {4, 2}) {
    if (most * growth(tile) * growth(tile) > 32767 || reach > result_max(tile)) continue;
    auto step = std::make_unique<WinogradStep>(tile, c);
    if (step->prepare(c, following, result, values)) return step;
  }
  return nullptr;
}

}  // namespace licc::emulation
