// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The emulation's kernels against the law, op by op: random layers of all kinds and sizes, values at their
// limits.
#include "emulation/emulation.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <set>
#include <thread>

#include "emulation/planner.hpp"

using namespace licc;
using emulation::Integers;

namespace {

int failures = 0;

void expect(bool held, const std::string& what) {
  if (held) return;
  ++failures;
  if (failures < 20) std::printf("FAILED: %s\n", what.c_str());
}

/// Functions of random ops. Ranges are what the ops prove, so that sums reach them.
class Maker {
 public:
  explicit Maker(unsigned seed) : random_(seed) {}

  int any(int lo, int hi) { return std::uniform_int_distribution<int>(lo, hi)(random_); }
  bool often() { return any(0, 2) > 0; }
  template <class T>
  T one_of(std::initializer_list<T> choices) {
    return *(choices.begin() + any(0, static_cast<int>(choices.size()) - 1));
  }

  /// At the limits of its range half of the time.
  std::int64_t value(std::int64_t lo, std::int64_t hi) {
    const int kind = any(0, 3);
    if (kind == 0) return lo;
    if (kind == 1) return hi;
    return std::uniform_int_distribution<std::int64_t>(lo, hi)(random_);
  }

  void start(int channels, std::int64_t lo, std::int64_t hi) {
    function = Function();
    function.values.push_back({channels, 16, lo < 0, lo, hi});
    last = 0;
  }

  const ValueType& type() const { return function.values[static_cast<std::size_t>(last)]; }

  void push(const char* name, std::vector<int> inputs, int channels, std::int64_t lo, std::int64_t hi,
            decltype(Op::what) what) {
    const int number = static_cast<int>(function.values.size());
    function.values.push_back({channels, hi > 32767 || lo < -32768 ? 32 : 16, true, lo, hi});
    function.ops.push_back({name, std::move(inputs), number, std::move(what)});
    function.result = last = number;
  }

  void convolution(bool transposed, int outs, const int (&kernel)[2], const int (&stride)[2],
                   const int (&padding)[2], const int (&output_padding)[2], const int (&dilation)[2],
                   int groups, int weight_max) {
    Convolution c;
    c.transposed = transposed;
    c.out_channels = outs;
    c.in_channels = type().channels;
    c.groups = groups;
    for (int axis = 0; axis < 2; ++axis) {
      c.kernel[axis] = kernel[axis];
      c.stride[axis] = stride[axis];
      c.padding[axis] = padding[axis];
      c.output_padding[axis] = transposed ? std::min(output_padding[axis], stride[axis] - 1) : 0;
      c.dilation[axis] = dilation[axis];
    }
    const int of_output = c.in_channels / groups * kernel[0] * kernel[1];
    const std::int64_t most = std::max(-type().lo, type().hi);
    // What the accumulators are proven to hold has to be an i32.
    const std::int64_t fits = ((std::int64_t{1} << 31) - 1 - 1000) / (most * of_output);
    const auto limit = static_cast<int>(std::max<std::int64_t>(1, std::min<std::int64_t>(weight_max, fits)));
    for (int i = 0; i < outs * of_output; ++i)
      c.weights.push_back(static_cast<std::int16_t>(value(-limit, limit)));
    for (int o = 0; o < outs; ++o) c.bias.push_back(any(-1000, 1000));
    const std::int64_t reach = most * limit * of_output + 1000;
    push("conv", {last}, outs, -reach, reach, c);
  }

  void requantize(std::int64_t lo, std::int64_t hi) {
    Requantize r;
    const std::int64_t most = std::max<std::int64_t>(1, std::max(-type().lo, type().hi));
    const int count = often() ? type().channels : 1;
    for (int i = 0; i < count; ++i) {
      r.multiplier.push_back(any(65536, 131071));
      int shift = any(0, 3);
      // So that some are clamped and most are not.
      while ((most * r.multiplier.back() >> shift) > 3 * std::max(-lo, hi) && shift < 62) ++shift;
      r.shift.push_back(shift);
    }
    push("requantize", {last}, type().channels, lo, hi, r);
  }

