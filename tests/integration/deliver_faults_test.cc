// The transport against what goes wrong and against receivers that mean ill: each ends in its own
// Outcome, in bounded time and memory, and says nothing that is secret.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hookline/deliver/verdict.h"
#include "integration/deliver_client.h"
#include "support/behaviours.h"
#include "support/port.h"
#include "support/receiver.h"

namespace hookline::test {
namespace {

using deliver::Outcome;
using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

/// A port whose backlog is full: connecting to it hangs.
class FullListener {
 public:
  FullListener() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(fd_, 0), 0);
    EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    for (int i = 0; i < 8; ++i) {
      const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      connect(client, reinterpret_cast<sockaddr*>(&address), size);
      clients_.push_back(client);
    }
  }
  ~FullListener() {
    for (const int client : clients_)
      close(client);
    close(fd_);
  }
  std::string url() const {
    return "http://127.0.0.1:" + std::to_string(port_) + "/secret-path?token=s3cret";
  }

 private:
  int fd_;
  std::uint16_t port_ = 0;
  std::vector<int> clients_;
};

TEST(CurlTransportFaults, RefusedConnection) {
  DeliverClient client;
  const auto port = std::to_string(fresh_port());
  const auto answer = client.post("http://127.0.0.1:" + port + "/secret-path?token=s3cret");
  EXPECT_EQ(answer.outcome, Outcome::connect);
  EXPECT_EQ(answer.error, "127.0.0.1:" + port + ": could not connect: Connection refused");
}

TEST(CurlTransportFaults, ConnectTimeout) {
  FullListener listener;
  DeliverClient client;
  const auto answer = client.post(listener.url(), "{}", DeliverClient::route(20s, 300ms));
  EXPECT_EQ(answer.outcome, Outcome::connect_timeout);
  EXPECT_THAT(answer.error, HasSubstr("no connection within 300ms"));
  EXPECT_THAT(answer.error, Not(HasSubstr("s3cret")));
  EXPECT_GE(answer.duration, 299ms);
  EXPECT_LT(answer.duration, 3s);
}

TEST(CurlTransportFaults, RequestTimeoutCountsFromConnected) {
  Receiver receiver;
  receiver.otherwise(hang());
  DeliverClient client;
  for (int i = 0; i < 2; ++i) {
    const auto answer = client.post(receiver.url("/secret-path"), "{}", DeliverClient::route(250ms, 10s));
    EXPECT_EQ(answer.outcome, Outcome::request_timeout);
    EXPECT_THAT(answer.error, HasSubstr("no answer within 250ms"));
    EXPECT_THAT(answer.error, Not(HasSubstr("secret-path")));
    EXPECT_GE(answer.duration, 250ms);
    EXPECT_LT(answer.duration, 3s);
  }
}

TEST(CurlTransportFaults, RequestTimeoutOnAReusedConnectionDoesNotIncludeTheConnectTimeout) {
  Receiver receiver;
  DeliverClient client;
  const auto route = DeliverClient::route(250ms, 10s);
  EXPECT_EQ(client.post(receiver.url("/fine"), "{}", DeliverClient::route(20s)).status, 200);
  receiver.on("/hang", hang());
  const auto answer = client.post(receiver.url("/hang"), "{}", route);
  EXPECT_EQ(answer.outcome, Outcome::request_timeout);
  EXPECT_LT(answer.duration, 3s);
}

TEST(CurlTransportFaults, ManyTimeoutsOfDifferentLength) {
  Receiver receiver;
  receiver.otherwise(hang());
  DeliverClient client;
  std::map<deliver::AttemptId, std::chrono::milliseconds> expected;
  for (int i = 0; i < 200; ++i) {
    const auto timeout = std::chrono::milliseconds(100 + (i * 37) % 400);
    expected[client.start(receiver.url(), "{}", DeliverClient::route(timeout))] = timeout;
  }
  for (const auto& [id, timeout] : expected) {
    const auto answer = client.answer(id);
    EXPECT_EQ(answer.outcome, Outcome::request_timeout);
    EXPECT_GE(answer.duration, timeout);
    EXPECT_LT(answer.duration, timeout + 2s);
  }
}

