// A transport with its io_context, run by the test's own thread until answers are there: for the tests of
// deliver against real sockets. One thread; the deadline is only met by a failure.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include "hookline/core/asio.h"
#include "hookline/deliver/transport.h"

namespace hookline::test {

inline config::EgressRule egress_rule(const std::string& address, int prefix,
                                      std::optional<std::uint16_t> port = {}) {
  config::EgressRule rule;
  const auto ip = deliver::parse_ip(address);
  EXPECT_TRUE(ip) << address;
  rule.network = *ip;
  rule.prefix = address.find(':') == std::string::npos ? 96 + prefix : prefix;
  rule.port = port;
  return rule;
}

inline std::shared_ptr<const deliver::EgressPolicy> loopback_allowed() {
  return std::make_shared<const deliver::EgressPolicy>(
      std::vector{egress_rule("127.0.0.0", 8), egress_rule("::1", 128)});
}

class DeliverClient {
 public:
  explicit DeliverClient(std::shared_ptr<const deliver::EgressPolicy> egress = loopback_allowed())
      : transport_(deliver::make_transport(
            io_, std::move(egress), [this](std::vector<deliver::Answer>&& answers) { take(answers); })) {}

  static std::shared_ptr<deliver::Route> route(std::chrono::milliseconds request = std::chrono::seconds(20),
                                               std::chrono::milliseconds connect = std::chrono::seconds(20)) {
    auto made = std::make_shared<deliver::Route>();
    made->timeout.connect = connect;
    made->timeout.request = request;
    return made;
  }

  /// Starts a POST and returns its id.
  deliver::AttemptId start(const std::string& url, std::string body = "{}",
                           std::shared_ptr<const deliver::Route> by = route(),
                           std::vector<deliver::HttpHeader> headers = {}) {
    deliver::Request request;
    request.id = next_id_++;
    request.route = std::move(by);
    request.url = url;
    request.body = std::move(body);
    request.headers = std::move(headers);
    return start(std::move(request));
  }
  deliver::AttemptId start(deliver::Request&& request) {
    const auto id = request.id;
    next_id_ = std::max(next_id_, id + 1);
    starting_ = true;
    transport_->start(std::move(request));
    starting_ = false;
    return id;
  }

  /// Runs the loop until that one is answered.
  deliver::Answer answer(deliver::AttemptId id) {
    EXPECT_TRUE(run_until([&] { return answers_.contains(id); })) << "no answer to request " << id;
    auto found = answers_[id];
    return found;
  }
  deliver::Answer post(const std::string& url, std::string body = "{}",
                       std::shared_ptr<const deliver::Route> by = route(),
                       std::vector<deliver::HttpHeader> headers = {}) {
    return answer(start(url, std::move(body), std::move(by), std::move(headers)));
  }

  template <class Fact>
  [[nodiscard]] bool run_until(Fact fact, std::chrono::milliseconds deadline = std::chrono::seconds(60)) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!fact()) {
      if (std::chrono::steady_clock::now() >= end) return false;
      io_.run_for(std::chrono::milliseconds(1));
      io_.restart();
    }
    return true;
  }

  const std::map<deliver::AttemptId, deliver::Answer>& answers() const { return answers_; }
  deliver::Transport& transport() { return *transport_; }
  void destroy_transport() { transport_.reset(); }
  asio::io_context& io() { return io_; }

 private:
  void take(std::vector<deliver::Answer>& answers) {
    EXPECT_FALSE(starting_) << "answered from inside start()";
    for (auto& answer : answers) {
      EXPECT_TRUE(answers_.emplace(answer.id, answer).second)
          << "request " << answer.id << " was answered twice";
    }
  }

  asio::io_context io_;
  bool starting_ = false;
  deliver::AttemptId next_id_ = 1;
  std::map<deliver::AttemptId, deliver::Answer> answers_;
  std::unique_ptr<deliver::Transport> transport_;
};

}  // namespace hookline::test
