#include "failure_mails.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "hookline/json/tree.h"

namespace hookline::engine {
namespace {

/// A count is published a little after the first dead letter that it counts.
constexpr auto counting_lag = std::chrono::seconds(10);

std::string dump(const json::Tree& tree) { return tree.dump(-1, ' ', false, json::Tree::error_handler_t::replace); }

/// What both kinds of records have: type, endpoint, time, count.
struct Common {
  json::Tree tree;
  std::string endpoint;
  core::WallTime at{};
  std::uint64_t count = 0;
};

core::Result<Common> parse_common(std::string_view value, std::string_view type) {
  const auto bad = core::fail(core::ErrorCode::invalid, "not " + std::string(type));
  auto tree = json::parse_tree(value);
  if (!tree || !tree->is_object() || tree->value("type", json::Tree()) != type) return bad;
  const auto endpoint = tree->value("endpoint", json::Tree()), at = tree->value("at", json::Tree()), count = tree->value("count", json::Tree());
  const auto time = at.is_string() ? core::parse_rfc3339(at.get_ref<const std::string&>()) : std::nullopt;
  if (!time || !endpoint.is_string() || !count.is_number_unsigned()) return bad;
  return Common{std::move(*tree), endpoint.get<std::string>(), *time, count.get<std::uint64_t>()};
}

std::string text_of(const json::Tree& tree, const char* name) {
  const auto found = tree.value(name, json::Tree());
  return found.is_string() ? found.get<std::string>() : std::string();
}

/// As a word of a shell.
std::string quoted(const std::string& text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::string_view("._-/:").find(c) != std::string_view::npos;
  });
  if (plain) return text;
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string plural(std::uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

}  // namespace

std::string value_of(const DeadLetters& letters) {
  json::Tree value{{"type", "dead_letters"},
                   {"at", core::format_rfc3339(letters.at)},
                   {"endpoint", letters.endpoint},
                   {"count", letters.count},
                   {"reason", letters.last.reason},
                   {"error", letters.last.error}};
  if (letters.last.status) value["status"] = *letters.last.status;
  return dump(value);
}

core::Result<DeadLetters> parse_dead_letters(std::string_view key, std::string_view value) {
  auto common = parse_common(value, "dead_letters");
  if (!common) return tl::unexpected(common.error());
  DeadLetters letters{std::string(key), common->endpoint, common->at, common->count,
                      {text_of(common->tree, "reason"), text_of(common->tree, "error"), std::nullopt}};
  const auto status = common->tree.value("status", json::Tree());
  if (status.is_number_unsigned()) letters.last.status = static_cast<int>(std::min<std::uint64_t>(status.get<std::uint64_t>(), 999));
  return letters;
}

std::string value_of(const MailSent& sent) {
  return dump({{"type", "mail_sent"}, {"at", core::format_rfc3339(sent.at)}, {"endpoint", sent.endpoint}, {"count", sent.count}});
}

core::Result<MailSent> parse_mail_sent(std::string_view key, std::string_view value) {
  const auto common = parse_common(value, "mail_sent");
  if (!common) return tl::unexpected(common.error());
  return MailSent{std::string(key), common->endpoint, common->at, common->count};
}

FailureMails::Entry& FailureMails::entry(const std::string& webhook, const std::string& endpoint, core::WallTime at) {
  Entry& found = entries_[{webhook, endpoint}];
  if (found.count == 0 && found.notes.empty()) found.since = at;
  return found;
}

void FailureMails::take(const DeadLetters& letters) {
  if (letters.count == 0) return;
  Entry& of = entry(letters.webhook, letters.endpoint, letters.at);
  of.count += letters.count;
  of.last = letters;
}

/// Counts that came while the mail was on its way are left for the next. Every mail tells the webhook's notes.
void FailureMails::take(const MailSent& sent) {
  Entry& of = entries_[{sent.webhook, sent.endpoint}];
  of.count -= std::min(of.count, sent.count);
  if (of.count > 0) of.since = sent.at;
  of.mailed = std::max(of.mailed.value_or(sent.at), sent.at);
  of.pause = {};
  Entry& whole = entries_[{sent.webhook, ""}];
  whole.notes.clear();
  whole.mailed = std::max(whole.mailed.value_or(sent.at), sent.at);
}

void FailureMails::put_off(const std::string& webhook, const std::string& endpoint, core::WallTime now) {
  constexpr std::chrono::milliseconds first = std::chrono::seconds(30), longest = std::chrono::minutes(15);
  const auto found = entries_.find({webhook, endpoint});
  if (found == entries_.end()) return;
  found->second.pause = std::clamp(found->second.pause * 2, first, longest);
  found->second.not_before = now + found->second.pause;
}

void FailureMails::note(const std::string& webhook, std::string what, core::WallTime at) {
  auto& notes = entry(webhook, "", at).notes;
  if (notes.size() < most_notes) notes.push_back(std::move(what));
}

/// Has any endpoint of the webhook dead letters that no mail has told of? The notes go with that mail then.
bool FailureMails::has_failed(const std::string& webhook) const {
  for (auto found = entries_.lower_bound({webhook, ""}); found != entries_.end() && found->first.first == webhook; ++found) {
    if (found->second.count > 0) return true;
  }
  return false;
}

std::optional<DueMail> FailureMails::due(core::WallTime now, const Listing& listing) {
  std::erase_if(entries_, [&](const auto& entry) { return !listing.contains({state::Sort::webhook, entry.first.first}); });
  const std::pair<const std::pair<std::string, std::string>, Entry>* oldest = nullptr;
  for (const auto& found : entries_) {
    const auto& [name, of] = found;
    if (of.count == 0 && (of.notes.empty() || has_failed(name.first))) continue;
    if (listing.at({state::Sort::webhook, name.first}).failure_email.empty()) continue;
    if (now < of.not_before || now - of.since < first_wait || (of.mailed && now - *of.mailed < between)) continue;
    if (oldest == nullptr || of.since < oldest->second.since) oldest = &found;
  }
  if (oldest == nullptr) return std::nullopt;
  const auto& [name, of] = *oldest;
  const auto whole = entries_.find({name.first, ""});
  return DueMail{name.first, name.second, listing.at({state::Sort::webhook, name.first}).failure_email, of.since, of.count, of.last,
                 whole == entries_.end() ? std::vector<std::string>() : whole->second.notes};
}

deliver::Mail mail_of(const DueMail& due, const config::Settings& settings) {
  deliver::Mail mail{.to = due.to, .subject = {}, .text = {}};
  const auto since = due.since - counting_lag;
  const auto name = due.endpoint.empty() ? due.webhook : due.webhook + "/" + due.endpoint;
  std::string& text = mail.text;
  text += fmt::format("Webhook:   {}\n", due.webhook);
  if (!due.endpoint.empty()) text += fmt::format("Endpoint:  {}\n", due.endpoint);
  for (const auto& note : due.notes) text += fmt::format("The webhook {}\n", note);
  if (due.count > 0) {
    mail.subject = fmt::format("Hookline: {} of {} failed", plural(due.count, "delivery", "deliveries"), name);
    text += fmt::format("Failed:    {} since {}\n", plural(due.count, "delivery", "deliveries"), core::format_rfc3339(since));
    if (due.last) {
      const auto& last = due.last->last;
      text += fmt::format("Last:      {} ({}), counted at {}\n", last.error, last.reason, core::format_rfc3339(due.last->at));
      if (last.status) text += fmt::format("Answer:    HTTP {}\n", *last.status);
    }
  } else {
    mail.subject = fmt::format("Hookline: webhook {} {}", due.webhook, due.notes.empty() ? "" : due.notes.back());
  }
  mail.subject = mail.subject.substr(0, 200);
  text += fmt::format("Group:     {}\n", settings.group_id());
  std::error_code unknown;
  const auto file = std::filesystem::absolute(settings.file, unknown).lexically_normal().string();
  const auto command = [&](std::string_view what) {
    return fmt::format("  hookline dead-letters {} --config {} --webhook {} --since {}\n", what, quoted(unknown ? settings.file : file),
                       quoted(due.webhook), core::format_rfc3339(since));
  };
  text += fmt::format("\nWhat could not be delivered stands on the topic {} with its events. To look at it:\n\n{}\n"
                      "To deliver it again, once the receiver works:\n\n{}\n"
                      "There is at most one such mail per endpoint and hour; the next one counts what has failed since.\n",
                      settings.topics[config::OwnTopic::dead_letters], command("list"), command("replay"));
  return mail;
}

}  // namespace hookline::engine