  void gdn(std::int64_t lo, std::int64_t hi, bool small_norms) {
    Gdn g;
    g.gdn1 = often();
    g.inverse = any(0, 1) == 1;
    const int n = type().channels;
    const int gamma_max = one_of({131071, 40000, 3000, 200});
    const std::int64_t x_max = std::max(-type().lo, type().hi);
    const std::int64_t p_max = g.gdn1 ? x_max : x_max * x_max;
    std::int64_t most = 0;
    for (int i = 0; i < n; ++i) {
      g.beta.push_back(small_norms ? any(1, 3) : any(100000, 5000000));
      std::int64_t sum = g.beta.back();
      for (int j = 0; j < n; ++j) {
        g.gamma.push_back(any(0, 3) == 0 || i == j ? static_cast<int>(value(0, gamma_max)) : any(0, 60));
        sum += g.gamma.back() * p_max;
      }
      most = std::max(most, sum);
    }
    g.acc_lo = *std::min_element(g.beta.begin(), g.beta.end());
    g.acc_hi = most;
    while ((most >> g.norm_shift) >= (std::int64_t{1} << 31) - 1) ++g.norm_shift;
    g.norm_lo =
        std::max<std::int64_t>(1, (g.acc_lo + ((std::int64_t{1} << g.norm_shift) >> 1)) >> g.norm_shift);
    g.norm_hi = (most >> g.norm_shift) + 1;
    const double norm =
        static_cast<double>(most) / 8 / static_cast<double>(std::int64_t{1} << g.norm_shift) + 1;
    double root = g.gdn1 ? norm : std::sqrt(norm);
    if (!g.inverse) root = 1 / root;
    const int count = often() ? n : 1;
    for (int i = 0; i < count; ++i) {
      g.multiplier.push_back(any(65536, 131071));
      const double reach =
          static_cast<double>(x_max) * root * g.multiplier.back() / static_cast<double>(hi) / 2;
      g.shift.push_back(std::clamp(static_cast<int>(std::lround(std::log2(reach))), 15, 30));
    }
    push("gdn", {last}, n, lo, hi, g);
  }

  void elementwise() {
    const std::int64_t lo = type().lo;
    const std::int64_t hi = type().hi;
    const int n = type().channels;
    switch (any(0, 5)) {
      case 0:
        return push("relu", {last}, n, 0, std::max<std::int64_t>(hi, 0), Relu());
      case 1:
        return push("abs", {last}, n, 0, std::min<std::int64_t>(std::max(-lo, hi), 32767), Abs());
      case 2:
        return push("leaky", {last}, n, lo, hi, LeakyRelu{any(0, 131071), 17});
      case 3:
        return push("round", {last}, n, lo / 2, hi / 2, RoundLatent{any(0, 3)});
      case 4: {
        Add a;
        a.multiplier[0] = any(0, 131071);
        a.multiplier[1] = any(0, 131071);
        a.shift = any(14, 18);
        const int count = often() ? n : 1;
        for (int i = 0; i < count; ++i) a.constant.push_back(any(-30000, 30000));
        return push("add", {last}, n, lo / 3, hi, a);
      }
      default:
        return requantize(-128, 127);
    }
  }

  Function function;
  int last = 0;

