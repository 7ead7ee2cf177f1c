// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The hls::stream of `make library`: a FIFO without a limit, as C simulation runs one process after the other.
// Nothing but a C++ compiler is needed; memory is given back as it is read, as the streams of a frame of 720p
// are a gigabyte all together.
#ifndef LICC_CSIM_HLS_STREAM_H
#define LICC_CSIM_HLS_STREAM_H

#include <cstddef>
#include <deque>
#include <memory>
#include <stdexcept>
#include <string>

namespace hls {

template <class T>
class stream {
public:
  stream() = default;
  explicit stream(const char* name) : name_(name) {}
  stream(const stream&) = delete;
  stream& operator=(const stream&) = delete;

  void write(const T& word) {
    if (last_ == WORDS) {
      blocks_.push_back(std::make_unique<Block>());
      last_ = 0;
    }
    blocks_.back()->word[last_++] = word;
  }

  /// @throws std::logic_error nothing was written: on the board, this would wait for ever.
  T read() {
    if (empty()) throw std::logic_error(name_ + ": read while it is empty");
    const T word = blocks_.front()->word[first_++];
    if (first_ == WORDS || empty()) drop();
    return word;
  }

  bool empty() const { return blocks_.empty() || (blocks_.size() == 1 && first_ == last_); }

private:
  static constexpr std::size_t WORDS = 4096;
  struct Block {
    T word[WORDS];
  };

  /// The first block has been read.
  void drop() {
    blocks_.pop_front();
    first_ = 0;
    if (blocks_.empty()) last_ = WORDS;
  }

  std::string name_;
  std::deque<std::unique_ptr<Block>> blocks_;
  std::size_t first_ = 0;    // of the first block, the word that is read next
  std::size_t last_ = WORDS; // of the last block, where the next word is written
};

} // namespace hls

#endif // LICC_CSIM_HLS_STREAM_H
