#include "replay_items.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "hookline/kafka/properties.h"
#include "hookline/state/correlation.h"

namespace hookline::engine {
namespace {

using namespace std::chrono_literals;

constexpr core::Duration poll_every = 100ms;
constexpr core::Duration read_patience = 10s;  // without a record

bool is_create(const Webhook& webhook) { return webhook.correlation && webhook.correlation->creates; }

}  // namespace

bool ReplayItems::creates(std::string_view name) const {
  const auto& definitions = *ground_.definitions;
  if (name.empty()) return std::any_of(definitions.webhooks().begin(), definitions.webhooks().end(), is_create);
  const auto* webhook = definitions.find(name);
  return webhook && is_create(*webhook);
}

core::Result<std::optional<ExistingItem>> ReplayItems::item_of(const Reentry& reentry, const kafka::OwnedRecord& original) {
  const auto* webhook = ground_.definitions->find(reentry.webhook);
  if (!webhook || !is_create(*webhook)) return std::optional<ExistingItem>();
  std::vector<event::Header> headers;
  const auto view = view_of(original, headers);
  const auto event = webhook->reader->read(view, reentry.kind, scratch_);
  const auto value = event ? correlation_value(*webhook->correlation, *event) : std::nullopt;
  if (!value) return std::optional<ExistingItem>();
  if (auto followed = follow(); !followed) return tl::unexpected(followed.error());
  const auto& creator = webhook->correlation->creator;
  const auto* item = table_.find(state::correlation_key(creator, *value), core::read_clock().wall);
  if (!item) return std::optional<ExistingItem>();
  return std::optional(ExistingItem{creator, *value, item->id});
}

core::Result<void> ReplayItems::follow() {
  const auto take = [&](kafka::OwnedRecord&& record) {
    if (record.key && !record.key->starts_with(state::progress_prefix)) table_.apply({record.partition, place_++, std::move(*record.key), std::move(record.value)});
  };
  if (!read_) {
    const auto& topic = ground_.settings.topics[config::OwnTopic::correlations];
    auto opened = kafka::Follower::open(kafka::client_properties(ground_.settings), topic, std::nullopt);
    if (!opened && opened.error().code != core::ErrorCode::not_found) return tl::unexpected(opened.error());
    if (opened) follower_ = std::move(*opened);
    auto last = core::read_clock().mono;
    while (follower_ && !follower_->caught_up()) {
      const auto before = place_;
      if (auto polled = follower_->poll(poll_every, take); !polled) return polled;
      const auto now = core::read_clock().mono;
      if (place_ != before) last = now;
      if (now - last > read_patience) return core::fail(core::ErrorCode::timeout, "nothing comes from Kafka any more; is it up?");
    }
    read_ = true;
  }
  const auto now = core::read_clock().mono;
  if (!follower_ || now < next_poll_) return {};
  next_poll_ = now + poll_every;
  if (!follower_->poll({}, take)) follower_.reset();  // workers look again anyway
  return {};
}

}  // namespace hookline::engine
