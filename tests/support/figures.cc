#include "support/figures.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include <unistd.h>

namespace hookline::test {

ProcessFigures figures_of(pid_t process) {
  ProcessFigures figures;
  auto const folder = std::filesystem::path("/proc") / std::to_string(process);
  std::ifstream file(folder / "stat");
  std::string stat((std::istreambuf_iterator<char>(file)), {});
  auto const name_end = stat.rfind(')');  // a name may hold blanks
  if (name_end == std::string::npos) return figures;
  std::istringstream fields(stat.substr(name_end + 2));
  std::string skipped;
  std::int64_t user = 0, kernel = 0, pages = 0;
  for (int i = 0; i < 11; ++i) fields >> skipped;  // fields 3 to 13 of proc(5)
  fields >> user >> kernel >> skipped >> skipped >> skipped >> skipped >> figures.threads;
  fields >> skipped >> skipped >> skipped >> pages;
  figures.processor = std::chrono::milliseconds((user + kernel) * 1000 / sysconf(_SC_CLK_TCK));
  figures.resident = pages * sysconf(_SC_PAGESIZE);
  std::error_code gone;
  std::filesystem::directory_iterator const descriptors(folder / "fd", gone);
  if (!gone) figures.descriptors = static_cast<int>(std::distance(begin(descriptors), end(descriptors)));
  return figures;
}

}  // namespace hookline::test
