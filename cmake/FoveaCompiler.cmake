# Language level, warnings, sanitizers and the helper that every room uses to declare its library.

option(FOVEA_BUILD_TESTS "Build the tests" ON)
option(FOVEA_BUILD_BENCH "Build the benchmarks" ON)
option(FOVEA_PRECOMPILE "Precompile the headers of libraries" ON)
option(FOVEA_BUILD_FUZZERS "Build the fuzz targets; needs clang" OFF)
set(FOVEA_SANITIZER "" CACHE STRING "As for -fsanitize, such as address,undefined or thread; empty for none")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

find_program(FOVEA_CCACHE ccache)
if(FOVEA_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER "${FOVEA_CCACHE}")
  # As ccache's manual asks for where headers are precompiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env CCACHE_SLOPPINESS=pch_defines,time_macros
                                  "${FOVEA_CCACHE}")
endif()
find_program(FOVEA_LLD ld.lld)
if(FOVEA_LLD)
  add_link_options(-fuse-ld=lld)
endif()

if(FOVEA_SANITIZER)
  add_compile_options(-fsanitize=${FOVEA_SANITIZER} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${FOVEA_SANITIZER})
  if(FOVEA_SANITIZER MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=all)
  endif()
endif()
if(FOVEA_SANITIZER MATCHES "thread")
  add_library(fovea_tsan STATIC "${PROJECT_SOURCE_DIR}/tests/support/tsan/mutex.cc")
  target_link_libraries(fovea_tsan PRIVATE absl::time)
  link_libraries(fovea_tsan)
  file(STRINGS "${PROJECT_SOURCE_DIR}/tests/support/tsan/mutex.cc" wraps REGEX "__wrap_?_ZN|^WRAP_")
  foreach(line ${wraps})
    string(REGEX MATCH "_ZNK?4absl[A-Za-z0-9_]+" symbol "${line}")
    add_link_options("-Wl,--wrap=${symbol}")
  endforeach()
