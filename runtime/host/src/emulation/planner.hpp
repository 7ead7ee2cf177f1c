// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// @file
/// A function as steps, and a frame through them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "emulation/plain.hpp"
#include "emulation/step.hpp"
#include "network.hpp"

namespace licc::emulation {

/// A function, prepared.
class Plan {
 public:
  explicit Plan(const Function& function);

  /// @param arena memory of one frame's planes, for nobody else meanwhile
  Tensor run(const Kernels& kernels, Pool& pool, Arena& arena, const Tensor& input) const;

  /// What each step is, such as "direct 3 ops" or "plain": for tests.
  std::vector<std::string> description() const;

 private:
  struct Planned {
    std::unique_ptr<Step> step;  ///< null: `ops[0]` is computed plainly
    std::vector<Op> ops;         ///< what it computes; without the weights, where there is a step
    std::string name;
    int input = 0;
    int output = 0;
  };
  struct State;

  void add_step(const Function& function, std::size_t first, std::vector<bool>& done);
  void run_step(const Planned& planned, State& state) const;
  void run_plainly(const Planned& planned, State& state) const;

  std::vector<ValueType> values_;
  int result_;
  std::vector<Planned> steps_;
};

}  // namespace licc::emulation
