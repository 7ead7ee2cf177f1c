// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// hls::stream for the timed simulation: what `make timed` compiles the emitted code against instead of
// AMD's header. FIFOs have the depth that they will have, and every process has its own clock.
//
// Each process of the dataflow region is a fiber. There is no queue of events: a word carries the cycle
// in which it was written, and a slot the cycle in which it was last read, so that
//     a read happens in    max(the reader's cycle, the word's + 1),
//     a write happens in   max(the writer's cycle + its pipeline, the slot's + 1),
// and what either had to wait is a stall, which the clock of its process is moved on by. The network is
// one of Kahn: neither the words nor the cycles depend on the order in which the fibers are run.
// A fiber that cannot go on hands over to the one that it waits for. If that leads back to a fiber that
// waits, or to one that has ended, it is a deadlock.
//
// A FIFO may also be unlimited: its slots are free at any time. The words that are kept for it are few all
// the same, as a writer that is far ahead hands over to its reader; only a network that could not go on
// makes them more.
//
// docs/emission.md ("Timed simulation") states the assumptions.
#ifndef LICC_TIMED_HLS_STREAM_H
#define LICC_TIMED_HLS_STREAM_H

#define LICC_TIMED 1

#include <ucontext.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

// AddressSanitizer has to be told of every change of stacks.
#if defined(__SANITIZE_ADDRESS__)
#define LICC_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LICC_ASAN 1
#endif
#endif
#if defined(LICC_ASAN)
#include <sanitizer/common_interface_defs.h>
#endif

namespace licc {
namespace timed {

using Cycle = std::int64_t;

/// Where the cycles of a process went.
struct Account {
  Cycle busy = 0;  // iterations, and pipelines that fill or empty
  Cycle empty = 0; // waiting for a word
  Cycle full = 0;  // waiting for room
};

inline Account operator-(const Account& a, const Account& b) {
  return {a.busy - b.busy, a.empty - b.empty, a.full - b.full};
}

class Channel;

/// A process, its clock and its fiber.
class Process {
public:
  Process(std::string name, Cycle predicted, std::function<void(int)> body)
      : name_(std::move(name)), predicted_(predicted), body_(std::move(body)) {}

  /// An iteration of a loop that starts one each `interval` cycles and has `stages` stages.
  void iterate(int interval, int stages) {
    pass();
    clock_ += interval_; // the one before takes its interval
    account_.busy += interval;
    interval_ = interval;
    stages_ = stages;
    ++iteration_;
    ++count_;
  }

  /// The pipeline empties: what follows starts when the last iteration has left it.
  void drain() {
    pass();
    clock_ += interval_ + stages_;
    account_.busy += stages_;
    interval_ = 0;
    stages_ = 0;
    ++iteration_;
  }

  /// The iterations that follow are `before` in front of the first frame and `each` for `per` frames.
  void announce(std::int64_t before, std::int64_t each, std::int64_t per) {
    before_ = before;
    each_ = each;
    per_ = per;
    count_ = 0;
    open_ = account_;
    starts_.push_back(clock_ + interval_);
    end_ = before_ + (each_ + per_ - 1) / per_;
    begin_ = 0;
  }

  const std::string& name() const { return name_; }
  Cycle predicted() const { return predicted_; }
  /// Of each frame: the cycle in which its first iteration could start, the cycle behind that in which
  /// its last one has left the pipeline, and where the cycles between went. Emptying the pipeline behind
  /// the last frame is part of none.
  const std::vector<Cycle>& starts() const { return starts_; }
  const std::vector<Cycle>& ends() const { return ends_; }
  const std::vector<Account>& accounts() const { return accounts_; }
  /// Of each frame: the cycles in which its first and its last iteration did start, stalls over.
  const std::vector<Cycle>& firsts() const { return firsts_; }
  const std::vector<Cycle>& lasts() const { return lasts_; }

private:
  friend class Channel;
  friend class Network;

  static constexpr std::size_t STACK = std::size_t(1) << 20;