 private:
  std::mt19937 random_;
};

Tensor random_input(Maker& make, const ValueType& type, int height, int width) {
  Tensor x(height, width, type.channels);
  for (auto& v : x.data) v = static_cast<std::int16_t>(make.value(type.lo, type.hi));
  return x;
}

bool same(const Tensor& a, const Integers& b) {
  return a.height == b.height && a.width == b.width && a.channels == b.channels &&
         std::equal(a.data.begin(), a.data.end(), b.data.begin(), b.data.end());
}

std::set<std::string> seen;

std::string ops_of(const Function& function) {
  std::string line;
  for (const Op& op : function.ops) {
    line += " " + op.layer;
    if (const auto* c = std::get_if<Convolution>(&op.what))
      line += "(" + std::to_string(c->in_channels) + ">" + std::to_string(c->out_channels) +
              (c->transposed ? " transposed " : " ") + std::to_string(c->kernel[0]) + "x" +
              std::to_string(c->kernel[1]) + "/" + std::to_string(c->stride[0]) + "x" +
              std::to_string(c->stride[1]) + " groups " + std::to_string(c->groups) + ")";
  }
  return line;
}

/// The function by all kernels, twice in the same memory, against the law.
void check(Maker& make, int height, int width, const std::string& what) {
  const Tensor input = random_input(make, make.function.values[0], height, width);
  const Integers law = emulation::plain_run(make.function, input);
  const emulation::Plan plan(make.function);
  for (const std::string& line : plan.description()) seen.insert(line);
  emulation::Pool pool(3);
  emulation::Arena arena;
  for (const auto* kernels : {&emulation::portable_kernels(), &emulation::best_kernels()})
    for (int again = 0; again < 2; ++again) {
      const Tensor found = plan.run(*kernels, pool, arena, input);
      arena.give_all();
      expect(same(found, law), what + " by " + kernels->name + " of " + std::to_string(height) + "x" +
                                   std::to_string(width) + "x" + std::to_string(input.channels) + ":" +
                                   ops_of(make.function));
    }
}

void convolutions(unsigned seed) {
  Maker make(seed);
  const int groups = make.one_of({1, 1, 1, 2, 3});
  const int ins = groups * make.one_of({1, 2, 3, 5, 8, 16});
  const int outs = groups * make.one_of({1, 3, 4, 8, 16, 24, 32});
  const bool transposed = make.any(0, 1) == 1;
  const int kernel[2] = {make.any(1, 9), make.any(1, 9)};
  const int stride[2] = {make.any(1, 4), make.any(1, 4)};
  const int dilation[2] = {make.one_of({1, 1, 2, 3}), make.one_of({1, 1, 2, 3})};
  int padding[2];
  for (int axis = 0; axis < 2; ++axis) padding[axis] = make.any(0, dilation[axis] * (kernel[axis] - 1));
  const int output_padding[2] = {make.any(0, 3), make.any(0, 3)};
  const auto range = make.one_of<std::pair<int, int>>({{-128, 127}, {0, 255}, {-511, 511}, {-32768, 32767}});
  make.start(ins, range.first, range.second);
  make.convolution(transposed, outs, kernel, stride, padding, output_padding, dilation, groups,
                   make.one_of({127, 511, 32767}));
  for (int i = make.any(0, 2); i > 0; --i) make.elementwise();
  make.requantize(make.one_of({-128, -32768, 0}), make.one_of({127, 255, 32767}));
  for (int i = make.any(0, 2); i > 0; --i) make.elementwise();
  const int height = make.any(2, 20);
  const int width = make.any(2, 110);
  for (const Op& op : make.function.ops) {
    try {
      emulation::result_size(op, {height, width});
    } catch (const Error&) {
      return;
    }
    break;
  }
  check(make, height, width, "convolution, seed " + std::to_string(seed));
}

/// The layers that codecs are made of, with GDN.
void codec_layers(unsigned seed) {
  Maker make(seed);
  const int n = make.one_of({16, 32, 40, 48, 64, 128});
  const int m = make.one_of({16, 24, 64, 96});
  const bool transposed = make.any(0, 1) == 1;
  const int k = make.one_of({3, 5, 5, 5});
  const int s = k == 3 ? 1 : 2;
  const auto range =
      make.one_of<std::pair<int, int>>({{-128, 127}, {-128, 127}, {0, 255}, {-511, 511}, {-2048, 2047}});
  make.start(n, range.first, range.second);
  make.convolution(transposed, m, {k, k}, {s, s}, {k / 2, k / 2}, {s - 1, s - 1}, {1, 1}, 1,
                   make.one_of({127, 511}));
  make.requantize(-4096, 4095);
  if (make.often()) make.gdn(-128, 127, make.any(0, 3) == 0);
  check(make, make.any(2, 18), make.any(2, 40), "layer of a codec, seed " + std::to_string(seed));
}

void gdns(unsigned seed) {
  Maker make(seed);
  make.start(make.one_of({3, 16, 31, 64}), -4096, make.one_of({4095, 4096}));
  const int hi = make.one_of({127, 2047, 32767});
  make.gdn(-hi - 1, hi, make.any(0, 3) == 0);
  check(make, make.any(1, 9), make.any(1, 99), "gdn, seed " + std::to_string(seed));
}

void thin_layers(unsigned seed) {
  Maker make(seed);
  make.start(3, 0, 255);
  make.convolution(false, 32, {9, 9}, {4, 4}, {4, 4}, {0, 0}, {1, 1}, 1, 127);
  make.requantize(-128, 127);
  make.convolution(true, 3, {9, 9}, {4, 4}, {4, 4}, {3, 3}, {1, 1}, 1, 127);
  make.requantize(0, 255);
  check(make, 4 * make.any(1, 9), 4 * make.any(1, 60), "thin layers, seed " + std::to_string(seed));
}

/// Sums as large as their range says, through the points of a Winograd convolution.
void extremes() {
  for (const bool transposed : {false, true})
    for (const int n : {64, 96}) {  // within 2^25, and beyond
      Maker make(5);
      make.start(n, -128, 127);
      make.convolution(transposed, 32, {5, 5}, {2, 2}, {2, 2}, {1, 1}, {1, 1}, 1, 127);
      auto& c = std::get<Convolution>(make.function.ops[0].what);
      const std::size_t taps = c.weights.size();
      for (std::size_t i = 0; i < taps; ++i) c.weights[i] = i / (taps / 2) == 0 ? 127 : -127;
      make.requantize(-32768, 32767);
      Tensor input(12, 20, n);
      std::fill(input.data.begin(), input.data.end(), std::int16_t{-128});
      const Integers law = emulation::plain_run(make.function, input);
      const auto backend = make_emulation({{"g_a", make.function}}, 1);
      expect(same(backend->run("g_a", input), law), "sums at the limit of their range");
    }
}

/// Values that grow to the edge of an i16 at the points, and beyond it if the tile were the larger one.
void wide_values() {
  for (const int most : {327, 328, 511, 8191, 8192, 16000})
    for (const bool transposed : {false, true}) {
      Maker make(11);
      make.start(16, -most, most);
      make.convolution(transposed, 16, {5, 5}, {2, 2}, {2, 2}, {1, 1}, {1, 1}, 1, 60);
      make.requantize(-32768, 32767);
      check(make, 24, 40, "values within " + std::to_string(most));
    }
}

/// Norms that are as small and as large as they can be, side by side.
void norms() {
  for (const bool gdn1 : {false, true})
    for (const bool inverse : {false, true})
      for (const int large : {32767, 131071}) {
        Maker make(13);
        make.start(48, -4096, 4095);
        make.gdn(-128, 127, true);
        auto& g = std::get<Gdn>(make.function.ops[0].what);
        g.gdn1 = gdn1;
        g.inverse = inverse;
        for (std::size_t i = 0; i < g.gamma.size(); ++i)
          g.gamma[i] = i / 48 % 2 == 0 ? large : make.any(1, 9);
        g.norm_shift = gdn1 ? 4 : 16;
        g.norm_lo = 1;
        g.norm_hi = (std::int64_t{1} << 31) - 1;
        g.multiplier = {100000};
        g.shift = {gdn1 ? (inverse ? 20 : 11) : (inverse ? 18 : 14)};
        Tensor input(6, 50, 48);
        for (std::size_t i = 0; i < input.data.size(); ++i) {
          const int most = i / 48 % 3 == 0 ? 4095 : (i / 48 % 3 == 1 ? 2 : 40);
          input.data[i] = static_cast<std::int16_t>(i / 48 % 5 == 0 ? -most : make.any(-most, most));
        }
        const Integers law = emulation::plain_run(make.function, input);
        emulation::Pool pool(1);
        emulation::Arena arena;
        for (const auto* kernels : {&emulation::portable_kernels(), &emulation::best_kernels()})
          expect(same(emulation::Plan(make.function).run(*kernels, pool, arena, input), law),
                 std::string("norms of all sizes by ") + kernels->name);
      }
}

/// The layers of codecs must not fall back to what computes any layer.
void fast_paths() {
  for (const int n : {16, 32, 48, 64, 96, 128}) {
    Maker make(3);
    make.start(3, 0, 255);
    make.convolution(false, n, {9, 9}, {4, 4}, {4, 4}, {0, 0}, {1, 1}, 1, 127);
    make.requantize(-4096, 4095);
    make.gdn(-128, 127, false);
    make.convolution(false, n, {5, 5}, {2, 2}, {2, 2}, {0, 0}, {1, 1}, 1, 60);
    make.requantize(-4096, 4095);
    make.gdn(-128, 127, false);
    make.convolution(true, n, {5, 5}, {2, 2}, {2, 2}, {1, 1}, {1, 1}, 1, 60);
    make.requantize(-128, 127);
    make.convolution(true, 3, {9, 9}, {4, 4}, {4, 4}, {3, 3}, {1, 1}, 1, 127);
    make.requantize(0, 255);
    const std::vector<std::string> expected = {"winograd 3", "winograd 3", "winograd 2", "winograd 2"};
    expect(emulation::Plan(make.function).description() == expected,
           "fast paths of N = " + std::to_string(n));
  }
}

/// A value that three ops read, sums of two values, a value too wide for a plane, a pixel shuffle.
void branches(unsigned seed) {
  Maker make(seed);
  make.start(16, -128, 127);
  make.convolution(false, 16, {3, 3}, {1, 1}, {1, 1}, {0, 0}, {1, 1}, 1, 127);
  make.requantize(-2000, 2000);
  const int shared = make.last;
  make.convolution(false, 16, {1, 1}, {1, 1}, {0, 0}, {0, 0}, {1, 1}, 1, 127);
  const int wide = make.last;
  make.requantize(-128, 127);
  const int branch = make.last;
  Add sum;
  sum.multiplier[0] = make.any(0, 131071);
  sum.multiplier[1] = make.any(0, 131071);
  sum.shift = 16;
  const bool swapped = make.any(0, 1) == 1;
  make.push("join", swapped ? std::vector<int>{branch, shared} : std::vector<int>{shared, branch}, 16, -3000,
            3000, sum);
  const int joined = make.last;
  if (make.often()) make.push("wide", {joined, wide}, 16, -32768, 32767, sum);
  make.push("twice", {make.last, make.last}, 16, -20000, 20000, sum);
  if (make.often()) make.push("shuffle", {make.last}, 4, -20000, 20000, PixelShuffle{2});
  make.elementwise();
  make.requantize(-128, 127);
  check(make, make.any(1, 9), make.any(1, 60), "branches, seed " + std::to_string(seed));
}

/// Several frames at once, of several sizes, in the memory of those before.
void frames_at_once() {
  Maker make(7);
  make.start(16, -128, 127);
  make.convolution(false, 32, {5, 5}, {2, 2}, {2, 2}, {0, 0}, {1, 1}, 1, 127);
  make.requantize(-4096, 4095);
  make.gdn(-128, 127, false);
  make.convolution(true, 16, {5, 5}, {2, 2}, {2, 2}, {1, 1}, {1, 1}, 1, 127);
  make.requantize(-128, 127);
  const auto backend = make_emulation({{"g_a", make.function}}, 2);
  const int sizes[4][2] = {{16, 40}, {6, 8}, {24, 18}, {2, 2}};
  std::vector<Tensor> inputs;
  std::vector<Integers> laws;
  for (const auto& size : sizes) {
    inputs.push_back(random_input(make, make.function.values[0], size[0], size[1]));
    laws.push_back(emulation::plain_run(make.function, inputs.back()));
  }
  std::vector<int> wrong(4, 0);
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t)
    callers.emplace_back([&, t] {
      for (int i = 0; i < 12; ++i) {
        const auto at = static_cast<std::size_t>((t + i) % 4);
        if (!same(backend->run("g_a", inputs[at]), laws[at])) ++wrong[static_cast<std::size_t>(t)];
      }
    });
  for (std::thread& caller : callers) caller.join();
  expect(wrong == std::vector<int>(4, 0), "frames at once");
}

