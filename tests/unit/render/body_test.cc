#include "hookline/render/body.h"

#include <gtest/gtest.h>

namespace hookline::render {
namespace {

std::string body(config::BodyFormat format, std::vector<std::string_view> payloads) {
  std::string out;
  append_body(format, payloads, out);
  return out;
}

TEST(Body, AnObjectIsThePayloadByteForByte) {
  EXPECT_EQ(body(config::BodyFormat::object, {"{ \"a\" :\n1 }"}), "{ \"a\" :\n1 }");
}

TEST(Body, AnArrayHoldsThePayloadsInOrder) {
  EXPECT_EQ(body(config::BodyFormat::array, {"{\"a\":1}"}), "[{\"a\":1}]");
  EXPECT_EQ(body(config::BodyFormat::array, {"1", "[2]", "\"3\""}), "[1,[2],\"3\"]");
}

TEST(Body, NdjsonHasOneCompactLineEach) {
  EXPECT_EQ(body(config::BodyFormat::ndjson, {"{ \"a\" :\n \"b \\n c\" }", "{}"}),
            "{\"a\":\"b \\n c\"}\n{}\n");
}

TEST(Body, TheContentTypeFollowsTheFormat) {
  EXPECT_EQ(content_type(config::BodyFormat::object), "application/json");
  EXPECT_EQ(content_type(config::BodyFormat::array), "application/json");
  EXPECT_EQ(content_type(config::BodyFormat::ndjson), "application/x-ndjson");
}

}  // namespace
}  // namespace hookline::render
