// What a Reader has worked out beforehand, per kind: which paths to scan for, and which of their
// slots make the type, the CloudEvents envelope and each variable. Immutable.
#pragma once

#include <array>
#include <vector>

#include "hookline/event/reader.h"

namespace hookline::event {

/// How one variable is read.
struct Plan {
  Variable::Source source = Variable::Source::path;
  Reserved reserved = Reserved::kind;
  std::string header;
  std::vector<json::SlotId> slots;  ///< of an attribute: tried in this order; of a path: one
  bool lower_case = false;
};

struct KindLayout {
  KindLayout(const Variables& variables, Kind kind);

  json::PathSet paths;
  json::SlotId document;
  std::vector<json::SlotId> type;
  json::SlotId specversion, envelope_type, data, data_base64;
  std::vector<Plan> plans;  ///< by VariableId
};

struct Reader::Layout {
  explicit Layout(const Variables& variables)
      : kinds{KindLayout(variables, Kind::alarm), KindLayout(variables, Kind::audit),
              KindLayout(variables, Kind::detection), KindLayout(variables, Kind::incident)} {}

  const KindLayout& of(Kind kind) const { return kinds[static_cast<std::size_t>(kind)]; }

  std::array<KindLayout, 4> kinds;
};

}  // namespace hookline::event
