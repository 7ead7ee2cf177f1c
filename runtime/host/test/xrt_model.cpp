// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A board that is not there, for tests: loaded in front of XRT (LD_PRELOAD), whose no-op shim completes every
// command at once and computes nothing. What XRT would have sent to the board is taken from it here: buffers
// get a memory of their own, which only `sync` fills and reads; a started run calls the emitted C++ of its
// kernel with the registers that stand in XRT's command packet. Everything else is XRT: bitstreams, kernels,
// banks, buffers, packets.
//
// LICC_MODEL_FAULT breaks it: `parameters` (a byte changes on its way), `result` (likewise), `hang` (a run
// does not end). LICC_MODEL_REPORT=FILE gets a line of what happened.
#include <dlfcn.h>
#include <ert.h>
#include <xrt/xrt_bo.h>
#include <xrt/xrt_device.h>
#include <xrt/xrt_kernel.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <string>
#include <vector>

/// Of the emitted C++; made with the model (test_runtime_xrt.py). `memories` are in the order of the
/// arguments.
void licc_model_run(const std::string& kernel, std::uint64_t* const* memories, bool load, int frames);

namespace {

struct Buffer {
  std::weak_ptr<xrt::bo_impl> of;
  std::vector<std::uint8_t> device;
};

struct Run {
  std::string kernel;
  std::vector<std::uint32_t> offsets;  // of the registers, by argument
  std::map<int, const xrt::bo_impl*> memories;
  std::shared_future<void> ends;
};

std::mutex mutex;  // of all below
std::map<const xrt::kernel_impl*, std::string> kernels;
std::map<const xrt::bo_impl*, Buffer> buffers;
std::map<const xrt::run_impl*, Run> runs;
std::map<std::string, std::mutex> units;  // each computes one frame at a time
int started = 0, loads = 0, in_flight = 0, most_in_flight = 0, bitstreams = 0;

const char* fault() {
  const char* said = std::getenv("LICC_MODEL_FAULT");
  return said == nullptr ? "" : said;
}

struct Report {
  ~Report() {
    const char* file = std::getenv("LICC_MODEL_REPORT");
    if (file == nullptr) return;
    if (std::FILE* out = std::fopen(file, "w")) {
      std::fprintf(out, "%d runs, %d with load, at most %d in flight, %d bitstreams\n", started, loads,
                   most_in_flight, bitstreams);
      std::fclose(out);
    }
  }
} report;

/// The function of that name in XRT itself.
template <class Function>
Function next(const char* name) {
  void* found = dlsym(RTLD_NEXT, name);
  if (found == nullptr) {
    std::fprintf(stderr, "xrt_model: no %s in XRT\n", name);
    std::abort();
  }
  return reinterpret_cast<Function>(found);
}

Buffer& buffer_of(const xrt::bo& bo) {
  Buffer& buffer = buffers[bo.get_handle().get()];
  if (buffer.of.lock() != bo.get_handle()) buffer = {bo.get_handle(), std::vector<std::uint8_t>(bo.size())};
  return buffer;
}

/// The 32 bits of a register in the packet that XRT sends.
std::uint32_t register_of(const xrt::run& run, std::uint32_t offset) {
  auto* packet = reinterpret_cast<ert_start_kernel_cmd*>(run.get_ert_packet());
  return packet->data[packet->extra_cu_masks + offset / 4];
}

}  // namespace

