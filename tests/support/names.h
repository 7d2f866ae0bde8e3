// Host names of a test's own making, for a process that it starts: names that hang, and names that change their
// address. The process gets a library preloaded (support/preload/names.cc); nothing of the machine is touched.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace hookline::test {

/// By name: {"hang"}, or one address for each look-up, the last one for all that follow.
using Names = std::map<std::string, std::vector<std::string>>;

/// What has to be in the environment of the process.
std::map<std::string, std::string> environment_with(const Names& names);

}  // namespace hookline::test