  void run(int frames) {
    frames_ = frames;
    count_ = -1;
    body_(frames);
    drain();
    done_ = true;
  }

  /// The iteration before has had its stalls: notes it if it was the first of its frame, or the last.
  void pass() {
    if (starts_.empty()) return; // what comes before the frames
    if (count_ == begin_ + 1) firsts_.push_back(clock_);
    while (count_ == end_) end_frame();
  }

  void end_frame() {
    lasts_.push_back(clock_);
    ends_.push_back(clock_ + interval_ + stages_);
    accounts_.push_back(account_ - open_);
    open_ = account_;
    const auto done = static_cast<std::int64_t>(ends_.size());
    firsts_.resize(ends_.size(), clock_); // frames that end within a beat may have none of their own
    if (done == frames_) {
      begin_ = end_ = -2; // of no frame
      return;
    }
    starts_.push_back(clock_ + interval_);
    begin_ = count_;
    end_ = before_ + ((done + 1) * each_ + per_ - 1) / per_;
  }

  std::string name_;
  Cycle predicted_;
  std::function<void(int)> body_;
  Cycle clock_ = 0;
  std::int64_t iteration_ = 0; // tells accesses of one iteration from those of another
  int interval_ = 0;
  int stages_ = 0;
  Account account_;
  int frames_ = 0;
  // Iterations since they were announced, of those that begin and end the frame.
  std::int64_t count_ = -1;
  std::int64_t begin_ = -2;
  std::int64_t end_ = -2;
  std::int64_t before_ = 0;
  std::int64_t each_ = 0;
  std::int64_t per_ = 1;
  Account open_; // when the frame began
  std::vector<Cycle> starts_;
  std::vector<Cycle> firsts_;
  std::vector<Cycle> lasts_;
  std::vector<Cycle> ends_;
  std::vector<Account> accounts_;

  Channel* waits_ = nullptr; // what it waits for
  bool done_ = false;
  ucontext_t context_ = {};
  std::unique_ptr<char[]> stack_;
#if defined(LICC_ASAN)
  const void* asan_bottom_ = nullptr;
  std::size_t asan_size_ = 0;
  void* asan_fake_ = nullptr;
#endif
};

/// The process that runs; none runs outside of Network::run.
inline Process*& current() {
  static Process* process = nullptr;
  return process;
}

/// The part of a stream that does not depend on its words.
class Channel {
public:
  explicit Channel(std::string name) : name_(std::move(name)) { resize(2); }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  virtual ~Channel() = default;

  /// The FIFO holds `depth` words; before any is written.
  void resize(std::int64_t depth) {
    depth_ = std::max<std::int64_t>(depth, 1);
    unlimited_ = false;
    keep(depth_);
  }

  /// The FIFO holds as many words as are written; before any is. Nothing is marked then.
  void unlimit() {
    unlimited_ = true;
    keep(UNLIMITED_SLOTS);
  }

  /// Forgets the cycles of a run, at whose end the FIFO is empty.
  void restart() {
    written_ = read_ = marked_ = left_ = high_water_ = 0;
    read_iteration_ = write_iteration_ = -1;
    last_written_ = -1;
  }

  const std::string& name() const { return name_; }
  std::int64_t depth() const { return depth_; }
  std::int64_t high_water() const { return high_water_; }
  std::int64_t words() const { return written_; }
  std::int64_t left() const { return written_ - read_; }
  /// How long its reader and its writer waited, all frames together.
  Cycle empty_cycles() const { return empty_cycles_; }
  Cycle full_cycles() const { return full_cycles_; }

protected:
  std::size_t room() const { return static_cast<std::size_t>(slots_); }

  /// Makes room for `words` words, and loses those that it has.
  virtual void keep(std::int64_t words) {
    slots_ = 1;
    while (slots_ < words) slots_ *= 2;
    written_in_.assign(static_cast<std::size_t>(slots_), 0);
    read_in_.assign(static_cast<std::size_t>(slots_), 0);
  }

