// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emulation/planner.hpp"

#include <algorithm>

#include "emulation/taps.hpp"
#include "emulation/winograd.hpp"

namespace licc::emulation {
namespace {

std::size_t index(int i) { return static_cast<std::size_t>(i); }

bool narrow(const ValueType& type) { return type.lo >= -32768 && type.hi <= 32767; }

/// The only op that reads a value, which must not be the function's result; none if there is another.
const Op* only_reader(const Function& function, int value) {
  const Op* found = nullptr;
  if (value == function.result) return nullptr;
  for (const Op& op : function.ops)
    for (int input : op.inputs) {
      if (input != value) continue;
      if (found != nullptr) return nullptr;
      found = &op;
    }
  return found;
}

/// The lanes of a step's strips, as far as its chain is concerned.
Chain empty_chain(const Op& op, const std::vector<ValueType>& values) {
  const auto* c = std::get_if<Convolution>(&op.what);
  if (c == nullptr) return Chain(ordered_lanes(values[index(op.inputs[0])].channels));
  std::vector<int> channels;
  const std::vector<std::vector<Lane>> groups = grouped_lanes(*c);
  for (const Lane& lane : groups[0]) channels.push_back(lane.channel);
  return Chain(channels);
}

/// An op without its constants: what sizes and types are computed from.
Op slim(const Op& op) {
  Op copy;
  copy.layer = op.layer;
  copy.inputs = op.inputs;
  copy.output = op.output;
  const auto* c = std::get_if<Convolution>(&op.what);
  if (c == nullptr) {
    copy.what = op.what;
    return copy;
  }
  Convolution shape;
  shape.transposed = c->transposed;
  shape.out_channels = c->out_channels;
  shape.in_channels = c->in_channels;
  for (int axis = 0; axis < 2; ++axis) {
    shape.kernel[axis] = c->kernel[axis];
    shape.stride[axis] = c->stride[axis];
    shape.padding[axis] = c->padding[axis];
    shape.output_padding[axis] = c->output_padding[axis];
    shape.dilation[axis] = c->dilation[axis];
  }
  shape.groups = c->groups;
  copy.what = shape;
  return copy;
}

Integers widened(const Plane& plane) {
  Integers found(plane.height, plane.width, plane.channels);
  const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(plane.width) * plane.channels;
  for (int y = 0; y < plane.height; ++y) std::copy_n(plane.at(y, 0), row, found.data.data() + y * row);
  return found;
}

void copy_in(const Integers& values, const Plane& plane) {
  for (int y = 0; y < plane.height; ++y) {
    const std::int32_t* from = values.data.data() + values.at(y, 0);
    std::transform(from, from + static_cast<std::ptrdiff_t>(plane.width) * plane.channels, plane.at(y, 0),
                   [](std::int32_t v) { return static_cast<std::int16_t>(v); });
  }
}

void copy_out(const Plane& plane, Tensor& tensor) {
  const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(plane.width) * plane.channels;
  for (int y = 0; y < plane.height; ++y) std::copy_n(plane.at(y, 0), row, tensor.data.data() + y * row);
}

}  // namespace

Plan::Plan(const Function& function) : values_(function.values), result_(function.result) {
  std::vector<bool> done(function.values.size(), false);
  done[0] = true;
  for (std::size_t first = 0; first < function.ops.size(); ++first)
    if (!done[index(function.ops[first].output)]) add_step(function, first, done);
}

void Plan::add_step(const Function& function, std::size_t first, std::vector<bool>& done) {
  const Op& op = function.ops[first];
  const auto* c = std::get_if<Convolution>(&op.what);
  Chain chain = empty_chain(op, values_);
  const bool reads_planes = std::all_of(op.inputs.begin(), op.inputs.end(),
                                        [&](int value) { return narrow(values_[index(value)]); });
  // The longest run of ops whose result fits a plane.
  std::vector<Op> run;
  std::size_t fitting = 0;
  int own = op.inputs[0];
  const Op* next = &op;
  while (reads_planes && next != nullptr) {
    const bool starts = run.empty() && c != nullptr;
    if (!starts && !chain.takes(*next, values_[index(own)])) break;
    const bool others_done = std::all_of(next->inputs.begin(), next->inputs.end(), [&](int value) {
      return value == own || (done[index(value)] && narrow(values_[index(value)]));
    });
    if (!others_done) break;
    run.push_back(*next);
    own = next->output;
    if (narrow(values_[index(own)])) fitting = run.size();
    next = only_reader(function, own);
  }
  Planned planned;
  planned.input = op.inputs[0];
  if (fitting == 0) {
    planned.ops = {op};
    planned.name = "plain";
    planned.output = op.output;
  } else {
    run.resize(fitting);
    planned.output = run.back().output;
    planned.name = c == nullptr ? "chain" : "direct";
    if (c == nullptr) {
      planned.step = chain_step(run, planned.input, values_);
    } else {
      const std::vector<Op> following(run.begin() + 1, run.end());
      planned.step = winograd_step(*c, following, planned.input, op.output, values_);
      if (planned.step != nullptr)
        planned.name = "winograd";
      else
        planned.step = direct_step(*c, following, op.output, values_);
    }
    for (const Op& each : run) planned.ops.push_back(slim(each));
  }
  for (const Op& each : planned.ops) done[index(each.output)] = true;
  steps_.push_back(std::move(planned));
}

std::vector<std::string> Plan::description() const {
  std::vector<std::string> lines;
  for (const Planned& planned : steps_)
    lines.push_back(planned.name + " " + std::to_string(planned.ops.size()));
  return lines;
}

/// A frame on its way.
struct Plan::State {
  const Kernels& kernels;
  Pool& pool;
  Arena& arena;
  std::vector<Size> sizes;  // of values that exist between steps
  std::vector<Margins> margins;
  std::vector<int> readers;  // steps that have yet to read a value
  std::vector<Plane> planes;
  std::vector<std::int16_t*> memory;
  std::vector<Integers> wide;  // values beyond an i16, and inputs of plain ops
  Tensor result;

