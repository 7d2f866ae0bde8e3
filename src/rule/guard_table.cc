#include "guard_table.h"

#include <algorithm>
#include <optional>

#include "evaluate.h"

namespace hookline::rule {

GuardTable::GuardTable(event::VariableId id, const event::Variable& variable)
    : id_(id),
      direct_(is_direct(variable.source, variable.reserved)),
      fails_when_absent_(variable.source == event::Variable::Source::path ||
                         variable.source == event::Variable::Source::header),
      reserved_(variable.reserved) {}

void GuardTable::add(std::uint32_t webhook, const std::vector<std::string>& any_of) {
  for (const std::string& text : any_of) {
    by_text_[text].push_back(webhook);
    longest_ = std::max(longest_, text.size());
  }
  if (fails_when_absent_) all_.push_back(webhook);
}

const std::vector<std::uint32_t>* GuardTable::find(const event::Event& event, Arena& arena) const {
  std::optional<std::string_view> text;
  if (direct_) {
    text = direct_text(event, reserved_);
  } else {
    const json::Value value = event.get(id_);
    if (value.kind == json::ValueKind::absent && fails_when_absent_) return &all_;
    if (value.kind == json::ValueKind::string && value.raw.size() / 6 <= longest_) {
      text = value.raw;
      if (text->find('\\') != std::string_view::npos) text = json::unescape(value.raw, arena.text());
    }
  }
  if (!text || text->size() > longest_) return nullptr;
  const auto found = by_text_.find(*text);
  return found == by_text_.end() ? nullptr : &found->second;
}

}  // namespace hookline::rule
