// Fresh TCP ports for servers that tests start, stop and start again. Any thread.
#pragma once

#include <cstdint>

namespace hookline::test {

/// A loopback port that nothing listens on now, from below the range that the kernel takes for outgoing
/// connections: so nothing takes it while its server is down, and no client connects to itself.
std::uint16_t fresh_port();

}  // namespace hookline::test
