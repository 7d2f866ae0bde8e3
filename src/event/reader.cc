#include "hookline/event/reader.h"

#include <fmt/format.h>

#include "headers.h"
#include "hookline/core/crypto.h"
#include "hookline/json/write.h"
#include "layout.h"
#include "scratch.h"
#include "type_name.h"

namespace hookline::event {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
/// Confluent's wire format: a zero byte and four bytes of schema id before the payload.
constexpr std::size_t schema_prefix = 5;
constexpr std::string_view type_header = "ce_type";

tl::unexpected<core::Error> refuse(std::string message) {
  return core::fail(core::ErrorCode::invalid, std::move(message));
}

/// The JSON text of a record's value. No JSON text begins with NUL, so there is no mistaking the prefix.
std::string_view payload(std::string_view value) {
  if (value.size() > schema_prefix && value[0] == '\0') value.remove_prefix(schema_prefix);
  if (value.substr(0, byte_order_mark.size()) == byte_order_mark) value.remove_prefix(byte_order_mark.size());
  return value;
}

/// One record on its way to an Event.
class Reading {
 public:
  Reading(const KindLayout& layout, Scratch::State& state) : layout_(layout), state_(state) {}

  core::Result<void> run(const RecordView& record, Kind kind) {
    if (!record.value) return refuse("no value: the record is a tombstone");
    state_.start(layout_.plans.size());
    if (auto scanned = scan(payload(*record.value)); !scanned) return scanned;
    if (const auto* header = find_header(record.headers, type_header); header && header->value) {
      if (!json::is_utf8(*header->value)) return refuse("no type: the header ce_type is not UTF-8");
      type_ = normalise_type(*header->value, state_.type_name);
    } else if (is_envelope()) {
      take_type(slot(layout_.envelope_type));
      if (auto unwrapped = unwrap(); !unwrapped) return unwrapped;
    }
    for (const auto id : layout_.type) {
      if (!type_.empty()) break;
      take_type(slot(id));
    }
    if (type_.empty() && kind == Kind::alarm) type_ = "notification";
    if (type_.empty()) return refuse("no type: none of the event's type fields holds a text");
    return {};
  }

  std::string_view type() const { return type_; }
  std::string_view document() const { return slot(layout_.document).raw; }

 private:
  const json::Value& slot(json::SlotId id) const { return state_.slots[id]; }

  core::Result<void> scan(std::string_view text) {
    return state_.scanner.scan(text, layout_.paths, state_.slots);
  }

  void take_type(const json::Value& value) {
    if (!value.is_text()) return;
    type_ = normalise_type(json::unescape(value.raw, state_.type_text), state_.type_name);
  }

  /// A CloudEvent in structured mode?
  bool is_envelope() const {
    return slot(layout_.specversion).is_text() && slot(layout_.envelope_type).is_text();
  }

  /// Goes on with the envelope's data. Without data, the envelope stays the document.
  core::Result<void> unwrap() {
    const json::Value data = slot(layout_.data);
    const json::Value base64 = slot(layout_.data_base64);
    if (data.kind == json::ValueKind::object || data.kind == json::ValueKind::array) return inner(data.raw);
    if (data && data.kind != json::ValueKind::null) return refuse("CloudEvents data is not a JSON object");
    if (!base64.is_text()) return {};
    std::string buffer;
    auto bytes = core::from_base64(json::unescape(base64.raw, buffer));
    if (!bytes) return refuse("CloudEvents data_base64 is not base64");
    state_.decoded = std::move(*bytes);
    return inner(payload(state_.decoded));
  }

  core::Result<void> inner(std::string_view text) {
    auto scanned = scan(text);
    if (!scanned) return refuse(fmt::format("CloudEvents data: {}", scanned.error().message));
    return scanned;
  }

  const KindLayout& layout_;
  Scratch::State& state_;
  std::string_view type_;
};

}  // namespace

Scratch::State::State() {
  for (const char* name : {"slug", "short_name", "name"})
    name_paths.want(json::Path{{name}});
}

void Scratch::State::start(std::size_t variables) {
  if (resolved.size() < variables) resolved.resize(variables);
  if (++round == 0) {  // wrapped around: old answers would look like new ones
    for (auto& old : resolved)
      old.round = 0;
    round = 1;
  }
}

Scratch::Scratch() : state_(std::make_unique<State>()) {}
Scratch::~Scratch() = default;
Scratch::Scratch(Scratch&&) noexcept = default;
Scratch& Scratch::operator=(Scratch&&) noexcept = default;

Reader::Reader(const Variables& variables) : layout_(std::make_unique<const Layout>(variables)) {}
Reader::~Reader() = default;
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;

core::Result<Event> Reader::read(const RecordView& record, Kind kind, Scratch& scratch) const {
  Reading reading(layout_->of(kind), scratch.state());
  if (auto done = reading.run(record, kind); !done) return tl::unexpected(done.error());
  Event event;
  event.kind_ = kind;
  event.type_ = reading.type();
  event.document_ = reading.document();
  event.record_ = &record;
  event.reader_ = this;
  event.state_ = &scratch.state();
  return event;
}

core::Result<void> validate(const Event& event, Scratch& scratch) {
  return scratch.state().scanner.validate(event.document());
}

}  // namespace hookline::event
