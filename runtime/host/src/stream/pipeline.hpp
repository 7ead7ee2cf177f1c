// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// @file
/// Two stages of workers between a source and a sink: bounded, in order, measured.
///
///     push -> [waiting] -> first stage -> [waiting] -> second stage -> [done, in order] -> pull
///
/// What is bounded is the number of frames between `push` and `pull`. A frame that has been let in finds room
/// everywhere, so no worker ever waits for another and nothing can deadlock: with bounds on each queue
/// instead, one slow frame could be shut out of a queue that is full of frames that overtook it.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <limits>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "licc/codec.hpp"
#include "stream/percentiles.hpp"

namespace licc::stream {

/// A stage: its name and what does its work, in `workers` threads at once.
template <class From, class To>
struct Stage {
  std::string name;
  int workers;
  std::function<To(From)> work;
};

template <class In, class Middle, class Out>
class Pipeline final : public FrameStream<In, Out> {
 public:
  /// @param in_flight frames between source and sink, from 1.
  Pipeline(Stage<In, Middle> first, Stage<Middle, Out> second, int in_flight)
      : first_(std::move(first)), second_(std::move(second)), slots_(static_cast<std::size_t>(in_flight)) {
    try {
      for (int i = 0; i < first_.workers; ++i) threads_.emplace_back([this] { run_first(); });
      for (int i = 0; i < second_.workers; ++i) threads_.emplace_back([this] { run_second(); });
    } catch (...) {  // the system gives no more threads
      end();
      throw;
    }
  }
  ~Pipeline() override { end(); }

  bool push(In frame) override {
    const auto offered = Clock::now();
    std::unique_lock lock(mutex_);
    if (!began_) began_ = last_account_ = offered;
    room_.wait(lock, [&] { return closed() || accepted_ - taken_ < slots_.size(); });
    if (closed()) return false;
    account();
    slot(accepted_).offered = offered;
    waiting_first_.push_back({accepted_++, std::move(frame)});
    most_[0] = std::max(most_[0], waiting_first_.size());
    lock.unlock();
    for_first_.notify_one();
    return true;
  }

  std::optional<Out> pull() override {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [&] { return next_is_known(); });
    return take(lock);
  }

  Pulled pull(Out& frame, std::chrono::milliseconds patience) override {
    std::unique_lock lock(mutex_);
    if (!done_.wait_for(lock, patience, [&] { return next_is_known(); })) return Pulled::not_yet;
    std::optional<Out> taken = take(lock);
    if (!taken) return Pulled::end;
    frame = std::move(*taken);
    return Pulled::frame;
  }

  void finish() override { close(finished_); }
  void stop() override { close(stopped_); }

  StreamStatistics statistics() const override {
    std::lock_guard lock(mutex_);
    StreamStatistics result;
    result.frames = taken_;
    result.frames_in_flight = static_cast<int>(slots_.size());
    if (began_ && last_taken_) result.seconds = between(*began_, *last_taken_);
    if (result.seconds > 0) result.frames_per_second = static_cast<double>(taken_) / result.seconds;
    result.latency_p50 = latencies_.at(0.5);
    result.latency_p90 = latencies_.at(0.9);
    result.latency_p99 = latencies_.at(0.99);
    result.latency_most = latencies_.most();
    result.stages = {statistics_of(first_, 0, result.seconds), statistics_of(second_, 1, result.seconds)};
    const std::string names[QUEUES] = {first_.name, second_.name, "sink"};
    for (std::size_t i = 0; i < QUEUES; ++i) {
      const double mean = result.seconds > 0 ? filled_[i] / result.seconds : 0.0;
      result.queues.push_back({names[i], mean, static_cast<int>(most_[i])});
    }
    return result;
  }

 private:
  using Clock = std::chrono::steady_clock;
  using Time = Clock::time_point;
  static constexpr std::size_t QUEUES = 3;
  static constexpr std::uint64_t NEVER = std::numeric_limits<std::uint64_t>::max();

  template <class T>
  struct Job {
    std::uint64_t number;
    T frame;
  };

  /// Of a frame in flight: frame n has the slot n modulo their number, until it is taken.
  struct Slot {
    Time offered;
    bool ready = false;
    Out frame{};
    std::exception_ptr error;
    bool done() const { return ready || error; }
  };

  static double between(Time from, Time to) { return std::chrono::duration<double>(to - from).count(); }

  Slot& slot(std::uint64_t number) { return slots_[number % slots_.size()]; }
  bool closed() const { return finished_ || stopped_ || failed_ != NEVER; }

  bool next_is_known() {
    if (stopped_) return true;
    if (taken_ == accepted_) return finished_;
    return slot(taken_).done();
  }

  /// The next frame, which is known, and the lock is held.
  std::optional<Out> take(std::unique_lock<std::mutex>& lock) {
    if (stopped_ || taken_ == accepted_) return std::nullopt;
    account();
    Slot& next = slot(taken_);
    if (next.error) {
      const std::exception_ptr error = std::move(next.error);
      next.error = nullptr;
      lock.unlock();
      stop();
      std::rethrow_exception(error);
    }
    std::optional<Out> frame(std::exchange(next.frame, Out{}));
    next.ready = false;
    ++taken_;
    --ready_;
    last_taken_ = Clock::now();
    latencies_.add(between(next.offered, *last_taken_));
    lock.unlock();
    room_.notify_one();
    return frame;
  }

