// What libcurl's error codes mean to Hookline, as one table. No state.
#pragma once

#include <string_view>

#include <curl/curl.h>

#include "hookline/deliver/request.h"

namespace hookline::deliver {

struct CurlFault {
  CURLcode code;
  Outcome outcome;
  std::string_view text;  ///< what happened, to follow the name of the host
};

/// The row of an error code that ended a transfer before a complete head; `sent`: the connection stood.
const CurlFault& fault_of(CURLcode code, bool sent);

/// Why a certificate was refused: OpenSSL's verification result, or that the name in it is another one,
/// which libcurl compares itself.
std::string_view certificate_fault(long verify_result);

}  // namespace hookline::deliver
