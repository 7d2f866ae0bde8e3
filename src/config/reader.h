// One reading of a configuration: collects what is wrong, resolves secrets, remembers which names are
// taken. Made per load, used by one thread, passed to every row of the declaration.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "hookline/config/load.h"
#include "node.h"
#include "secrets.h"

namespace hookline::config {

/// Reading goes on after a mistake, but a file of nothing but mistakes is not worth a gigabyte.
inline constexpr std::size_t max_problems = 1000;

class Reader {
 public:
  Reader(const SecretSource& secrets, Problems& problems) : secrets_(secrets), problems_(problems) {}

  /// Adds a problem, unless the very same is there (templates are read once per webhook).
  void add(Problem problem);
  void error(Place place, std::string what, std::string remedy);
  void warn(Place place, std::string what, std::string remedy);
  /// At a node: "'retry.schedule' WHAT".
  void error(const Node& node, std::string_view what, std::string remedy);
  void warn(const Node& node, std::string_view what, std::string remedy);
  /// "'concurrency' must be a whole number, not the text 'many'". Without `show` what is written stays
  /// unsaid.
  void mistyped(const Node& node, std::string_view expected, bool show = true);
  std::size_t errors() const { return errors_; }

  /// A scalar with its references resolved. Reports everything else (a list, nothing at all, a missing
  /// secret) as a value that is not `expected`.
  struct Scalar {
    std::string value;
    Node::Scalar type = Node::Scalar::text;
    bool referenced = false;  ///< holds a secret: never to be shown
    std::vector<Text::Literal> literal;

    /// The value for a message.
    std::string shown() const;
  };
  std::optional<Scalar> scalar(const Node& node, std::string_view expected, bool show = true);

  const SecretSource& secrets() const { return secrets_; }

  /// Reports a name that is taken already within `space` ("webhook", "policy").
  void claim(const std::string& space, const std::string& name, const Place& place);

  /// Pointers of what held a reference since the last call, each once, in order.
  std::vector<std::string> take_referenced();

 private:
  const SecretSource& secrets_;
  Problems& problems_;
  std::set<std::string> seen_;
  std::map<std::string, std::map<std::string, Place>> names_;
  std::vector<std::string> referenced_;
  std::size_t errors_ = 0;
};

/// "retry.schedule[0]" for the pointer "/retry/schedule/0".
std::string setting_name(std::string_view pointer);

}  // namespace hookline::config
