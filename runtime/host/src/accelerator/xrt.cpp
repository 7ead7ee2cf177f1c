// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The board, through XRT's native C++ API. Compiled with LICC_HOST_XRT only.
//
// A board holds one bitstream at a time, and a build may have several (encoder.xclbin, decoder.xclbin): the
// one that has a transform is loaded when the transform is asked for. Each kernel has buffers for a few
// frames, so that several threads have frames on their way at once: while one is computed, the next one is
// written and the last one read.
#include <experimental/xrt_xclbin.h>
#include <xrt/xrt_bo.h>
#include <xrt/xrt_device.h>
#include <xrt/xrt_kernel.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <map>
#include <mutex>

#include "accelerator/accelerator.hpp"
#include "accelerator/description.hpp"

namespace licc {
namespace {

using accelerator::Beat;
using accelerator::Bitstream;
using accelerator::Description;
using accelerator::Kernel;

// A frame takes milliseconds. What takes this long does not end.
constexpr std::chrono::milliseconds PATIENCE{20000};
constexpr int MOST_IN_FLIGHT = 64;
constexpr std::size_t PAGE = 4096;

/// Whatever XRT throws, as one line that says what was tried and what to do.
template <class Work>
auto tried(const std::string& what, const std::string& remedy, Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw Error("xrt: " + what + ": " + error.what() + "; " + remedy);
  }
}

xrt::device open(const std::string& name) {
  return tried("device '" + name + "'", "is the board there and XRT's driver loaded (xbutil examine)?", [&] {
    const bool index =
        !name.empty() && name.size() < 4 && name.find_first_not_of("0123456789") == std::string::npos;
    return index ? xrt::device(static_cast<unsigned int>(std::stoul(name))) : xrt::device(name);
  });
}

/// The bytes of a frame, or of all stripes of one, in the board's memory.
xrt::bo buffer(const xrt::device& device, const xrt::kernel& kernel, int argument, std::size_t beats) {
  // The bank that the linker connected the argument to.
  const auto bank = static_cast<xrt::memory_group>(kernel.group_id(argument));
  // Whole pages, as XRT allocates the host's side with an alignment to them.
  return xrt::bo(device, (beats * sizeof(Beat) + PAGE - 1) / PAGE * PAGE, bank);
}

/// Sets a register. XRT takes as many bytes as the bitstream says, which for a bool depends on the tool's
/// version.
void set_register(xrt::run& run, const std::vector<xrt::xclbin::arg>& arguments, int argument,
                  std::uint64_t value) {
  const std::size_t bytes = arguments.at(static_cast<std::size_t>(argument)).get_size();
  if (bytes > sizeof value)
    throw std::runtime_error("argument " + std::to_string(argument) + " is not a register");
  run.set_arg(argument, static_cast<const void*>(&value),
              bytes);  // little endian, as the processors of all boards
}

/// What one frame on its way needs.
struct Slot {
  xrt::bo input, output;
  xrt::run run;
  Beat* argument;
  const Beat* result;

  Slot(const xrt::device& device, const xrt::kernel& unit, const std::vector<xrt::xclbin::arg>& arguments,
       const Kernel& kernel, const xrt::bo& parameters)
      : input(buffer(device, unit, kernel.input.argument, accelerator::beats_of(kernel, kernel.input))),
        output(buffer(device, unit, kernel.output.argument, accelerator::beats_of(kernel, kernel.output))),
        run(unit),
        argument(input.map<Beat*>()),
        result(output.map<const Beat*>()) {
    run.set_arg(kernel.input.argument, input);
    run.set_arg(kernel.output.argument, output);
    set_register(run, arguments, kernel.frames, static_cast<std::uint64_t>(kernel.stripe_count()));
    if (kernel.parameters) {
      run.set_arg(kernel.parameters->argument, parameters);
      set_register(run, arguments, kernel.parameters->load, 0);
    }
  }

  /// From `argument` to `result`.
  void compute(const Kernel& kernel) {
    input.sync(XCL_BO_SYNC_BO_TO_DEVICE);
    run.start();
    const ert_cmd_state state = run.wait(PATIENCE);
    if (state != ERT_CMD_STATE_COMPLETED) {
      throw std::runtime_error("kernel '" + kernel.name + "' has not ended (state " + std::to_string(state) +
                               ")");
    }
    output.sync(XCL_BO_SYNC_BO_FROM_DEVICE);
  }
};

/// A kernel on the board that has its parameters.
struct Unit {
  xrt::kernel handle;
  xrt::bo parameters;
  std::vector<std::unique_ptr<Slot>> slots;
  std::vector<Slot*> free;
};

/// The bitstream on the board. Units go before what they are part of.
struct Loaded {
  std::filesystem::path path;
  std::map<std::string, Unit> units;  ///< by function
};

/// A tensor that every function takes: small integers of no period.
Tensor pattern(const Kernel& kernel) {
  Tensor made(kernel.input_size().height, kernel.input_size().width, kernel.input.channels);
  std::uint32_t state = 1;
  for (std::int16_t& value : made.data) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<std::int16_t>(state >> 29);
  }
  return made;
}