namespace xrt {

kernel::kernel(const xrt::device& device, const xrt::uuid& id, const std::string& name, cu_access_mode mode) {
  using Real = void (*)(kernel*, const xrt::device&, const xrt::uuid&, const std::string&, cu_access_mode);
  next<Real>(
      "_ZN3xrt6kernelC1ERKNS_6deviceERKNS_4uuidERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE"
      "NS0_14cu_access_modeE")(this, device, id, name, mode);
  const std::lock_guard<std::mutex> lock(mutex);
  kernels[handle.get()] = name;
}

run::run(const kernel& krnl) {
  next<void (*)(run*, const kernel&)>("_ZN3xrt3runC1ERKNS_6kernelE")(this, krnl);
  Run made;
  for (int argument = 0; argument < 5; ++argument) made.offsets.push_back(krnl.offset(argument));
  const std::lock_guard<std::mutex> lock(mutex);
  made.kernel = kernels.at(krnl.get_handle().get());
  runs[handle.get()] = std::move(made);
}

void run::set_arg_at_index(int index, const xrt::bo& bo) {
  next<void (*)(run*, int, const xrt::bo&)>("_ZN3xrt3run16set_arg_at_indexEiRKNS_2boE")(this, index, bo);
  const std::lock_guard<std::mutex> lock(mutex);
  buffer_of(bo);
  runs.at(handle.get()).memories[index] = bo.get_handle().get();
}

void bo::sync(xclBOSyncDirection direction, size_t size, size_t offset) {
  next<void (*)(xrt::bo*, xclBOSyncDirection, size_t, size_t)>("_ZN3xrt2bo4syncE18xclBOSyncDirectionmm")(
      this, direction, size, offset);
  auto* host = static_cast<std::uint8_t*>(map()) + offset;
  const std::lock_guard<std::mutex> lock(mutex);
  std::uint8_t* device = buffer_of(*this).device.data() + offset;
  if (direction == XCL_BO_SYNC_BO_TO_DEVICE) {
    std::memcpy(device, host, size);
    if (std::strcmp(fault(), "parameters") == 0) device[size / 2] ^= 1;
  } else {
    std::memcpy(host, device, size);
  }
}

void run::start() {
  next<void (*)(run*)>("_ZN3xrt3run5startEv")(this);
  const std::lock_guard<std::mutex> lock(mutex);
  Run& given = runs.at(handle.get());
  std::vector<std::uint64_t*> memories;
  for (const auto& [argument, bo] : given.memories) {
    memories.push_back(reinterpret_cast<std::uint64_t*>(buffers.at(bo).device.data()));
  }
  const bool load = register_of(*this, given.offsets.at(3)) != 0;
  const int frames = static_cast<int>(register_of(*this, given.offsets.at(4)));
  ++started;
  loads += load ? 1 : 0;
  most_in_flight = std::max(most_in_flight, ++in_flight);
  std::mutex& unit = units[given.kernel];
  given.ends = std::async(std::launch::async, [=, name = given.kernel, &unit] {
                 const std::lock_guard<std::mutex> alone(unit);
                 licc_model_run(name, memories.data(), load, frames);
                 if (std::strcmp(fault(), "result") == 0) *memories[1] ^= 4;
                 const std::lock_guard<std::mutex> counted(mutex);
                 --in_flight;
               }).share();
}

ert_cmd_state run::wait(const std::chrono::milliseconds& patience) const {
  using Real = ert_cmd_state (*)(const run*, const std::chrono::milliseconds&);
  const ert_cmd_state state =
      next<Real>("_ZNK3xrt3run4waitERKNSt6chrono8durationIlSt5ratioILl1ELl1000EEEE")(this, patience);
  if (std::strcmp(fault(), "hang") == 0) return ERT_CMD_STATE_TIMEOUT;
  std::shared_future<void> ends;
  {
    const std::lock_guard<std::mutex> lock(mutex);
    ends = runs.at(handle.get()).ends;
  }
  ends.wait();
  return state;
}

}  // namespace xrt

// How often a bitstream was loaded: by its file name, as lic's backend does.
namespace xrt {
uuid device::load_xclbin(const xrt::xclbin& xclbin) {
  using Real = uuid (*)(device*, const xrt::xclbin&);
  {
    const std::lock_guard<std::mutex> lock(mutex);
    ++bitstreams;
  }
  return next<Real>("_ZN3xrt6device11load_xclbinERKNS_6xclbinE")(this, xclbin);
}
}  // namespace xrt
