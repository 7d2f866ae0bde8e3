// How each Mode answers: one function each, and the table of them.
#include <array>
#include <cstdlib>
#include <utility>

#include "support/receiver_loop.h"

namespace hookline::test {
namespace {

void answer(ReceiverLoop& loop, Connection& connection, const Reaction& reaction) {
  loop.send(connection, answer_text(reaction));
  loop.answered(connection, reaction.status);
  reaction.close ? loop.finish(connection) : loop.next(connection);
}

void hang(ReceiverLoop&, Connection&, const Reaction&) {}

void reset(ReceiverLoop& loop, Connection& connection, const Reaction&) {
  loop.reset(connection);
}

/// Counts as an answer when its head is whole.
void send_raw(ReceiverLoop& loop, Connection& connection, const Reaction& reaction) {
  loop.send(connection, reaction.body);
  if (reaction.body.starts_with("HTTP/1.1 ") && reaction.body.find("\r\n\r\n") != std::string::npos) {
    loop.answered(connection, std::atoi(reaction.body.c_str() + 9));
  }
}

void raw(ReceiverLoop& loop, Connection& connection, const Reaction& reaction) {
  send_raw(loop, connection, reaction);
  reaction.close ? loop.finish(connection) : loop.next(connection);
}

void half_close(ReceiverLoop& loop, Connection& connection, const Reaction& reaction) {
  send_raw(loop, connection, reaction);
  loop.shut(connection);
}

void drip_from(ReceiverLoop& loop, Connection& connection, const Reaction& reaction, std::size_t at) {
  auto const text = answer_text(reaction);
  loop.send(connection, std::string_view(text).substr(at, 1));
  if (at + 1 == text.size() - reaction.body.size()) loop.answered(connection, reaction.status);
  if (at + 1 == text.size()) return loop.next(connection);
  loop.after(connection, reaction.pace,
             [&loop, reaction, at](Connection& later) { drip_from(loop, later, reaction, at + 1); });
}

void drip(ReceiverLoop& loop, Connection& connection, const Reaction& reaction) {
  drip_from(loop, connection, reaction, 0);
}

void for_ever(ReceiverLoop& loop, Connection& connection, const std::string& piece) {
  std::string block;
  while (block.size() < 65536)
    block += piece;
  loop.send_for_ever(connection,
                     [&loop, &connection, block = std::move(block)] { loop.send(connection, block); });
}

void endless_body(ReceiverLoop& loop, Connection& connection, const Reaction&) {
  loop.send(connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  loop.answered(connection, 200);
  for_ever(loop, connection, "400\r\n" + std::string(1024, 'x') + "\r\n");
}

void endless_headers(ReceiverLoop& loop, Connection& connection, const Reaction&) {
  loop.send(connection, "HTTP/1.1 200 OK\r\n");
  for_ever(loop, connection, "X-Filler: " + std::string(100, 'x') + "\r\n");
}

void endless_informational(ReceiverLoop& loop, Connection& connection, const Reaction&) {
  for_ever(loop, connection, "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n");
}

}  // namespace

ModeFunction mode_function(Mode mode) {
  constexpr std::array table = {
      std::pair{Mode::answer, &answer},
      std::pair{Mode::hang, &hang},
      std::pair{Mode::reset, &reset},
      std::pair{Mode::raw, &raw},
      std::pair{Mode::half_close, &half_close},
      std::pair{Mode::drip, &drip},
      std::pair{Mode::endless_body, &endless_body},
      std::pair{Mode::endless_headers, &endless_headers},
      std::pair{Mode::endless_informational, &endless_informational},
  };
  for (auto const& [key, function] : table) {
    if (key == mode) return function;
  }
  std::abort();
}

std::string answer_text(const Reaction& reaction) {
  std::string text =
      "HTTP/1.1 " + std::to_string(reaction.status) + (reaction.status == 200 ? " OK" : " Told So") + "\r\n";
  for (auto const& [name, value] : reaction.headers)
    text += name + ": " + value + "\r\n";
  if (reaction.status != 204 && reaction.status != 304)
    text += "Content-Length: " + std::to_string(reaction.body.size()) + "\r\n";
  if (reaction.close) text += "Connection: close\r\n";
  return text + "\r\n" + reaction.body;
}

}  // namespace hookline::test
