#include "advice.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <span>
#include <vector>

#include "functions.h"

namespace hookline::rule {
namespace {

constexpr std::string_view no_arithmetic =
    "the language adds (+) and compares; a field with such a name is written document[\"a-b\"]";
constexpr std::string_view plain_quotes = "use straight quotes: \"…\" or '…'";

// The longest first. `-` is an operator only in front of a number and is refused by the parser.
constexpr Mistake foreign_operators[] = {
    {"===", "did you mean '=='?"},
    {"!==", "did you mean '!='?"},
    {"=~", "write text.matches(r\"…\")"},
    {"!~", "write !text.matches(r\"…\")"},
    {"<>", "did you mean '!='?"},
    {"=>", "did you mean '>='?"},
    {"=<", "did you mean '<='?"},
    {"->", "select a field with '.'"},
    {"?.", "write has(a.b) && … to guard a field that may be missing"},
    {"??", "write has(a.b) ? a.b : other"},
    {"**", no_arithmetic},
    {"${", "names stand alone: severity == \"high\""},
    {"&", "did you mean '&&'?"},
    {"|", "did you mean '||'?"},
    {"=", "did you mean '=='?"},
    {"*", no_arithmetic},
    {"/", no_arithmetic},
    {"%", no_arithmetic},
    {"^", no_arithmetic},
    {"~", "write text.matches(r\"…\")"},
    {"$", "names stand alone: severity == \"high\""},
    {"@", "names stand alone: severity == \"high\""},
    {"#", "comments begin with //"},
    {";", "an expression is one line of logic and ends by itself"},
    {"{", "maps are not part of the language; lists are written [1, 2]"},
    {"}", "maps are not part of the language; lists are written [1, 2]"},
    {"\\", "backslashes belong into quotes"},
    {"`", plain_quotes},
    {"\u201C", plain_quotes},
    {"\u201D", plain_quotes},
    {"\u201E", plain_quotes},
    {"\u2018", plain_quotes},
    {"\u2019", plain_quotes},
    {"\u00AB", plain_quotes},
    {"\u00BB", plain_quotes},
    {"\u2260", "did you mean '!='?"},
    {"\u2264", "did you mean '<='?"},
    {"\u2265", "did you mean '>='?"},
    {"\u00A0", "this is a no-break space: use a plain one"},
};

constexpr Mistake foreign_infixes[] = {
    {"and", "use &&"},
    {"or", "use ||"},
    {"xor", "use !="},
    {"not", "write !(x in [\"a\", \"b\"])"},
    {"is", "use ==, as in x == null"},
    {"isnt", "use !=, as in x != null"},
    {"eq", "use =="},
    {"ne", "use !="},
    {"neq", "use !="},
    {"lt", "use <"},
    {"le", "use <="},
    {"gt", "use >"},
    {"ge", "use >="},
    {"equals", "use =="},
    {"like", "write x.contains(\"…\") or x.matches(r\"…\")"},
    {"ilike", "write x.lowerAscii().contains(\"…\")"},
    {"matches", "write x.matches(r\"…\")"},
    {"contains", "write x.contains(\"…\"), or \"a\" in list"},
    {"includes", "write x.contains(\"…\"), or \"a\" in list"},
    {"startswith", "write x.startsWith(\"…\")"},
    {"endswith", "write x.endsWith(\"…\")"},
    {"between", "write x >= 1 && x <= 5"},
    {"exists", "write has(a.b), or list.exists(x, …)"},
    {"then", "write condition ? a : b"},
    {"else", "write condition ? a : b"},
    {"where", "leave it out: the filter is the condition alone"},
};

constexpr Mistake foreign_values[] = {
    {"True", "use true"},      {"TRUE", "use true"}, {"False", "use false"}, {"FALSE", "use false"},
    {"None", "use null"},      {"nil", "use null"},  {"Null", "use null"},   {"NULL", "use null"},
    {"undefined", "use null"}, {"not", "use !"},     {"NOT", "use !"},
};

constexpr std::string_view reserved_words[] = {
    "as",  "break", "const",   "continue",  "else",   "for", "function", "if",    "import",
    "let", "loop",  "package", "namespace", "return", "var", "void",     "while",
};

constexpr std::string_view not_here = "is not part of the language";

constexpr Mistake foreign_functions[] = {
    {"len", "use size(x)"},
    {"length", "use size(x)"},
    {"count", "use size(x)"},
    {"isempty", "use size(x) == 0"},
    {"empty", "use size(x) == 0"},
    {"tolower", "use x.lowerAscii()"},
    {"tolowercase", "use x.lowerAscii()"},
    {"lower", "use x.lowerAscii()"},
    {"lowercase", "use x.lowerAscii()"},
    {"toupper", "use x.upperAscii()"},
    {"touppercase", "use x.upperAscii()"},
    {"upper", "use x.upperAscii()"},
    {"uppercase", "use x.upperAscii()"},
    {"regex", "use x.matches(r\"…\")"},
    {"match", "use x.matches(r\"…\")"},
    {"test", "use x.matches(r\"…\")"},
    {"like", "use x.contains(\"…\") or x.matches(r\"…\")"},
    {"includes", "use x.contains(\"…\"), or \"a\" in list"},
    {"include", "use x.contains(\"…\"), or \"a\" in list"},
    {"indexof", "use x.contains(\"…\")"},
    {"containskey", "use \"key\" in x, or has(x.key)"},
    {"haskey", "use \"key\" in x, or has(x.key)"},
    {"defined", "use has(a.b)"},
    {"isset", "use has(a.b)"},
    {"isnull", "use x == null"},
    {"any", "use list.exists(x, …)"},
    {"some", "use list.exists(x, …)"},
    {"every", "use list.all(x, …)"},
    {"not", "use !(…)"},
    {"and", "use &&"},
    {"or", "use ||"},
    {"if", "write condition ? a : b"},
    {"ip", "write cidr('10.0.0.0/8').containsIP(x): it takes the address as text"},
    {"incidr", "write cidr('10.0.0.0/8').containsIP(x)"},
    {"iniprange", "write cidr('10.0.0.0/8').containsIP(x)"},
    {"exists_one", not_here},
    {"map", not_here},
    {"filter", not_here},
    {"int", not_here},
    {"uint", not_here},
    {"double", not_here},
    {"string", not_here},
    {"bool", not_here},
    {"bytes", not_here},
    {"dyn", not_here},
    {"type", not_here},
    {"timestamp", not_here},
    {"duration", not_here},
    {"now", "filters see the event alone, no clock"},
};

const Mistake* find(std::span<const Mistake> table, std::string_view word) {
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const Mistake& mistake) { return mistake.written == word; });
  return found == table.end() ? nullptr : &*found;
}

