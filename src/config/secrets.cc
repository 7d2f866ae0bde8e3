#include "secrets.h"

#include <cstdlib>

#include <fmt/format.h>

#include "files.h"
#include "utf8.h"

namespace hookline::config {
namespace {

constexpr std::string_view env_start = "${env:";
constexpr std::string_view file_start = "${file:";

std::size_t find_reference(std::string_view text, std::size_t from) {
  return std::min(text.find(env_start, from), text.find(file_start, from));
}

bool is_variable_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") ==
         name.npos;
}

/// What opens everything else is no webhook's to send, whatever globs name it.
bool is_own_secret(std::string_view name) { return name.starts_with("HOOKLINE_SECRET_KEY") || name == "HOOKLINE_ADMIN_TOKEN"; }

/// An editor's or `echo`'s line break at the end of a secret file is not part of the secret.
void drop_last_break(std::string& text) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
}

/// One reference being resolved: says what is wrong with it, at its own place.
class Reference {
 public:
  Reference(const Text& written, std::size_t at, std::size_t length, Problems& problems)
      : written_(written), at_(at), length_(length), problems_(problems) {}

  std::nullopt_t fail(std::string what, std::string remedy) {
    problems_.push_back(problem_in(written_, {at_, length_, std::move(what), std::move(remedy), false}));
    return std::nullopt;
  }

  std::optional<std::string> env(const std::string& name, const SecretSource& secrets) {
    if (!is_variable_name(name))
      return fail(fmt::format("{} is not the name of an environment variable", in_quotes(name)),
                  "write ${env:NAME}");
    auto value = secrets.env(name);
    if (!value)
      return fail(fmt::format("the environment variable {} is not set, or may not be read here", name),
                  fmt::format("set {}, or write the value another way", name));
    return checked(std::move(*value), fmt::format("the environment variable {}", name));
  }

  std::optional<std::string> file(const std::filesystem::path& path, const SecretSource& secrets) {
    auto value = secrets.file(path);
    if (!value)
      return fail(fmt::format("the file '{}' cannot be read", path.string()),
                  "check that it exists, is readable and may be used here");
    drop_last_break(*value);
    return checked(std::move(*value), fmt::format("the file '{}'", path.string()));
  }

 private:
  std::optional<std::string> checked(std::string value, const std::string& origin) {
    if (value.size() > max_secret_bytes)
      return fail(origin + " is too large for a setting", "at most 64 KiB are taken");
    if (find_invalid_utf8(value))
      return fail(origin + " does not hold UTF-8 text", "encode it, e.g. as base64");
    return value;
  }

  const Text& written_;
  std::size_t at_, length_;
  Problems& problems_;
};

}  // namespace

bool only_references(std::string_view text) {
  if (const auto blank = text.find(' '); blank < text.find("${")) text.remove_prefix(blank + 1);
  do {
    if (!text.starts_with("${env:") && !text.starts_with("${file:")) return false;
    const auto end = text.find('}');
    if (end == text.npos) return false;
    text.remove_prefix(end + 1);
  } while (!text.empty());
  return true;
}

bool has_reference(std::string_view text) {
  return find_reference(text, 0) != text.npos;
}

std::filesystem::path absolute_path(const Node& node, const std::string& path) {
  return std::filesystem::absolute(node.source->folder / path).lexically_normal();
}

std::optional<Expanded> expand(const Node& node, const SecretSource& secrets, Problems& problems) {
  const Text written = text_of(node);
  const std::string_view text = written.value;
  Expanded out;
  bool whole = true;
  std::size_t from = 0;
  for (auto at = find_reference(text, 0); at != text.npos; at = find_reference(text, from)) {
    out.value += text.substr(from, at - from);
    const auto end = text.find('}', at);
    Reference reference(written, at, end == text.npos ? text.size() - at : end + 1 - at, problems);
    if (end == text.npos) return reference.fail("'${' is not closed", "close the reference with '}'");
    from = end + 1;
    const bool env = text.substr(at).starts_with(env_start);
    const auto start = at + (env ? env_start : file_start).size();
    const std::string name(text.substr(start, end - start));
    if (name.empty()) return reference.fail("an empty reference", "write ${env:NAME} or ${file:PATH}");
    auto value = env ? reference.env(name, secrets) : reference.file(absolute_path(node, name), secrets);
    if (!value) {
      whole = false;
      continue;
    }
    out.literal.push_back({out.value.size(), value->size(), characters(text.substr(at, from - at))});
    out.value += *value;
  }
  out.value += text.substr(from);
  if (!whole) return std::nullopt;
  return out;
}

SecretSource SecretSource::system() {
  return {[](const std::string& name) -> std::optional<std::string> {
            const char* value = std::getenv(name.c_str());
            return value ? std::optional<std::string>(value) : std::nullopt;
          },
          [](const std::filesystem::path& path) -> std::optional<std::string> {
            auto contents = read_file(path, max_file_bytes);
            return contents ? std::optional(std::move(*contents)) : std::nullopt;
          }};
}

SecretSource SecretSource::within(SecretScope scope) {
  const auto system = SecretSource::system();
  return {[system, names = scope.env](const std::string& name) -> std::optional<std::string> {
            if (is_own_secret(name)) return std::nullopt;
            for (const auto& pattern : names) {
              if (glob_matches(pattern, name)) return system.env(name);
            }
            return std::nullopt;
          },
          [system, files = scope.files](const std::filesystem::path& path) -> std::optional<std::string> {
            const auto plain = path.lexically_normal();
            if (const auto own = system.env("HOOKLINE_SECRET_KEY_FILE"); own && std::filesystem::path(*own).lexically_normal() == plain) return std::nullopt;
            for (const auto& pattern : files) {
              if (glob_matches(pattern, plain.string())) return system.file(plain);
            }
            return std::nullopt;
          }};
}

}  // namespace hookline::config
