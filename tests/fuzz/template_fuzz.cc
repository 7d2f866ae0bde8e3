// Any template on any event: it compiles or tells a fault within its text, and what it renders is
// JSON, a URL of the same host, or one header line. Input: one byte of choices, the template, a NUL,
// the event.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "hookline/json/tree.h"
#include "hookline/render/template.h"

namespace {

using namespace hookline;

void require(bool holds) {
  if (!holds) std::abort();
}

void check(render::Context context, std::string_view text, const std::string& rendered) {
  switch (context) {
    case render::Context::json_body:
      require(json::Tree::accept(rendered));
      return;
    case render::Context::url: {
      // What stands before the path is the template's own, byte for byte.
      const std::size_t scheme = text.find("://") + 3;
      const std::size_t host = std::min(text.find_first_of("/?#", scheme), text.size());
      require(rendered.substr(0, host) == text.substr(0, host));
      require(rendered.size() == host ||
              std::string_view("/?#").find(rendered[host]) != std::string_view::npos);
      for (const char c : rendered)
        require(static_cast<unsigned char>(c) > 0x20 && c != 0x7F);
      return;
    }
    case render::Context::header:
      for (const char c : rendered)
        require(c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F));
      return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::uint8_t choices = data[0];
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t middle = std::min(input.find('\0'), input.size());
  const std::string_view text = input.substr(0, middle);
  const std::string value(input.substr(std::min(middle + 1, input.size())));
  const auto context = static_cast<render::Context>(choices % 3);

  static const event::AttributeTable attributes;
  event::Variables variables(attributes);
  std::vector<core::Fault> warnings;
  const render::Options options{.escape = static_cast<config::TextEscape>(choices / 3 % 4),
                                .max_text = choices & 0x80 ? 10U : 0U};
  const auto compiled = render::Template::compile(text, context, {}, variables, warnings, options);
  for (const auto& warning : warnings)
    require(warning.at + warning.length <= text.size());
  if (!compiled) {
    require(compiled.error().at <= text.size() && compiled.error().length > 0 &&
            !compiled.error().what.empty());
    return 0;
  }

  const event::Reader reader(variables);
  event::Scratch scratch;
  const event::RecordView record{.topic = "fuzz",
                                 .partition = 0,
                                 .offset = 0,
                                 .timestamp = {},
                                 .key = "key",
                                 .value = value,
                                 .headers = {},
                                 .padded = false};
  const auto event = reader.read(record, event::Kind::incident, scratch);
  // A half of a surrogate pair is JSON's grammar, but the library that judges here refuses it.
  if (!event || !event::validate(*event, scratch) || !json::Tree::accept(value)) return 0;
  const render::Scope scope{.event = &*event,
                            .fields = {},
                            .webhook = "w\"\\",
                            .delivery_id = "msg_1",
                            .attempt = 1,
                            .now = {},
                            .formatting = static_cast<config::EventFormatting>(choices / 16 % 4),
                            .test_message = (choices & 0x40) != 0,
                            .correlation_id = "a/../b\"",
                            .policy = std::nullopt,
                            .count = std::nullopt,
                            .window = std::nullopt};
  std::string rendered;
  if (compiled->render(scope, rendered)) check(context, text, rendered);
  return 0;
}