TEST(CurlTransportFaults, SlowAnswerEndsAtTheRequestTimeout) {
  Receiver receiver;
  receiver.otherwise(drip(40ms, std::string(1000, 'x')));
  DeliverClient client;
  const auto answer = client.post(receiver.url(), "{}", DeliverClient::route(300ms));
  EXPECT_EQ(answer.outcome, Outcome::request_timeout) << "the head alone takes longer";
}

TEST(CurlTransportFaults, SlowBodyAfterACompleteHeadIsADelivery) {
  Receiver receiver;
  receiver.otherwise(raw("HTTP/1.1 202 Accepted\r\nContent-Length: 10\r\n\r\nfour", false));
  DeliverClient client;
  const auto answer = client.post(receiver.url(), "{}", DeliverClient::route(2s));
  EXPECT_EQ(answer.outcome, Outcome::answered);
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.body, "four");
  EXPECT_GE(answer.duration, 2s);
}

struct Ending {
  const char* name;
  Behaviour behaviour;
  Outcome outcome;
  int status;
};

class Endings : public ::testing::TestWithParam<Ending> {};

TEST_P(Endings, EndAsTheTableSays) {
  Receiver receiver;
  receiver.on("/secret-path", GetParam().behaviour);
  DeliverClient client;
  const auto answer = client.post(receiver.url("/secret-path?token=s3cret"), "{}", DeliverClient::route(10s),
                                  {{"X-Key", "k3y"}});
  EXPECT_EQ(answer.outcome, GetParam().outcome) << deliver::name(answer.outcome) << ": " << answer.error;
  EXPECT_EQ(answer.status, GetParam().status);
  EXPECT_EQ(answer.error.empty(), answer.outcome == Outcome::answered);
  EXPECT_LT(answer.duration, 8s) << "only the timeout ended it";
  EXPECT_LE(answer.body.size(), 64u << 10);
  for (const auto* secret : {"secret-path", "s3cret", "k3y"})
    EXPECT_THAT(answer.error, Not(HasSubstr(secret)));
  // The next request is not the worse for it.
  EXPECT_EQ(client.post(receiver.url("/fine")).status, 200);
}

const std::string long_line(200'000, 'x');

INSTANTIATE_TEST_SUITE_P(
    Of, Endings,
    ::testing::Values(
        Ending{"Reset", reset_connection(), Outcome::reset, 0},
        Ending{"ClosedWithoutAnswer", close_connection(), Outcome::reset, 0},
        Ending{"HalfClosed", half_close(), Outcome::reset, 0},
        Ending{"TruncatedHead", truncated_head(), Outcome::reset, 0},
        Ending{"StatusLineAlone", raw("HTTP/1.1 200 OK\r\n"), Outcome::reset, 0},
        Ending{"HeadWithoutItsEnd", raw("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"), Outcome::reset, 0},
        Ending{"TruncatedBody", truncated(), Outcome::answered, 200},
        Ending{"TruncatedChunk", raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nabc"),
               Outcome::answered, 200},
        Ending{"GarbageChunk", raw("HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc"),
               Outcome::answered, 503},
        Ending{"GarbageStatusLine", garbage_status_line(), Outcome::protocol, 0},
        Ending{"NotHttpAtAll", raw("SSH-2.0-OpenSSH_9.2\r\n"), Outcome::protocol, 0},
        Ending{"TlsRecord", raw(std::string("\x15\x03\x01\x00\x02\x02\x16", 7)), Outcome::protocol, 0},
        Ending{"StatusOfTwoDigits", raw("HTTP/1.1 20 OK\r\n\r\n"), Outcome::protocol, 0},
        Ending{"BadContentLength", raw("HTTP/1.1 200 OK\r\nContent-Length: banana\r\n\r\n"),
               Outcome::protocol, 0},
        Ending{"EndlessBody", endless_body(), Outcome::answered, 200},
        Ending{"EndlessHeaders", endless_headers(), Outcome::protocol, 0},
        Ending{"EndlessHeaderLine", raw("HTTP/1.1 200 OK\r\nX: " + long_line, false), Outcome::protocol, 0},
        Ending{"EndlessInformational", endless_informational(), Outcome::protocol, 0},
        Ending{"SomeInformational",
               raw("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 201 "
                   "Created\r\n"
                   "Content-Length: 0\r\n\r\n"),
               Outcome::answered, 201},
        Ending{"SwitchingProtocols",
               raw("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nbinary", false), Outcome::answered,
               101},
        Ending{"Redirect", redirect("http://127.0.0.1:1/elsewhere"), Outcome::answered, 302},
        Ending{"NoContent", answer(204), Outcome::answered, 204},
        Ending{"Http10", raw("HTTP/1.0 200 OK\r\n\r\nuntil the end"), Outcome::answered, 200},
        Ending{"Unauthorized", answer(401, {}, {{"WWW-Authenticate", "Basic realm=\"x\""}}),
               Outcome::answered, 401},
        Ending{"ExpectationFailed", answer(417), Outcome::answered, 417}),
    [](const auto& instance) { return instance.param.name; });

TEST(CurlTransportFaults, BodyIsCutAtTheLimitAndTheConnectionKept) {
  Receiver receiver;
  receiver.otherwise(answer(200, std::string(1000, 'a') + std::string(9000, 'b')));
  DeliverClient client;
  const auto route = DeliverClient::route();
  route->response_size = 1000;
  for (int i = 0; i < 3; ++i) {
    const auto answer = client.post(receiver.url(), "{}", route);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, std::string(1000, 'a'));
  }
  EXPECT_EQ(receiver.connections(), 1u);
  route->response_size = 0;
  EXPECT_EQ(client.post(receiver.url(), "{}", route).body, "");
}

