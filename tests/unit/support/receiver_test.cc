#include "support/receiver.h"

#include <chrono>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/behaviours.h"
#include "support/http_client.h"
#include "support/wait.h"

namespace hookline::test {
namespace {

using namespace std::chrono_literals;

HttpAnswer post(const Receiver& receiver, const std::string& path, const std::string& id = "msg_1",
                std::chrono::milliseconds deadline = 5s) {
  return http_request(receiver.port(), "POST", path, "{\"id\": \"e-1\"}", {{"webhook-id", id}}, deadline);
}

/// A bare connection, to send requests byte by byte and to read what comes.
class Line {
 public:
  explicit Line(std::uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    connected = connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    timeval const patience{5, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~Line() { close(fd_); }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  void send(std::string_view bytes) const {
    ASSERT_EQ(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL), ssize_t(bytes.size()));
  }
  /// Reads until `text` has come `times` times, or nothing more does.
  std::string read_until(std::string_view text, int times = 1) const {
    std::string all;
    char buffer[4096];
    while (true) {
      int found = 0;
      for (auto at = all.find(text); at != std::string::npos; at = all.find(text, at + 1))
        ++found;
      if (found >= times) return all;
      auto const got = recv(fd_, buffer, sizeof buffer, 0);
      if (got <= 0) return all;
      all.append(buffer, static_cast<std::size_t>(got));
    }
  }
  /// True when the peer ends the connection within five seconds.
  bool ended() const {
    char byte;
    return recv(fd_, &byte, 1, 0) == 0;
  }

  bool connected = false;

 private:
  int fd_;
};

TEST(Receiver, RecordsARequestAsItCame) {
  Receiver receiver;
  auto const answer = post(receiver, "/hook?a=1");
  EXPECT_EQ(answer.status, 200);
  ASSERT_EQ(receiver.count(), 1u);
  // The answer may be here before the receiver has noted that it went out.
  ASSERT_TRUE(wait_until([&] { return receiver.requests()[0].status == 200; }, 10s));
  auto const request = receiver.requests()[0];
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/hook?a=1");
  EXPECT_EQ(request.body, "{\"id\": \"e-1\"}");
  EXPECT_EQ(request.header("webhook-id"), "msg_1");
  EXPECT_EQ(request.status, 200);
  EXPECT_EQ(receiver.count("/hook"), 1u);
  EXPECT_TRUE(wait_until([&] { return receiver.in_flight() == 0; }, 10s)) << receiver.in_flight();
  receiver.forget();
  EXPECT_EQ(receiver.count(), 0u);
  post(receiver, "/hook");
  ASSERT_EQ(receiver.requests().size(), 1u);
  EXPECT_TRUE(wait_until([&] { return receiver.requests()[0].status == 200; }, 10s));
}

TEST(Receiver, TakesRequestsInPiecesAndInARow) {
  Receiver receiver;
  Line const line(receiver.port());
  std::string const request = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello";
  for (char const& byte : request)
    line.send(std::string_view(&byte, 1));
  line.read_until("\r\n\r\n");
  line.send(request + request +
            "POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n" +
            request);
  line.read_until("\r\n\r\n", 4);
  auto const requests = receiver.requests();
  ASSERT_EQ(requests.size(), 5u);
  EXPECT_EQ(requests[0].body, "hello");
  EXPECT_EQ(requests[3].body, "abcde");
  EXPECT_EQ(requests[4].body, "hello");
  EXPECT_EQ(receiver.connections(), 1u);
}

TEST(Receiver, ARequestInPiecesIsTakenOnceWhereABehaviourAnswersIt) {
  Receiver receiver;
  receiver.on("/b", answer(404));
  const Line line(receiver.port());
  const std::string request = "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 400\r\n\r\n" + std::string(400, 'x');
  for (const char& byte : request) line.send(std::string_view(&byte, 1));
  EXPECT_NE(line.read_until("404").find("404"), std::string::npos);
  line.send("POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
  line.read_until("404");
  EXPECT_EQ(receiver.count(), 2u);
}

TEST(Receiver, AnswersPerDeliveryInItsSequence) {
  Receiver receiver;
  receiver.on("/hook", answers({500, 503, 200}));
  EXPECT_EQ(post(receiver, "/hook", "a").status, 500);
  EXPECT_EQ(post(receiver, "/hook", "b").status, 500);
  EXPECT_EQ(post(receiver, "/hook", "a").status, 503);
  EXPECT_EQ(post(receiver, "/hook", "a").status, 200);
  EXPECT_EQ(post(receiver, "/hook", "a").status, 200);
  EXPECT_EQ(post(receiver, "/other", "a").status, 200);
  EXPECT_TRUE(wait_until([&] { return receiver.requests()[1].status == 500; }, 10s));
}

TEST(Receiver, AnswersLaterWithoutHoldingOthersUp) {
  Receiver receiver;
  receiver.on("/slow", after(3s, retry_after("7", 429)));
  Line const slow(receiver.port());
  slow.send("POST /slow HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(post(receiver, "/fast").status, 200);
  EXPECT_TRUE(wait_until([&] { return receiver.in_flight() == 1; }, 10s)) << receiver.in_flight();
  auto const answer = slow.read_until("\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 429")) << answer;
  EXPECT_NE(answer.find("Retry-After: 7"), std::string::npos);
  EXPECT_TRUE(wait_until([&] { return receiver.in_flight() == 0; }, 10s)) << receiver.in_flight();
  EXPECT_EQ(receiver.peak_in_flight(), 2);
}

TEST(Receiver, KeepsRequestsInARowInOrderBehindASlowOne) {
  Receiver receiver;
  receiver.on("/slow", after(100ms, answer(201)));
  Line const line(receiver.port());
  line.send("GET /slow HTTP/1.1\r\n\r\nGET /fast HTTP/1.1\r\n\r\n");
  auto const answers = line.read_until("\r\n\r\n", 2);
  EXPECT_LT(answers.find("201"), answers.find("200 OK"));
}

TEST(Receiver, RefusesAndAcceptsAgainOnTheSamePort) {
  Receiver receiver;
  Line const open(receiver.port());
  EXPECT_TRUE(open.connected);
  ASSERT_TRUE(wait_until([&] { return receiver.open_connections() == 1; }, 5s));
  receiver.refuse();
  EXPECT_TRUE(open.ended());
  EXPECT_FALSE(Line(receiver.port()).connected);
  receiver.accept();
  EXPECT_EQ(post(receiver, "/").status, 200);

  receiver.deafen();
  EXPECT_TRUE(Line(receiver.port()).connected);
  EXPECT_EQ(post(receiver, "/", "a", 100ms).status, 0);
  receiver.accept();
  EXPECT_EQ(post(receiver, "/").status, 200);
}

TEST(Receiver, BreaksOffAsTold) {
  Receiver receiver;
  receiver.on("/hang", hang());
  receiver.on("/close", close_connection());
  receiver.on("/reset", reset_connection());
  receiver.on("/half", half_close());
  receiver.on("/garbage", garbage_status_line());
  receiver.on("/head", truncated_head());
  receiver.on("/cut", truncated());
  EXPECT_EQ(post(receiver, "/hang", "a", 100ms).status, 0);
  for (auto const* path : {"/close", "/reset", "/half", "/head", "/cut"})
    EXPECT_EQ(post(receiver, path).status, 0) << path;
  EXPECT_EQ(post(receiver, "/garbage").status, 200);  // this client does not look at the version
  for (auto const& request : receiver.requests())
    EXPECT_EQ(request.status, request.target == "/cut" ? 200 : 0) << request.target;
  EXPECT_TRUE(wait_until([&] { return receiver.open_connections() == 0 && receiver.in_flight() == 0; }, 5s));
}

TEST(Receiver, NeverEndsAsTold) {
  Receiver receiver;
  receiver.on("/body", endless_body());
  receiver.on("/headers", endless_headers());
  receiver.on("/103", endless_informational());
  for (auto const* path : {"/body", "/headers", "/103"}) {
    Line const line(receiver.port());
    line.send(std::string("POST ") + path + " HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
    for (int i = 0; i < 1000; ++i)
      ASSERT_FALSE(line.read_until("x", 0).size()) << path;
    EXPECT_GT(line.read_until(std::string(path) == "/103" ? "103" : "xxxx", 5000).size(), 5000u) << path;
    EXPECT_EQ(post(receiver, "/other").status, 200);  // and others are served meanwhile
  }
  EXPECT_TRUE(wait_until([&] { return receiver.open_connections() == 0; }, 5s));
}

TEST(Receiver, Drips) {
  Receiver receiver;
  receiver.on("/drip", drip(1ms, "slow body"));
  auto const begin = std::chrono::steady_clock::now();
  auto const answer = post(receiver, "/drip");
  EXPECT_EQ(answer.body, "slow body");
  EXPECT_GT(std::chrono::steady_clock::now() - begin, 40ms);
}

TEST(Receiver, IsFastWhereItOnlyCounts) {
  ReceiverOptions options;
  options.record = Record::ids;
  Receiver receiver(options);
  Line const line(receiver.port());
  std::string requests;
  std::string const body(700, 'x');
  for (int i = 0; i < 100; ++i) {
    requests +=
        "POST /hook HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nwebhook-id: msg_" +
        std::to_string(i) + "\r\nContent-Length: 700\r\n\r\n" + body;
  }
  auto const begin = std::chrono::steady_clock::now();
  for (int round = 0; round < 100; ++round) {
    line.send(requests);
    line.read_until("\r\n\r\n", 100);
  }
  auto const seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  EXPECT_EQ(receiver.count(), 10000u);
  EXPECT_EQ(receiver.id_hashes().size(), 10000u);
  EXPECT_EQ(receiver.id_hashes()[101], std::hash<std::string_view>{}("msg_1"));
  RecordProperty("requests_per_second", static_cast<int>(10000 / seconds));
}

}  // namespace
}  // namespace hookline::test
