#include "hookline/engine/definitions.h"

#include <algorithm>
#include <atomic>

#include <fmt/format.h>

#include "hookline/core/crypto.h"
#include "hookline/deliver/signing.h"
#include "hookline/json/scan.h"
#include "hookline/render/body.h"
#include "storm_guard.h"
#include "webhook_checks.h"

namespace hookline::engine {
namespace {

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

/// Compiles one webhook; every fault becomes a problem at its place in the file.
class WebhookCompiler {
 public:
  WebhookCompiler(const config::Webhook& source, const config::Settings& settings, const event::AttributeTable& attributes,
                  config::Problems& problems)
      : source_(source), settings_(settings), variables_(attributes), problems_(problems) {}

  Webhook compile() {
    webhook_.name = source_.name;
    webhook_.formatting = source_.event_formatting;
    webhook_.format = source_.format;
    webhook_.batch = source_.batch;
    webhook_.retry = source_.retry;
    webhook_.concurrency = source_.concurrency;
    webhook_.rate_limit = source_.rate_limit;
    webhook_.position = source_.enabled ? Switch::on : Switch::off;
    webhook_.trigger = source_.trigger;
    if (source_.trigger == config::Trigger::event) {
      for (const auto& pattern : source_.events) webhook_.events.push_back(pattern.value);
    }
    if (source_.filter) webhook_.filter = source_.filter->value;
    compile_fields();
    if (source_.payload) {
      webhook_.payload = compile_template(*source_.payload, render::Context::json_body);
      if (webhook_.payload) check_payload(source_, *webhook_.payload, problems_);
    }
    compile_headers();
    compile_endpoints();
    compile_correlation();
    for (const auto& secret : source_.signing_secrets) {
      auto key = deliver::signing_key(secret.reveal());
      if (key) {
        webhook_.signing_keys.push_back(std::move(*key));
      } else {
        problems_.push_back({source_.place, key.error().message, "", false});
      }
    }
    webhook_.reader.emplace(variables_);
    return std::move(webhook_);
  }

 private:
  void compile_fields() {
    for (const auto& [name, text] : source_.fields) {
      auto expression = rule::Expression::compile(text.value, variables_);
      if (!expression) {
        problems_.push_back(problem_in(text, expression.error()));
        continue;
      }
      names_.fields.push_back(name);
      webhook_.fields.push_back(std::move(*expression));
    }
  }

  std::optional<render::Template> compile_template(const config::Text& text, render::Context context) {
    std::vector<core::Fault> warnings;
    const render::Options options{.escape = source_.escape, .max_text = source_.max_text, .literal = text.literal};
    auto program = render::Template::compile(text.value, context, names_, variables_, warnings, options);
    for (const auto& warning : warnings) problems_.push_back(problem_in(text, warning));
    if (program) return std::move(*program);
    problems_.push_back(problem_in(text, program.error()));
    return std::nullopt;
  }

  Rendered compile_line(const config::Text& text, render::Context context) {
    Rendered rendered;
    if (text.value.empty() && text.place.line == 0) return rendered;  // it could not be read: told already
    auto program = compile_template(text, context);
    if (!program) return rendered;
    if (program->constant()) {
      if (auto done = program->render({}, rendered.constant); !done) {
        problems_.push_back(problem_in(text, {0, text.value.size(), done.error().message, "", false}));
      }
    } else {
      rendered.program = std::move(program);
    }
    return rendered;
  }

  /// A header of the same name that was there before gives way.
  void set_header(HeaderLine line) {
    std::erase_if(webhook_.headers, [&](const HeaderLine& h) { return equal_ignoring_case(h.name, line.name); });
    webhook_.headers.push_back(std::move(line));
  }

  void compile_headers() {
    set_header({"User-Agent", {"Hookline/" HOOKLINE_VERSION, {}}, false});
    set_header({"Content-Type", {std::string(render::content_type(source_.format)), {}}, false});
    for (const auto& header : source_.headers) {
      set_header({header.name, compile_line(header.value, render::Context::header), header.secret});
    }
    if (const auto* basic = std::get_if<config::BasicAuth>(&source_.auth)) {
      const std::string pair = basic->username.value + ":" + basic->password.reveal();
      set_header({"Authorization", {"Basic " + core::base64(pair), {}}, true});
    } else if (const auto* bearer = std::get_if<config::BearerAuth>(&source_.auth)) {
      set_header({"Authorization", {"Bearer " + bearer->token.reveal(), {}}, true});
    } else if (const auto* own = std::get_if<config::HeaderAuth>(&source_.auth)) {
      for (const auto& header : own->headers) {
        set_header({header.name, compile_line(header.value, render::Context::header), true});
      }
    } else if (std::holds_alternative<config::OAuth2>(source_.auth)) {  // the transport adds the token
      std::erase_if(webhook_.headers, [](const HeaderLine& h) { return equal_ignoring_case(h.name, "authorization"); });
    }
  }

