// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The emitted C++, compiled to a library of its own, which is loaded here.
#include <dlfcn.h>

#include <map>

#include "accelerator/accelerator.hpp"
#include "accelerator/description.hpp"

namespace licc {
namespace {

using accelerator::Beat;
using accelerator::Description;
using accelerator::Kernel;

using Run = void (*)(const Beat* input, Beat* output, const Beat* parameters, int frames);

struct Closer {
  void operator()(void* library) const { dlclose(library); }
};
using Library = std::unique_ptr<void, Closer>;

template <class Function>
Function symbol(const Library& library, const std::string& name) {
  return reinterpret_cast<Function>(dlsym(library.get(), name.c_str()));
}

std::string remedy(const std::filesystem::path& build) {
  return "run make -C " + (build / "hls").string() + " library";
}

Library open(const std::filesystem::path& build, const std::string& sources) {
  const std::filesystem::path path = build / "hls" / "csim.so";
  if (!std::filesystem::exists(path)) throw Error(path.string() + ": missing; " + remedy(build));
  // An absolute path, or dlopen would look for it elsewhere.
  Library library(dlopen(std::filesystem::absolute(path).c_str(), RTLD_NOW | RTLD_LOCAL));
  if (!library) throw Error(path.string() + ": cannot be loaded (" + dlerror() + "); " + remedy(build));
  const auto of = symbol<const char* (*)()>(library, "licc_csim_sources");
  if (of == nullptr || of() != sources) throw Error(path.string() + ": of another build; " + remedy(build));
  return library;
}

class Csim final : public Backend {
 public:
  explicit Csim(const std::filesystem::path& build)
      : description_(accelerator::read_description(build)), library_(open(build, description_.sources)) {
    for (const auto& [function, kernel] : description_.kernels) {
      Part part{symbol<Run>(library_, "licc_csim_" + function), accelerator::read_parameters(build, kernel)};
      if (part.run == nullptr)
        throw Error(build.string() + ": hls/csim.so has no " + function + "; " + remedy(build));
      parts_.emplace(function, std::move(part));
    }
  }

  Tensor run(const std::string& function, const Tensor& input) override {
    const Kernel& kernel = accelerator::kernel_of(description_, function);
    const Part& part = parts_.at(function);
    std::vector<Beat> argument(accelerator::beats_of(kernel, kernel.input));
    std::vector<Beat> result(accelerator::beats_of(kernel, kernel.output));
    accelerator::pack(kernel, input, argument.data());
    part.run(argument.data(), result.data(), part.parameters.data(), kernel.stripe_count());
    return accelerator::unpack(kernel, result.data());
  }

  std::optional<Size> only_size() const override { return description_.image_size(); }

 private:
  struct Part {
    Run run;
    std::vector<Beat> parameters;
  };

  Description description_;
  Library library_;
  std::map<std::string, Part> parts_;
};

}  // namespace

std::unique_ptr<Backend> make_csim(const std::filesystem::path& build) {
  return std::make_unique<Csim>(build);
}

}  // namespace licc