  /// Doubles the room; the words stay.
  virtual void grow() {
    const std::int64_t slots = slots_;
    slots_ *= 2;
    spread(written_in_, slots);
    spread(read_in_, slots);
  }

  /// Moves what is in a ring of `slots` slots to where it belongs in one of twice as many.
  template <class T>
  void spread(std::vector<T>& ring, std::int64_t slots) const {
    std::vector<T> more(static_cast<std::size_t>(2 * slots));
    for (std::int64_t word = read_; word < written_; ++word) {
      more[slot(word)] = ring[static_cast<std::size_t>(word & (slots - 1))];
    }
    ring.swap(more);
  }

  /// The slot to write next; waits for it.
  std::size_t begin_write() {
    Process& process = self();
    while (full()) wait(process); // a slot may be made while others run
    Cycle cycle = process.clock_ + process.stages_ + turn(process, write_iteration_, writes_);
    cycle = std::max(cycle, last_written_ + 1);
    if (written_ >= depth_ && !unlimited_) {
      const Cycle free = read_in_[slot(written_ - depth_)] + 1;
      if (free > cycle) {
        process.clock_ += free - cycle;
        process.account_.full += free - cycle;
        full_cycles_ += free - cycle;
        cycle = free;
      }
    }
    last_written_ = cycle;
    written_in_[slot(written_)] = cycle;
    return slot(written_);
  }
  void end_write() {
    ++written_;
    mark();
  }

  /// The slot to read next; waits for its word.
  std::size_t begin_read() {
    Process& process = self();
    if (written_ == read_) wait(process);
    Cycle cycle = process.clock_ + turn(process, read_iteration_, reads_);
    const Cycle there = written_in_[slot(read_)] + 1;
    if (there > cycle) {
      process.clock_ += there - cycle;
      process.account_.empty += there - cycle;
      empty_cycles_ += there - cycle;
      cycle = there;
    }
    read_in_[slot(read_)] = cycle;
    return slot(read_);
  }
  void end_read() {
    ++read_;
    mark();
  }

private:
  friend class Network;

  static constexpr std::int64_t UNLIMITED_SLOTS = 1 << 12;

  bool full() const { return written_ - read_ >= (unlimited_ ? slots_ : depth_); }
  std::size_t slot(std::int64_t word) const {
    return static_cast<std::size_t>(word & (slots_ - 1));
  }

  Process& self() const {
    if (current() == nullptr) {
      std::cerr << "error: stream '" << name_ << "' is used outside of a process\n";
      std::_Exit(1);
    }
    return *current();
  }

  /// A FIFO moves one word a cycle: accesses of one iteration follow one another. More of them than
  /// the interval has cycles cost the difference.
  static int turn(Process& process, std::int64_t& iteration, int& count) {
    if (iteration != process.iteration_) {
      iteration = process.iteration_;
      count = 0;
    }
    if (count > 0 && count >= process.interval_) {
      ++process.clock_;
      ++process.account_.busy;
      return count - 1;
    }
    return count++;
  }

  /// The high-water mark: goes through writes and reads in the order of their cycles, as far as both
  /// are known. A word counts from the cycle of its write to that of its read,
  /// both included: its slot is free for what is written after that.
  void mark() {
    if (unlimited_) return;
    for (; marked_ < written_; ++marked_) {
      const Cycle cycle = written_in_[slot(marked_)];
      while (left_ < marked_ && left_ < read_ && read_in_[slot(left_)] < cycle) ++left_;
      if (left_ < marked_ && left_ == read_) return;
      high_water_ = std::max(high_water_, marked_ + 1 - left_);
    }
  }

  inline void wait(Process& process);

