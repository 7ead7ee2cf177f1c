// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The pipeline between stages that only count, wait and throw: order, bounds, errors, stops, statistics.
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <stdexcept>
#include <thread>

#include "stream/pipeline.hpp"

namespace {

using namespace std::chrono_literals;
using licc::Pulled;
using licc::stream::Pipeline;
using licc::stream::Stage;

void check(bool holds, const char* what) {
  if (holds) return;
  std::printf("%s: does not hold\n", what);
  std::exit(1);
}

/// A frame, of which it is known how many there are at once.
struct Frame {
  static inline std::atomic<int> alive{0}, most{0};
  int number = -1;
  std::shared_ptr<int> counted;

  Frame() = default;
  explicit Frame(int n) : number(n), counted(new int(n), [](int* p) { delete p, --alive; }) {
    const int now = ++alive;
    for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
    }
  }
};

using Numbers = Pipeline<Frame, Frame, Frame>;

Stage<Frame, Frame> stage(
    const char* name, int workers, std::function<void(int)> work = [](int) {}) {
  return {name, workers, [work](Frame frame) {
            work(frame.number);
            return frame;
          }};
}

/// Waits up to half a millisecond, so that frames overtake each other.
void dawdle(int number) {
  static thread_local std::mt19937 random(static_cast<unsigned>(number));
  std::this_thread::sleep_for(std::chrono::microseconds(random() % 500));
}

std::function<std::optional<Frame>()> count_to(int frames) {
  return [next = std::make_shared<int>(0), frames]() -> std::optional<Frame> {
    if (*next == frames) return std::nullopt;
    return Frame((*next)++);
  };
}

void keeps_order_and_bound(int first, int second, int in_flight) {
  Frame::most = 0;
  {
    Numbers pipeline(stage("one", first, dawdle), stage("two", second, dawdle), in_flight);
    int expected = 0;
    licc::stream::drive<Frame, Frame>(pipeline, count_to(300),
                                      [&](Frame frame) { check(frame.number == expected++, "order"); });
    check(expected == 300, "nothing is lost");
    const licc::StreamStatistics facts = pipeline.statistics();
    check(facts.frames == 300 && facts.frames_per_second > 0, "frames are counted");
    check(facts.latency_p50 <= facts.latency_p90 && facts.latency_p90 <= facts.latency_p99 &&
              facts.latency_p99 <= facts.latency_most && facts.latency_p50 > 0,
          "percentiles rise");
    for (const auto& queue : facts.queues) {
      check(queue.mean >= 0 && queue.mean <= in_flight && queue.most <= in_flight, "queues are bounded");
    }
    for (const auto& each : facts.stages) check(each.occupancy > 0 && each.occupancy <= 1, "occupancy");
  }
  // In flight, and one in the hand of the source and of the sink.
  check(Frame::most <= in_flight + 2, "the number of frames is bounded");
  check(Frame::alive == 0, "no frame is left");
}

void waits_for_a_slow_sink() {
  std::atomic<int> offered{0};
  Numbers pipeline(stage("one", 2), stage("two", 2), 4);
  std::thread source([&] {
    for (int i = 0; i < 50 && pipeline.push(Frame(i)); ++i) ++offered;
    pipeline.finish();
  });
  std::this_thread::sleep_for(100ms);
  check(offered == 4, "a source waits when nobody takes");
  for (int i = 0; i < 50; ++i) check(pipeline.pull()->number == i, "order behind a slow sink");
  check(!pipeline.pull(), "the end");
  source.join();
  check(pipeline.statistics().queues[2].most == 4, "what is done waits for the sink");
}

void an_error_comes_at_its_frame(bool in_first) {
  const auto work = [](int number) {
    dawdle(number);
    if (number == 7 || number == 8) throw std::runtime_error("frame " + std::to_string(number));
  };
  Numbers pipeline(in_first ? stage("one", 3, work) : stage("one", 3),
                   in_first ? stage("two", 3) : stage("two", 3, work), 8);
  int seen = 0;
  try {
    licc::stream::drive<Frame, Frame>(pipeline, count_to(1000), [&](Frame frame) {
      check(frame.number == seen++, "order before an error");
    });
    check(false, "an error reaches the sink");
  } catch (const std::runtime_error& error) {
    check(std::string(error.what()) == "frame 7", "the first error is the one");
  }
  check(seen == 7, "all frames before an error come out");
  check(!pipeline.push(Frame(0)) && !pipeline.pull(), "after an error nothing goes on");
}

