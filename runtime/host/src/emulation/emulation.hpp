// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// @file
/// The typed network on this processor, in the same integers (docs/rationale/host-kernels.md).
#pragma once

#include <memory>

#include "backend.hpp"
#include "network.hpp"

namespace licc {

/// A backend that computes `network` here. It keeps a packed copy of the weights and not `network` itself.
///
/// @param threads that compute a frame, the caller's own included; 0: as many as the processor runs at once.
std::unique_ptr<Backend> make_emulation(const Network& network, int threads);

}  // namespace licc
