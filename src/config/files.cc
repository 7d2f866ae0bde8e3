#include "files.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <fnmatch.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hookline::config {

core::Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit) {
  const auto failed = [](int error) {
    const auto code =
        error == ENOENT || error == ENOTDIR ? core::ErrorCode::not_found : core::ErrorCode::refused;
    return core::fail(code, std::strerror(error));
  };
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return failed(errno);
  std::string contents;
  char buffer[16 << 10];
  for (;;) {
    const auto got = ::read(file, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      const int error = got < 0 ? errno : 0;
      ::close(file);
      if (error != 0) return failed(error);
      return contents;
    }
    contents.append(buffer, static_cast<std::size_t>(got));
    if (contents.size() > limit) {
      ::close(file);
      return core::fail(core::ErrorCode::too_large, fmt::format("more than {} bytes", limit));
    }
  }
}

bool is_glob(std::string_view path) {
  return path.find_first_of("*?[") != path.npos;
}

std::vector<std::filesystem::path> expand_glob(const std::filesystem::path& pattern) {
  std::vector<std::filesystem::path> paths;
  glob_t found{};
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) {
    for (std::size_t i = 0; i < found.gl_pathc; ++i)
      paths.emplace_back(found.gl_pathv[i]);
  }
  ::globfree(&found);
  return paths;
}

bool glob_matches(const std::string& pattern, const std::string& name) {
  return ::fnmatch(pattern.c_str(), name.c_str(), FNM_PATHNAME) == 0;
}

}  // namespace hookline::config
