// Truth values, numbers, and numbers with a unit.
#include <charconv>

#include <fmt/format.h>

#include "hookline/core/units.h"
#include "types.h"

namespace hookline::config {
namespace {

/// A scalar that a core parser reads ("5m", "64KiB"): the parser's own words where it fails.
template <class T, class Parse>
std::optional<T> read_unit(Reader& reader, const Node& node, std::string_view expected,
                           std::string_view example, Parse parse) {
  const auto scalar = reader.scalar(node, expected);
  if (!scalar) return std::nullopt;
  const auto value = parse(scalar->value);
  if (!value) {
    reader.error(node, fmt::format("must be {}, not {}", expected, scalar->shown()),
                 fmt::format("write e.g. {}", example));
    return std::nullopt;
  }
  return *value;
}

/// `value` within its bounds, or the problem that it is not.
template <class T>
bool within(Reader& reader, const Node& node, T value, T from, T to, std::string (*show)(T)) {
  if (value >= from && value <= to) return true;
  const bool referenced = has_reference(node.value);
  reader.error(node, referenced ? std::string("is out of bounds") : fmt::format("cannot be {}", show(value)),
               fmt::format("write {} to {}", show(from), show(to)));
  return false;
}

std::string show_integer(std::uint32_t value) {
  return std::to_string(value);
}

}  // namespace

Type<bool> boolean() {
  Type<bool> type;
  type.shape = {or_reference({{"type", "boolean"}}), "true or false", {}};
  type.read = [](Reader& reader, const Node& node, bool& out) {
    const auto scalar = reader.scalar(node, "true or false");
    if (!scalar) return false;
    if (scalar->type != Node::Scalar::boolean) {
      reader.mistyped(node, "true or false");
      return false;
    }
    out = scalar->value[0] == 't' || scalar->value[0] == 'T';
    return true;
  };
  type.print = [](const bool& value) -> json::Tree { return value; };
  return type;
}

Type<std::uint32_t> integer(std::uint32_t from, std::uint32_t to) {
  Type<std::uint32_t> type;
  type.shape = {or_reference({{"type", "integer"}, {"minimum", from}, {"maximum", to}}),
                fmt::format("number, {} to {}", from, to),
                {}};
  type.read = [from, to](Reader& reader, const Node& node, std::uint32_t& out) {
    const auto scalar = reader.scalar(node, "a whole number");
    if (!scalar) return false;
    std::uint32_t value = 0;
    const auto* end = scalar->value.data() + scalar->value.size();
    const auto [stop, error] = std::from_chars(scalar->value.data(), end, value);
    if (scalar->type != Node::Scalar::integer) {
      reader.mistyped(node, "a whole number");
      return false;
    }
    if (error != std::errc() || stop != end) {
      reader.error(node, fmt::format("cannot be {}", scalar->referenced ? std::string(mask) : scalar->value),
                   fmt::format("write {} to {}", from, to));
      return false;
    }
    if (!within(reader, node, value, from, to, show_integer)) return false;
    out = value;
    return true;
  };
  type.print = [](const std::uint32_t& value) -> json::Tree { return value; };
  return type;
}

Type<double> number(double above, double to) {
  Type<double> type;
  type.shape = {or_reference({{"type", "number"}, {"exclusiveMinimum", above}, {"maximum", to}}),
                fmt::format("number above {}, up to {}", above, to),
                {}};
  type.read = [above, to](Reader& reader, const Node& node, double& out) {
    const auto scalar = reader.scalar(node, "a number");
    if (!scalar) return false;
    if (scalar->type != Node::Scalar::integer && scalar->type != Node::Scalar::number) {
      reader.mistyped(node, "a number");
      return false;
    }
    double value = 0;
    const auto digits = std::string_view(scalar->value).substr(scalar->value.starts_with('+') ? 1 : 0);
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || !(value > above && value <= to)) {
      reader.error(node, fmt::format("cannot be {}", scalar->referenced ? std::string(mask) : scalar->value),
                   fmt::format("write a number above {}, up to {}", above, to));
      return false;
    }
    out = value;
    return true;
  };
  type.print = [](const double& value) -> json::Tree { return value; };
  return type;
}

Type<core::Duration> duration(core::Duration from, core::Duration to) {
  Type<core::Duration> type;
  // Zero needs no unit.
  type.shape = {
      {{"anyOf",
        json::Tree::array({{{"type", "string"}, {"pattern", "^([0-9]+\\.?[0-9]*|\\.[0-9]+) *(ms|s|m|h|d)$"}},
                           {{"type", "string"}, {"pattern", "^(0*\\.?0+|0+\\.)$"}},
                           {{"const", 0}},
                           {{"$ref", "#/$defs/reference"}}})}},
      fmt::format("duration, {} to {}", core::format_duration(from), core::format_duration(to)),
      {}};
  type.read = [from, to](Reader& reader, const Node& node, core::Duration& out) {
    const auto value = read_unit<core::Duration>(reader, node, "a duration", "500ms, 10s, 5m, 2h or 7d",
                                                 core::parse_duration);
    if (!value || !within(reader, node, *value, from, to, core::format_duration)) return false;
    out = *value;
    return true;
  };
  type.print = [](const core::Duration& value) -> json::Tree { return core::format_duration(value); };
  return type;
}

Type<std::uint64_t> size(std::uint64_t from, std::uint64_t to) {
  Type<std::uint64_t> type;
  type.shape = {
      {{"anyOf", json::Tree::array(
                     {{{"type", "string"}, {"pattern", "^([0-9]+\\.?[0-9]*|\\.[0-9]+) *(B|KiB|MiB|GiB)?$"}},
                      {{"type", "number"}, {"minimum", from}, {"maximum", to}},
                      {{"$ref", "#/$defs/reference"}}})}},
      fmt::format("size, {} to {}", core::format_size(from), core::format_size(to)),
      {}};
  type.read = [from, to](Reader& reader, const Node& node, std::uint64_t& out) {
    const auto value = read_unit<std::uint64_t>(reader, node, "a size", "64KiB, 8MiB or a number of bytes",
                                                core::parse_size);
    if (!value || !within(reader, node, *value, from, to, core::format_size)) return false;
    out = *value;
    return true;
  };
  type.print = [](const std::uint64_t& value) -> json::Tree { return core::format_size(value); };
  return type;
}

Type<double> rate() {
  Type<double> type;
  type.shape = {or_reference({{"type", "string"}, {"pattern", "^([0-9]+\\.?[0-9]*|\\.[0-9]+) */(s|m|h)$"}}),
                "rate",
                {}};
  type.read = [](Reader& reader, const Node& node, double& out) {
    const auto value = read_unit<double>(reader, node, "a rate", "100/s, 600/m or 1000/h", core::parse_rate);
    if (value) out = *value;
    return value.has_value();
  };
  type.print = [](const double& per_second) -> json::Tree {
    // The spelling that reads back as the same number.
    for (const auto& [unit, seconds] : {std::pair("s", 1.0), std::pair("m", 60.0), std::pair("h", 3600.0)}) {
      const auto spelled = fmt::format("{:.6g}/{}", per_second * seconds, unit);
      const auto back = core::parse_rate(spelled);
      if (back && *back == per_second) return spelled;
    }
    return fmt::format("{}/s", per_second);
  };
  return type;
}

}  // namespace hookline::config
