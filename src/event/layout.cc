#include "layout.h"

namespace hookline::event {

KindLayout::KindLayout(const Variables& variables, Kind kind) {
  const auto& table = variables.table();
  document = paths.want(json::Path{});
  for (const auto& path : table.paths(kind, "type"))
    type.push_back(paths.want(path));
  specversion = paths.want(json::Path{{"specversion"}});
  envelope_type = paths.want(json::Path{{"type"}});
  data = paths.want(json::Path{{"data"}});
  data_base64 = paths.want(json::Path{{"data_base64"}});

  for (VariableId id = 0; id < variables.size(); ++id) {
    const Variable& variable = variables[id];
    Plan plan{variable.source, variable.reserved, {}, {}, false};
    switch (variable.source) {
      case Variable::Source::reserved:
        break;
      case Variable::Source::header:
        plan.header = variable.name;
        break;
      case Variable::Source::path:
        plan.slots.push_back(paths.want(variable.path));
        break;
      case Variable::Source::attribute:
        for (const auto& path : table.paths(kind, variable.name))
          plan.slots.push_back(paths.want(path));
        plan.lower_case = variable.name == "severity" || variable.name == "status";
        break;
    }
    plans.push_back(std::move(plan));
  }
}

}  // namespace hookline::event
