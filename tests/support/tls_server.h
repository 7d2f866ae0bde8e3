// A small HTTPS server on loopback and certificates to try it with, made when the test runs. The server
// answers every request of a connection with 200 on a thread of its own, one connection at a time.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <openssl/ssl.h>

#include "support/temp_dir.h"

namespace hookline::test {

struct CertificateSpec {
  std::string name = "localhost";  ///< the subject, and the one host name it is for
  bool ca = false;
  std::chrono::seconds valid_from{-3600};  ///< from now
  std::chrono::seconds valid_to{3600};
};

/// A key with its certificate, kept as PEM files.
class Certificate {
 public:
  /// Signed by `issuer`, or by itself where there is none.
  Certificate(const TempDir& dir, const CertificateSpec& spec, const Certificate* issuer = nullptr);

  const std::string& file() const { return file_; }
  const std::string& key_file() const { return key_file_; }
  X509* certificate() const { return certificate_.get(); }
  EVP_PKEY* key() const { return key_.get(); }

 private:
  std::shared_ptr<EVP_PKEY> key_;
  std::shared_ptr<X509> certificate_;
  std::string file_, key_file_;
};

class TlsServer {
 public:
  /// Shows `certificate`; with `client_ca` it demands a client certificate from that CA.
  explicit TlsServer(const Certificate& certificate, const Certificate* client_ca = nullptr);
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  std::string url(const std::string& host = "localhost") const;
  int requests() const { return requests_; }
  int handshakes() const { return handshakes_; }
  std::vector<std::string> received() const;  ///< the requests, whole, as they came

 private:
  void serve();
  void serve_one(int fd);

  std::shared_ptr<SSL_CTX> context_;
  int listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_{false};
  std::atomic<int> requests_{0}, handshakes_{0};
  mutable std::mutex mutex_;
  std::vector<std::string> received_;
  std::thread thread_;
};

}  // namespace hookline::test
