// Expressions of any bytes, compiled and evaluated on one event; behind a line that holds only "--"
// the input may bring an event of its own.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "hookline/event/reader.h"
#include "hookline/rule/expression.h"

namespace {

using namespace hookline;

constexpr std::string_view event_text =
    R"({"event_type":"incident_triggered","service":{"slug":"pay","name":"Pay \"1\""},"severity":"HIGH",)"
    R"("a":{"b":[1,2.5,-3,1e400,{"c":"\u0041"}],"n":null,"t":true},"s":"10.2.0.9","l":["x","y",["z"]],"i":1})";

void run(const rule::Expression& expression, const event::Variables& variables, std::string_view json) {
  const event::Reader reader(variables);
  event::Scratch scratch;
  event::RecordView record;
  record.topic = "t";
  record.value = json;
  const auto event = reader.read(record, event::Kind::incident, scratch);
  if (!event) return;
  rule::Arena arena;
  const rule::Outcome outcome = expression.evaluate(*event, arena);
  const auto* verdict = outcome ? std::get_if<bool>(&outcome->data) : nullptr;
  if (expression.matches(*event, arena) != (verdict != nullptr && *verdict)) std::abort();
  if (outcome && event::validate(*event, scratch)) {
    std::string text;
    rule::append_json(*outcome, text);
    rule::append_text(*outcome, text);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string_view json = event_text;
  if (const std::size_t line = text.find("\n--\n"); line != std::string_view::npos) {
    json = text.substr(line + 4);
    text = text.substr(0, line);
  }
  static const event::AttributeTable table;
  event::Variables variables(table);
  const auto expression = rule::Expression::compile(text, variables);
  if (!expression) {
    const core::Fault& fault = expression.error();
    if (fault.what.empty() || fault.length == 0 || fault.at > text.size()) std::abort();
    return 0;
  }
  run(*expression, variables, json);
  expression->guards();
  return 0;
}
