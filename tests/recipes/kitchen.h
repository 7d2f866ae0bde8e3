// Where recipes are cooked: an engine on an in-memory Kafka, and receivers that stand in for the hosts that a
// recipe names. What would go to https://HOST/ goes out as http://HOST/ through a proxy that is the receiver,
// so that the whole URL is seen; a webhook with a CA or a certificate of its own, or HTTP/2, has a real TLS
// server instead. One thread.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "hookline/config/load.h"
#include "hookline/engine/engine.h"
#include "hookline/kafka/embedded_cluster.h"
#include "support/tls_server.h"
#include "recipe.h"
#include "support/publisher.h"
#include "support/python_server.h"
#include "support/receiver.h"
#include "support/temp_dir.h"

namespace hookline::test {

struct Arrived {
  std::string method, url;
  Headers headers;
  std::string body;
};

class Kitchen {
 public:
  Kitchen();
  ~Kitchen();

  /// Puts the recipe's definitions in force; a recipe with settings of its own gets an engine of its own.
  void prepare(const Recipe& recipe);
  void publish(const RecipeEvent& event);
  /// What `hookline test` does: a sample event of the type, on the path of a real delivery.
  void test(const RecipeTrial& trial);
  /// What the receiver answers from now on, each once.
  void expect(const RecipeRequest& request);
  /// What has arrived so far, in order.
  std::vector<Arrived> arrived() const;
  /// What the mail server has got so far (tests/support/python/mail_server.py).
  std::vector<std::string> mails() const { return mail_ ? mail_->received() : std::vector<std::string>(); }
  /// Every event has been taken and nothing of it is under way any more.
  bool quiet() const;
  /// Is it a token endpoint's URL, and no delivery's?
  bool fetches_tokens(const std::string& url) const { return token_urls_.contains(url); }

 private:
  config::Configuration load(const Recipe& recipe);
  void redirect(config::Webhook& webhook);
  void start(config::Configuration configuration);
  Reaction answer(const ReceivedRequest& request);

  std::unique_ptr<kafka::EmbeddedCluster> cluster_;
  Receiver receiver_;
  TempDir folder_{"recipes"};
  Certificate ca_{folder_, {.name = "Recipe CA", .ca = true}};
  Certificate server_{folder_, {}, &ca_}, client_{folder_, {.name = "hookline"}, &ca_};
  std::unique_ptr<TlsServer> tls_;
  std::unique_ptr<PythonServer> mail_, h2_;
  std::unique_ptr<engine::Engine> engine_;
  Publisher publisher_;
  std::set<std::string> token_urls_;
  std::shared_ptr<const engine::Definitions> definitions_;  ///< of the recipe at hand, redirected
  std::vector<config::EgressRule> egress_;
  bool own_settings_ = false;
  int groups_ = 0, published_ = 0;
  bool own_topics_ = false;  ///< have been made
  std::map<std::string, std::int64_t> counts_;  ///< published events by topic

  mutable std::mutex mutex_;
  std::deque<RecipeRequest> expected_;
};

}  // namespace hookline::test
