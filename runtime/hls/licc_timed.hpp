// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the emitted timed testbench includes: runs the network of a design, and says where its cycles
// went, as a table and in timed.json. Not synthesised.
#ifndef LICC_TIMED_HPP
#define LICC_TIMED_HPP

#include "licc_testbench.hpp"

#include <iomanip>
#include <map>

namespace licc {
namespace timed {

constexpr const char* LABEL = "measured in simulation of the emitted C++, not on hardware";

/// `timed [--frames N] [--depth STREAM=N]... [DESIGN...]`; STREAM may be `all`.
struct Settings {
  std::vector<char*> rest;
  std::map<std::string, std::int64_t> depths;

  Settings(int argc, char** argv) {
    for (int i = 0; i < argc; ++i) {
      const std::string word = argv[i];
      if (word != "--depth") {
        rest.push_back(argv[i]);
        continue;
      }
      const std::string setting = ++i < argc ? argv[i] : "";
      const std::size_t equals = setting.find('=');
      if (equals == std::string::npos) {
        std::cerr << "error: --depth takes STREAM=WORDS\n";
        std::exit(2);
      }
      depths[setting.substr(0, equals)] = std::atoll(setting.c_str() + equals + 1);
    }
  }
};

/// The timed run of one design.
class Timed {
public:
  Timed(const Settings& settings, const Options& options, std::string design, int clock_mhz)
      : settings_(settings), frames_(options.frames), design_(std::move(design)),
        clock_mhz_(clock_mhz) {}

  Network network;

  /// The first frame loads the parameters and is not part of the figures; then all cycles start at 0.
  void run() {
    for (Channel* channel : network.channels()) {
      for (const char* name : {"all", channel->name().c_str()}) {
        const auto found = settings_.depths.find(name);
        if (found != settings_.depths.end()) channel->resize(found->second);
      }
    }
    loads_ = true;
    go(1);
    with_parameters_ = network.processes().back()->ends().back();
    loads_ = false;
    go(frames_);
  }

  /// Whether this frame reads the parameters first.
  bool loads() const { return loads_; }

  /// Cycles from the first read of a frame that finds the pipeline empty to the last write.
  Cycle latency() const { return network.processes().back()->ends().front(); }

  /// Cycles between the ends of the last two frames.
  Cycle interval() const {
    const auto& ends = network.processes().back()->ends();
    return ends.size() < 2 ? ends.back() : ends.back() - ends[ends.size() - 2];
  }

  void print(std::ostream& out) const {
    Cycle predicted = 0;
    for (const auto& process : network.processes()) {
      predicted = std::max(predicted, process->predicted());
    }
    out << design_ << ": " << LABEL << "\n"
        << "  " << interval() << " cycles a frame (" << std::fixed << std::setprecision(1)
        << clock_mhz_ * 1e6 / static_cast<double>(interval()) << " FPS at " << clock_mhz_
        << " MHz), latency " << latency() << " cycles; the slowest process of the schedule has "
        << predicted << " (" << percent(interval(), predicted) << ")\n"
        << "  " << with_parameters_ << " cycles for a frame that loads the parameters first\n"
        << "  of the last frame:\n  " << std::left << std::setw(34) << "process" << std::right
        << std::setw(12) << "predicted" << std::setw(12) << "busy" << std::setw(9) << "" << std::setw(13)
        << "input empty" << std::setw(13) << "output full" << "\n";
    for (const auto& process : network.processes()) {
      if (idle(*process)) continue; // it only sends parameters
      const Account& account = process->accounts().back();
      out << "  " << std::left << std::setw(34) << process->name() << std::right << std::setw(12)
          << process->predicted() << std::setw(12) << account.busy << std::setw(9)
          << percent(account.busy, process->predicted()) << std::setw(13) << account.empty
          << std::setw(13) << account.full << "\n";
    }
    out << "  " << std::left << std::setw(34) << "FIFO" << std::right << std::setw(12) << "depth"
        << std::setw(12) << "most held" << "\n";
    for (const Channel* channel : network.channels()) {
      if (channel->words() == 0) continue; // parameters
      out << "  " << std::left << std::setw(34) << channel->name() << std::right << std::setw(12)
          << channel->depth() << std::setw(12) << channel->high_water() << "\n";
    }
    out << std::flush;
  }

  /// One object; names are C++ names and need no escapes.
  void write(std::ostream& out) const {
    out << "{\"design\": \"" << design_ << "\", \"frames\": " << frames_
        << ", \"clock_mhz\": " << clock_mhz_ << ", \"interval\": " << interval()
        << ", \"latency\": " << latency() << ", \"with_parameters\": " << with_parameters_
        << ",\n  \"processes\": [";
    const char* comma = "";
    for (const auto& process : network.processes()) {
      if (idle(*process)) continue;
      const Account& account = process->accounts().back();
      out << comma << "\n   {\"name\": \"" << process->name()
          << "\", \"predicted\": " << process->predicted() << ", \"busy\": " << account.busy
          << ", \"stalled_on_empty\": " << account.empty << ", \"stalled_on_full\": " << account.full
          << ", \"starts\": ";
      list(out, process->starts());
      out << ", \"ends\": ";
      list(out, process->ends());
      out << "}";
      comma = ",";
    }
    out << "],\n  \"fifos\": [";
    comma = "";
    for (const Channel* channel : network.channels()) {
      if (channel->words() == 0) continue;
      out << comma << "\n   {\"name\": \"" << channel->name() << "\", \"depth\": " << channel->depth()
          << ", \"high_water\": " << channel->high_water() << ", \"words\": " << channel->words()
          << ", \"reader_waited\": " << channel->empty_cycles()
          << ", \"writer_waited\": " << channel->full_cycles() << "}";
      comma = ",";
    }
    out << "]}";
  }

private:
  void go(int frames) {
    const std::string deadlock = network.run(frames);
    if (!deadlock.empty()) fail(deadlock);
    for (const Channel* channel : network.channels()) {
      if (channel->left() == 0) continue;
      fail("'" + channel->name() + "' holds " + std::to_string(channel->left()) +
           " words that nobody reads");
    }
  }

  [[noreturn]] void fail(const std::string& message) const {
    std::cout << design_ << ": " << message << std::endl;
    std::_Exit(1);
  }

  static bool idle(const Process& process) {
    return process.predicted() == 0 && process.accounts().back().busy == 0;
  }

  static std::string percent(Cycle cycles, Cycle predicted) {
    if (predicted == 0) return "-";
    std::ostringstream text;
    text << std::fixed << std::setprecision(2) << std::showpos
         << 100.0 * static_cast<double>(cycles - predicted) / static_cast<double>(predicted) << "%";
    return text.str();
  }

  static void list(std::ostream& out, const std::vector<Cycle>& cycles) {
    const char* comma = "[";
    for (const Cycle cycle : cycles) {
      out << comma << cycle;
      comma = ", ";
    }
    out << "]";
  }

  const Settings& settings_;
  int frames_;
  std::string design_;
  int clock_mhz_;
  bool loads_ = false;
  Cycle with_parameters_ = 0;
};

/// All designs of a run in timed.json.
inline void write_json(const std::vector<std::string>& designs) {
  std::ofstream file("timed.json");
  file << "{\"label\": \"" << LABEL << "\",\n \"designs\": [";
  const char* comma = "";
  for (const std::string& design : designs) {
    file << comma << "\n " << design;
    comma = ",";
  }
  file << "]}\n";
}

} // namespace timed
} // namespace licc

#endif // LICC_TIMED_HPP
