#include "hookline/rule/source.h"

#include <algorithm>

namespace hookline::rule {

Source::Source(const config::SourceMatch& match, event::Variables& variables) {
  using Of = config::SourceMatch::Of;
  if (match.of == Of::any) return;
  const char* const attribute = match.of == Of::host ? "host" : match.of == Of::site ? "site" : "source_ip";
  variable_ = variables.want(json::Path{{attribute}});
  for (const auto& value : match.values) {
    if (match.of == Of::ip) {
      if (const auto address = parse_address(value)) addresses_.insert(*address);
    } else if (match.of == Of::ip_range) {
      if (const auto network = Cidr::parse(value)) networks_.push_back(*network);
      if (const auto address = parse_address(value)) addresses_.insert(*address);
    } else {
      texts_.insert(value);
    }
  }
  if (texts_.empty()) return;
  guard_ = Expression::Guard{*variable_, std::vector<std::string>(texts_.begin(), texts_.end())};
}

bool Source::holds(const event::Event& event, Arena& arena) const {
  if (!variable_) return true;
  const json::Value value = event.get(*variable_);
  if (!value.is_text()) return false;
  const auto text = value.raw.find('\\') == std::string_view::npos ? value.raw : json::unescape(value.raw, arena.text());
  if (!texts_.empty()) return texts_.contains(text);
  const auto address = parse_address(text);
  if (!address) return false;
  return addresses_.contains(*address) ||
         std::any_of(networks_.begin(), networks_.end(), [&](const Cidr& network) { return network.contains(*address); });
}

}  // namespace hookline::rule
