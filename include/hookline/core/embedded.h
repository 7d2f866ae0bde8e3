// Files compiled into the binary (templates, schemas, the web UI): see hookline_embed() in cmake/Room.cmake.
#pragma once

#include <span>
#include <string_view>

namespace hookline::core {

struct EmbeddedFile {
  std::string_view name;      ///< file name without folder
  std::string_view contents;  ///< bytes as they are in the source tree
};

}  // namespace hookline::core