  void run_first() {
    std::unique_lock lock(mutex_);
    while (auto job = next(lock, for_first_, waiting_first_)) {
      std::optional<Middle> made = worked(lock, first_, 0, *job);
      if (!made) continue;
      account();
      waiting_second_.push_back({job->number, std::move(*made)});
      most_[1] = std::max(most_[1], waiting_second_.size());
      for_second_.notify_one();
    }
  }

  void run_second() {
    std::unique_lock lock(mutex_);
    while (auto job = next(lock, for_second_, waiting_second_)) {
      std::optional<Out> made = worked(lock, second_, 1, *job);
      if (!made) continue;
      account();
      Slot& done = slot(job->number);
      done.frame = std::move(*made);
      done.ready = true;
      most_[2] = std::max(most_[2], ++ready_);
      if (job->number == taken_) done_.notify_all();
    }
  }

  /// The next job of a stage; nothing when the pipeline is stopped.
  template <class T>
  std::optional<Job<T>> next(std::unique_lock<std::mutex>& lock, std::condition_variable& work,
                             std::deque<Job<T>>& waiting) {
    work.wait(lock, [&] { return stopped_ || !waiting.empty(); });
    if (stopped_) return std::nullopt;
    account();
    Job<T> job = std::move(waiting.front());
    waiting.pop_front();
    return job;
  }

  /// What a stage makes of a job, without the lock; nothing where it failed or its result is not wanted.
  template <class From, class To>
  std::optional<To> worked(std::unique_lock<std::mutex>& lock, const Stage<From, To>& stage,
                           std::size_t index, Job<From>& job) {
    if (job.number > failed_) return std::nullopt;  // `pull` will not come as far
    std::optional<To> made;
    std::exception_ptr error;
    lock.unlock();
    const auto start = Clock::now();
    try {
      made = stage.work(std::move(job.frame));
    } catch (...) {
      error = std::current_exception();
    }
    const double seconds = between(start, Clock::now());
    lock.lock();
    busy_[index] += seconds;
    ++worked_[index];
    if (error) fail(job.number, std::move(error));
    return made;
  }

  void fail(std::uint64_t number, std::exception_ptr error) {
    slot(number).error = std::move(error);
    failed_ = std::min(failed_, number);
    room_.notify_all();
    done_.notify_all();
  }

  /// Adds the time since the last change to what the queues held; called before each change of one.
  void account() {
    const Time now = Clock::now();
    const double seconds = between(last_account_.value_or(now), now);
    filled_[0] += seconds * static_cast<double>(waiting_first_.size());
    filled_[1] += seconds * static_cast<double>(waiting_second_.size());
    filled_[2] += seconds * static_cast<double>(ready_);
    last_account_ = now;
  }

  template <class From, class To>
  StageStatistics statistics_of(const Stage<From, To>& stage, std::size_t index, double seconds) const {
    StageStatistics result{stage.name, stage.workers, 0, 0};
    if (seconds > 0) result.occupancy = std::min(1.0, busy_[index] / (seconds * stage.workers));
    if (worked_[index]) result.seconds_per_frame = busy_[index] / static_cast<double>(worked_[index]);
    return result;
  }

  void close(bool& flag) {
    {
      std::lock_guard lock(mutex_);
      flag = true;
    }
    for (auto* each : {&room_, &for_first_, &for_second_, &done_}) each->notify_all();
  }

  void end() {
    stop();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  const Stage<In, Middle> first_;
  const Stage<Middle, Out> second_;

  mutable std::mutex mutex_;  // of all below but the threads
  std::condition_variable room_, for_first_, for_second_, done_;
  std::deque<Job<In>> waiting_first_;
  std::deque<Job<Middle>> waiting_second_;
  std::vector<Slot> slots_;
  std::uint64_t accepted_ = 0, taken_ = 0;
  std::uint64_t failed_ = NEVER;  ///< the first frame that a stage threw for
  bool finished_ = false, stopped_ = false;

  std::size_t ready_ = 0;  ///< frames that are done and not taken
  std::optional<Time> began_, last_taken_, last_account_;
  double filled_[QUEUES] = {};
  std::size_t most_[QUEUES] = {};
  double busy_[2] = {};
  std::uint64_t worked_[2] = {};
  Percentiles latencies_;

  std::vector<std::thread> threads_;
};

/// Takes all frames of a source through a stream, to a sink (encode_frames in codec.hpp).
template <class In, class Out>
void drive(FrameStream<In, Out>& stream, const std::function<std::optional<In>()>& source,
           const std::function<void(Out)>& sink) {
  std::exception_ptr failure;
  std::thread feeder([&] {
    try {
      while (std::optional<In> frame = source()) {
        if (!stream.push(std::move(*frame))) return;
      }
    } catch (...) {
      failure = std::current_exception();
    }
    stream.finish();
  });
  try {
    while (std::optional<Out> frame = stream.pull()) sink(std::move(*frame));
  } catch (...) {
    stream.stop();
    feeder.join();
    throw;
  }
  feeder.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace licc::stream
