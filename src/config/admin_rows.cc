// The `admin` section: where the API listens, and who may do what.
#include <algorithm>

#include <fmt/format.h>

#include "network.h"
#include "settings_declaration.h"
#include "types.h"
#include "utf8.h"

namespace hookline::config {
namespace {

using Listen = std::pair<std::string, std::uint16_t>;
using Scope = Token::Scope;

struct AdminDraft {
  Listen listen{Admin{}.address, Admin{}.port};
  Secret token;
  std::vector<Token> tokens;
  bool metrics_public = Admin{}.metrics_public;
};

Type<Listen> listen() {
  auto type = by_way_of<Listen>(
      text(),
      [](Reader& reader, const Node& node, const std::string& written, Listen& out) {
        auto parsed = parse_listen(written);
        if (!parsed) {
          reader.error(node, "is not an address to listen on", "write e.g. 127.0.0.1:8080 or [::1]:8080");
          return false;
        }
        out = std::move(*parsed);
        return true;
      },
      [](const Listen& value) { return format_listen(value.first, value.second); });
  type.shape.words = "address:port";
  return type;
}

Type<Token> token() {
  Section<Token> section;
  section.rows = {
      row<Token>("name", &Token::name, name_text(), "Who it is given to; logs name it.", "ci",
                 Need::required),
      row<Token>("token", &Token::value, secret(), "The token itself.", "${env:CI_TOKEN}", Need::required),
      row<Token>("scopes", &Token::scopes,
                 list_of(one_of<Scope>(
                             {{"read", Scope::read}, {"operate", Scope::operate}, {"admin", Scope::admin}}),
                         1),
                 "What it may do: read; operate (test, redeliver, replay, switch on and off); admin (change "
                 "definitions).",
                 json::Tree::array({"read"}), Need::required),
  };
  return mapping(std::move(section));
}

void check_admin(Reader& reader, const Node& node, AdminDraft& draft) {
  at_most_one(reader, node, {"token", "tokens"});
  const auto* listen_node = node.find("listen");
  const auto* tokens = node.find("tokens");
  const bool guarded = node.find("token") || (tokens && !tokens->items.empty());
  if (!is_loopback(draft.listen.first) && !guarded) {
    reader.error(listen_node ? listen_node->place() : node.place(),
                 "the admin API would be open to other machines without a token",
                 "set admin.token, or listen on 127.0.0.1");
  }
  std::map<std::string, std::size_t> names;
  for (std::size_t i = 0; i < draft.tokens.size(); ++i) {
    const auto [there, inserted] = names.emplace(draft.tokens[i].name, i);
    if (inserted) continue;
    const auto place_of = [&](std::size_t index) { return tokens->items[index].find("name")->place(); };
    reader.error(place_of(i), fmt::format("the token name {} is taken", in_quotes(draft.tokens[i].name)),
                 fmt::format("it stands in line {} already", place_of(there->second).line));
  }
}

}  // namespace

Type<Admin> admin() {
  using A = AdminDraft;
  Section<A> section;
  section.rows = {
      row<A>("listen", &A::listen, listen(),
             "Where API, UI, health and metrics answer. Another address than loopback needs a token; port 0 "
             "takes a free one.",
             "0.0.0.0:8080"),
      row<A>("token", &A::token, secret(),
             "One token with all rights. Without any, everybody on this machine has them.",
             "${env:HOOKLINE_ADMIN_TOKEN}"),
      row<A>("tokens", &A::tokens, list_of(token()), "Several tokens, with scopes, instead of `token`."),
      row<A>("metrics_public", &A::metrics_public, boolean(), "`/metrics` answers without a token.", false),
  };
  section.check = check_admin;
  section.rules = not_both("token", "tokens");
  const auto make = [](Reader&, const Node&, A draft, Admin& out) {
    out.address = draft.listen.first;
    out.port = draft.listen.second;
    out.metrics_public = draft.metrics_public;
    out.tokens = std::move(draft.tokens);
    if (!draft.token.empty())
      out.tokens = {{"admin", std::move(draft.token), {Scope::read, Scope::operate, Scope::admin}}};
    return true;
  };
  const auto draft_of = [](const Admin& value) {
    A draft;
    draft.listen = {value.address, value.port};
    draft.metrics_public = value.metrics_public;
    if (value.tokens.size() == 1 && value.tokens[0].name == "admin" && value.tokens[0].scopes.size() == 3) {
      draft.token = value.tokens[0].value;
    } else {
      draft.tokens = value.tokens;
    }
    return draft;
  };
  return by_way_of<Admin>(mapping(std::move(section)), make, draft_of);
}

}  // namespace hookline::config