bool is_hyper(const std::string& function) { return function == "h_a" || function == "h_s"; }

class Xrt final : public Backend {
 public:
  Xrt(const std::filesystem::path& build, const Options& options, std::unique_ptr<Backend> host)
      : build_(build),
        options_(options),
        host_(std::move(host)),
        description_(accelerator::read_description(build)),
        device_(open(options.device)) {
    if (options.frames_in_flight < 1 || options.frames_in_flight > MOST_IN_FLIGHT) {
      throw Error("frames_in_flight is " + std::to_string(options.frames_in_flight) + ": give 1 to " +
                  std::to_string(MOST_IN_FLIGHT));
    }
    for (const auto& [function, kernel] : description_.kernels) {
      parameters_.emplace(function, accelerator::read_parameters(build, kernel));
    }
  }

  Tensor run(const std::string& function, const Tensor& input) override {
    const Kernel& kernel = accelerator::kernel_of(description_, function);
    Slot* slot = acquire(function);
    if (slot == nullptr) return host_->run(function, input);
    try {
      Tensor result = compute(kernel, *slot, input);
      release(function, slot);
      return result;
    } catch (...) {
      release(function, slot);
      throw;
    }
  }

  std::optional<Size> only_size() const override { return description_.image_size(); }

 private:
  Tensor compute(const Kernel& kernel, Slot& slot, const Tensor& input) {
    accelerator::pack(kernel, input, slot.argument);
    tried("@" + kernel.function, "reset the board, and check the timing that the linker reported",
          [&] { slot.compute(kernel); });
    return accelerator::unpack(kernel, slot.result);
  }

  // -------------------------------------------------------------------------------------------------------------
  // Who has the board
  // -------------------------------------------------------------------------------------------------------------

