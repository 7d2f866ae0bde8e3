// What a mail looks like on the wire, and that nothing in it can add to its headers.
#include "hookline/deliver/mail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hookline/core/crypto.h"

namespace hookline::deliver {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string message(const Mail& mail) {
  return message_of(mail, "hookline@example.com", core::parse_rfc3339("2026-03-02T10:04:05Z").value(), "id1");
}

std::string head(const std::string& text) { return text.substr(0, text.find("\r\n\r\n") + 2); }

std::string body(const std::string& text) {
  std::string encoded = text.substr(text.find("\r\n\r\n") + 4);
  std::erase_if(encoded, [](char c) { return c == '\r' || c == '\n'; });
  return core::from_base64(encoded).value();
}

TEST(Mail, HasItsHeadersAndItsText) {
  const auto text = message({{"a@example.com", "b@example.com"}, "Hookline: 3 deliveries of w/0 failed", "One\n.\nThree\n"});
  EXPECT_EQ(head(text),
            "Date: Mon, 02 Mar 2026 10:04:05 +0000\r\nFrom: Hookline <hookline@example.com>\r\nTo: a@example.com,\r\n b@example.com\r\n"
            "Subject: Hookline: 3 deliveries of w/0 failed\r\nMessage-ID: <id1@example.com>\r\nAuto-Submitted: auto-generated\r\n"
            "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n");
  EXPECT_EQ(body(text), "One\r\n.\r\nThree\r\n");
}

TEST(Mail, NothingInItMakesAHeader) {
  const auto text = message({{"a@example.com"}, "x\r\nBcc: evil@example.com\n\r\nbody", "\r\n.\r\nMAIL FROM:<evil@example.com>\r\n"});
  EXPECT_THAT(head(text), HasSubstr("Subject: x  Bcc: evil@example.com   body\r\n"));
  EXPECT_THAT(text, Not(HasSubstr("\r\nBcc")));
  EXPECT_THAT(text.substr(head(text).size() + 2), Not(HasSubstr("MAIL FROM")));
}

TEST(Mail, SubjectsBeyondAsciiAreEncodedWordByWord) {
  std::string subject;
  for (int i = 0; i < 40; ++i) subject += "Störung 漢🎉 ";
  std::string lines = head(message({{"a@example.com"}, subject, ""}));
  lines = lines.substr(lines.find("Subject: ") + 9);
  lines = lines.substr(0, lines.find("\r\nMessage-ID"));
  std::string decoded;
  for (std::size_t at = 0; at < lines.size();) {
    const auto end = std::min(lines.size(), lines.find("\r\n ", at));
    const auto word = lines.substr(at, end - at);
    EXPECT_LE(word.size(), 75u);
    ASSERT_TRUE(word.starts_with("=?utf-8?B?") && word.ends_with("?=")) << word;
    const auto part = core::from_base64(word.substr(10, word.size() - 12));
    ASSERT_TRUE(part);
    EXPECT_NE(static_cast<unsigned char>(part->front()) & 0xC0, 0x80) << "no character is cut";
    decoded += *part;
    at = end + 3;
  }
  EXPECT_EQ(decoded, subject);
}

TEST(Mail, NoLineIsTooLong) {
  std::istringstream lines(message({{"a@example.com"}, std::string(5000, 's'), std::string(100'000, 'x')}));
  for (std::string line; std::getline(lines, line);) ASSERT_LE(line.size(), 998u);
}

}  // namespace
}  // namespace hookline::deliver
