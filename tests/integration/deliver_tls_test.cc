// HTTPS: who is believed, who is shown what, and that each fault is told as what it is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/deliver_client.h"
#include "support/receiver.h"
#include "support/tls_server.h"

namespace hookline::test {
namespace {

using deliver::Outcome;
using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

/// Says its sentence to whoever connects.
class PlainServer {
 public:
  explicit PlainServer(std::string sentence)
      : acceptor_(io_, {asio::ip::address_v4::loopback(), 0}),
        thread_([this, sentence = std::move(sentence)] {
          auto socket = acceptor_.accept();
          asio::write(socket, asio::buffer(sentence));
          std::array<char, 4096> rest;
          boost::system::error_code end;
          while (!end)
            socket.read_some(asio::buffer(rest), end);
        }) {}
  ~PlainServer() { thread_.join(); }
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  asio::io_context io_;
  asio::ip::tcp::acceptor acceptor_;
  std::thread thread_;
};

class CurlTransportTls : public ::testing::Test {
 protected:
  std::shared_ptr<deliver::Route> route(const std::string& ca) const {
    auto made = DeliverClient::route();
    made->tls.ca = ca;
    return made;
  }
  void expect_fault(const TlsServer& server, const std::shared_ptr<const deliver::Route>& route,
                    const std::string& text) {
    const auto answer = client_.post(server.url() + "secret-path", "{}", route);
    EXPECT_EQ(answer.outcome, Outcome::tls) << deliver::name(answer.outcome) << ": " << answer.error;
    EXPECT_THAT(answer.error, HasSubstr(text));
    EXPECT_THAT(answer.error, Not(HasSubstr("secret-path")));
    EXPECT_EQ(server.requests(), 0);
  }

  TempDir dir_{"deliver-tls"};
  Certificate ca_{dir_, {.name = "Test CA", .ca = true}};
  Certificate good_{dir_, {}, &ca_};
  DeliverClient client_;
};

TEST_F(CurlTransportTls, DeliversToACertificateOfTheGivenCaAndKeepsTheConnection) {
  TlsServer server(good_);
  for (int i = 0; i < 3; ++i) {
    const auto answer = client_.post(server.url(), "{}", route(ca_.file()));
    EXPECT_EQ(answer.status, 200) << answer.error;
    EXPECT_EQ(answer.body, "ok");
  }
  EXPECT_EQ(server.handshakes(), 1);
}

TEST_F(CurlTransportTls, UnknownCa) {
  TlsServer server(good_);
  expect_fault(server, DeliverClient::route(), "TLS: the certificate is from an unknown CA");
  const Certificate other_ca(dir_, {.name = "Other CA", .ca = true});
  expect_fault(server, route(other_ca.file()), "TLS: the certificate is from an unknown CA");
}

TEST_F(CurlTransportTls, SelfSigned) {
  TlsServer server(Certificate(dir_, {}));
  expect_fault(server, route(ca_.file()), "TLS: the certificate is self-signed");
}

TEST_F(CurlTransportTls, Expired) {
  TlsServer server(Certificate(dir_, {.valid_from = -2h, .valid_to = -1h}, &ca_));
  expect_fault(server, route(ca_.file()), "TLS: the certificate has expired");
}

TEST_F(CurlTransportTls, NotValidYet) {
  TlsServer server(Certificate(dir_, {.valid_from = 1h, .valid_to = 2h}, &ca_));
  expect_fault(server, route(ca_.file()), "TLS: the certificate is not valid yet");
}

TEST_F(CurlTransportTls, WrongHost) {
  TlsServer server(Certificate(dir_, {.name = "other.example.com"}, &ca_));
  expect_fault(server, route(ca_.file()), "TLS: the certificate is for another host name");
}

TEST_F(CurlTransportTls, AHandshakeThatHangs) {
  Receiver receiver;
  const auto answer = client_.post("https://localhost:" + std::to_string(receiver.port()) + "/", "{}",
                                   DeliverClient::route(20s, 300ms));
  EXPECT_EQ(answer.outcome, Outcome::connect_timeout) << deliver::name(answer.outcome);
  EXPECT_THAT(answer.error, HasSubstr("no end of the TLS handshake within 300ms"));
}

TEST_F(CurlTransportTls, AServerThatDoesNotSpeakTls) {
  PlainServer server("HTTP/1.1 400 Bad Request\r\n\r\n");
  const auto answer = client_.post("https://localhost:" + std::to_string(server.port()) + "/secret-path");
  EXPECT_EQ(answer.outcome, Outcome::tls) << deliver::name(answer.outcome) << ": " << answer.error;
  EXPECT_THAT(answer.error, HasSubstr("TLS: the handshake failed"));
  EXPECT_THAT(answer.error, Not(HasSubstr("secret-path")));
}

TEST_F(CurlTransportTls, WithoutVerificationAnyCertificateDoes) {
  TlsServer server(Certificate(dir_, {.name = "other.example.com", .valid_from = -2h, .valid_to = -1h}));
  const auto careless = DeliverClient::route();
  careless->tls.verify = false;
  EXPECT_EQ(client_.post(server.url(), "{}", careless).status, 200);
}

TEST_F(CurlTransportTls, AConnectionThatWasNotVerifiedIsNotUsedByThoseWhoVerify) {
  TlsServer server(good_);
  const auto careless = DeliverClient::route();
  careless->tls.verify = false;
  EXPECT_EQ(client_.post(server.url(), "{}", careless).status, 200);
  EXPECT_EQ(client_.post(server.url(), "{}", DeliverClient::route()).outcome, Outcome::tls);
  EXPECT_EQ(client_.post(server.url(), "{}", route(ca_.file())).status, 200);
  EXPECT_EQ(server.requests(), 2);
}

TEST_F(CurlTransportTls, ClientCertificate) {
  const Certificate client_ca(dir_, {.name = "Client CA", .ca = true});
  const Certificate mine(dir_, {.name = "hookline"}, &client_ca);
  const Certificate stranger(dir_, {.name = "hookline"});
  TlsServer server(good_, &client_ca);
  const auto with = [&](const std::string& cert, const std::string& key) {
    auto made = route(ca_.file());
    made->tls.cert = cert;
    made->tls.key = key;
    return made;
  };
  expect_fault(server, route(ca_.file()), "TLS: ");
  expect_fault(server, with(stranger.file(), stranger.key_file()), "TLS: ");
  EXPECT_EQ(client_.post(server.url(), "{}", with(mine.file(), mine.key_file())).status, 200);
  // Whoever shows no certificate does not get the connection of one who did.
  EXPECT_EQ(client_.post(server.url(), "{}", route(ca_.file())).outcome, Outcome::tls);
  EXPECT_EQ(server.requests(), 1);
}

TEST_F(CurlTransportTls, FilesThatCannotBeUsedAreNamedByTheirSetting) {
  TlsServer server(good_);
  expect_fault(server, route((dir_.path() / "missing.pem").string()), "the CA file (tls.ca) cannot be read");
  auto no_key = route(ca_.file());
  no_key->tls.cert = good_.file();
  no_key->tls.key = (dir_.path() / "missing.pem").string();
  expect_fault(server, no_key, "the client certificate or its key (tls.cert, tls.key) cannot be used");
}

}  // namespace
}  // namespace hookline::test