void an_error_of_source_or_sink() {
  Numbers one(stage("one", 2, dawdle), stage("two", 2, dawdle), 4);
  int seen = 0;
  const auto source = [next = 0]() mutable -> std::optional<Frame> {
    if (next == 5) throw std::runtime_error("source");
    return Frame(next++);
  };
  try {
    licc::stream::drive<Frame, Frame>(one, source, [&](Frame) { ++seen; });
    check(false, "a source's error is thrown");
  } catch (const std::runtime_error& error) {
    check(std::string(error.what()) == "source" && seen == 5, "a source's error comes after its frames");
  }
  Numbers two(stage("one", 2, dawdle), stage("two", 2, dawdle), 4);
  try {
    licc::stream::drive<Frame, Frame>(two, count_to(1000), [](Frame frame) {
      if (frame.number == 3) throw std::runtime_error("sink");
    });
    check(false, "a sink's error is thrown");
  } catch (const std::runtime_error& error) {
    check(std::string(error.what()) == "sink", "a sink's error is thrown");
  }
}

void stops_anywhere() {
  for (int round = 0; round < 30; ++round) {
    Numbers pipeline(stage("one", 2, dawdle), stage("two", 2, dawdle), 5);
    std::thread source([&] {
      for (int i = 0; pipeline.push(Frame(i)); ++i) {
      }
    });
    for (int i = 0; i < round; ++i) check(pipeline.pull().has_value(), "frames come");
    pipeline.stop();
    source.join();
    check(!pipeline.pull(), "a stopped pipeline gives nothing");
  }
  check(Frame::alive == 0, "no frame is left behind a stop");
}

void finishes_with_what_is_in_flight() {
  Numbers pipeline(stage("one", 1, [](int) { std::this_thread::sleep_for(1ms); }), stage("two", 1), 6);
  for (int i = 0; i < 6; ++i) check(pipeline.push(Frame(i)), "room");
  pipeline.finish();
  check(!pipeline.push(Frame(6)), "a finished pipeline takes nothing");
  for (int i = 0; i < 6; ++i) check(pipeline.pull()->number == i, "what is in flight comes out");
  check(!pipeline.pull(), "and then nothing");
}

void waits_no_longer_than_asked() {
  Numbers pipeline(stage("one", 1, [](int) { std::this_thread::sleep_for(30ms); }), stage("two", 1), 2);
  Frame frame;
  check(pipeline.pull(frame, 1ms) == Pulled::not_yet, "nothing was pushed");
  pipeline.push(Frame(0));
  check(pipeline.pull(frame, 1ms) == Pulled::not_yet, "not done yet");
  check(pipeline.pull(frame, 10s) == Pulled::frame && frame.number == 0, "done");
  pipeline.finish();
  check(pipeline.pull(frame, 10s) == Pulled::end, "the end");
}

void several_workers_work_at_once() {
  std::atomic<int> now{0}, most{0};
  const auto work = [&](int) {
    const int count = ++now;
    for (int seen = most; count > seen && !most.compare_exchange_weak(seen, count);) {
    }
    std::this_thread::sleep_for(5ms);
    --now;
  };
  Numbers pipeline(stage("one", 3, work), stage("two", 1), 8);
  licc::stream::drive<Frame, Frame>(pipeline, count_to(30), [](Frame) {});
  check(most == 3, "as many frames in a stage as it has workers");
  const auto facts = pipeline.statistics();
  check(facts.stages[0].seconds_per_frame >= 0.005, "time of a frame");
  check(facts.stages[0].occupancy > 0.5 && facts.stages[1].occupancy < 0.5, "the slow stage is the busy one");
}

void percentiles_are_within_a_hundredth() {
  licc::stream::Percentiles times;
  check(times.at(0.5) == 0, "no times");
  for (int i = 1000; i >= 1; --i) times.add(i * 1e-3);
  for (const double p : {0.5, 0.9, 0.99}) {
    check(std::abs(times.at(p) - p) <= 0.01 * p, "percentile");
  }
  check(times.most() == 1 && times.at(1) <= 1, "the longest");
  times.add(1e9);
  times.add(-1);
  check(times.most() == 1e9, "beyond all buckets");
}

}  // namespace

int main() {
  for (const int in_flight : {1, 2, 5, 16}) {
    for (const int first : {1, 3}) {
      for (const int second : {1, 4}) keeps_order_and_bound(first, second, in_flight);
    }
  }
  waits_for_a_slow_sink();
  an_error_comes_at_its_frame(true);
  an_error_comes_at_its_frame(false);
  an_error_of_source_or_sink();
  stops_anywhere();
  finishes_with_what_is_in_flight();
  waits_no_longer_than_asked();
  several_workers_work_at_once();
  percentiles_are_within_a_hundredth();
  std::puts("pipeline: all hold");
}
