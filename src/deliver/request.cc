#include "hookline/deliver/request.h"

namespace hookline::deliver {

std::string_view name(Outcome outcome) {
  switch (outcome) {
    case Outcome::answered:
      return "answered";
    case Outcome::dns:
      return "dns";
    case Outcome::connect:
      return "connect";
    case Outcome::connect_timeout:
      return "connect_timeout";
    case Outcome::request_timeout:
      return "request_timeout";
    case Outcome::tls:
      return "tls";
    case Outcome::reset:
      return "reset";
    case Outcome::protocol:
      return "protocol";
    case Outcome::token:
      return "token";
    case Outcome::egress:
      return "egress";
    case Outcome::invalid:
      return "invalid";
    case Outcome::aborted:
      return "aborted";
  }
  return "invalid";
}

}  // namespace hookline::deliver
