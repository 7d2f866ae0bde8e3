#include "summary.h"

#include <algorithm>
#include <array>
#include <span>
#include <unordered_map>

#include "escape.h"
#include "hookline/event/catalogue.h"
#include "hookline/json/path.h"
#include "hookline/json/write.h"

namespace hookline::render {
namespace {

using json::ValueKind;

/// How a fact is written.
enum class Form : std::uint8_t { text, time, link };

/// One line of a summary: what it is called, and the names that it is read from, the first that
/// holds something counts.
struct Fact {
  std::string_view label;
  std::string_view name;
  std::string_view or_name = {};
  Form form = Form::text;
};

/// In the order in which a person on call wants them. An event shows those that it has.
constexpr std::array facts{
    Fact{"Severity", "severity"},
    Fact{"Status", "status", "details.hit.block_status"},
    Fact{"Incident", "data.incident.message"},
    Fact{"Service", "service_name", "service"},
    Fact{"Alert source", "alert_source"},
    Fact{"Assigned to", "assigned_to.name", "data.resource_data.assigned_to.name"},
    Fact{"Host", "host"},
    Fact{"Site", "site"},
    Fact{"Source IP", "source_ip"},
    Fact{"Destination IP", "destIp"},
    Fact{"Attack", "details.hit.type", "details.trigger_name"},
    Fact{"Method", "details.hit.method"},
    Fact{"Path", "details.hit.path"},
    Fact{"Vulnerability", "details.vuln.title", "details.issue.title"},
    Fact{"Threshold", "details.threshold"},
    Fact{"Application", "details.application"},
    Fact{"Reason", "details.reason", "reason"},
    Fact{"Blocked until", "details.expire_at"},
    Fact{"Check", "checkResults.0.definition"},
    Fact{"Outcome", "checkResults.0.outcome"},
    Fact{"Dataset", "checkResults.0.datasets.0.label", "contract.dataset"},
    Fact{"Rule", "ruleName"},
    Fact{"Investigation", "investigation"},
    Fact{"Impact", "impact"},
    Fact{"User", "user"},
    Fact{"Webhook", "document.webhook"},
    Fact{"Time", "time", {}, Form::time},
    Fact{"Link", "url", "data.resource_data.url", Form::link},
    Fact{"Details", "incident.sodaCloudUrl", "checkResults.0.sodaCloudUrl", Form::link},
};

/// Metadata of detections and detection groups. Fields of the document alone: these two have one shape.
constexpr std::array jira_facts{
    Fact{"Severity", "document.severity"},
    Fact{"Status", "document.status"},
    Fact{"Source", "document.source"},
    Fact{"Impact", "document.impact"},
    Fact{"Investigation", "document.investigation"},
    Fact{"Investigation id", "document.investigation_id"},
    Fact{"Finding", "document.finding_id"},
    Fact{"Detection group", "document.group_id"},
    Fact{"Detections", "document.detection_count"},
    Fact{"MITRE ATT&CK", "document.mitre"},
    Fact{"Resource", "document.resource_data.0.resource_id", "document.resource_data.0.full_resource_id"},
    Fact{"Created", "document.created_datetime", {}, Form::time},
    Fact{"Updated", "document.updated_datetime", {}, Form::time},
};

/// Jira's head: name, description and message of the detection, each said once.
constexpr std::array<std::string_view, 4> jira_head{"document.name", "document.description", "message",
                                                    "document.id"};

event::VariableId want(std::string_view name, event::Variables& variables) {
  return variables.want(json::parse_path(name).value());
}

template <std::size_t n>
void want_facts(const std::array<Fact, n>& table, event::Variables& variables,
                std::vector<event::VariableId>& ids) {
  for (const Fact& fact : table) {
    ids.push_back(want(fact.name, variables));
    ids.push_back(fact.or_name.empty() ? ids.back() : want(fact.or_name, variables));
  }
}

bool holds_something(const json::Value& value) {
  switch (value.kind) {
    case ValueKind::absent:
    case ValueKind::null:
      return false;
    case ValueKind::string:
      return !value.raw.empty();
    case ValueKind::object:
    case ValueKind::array:
      return value.raw.substr(1, value.raw.size() - 2).find_first_not_of(" \t\r\n") != std::string_view::npos;
    case ValueKind::boolean:
    case ValueKind::number:
      return true;
  }
  return false;
}

/// `["EDR", "SIEM"]` as `EDR, SIEM`; a list that holds more than texts and numbers as compact JSON.
void append_list(std::string_view raw, std::string& out) {
  const std::size_t begin = out.size();
  std::string_view rest = raw.substr(1, raw.size() - 2);
  const auto skip = [&] { rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n"), rest.size())); };
  for (skip(); !rest.empty(); skip()) {
    if (rest[0] == '{' || rest[0] == '[') {
      out.resize(begin);
      json::append_compact(raw, out);
      return;
    }
    if (rest[0] == ',') {
      out += ", ";
      rest.remove_prefix(1);
      continue;
    }
    std::size_t size = 1;
    if (rest[0] == '"') {
      while (size < rest.size() && rest[size] != '"')
        size += rest[size] == '\\' ? 2 : 1;
      json::append_unescaped(rest.substr(1, size - 1), out);
      ++size;
    } else {
      size = std::min(rest.find_first_of(", \t\r\n"), rest.size());
      out += rest.substr(0, size);
    }
    rest.remove_prefix(std::min(size, rest.size()));
  }
}

std::string fact_text(const Fact& fact, const json::Value& value, core::WallTime record_time) {
  std::string text;
  if (fact.form == Form::time && (value.is_text() || value.kind == ValueKind::number)) {
    return core::format_rfc3339(event::event_time(value, record_time));
  }
  if (value.kind == ValueKind::array) {
    append_list(value.raw, text);
  } else {
    append_plain(value, text);
  }
  return text;
}

bool is_web_link(std::string_view text) {
  return text.starts_with("https://") || text.starts_with("http://");
}

/// What a link's target may not hold in any of the markups, percent-encoded.
std::string link_target(std::string_view url) {
  std::string out;
  for (std::size_t i = 0; i < url.size(); ++i) {
    const bool breaks = static_cast<unsigned char>(url[i]) <= 0x20 ||
                        std::string_view("<>()[]|\\\"'`").find(url[i]) != std::string_view::npos;
    if (breaks) {
      append_percent_encoded(url.substr(i, 1), out);
    } else {
      out += url[i];
    }
  }
  return out;
}

/// How one markup writes the parts of a summary.
struct Spelling {
  config::TextEscape escape;
  std::string_view title_open, title_close;
  std::string_view paragraph_open, paragraph_close, between_paragraphs;
  std::string_view list_open, list_close, before_list;
  std::string_view fact_open, fact_label_close, fact_close, between_facts;
};

constexpr Spelling spellings[] = {
    // text
    {config::TextEscape::none, "", "", "", "", "\n", "", "", "\n", "", ": ", "", "\n"},
    // markdown
    {config::TextEscape::markdown, "**", "**", "", "", "\n\n", "", "", "\n\n", "- **", ":** ", "", "\n"},
    // slack
    {config::TextEscape::slack, "*", "*", "", "", "\n", "", "", "\n", "• *", ":* ", "", "\n"},
    // html
    {config::TextEscape::html, "<strong>", "</strong>", "<p>", "</p>", "", "<ul>", "</ul>", "",
     "<li><strong>", ":</strong> ", "</li>", ""},
};

/// Writes a summary in one of the markups.
class Writer {
 public:
  Writer(Markup markup, std::string& out)
      : markup_(markup),
        spelling_(spellings[static_cast<std::size_t>(markup)]),
        begin_(out.size()),
        out_(out) {}

  void title(std::string_view text) {
    if (text.empty()) return;
    open_paragraph();
    out_ += spelling_.title_open;
    escaped(text);
    out_ += spelling_.title_close;
    out_ += spelling_.paragraph_close;
  }

  void paragraph(std::string_view text) {
    if (text.empty()) return;
    open_paragraph();
    escaped(text);
    out_ += spelling_.paragraph_close;
  }

  void fact(std::string_view label, std::string_view text, Form form) {
    if (!in_list_) {
      if (out_.size() > begin_) out_ += spelling_.before_list;
      out_ += spelling_.list_open;
      in_list_ = true;
    } else {
      out_ += spelling_.between_facts;
    }
    out_ += spelling_.fact_open;
    escaped(label);
    out_ += spelling_.fact_label_close;
    value(text, form);
    out_ += spelling_.fact_close;
  }

  void end() {
    if (in_list_) out_ += spelling_.list_close;
  }

 private:
  void open_paragraph() {
    if (out_.size() > begin_) out_ += spelling_.between_paragraphs;
    out_ += spelling_.paragraph_open;
  }

  void escaped(std::string_view text) {
    if (markup_ != Markup::html) return append_for_receiver(text, spelling_.escape, 0, out_);
    // Line by line: an event may hold nothing but line breaks, a megabyte of them.
    for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
      append_for_receiver(text.substr(0, end), spelling_.escape, 0, out_);
      out_ += "<br>";
      text.remove_prefix(end + 1);
    }
    append_for_receiver(text, spelling_.escape, 0, out_);
  }

  void value(std::string_view text, Form form) {
    if (form != Form::link || markup_ == Markup::text || !is_web_link(text)) return escaped(text);
    const std::string target = link_target(text);
    switch (markup_) {
      case Markup::text:
        return;
      case Markup::markdown:
        out_ += '[';
        escaped(text);
        out_ += "](" + target + ')';
        return;
      case Markup::slack:
        out_ += '<';
        escaped(target);
        out_ += '>';
        return;
      case Markup::html:
        out_ += "<a href=\"";
        escaped(target);
        out_ += "\">";
        escaped(text);
        out_ += "</a>";
        return;
    }
  }

  Markup markup_;
  const Spelling& spelling_;
  std::size_t begin_;
  std::string& out_;
  bool in_list_ = false;
};

template <std::size_t n>
void write_facts(const std::array<Fact, n>& table, std::span<const event::VariableId> ids,
                 const event::Event& event, Writer& writer) {
  for (std::size_t row = 0; row < n; ++row) {
    json::Value value = event.get(ids[2 * row]);
    if (!holds_something(value)) value = event.get(ids[2 * row + 1]);
    if (!holds_something(value)) continue;
    writer.fact(table[row].label, fact_text(table[row], value, event.record().timestamp), table[row].form);
  }
}

}  // namespace

void GeneratedReads::want_event(event::Variables& variables) {
  if (event) return;
  event.emplace();
  event->message = want("message", variables);
  event->document = want("document", variables);
  for (const auto name : jira_head)
    event->jira.push_back(want(name, variables));
  want_facts(jira_facts, variables, event->jira);
}

void GeneratedReads::want_summary(event::Variables& variables) {
  if (summary) return;
  summary.emplace();
  summary->title = want("title", variables);
  summary->message = want("message", variables);
  summary->description = want("document.description", variables);
  summary->or_description = want("data.resource_data.description", variables);
  want_facts(facts, variables, summary->facts);
}

std::string_view title_of(const event::Event& event, std::string& buffer) {
  // Asked for in nearly every rendering: a hash instead of a walk through the catalogue.
  static const auto titles = [] {
    std::unordered_map<std::string_view, std::string_view> table;
    for (const auto& type : event::catalogue())
      table.emplace(type.name, type.title);
    return table;
  }();
  if (const auto known = titles.find(event.type()); known != titles.end()) return known->second;
  buffer = event::title_of(event.type());
  return buffer;
}

void append_plain(const json::Value& value, std::string& out) {
  switch (value.kind) {
    case ValueKind::absent:
    case ValueKind::null:
      return;
    case ValueKind::string:
      json::append_unescaped(value.raw, out);
      return;
    case ValueKind::object:
    case ValueKind::array:
      json::append_compact(value.raw, out);
      return;
    case ValueKind::boolean:
    case ValueKind::number:
      out += value.raw;
      return;
  }
}

void append_summary(const GeneratedReads::Summary& reads, const Scope& scope, Markup markup,
                    std::string& out) {
  const event::Event& event = *scope.event;
  Writer writer(markup, out);
  std::string buffer, headline, message, description;
  writer.title(title_of(event, buffer));
  append_plain(event.get(reads.title), headline);
  append_plain(event.get(reads.message), message);
  append_plain(event.get(reads.description), description);
  if (description.empty()) append_plain(event.get(reads.or_description), description);
  if (headline != message) writer.paragraph(headline);
  writer.paragraph(message);
  if (description != message && description != headline) writer.paragraph(description);
  write_facts(facts, reads.facts, event, writer);
  writer.end();
}

void append_jira_description(const GeneratedReads::Event& reads, const Scope& scope, std::string& out) {
  const event::Event& event = *scope.event;
  Writer writer(Markup::markdown, out);
  std::string name, description, message, id;
  append_plain(event.get(reads.jira[0]), name);
  append_plain(event.get(reads.jira[1]), description);
  append_plain(event.get(reads.jira[2]), message);
  append_plain(event.get(reads.jira[3]), id);
  writer.title(name);
  if (description != name) writer.paragraph(description);
  if (message != description && message != name) writer.paragraph(message);
  const bool group = event.type().starts_with("detection_group");
  if (!id.empty()) writer.fact(group ? "Detection group" : "Detection", id, Form::text);
  write_facts(jira_facts, std::span(reads.jira).subspan(jira_head.size()), event, writer);
  writer.end();
}

}  // namespace hookline::render
