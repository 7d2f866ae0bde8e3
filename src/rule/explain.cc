// Why a filter did or did not match: every term on its own, without the short cuts of &&, || and ?:,
// with the values that it saw.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "evaluate.h"
#include "program.h"

namespace hookline::rule {
namespace {

using Term = Expression::Term;

constexpr std::size_t max_shown = 200;  // bytes of one value

/// The text cut to max_shown, between characters.
std::string shorten(std::string text) {
  if (text.size() <= max_shown) return text;
  std::size_t cut = max_shown;
  while (cut > 0 && (text[cut] & 0xC0) == 0x80)
    --cut;
  text.resize(cut);
  return text + "…";
}

std::string show(const Outcome& outcome) {
  if (!outcome) return "error: " + std::string(outcome.error().what);
  std::string text;
  // What nobody validated is shown as it stands: compacting asks for valid JSON.
  if (const auto* document = std::get_if<json::Value>(&outcome->data)) {
    text = document->raw.substr(0, max_shown + 4);
  } else {
    append_json(*outcome, text);
  }
  return shorten(std::move(text));
}

class Explanation {
 public:
  Explanation(const event::Event& event, std::string_view text) : event_(event), text_(text) {}

  void visit(const Node& node, int depth) {
    if (node.op == Op::constant || node.op == Op::local) return;
    const bool condition = node.op == Op::conjunction || node.op == Op::disjunction ||
                           node.op == Op::negation || node.op == Op::conditional;
    const bool term = depth == 0 || (node.op != Op::variable && node.op != Op::select &&
                                     node.op != Op::index && node.op != Op::list);
    if (term) add(node, depth, condition);
    const bool macro = node.op == Op::exists || node.op == Op::all;
    for (std::size_t i = 0; i < (macro ? 1 : node.child_count); ++i) {
      const Node& child = node[i];
      if (child.op == Op::variable && condition) add(child, depth + 1, false);
      visit(child, depth + (term ? 1 : 0));
    }
  }

  std::vector<Term> terms;

 private:
  void add(const Node& node, int depth, bool condition) {
    Arena arena;
    Term term{node.at, node.length, depth, show(Evaluation(&event_, arena).value(node)), {}};
    if (!condition) {
      std::vector<std::string> entries;
      collect(node, entries);
      term.seen = fmt::format("{}", fmt::join(entries, ", "));
    }
    terms.push_back(std::move(term));
  }

  /// The variables below `node`, each once, with their values.
  void collect(const Node& node, std::vector<std::string>& entries) {
    if (node.op == Op::variable) {
      Arena arena;
      const std::string_view name = text_.substr(node.at, node.length);
      std::string entry = fmt::format("{} = {}", name, show(Evaluation(&event_, arena).value(node)));
      if (std::find(entries.begin(), entries.end(), entry) == entries.end())
        entries.push_back(std::move(entry));
    }
    for (const Node& child : node.each())
      collect(child, entries);
  }

  const event::Event& event_;
  std::string_view text_;
};

}  // namespace

std::vector<Term> Expression::explain(const event::Event& event) const {
  Explanation explanation(event, program_->text);
  explanation.visit(program_->root(), 0);
  return std::move(explanation.terms);
}

}  // namespace hookline::rule
