// The transport against a real receiver on loopback: what goes out, how connections are used, and how
// many requests at a time.
#include <numeric>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "integration/deliver_client.h"
#include "support/behaviours.h"
#include "support/receiver.h"

namespace hookline::test {
namespace {

using deliver::AttemptId;
using deliver::Outcome;
using namespace std::chrono_literals;
using ::testing::HasSubstr;

TEST(CurlTransport, SendsMethodPathHeadersAndBodyAsGiven) {
  Receiver receiver;
  DeliverClient client;
  deliver::Request request;
  request.id = 7;
  request.route = DeliverClient::route();
  request.method = config::Method::patch;
  request.url = receiver.url("/a/%7Eb/./c?x=1&y=%20z#fragment");
  request.headers = {{"Content-Type", "application/json"}, {"X-Empty", ""}, {"x-team", "sre, \"on call\""}};
  request.body = std::string("{\"nul\":\"\0\"}", 11);
  const auto answer = client.answer(client.start(std::move(request)));
  EXPECT_EQ(answer.outcome, Outcome::answered);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.error, "");
  EXPECT_GT(answer.duration.count(), 0);

  ASSERT_EQ(receiver.count(), 1u);
  const auto got = receiver.requests().front();
  EXPECT_EQ(got.method, "PATCH");
  EXPECT_EQ(got.target, "/a/%7Eb/./c?x=1&y=%20z");
  EXPECT_EQ(got.header("content-type"), "application/json");
  EXPECT_EQ(got.header("x-team"), "sre, \"on call\"");
  EXPECT_EQ(got.header("host"), "127.0.0.1:" + std::to_string(receiver.port()));
  EXPECT_EQ(got.header("expect"), "");
  EXPECT_EQ(got.body, std::string("{\"nul\":\"\0\"}", 11));
  EXPECT_TRUE(std::any_of(got.headers.begin(), got.headers.end(),
                          [](const auto& h) { return h.first == "x-empty"; }));
}

TEST(CurlTransport, ChangesMethodAndTypeBetweenRequestsOfOneHandle) {
  Receiver receiver;
  DeliverClient client;
  const auto route = DeliverClient::route();
  AttemptId id = 1;
  for (const auto method :
       {config::Method::put, config::Method::post, config::Method::patch, config::Method::post}) {
    deliver::Request request;
    request.id = id++;
    request.route = route;
    request.method = method;
    request.url = receiver.url("/m");
    EXPECT_EQ(client.answer(client.start(std::move(request))).status, 200);
  }
  std::vector<std::string> methods;
  for (const auto& request : receiver.requests()) {
    methods.push_back(request.method);
    EXPECT_EQ(request.header("content-type"), "") << "libcurl's own form type";
    EXPECT_EQ(request.header("content-length"), "0");
  }
  EXPECT_THAT(methods, ::testing::ElementsAre("PUT", "POST", "PATCH", "POST"));
}

TEST(CurlTransport, BigBodyArrivesWhole) {
  Receiver receiver;
  DeliverClient client;
  std::string body(8 << 20, '\0');
  std::iota(body.begin(), body.end(), '\0');
  EXPECT_EQ(client.post(receiver.url("/big"), body).status, 200);
  EXPECT_EQ(receiver.requests().front().header("expect"), "") << "it would wait for a 100 Continue";
  EXPECT_EQ(receiver.requests().front().body, body);
}

TEST(CurlTransport, KeepsOneConnectionForRequestsOneAfterAnother) {
  Receiver receiver;
  DeliverClient client;
  for (int i = 0; i < 50; ++i)
    EXPECT_EQ(client.post(receiver.url("/" + std::to_string(i))).status, 200);
  EXPECT_EQ(receiver.count(), 50u);
  EXPECT_EQ(receiver.connections(), 1u);
}

TEST(CurlTransport, KeepsConnectionsOfManyHostsAtLowConcurrency) {
  Receiver receiver;
  DeliverClient client;
  const auto round = [&] {
    for (int i = 1; i <= 200; ++i) {
      // Libcurl itself knows that names below localhost are this machine.
      const auto url =
          "http://host-" + std::to_string(i) + ".localhost:" + std::to_string(receiver.port()) + "/";
      EXPECT_EQ(client.post(url).status, 200) << url;
    }
  };
  round();
  const auto first = receiver.connections();
  round();
  round();
  // Libcurl looks at all idle connections now and then; none of these is dead.
  EXPECT_EQ(receiver.connections(), first) << "connections were not kept";
}

TEST(CurlTransport, ReopensWhatTheReceiverClosedWhileIdle) {
  Receiver receiver;
  DeliverClient client;
  EXPECT_EQ(client.post(receiver.url()).status, 200);
  for (int i = 0; i < 10; ++i) {
    receiver.drop_connections();
    EXPECT_EQ(client.post(receiver.url()).status, 200);
  }
  EXPECT_EQ(receiver.count(), 11u);
}

TEST(CurlTransport, AnIdleConnectionThatWasClosedCostsNoCpu) {
  Receiver receiver;
  DeliverClient client;
  EXPECT_EQ(client.post(receiver.url()).status, 200);
  receiver.drop_connections();
  rusage before{}, after{};
  getrusage(RUSAGE_THREAD, &before);
  EXPECT_FALSE(client.run_until([] { return false; }, 300ms));
  getrusage(RUSAGE_THREAD, &after);
  const auto used =
      (after.ru_utime.tv_sec - before.ru_utime.tv_sec + after.ru_stime.tv_sec - before.ru_stime.tv_sec) *
          1'000'000 +
      after.ru_utime.tv_usec - before.ru_utime.tv_usec + after.ru_stime.tv_usec - before.ru_stime.tv_usec;
  EXPECT_LT(used, 100'000) << "microseconds of CPU in 300 ms of nothing";
}

TEST(CurlTransport, AThousandRequestsAtOnceUseAThousandConnectionsOnce) {
  Receiver receiver;
  receiver.otherwise(after(200ms));
  DeliverClient client;
  const auto route = DeliverClient::route();
  std::set<AttemptId> ids;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 1000; ++i)
      ids.insert(client.start(receiver.url("/load"), std::string(700, 'x'), route));
    EXPECT_EQ(client.transport().in_flight(), 1000u);
    ASSERT_TRUE(client.run_until([&] { return client.answers().size() == ids.size(); }));
  }
  for (const auto& [id, answer] : client.answers())
    EXPECT_EQ(answer.status, 200) << answer.error;
  EXPECT_EQ(receiver.count(), 3000u);
  EXPECT_GT(receiver.peak_in_flight(), 100);
  EXPECT_LE(receiver.connections(), 1010u)
      << "the second and third round did not use the first one's connections";
}

