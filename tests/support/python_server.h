// A real server in Python (tests/support/python, on packages that scripts/setup --test installs) as a child process
// on loopback: a mail server, an HTTP/2 receiver. It prints what it got, and is gone with the test. One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/process.h"
#include "support/temp_dir.h"

namespace hookline::test {

class PythonServer {
 public:
  /// `script` is the name of a file in tests/support/python. Throws when it does not come up.
  explicit PythonServer(const std::string& script, const std::vector<std::string>& arguments = {});

  int port() const { return port_; }
  /// What it got so far, each a line of JSON.
  std::vector<std::string> received() const;

 private:
  std::vector<std::string> lines() const;

  TempDir folder_{"python"};
  std::unique_ptr<Process> process_;
  int port_ = 0;
};

}  // namespace hookline::test