  void make_plane(int value, int channels) {
    const Size size = sizes[index(value)];
    const Margins& m = margins[index(value)];
    memory[index(value)] = arena.take(footprint(size.height, size.width, channels, m));
    planes[index(value)] = framed(memory[index(value)], size.height, size.width, channels, m);
  }

  void release(int value) {
    if (--readers[index(value)] > 0) return;
    if (memory[index(value)] != nullptr) arena.give(memory[index(value)]);
    memory[index(value)] = nullptr;
    wide[index(value)] = Integers();
  }
};

Tensor Plan::run(const Kernels& kernels, Pool& pool, Arena& arena, const Tensor& input) const {
  if (result_ == 0) return input;
  if (input.channels != values_[0].channels || input.height < 1 || input.width < 1)
    throw Error("expected an input of " + std::to_string(values_[0].channels) + " channels, but got " +
                std::to_string(input.height) + "x" + std::to_string(input.width) + "x" +
                std::to_string(input.channels));
  const std::size_t count = values_.size();
  State state{kernels, pool, arena, {}, {}, {}, {}, {}, {}, {}};
  state.sizes.resize(count);
  state.margins.resize(count);
  state.readers.resize(count);
  state.planes.resize(count);
  state.memory.resize(count, nullptr);
  state.wide.resize(count);
  state.sizes[0] = {input.height, input.width};
  for (const Planned& planned : steps_) {
    Size size = state.sizes[index(planned.input)];
    for (const Op& op : planned.ops) size = result_size(op, size);
    state.sizes[index(planned.output)] = size;
    ++state.readers[index(planned.input)];
    if (planned.step == nullptr) {
      for (std::size_t i = 1; i < planned.ops[0].inputs.size(); ++i)
        ++state.readers[index(planned.ops[0].inputs[i])];
      continue;
    }
    state.margins[index(planned.input)].cover(planned.step->margins(state.sizes[index(planned.input)], size));
    for (int other : planned.step->others()) {
      if (state.sizes[index(other)] != size)
        throw Error(planned.ops.back().layer + ": expected two values of one size");
      ++state.readers[index(other)];
    }
  }
  state.make_plane(0, input.channels);
  const Plane& image = state.planes[0];
  const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(input.width) * input.channels;
  for (int y = 0; y < input.height; ++y) std::copy_n(input.data.data() + y * row, row, image.at(y, 0));
  const Size size = state.sizes[index(result_)];
  state.result = Tensor(size.height, size.width, values_[index(result_)].channels);
  for (const Planned& planned : steps_)
    planned.step == nullptr ? run_plainly(planned, state) : run_step(planned, state);
  return std::move(state.result);
}

void Plan::run_step(const Planned& planned, State& state) const {
  const bool last = planned.output == result_ && state.readers[index(result_)] == 0;
  const int channels = values_[index(planned.output)].channels;
  if (last) {
    Plane& plane = state.planes[index(result_)];
    plane = {state.result.height, state.result.width, channels,
             static_cast<std::ptrdiff_t>(state.result.width) * channels, state.result.data.data()};
  } else {
    state.make_plane(planned.output, channels);
  }
  Frame frame{
      state.kernels, state.pool, state.planes[index(planned.input)], {}, state.planes[index(planned.output)]};
  for (int other : planned.step->others()) frame.others.push_back(state.planes[index(other)]);
  planned.step->run(frame);
  state.release(planned.input);
  for (int other : planned.step->others()) state.release(other);
  if (planned.output != result_ || last) return;
  copy_out(state.planes[index(result_)], state.result);
}

void Plan::run_plainly(const Planned& planned, State& state) const {
  const Op& op = planned.ops[0];
  std::vector<const Integers*> inputs;
  for (int value : op.inputs) {
    if (state.wide[index(value)].data.empty()) state.wide[index(value)] = widened(state.planes[index(value)]);
    inputs.push_back(&state.wide[index(value)]);
  }
  Integers found = plain_op(op, values_[index(op.output)], inputs);
  if (narrow(values_[index(op.output)])) {
    state.make_plane(op.output, found.channels);
    copy_in(found, state.planes[index(op.output)]);
    if (op.output == result_) copy_out(state.planes[index(result_)], state.result);
  } else {
    state.wide[index(op.output)] = std::move(found);
  }
  for (int value : op.inputs) state.release(value);
}

}  // namespace licc::emulation