TEST(CurlTransport, AnswersMayStartTheNextRequest) {
  Receiver receiver;
  asio::io_context io;
  std::unique_ptr<deliver::Transport> transport;
  int answered = 0;
  const auto start = [&](AttemptId id) {
    deliver::Request request;
    request.id = id;
    request.route = DeliverClient::route();
    request.url = receiver.url();
    transport->start(std::move(request));
  };
  transport =
      deliver::make_curl_transport(io, loopback_allowed(), [&](std::vector<deliver::Answer>&& answers) {
        for (const auto& answer : answers) {
          EXPECT_EQ(answer.status, 200);
          if (++answered < 500) start(answer.id + 1'000'000);
        }
      });
  start(1);
  while (answered < 500 && io.run_one_for(20s) > 0) {
  }
  EXPECT_EQ(answered, 500);
  EXPECT_EQ(receiver.connections(), 1u);
}

TEST(CurlTransport, AbortAnswersOnceAndUnknownIdsAreIgnored) {
  Receiver receiver;
  receiver.otherwise(hang());
  DeliverClient client;
  const auto a = client.start(receiver.url());
  const auto b = client.start(receiver.url());
  ASSERT_TRUE(client.run_until([&] { return receiver.count() == 2; }));
  client.transport().abort(a);
  client.transport().abort(a);
  client.transport().abort(4711);
  EXPECT_FALSE(client.answers().contains(a)) << "answered from inside abort()";
  EXPECT_EQ(client.answer(a).outcome, Outcome::aborted);
  EXPECT_EQ(client.transport().in_flight(), 1u);
  EXPECT_FALSE(client.answers().contains(b));
}

TEST(CurlTransport, AbortAfterACompleteHeadIsAnAnswer) {
  Receiver receiver;
  receiver.otherwise(raw("HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\npart", false));
  DeliverClient client;
  const auto id = client.start(receiver.url());
  ASSERT_TRUE(client.run_until([&] { return receiver.count() == 1; }));
  EXPECT_FALSE(client.run_until([&] { return client.answers().contains(id); }, 1s));
  client.transport().abort(id);
  EXPECT_EQ(client.answer(id).outcome, Outcome::answered);
  EXPECT_EQ(client.answer(id).status, 201);
}

TEST(CurlTransport, MayBeDestroyedWithRequestsInFlight) {
  Receiver receiver;
  receiver.otherwise(hang());
  DeliverClient client;
  for (int i = 0; i < 100; ++i)
    client.start(receiver.url());
  client.start("http://a-name-that-does-not-exist.invalid/");
  ASSERT_TRUE(client.run_until([&] { return receiver.count() == 100; }));
  client.start(receiver.url());  // one that libcurl has not seen yet
  const auto answered = client.answers().size();
  client.destroy_transport();
  client.io().run_for(50ms);
  EXPECT_EQ(client.answers().size(), answered);
  EXPECT_TRUE(client.run_until([&] { return receiver.open_connections() == 0; }))
      << "connections were left open";
}

TEST(CurlTransport, KeepsOneHandleForManyRoutes) {
  Receiver receiver;
  DeliverClient client;
  for (int i = 0; i < 20; ++i) {
    const auto route = DeliverClient::route(20s, std::chrono::seconds(i + 1));
    if (i % 3 == 1) route->tls.verify = false;
    if (i % 5 == 1) route->http2 = true;
    const auto answer =
        client.post(receiver.url("/" + std::to_string(i)), std::to_string(i), route, {{"X-I", "v"}});
    EXPECT_EQ(answer.status, 200) << answer.error;
  }
  for (const auto& request : receiver.requests()) {
    EXPECT_EQ(request.target, "/" + request.body);
    EXPECT_EQ(request.header("x-i"), "v");
  }
}

}  // namespace
}  // namespace hookline::test
