// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emulation/pool.hpp"

#include <atomic>
#include <exception>

namespace licc::emulation {

struct Pool::Loop {
  Loop(int count_, const std::function<void(int)>& work_) : count(count_), work(work_) {}

  const int count;
  // Only called for indexes below count, and the caller waits for those: it outlives every call.
  const std::function<void(int)>& work;
  std::atomic<int> next{0};
  std::mutex mutex;
  std::condition_variable ended;
  int done = 0;
  std::exception_ptr error;  // the first

  bool exhausted() const { return next.load(std::memory_order_relaxed) >= count; }

  void take() {
    int mine = 0;
    for (int i = next.fetch_add(1); i < count; i = next.fetch_add(1)) {
      attempt(i);
      ++mine;
    }
    if (mine == 0) return;
    const std::lock_guard<std::mutex> lock(mutex);
    done += mine;
    if (done == count) ended.notify_all();
  }

  void attempt(int i) {
    try {
      work(i);
    } catch (...) {
      const std::lock_guard<std::mutex> lock(mutex);
      if (error == nullptr) error = std::current_exception();
    }
  }

  void wait() {
    std::unique_lock<std::mutex> lock(mutex);
    ended.wait(lock, [this] { return done == count; });
  }
};

Pool::Pool(int threads) {
  for (int i = 1; i < threads; ++i) workers_.emplace_back([this] { serve(); });
}

Pool::~Pool() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void Pool::serve() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stop_ || !loops_.empty(); });
    if (stop_) return;
    const std::shared_ptr<Loop> loop = loops_.front();
    if (loop->exhausted()) {
      loops_.pop_front();
      continue;
    }
    lock.unlock();
    loop->take();
    lock.lock();
  }
}

void Pool::run(int count, const std::function<void(int)>& work) {
  if (count <= 0) return;
  if (workers_.empty() || count == 1) {
    for (int i = 0; i < count; ++i) work(i);
    return;
  }
  const auto loop = std::make_shared<Loop>(count, work);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    loops_.push_back(loop);
  }
  wake_.notify_all();
  loop->take();
  loop->wait();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    loops_.remove(loop);
  }
  if (loop->error != nullptr) std::rethrow_exception(loop->error);
}

}  // namespace licc::emulation