TEST(CurlTransportFaults, AWholeBodyOfSeveralBuffersComesBack) {
  Receiver receiver;
  std::string body(60'000, '\0');
  for (std::size_t i = 0; i < body.size(); ++i)
    body[i] = static_cast<char>('a' + i % 26);
  receiver.otherwise(answer(500, body));
  DeliverClient client;
  EXPECT_EQ(client.post(receiver.url()).body, body);
}

TEST(CurlTransportFaults, AnAnswerThatNobodyAskedForIsNotTakenForTheNextOne) {
  const std::string one = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  Receiver receiver;
  receiver.on("/twice", raw(one + one, false));
  receiver.on("/busy", answer(503));
  DeliverClient client;
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(client.post(receiver.url("/twice")).status, 200);
    EXPECT_EQ(client.post(receiver.url("/busy")).status, 503);
  }
}

TEST(CurlTransportFaults, RedirectIsNotFollowed) {
  Receiver receiver;
  receiver.on("/from", redirect(receiver.url("/to")));
  DeliverClient client;
  EXPECT_EQ(client.post(receiver.url("/from")).status, 302);
  EXPECT_EQ(receiver.count("/to"), 0u);
}

TEST(CurlTransportFaults, RetryAfterComesAsItWasSent) {
  Receiver receiver;
  receiver.on("/busy", retry_after("120", 429));
  receiver.on("/hints", raw("HTTP/1.1 103 Early Hints\r\nRetry-After: 1\r\n\r\nHTTP/1.1 503 x\r\n"
                            "RETRY-AFTER:  Fri, 31 Dec 1999 23:59:59 GMT \r\nContent-Length: 0\r\n\r\n"));
  DeliverClient client;
  EXPECT_EQ(client.post(receiver.url("/busy")).retry_after, "120");
  EXPECT_EQ(client.post(receiver.url("/hints")).retry_after, "Fri, 31 Dec 1999 23:59:59 GMT");
  EXPECT_EQ(client.post(receiver.url("/fine")).retry_after, std::nullopt);
}

TEST(CurlTransportFaults, ANameThatDoesNotResolveHoldsUpNobody) {
  Receiver receiver;
  DeliverClient client;
  std::vector<deliver::AttemptId> lost;
  for (int i = 0; i < 50; ++i) {
    lost.push_back(
        client.start("http://does-not-exist.invalid/secret-path", "{}", DeliverClient::route(20s, 3s)));
  }
  const auto before = std::chrono::steady_clock::now();
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(client.post(receiver.url()).status, 200);
  EXPECT_LT(std::chrono::steady_clock::now() - before, 2900ms) << "a look-up that hangs is given three seconds";
  for (const auto id : lost) {
    const auto answer = client.answer(id);
    EXPECT_EQ(answer.outcome, Outcome::dns) << answer.error;
    EXPECT_THAT(answer.error, HasSubstr("does-not-exist.invalid:80: the name d"));
    EXPECT_LT(answer.duration, 5s);
  }
}

