// URLs and header values: what values may become there, and what templates may hold.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/render/rendering.h"

namespace hookline::render {
namespace {

using testing::fault_of;
using testing::Given;
using ::testing::HasSubstr;
using testing::render;
using ::testing::StartsWith;

Given in(Context context, std::string event) {
  Given given;
  given.context = context;
  given.event = std::move(event);
  return given;
}

TEST(Url, ValuesArePercentEncoded) {
  const auto given =
      in(Context::url, R"({"event_type":"x","a":"p/q?r=1&s#t %2e\u00e9\n\\","n":1.50,"o":{"k":[1, "v"]},
                                          "empty":"","nothing":null,"safe":"Az09-._~"})");
  const std::pair<std::string_view, std::string_view> table[] = {
      {"https://h/$a", "https://h/p%2Fq%3Fr%3D1%26s%23t%20%252e%C3%A9%0A%5C"},
      {"https://h/x?q=$a#$n", "https://h/x?q=p%2Fq%3Fr%3D1%26s%23t%20%252e%C3%A9%0A%5C#1.50"},
      {"https://h/${o.k.1}/$safe", "https://h/v/Az09-._~"},
      {"https://h/$o", "https://h/%7B%22k%22%3A%5B1%2C%22v%22%5D%7D"},
      {"https://h/[$empty]/$missing/$nothing/${missing:a b}", "https://h/[]/NA/NA/a%20b"},
      {"https://h:8443/tickets/$safe.json", "https://h:8443/tickets/Az09-._~.json"},
      {"HTTP://h?$n", "HTTP://h?1.50"},
      {"https://h", "https://h"},
      {"https://h/a/$", "https://h/a/$"},
      {"https://h/caf\u00e9/$n", "https://h/caf%C3%A9/1.50"},
      {"https://h/${missing:x/y}", "https://h/x%2Fy"},
      {R"(https://h/${o["k"]})", "https://h/%5B1%2C%22v%22%5D"},
      {"https://h//$n", "https://h//1.50"},
  };
  for (const auto& [text, result] : table)
    EXPECT_EQ(render(text, given), result) << text;
}

TEST(Url, SchemeHostAndPortHoldNoPlaceholders) {
  const std::pair<std::string_view, std::size_t> table[] = {
      {"$url", 0},           {"$scheme://h/", 0}, {"https://$host/x", 8},    {"https://h.$tenant.com/x", 10},
      {"https://h:$p/", 10}, {"https://${h}", 8}, {"https://${h:a/b}/c", 8}, {"https://h$x", 9},
      {"https://$x?y", 8},   {"https://${x", 8},
  };
  for (const auto& [text, at] : table) {
    const auto fault = fault_of(text, Context::url);
    EXPECT_THAT(fault.what, StartsWith("a placeholder in the")) << text;
    EXPECT_EQ(fault.at, at) << text;
  }
}

TEST(Url, WhatIsNoUrlIsAFault) {
  const std::pair<std::string_view, std::string_view> table[] = {
      {"", "begins with"},
      {"ftp://h/", "begins with"},
      {"h.example.com/x", "begins with"},
      {"file:///etc/passwd", "begins with"},
      {"https:///x", "without host"},
      {"https://:80/x", "without host"},
      {"https://a:b@h/x", "user name"},
      {"https://h/a b", "no URL holds"},
      {"https://h/a\nb", "no URL holds"},
      {"https://h\\evil/$x", "no URL holds"},
      {"https://h/$x/../y", "segment"},
      {"https://h/./$x", "segment"},
      {"https://h/%2E%2e/$x", "segment"},
      {"https://h/${x", "not closed"},
  };
  for (const auto& [text, what] : table) {
    EXPECT_THAT(fault_of(text, Context::url).what, HasSubstr(what)) << text;
  }
  EXPECT_EQ(fault_of("https://h/a/../b", Context::url).what, "") << "nothing but the author's own";
}

TEST(Url, NoValueMakesADotSegment) {
  const auto given =
      in(Context::url, R"({"event_type":"x","dot":".","dots":"..","up":"../../admin","empty":""})");
  for (const auto* text :
       {"https://h/a/$dots/b", "https://h/$dot", "https://h/$dot$dot?q", "https://h/.$dot/x",
        "https://h/%2e$dot", "https://h/$empty$dots$empty#f", "https://h/a/${missing:..}"}) {
    EXPECT_THAT(render(text, given), StartsWith("error: a value of the event would make")) << text;
  }
  EXPECT_EQ(render("https://h/$up", given), "https://h/..%2F..%2Fadmin");
  EXPECT_EQ(render("https://h/v$dot$dot/x?p=../$dots", given), "https://h/v../x?p=../..");
  EXPECT_EQ(render("https://h/$dots$dot", given), "https://h/...");
}

TEST(Url, InsertedSecretsAreData) {
  const auto compile = [](std::string_view text, Context context,
                          std::vector<config::Text::Literal> literal) {
    const event::AttributeTable attributes;
    event::Variables variables(attributes);
    std::vector<core::Fault> warnings;
    const auto program = Template::compile(text, context, {}, variables, warnings, {.literal = literal});
    std::string out;
    if (!program) return "fault: " + program.error().what;
    if (!program->constant()) return std::string("not constant");
    return program->render({}, out) ? out : "error";
  };
  EXPECT_EQ(compile("https://h/$secret${x}", Context::url, {{10, 11, 0}}), "https://h/$secret${x}");
  EXPECT_EQ(compile("https://$ecret.h/a", Context::url, {{0, 18, 0}}), "https://$ecret.h/a");
  EXPECT_EQ(compile("https://h/$secret", Context::url, {{11, 6, 0}}), "https://h/$secret")
      << "a name may not begin outside";
  EXPECT_EQ(compile("Token $a${b", Context::header, {{6, 5, 0}}), "Token $a${b");
  EXPECT_EQ(compile("Token $a $b", Context::header, {{6, 2, 0}}), "not constant");
}

TEST(Header, ValuesGoInAsTheyAre) {
  const auto given =
      in(Context::header, R"({"event_type":"x","a":"\"q\" \\ \u00e9\t/","n":7,"o":{ "k": 1 }})");
  EXPECT_EQ(render("$a|$n|$o|$missing|${missing:d e}|/$n|$", given),
            "\"q\" \\ \u00e9\t/|7|{\"k\":1}|NA|d e|/7|$");
}

