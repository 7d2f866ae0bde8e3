#include "support/behaviours.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

namespace hookline::test {
namespace {

Behaviour always(Reaction reaction) {
  return [reaction = std::move(reaction)](const ReceivedRequest&, int) { return reaction; };
}

Reaction in_mode(Mode mode) {
  Reaction reaction;
  reaction.mode = mode;
  return reaction;
}

}  // namespace

Behaviour answer(int status, std::string body, Headers headers) {
  Reaction reaction;
  reaction.status = status;
  reaction.body = std::move(body);
  reaction.headers = std::move(headers);
  return always(std::move(reaction));
}

Behaviour answers(std::vector<int> statuses) {
  return [statuses = std::move(statuses)](const ReceivedRequest&, int seen) {
    Reaction reaction;
    reaction.status = statuses.at(std::min(static_cast<std::size_t>(seen), statuses.size() - 1));
    return reaction;
  };
}

Behaviour first(int failures, Behaviour first, Behaviour then) {
  return [left = std::make_shared<int>(failures), first = std::move(first), then = std::move(then)](
             const ReceivedRequest& request, int seen) {
    return (*left)-- > 0 ? first(request, seen) : then(request, seen);
  };
}

Behaviour retry_after(std::string value, int status) {
  return answer(status, {}, {{"Retry-After", std::move(value)}});
}

Behaviour after(std::chrono::milliseconds delay, Behaviour then) {
  return [delay, then = std::move(then)](const ReceivedRequest& request, int seen) {
    auto reaction = then(request, seen);
    reaction.delay += delay;
    return reaction;
  };
}

Behaviour redirect(std::string to, int status) {
  return answer(status, {}, {{"Location", std::move(to)}});
}

Behaviour hang() {
  return always(in_mode(Mode::hang));
}

Behaviour close_connection() {
  return raw({});
}

Behaviour reset_connection() {
  return always(in_mode(Mode::reset));
}

Behaviour half_close() {
  return always(in_mode(Mode::half_close));
}

Behaviour reset_reused_connections() {
  return [used = std::make_shared<std::set<std::uint64_t>>()](const ReceivedRequest& request, int) {
    return used->insert(request.connection).second ? Reaction{} : in_mode(Mode::reset);
  };
}

Behaviour drip(std::chrono::milliseconds pace, std::string body) {
  auto reaction = in_mode(Mode::drip);
  reaction.pace = pace;
  reaction.body = std::move(body);
  return always(std::move(reaction));
}

Behaviour endless_body() {
  return always(in_mode(Mode::endless_body));
}

Behaviour endless_headers() {
  return always(in_mode(Mode::endless_headers));
}

Behaviour endless_informational() {
  return always(in_mode(Mode::endless_informational));
}

Behaviour raw(std::string bytes, bool close) {
  auto reaction = in_mode(Mode::raw);
  reaction.body = std::move(bytes);
  reaction.close = close;
  return always(std::move(reaction));
}

Behaviour garbage_status_line() {
  return raw("BANANA 200 OK\r\nContent-Length: 0\r\n\r\n");
}

Behaviour negative_length() {
  return raw("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello");
}

Behaviour truncated() {
  return raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"half\": ");
}

Behaviour truncated_head() {
  return raw("HTTP/1.1 200 OK\r\nContent-Le");
}

}  // namespace hookline::test
