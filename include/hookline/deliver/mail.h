// A mail to people, through the mail server that the service's settings name. For what Hookline has to tell
// by itself (failure mails); deliveries never wait for it. Any thread; send_mail() blocks its own.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "hookline/config/settings.h"
#include "hookline/core/result.h"
#include "hookline/core/time.h"

namespace hookline::deliver {

struct Mail {
  std::vector<std::string> to;  ///< addresses as the configuration has them: no blanks, no line ends
  std::string subject;          ///< UTF-8; control characters become blanks
  std::string text;             ///< UTF-8, lines end in \n
};

/// The message as it goes out (RFC 5322, RFC 2045): its headers are these and no others, whatever subject and
/// text hold. `id` makes the Message-ID, with the sender's domain.
std::string message_of(const Mail& mail, std::string_view from, core::WallTime now, std::string_view id);

/// Hands the mail to the server: STARTTLS (and nothing without it), TLS, or neither, as `smtp.tls` says; the
/// certificate is always checked, against the authorities in the file `ca` or else the system's. Takes at most a minute, or until `keep_going` says no. A recipient that
/// the server refuses does not keep the others from their mail. Error: unavailable, one line without secrets.
[[nodiscard]] core::Result<void> send_mail(const config::Smtp& smtp, const Mail& mail, core::WallTime now,
                                           const std::function<bool()>& keep_going, const std::string& ca = {});

}  // namespace hookline::deliver
