// What the workers work by: every webhook compiled (filter, templates, route), and the index that
// finds the webhooks of an event. One revision is immutable and shared by all threads; a change of
// the configuration makes a new one. Compiling is also what `validate` checks beyond the YAML.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hookline/config/load.h"
#include "hookline/deliver/capture.h"
#include "hookline/deliver/request.h"
#include "hookline/event/names.h"
#include "hookline/event/reader.h"
#include "hookline/render/template.h"
#include "hookline/rule/expression.h"
#include "hookline/rule/index.h"
#include "hookline/settle/policy_note.h"

namespace hookline::engine {

/// A text that is either always the same or rendered per attempt.
struct Rendered {
  std::string constant;
  std::optional<render::Template> program;  ///< nullopt: `constant` is all
};

struct HeaderLine {
  std::string name;
  Rendered value;
  bool secret = false;  ///< shown as *** wherever a person looks
};

struct Endpoint {
  std::string name;
  config::Method method = config::Method::post;
  Rendered url;
  bool secret_url = false;  ///< only scheme and host may be shown
  std::string host;         ///< of the URL, in lower case
  std::shared_ptr<const deliver::Route> route;
};

/// Whether a webhook gets events.
enum class Switch : std::uint8_t {
  on,
  off,      ///< by a person: known, rendered and tested, but not matched
  tripped,  ///< by disable_after: matched, and its deliveries become dead letters without an attempt
};
/// "on", "off", "tripped".
std::string_view name(Switch position);

/// How a webhook's deliveries are joined with those of another, by a value of their events.
struct Correlated {
  event::VariableId key = 0;   ///< in the webhook's reader: that value
  std::string creator;         ///< the webhook that creates the items: itself, or `from`
  bool creates = false;
  bool needs_id = false;       ///< something of an update uses correlationId and has no default for it
  bool create_on_404 = false;  ///< updates: one whose item is gone goes as a create
  core::Duration wait{};       ///< updates: for a create that has not come
  std::optional<core::Duration> expires;            ///< creates: nullopt, never
  std::shared_ptr<const deliver::Capture> capture;  ///< creates: the id in the answer
};

/// The value of the event that joins creates and updates, a text or a number; nullopt: it has none. `event` was read by
/// the webhook's reader.
std::optional<std::string> correlation_value(const Correlated& correlated, const event::Event& event);

struct Webhook {
  std::string name;
  std::vector<rule::Expression> fields;      ///< computed names, in the order of the webhook
  std::vector<HeaderLine> headers;           ///< Content-Type and User-Agent included
  std::optional<render::Template> payload;   ///< nullopt: the event's own bytes are the body
  std::optional<event::Reader> reader;       ///< of what fields and templates read
  std::vector<Endpoint> endpoints;
  std::vector<std::string> signing_keys;     ///< key bytes, newest first as configured
  config::EventFormatting formatting = config::EventFormatting::none;
  config::BodyFormat format = config::BodyFormat::object;
  config::Batch batch;
  config::Retry retry;
  std::uint32_t concurrency = 64;
  std::optional<double> rate_limit;          ///< requests per second of the whole process
  std::vector<std::string> events;           ///< patterns, for people; with `trigger: policy` none
  config::Trigger trigger = config::Trigger::event;
  std::string filter;                        ///< source text, for people; empty: none
  Switch position = Switch::on;
  bool ordered = false;                      ///< its deliveries go through the ordered topic
  std::optional<Correlated> correlation;
};

struct Policy {
  std::string name;
  /// What a delivery says of it, shared by all of them; without count and window for one that counts.
  std::shared_ptr<const settle::PolicyNote> note;
  std::vector<std::uint32_t> notify;         ///< positions in Definitions::matchable()
  std::vector<std::string> on;               ///< patterns, for people
  config::SourceMatch source;                ///< likewise
  std::string criteria;                      ///< likewise; empty: none
  std::optional<config::Threshold> threshold;
  std::optional<event::VariableId> per;      ///< of the threshold, within the index's reader
};

class Definitions {
 public:
  /// Compiles every webhook of `configuration`. Faults and warnings are appended to `problems`; a
  /// webhook with a fault is left out, so check has_errors() before use.
  /// `switches` count more than what the webhooks say.
  static std::shared_ptr<const Definitions> compile(const config::Configuration& configuration,
                                                    config::Problems& problems,
                                                    const std::map<std::string, Switch>& switches = {});

  const std::vector<Webhook>& webhooks() const { return webhooks_; }
  /// nullptr: no webhook of that name.
  const Webhook* find(std::string_view name) const;

  /// Answers with positions in `matchable()`.
  const rule::Index& index() const { return *index_; }
  /// Those that are enabled, by name; positions are those of the index.
  const std::vector<Policy>& policies() const { return policies_; }

  /// Positions in webhooks() of those that the index knows: not switched off.
  const std::vector<std::uint32_t>& matchable() const { return matchable_; }
  /// The webhook that a position of the index means.
  const Webhook& matched(std::uint32_t position) const { return webhooks_[matchable_[position]]; }

  /// The attribute `time` within the index's reader; nullopt if no maximal age is configured.
  std::optional<event::VariableId> time_variable() const { return time_variable_; }
  /// The longest window of a threshold; zero: no policy has one.
  core::Duration longest_window() const;
  /// nullptr: no policy with a threshold is named so.
  const Policy* counting_policy(std::string_view name) const;
  const event::AttributeTable& attributes() const { return attributes_; }
  /// Counts the revisions of this process.
  std::uint64_t revision() const { return revision_; }

 private:
  Definitions() = default;
  std::vector<rule::Notification> compile_policies(const config::Configuration& configuration, event::Variables& variables,
                                                   config::Problems& problems);

  event::AttributeTable attributes_;
  std::vector<Webhook> webhooks_;
  std::vector<std::uint32_t> matchable_;
  std::vector<Policy> policies_;
  std::optional<rule::Index> index_;
  std::optional<event::VariableId> time_variable_;
  std::uint64_t revision_ = 0;
};

}  // namespace hookline::engine
