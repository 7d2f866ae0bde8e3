#include "transfer.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include "curl_fault.h"
#include "headers.h"
#include "hookline/core/units.h"
#include "url.h"

namespace hookline::deliver {
namespace {

core::MonoTime clock_now() {
  return std::chrono::steady_clock::now();
}

/// Libcurl keeps addresses for 60 s; a little less, because its count began a little earlier.
constexpr long address_seconds = 60;
constexpr core::Duration address_known_for = std::chrono::seconds(address_seconds - 5);

/// Below the 60 s after which many servers and balancers drop an idle connection.
constexpr long idle_connection_seconds = 50;
/// Lets a change in the DNS, or of certificates, reach even a busy endpoint.
constexpr long connection_lifetime_seconds = 300;

bool same_connection(const Route& a, const Route& b) {
  return a.http2 == b.http2 && a.proxy == b.proxy && a.proxy_trusted == b.proxy_trusted &&
         a.tls.verify == b.tls.verify && a.tls.ca == b.tls.ca && a.tls.cert == b.tls.cert &&
         a.tls.key == b.tls.key;
}

const char* verb(config::Method method) {
  switch (method) {
    case config::Method::post:
      return nullptr;  // what a request with a body is anyway
    case config::Method::put:
      return "PUT";
    case config::Method::patch:
      return "PATCH";
  }
  return nullptr;
}

long to_ms(core::Duration duration) {
  return static_cast<long>(
      std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::milliseconds>(duration).count()));
}

/// Libcurl takes strings of up to 8 MB and request heads of up to 1 MiB; no receiver takes as much as this.
constexpr std::size_t longest_setting = 64 << 10;
constexpr std::size_t longest_headers = 256 << 10;

/// What a handle in the pool may keep for its headers.
constexpr std::size_t kept_header_text = 16 << 10;

/// The characters of a token (RFC 9110 section 5.6.2).
constexpr auto token_characters = [] {
  std::array<bool, 256> table{};
  for (const char c :
       std::string_view("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}();

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return token_characters[static_cast<unsigned char>(c)]; });
}

bool breaks_lines(std::string_view value) {
  return std::any_of(value.begin(), value.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

template <class Value>
void set(CURL* easy, CURLoption option, Value value) {
  // The options are those of the oldest libcurl supported; what can fail is a copy of a string.
  if (curl_easy_setopt(easy, option, value) != CURLE_OK) std::abort();
}

}  // namespace

std::optional<std::string> flaw(const Request& request) {
  if (url_origin(request.url).empty()) {
    return "the URL is not an absolute http or https URL with an ASCII host and without a user name";
  }
  const auto& url = request.url;
  if (url.size() > longest_setting) return "the URL is longer than 64 KiB";
  const auto& tls = request.route->tls;
  for (const auto* setting : {&request.route->proxy, &tls.ca, &tls.cert, &tls.key}) {
    if (setting->size() > longest_setting) return "a setting of proxy or tls is longer than 64 KiB";
  }
  if (std::any_of(url.begin(), url.end(),
                  [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; })) {
    return "the URL holds a blank or a control character";
  }
  std::size_t header_bytes = 0;
  for (const auto& header : request.headers) {
    header_bytes += header.name.size() + header.value.size();
    if (!is_token(header.name)) return "a header has a name that is not a token";
    if (is_framing_header(header.name))
      return fmt::format("the header {} is not the webhook's to set", header.name);
    if (breaks_lines(header.value)) {
      return fmt::format("the value of the header {} holds CR, LF or NUL", header.name);
    }
  }
  if (header_bytes > longest_headers) return "the headers are larger than 256 KiB";
  return std::nullopt;
}

Transfer::Transfer(Wiring& wiring) : wiring_(wiring), easy_(curl_easy_init()) {
  if (!easy_) std::abort();  // out of memory
}

Transfer::~Transfer() {
  curl_easy_cleanup(easy_);
}

Transfer& Transfer::of(CURL* easy) {
  Transfer* transfer = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
  return *transfer;
}

void Transfer::take(Request&& request, core::MonoTime now) {
  request_ = std::move(request);
  reception_.begin(request_.route->response_size);
  started_ = now;
  deadline = now + request_.route->timeout.connect;
  sent_ = address_tried_ = false;
  refused_.clear();
  socket_error_ = 0;
  details_[0] = '\0';
  set_route(request_.route);
  set_request();
}

void Transfer::rest() {
  host = nullptr;
  link = nullptr;
  request_ = Request{};
  if (header_text_.capacity() > kept_header_text) header_text_ = {};
}

void Transfer::set_route(const std::shared_ptr<const Route>& route) {
  if (route_ == route) return;
  if (!route_ || !same_connection(*route_, *route)) {
    curl_easy_reset(easy_);
    set_always();
    set_connection(*route);
    url_.clear();
    method_ = config::Method::post;
  }
  set(easy_, CURLOPT_CONNECTTIMEOUT_MS, to_ms(route->timeout.connect));
  route_ = route;
}

void Transfer::set_always() {
  set(easy_, CURLOPT_PRIVATE, this);
  set(easy_, CURLOPT_SHARE, wiring_.share);
  set(easy_, CURLOPT_NOSIGNAL, 1L);
  set(easy_, CURLOPT_QUICK_EXIT, 1L);  // else a hanging name look-up holds the whole loop at its end
  set(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy_, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  set(easy_, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(easy_, CURLOPT_FOLLOWLOCATION, 0L);
  set(easy_, CURLOPT_PATH_AS_IS, 1L);  // the path as it was rendered
  set(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(easy_, CURLOPT_TCP_NODELAY, 1L);
  set(easy_, CURLOPT_DNS_CACHE_TIMEOUT, address_seconds);
  set(easy_, CURLOPT_MAXAGE_CONN, idle_connection_seconds);
  set(easy_, CURLOPT_MAXLIFETIME_CONN, connection_lifetime_seconds);
  set(easy_, CURLOPT_CA_CACHE_TIMEOUT, connection_lifetime_seconds);
  set(easy_, CURLOPT_ERRORBUFFER, details_.data());
  set(easy_, CURLOPT_OPENSOCKETFUNCTION, &open_socket);
  set(easy_, CURLOPT_OPENSOCKETDATA, this);
  set(easy_, CURLOPT_CLOSESOCKETFUNCTION, &close_socket);
  set(easy_, CURLOPT_CLOSESOCKETDATA, &wiring_);  // a connection outlives its first transfer
  set(easy_, CURLOPT_PREREQFUNCTION, &before_sending);
  set(easy_, CURLOPT_PREREQDATA, this);
  set(easy_, CURLOPT_HEADERFUNCTION, &header_line);
  set(easy_, CURLOPT_HEADERDATA, this);
  set(easy_, CURLOPT_WRITEFUNCTION, &body_bytes);
  set(easy_, CURLOPT_WRITEDATA, this);
}

void Transfer::set_connection(const Route& route) {
  set(easy_, CURLOPT_PROXY, route.proxy.c_str());  // empty: none, whatever the environment says
  set(easy_, CURLOPT_NOPROXY, "");
  set(easy_, CURLOPT_HTTP_VERSION,
      static_cast<long>(route.http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
  set(easy_, CURLOPT_PIPEWAIT, route.http2 ? 1L : 0L);
  set(easy_, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(easy_, CURLOPT_SSL_VERIFYPEER, route.tls.verify ? 1L : 0L);
  set(easy_, CURLOPT_SSL_VERIFYHOST, route.tls.verify ? 2L : 0L);
  if (!route.tls.ca.empty()) {
    set(easy_, CURLOPT_CAINFO, route.tls.ca.c_str());
    set(easy_, CURLOPT_CAPATH,
        static_cast<char*>(nullptr));  // this CA instead of the system's, not beside them
  }
  if (!route.tls.cert.empty()) set(easy_, CURLOPT_SSLCERT, route.tls.cert.c_str());
  if (!route.tls.key.empty()) set(easy_, CURLOPT_SSLKEY, route.tls.key.c_str());
  set(easy_, CURLOPT_KEYPASSWD, "");  // an encrypted key is refused; OpenSSL would ask for its password
}

void Transfer::set_request() {
  if (url_ != request_.url) {
    url_ = request_.url;
    set(easy_, CURLOPT_URL, url_.c_str());
  }
  if (method_ != request_.method) {
    method_ = request_.method;
    set(easy_, CURLOPT_CUSTOMREQUEST, verb(method_));
  }
  set(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
  set(easy_, CURLOPT_POSTFIELDS, request_.body.c_str());
  build_headers();
  set(easy_, CURLOPT_HTTPHEADER, header_list_.data());
}

/// The list that libcurl reads, in two blocks of memory that are kept, instead of two allocations a header.
void Transfer::build_headers() {
  const auto& headers = request_.headers;
  const bool typed = std::any_of(headers.begin(), headers.end(), [](const HttpHeader& header) {
    return same_header_name(header.name, "content-type");
  });
  std::size_t size = 32;
  for (const auto& header : headers)
    size += header.name.size() + header.value.size() + 3;
  header_text_.clear();
  header_text_.reserve(size);  // pointers into it are taken below
  header_list_.clear();
  const auto add = [this](std::string_view name, std::string_view separator, std::string_view value) {
    header_list_.push_back({header_text_.data() + header_text_.size(), nullptr});
    header_text_.append(name).append(separator).append(value).push_back('\0');
  };
  for (const auto& header : headers)
    add(header.name, header.value.empty() ? ";" : ": ", header.value);
  add("Expect", ":", "");  // none: else a large body waits a second for a 100
  if (!typed) add("Content-Type", ":", "");
  for (std::size_t i = 0; i + 1 < header_list_.size(); ++i)
    header_list_[i].next = &header_list_[i + 1];
}

bool Transfer::checks_addresses() const {
  return request_.route->proxy.empty() || !request_.route->proxy_trusted;
}

void Transfer::stop_resolving() {
  if (!resolving) return;
  resolving = false;
  --host->resolving;
  if (!host->waiting.empty()) wiring_.agenda.released.push_back(host);
}

curl_socket_t Transfer::open_socket(void* self, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(self);
  transfer.host->resolved_until = clock_now() + address_known_for;
  transfer.stop_resolving();
  if (transfer.checks_addresses() && !transfer.wiring_.egress->allows(&address->addr)) {
    char host[NI_MAXHOST], port[NI_MAXSERV];
    if (getnameinfo(&address->addr, address->addrlen, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) == 0) {
      transfer.refused_ = fmt::format("{}:{}", host, port);
    } else {
      transfer.refused_ = "an address that is not IP";
    }
    return CURL_SOCKET_BAD;
  }
  transfer.address_tried_ = true;
  const int fd = socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->protocol);
  if (fd < 0) {
    transfer.socket_error_ = errno;
    return CURL_SOCKET_BAD;
  }
  transfer.wiring_.watchers.opened(fd, *transfer.link);
  Hosts::socket_opened(*transfer.link);
  return fd;
}

int Transfer::close_socket(void* wiring, curl_socket_t fd) {
  if (Link* const link = static_cast<Wiring*>(wiring)->watchers.closed(fd)) Hosts::socket_closed(*link);
  return close(fd);
}

/// Connected, TLS included, or given a connection that was open already: the request goes out now.
int Transfer::before_sending(void* self, char* remote, char*, int remote_port, int) {
  auto& transfer = *static_cast<Transfer*>(self);
  transfer.sent_ = true;
  transfer.stop_resolving();
  const auto port = static_cast<std::uint16_t>(remote_port);
  if (transfer.checks_addresses() && !transfer.wiring_.egress->allows(std::string_view(remote), port)) {
    transfer.refused_ = fmt::format("{}:{}", remote, port);
    return CURL_PREREQFUNC_ABORT;
  }
  // Sent again on a second connection, the request gets no more time than both timeouts together.
  const auto& timeout = transfer.request_.route->timeout;
  transfer.deadline = std::min(transfer.started_ + timeout.connect, clock_now()) + timeout.request;
  transfer.wiring_.agenda.deadline(transfer.deadline);
  return CURL_PREREQFUNC_OK;
}

std::size_t Transfer::header_line(char* bytes, std::size_t size, std::size_t count, void* self) {
  auto& reception = static_cast<Transfer*>(self)->reception_;
  return reception.header({bytes, size * count}) ? size * count : 0;
}

std::size_t Transfer::body_bytes(char* bytes, std::size_t size, std::size_t count, void* self) {
  auto& reception = static_cast<Transfer*>(self)->reception_;
  return reception.body({bytes, size * count}) ? size * count : CURL_WRITEFUNC_ERROR;
}

}  // namespace hookline::deliver