  /// Buffers for a frame, once there are some and the function is on the board; null where the host computes
  /// it.
  Slot* acquire(const std::string& function) {
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
      // Whoever waits for another bitstream comes first, or frames of this one would keep it away.
      changed_.wait(lock, [&] { return !changing_; });
      if (!has(function)) {
        if (stays_on_host(function)) return nullptr;
        change(lock, function);
        continue;
      }
      Unit& unit = loaded_->units.at(function);
      if (!unit.free.empty()) {
        Slot* slot = unit.free.back();
        unit.free.pop_back();
        ++in_flight_;
        return slot;
      }
      changed_.wait(lock);
    }
  }

  void release(const std::string& function, Slot* slot) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      loaded_->units.at(function).free.push_back(slot);
      --in_flight_;
    }
    changed_.notify_all();
  }

  bool has(const std::string& function) const { return loaded_ && loaded_->units.count(function) > 0; }

  /// A hyper-transform is computed sooner than a bitstream is loaded for it.
  bool stays_on_host(const std::string& function) const {
    if (!is_hyper(function)) return false;
    if (loaded_ || !options_.xclbin.empty()) return true;
    const std::vector<std::string>& beside = bitstream_of(function).functions;
    return std::all_of(beside.begin(), beside.end(), is_hyper);
  }

  /// Waits for the frames that are on their way, and loads what has the function.
  void change(std::unique_lock<std::mutex>& lock, const std::string& function) {
    changing_ = true;
    changed_.wait(lock, [&] { return in_flight_ == 0; });
    try {
      load(function);
    } catch (...) {
      loaded_.reset();
      changing_ = false;
      changed_.notify_all();
      throw;
    }
    changing_ = false;
    changed_.notify_all();
  }

  // -------------------------------------------------------------------------------------------------------------
  // Bitstreams
  // -------------------------------------------------------------------------------------------------------------

  const Bitstream& bitstream_of(const std::string& function) const {
    for (const Bitstream& each : description_.bitstreams) {
      if (std::find(each.functions.begin(), each.functions.end(), function) != each.functions.end())
        return each;
    }
    throw Error("host/accelerator.json of " + build_.string() + " has no bitstream for @" + function +
                "; compile the checkpoint again");
  }

  std::filesystem::path path_of(const std::string& function) const {
    const std::filesystem::path given = options_.xclbin.empty() ? build_ / "vitis" : options_.xclbin;
    return std::filesystem::is_directory(given) ? given / bitstream_of(function).file : given;
  }

  void load(const std::string& function) {
    loaded_.reset();  // what is on the board is closed first
    const std::filesystem::path path = path_of(function);
    if (!std::filesystem::is_regular_file(path)) {
      throw Error(path.string() + ": no such bitstream; run make -C " + (build_ / "vitis").string() +
                  " where Vitis is, or give one with --xclbin");
    }
    const std::string remedy = "link the bitstream again from this build's vitis/";
    auto made = std::make_unique<Loaded>();
    made->path = path;
    tried(path.string(), remedy, [&] {
      const xrt::xclbin bitstream(path.string());
      const xrt::uuid id = device_.load_xclbin(bitstream);
      for (const auto& [name, kernel] : description_.kernels) {
        const auto arguments = arguments_of(bitstream, kernel, path);
        if (!arguments.empty()) made->units.emplace(name, unit(id, kernel, arguments));
      }
    });
    if (made->units.count(function) == 0) {
      throw Error(path.string() + ": has no kernel '" + accelerator::kernel_of(description_, function).name +
                  "' (@" + function + "); give the folder of all bitstreams of the build with --xclbin");
    }
    loaded_ = std::move(made);
  }

  /// What a kernel of a bitstream is called with; nothing if there is no such kernel.
  ///
  /// @throws Error these are not the arguments of this build's kernel
  static std::vector<xrt::xclbin::arg> arguments_of(const xrt::xclbin& bitstream, const Kernel& kernel,
                                                    const std::filesystem::path& path) {
    for (const xrt::xclbin::kernel& each : bitstream.get_kernels()) {
      if (each.get_name() != kernel.name) continue;
      std::vector<xrt::xclbin::arg> arguments = each.get_args();
      const auto is = [&](int at, const std::string& name) {
        return at < static_cast<int>(arguments.size()) &&
               arguments[static_cast<std::size_t>(at)].get_name() == name;
      };
      bool fits = is(kernel.input.argument, kernel.input.name) &&
                  is(kernel.output.argument, kernel.output.name) && is(kernel.frames, "frames");
      if (kernel.parameters) {
        fits = fits && is(kernel.parameters->argument, "parameters") && is(kernel.parameters->load, "load");
      }
      if (!fits)
        throw Error(path.string() + ": kernel '" + kernel.name + "' is of another build; link it again");
      return arguments;
    }
    return {};
  }

  Unit unit(const xrt::uuid& id, const Kernel& kernel, const std::vector<xrt::xclbin::arg>& arguments) {
    // Exclusive: another process would load its parameters over ours.
    Unit unit{xrt::kernel(device_, id, kernel.name, xrt::kernel::cu_access_mode::exclusive), {}, {}, {}};
    if (kernel.parameters) unit.parameters = written(unit.handle, kernel);
    for (int i = 0; i < options_.frames_in_flight; ++i) {
      unit.slots.push_back(std::make_unique<Slot>(device_, unit.handle, arguments, kernel, unit.parameters));
      unit.free.push_back(unit.slots.back().get());
    }
    start(*unit.slots.front(), arguments, kernel);
    return unit;
  }

  /// The parameters in the board's memory, read back and compared.
  xrt::bo written(const xrt::kernel& handle, const Kernel& kernel) {
    std::vector<Beat>& beats = parameters_.at(kernel.function);
    const std::size_t bytes = beats.size() * sizeof(Beat);
    xrt::bo made = buffer(device_, handle, kernel.parameters->argument, beats.size());
    made.write(beats.data(), bytes, 0);
    made.sync(XCL_BO_SYNC_BO_TO_DEVICE);
    std::vector<Beat> back(beats.size());
    made.sync(XCL_BO_SYNC_BO_FROM_DEVICE);
    made.read(back.data(), bytes, 0);
    if (back != beats)
      throw std::runtime_error("the board's memory does not hold the parameters of @" + kernel.function);
    return made;
  }

  /// The first call loads the parameters. Its frame shows whether this is the bitstream of this build.
  void start(Slot& slot, const std::vector<xrt::xclbin::arg>& arguments, const Kernel& kernel) {
    const Tensor argument = pattern(kernel);
    accelerator::pack(kernel, argument, slot.argument);
    if (kernel.parameters) set_register(slot.run, arguments, kernel.parameters->load, 1);
    slot.compute(kernel);
    if (kernel.parameters) set_register(slot.run, arguments, kernel.parameters->load, 0);
    if (!options_.self_test) return;
    if (accelerator::unpack(kernel, slot.result).data != host_->run(kernel.function, argument).data) {
      throw std::runtime_error("kernel '" + kernel.name + "' computes something else than @" +
                               kernel.function + " of this build");
    }
  }

  std::filesystem::path build_;
  Options options_;
  std::unique_ptr<Backend> host_;
  Description description_;
  std::map<std::string, std::vector<Beat>> parameters_;  ///< by function
  xrt::device device_;

  std::mutex mutex_;  ///< of all below
  std::condition_variable changed_;
  std::unique_ptr<Loaded> loaded_;
  int in_flight_ = 0;
  bool changing_ = false;
};

}  // namespace

std::unique_ptr<Backend> make_xrt(const std::filesystem::path& build, const Options& options,
                                  std::unique_ptr<Backend> host) {
  return std::make_unique<Xrt>(build, options, std::move(host));
}

}  // namespace licc
