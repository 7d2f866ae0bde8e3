#include "curl_fault.h"

#include <array>

namespace hookline::deliver {
namespace {

constexpr std::array faults{
    CurlFault{CURLE_UNSUPPORTED_PROTOCOL, Outcome::protocol, "what it answered is not HTTP"},
    CurlFault{CURLE_WEIRD_SERVER_REPLY, Outcome::protocol, "what it answered is not valid HTTP"},
    CurlFault{CURLE_OUT_OF_MEMORY, Outcome::protocol, "it sent a header line that is too long"},
    CurlFault{static_cast<CURLcode>(100), Outcome::protocol,
              "it sent headers that are too large"},  // CURLE_TOO_LARGE of libcurl 8.6
    CurlFault{CURLE_BAD_CONTENT_ENCODING, Outcome::protocol, "it sent a transfer encoding that is not valid"},
    CurlFault{CURLE_HTTP2, Outcome::protocol, "HTTP/2 failed"},
    CurlFault{CURLE_HTTP2_STREAM, Outcome::protocol, "the HTTP/2 stream was reset"},
    CurlFault{CURLE_URL_MALFORMAT, Outcome::invalid, "the URL is not valid"},
    CurlFault{CURLE_LOGIN_DENIED, Outcome::invalid, "a user name in the URL is refused"},
    CurlFault{CURLE_COULDNT_RESOLVE_HOST, Outcome::dns, "the name does not resolve"},
    CurlFault{CURLE_COULDNT_RESOLVE_PROXY, Outcome::dns, "the proxy's name does not resolve"},
    CurlFault{CURLE_COULDNT_CONNECT, Outcome::connect, "could not connect"},
    CurlFault{CURLE_PROXY, Outcome::connect, "the proxy refused the connection"},
    CurlFault{CURLE_OPERATION_TIMEDOUT, Outcome::connect_timeout, "could not connect"},
    CurlFault{CURLE_PEER_FAILED_VERIFICATION, Outcome::tls, "TLS: the certificate is not valid"},
    CurlFault{CURLE_SSL_CONNECT_ERROR, Outcome::tls, "TLS: the handshake failed"},
    CurlFault{CURLE_SSL_CERTPROBLEM, Outcome::tls,
              "TLS: the client certificate or its key (tls.cert, tls.key) cannot be used"},
    CurlFault{CURLE_SSL_CACERT_BADFILE, Outcome::tls, "TLS: the CA file (tls.ca) cannot be read"},
    CurlFault{CURLE_SSL_CLIENTCERT, Outcome::tls, "TLS: it demands a client certificate"},
    CurlFault{CURLE_SSL_CIPHER, Outcome::tls, "TLS: no common cipher"},
    CurlFault{CURLE_SSL_ISSUER_ERROR, Outcome::tls,
              "TLS: the issuer of the certificate is not the expected one"},
    CurlFault{CURLE_SSL_INVALIDCERTSTATUS, Outcome::tls, "TLS: the status of the certificate is not valid"},
    CurlFault{CURLE_GOT_NOTHING, Outcome::reset, "it closed the connection without an answer"},
    CurlFault{CURLE_PARTIAL_FILE, Outcome::reset, "it closed the connection within the answer"},
    CurlFault{CURLE_SEND_ERROR, Outcome::reset, "the connection broke while sending"},
    CurlFault{CURLE_RECV_ERROR, Outcome::reset, "the connection broke before an answer"},
    CurlFault{CURLE_SEND_FAIL_REWIND, Outcome::reset, "the connection broke while sending"},
    // A transfer that libcurl calls done, but no whole head came.
    CurlFault{CURLE_OK, Outcome::reset, "it closed the connection within the headers"},
};

constexpr CurlFault other_before{CURLE_OK, Outcome::connect, "could not connect"};
constexpr CurlFault other_after{CURLE_OK, Outcome::reset, "the connection broke before an answer"};

struct CertificateFault {
  long result;
  std::string_view text;
};

// X509_V_ERR_… of openssl/x509_vfy.h; the numbers are part of its interface.
constexpr std::array certificate_faults{
    CertificateFault{0, "TLS: the certificate is for another host name"},
    CertificateFault{1, "TLS: the certificate is for another host name"},  // libcurl's "not verified yet"
    CertificateFault{9, "TLS: the certificate is not valid yet"},
    CertificateFault{10, "TLS: the certificate has expired"},
    CertificateFault{18, "TLS: the certificate is self-signed"},
    CertificateFault{19, "TLS: the certificate is from an unknown CA (self-signed root in the chain)"},
    CertificateFault{20, "TLS: the certificate is from an unknown CA"},
    CertificateFault{21, "TLS: the certificate is from an unknown CA"},
    CertificateFault{23, "TLS: the certificate has been revoked"},
    CertificateFault{62, "TLS: the certificate is for another host name"},
    CertificateFault{64, "TLS: the certificate is for another address"},
};

}  // namespace

const CurlFault& fault_of(CURLcode code, bool sent) {
  for (const auto& fault : faults) {
    if (fault.code == code) return fault;
  }
  return sent ? other_after : other_before;
}

std::string_view certificate_fault(long verify_result) {
  for (const auto& fault : certificate_faults) {
    if (fault.result == verify_result) return fault.text;
  }
  return fault_of(CURLE_PEER_FAILED_VERIFICATION, false).text;
}

}  // namespace hookline::deliver
