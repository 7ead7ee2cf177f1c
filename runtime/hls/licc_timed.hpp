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

/// `timed [--frames N] [--depth STREAM=N]... [--bounded-only] [DESIGN...]`; STREAM may be `all`.
struct Settings {
  std::vector<char*> rest;
  std::map<std::string, std::int64_t> depths;
  bool bounded_only = false;

  Settings(int argc, char** argv) {
    for (int i = 0; i < argc; ++i) {
      const std::string word = argv[i];
      if (word == "--bounded-only") {
        bounded_only = true;
        continue;
      }
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

/// The timed run of one design: `frames` frames, and one that only keeps them from being the last, which
/// is followed by no reads for a next one. Figures of a frame are of the last before that.
class Timed {
public:
  Timed(const Settings& settings, int frames, std::string design, int clock_mhz)
      : settings_(settings), frames_(frames), design_(std::move(design)), clock_mhz_(clock_mhz) {}

  Network network;

  /// Three calls. The first one, of a frame, loads the parameters and is not part of the figures. The
  /// second one has FIFOs without limits and says what the interval would be then. All figures are of the
  /// third one, with the FIFOs as they are. All cycles of a call start at 0.
  void run() {
    std::vector<std::int64_t> depths;
    for (Channel* channel : network.channels()) {
      for (const char* name : {"all", channel->name().c_str()}) {
        const auto found = settings_.depths.find(name);
        if (found != settings_.depths.end()) channel->resize(found->second);
      }
      depths.push_back(channel->depth());
    }
    loads_ = true;
    go(1);
    with_parameters_ = ends().back();
    loads_ = false;
    if (!settings_.bounded_only) {
      for (Channel* channel : network.channels()) channel->unlimit();
      go(frames_ + 1);
      unlimited_interval_ = interval();
      for (std::size_t i = 0; i < depths.size(); ++i) network.channels()[i]->resize(depths[i]);
    }
    go(frames_ + 1);
  }

  /// Whether this call reads the parameters first.
  bool loads() const { return loads_; }

  /// Cycles from the first read of a frame that finds the pipeline empty to the last write.
  Cycle latency() const { return ends().front(); }

  /// Cycles between the ends of the last two frames, of the process where they are most. Sooner or later
  /// they are the same everywhere; until then, what lies in FIFOs lets those at the sink be quicker.
  Cycle interval() const {
    if (frames_ < 2) return ends()[0];
    Cycle most = 0;
    for (const auto& process : network.processes()) {
      if (!whole(*process)) continue;
      most = std::max(most, process->ends()[frames_ - 1] - process->ends()[frames_ - 2]);
    }
    return most;
  }

  /// The part of the interval that is there because FIFOs are limited; 0 if that was not looked for.
  Cycle fifo_caused() const { return settings_.bounded_only ? 0 : interval() - unlimited_interval_; }

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
        << "  " << with_parameters_ << " cycles for a frame that loads the parameters first\n";
    if (!settings_.bounded_only) {
      out << "  " << fifo_caused() << " cycles a frame are caused by FIFOs: with unlimited ones it takes "
          << unlimited_interval_ << "\n";
    }
    out << "  of the last frame:\n  " << std::left << std::setw(34) << "process" << std::right
        << std::setw(12) << "predicted" << std::setw(12) << "busy" << std::setw(9) << "" << std::setw(13)
        << "input empty" << std::setw(13) << "output full" << "\n";
    for (const auto& process : network.processes()) {
      if (idle(*process)) continue;
      const Account& account = process->accounts()[frames_ - 1];
      out << "  " << std::left << std::setw(34) << process->name() << std::right << std::setw(12)
          << process->predicted() << std::setw(12) << account.busy << std::setw(9)
          << percent(account.busy, process->predicted()) << std::setw(13) << account.empty
          << std::setw(13) << account.full << "\n";
    }
    out << "  " << std::left << std::setw(34) << "FIFO" << std::right << std::setw(12) << "depth"
        << std::setw(12) << "most held" << std::setw(18) << "writer waited" << std::setw(18)
        << "reader waited" << "  (all frames)\n";
    for (const Channel* channel : network.channels()) {
      if (channel->words() == 0) continue; // parameters
      out << "  " << std::left << std::setw(34) << channel->name() << std::right << std::setw(12)
          << channel->depth() << std::setw(12) << channel->high_water() << std::setw(18)
          << channel->full_cycles() << std::setw(18) << channel->empty_cycles() << "\n";
    }
    out << std::flush;
  }

  /// One object; names are C++ names and need no escapes.
  void write(std::ostream& out) const {
    out << "{\"design\": \"" << design_ << "\", \"frames\": " << frames_
        << ", \"clock_mhz\": " << clock_mhz_ << ", \"interval\": " << interval()
        << ", \"latency\": " << latency() << ", \"with_parameters\": " << with_parameters_;
    if (!settings_.bounded_only) out << ", \"fifo_caused\": " << fifo_caused();
    out << ",\n  \"processes\": [";
    const char* comma = "";
    for (const auto& process : network.processes()) {
      if (idle(*process)) continue;
      const Account& account = process->accounts()[frames_ - 1];
      out << comma << "\n   {\"name\": \"" << process->name()
          << "\", \"predicted\": " << process->predicted() << ", \"busy\": " << account.busy
          << ", \"stalled_on_empty\": " << account.empty << ", \"stalled_on_full\": " << account.full
          << ", \"first\": " << process->firsts()[frames_ - 1]
          << ", \"last\": " << process->lasts()[frames_ - 1]
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
  /// Whether frames of a process end exactly. What moves beats may have the end of one and the begin of
  /// the next in the same beat.
  bool whole(const Process& process) const {
    const auto& all = network.processes();
    const std::size_t first = idle(*all.front()) ? 1 : 0;
    return !idle(process) && &process != all[first].get() && &process != all.back().get();
  }

  /// When frames end at the sink: at what is in front of the one that moves beats.
  const std::vector<Cycle>& ends() const {
    return network.processes()[network.processes().size() - 2]->ends();
  }

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

  /// A process without frames only sends parameters.
  static bool idle(const Process& process) {
    return process.accounts().empty();
  }

  static std::string percent(Cycle cycles, Cycle predicted) {
    if (predicted == 0) return "-";
    std::ostringstream text;
    text << std::fixed << std::setprecision(2) << std::showpos
         << 100.0 * static_cast<double>(cycles - predicted) / static_cast<double>(predicted) << "%";
    return text.str();
  }

  /// What belongs to the frames, without the one behind them.
  void list(std::ostream& out, const std::vector<Cycle>& cycles) const {
    for (int i = 0; i < frames_; ++i) out << (i == 0 ? "[" : ", ") << cycles[i];
    out << "]";
  }

  const Settings& settings_;
  int frames_;
  std::string design_;
  int clock_mhz_;
  bool loads_ = false;
  Cycle with_parameters_ = 0;
  Cycle unlimited_interval_ = 0;
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
