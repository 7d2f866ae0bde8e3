// The one way to Asio. Boost 1.74's awaitable.hpp needs <utility> to come first with g++ 12
// (decision: docs/decisions/asio.md), and one include keeps that in one place.
#pragma once

#include <utility>

#include <boost/asio.hpp>

namespace hookline {
namespace asio = boost::asio;
}