  void compile_endpoints() {
    auto route = std::make_shared<deliver::Route>();
    route->timeout = source_.timeout;
    route->tls = source_.tls;
    route->proxy = source_.proxy.reveal();
    route->proxy_trusted = !source_.from_api;
    route->http2 = source_.http2;
    route->response_size = settings_.limits.response_size;
    if (const auto* oauth2 = std::get_if<config::OAuth2>(&source_.auth)) {
      route->oauth2 = {oauth2->token_url.value, oauth2->client_id, oauth2->client_secret, oauth2->scope};
    }
    for (const auto& endpoint : source_.endpoints) {
      Endpoint compiled{.name = endpoint.name,
                        .method = endpoint.method,
                        .url = compile_line(endpoint.url, render::Context::url),
                        .secret_url = source_.secret_url || endpoint.url_secret,
                        .host = host_of(endpoint.url.value),
                        .route = route};
      if (compiled.url.program) {
        check_correlation_id(source_, endpoint, *compiled.url.program, problems_);
      } else if (!webhook_.payload || !webhook_.payload->uses("correlationId")) {
        check_fixed_url(endpoint, problems_);
      }
      webhook_.endpoints.push_back(std::move(compiled));
    }
  }

  void compile_correlation() {
    webhook_.ordered = source_.ordering == config::Ordering::key || source_.correlation;
    if (!source_.correlation) return;
    const auto& said = *source_.correlation;
    const auto key = json::parse_path(said.key);
    if (!key) return problems_.push_back({source_.place, "correlation.key: " + key.error().what, key.error().remedy, false});
    Correlated correlated{.key = variables_.want(*key), .creator = said.from.empty() ? source_.name : said.from,
                          .creates = said.from.empty(), .needs_id = needs_correlation_id(),
                          .create_on_404 = said.on_404 == config::OnNotFound::create, .wait = said.wait, .expires = said.expires, .capture = {}};
    if (!correlated.creates && !uses_correlation_id()) {
      problems_.push_back({said.from_place, "this webhook updates items, but neither URL nor payload uses correlationId: every item looks the same to it",
                           "put ${correlationId} into the URL or the payload", true});
    }
    if (correlated.creates) {
      const auto id = json::parse_path(said.response_id);
      if (!id) return problems_.push_back({source_.place, "correlation.response_id: " + id.error().what, id.error().remedy, false});
      correlated.capture = std::make_shared<const deliver::Capture>(*id);
    }
    webhook_.correlation = std::move(correlated);
  }

  bool uses_correlation_id() const {
    const auto uses = [](const std::optional<render::Template>& program) { return program && program->uses("correlationId"); };
    return uses(webhook_.payload) ||
           std::any_of(webhook_.headers.begin(), webhook_.headers.end(), [&](const HeaderLine& h) { return uses(h.value.program); }) ||
           std::any_of(webhook_.endpoints.begin(), webhook_.endpoints.end(), [&](const Endpoint& e) { return uses(e.url.program); });
  }

  bool needs_correlation_id() const {
    const auto needs = [](const std::optional<render::Template>& program) { return program && program->needs("correlationId"); };
    return needs(webhook_.payload) ||
           std::any_of(webhook_.headers.begin(), webhook_.headers.end(), [&](const HeaderLine& h) { return needs(h.value.program); }) ||
           std::any_of(webhook_.endpoints.begin(), webhook_.endpoints.end(), [&](const Endpoint& e) { return needs(e.url.program); });
  }