TEST(Header, NoValueBringsInAControlCharacter) {
  for (const auto* value :
       {R"(a\r\nX-Evil: 1)", R"(\n)", R"(\r)", R"(a\u0000b)", R"(\u001b[0m)", R"(\u007f)"}) {
    const auto given = in(Context::header, std::string(R"({"event_type":"x","a":")") + value + R"("})");
    EXPECT_THAT(render("v $a", given), StartsWith("error: a header value holds a control character"))
        << value;
  }
  auto given = in(Context::header, R"({"event_type":"x"})");
  given.scope.correlation_id = "1\r\nX: y";
  EXPECT_THAT(render("$correlationId", given), StartsWith("error:"));
  given.fields = {{"f", R"("a\nb")"}};
  EXPECT_THAT(render("$f", given), StartsWith("error:"));
}

TEST(Header, ATemplateHoldsNoControlCharacterEither) {
  EXPECT_EQ(fault_of("a\r\nb", Context::header).at, 1U);
  EXPECT_EQ(fault_of("${x:a\nb}", Context::header).at, 5U);
  EXPECT_EQ(fault_of("a\tb", Context::header).what, "");
  EXPECT_THAT(fault_of("${x", Context::header).what, HasSubstr("not closed"));
}

}  // namespace
}  // namespace hookline::render
