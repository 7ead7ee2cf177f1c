// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emulation/emulation.hpp"

#include <algorithm>
#include <mutex>

#include "emulation/planner.hpp"

namespace licc {
namespace {

using emulation::Arena;

int threads_of(int asked) {
  if (asked > 0) return std::min(asked, 256);
  return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

class Emulation final : public Backend {
 public:
  Emulation(const Network& network, int threads) : pool_(threads_of(threads)) {
    for (const auto& [name, function] : network) plans_.emplace(name, emulation::Plan(function));
  }

  Tensor run(const std::string& function, const Tensor& input) override {
    const auto plan = plans_.find(function);
    if (plan == plans_.end()) throw Error("this build has no function " + function);
    const Lent arena(*this);
    return plan->second.run(emulation::best_kernels(), pool_, *arena.mine, input);
  }

 private:
  /// An arena for one frame: that of a frame before, if one is free.
  struct Lent {
    explicit Lent(Emulation& owner_) : owner(owner_) {
      const std::lock_guard<std::mutex> lock(owner.mutex_);
      if (owner.free_.empty()) owner.free_.push_back(std::make_unique<Arena>());
      mine = std::move(owner.free_.back());
      owner.free_.pop_back();
    }
    ~Lent() {
      mine->give_all();
      const std::lock_guard<std::mutex> lock(owner.mutex_);
      owner.free_.push_back(std::move(mine));
    }
    Lent(const Lent&) = delete;
    Lent& operator=(const Lent&) = delete;

    Emulation& owner;
    std::unique_ptr<Arena> mine;
  };

  std::map<std::string, emulation::Plan> plans_;
  emulation::Pool pool_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Arena>> free_;
};

}  // namespace

std::unique_ptr<Backend> make_emulation(const Network& network, int threads) {
  return std::make_unique<Emulation>(network, threads);
}

}  // namespace licc
