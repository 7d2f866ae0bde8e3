#include "guard_table.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <optional>

#include "evaluate.h"

namespace hookline::rule {
namespace {

std::uint64_t hash_of(std::string_view text) {
  return std::hash<std::string_view>()(text);
}

}  // namespace

GuardTable::GuardTable(event::VariableId id, const event::Variable& variable)
    : id_(id),
      direct_(is_direct(variable.source, variable.reserved)),
      fails_when_absent_(variable.source == event::Variable::Source::path ||
                         variable.source == event::Variable::Source::header),
      reserved_(variable.reserved) {}

void GuardTable::add(std::uint32_t webhook, const std::vector<std::string>& any_of) {
  for (const std::string& text : any_of) {
    std::vector<std::uint32_t>& same = collected_[hash_of(text)];
    if (same.empty() || same.back() != webhook) same.push_back(webhook);
    longest_ = std::max(longest_, text.size());
  }
  if (fails_when_absent_) all_.push_back(webhook);
}

void GuardTable::finish() {
  slots_.assign(std::bit_ceil(2 * collected_.size() + 1), Slot{});
  for (const auto& [hash, webhooks] : collected_) {
    std::size_t at = hash & (slots_.size() - 1);
    while (slots_[at].count != 0)
      at = (at + 1) & (slots_.size() - 1);
    slots_[at] = {hash, webhooks.front(), static_cast<std::uint32_t>(webhooks.size())};
    if (webhooks.size() == 1) continue;
    slots_[at].first = static_cast<std::uint32_t>(webhooks_.size());
    webhooks_.insert(webhooks_.end(), webhooks.begin(), webhooks.end());
  }
  collected_.clear();
}

std::span<const std::uint32_t> GuardTable::find(const event::Event& event, Arena& arena) const {
  if (direct_) {
    const auto text = direct_text(event, reserved_);
    return text ? find(*text) : std::span<const std::uint32_t>();
  }
  const json::Value value = event.get(id_);
  if (value.kind == json::ValueKind::absent && fails_when_absent_) return all_;
  if (value.kind != json::ValueKind::string || value.raw.size() / 6 > longest_) return {};
  if (value.raw.find('\\') == std::string_view::npos) return find(value.raw);
  return find(json::unescape(value.raw, arena.text()));
}

std::span<const std::uint32_t> GuardTable::find(std::string_view text) const {
  if (text.size() > longest_) return {};
  const std::uint64_t hash = hash_of(text);
  for (std::size_t at = hash & (slots_.size() - 1); slots_[at].count != 0;
       at = (at + 1) & (slots_.size() - 1)) {
    const Slot& slot = slots_[at];
    if (slot.hash != hash) continue;
    return {slot.count == 1 ? &slot.first : webhooks_.data() + slot.first, slot.count};
  }
  return {};
}

}  // namespace hookline::rule
