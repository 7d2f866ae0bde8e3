// How a receiver may treat a request: ready-made behaviours for Receiver::on(). Values; they are called
// on the receiver's thread.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "support/receiver.h"

namespace hookline::test {

// Well-behaved.

Behaviour answer(int status = 200, std::string body = {}, Headers headers = {});
/// One status after the other for each delivery id; the last one stays: answers({500, 500, 200}).
Behaviour answers(std::vector<int> statuses);
/// The first `failures` requests of the path, whatever their ids, get `first`; those after them `then`.
Behaviour first(int failures, Behaviour first, Behaviour then = answer());
/// `status` with that Retry-After.
Behaviour retry_after(std::string value, int status = 503);
/// Any behaviour, later.
Behaviour after(std::chrono::milliseconds delay, Behaviour then = answer());
Behaviour redirect(std::string to, int status = 302);

// Broken.

Behaviour hang();              ///< takes the request and never answers
Behaviour close_connection();  ///< closes instead of answering
Behaviour reset_connection();  ///< RST instead of answering
Behaviour half_close();        ///< shuts its sending side instead of answering
/// Answers the first request of a connection and resets it at the second: a keep-alive race that it always wins.
Behaviour reset_reused_connections();

// Hostile.

Behaviour drip(std::chrono::milliseconds pace, std::string body = "slow");  ///< 200, a byte at a time
Behaviour endless_body();
Behaviour endless_headers();
Behaviour endless_informational();
Behaviour raw(std::string bytes, bool close = true);  ///< sends these as they are
Behaviour garbage_status_line();   ///< "BANANA 200 OK"
Behaviour negative_length();       ///< 200, of -5 bytes
Behaviour truncated();             ///< 200 with a length, half the body, close: a delivery all the same
Behaviour truncated_head();        ///< "HTTP/1.1 200 OK", a header, and no end: not a delivery

}  // namespace hookline::test
