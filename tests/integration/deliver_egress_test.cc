// Where the transport may connect to: judged by the address behind the name, at connecting and when a
// connection is used again; and what changes with a proxy.
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/deliver_client.h"
#include "support/behaviours.h"
#include "support/receiver.h"

namespace hookline::test {
namespace {

using deliver::EgressPolicy;
using deliver::Outcome;
using ::testing::HasSubstr;
using ::testing::Not;

std::shared_ptr<const EgressPolicy> only_public() {
  config::EgressRule rule;
  rule.everything_public = true;
  return std::make_shared<const EgressPolicy>(std::vector{rule});
}

TEST(CurlTransportEgress, RefusesLoopbackHoweverItIsSpelled) {
  Receiver receiver;
  DeliverClient client(only_public());
  const auto port = std::to_string(receiver.port());
  for (const auto* host : {"127.0.0.1", "127.1", "0x7f.1", "2130706433", "0177.1", "[::ffff:127.0.0.1]",
                           "[::1]", "localhost", "a.localhost", "0"}) {
    const auto answer = client.post(std::string("http://") + host + ":" + port + "/secret-path");
    EXPECT_EQ(answer.outcome, Outcome::egress) << host << ": " << answer.error;
    EXPECT_THAT(answer.error, HasSubstr("egress.allow does not name ")) << host;
    EXPECT_THAT(answer.error, Not(HasSubstr("secret-path")));
  }
  EXPECT_EQ(receiver.connections(), 0u);
}

TEST(CurlTransportEgress, AllowsWhatIsNamedByAddressAndPort) {
  Receiver named, other;
  DeliverClient client(
      std::make_shared<const EgressPolicy>(std::vector{egress_rule("127.0.0.1", 32, named.port())}));
  EXPECT_EQ(client.post(named.url()).status, 200);
  EXPECT_EQ(client.post("http://localhost:" + std::to_string(named.port()) + "/").status, 200)
      << "of several addresses of a name, one that is allowed is enough";
  EXPECT_EQ(client.post(other.url()).outcome, Outcome::egress);
  EXPECT_EQ(other.connections(), 0u);
}

TEST(CurlTransportEgress, ANewPolicyHoldsForOpenConnections) {
  Receiver receiver;
  DeliverClient client;
  EXPECT_EQ(client.post(receiver.url()).status, 200);
  client.transport().set_egress(only_public());
  const auto answer = client.post(receiver.url());
  EXPECT_EQ(answer.outcome, Outcome::egress);
  EXPECT_EQ(answer.error, "127.0.0.1:" + std::to_string(receiver.port()) +
                              ": egress.allow does not name 127.0.0.1:" + std::to_string(receiver.port()));
  client.transport().set_egress(loopback_allowed());
  EXPECT_EQ(client.post(receiver.url()).status, 200);
  EXPECT_EQ(receiver.count(), 2u) << "the refused request was sent";
}

TEST(CurlTransportEgress, TheEnvironmentsProxyIsNotUsed) {
  Receiver receiver, proxy;
  setenv("http_proxy", proxy.url().c_str(), 1);
  setenv("ALL_PROXY", proxy.url().c_str(), 1);
  {
    DeliverClient client;
    EXPECT_EQ(client.post(receiver.url()).status, 200);
  }
  unsetenv("http_proxy");
  unsetenv("ALL_PROXY");
  EXPECT_EQ(receiver.count(), 1u);
  EXPECT_EQ(proxy.connections(), 0u);
}

class ThroughProxy : public ::testing::Test {
 protected:
  std::shared_ptr<deliver::Route> route(bool trusted = true) const {
    auto made = DeliverClient::route();
    made->proxy = proxy_.url("");
    made->proxy_trusted = trusted;
    return made;
  }

  Receiver proxy_;
};

TEST_F(ThroughProxy, ATrustedProxyIsUsedWhateverItsAddress) {
  DeliverClient client(only_public());
  EXPECT_EQ(client.post("http://hooks.example.com/x?y=1", "{}", route()).status, 200);
  ASSERT_EQ(proxy_.count(), 1u);
  EXPECT_EQ(proxy_.requests().front().target, "http://hooks.example.com/x?y=1");
  // The connection that is kept is the proxy's: no reason to refuse it the second time.
  EXPECT_EQ(client.post("http://hooks.example.com/x?y=2", "{}", route()).status, 200);
  EXPECT_EQ(proxy_.connections(), 1u);
}

TEST_F(ThroughProxy, TheEnvironmentsExceptionsDoNotGoAroundIt) {
  setenv("no_proxy", "*", 1);
  DeliverClient client(only_public());
  EXPECT_EQ(client.post("http://hooks.example.com/", "{}", route()).status, 200);
  unsetenv("no_proxy");
  EXPECT_EQ(proxy_.count(), 1u);
}

TEST_F(ThroughProxy, AProxyThatIsNotTrustedIsJudgedByItsAddress) {
  DeliverClient client(only_public());
  EXPECT_EQ(client.post("http://hooks.example.com/", "{}", route(false)).outcome, Outcome::egress);
  EXPECT_EQ(proxy_.connections(), 0u);
}

TEST_F(ThroughProxy, TargetsAreJudgedByTheirUrl) {
  DeliverClient client(only_public());
  for (const auto* url : {"http://10.0.0.1/", "http://169.254.169.254/latest", "http://0x7f.1/",
                          "http://localhost/", "http://[::1]/", "https://127.1/"}) {
    EXPECT_EQ(client.post(url, "{}", route()).outcome, Outcome::egress) << url;
  }
  EXPECT_EQ(proxy_.connections(), 0u);
}

TEST_F(ThroughProxy, ARefusedTunnelIsAFailureToConnect) {
  proxy_.otherwise(answer(407));
  DeliverClient client(only_public());
  const auto answer = client.post("https://hooks.example.com/secret-path", "{}", route());
  EXPECT_EQ(answer.outcome, Outcome::connect) << deliver::name(answer.outcome) << ": " << answer.error;
  EXPECT_EQ(answer.error, "hooks.example.com:443: the proxy answered 407");
  EXPECT_EQ(answer.status, 0);
}

}  // namespace
}  // namespace hookline::test