  std::string name_;
  std::int64_t depth_ = 0;
  bool unlimited_ = false;
  std::int64_t slots_ = 0; // a power of two
  // Of each slot: the cycle in which its word was written, and was read.
  std::vector<Cycle> written_in_;
  std::vector<Cycle> read_in_;
  std::int64_t written_ = 0;
  std::int64_t read_ = 0;
  std::int64_t marked_ = 0;
  std::int64_t left_ = 0;
  std::int64_t high_water_ = 0;
  Cycle last_written_ = -1;
  std::int64_t read_iteration_ = -1;
  std::int64_t write_iteration_ = -1;
  int reads_ = 0;
  int writes_ = 0;
  Cycle empty_cycles_ = 0;
  Cycle full_cycles_ = 0;
  Process* reader_ = nullptr;
  Process* writer_ = nullptr;
};

/// Processes and channels of one dataflow region.
class Network {
public:
  /// `body` is called with the number of frames. Every channel has one reader and one writer.
  void add(std::string name, Cycle predicted, std::vector<Channel*> reads,
           std::vector<Channel*> writes, std::function<void(int)> body) {
    processes_.push_back(std::make_unique<Process>(std::move(name), predicted, std::move(body)));
    for (Channel* channel : reads) channel->reader_ = processes_.back().get();
    for (Channel* channel : writes) channel->writer_ = processes_.back().get();
    for (const auto* list : {&reads, &writes}) {
      for (Channel* channel : *list) {
        if (std::count(channels_.begin(), channels_.end(), channel) == 0) {
          channels_.push_back(channel);
        }
      }
    }
  }

  const std::vector<std::unique_ptr<Process>>& processes() const { return processes_; }
  const std::vector<Channel*>& channels() const { return channels_; }

  /// Runs all processes for `frames` frames from cycle 0. The answer is empty, or names the deadlock.
  std::string run(int frames) {
    for (Channel* channel : channels_) {
      channel->restart();
      channel->empty_cycles_ = channel->full_cycles_ = 0;
    }
    for (auto& process : processes_) prepare(*process, frames);
    instance() = this;
    for (auto& process : processes_) {
      while (!process->done_ && deadlock_.empty()) {
        Process* next = runnable(*process);
        if (next != nullptr) hand_over(main_, *next);
      }
    }
    instance() = nullptr;
    current() = nullptr;
    return deadlock_;
  }

private:
  friend class Channel;

  static Network*& instance() {
    static Network* network = nullptr;
    return network;
  }

  void prepare(Process& process, int frames) {
    process.clock_ = 0;
    process.interval_ = process.stages_ = 0;
    process.account_ = {};
    process.starts_.clear();
    process.firsts_.clear();
    process.lasts_.clear();
    process.ends_.clear();
    process.accounts_.clear();
    process.begin_ = process.end_ = -2;
    process.waits_ = nullptr;
    process.done_ = false;
    frames_ = frames;
    if (!process.stack_) process.stack_.reset(new char[Process::STACK]);
    getcontext(&process.context_);
    process.context_.uc_stack.ss_sp = process.stack_.get();
    process.context_.uc_stack.ss_size = Process::STACK;
    process.context_.uc_link = nullptr;
    makecontext(&process.context_, &Network::fiber, 0);
#if defined(LICC_ASAN)
    process.asan_bottom_ = process.stack_.get();
    process.asan_size_ = Process::STACK;
    process.asan_fake_ = nullptr;
#endif
  }

  /// What a fiber runs; it never returns.
  static void fiber() {
    Network& network = *instance();
    network.arrived();
    Process& process = *current();
    process.run(network.frames_);
    network.hand_over(process, network.main_);
  }

  static bool goes_on(const Process& process) {
    const Channel* channel = process.waits_;
    if (channel == nullptr) return true;
    if (channel->reader_ == &process) return channel->written_ > channel->read_;
    return !channel->full();
  }

