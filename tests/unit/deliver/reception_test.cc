#include "deliver/reception.h"

#include <gtest/gtest.h>

namespace hookline::deliver {
namespace {

Reception started(std::size_t body_limit = 100) {
  Reception reception;
  reception.begin(body_limit);
  return reception;
}

TEST(Reception, IsCompleteWithTheEmptyLineAfterTheFinalStatus) {
  auto reception = started();
  EXPECT_TRUE(reception.header("HTTP/1.1 100 Continue\r\n"));
  EXPECT_TRUE(reception.header("\r\n"));
  EXPECT_FALSE(reception.complete());
  EXPECT_TRUE(reception.header("HTTP/1.1 503 Busy\r\n"));
  EXPECT_TRUE(reception.header("Retry-After: 5\r\n"));
  EXPECT_FALSE(reception.complete());
  EXPECT_TRUE(reception.header("\r\n"));
  EXPECT_TRUE(reception.complete());
  EXPECT_EQ(reception.status(), 503);
  EXPECT_EQ(reception.take_retry_after(), "5");
}

TEST(Reception, ReadsTheStatusOfAnyHttpVersion) {
  for (const auto& [line, status] : {std::pair{"HTTP/1.0 200 OK\r\n", 200},
                                     {"HTTP/2 404\r\n", 404},
                                     {"HTTP/1.1 299 \r\n", 299},
                                     {"HTTP/1.1 20\r\n", 0},
                                     {"HTTP/1.1 2x0 \r\n", 0}}) {
    auto reception = started();
    EXPECT_TRUE(reception.header(line));
    EXPECT_EQ(reception.status(), status) << line;
    EXPECT_TRUE(reception.header("\r\n"));
    EXPECT_EQ(reception.complete(), status != 0) << line;
  }
}

TEST(Reception, TakesRetryAfterOnlyFromTheFinalHeadAndOfSaneLength) {
  auto reception = started();
  EXPECT_TRUE(reception.header("HTTP/1.1 103 Early Hints\r\n"));
  EXPECT_TRUE(reception.header("retry-after: 1\r\n"));
  EXPECT_TRUE(reception.header("\r\n"));
  EXPECT_TRUE(reception.header("HTTP/1.1 503 Busy\r\n"));
  EXPECT_TRUE(reception.header("X-Retry-After: 2\r\n"));
  EXPECT_TRUE(reception.header("Retry-After: " + std::string(1000, '9') + "\r\n"));
  EXPECT_TRUE(reception.header("\r\n"));
  EXPECT_TRUE(reception.header("Retry-After: 3\r\n")) << "a trailer";
  EXPECT_EQ(reception.take_retry_after(), std::nullopt);
}

TEST(Reception, EndsAFloodOfInformationalAnswers) {
  auto reception = started();
  int heads = 0;
  bool more = true;
  while (more && heads < 1000) {
    more = reception.header("HTTP/1.1 103 Early Hints\r\n") && reception.header("\r\n");
    ++heads;
  }
  EXPECT_EQ(heads, Reception::most_informational + 1);
  EXPECT_FALSE(reception.complete());
  EXPECT_FALSE(reception.objection().empty());
}

TEST(Reception, EndsAFloodOfHeadersAndOfTrailers) {
  for (const bool trailers : {false, true}) {
    auto reception = started();
    EXPECT_TRUE(reception.header("HTTP/1.1 200 OK\r\n"));
    if (trailers) {
      EXPECT_TRUE(reception.header("\r\n"));
    }
    std::size_t bytes = 0;
    const std::string line = "X-Filler: " + std::string(100, 'x') + "\r\n";
    while (reception.header(line) && bytes < 10'000'000)
      bytes += line.size();
    EXPECT_LE(bytes, Reception::longest_head);
    EXPECT_GE(bytes + 2 * line.size(), Reception::longest_head);
    EXPECT_EQ(reception.complete(), trailers);
  }
}

TEST(Reception, EndsAtASwitchOfProtocols) {
  auto reception = started();
  EXPECT_TRUE(reception.header("HTTP/1.1 101 Switching Protocols\r\n"));
  EXPECT_FALSE(reception.header("\r\n"));
  EXPECT_TRUE(reception.complete());
  EXPECT_EQ(reception.status(), 101);
}

TEST(Reception, KeepsTheBodyUpToTheLimitAndReadsALittleOn) {
  for (const std::size_t limit : {std::size_t{0}, std::size_t{1}, std::size_t{100}, std::size_t{5000}}) {
    auto reception = started(limit);
    std::string sent;
    bool more = true;
    for (char c = 'a'; more && sent.size() < 1'000'000; c = c == 'z' ? 'a' : static_cast<char>(c + 1)) {
      const std::string piece(777, c);
      sent += piece;
      more = reception.body(piece);
    }
    EXPECT_FALSE(more);
    EXPECT_GT(sent.size(), limit + Reception::read_past_limit);
    EXPECT_LE(sent.size(), limit + Reception::read_past_limit + 777);
    EXPECT_EQ(reception.take_body(), sent.substr(0, limit));
  }
}

TEST(Reception, StartsAfresh) {
  auto reception = started();
  EXPECT_TRUE(reception.header("HTTP/1.1 200 OK\r\n"));
  EXPECT_TRUE(reception.header("Retry-After: 5\r\n"));
  EXPECT_TRUE(reception.header("\r\n"));
  EXPECT_TRUE(reception.body("old"));
  reception.begin(10);
  EXPECT_FALSE(reception.complete());
  EXPECT_EQ(reception.status(), 0);
  EXPECT_EQ(reception.take_retry_after(), std::nullopt);
  EXPECT_EQ(reception.take_body(), "");
}

}  // namespace
}  // namespace hookline::deliver