endif()
if(FOVEA_BUILD_FUZZERS)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# What is shipped is hardened; builds for tests are not, so that they stay quick to make.
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT FOVEA_SANITIZER)
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
  add_compile_options(-fstack-protector-strong -fstack-clash-protection -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    add_compile_options(-fcf-protection)
  endif()
  add_link_options(-pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
endif()

# Designated initialisers name what they set; the rest takes its default on purpose.
set(FOVEA_WARNINGS -Wall -Wextra -Wno-missing-field-initializers -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
    -Wimplicit-fallthrough -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  list(APPEND FOVEA_WARNINGS -Wthread-safety -Wno-overlength-strings)
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  list(APPEND FOVEA_WARNINGS -Wno-restrict)  # false alarms on std::string at -O3: GCC bug 105651
endif()

# fovea_library(NAME SOURCES ... LINKS ... PRIVATE_LINKS ...): a static library whose headers are
# included by their path from the root, for example "core/log/turn.h".
function(fovea_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC "${PROJECT_SOURCE_DIR}")
  target_compile_options(${name} PRIVATE ${FOVEA_WARNINGS})
  target_link_libraries(${name} PUBLIC ${ARG_LINKS} PRIVATE ${ARG_PRIVATE_LINKS})
endfunction()

set(FOVEA_COMMON_HEADERS <algorithm> <functional> <map> <memory> <string> <vector> <absl/container/flat_hash_map.h>
    <absl/status/statusor.h> <absl/strings/str_cat.h>)

# What a side of the API includes: gRPC, and what is generated from proto/.
set(FOVEA_API_HEADERS <grpcpp/grpcpp.h> <fovea/v1/admin.grpc.pb.h> <fovea/v1/context.grpc.pb.h>
    <fovea/v1/page.grpc.pb.h> <fovea/v1/reader.grpc.pb.h> <fovea/v1/session.grpc.pb.h>)

# fovea_precompile(NAME HEADER...): the headers of libraries, and what is generated, never our own, that most sources
# of the target include. clang builds, and so clang-tidy, go without: there every source stands on its own includes. So do
# optimised builds, where GCC then reports its false alarms about std::string, as they are in no system header.
function(fovea_precompile name)
  if(FOVEA_PRECOMPILE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_BUILD_TYPE STREQUAL "Debug")
    target_precompile_headers(${name} PRIVATE ${ARGN})
    target_compile_options(${name} PRIVATE -fpch-preprocess)
  endif()
endfunction()

# fovea_unoptimised(NAME): compiled without optimisation in builds for development: half of what the compiler does
# for a source that includes CLI11 and gRPC, and nothing that is waited for runs in it.
function(fovea_unoptimised name)
  if(CMAKE_BUILD_TYPE STREQUAL "Debug")
    target_compile_options(${name} PRIVATE -O0)
  endif()
endfunction()

# fovea_knows_folders(SOURCE...): defines FOVEA_SOURCE_DIR and FOVEA_BINARY_DIR for the sources that name them,
# and for no others: a path in every command would make each checkout compile everything itself.
function(fovea_knows_folders)
  foreach(source ${ARGN})
    file(STRINGS "${CMAKE_CURRENT_SOURCE_DIR}/${source}" named REGEX "FOVEA_(SOURCE|BINARY)_DIR")
    if(named)
      set_property(SOURCE ${source} APPEND PROPERTY COMPILE_DEFINITIONS FOVEA_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                   FOVEA_BINARY_DIR="${CMAKE_BINARY_DIR}")
    endif()
  endforeach()
endfunction()

# GoogleTest's headers, precompiled once for all tests, and once more with those of the API for the tests that
# speak it. What is precompiled is in no system header, and GCC then reports its false alarms about std::string.
if(FOVEA_PRECOMPILE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_BUILD_TYPE STREQUAL "Debug")
  set(FOVEA_PRECOMPILE_TESTS ON)
endif()
function(fovea_precompile_tests name headers)
  if(NOT FOVEA_PRECOMPILE_TESTS)
    return()
  endif()
  if(NOT TARGET ${headers})
    file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/empty.cc" CONTENT "")
    add_library(${headers} STATIC "${PROJECT_BINARY_DIR}/empty.cc")
    target_compile_options(${headers} PRIVATE ${FOVEA_WARNINGS} -Wno-array-bounds -Wno-stringop-overflow -pthread -fpch-preprocess)
    if(FOVEA_SANITIZER)
      target_compile_options(${headers} PRIVATE -O0)
    endif()
    target_link_libraries(${headers} PRIVATE GTest::gmock GTest::gtest)
    if(headers MATCHES "_api_")
      fovea_unoptimised(${headers})
      target_link_libraries(${headers} PRIVATE fovea_proto)
      target_precompile_headers(${headers} PRIVATE ${FOVEA_API_HEADERS})
    endif()
    target_precompile_headers(${headers} PRIVATE <gmock/gmock.h> <gtest/gtest.h> <algorithm> <functional> <map>
                              <memory> <optional> <random> <string> <variant> <vector> <absl/status/statusor.h>
                              <absl/strings/str_cat.h>)
  endif()
  target_precompile_headers(${name} REUSE_FROM ${headers})
  target_compile_options(${name} PRIVATE -Wno-array-bounds -Wno-stringop-overflow -fpch-preprocess)
endfunction()

# fovea_test(NAME SOURCES ... LINKS ... LABELS ... [TIMEOUT ...] [API]): a GoogleTest program registered with
# CTest. LABELS: unit (fast, runs under sanitizers), property, e2e, data (needs the shared histories). API: most of
# its sources include gRPC or the generated messages.
function(fovea_test name)
  cmake_parse_arguments(ARG "API" "TIMEOUT" "SOURCES;LINKS;LABELS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_compile_options(${name} PRIVATE ${FOVEA_WARNINGS} -pthread)
  if(FOVEA_SANITIZER)
    target_compile_options(${name} PRIVATE -O0)  # optimising a test under sanitizers takes longer than running it
  endif()
  if(ARG_API)
    fovea_unoptimised(${name})
    fovea_precompile_tests(${name} fovea_test_api_headers)
  else()
    fovea_precompile_tests(${name} fovea_test_headers)
  endif()
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  fovea_knows_folders(${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LINKS} GTest::gmock GTest::gtest GTest::gtest_main)
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
endfunction()

# fovea_fuzzer(NAME [SOURCES ...] LINKS ...): a program of libFuzzer, NAME.cc unless told otherwise, where those are built;
# scripts/fuzz.sh builds and runs all of them. Elsewhere it is only compiled, so that it keeps up with what it calls.
if(FOVEA_BUILD_FUZZERS AND NOT TARGET fuzzers)
  add_custom_target(fuzzers)
endif()
function(fovea_fuzzer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  if(NOT ARG_SOURCES)
    set(ARG_SOURCES ${name}.cc)
  endif()
  if(FOVEA_BUILD_FUZZERS)
    add_executable(${name} ${ARG_SOURCES})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    add_dependencies(fuzzers ${name})
  else()
    add_library(${name} OBJECT ${ARG_SOURCES})
  endif()
  target_compile_options(${name} PRIVATE ${FOVEA_WARNINGS})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE ${ARG_LINKS})
endfunction()