  /// Who has to run for `process` to go on; none in a deadlock, which is named then.
  Process* runnable(Process& process) {
    std::vector<Process*> chain = {&process};
    while (true) {
      Process& last = *chain.back();
      if (goes_on(last)) return &last;
      Process* next = last.waits_->reader_ == &last ? last.waits_->writer_ : last.waits_->reader_;
      const auto seen = std::find(chain.begin(), chain.end(), next);
      if (next != nullptr && !next->done_ && seen == chain.end()) {
        chain.push_back(next);
        continue;
      }
      if (makes_room(chain)) return chain.back();
      // Only those that wait for one another, or the one that waits for what never comes.
      const auto first = seen == chain.end() ? chain.end() - 1 : seen;
      Cycle cycle = 0; // of the last of them to stop
      for (auto each = first; each != chain.end(); ++each) cycle = std::max(cycle, (*each)->clock_);
      deadlock_ = "deadlock in cycle " + std::to_string(cycle) + ": ";
      for (auto each = first; each != chain.end(); ++each) {
        if (each != first) deadlock_ += "; ";
        deadlock_ += reason(**each);
      }
      return nullptr;
    }
  }

  /// Whether one of these waits for an unlimited FIFO, whose room is too small: makes it larger. Puts
  /// that process last.
  static bool makes_room(std::vector<Process*>& chain) {
    for (Process* process : chain) {
      Channel* channel = process->waits_;
      if (channel->unlimited_ && channel->writer_ == process && channel->full()) {
        channel->grow();
        chain.back() = process;
        return true;
      }
    }
    return false;
  }

  static std::string reason(const Process& process) {
    const Channel& channel = *process.waits_;
    const bool reads = channel.reader_ == &process;
    const Process* other = reads ? channel.writer_ : channel.reader_;
    const std::string peer = other == nullptr ? "nobody" : "'" + other->name_ + "'";
    const std::string ended = other != nullptr && other->done_ ? ", which has ended" : "";
    if (reads) {
      return "'" + process.name_ + "' waits for a word in '" + channel.name_ + "' (empty) from " +
             peer + ended;
    }
    return "'" + process.name_ + "' waits for room in '" + channel.name_ + "' (full, depth " +
           std::to_string(channel.depth_) + ") that " + peer + " makes" + ended;
  }

  void hand_over(Process& from, Process& to) {
    came_from_ = &from;
    current() = &to;
#if defined(LICC_ASAN)
    __sanitizer_start_switch_fiber(&from.asan_fake_, to.asan_bottom_, to.asan_size_);
#endif
    swapcontext(&from.context_, &to.context_);
    arrived();
  }

  void arrived() {
#if defined(LICC_ASAN)
    const void* bottom = nullptr;
    std::size_t size = 0;
    __sanitizer_finish_switch_fiber(current()->asan_fake_, &bottom, &size);
    came_from_->asan_bottom_ = bottom;
    came_from_->asan_size_ = size;
#endif
  }

  void wait(Process& process, Channel& channel) {
    process.waits_ = &channel;
    Process* next = runnable(process);
    // A deadlock ends the run: this fiber is never continued.
    hand_over(process, next == nullptr ? main_ : *next);
    process.waits_ = nullptr;
  }

  std::vector<std::unique_ptr<Process>> processes_;
  std::vector<Channel*> channels_;
  Process main_{"the testbench", 0, nullptr};
  Process* came_from_ = nullptr;
  int frames_ = 0;
  std::string deadlock_;
};

inline void Channel::wait(Process& process) { Network::instance()->wait(process, *this); }

} // namespace timed
} // namespace licc

namespace hls {

/// A FIFO of bounded depth. There is no empty() or full(): what they say depends on the cycle, and
/// no emitted process asks.
template <class T>
class stream : public licc::timed::Channel {
public:
  explicit stream(const char* name, std::int64_t depth = 2) : Channel(name) { resize(depth); }

  T read() {
    const std::size_t slot = begin_read();
    const T word = words_[slot];
    end_read();
    return word;
  }

  void write(const T& word) {
    words_[begin_write()] = word;
    end_write();
  }

protected:
  void keep(std::int64_t words) override {
    Channel::keep(words);
    words_.resize(room());
  }

  void grow() override {
    const auto slots = static_cast<std::int64_t>(room());
    Channel::grow();
    spread(words_, slots);
  }

private:
  std::vector<T> words_;
};

} // namespace hls

#endif // LICC_TIMED_HLS_STREAM_H
