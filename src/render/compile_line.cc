// URLs and header values: one line of text with placeholders.
#include <algorithm>
#include <string>

#include "builder.h"
#include "escape.h"

namespace hookline::render {
namespace {

/// The placeholder at text[at], unless a secret was inserted there: that is data, whatever it looks like.
tl::expected<std::optional<Placeholder>, core::Fault> find_placeholder(std::string_view text, std::size_t at,
                                                                       Slot slot, const Literals& inserted) {
  const auto touches = [&](std::size_t length) {
    return std::ranges::any_of(inserted, [&](const config::Text::Literal& range) {
      return at < range.at + range.length && range.at < at + length;
    });
  };
  if (touches(1)) return std::nullopt;
  auto found = scan_placeholder(text, at, slot);
  if (found && *found && touches((*found)->length)) return std::nullopt;
  return found;
}

/// Calls `literal(piece)` and `placeholder(Placeholder)` for the parts of `text`, in order.
template <class Literal, class Found>
Compiled for_each_part(std::string_view text, Slot slot, const Literals& inserted, Literal literal,
                       Found placeholder) {
  std::size_t done = 0;
  for (std::size_t at = text.find('$'); at != std::string_view::npos; at = text.find('$', at)) {
    auto found = find_placeholder(text, at, slot, inserted);
    if (!found) return tl::unexpected(found.error());
    if (!*found) {
      ++at;
      continue;
    }
    if (auto kept = literal(text.substr(done, at - done)); !kept) return kept;
    if (auto taken = placeholder(**found); !taken) return taken;
    at += (*found)->length;
    done = at;
  }
  return literal(text.substr(done));
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

/// Where the path begins: behind scheme and authority. Error: they are not there, or are not fixed.
tl::expected<std::size_t, core::Fault> authority_end(std::string_view text, const Literals& inserted) {
  const std::string head = lower(text.substr(0, 8));
  const std::size_t scheme = head.starts_with("https://") ? 8 : head.starts_with("http://") ? 7 : 0;
  if (scheme == 0) {
    return fault(0, std::max<std::size_t>(1, std::min<std::size_t>(text.size(), 8)),
                 text.starts_with('$') ? "a placeholder in the scheme of a URL"
                                       : "a URL begins with http:// or https://",
                 "scheme, host and port are written out; path, query and fragment may hold placeholders");
  }
  const std::size_t end = std::min(text.find_first_of("/?#", scheme), text.size());
  const std::string_view authority = text.substr(scheme, end - scheme);
  for (std::size_t at = authority.find('$'); at != std::string_view::npos; at = authority.find('$', at + 1)) {
    // A default may hold a slash, so the whole text is looked at, not the authority alone.
    const auto found = find_placeholder(text, scheme + at, Slot::url, inserted);
    if (!found || *found) {
      return fault(scheme + at, found ? (*found)->length : 2, "a placeholder in the host or port of a URL",
                   "scheme, host and port are written out; path, query and fragment may hold placeholders");
    }
  }
  if (const auto user = authority.find('@'); user != std::string_view::npos) {
    return fault(scheme, user + 1, "a URL with user name or password",
                 "use `auth: { basic: {username, password} }`");
  }
  if (authority.empty() || authority[0] == ':') return fault(scheme, 1, "a URL without host", "");
  return end;
}

/// A literal '..' beside placeholders would eat a segment that a value made.
bool has_dot_segment(std::string_view path) {
  path = path.substr(0, path.find_first_of("?#"));
  while (!path.empty()) {
    const std::string_view segment = path.substr(0, path.find('/'));
    if (is_dot_segment(segment)) return true;
    path.remove_prefix(std::min(segment.size() + 1, path.size()));
  }
  return false;
}

/// One URL: what is literal goes out as written, but bytes that HTTP does not carry percent-encoded.
class UrlReader {
 public:
  UrlReader(std::string_view text, std::size_t path, Literals inserted, Builder& builder)
      : text_(text), path_(path), inserted_(inserted), builder_(builder) {}

  Compiled read() {
    auto read = for_each_part(
        text_, Slot::url, inserted_, [this](std::string_view piece) { return literal(piece); },
        [this](const Placeholder& found) { return placeholder(found); });
    if (!read) return read;
    if (!builder_.constant() && has_dot_segment(std::string_view(outline_).substr(path_))) {
      return fault(path_, text_.size() - path_, "a '.' or '..' segment in a URL with placeholders",
                   "write the path without");
    }
    return {};
  }

 private:
  Compiled literal(std::string_view piece) {
    const auto at = static_cast<std::size_t>(piece.data() - text_.data());
    std::string spelled;
    for (std::size_t i = 0; i < piece.size(); ++i) {
      const char c = piece[i];
      if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7F || c == '\\') {
        return fault(at + i, 1, "a character that no URL holds", "write %20 for a blank");
      }
      // The host stays as it is: names beyond ASCII are the resolver's business.
      const bool foreign = static_cast<unsigned char>(c) >= 0x80 && at + i >= path_;
      if (foreign) {
        append_percent_encoded(piece.substr(i, 1), spelled);
      } else {
        spelled += c;
      }
    }
    builder_.literal(spelled);
    outline_ += spelled;
    return {};
  }

  Compiled placeholder(const Placeholder& found) {
    std::optional<std::string> fallback;
    if (found.fallback) append_percent_encoded(*found.fallback, fallback.emplace());
    builder_.placeholder(found.path, Slot::url, fallback, false);
    outline_ += '*';  // stands for what the value will be
    return {};
  }

  std::string_view text_;
  std::size_t path_;
  Literals inserted_;
  Builder& builder_;
  std::string outline_;
};

}  // namespace

tl::expected<std::size_t, core::Fault> compile_url(std::string_view text, Literals inserted,
                                                   Builder& builder) {
  const auto path = authority_end(text, inserted);
  if (!path) return path;
  if (auto read = UrlReader(text, *path, inserted, builder).read(); !read)
    return tl::unexpected(read.error());
  return *path;
}

Compiled compile_header(std::string_view text, Literals inserted, Builder& builder) {
  // Checked as a whole: a control character in a default is wrong as well.
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!fits_header(text.substr(i, 1)))
      return fault(i, 1, "a control character in a header value", "leave it out");
  }
  const auto literal = [&](std::string_view piece) -> Compiled {
    builder.literal(piece);
    return {};
  };
  const auto placeholder = [&](const Placeholder& found) -> Compiled {
    builder.placeholder(found.path, Slot::header, found.fallback, false);
    return {};
  };
  return for_each_part(text, Slot::header, inserted, literal, placeholder);
}

}  // namespace hookline::render
