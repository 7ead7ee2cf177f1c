# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# cmake --install: the library, its header, and what find_package(licc_host) reads.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/licc_host)
set_target_properties(licc_host PROPERTIES EXPORT_NAME host)
install(TARGETS licc_host EXPORT licc_host ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT licc_host)
install(DIRECTORY include/licc DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT licc_host)
install(EXPORT licc_host NAMESPACE licc:: FILE licc_host-targets.cmake DESTINATION ${package} COMPONENT licc_host)
configure_package_config_file(cmake/licc_host-config.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/licc_host-config.cmake
                              INSTALL_DESTINATION ${package})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/licc_host-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/licc_host-config.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/licc_host-config-version.cmake
        DESTINATION ${package}
        COMPONENT licc_host)