/// What a thread throws reaches the caller, and the pool goes on.
void errors_of_threads() {
  emulation::Pool pool(3);
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> calls{0};
    bool thrown = false;
    try {
      pool.run(50, [&](int i) {
        ++calls;
        if (i == 20) throw Error("twenty");
      });
    } catch (const Error&) {
      thrown = true;
    }
    expect(thrown && calls == 50, "an error of a thread");
  }
}

void refusals() {
  Maker make(1);
  make.start(3, 0, 255);
  make.convolution(false, 4, {5, 5}, {1, 1}, {0, 0}, {0, 0}, {1, 1}, 1, 127);
  make.requantize(-128, 127);
  const auto backend = make_emulation({{"g_a", make.function}}, 1);
  int refused = 0;
  for (const Tensor& wrong : {Tensor(8, 8, 4), Tensor(4, 8, 3), Tensor(0, 8, 3)}) {
    try {
      backend->run("g_a", wrong);
    } catch (const Error&) {
      ++refused;
    }
  }
  try {
    backend->run("h_a", Tensor(8, 8, 3));
  } catch (const Error&) {
    ++refused;
  }
  expect(refused == 4, "inputs of a wrong shape and functions that are missing are refused");
}

}  // namespace

int main(int argc, char** argv) {
  const unsigned count = argc > 1 ? static_cast<unsigned>(std::atoi(argv[1])) : 40;
  const unsigned from = argc > 2 ? static_cast<unsigned>(std::atoi(argv[2])) : 0;
  for (unsigned seed = from; seed < from + count; ++seed) {
    convolutions(seed);
    if (seed % 4 == 0) codec_layers(seed);
    gdns(seed);
    if (seed % 8 == 0) thin_layers(seed);
    branches(seed);
  }
  extremes();
  wide_values();
  norms();
  fast_paths();
  frames_at_once();
  errors_of_threads();
  refusals();
  std::string steps;
  for (const std::string& line : seen) steps += " [" + line + "]";
  std::printf("%s: steps%s; %d wrong\n", emulation::best_kernels().name, steps.c_str(), failures);
  return failures == 0 ? 0 : 1;
}
