#include "deliver/hosts.h"

#include <set>

#include <gtest/gtest.h>

namespace hookline::deliver {
namespace {

using namespace std::chrono_literals;

constexpr core::MonoTime t0{std::chrono::hours(5)};

class HostsTest : public ::testing::Test {
 protected:
  /// What the transport does for a request: a kept connection, else a new one.
  Link& begin(Host& host) {
    Link* link = Hosts::idle_link(host, false);
    if (!link) {
      link = &hosts_.new_link(host);
      Hosts::socket_opened(*link);
    }
    Hosts::began(*link, t0);
    return *link;
  }
  void close_all(Host& host) {
    for (const auto& link : host.links) {
      while (link->sockets > 0)
        Hosts::socket_closed(*link);
    }
  }

  Watchers watchers_;
  Agenda agenda_;
  Hosts hosts_{watchers_, agenda_};
};

TEST_F(HostsTest, OneRequestAfterAnotherUsesOneConnection) {
  Host& host = hosts_.at("http://a");
  for (int i = 0; i < 100; ++i)
    Hosts::ended(begin(host));
  EXPECT_EQ(host.links.size(), 1u);
  EXPECT_EQ(host.links[0]->sockets, 1u);
  EXPECT_EQ(hosts_.multis(), 1u);
}

TEST_F(HostsTest, AThousandAtOnceSpreadOverMultisOf64AndStayThere) {
  Host& host = hosts_.at("http://a");
  for (int round = 0; round < 3; ++round) {
    std::vector<Link*> links;
    for (int i = 0; i < 1000; ++i)
      links.push_back(&begin(host));
    for (const auto& link : host.links)
      EXPECT_LE(link->multi->load(), Multi::target_size);
    for (Link* const link : links)
      Hosts::ended(*link);
  }
  EXPECT_EQ(hosts_.multis(), 16u);
  std::uint32_t sockets = 0;
  for (const auto& link : host.links)
    sockets += link->sockets;
  EXPECT_EQ(sockets, 1000u) << "later rounds opened connections although idle ones were there";
}

TEST_F(HostsTest, ManyHostsShareMultisAndIdleOnesDoNotGrowThemWithoutEnd) {
  for (int i = 0; i < 5000; ++i)
    Hosts::ended(begin(hosts_.at("http://host-" + std::to_string(i))));
  EXPECT_EQ(hosts_.multis(), 16u);
}

TEST_F(HostsTest, RequestsInFlightMakeMultisBeyondThat) {
  Host& host = hosts_.at("http://a");
  for (int i = 0; i < 5000; ++i)
    begin(host);
  EXPECT_EQ(hosts_.multis(), (5000 + 63) / 64u);
  for (const auto& link : host.links)
    EXPECT_LE(link->transfers, Multi::target_size);
}

TEST_F(HostsTest, TransfersWithoutSocketYetCountAsLoad) {
  Host& host = hosts_.at("http://a");
  for (int i = 0; i < 65; ++i)
    Hosts::began(hosts_.new_link(host), t0);
  EXPECT_EQ(hosts_.multis(), 2u);
}

TEST_F(HostsTest, MultiplexedRequestsShareAConnection) {
  Host& host = hosts_.at("https://a");
  EXPECT_EQ(Hosts::idle_link(host, true), nullptr);
  Link& link = begin(host);
  EXPECT_EQ(Hosts::idle_link(host, true), &link);
  EXPECT_EQ(Hosts::idle_link(host, false), nullptr);
}

TEST_F(HostsTest, OnlyFourLookANameUpAtATimeAndNobodyAnAddress) {
  Host& name = hosts_.at("http://hooks.example.com:8080");
  EXPECT_TRUE(name.may_resolve(t0));
  name.resolving = Host::most_resolving;
  EXPECT_FALSE(name.may_resolve(t0));
  name.resolved_until = t0 + 1s;
  EXPECT_TRUE(name.may_resolve(t0));
  EXPECT_FALSE(name.may_resolve(t0 + 1s));
  for (const auto* origin : {"http://127.0.0.1", "http://127.1:80", "https://[::1]:443"}) {
    EXPECT_TRUE(hosts_.at(origin).knows_address(t0)) << origin;
  }
  EXPECT_FALSE(hosts_.at("http://localhost").knows_address(t0));
}

TEST_F(HostsTest, ReapsWhatIsIdleAndNothingElse) {
  Host& busy = hosts_.at("http://busy");
  begin(busy);
  hosts_.reap(t0 + 10min);
  EXPECT_EQ(hosts_.multis(), 1u);
  EXPECT_EQ(&hosts_.at("http://busy"), &busy);
  EXPECT_EQ(busy.links.size(), 1u);
  Hosts::ended(*busy.links[0]);
  hosts_.reap(t0 + 59s);
  EXPECT_EQ(hosts_.multis(), 1u);
  close_all(busy);  // as the multi does at its end
  hosts_.reap(t0 + 60s);
  EXPECT_EQ(hosts_.multis(), 0u);
  EXPECT_TRUE(hosts_.at("http://busy").links.empty());
}

TEST_F(HostsTest, ReapKeepsHostsThatTransfersWaitFor) {
  Host& host = hosts_.at("http://name");
  host.waiting.push_back(nullptr);
  hosts_.reap(t0 + 10min);
  EXPECT_EQ(hosts_.at("http://name").waiting.size(), 1u);
}

}  // namespace
}  // namespace hookline::deliver
