// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// In the place of xrt.cpp where the library is built without XRT.
#include "accelerator/accelerator.hpp"

namespace licc {

std::unique_ptr<Backend> make_xrt(const std::filesystem::path& /*build*/, const Options& /*options*/,
                                  std::unique_ptr<Backend> /*host*/) {
  throw Error(
      "backend 'xrt' is not in this library: install XRT (Debian: libxrt-dev, uuid-dev) and build it with "
      "-DLICC_HOST_XRT=ON (pip install -C cmake.define.LICC_HOST_XRT=ON)");
}

}  // namespace licc
