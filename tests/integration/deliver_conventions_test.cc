// What receivers and networks may ask for besides plain HTTP: HTTP/2 (a server of other people than libcurl's), and
// a real proxy (tinyproxy) that https goes through as a tunnel.
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hookline/json/tree.h"
#include "integration/deliver_client.h"
#include "support/port.h"
#include "support/python_server.h"
#include "support/receiver.h"
#include "support/tls_server.h"
#include "support/wait.h"

namespace hookline::test {
namespace {

using deliver::Outcome;
using namespace std::chrono_literals;
using ::testing::HasSubstr;

class Conventions : public ::testing::Test {
 protected:
  std::shared_ptr<deliver::Route> route() const {
    auto made = DeliverClient::route();
    made->tls.ca = ca_.file();
    return made;
  }

  TempDir dir_{"conventions"};
  Certificate ca_{dir_, {.name = "Test CA", .ca = true}};
  Certificate server_{dir_, {}, &ca_};
  DeliverClient client_;
};

TEST_F(Conventions, Http2WhereItIsChosenAndOnOneConnection) {
  PythonServer receiver("h2_receiver.py", {"--cert", server_.file(), "--key", server_.key_file()});
  const auto url = "https://localhost:" + std::to_string(receiver.port()) + "/hook?a=1";
  EXPECT_NE(client_.post(url, "{}", route()).status, 200) << "it has nothing but HTTP/2, and that was not chosen";
  const auto by = route();
  by->http2 = true;
  EXPECT_EQ(client_.post(url, "0", by).status, 200);
  std::vector<deliver::AttemptId> ids;
  for (int i = 1; i < 20; ++i) ids.push_back(client_.start(url, std::to_string(i), by, {{"X-Team", "sre"}}));
  for (const auto id : ids) {
    const auto answer = client_.answer(id);
    EXPECT_EQ(answer.status, 200) << answer.error;
    EXPECT_EQ(answer.body, "ok");
  }
  ASSERT_TRUE(wait_until([&] { return receiver.received().size() == 20; }, 10s));
  std::set<std::string> bodies;
  for (const auto& line : receiver.received()) {
    const auto request = json::parse_tree(line).value();
    EXPECT_EQ(request["method"], "POST");
    EXPECT_EQ(request["url"], url);
    bodies.insert(request["body"]);
  }
  EXPECT_EQ(bodies.size(), 20u);
}

TEST_F(Conventions, Http2FallsBackToAReceiverThatHasOnlyHttp1) {
  TlsServer receiver(server_);
  const auto by = route();
  by->http2 = true;
  EXPECT_EQ(client_.post(receiver.url(), "{}", by).status, 200);
  ASSERT_EQ(receiver.received().size(), 1u);
  EXPECT_THAT(receiver.received().front(), HasSubstr(" HTTP/1.1\r\n"));
}

class ThroughTinyproxy : public Conventions {
 protected:
  void SetUp() override {
    dir_.write("tinyproxy.conf", "Port " + std::to_string(port_) + "\nListen 127.0.0.1\nAllow 127.0.0.1\nMaxClients 20\nTimeout 60\nLogLevel Connect\nLogFile \"" +
                                     (dir_.path() / "proxy.log").string() + "\"\n");
    ProcessOptions options;
    options.arguments = {"tinyproxy", "-d", "-c", (dir_.path() / "tinyproxy.conf").string()};
    options.output = options.errors = dir_.path() / "proxy.output";
    process_ = std::make_unique<Process>(options);
    ASSERT_TRUE(wait_until([&] { return client_.post("http://127.0.0.1:" + std::to_string(port_) + "/").outcome == Outcome::answered; }, 30s)) << log();
  }
  std::string log() const { return read_file(dir_.path() / "proxy.log"); }
  std::shared_ptr<deliver::Route> proxied() const {
    auto made = route();
    made->proxy = "http://127.0.0.1:" + std::to_string(port_);
    return made;
  }

  const std::uint16_t port_ = fresh_port();
  std::unique_ptr<Process> process_;
};

TEST_F(ThroughTinyproxy, HttpGoesToItAndHttpsThroughIt) {
  Receiver plain;
  EXPECT_EQ(client_.post(plain.url("/hook"), "{}", proxied()).status, 200);
  EXPECT_EQ(plain.requests().front().target, "/hook");
  TlsServer secured(server_);
  const auto answer = client_.post(secured.url(), "{}", proxied());
  EXPECT_EQ(answer.status, 200) << answer.error;
  EXPECT_EQ(secured.requests(), 1);
  EXPECT_THAT(log(), HasSubstr("CONNECT localhost:"));
}

TEST_F(ThroughTinyproxy, TlsIsBetweenHooklineAndTheReceiver) {
  const Certificate other_ca(dir_, {.name = "Other CA", .ca = true});
  TlsServer secured(Certificate(dir_, {}, &other_ca));
  const auto answer = client_.post(secured.url(), "{}", proxied());
  EXPECT_EQ(answer.outcome, Outcome::tls) << answer.error;
  EXPECT_THAT(answer.error, HasSubstr("TLS: the certificate is from an unknown CA"));
  EXPECT_EQ(secured.requests(), 0) << "nothing is sent";
}

TEST_F(ThroughTinyproxy, WhatTheProxyCannotReachIsAFailureThatNamesIt) {
  const auto answer = client_.post("https://localhost:" + std::to_string(fresh_port()) + "/", "{}", proxied());
  EXPECT_EQ(answer.outcome, Outcome::connect) << answer.error;
  EXPECT_THAT(answer.error, HasSubstr("the proxy answered 5"));
}

}  // namespace
}  // namespace hookline::test
