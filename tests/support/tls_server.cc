#include "support/tls_server.h"

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace hookline::test {
namespace {

void must(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(what);
}

void extend(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  must(extension != nullptr, "no extension");
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

/// Reads what still comes, so that closing does not take back the alert that was sent.
void linger(int fd) {
  shutdown(fd, SHUT_WR);
  std::array<char, 4096> buffer;
  pollfd wait{fd, POLLIN, 0};
  while (poll(&wait, 1, 2000) == 1 && recv(fd, buffer.data(), buffer.size(), 0) > 0) {
  }
}

}  // namespace

Certificate::Certificate(const TempDir& dir, const CertificateSpec& spec, const Certificate* issuer)
    : key_(EVP_EC_gen("P-256"), &EVP_PKEY_free), certificate_(X509_new(), &X509_free) {
  static std::atomic<long> serial{1};
  X509* const x509 = certificate_.get();
  X509* const issued_by = issuer ? issuer->certificate() : x509;
  const long number = serial++;
  X509_set_version(x509, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), number);
  X509_gmtime_adj(X509_getm_notBefore(x509), spec.valid_from.count());
  X509_gmtime_adj(X509_getm_notAfter(x509), spec.valid_to.count());
  X509_set_pubkey(x509, key_.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(spec.name.c_str()), -1, -1, 0);
  X509_set_issuer_name(x509, X509_get_subject_name(issued_by));
  extend(x509, issued_by, NID_basic_constraints, spec.ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (!spec.ca) extend(x509, issued_by, NID_subject_alt_name, "DNS:" + spec.name);
  must(X509_sign(x509, issuer ? issuer->key() : key_.get(), EVP_sha256()) > 0, "cannot sign");

  file_ = (dir.path() / ("certificate-" + std::to_string(number) + ".pem")).string();
  key_file_ = (dir.path() / ("key-" + std::to_string(number) + ".pem")).string();
  const std::shared_ptr<FILE> out(std::fopen(file_.c_str(), "w"), &std::fclose);
  const std::shared_ptr<FILE> key_out(std::fopen(key_file_.c_str(), "w"), &std::fclose);
  must(out && PEM_write_X509(out.get(), x509) == 1, "cannot write the certificate");
  must(key_out && PEM_write_PrivateKey(key_out.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1,
       "cannot write the key");
}

TlsServer::TlsServer(const Certificate& certificate, const Certificate* client_ca)
    : context_(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free),
      listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  must(SSL_CTX_use_certificate(context_.get(), certificate.certificate()) == 1 &&
           SSL_CTX_use_PrivateKey(context_.get(), certificate.key()) == 1,
       "cannot use the certificate");
  if (client_ca) {
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()), client_ca->certificate());
    SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context_.get(), 0);
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  must(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0 && listen(listener_, 16) == 0,
       "cannot listen");
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to whoever has hung up
  thread_ = std::thread([this] { serve(); });
}

TlsServer::~TlsServer() {
  stop_ = true;
  thread_.join();
  close(listener_);
}

std::string TlsServer::url(const std::string& host) const {
  return "https://" + host + ":" + std::to_string(port_) + "/";
}

std::vector<std::string> TlsServer::received() const {
  const std::lock_guard lock(mutex_);
  return received_;
}

void TlsServer::serve() {
  while (!stop_) {
    pollfd wait{listener_, POLLIN, 0};
    if (poll(&wait, 1, 20) != 1) continue;
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    serve_one(fd);
    close(fd);
  }
}

void TlsServer::serve_one(int fd) {
  const timeval patience{.tv_sec = 0, .tv_usec = 20'000};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const std::shared_ptr<SSL> ssl(SSL_new(context_.get()), &SSL_free);
  SSL_set_fd(ssl.get(), fd);
  int done = 0;
  while (!stop_ && (done = SSL_accept(ssl.get())) != 1 &&
         SSL_get_error(ssl.get(), done) == SSL_ERROR_WANT_READ) {
  }
  if (done != 1) return linger(fd);
  ++handshakes_;
  std::string bytes;
  std::array<char, 4096> buffer;
  while (!stop_) {
    pollfd wait{listener_, POLLIN, 0};
    if (bytes.empty() && poll(&wait, 1, 0) == 1) return;  // somebody else wants in
    const int got = SSL_read(ssl.get(), buffer.data(), static_cast<int>(buffer.size()));
    if (got <= 0 && SSL_get_error(ssl.get(), got) != SSL_ERROR_WANT_READ) return;
    if (got <= 0) continue;
    bytes.append(buffer.data(), static_cast<std::size_t>(got));
    const auto head = bytes.find("\r\n\r\n"), length = bytes.find("Content-Length: ");
    if (head == std::string::npos || length > head) continue;
    if (bytes.size() < head + 4 + std::strtoul(bytes.c_str() + length + 16, nullptr, 10)) continue;
    {
      const std::lock_guard lock(mutex_);
      received_.push_back(std::exchange(bytes, {}));
    }
    ++requests_;
    constexpr std::string_view answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    SSL_write(ssl.get(), answer.data(), static_cast<int>(answer.size()));
  }
}

}  // namespace hookline::test
