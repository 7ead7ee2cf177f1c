// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// @file
/// Threads that share the rows of a layer.
#pragma once

#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace licc::emulation {

/// Workers that wait for loops. Several callers may run their loops at once.
class Pool {
 public:
  /// @param threads that take part in a loop, its caller included; at least 1
  explicit Pool(int threads);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// Calls `work(i)` for every i below `count`, in any order, and returns when all are through. What one of
  /// them throws, such as for want of memory, is thrown here then.
  void run(int count, const std::function<void(int)>& work);

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

 private:
  struct Loop;
  void serve();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::list<std::shared_ptr<Loop>> loops_;
  bool stop_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace licc::emulation