  const config::Webhook& source_;
  const config::Settings& settings_;
  event::Variables variables_;
  config::Problems& problems_;
  render::Names names_;
  Webhook webhook_;
};

void add_attributes(const config::Settings& settings, event::AttributeTable& table, config::Problems& problems) {
  for (const auto kind : event::kinds) {
    for (const auto& [name, paths] : settings.attributes[static_cast<std::size_t>(kind)]) {
      std::vector<std::string> texts;
      bool good = true;
      for (const auto& path : paths) {
        const auto parsed = json::parse_path(path.value);
        if (!parsed) problems.push_back(problem_in(path, parsed.error()));
        good = good && parsed.has_value();
        texts.push_back(path.value);
      }
      if (!good) continue;
      if (auto added = table.prepend(kind, name, texts); !added) {
        problems.push_back(problem_in(paths.front(), added.error()));
      }
    }
  }
}

std::optional<rule::Expression> compile_filter(const config::Webhook& source, event::Variables& variables,
                                               config::Problems& problems) {
  if (!source.filter) return std::nullopt;
  auto filter = rule::Expression::compile(source.filter->value, variables);
  if (filter) return std::move(*filter);
  problems.push_back(problem_in(*source.filter, filter.error()));
  return std::nullopt;
}

}  // namespace

std::optional<std::string> correlation_value(const Correlated& correlated, const event::Event& event) {
  const auto value = event.get(correlated.key);
  if (value.kind == json::ValueKind::number) return std::string(value.raw);
  if (value.kind != json::ValueKind::string || value.raw.empty()) return std::nullopt;
  std::string buffer;
  return std::string(json::unescape(value.raw, buffer));
}

std::string_view name(Switch position) {
  switch (position) {
    case Switch::on: return "on";
    case Switch::off: return "off";
    case Switch::tripped: return "tripped";
  }
  return "on";
}

std::shared_ptr<const Definitions> Definitions::compile(const config::Configuration& configuration,
                                                        config::Problems& problems,
                                                        const std::map<std::string, Switch>& switches) {
  static std::atomic<std::uint64_t> revisions{0};
  std::shared_ptr<Definitions> made(new Definitions);
  made->revision_ = ++revisions;
  add_attributes(configuration.settings, made->attributes_, problems);

  event::Variables index_variables(made->attributes_);
  std::vector<rule::Subscription> subscriptions;
  if (configuration.settings.max_event_age) made->time_variable_ = index_variables.want(json::Path{{"time"}});
  for (const auto& source : configuration.webhooks) {
    check_webhook(source, configuration.settings, problems);
    made->webhooks_.push_back(WebhookCompiler(source, configuration.settings, made->attributes_, problems).compile());
    rule::Subscription subscription{made->webhooks_.back().events, compile_filter(source, index_variables, problems)};
    auto& position = made->webhooks_.back().position;
    if (const auto touched = switches.find(source.name); touched != switches.end()) position = touched->second;
    if (position == Switch::off) continue;
    subscriptions.push_back(std::move(subscription));
    made->matchable_.push_back(static_cast<std::uint32_t>(made->webhooks_.size() - 1));
  }
  for (const auto& source : configuration.faulty) {  // so that one run tells all that is wrong
    event::Variables unused(made->attributes_);
    WebhookCompiler(source, configuration.settings, made->attributes_, problems).compile();
    compile_filter(source, unused, problems);
  }
  auto notifications = made->compile_policies(configuration, index_variables, problems);
  made->index_.emplace(std::move(subscriptions), std::move(notifications), std::move(index_variables));
  return made;
}

std::vector<rule::Notification> Definitions::compile_policies(const config::Configuration& configuration,
                                                              event::Variables& variables, config::Problems& problems) {
  std::vector<const config::Policy*> sources;
  for (const auto& policy : configuration.policies) sources.push_back(&policy);
  std::sort(sources.begin(), sources.end(), [](const auto* a, const auto* b) { return a->name < b->name; });
  std::vector<rule::Notification> notifications;
  for (const auto* source : sources) {
    check_policy(*source, configuration.webhooks, problems);
    rule::Notification notification{.source = rule::Source(source->source, variables)};
    Policy policy{.name = source->name, .source = source->source, .threshold = source->threshold};
    policy.note = std::make_shared<const settle::PolicyNote>(settle::PolicyNote{.policy = source->name});
    for (const auto& pattern : source->on) policy.on.push_back(pattern.value);
    if (source->criteria) {
      policy.criteria = source->criteria->value;
      auto criteria = rule::Expression::compile_filter(policy.criteria, variables);
      if (!criteria) {
        problems.push_back(problem_in(*source->criteria, criteria.error()));
        continue;
      }
      notification.criteria = std::move(*criteria);
    }
    if (policy.threshold && !policy.threshold->per.empty()) {
      const auto path = json::parse_path(policy.threshold->per);
      if (!path) continue;  // told when it was read
      policy.per = variables.want(*path);
    }
    if (!source->enabled) continue;
    for (std::uint32_t i = 0; i < matchable_.size(); ++i) {
      if (config::notifies(*source, webhooks_[matchable_[i]].name)) policy.notify.push_back(i);
    }
    notification.on = policy.on;
    notification.notify = policy.notify;
    notification.counts = policy.threshold.has_value();
    notifications.push_back(std::move(notification));
    policies_.push_back(std::move(policy));
  }
  return notifications;
}

core::Duration Definitions::longest_window() const {
  core::Duration longest{};
  for (const auto& policy : policies_) {
    if (policy.threshold) longest = std::max(longest, policy.threshold->within);
  }
  return longest;
}

const Policy* Definitions::counting_policy(std::string_view name) const {
  const auto found = std::find_if(policies_.begin(), policies_.end(), [&](const Policy& p) { return p.name == name && p.threshold; });
  return found == policies_.end() ? nullptr : &*found;
}

const Webhook* Definitions::find(std::string_view name) const {
  const auto found = std::find_if(webhooks_.begin(), webhooks_.end(), [&](const Webhook& w) { return w.name == name; });
  return found == webhooks_.end() ? nullptr : &*found;
}

}  // namespace hookline::engine
