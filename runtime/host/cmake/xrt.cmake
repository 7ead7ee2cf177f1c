# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# XRT, where LICC_HOST_XRT asks for it: Debian's libxrt-dev and uuid-dev, or AMD's package (XILINX_XRT says where).
# Debian keeps the headers in include/xrt, AMD in include.
if(LICC_HOST_XRT)
  find_path(LICC_XRT_INCLUDE experimental/xrt_xclbin.h PATHS ENV XILINX_XRT PATH_SUFFIXES include/xrt xrt include)
  find_library(LICC_XRT_LIBRARY xrt_coreutil PATHS ENV XILINX_XRT PATH_SUFFIXES lib)
  find_library(LICC_UUID_LIBRARY uuid)
  if(NOT LICC_XRT_INCLUDE OR NOT LICC_XRT_LIBRARY OR NOT LICC_UUID_LIBRARY)
    message(FATAL_ERROR "XRT is missing: install Debian's libxrt-dev and uuid-dev, or AMD's package and set XILINX_XRT; "
                        "or configure with -DLICC_HOST_XRT=OFF")
  endif()
  # As system headers: they have warnings of their own.
  target_include_directories(licc_host SYSTEM PRIVATE ${LICC_XRT_INCLUDE})
  target_link_libraries(licc_host PRIVATE ${LICC_XRT_LIBRARY} ${LICC_UUID_LIBRARY})
endif()