TEST(CurlTransportFaults, AbortOfATransferThatWaitsForTheNameOfItsHost) {
  DeliverClient client;
  std::vector<deliver::AttemptId> ids;
  for (int i = 0; i < 20; ++i)
    ids.push_back(client.start("http://does-not-exist.invalid/"));
  client.transport().abort(ids.back());
  EXPECT_EQ(client.answer(ids.back()).outcome, Outcome::aborted);
  for (std::size_t i = 0; i + 1 < ids.size(); ++i)
    EXPECT_EQ(client.answer(ids[i]).outcome, Outcome::dns);
  EXPECT_EQ(client.transport().in_flight(), 0u);
}

TEST(CurlTransportFaults, ADeadEndpointDoesNotSlowALivingOne) {
  FullListener dead;
  Receiver receiver;
  DeliverClient client;
  for (int i = 0; i < 300; ++i)
    client.start(dead.url(), "{}", DeliverClient::route(20s, 20s));
  const auto before = std::chrono::steady_clock::now();
  for (int i = 0; i < 200; ++i)
    EXPECT_EQ(client.post(receiver.url()).status, 200);
  EXPECT_LT(std::chrono::steady_clock::now() - before, 3s);
}

struct Unsendable {
  const char* name;
  std::string url;
  std::vector<deliver::HttpHeader> headers;
};

class Unsendables : public ::testing::TestWithParam<Unsendable> {};

TEST_P(Unsendables, AreInvalidAndNothingIsSent) {
  Receiver receiver;
  DeliverClient client;
  auto url = GetParam().url;
  if (const auto at = url.find("PORT"); at != std::string::npos)
    url.replace(at, 4, std::to_string(receiver.port()));
  const auto answer = client.post(url, "{}", DeliverClient::route(), GetParam().headers);
  EXPECT_EQ(answer.outcome, Outcome::invalid) << deliver::name(answer.outcome);
  EXPECT_FALSE(answer.error.empty());
  EXPECT_THAT(answer.error, Not(HasSubstr("s3cret")));
  EXPECT_EQ(receiver.connections(), 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Of, Unsendables,
    ::testing::Values(
        Unsendable{"File", "file:///etc/passwd", {}}, Unsendable{"Gopher", "gopher://127.0.0.1:PORT/_x", {}},
        Unsendable{"NoScheme", "127.0.0.1:PORT/s3cret", {}}, Unsendable{"Empty", "", {}},
        Unsendable{"NoHost", "http:///s3cret", {}},
        Unsendable{"UserName", "http://user:s3cret@127.0.0.1:PORT/", {}},
        Unsendable{"BadPort", "http://127.0.0.1:99999/s3cret", {}},
        Unsendable{"LineBreakInUrl", "http://127.0.0.1:PORT/s3cret\r\nX-Injected: 1", {}},
        Unsendable{"BlankInUrl", "http://127.0.0.1:PORT/s3cret x", {}},
        Unsendable{"NulInUrl", std::string("http://127.0.0.1:PORT/\0s3cret", 29), {}},
        Unsendable{"UrlWithoutEnd", "http://127.0.0.1:PORT/s3cret" + std::string(9'000'000, 'x'), {}},
        Unsendable{"HeadersWithoutEnd", "http://127.0.0.1:PORT/", {{"X-A", std::string(300'000, 'x')}}},
        Unsendable{"LineBreakInHeader", "http://127.0.0.1:PORT/", {{"X-A", "s3cret\r\nX-Injected: 1"}}},
        Unsendable{"LineFeedInHeader", "http://127.0.0.1:PORT/", {{"X-A", "s3cret\nX"}}},
        Unsendable{"NulInHeader", "http://127.0.0.1:PORT/", {{"X-A", std::string("s3cret\0x", 8)}}},
        Unsendable{"BadHeaderName", "http://127.0.0.1:PORT/", {{"X A", "s3cret"}}},
        Unsendable{"ColonInHeaderName", "http://127.0.0.1:PORT/", {{"X:A", "s3cret"}}},
        Unsendable{"NoHeaderName", "http://127.0.0.1:PORT/", {{"", "s3cret"}}},
        Unsendable{"ContentLength", "http://127.0.0.1:PORT/", {{"content-length", "3"}}},
        Unsendable{"TransferEncoding", "http://127.0.0.1:PORT/", {{"Transfer-Encoding", "chunked"}}},
        Unsendable{"Host", "http://127.0.0.1:PORT/", {{"Host", "s3cret"}}}),
    [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace hookline::test
