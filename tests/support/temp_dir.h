// A folder for one test: below $TMPDIR or /tmp, removed with everything in it when it goes out of
// scope; kept, and named on stderr, when the environment has HOOKLINE_KEEP=1. Any thread.
#pragma once

#include <filesystem>
#include <string_view>

namespace hookline::test {

class TempDir {
 public:
  explicit TempDir(std::string_view name = "test");
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::filesystem::path& path() const { return path_; }

  /// Writes a file (with the folders it needs) and returns its whole path.
  std::filesystem::path write(std::string_view relative, std::string_view text) const;

 private:
  std::filesystem::path path_;
};

/// The whole text of a file; empty when there is none.
std::string read_file(const std::filesystem::path& path);

/// True when the environment asks for the long forms of tests (scripts/test --long).
bool long_run();

}  // namespace hookline::test
