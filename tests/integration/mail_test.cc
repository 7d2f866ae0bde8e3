// Mails through a real server (aiosmtpd): with and without TLS, with a password, and what is said of one that
// does not take them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hookline/core/time.h"
#include "hookline/deliver/mail.h"
#include "hookline/json/tree.h"
#include "support/python_server.h"
#include "support/tls_server.h"
#include "support/wait.h"

namespace hookline::test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using TlsMode = config::Smtp::TlsMode;

class SmtpMail : public ::testing::Test {
 protected:
  config::Smtp smtp(const PythonServer& server, TlsMode tls) const {
    return {.url = "smtp://localhost:" + std::to_string(server.port()), .from = "hookline@example.com", .username = {}, .password = {}, .tls = tls};
  }
  std::string send(const config::Smtp& smtp, std::vector<std::string> to = {"oncall@example.com"}) const { return send(smtp, ca_, std::move(to)); }
  static std::string send(const config::Smtp& smtp, const Certificate& ca, std::vector<std::string> to = {"oncall@example.com"}) {
    const deliver::Mail mail{std::move(to), "Störung: 3 deliveries failed", "Webhook:   w\n.\nas many lines\n"};
    const auto sent = deliver::send_mail(smtp, mail, core::read_clock().wall, [] { return true; }, ca.file());
    return sent ? "sent" : sent.error().message;
  }
  std::vector<std::string> with_tls(const std::string& mode) const { return {"--tls", mode, "--cert", certificate_.file(), "--key", certificate_.key_file()}; }

  TempDir dir_{"smtp"};
  Certificate ca_{dir_, {.name = "Mail CA", .ca = true}};
  Certificate certificate_{dir_, {}, &ca_};
};

TEST_F(SmtpMail, ArrivesAsItWasWritten) {
  PythonServer server("mail_server.py");
  EXPECT_EQ(send(smtp(server, TlsMode::none), {"a@example.com", "nobody@example.com", "b@example.com"}), "sent")
      << "one who is refused does not keep the others from it";
  ASSERT_EQ(server.received().size(), 1u);
  const auto mail = json::parse_tree(server.received().front()).value();
  EXPECT_EQ(mail["from"], "hookline@example.com");
  EXPECT_EQ(mail["to"], json::Tree::array({"a@example.com", "b@example.com"}));
  EXPECT_EQ(mail["text"], "Webhook:   w\n.\nas many lines\n");
  EXPECT_EQ(mail["tls"], false);
  std::map<std::string, std::string> headers;
  for (const auto& header : mail["headers"]) headers[header[0]] = header[1];
  EXPECT_EQ(headers["subject"], "Störung: 3 deliveries failed");
  EXPECT_EQ(headers["from"], "Hookline <hookline@example.com>");
  EXPECT_EQ(headers["auto-submitted"], "auto-generated");
}

TEST_F(SmtpMail, StartTlsAndTlsAndAPassword) {
  for (const auto& [mode, name] : {std::pair(TlsMode::starttls, "starttls"), {TlsMode::tls, "tls"}}) {
    auto arguments = with_tls(name);
    arguments.insert(arguments.end(), {"--auth", "hookline:s3cret"});
    PythonServer server("mail_server.py", arguments);
    auto settings = smtp(server, mode);
    settings.username = "hookline";
    settings.password = config::Secret("s3cret");
    EXPECT_EQ(send(settings), "sent") << name;
    ASSERT_EQ(server.received().size(), 1u) << name;
    const auto mail = json::parse_tree(server.received().front()).value();
    EXPECT_EQ(mail["tls"], true) << name;
    EXPECT_EQ(mail["user"], "hookline") << name;
    settings.password = config::Secret("wr0ng");
    const auto refused = send(settings);
    EXPECT_THAT(refused, HasSubstr("mail server localhost:")) << name;
    EXPECT_THAT(refused, Not(HasSubstr("wr0ng"))) << name;
    EXPECT_THAT(send(settings, Certificate(dir_, {.name = "Other CA", .ca = true})), HasSubstr("certificate")) << name;
    EXPECT_EQ(server.received().size(), 1u) << name;
  }
}

TEST_F(SmtpMail, NothingGoesOutWithoutTheTlsThatWasAskedFor) {
  PythonServer server("mail_server.py");
  EXPECT_THAT(send(smtp(server, TlsMode::starttls)), HasSubstr("STARTTLS"));
  EXPECT_TRUE(server.received().empty());
}

TEST_F(SmtpMail, SaysWhyItWasNotTaken) {
  PythonServer server("mail_server.py", {"--refuse", "1"});
  EXPECT_THAT(send(smtp(server, TlsMode::none), {"nobody@example.com"}), HasSubstr("550"));
  EXPECT_NE(send(smtp(server, TlsMode::none)), "sent");
  EXPECT_EQ(send(smtp(server, TlsMode::none)), "sent");
  auto nowhere = smtp(server, TlsMode::none);
  nowhere.url = "smtp://localhost:1";
  EXPECT_THAT(send(nowhere), HasSubstr("mail server localhost:1: "));
}

TEST_F(SmtpMail, IsBrokenOffWhenNobodyWaitsForIt) {
  TlsServer silent(certificate_);  // says nothing: it waits for a handshake
  config::Smtp settings{.url = "smtp://localhost" + silent.url().substr(silent.url().rfind(':')), .from = "h@example.com", .username = {}, .password = {}, .tls = TlsMode::none};
  settings.url.pop_back();
  const auto before = std::chrono::steady_clock::now();
  EXPECT_FALSE(deliver::send_mail(settings, {{"a@example.com"}, "s", "t"}, core::read_clock().wall, [] { return false; }));
  EXPECT_LT(std::chrono::steady_clock::now() - before, 30s);
}

}  // namespace
}  // namespace hookline::test
