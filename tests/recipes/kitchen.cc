#include "kitchen.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "hookline/engine/trial.h"
#include "hookline/event/catalogue.h"
#include "hookline/json/tree.h"
#include "support/wait.h"

namespace hookline::test {
namespace {

using namespace std::chrono_literals;

std::unique_ptr<kafka::EmbeddedCluster> start_cluster() {
  auto cluster = std::move(*kafka::EmbeddedCluster::start());
  for (const char* topic : {"alarm", "audit", "detection", "incident"}) {
    EXPECT_TRUE(cluster->create_topic(topic, 1));
  }
  return cluster;
}

/// A request as it came over a connection.
Arrived parse(const std::string& text) {
  std::istringstream lines(text);
  Arrived arrived;
  std::string line;
  lines >> arrived.method >> arrived.url;
  std::getline(lines, line);
  while (std::getline(lines, line) && line != "\r") {
    const auto colon = line.find(": ");
    auto name = line.substr(0, colon);
    std::transform(name.begin(), name.end(), name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    arrived.headers.emplace_back(name, line.substr(colon + 2, line.size() - colon - 3));
  }
  arrived.body.assign(std::istreambuf_iterator<char>(lines), {});
  return arrived;
}

std::string without_tls(const std::string& url) { return url.starts_with("https://") ? "http://" + url.substr(8) : url; }

/// The same place without TLS; marks of secrets in the text move along.
void strip_tls(config::Text& url) {
  if (!url.value.starts_with("https://")) return;
  url.value = without_tls(url.value);
  for (auto& literal : url.literal) {
    if (literal.at > 4) {
      --literal.at;
    } else {
      --literal.length;
    }
  }
}

}  // namespace

Kitchen::Kitchen() : cluster_(start_cluster()), publisher_(cluster_->bootstrap_servers()) {
  receiver_.otherwise([this](const ReceivedRequest& request, int) { return answer(request); });
}

Kitchen::~Kitchen() {
  if (!engine_) return;
  EXPECT_TRUE(engine_->stop());
}

config::Configuration Kitchen::load(const Recipe& recipe) {
  for (const auto& [name, value] : recipe.environment) setenv(name.c_str(), value.c_str(), 1);
  const auto own = recipe.files.find("hookline.yaml");
  folder_.write("hookline.yaml", fmt::format(R"(kafka: {{bootstrap.servers: "{}", group.id: recipes-{}, session.timeout.ms: 6000}}
topics: {{alarm: [alarm], audit: [audit], detection: [detection], incident: [incident]}}
workers: 1
webhooks: [webhook.yaml]
{}{}egress: {{allow: [public, "127.0.0.0/8", "::1/128"]}}
commit: {{interval: 50ms}}
shutdown: {{grace: 1s}}
{})", cluster_->bootstrap_servers(), groups_, recipe.files.contains("policies.yaml") ? "policies: [policies.yaml]\n" : "",
                                           recipe.files.contains("templates.yaml") ? "templates: [templates.yaml]\n" : "",
                                           own == recipe.files.end() ? "" : own->second));
  for (const auto& [name, text] : recipe.files) {
    if (name != "hookline.yaml") folder_.write(name, text);
  }
  for (const auto& [from, to] : {std::pair(ca_.file(), "ca.pem"), {client_.file(), "client.pem"}, {client_.key_file(), "client.key"}}) {
    std::filesystem::copy_file(from, folder_.path() / to, std::filesystem::copy_options::overwrite_existing);
  }
  auto configuration = config::load(folder_.path() / "hookline.yaml");
  (void)engine::Definitions::compile(configuration, configuration.problems);
  for (const auto& problem : configuration.problems) {
    if (!problem.warning) ADD_FAILURE() << recipe.page << ": " << config::format(problem);
  }
  if (!std::exchange(own_topics_, true)) {
    EXPECT_TRUE(cluster_->create_topics(kafka::own_topics(configuration.settings, 1, 1)));
  }
  return configuration;
}

/// Makes the webhook find the receiver that stands in for its host.
void Kitchen::redirect(config::Webhook& webhook) {
  const bool needs_tls = !webhook.tls.ca.empty() || !webhook.tls.cert.empty() || webhook.http2 || !webhook.tls.verify;
  if (needs_tls) {
    std::string base;
    if (webhook.http2) {
      h2_ = std::make_unique<PythonServer>("h2_receiver.py", std::vector<std::string>{"--cert", server_.file(), "--key", server_.key_file()});
      base = fmt::format("https://localhost:{}/", h2_->port());
    } else {
      tls_ = std::make_unique<TlsServer>(server_, webhook.tls.cert.empty() ? nullptr : &ca_);
      base = tls_->url();
    }
    for (auto& endpoint : webhook.endpoints) {
      auto& url = endpoint.url.value;
      url = base + url.substr(std::min(url.size(), url.find('/', 8) + 1));
    }
    return;
  }
  for (auto& endpoint : webhook.endpoints) strip_tls(endpoint.url);
  if (auto* oauth2 = std::get_if<config::OAuth2>(&webhook.auth)) {
    strip_tls(oauth2->token_url);
    token_urls_.insert(oauth2->token_url.value);
  }
  webhook.proxy = config::Secret(receiver_.url(""));
}

void Kitchen::prepare(const Recipe& recipe) {
  {
    const std::lock_guard lock(mutex_);
    expected_.clear();
  }
  receiver_.forget();
  tls_.reset();
  h2_.reset();
  token_urls_.clear();
  const bool own = recipe.files.contains("hookline.yaml");
  if (engine_ && (own || own_settings_)) {
    EXPECT_TRUE(engine_->stop());
    engine_.reset();
    ++groups_;
  }
  own_settings_ = own;
  auto configuration = load(recipe);
  for (auto& webhook : configuration.webhooks) redirect(webhook);
  config::Problems told;
  definitions_ = engine::Definitions::compile(configuration, told);
  egress_ = configuration.settings.egress;
  if (auto& smtp = configuration.settings.smtp) {
    if (!mail_) mail_ = std::make_unique<PythonServer>("mail_server.py");
    smtp->url = fmt::format("smtp://localhost:{}", mail_->port());
    smtp->tls = config::Smtp::TlsMode::none;
    smtp->username.clear();
  }
  if (engine_) return engine_->adopt(std::move(configuration));
  start(std::move(configuration));
}

void Kitchen::start(config::Configuration configuration) {
  if (groups_ > 0) configuration.settings.start = {.at = config::Start::At::latest};  // a new group, after other recipes
  engine_ = std::make_unique<engine::Engine>(std::move(configuration));
  const auto started = engine_->start([] { return true; });
  ASSERT_TRUE(started) << started.error().message;
  ASSERT_TRUE(wait_until([&] { return engine_->readiness().ready; }, 60s));
}

void Kitchen::publish(const RecipeEvent& event) {
  EventToPublish record{.id = fmt::format("e{}", ++published_), .key = event.key, .value = event.text};
  publisher_.publish(event.kind, record);
  ++counts_[event.kind];
  ASSERT_TRUE(publisher_.flush(60s));
}

void Kitchen::test(const RecipeTrial& trial) {
  const auto* webhook = definitions_->find(trial.webhook);
  const auto* type = event::find_type(trial.type);
  ASSERT_TRUE(webhook && type) << trial.webhook << " " << trial.type;
  const auto sample = *event::sample(type->name);
  const event::RecordView record{.topic = "test", .partition = 0, .offset = 0, .timestamp = core::read_clock().wall, .key = std::nullopt, .value = sample, .headers = {}, .padded = false};
  for (const auto& endpoint : webhook->endpoints) {
    auto request = engine::try_render(*webhook, endpoint, record, type->kind,
                                      {.delivery_id = "msg_test", .test_message = true, .correlation_id = trial.correlation_id, .policy = {}}, record.timestamp);
    ASSERT_TRUE(request) << request.error().message;
    const auto answer = engine::send_once(std::move(*request), egress_);
    EXPECT_EQ(answer.status / 100, 2) << answer.error;
  }
}

void Kitchen::expect(const RecipeRequest& request) {
  const std::lock_guard lock(mutex_);
  expected_.push_back(request);
}

Reaction Kitchen::answer(const ReceivedRequest& request) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(expected_.begin(), expected_.end(), [&](const RecipeRequest& one) {
    return one.method == request.method && without_tls(one.url) == request.target;
  });
  if (found == expected_.end()) return {};
  Reaction reaction{.status = found->status, .headers = found->answer_headers, .body = found->answer};
  expected_.erase(found);
  return reaction;
}

std::vector<Arrived> Kitchen::arrived() const {
  std::vector<Arrived> all;
  for (const auto& request : receiver_.requests()) all.push_back({request.method, request.target, request.headers, request.body});
  if (tls_) {
    for (const auto& text : tls_->received()) all.push_back(parse(text));
  }
  if (h2_) {
    for (const auto& line : h2_->received()) {
      const auto request = json::parse_tree(line).value();
      const auto url = request["url"].get<std::string>();
      Arrived one{request["method"], url.substr(url.find('/', 8)), {}, request["body"]};
      for (const auto& header : request["headers"]) one.headers.emplace_back(header[0], header[1]);
      all.push_back(std::move(one));
    }
  }
  return all;
}

bool Kitchen::quiet() const {
  for (const auto& worker : engine_->status().workers) {
    if (worker.deliveries > 0 || worker.burials > 0) return false;
    for (const auto& partition : worker.partitions) {
      const auto published = counts_.find(partition.topic);
      const auto end = std::max(partition.end.value_or(0), published == counts_.end() ? 0 : published->second);
      if (partition.open > 0 || partition.position < end) return false;
    }
  }
  return true;
}

}  // namespace hookline::test
