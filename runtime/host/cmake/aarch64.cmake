# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# For the processors of Zynq UltraScale+ and Kria boards, with Debian's g++-aarch64-linux-gnu:
#   cmake -S runtime/host -B build-aarch64 --toolchain $PWD/runtime/host/cmake/aarch64.cmake
# LICC_SYSROOT is the root of an arm64 system, or a folder that arm64 packages were unpacked into (dpkg -x): for XRT.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)

# Not CMAKE_SYSROOT: the compiler keeps the C library that it came with.
list(APPEND CMAKE_FIND_ROOT_PATH ${LICC_SYSROOT} /usr/aarch64-linux-gnu)
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES LICC_SYSROOT)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE BOTH) # an installed licc_host is found where CMAKE_PREFIX_PATH says
