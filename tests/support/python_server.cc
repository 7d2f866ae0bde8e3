#include "support/python_server.h"

#include <sstream>
#include <stdexcept>

#include "support/wait.h"

namespace hookline::test {

PythonServer::PythonServer(const std::string& script, const std::vector<std::string>& arguments) {
  ProcessOptions options;
  options.arguments = {HOOKLINE_PYTHON, HOOKLINE_TEST_SCRIPTS "/" + script};
  options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
  options.output = folder_.path() / "output";
  options.errors = folder_.path() / "errors";
  process_ = std::make_unique<Process>(options);
  const bool up = wait_until([&] { return !lines().empty() || !process_->running(); }, std::chrono::seconds(60));
  if (!up || lines().empty()) throw std::runtime_error(script + " does not come up: " + read_file(options.errors));
  port_ = std::stoi(lines().front());
}

std::vector<std::string> PythonServer::received() const {
  auto all = lines();
  all.erase(all.begin());
  return all;
}

/// Whole lines only: the last may still be written.
std::vector<std::string> PythonServer::lines() const {
  const auto text = read_file(folder_.path() / "output");
  std::istringstream stream(text.substr(0, text.rfind('\n') + 1));
  std::vector<std::string> found;
  for (std::string line; std::getline(stream, line);) found.push_back(line);
  return found;
}

}  // namespace hookline::test
