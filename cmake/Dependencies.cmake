# What Hookline stands on. All of it comes from Debian's packages; librdkafka alone may
# come from build/deps, because Debian 12's 2.0.2 loses messages (docs/decisions/librdkafka.md).
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(simdjson REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CURL 7.88 REQUIRED)
find_package(Boost 1.74 REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(re2 REQUIRED IMPORTED_TARGET re2)
add_library(re2 ALIAS PkgConfig::re2)

# What the binary allocates from (docs/decisions/allocator.md). Sanitizers bring their own.
if(HOOKLINE_SANITIZE)
  add_library(allocator INTERFACE)
else()
  pkg_check_modules(jemalloc REQUIRED IMPORTED_TARGET jemalloc)
  add_library(allocator ALIAS PkgConfig::jemalloc)
endif()

find_path(EXPECTED_INCLUDE tl/expected.hpp REQUIRED)
add_library(expected INTERFACE)
target_include_directories(expected SYSTEM INTERFACE ${EXPECTED_INCLUDE})

add_library(hookline_asio INTERFACE)
target_link_libraries(hookline_asio INTERFACE Boost::headers Threads::Threads)
add_library(hookline::asio ALIAS hookline_asio)

find_path(CLI11_INCLUDE CLI/CLI.hpp REQUIRED)
add_library(hookline_cli11 INTERFACE)
target_include_directories(hookline_cli11 SYSTEM INTERFACE ${CLI11_INCLUDE})
add_library(hookline::cli11 ALIAS hookline_cli11)

# librdkafka 2.3 or newer: the system's where it is new enough, else the one that
# scripts/setup built below build/deps.
set(HOOKLINE_DEPS ${CMAKE_SOURCE_DIR}/build/deps CACHE PATH "Where scripts/setup puts what Debian 12 lacks")
if(EXISTS ${HOOKLINE_DEPS}/librdkafka/lib/pkgconfig)
  set(ENV{PKG_CONFIG_PATH} "${HOOKLINE_DEPS}/librdkafka/lib/pkgconfig:$ENV{PKG_CONFIG_PATH}")
  set(RDKAFKA_NAME rdkafka-static)
else()
  set(RDKAFKA_NAME rdkafka)
endif()
pkg_check_modules(RDKAFKA IMPORTED_TARGET ${RDKAFKA_NAME})
if(NOT RDKAFKA_FOUND OR RDKAFKA_VERSION VERSION_LESS 2.3)
  message(FATAL_ERROR
    "Hookline needs librdkafka 2.3 or newer (found: '${RDKAFKA_VERSION}'): older versions lose messages at a rebalance. "
    "Run scripts/setup, which builds 2.8 into build/deps, or install librdkafka-dev on Debian 13 or newer.")
endif()
message(STATUS "librdkafka ${RDKAFKA_VERSION} (${RDKAFKA_NAME})")
add_library(RdKafka::rdkafka ALIAS PkgConfig::RDKAFKA)