std::string lower_case(std::string_view word) {
  std::string lower(word);
  for (char& c : lower)
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

/// Levenshtein distance; both words are short.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

const Mistake* foreign_operator(std::string_view rest) {
  if (rest.starts_with("==") && !rest.starts_with("===")) return nullptr;
  if (rest.starts_with("&&") || rest.starts_with("||")) return nullptr;
  if (rest.starts_with("?.") && rest.size() > 2 && rest[2] >= '0' && rest[2] <= '9')
    return nullptr;  // a ?.5 : 1
  const auto found = std::find_if(std::begin(foreign_operators), std::end(foreign_operators),
                                  [&](const Mistake& mistake) { return rest.starts_with(mistake.written); });
  return found == std::end(foreign_operators) ? nullptr : found;
}

const Mistake* foreign_infix(std::string_view word) {
  return find(foreign_infixes, lower_case(word));
}

const Mistake* foreign_value(std::string_view word) {
  return find(foreign_values, word);
}

bool is_reserved_word(std::string_view word) {
  return std::find(std::begin(reserved_words), std::end(reserved_words), word) != std::end(reserved_words);
}

std::string function_remedy(std::string_view name) {
  const std::string lower = lower_case(name);
  if (const Mistake* mistake = find(foreign_functions, lower)) return std::string(mistake->remedy);

  const Function* nearest = nullptr;
  std::size_t best = 3;  // further away is another word, not a slip
  if (name.size() <= 32) {
    for (const Function& function : functions()) {
      const std::size_t d = distance(lower, lower_case(function.name));
      if (d < best) {
        best = d;
        nearest = &function;
      }
    }
  }
  if (nearest != nullptr) return "did you mean " + std::string(nearest->usage) + "?";
  std::string all = "there are";
  for (const Function& function : functions())
    (all += ' ') += function.name;
  return all;
}

}  // namespace hookline::rule
