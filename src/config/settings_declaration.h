// The declaration of hookline.yaml: settings_rows.cc has the table, the other *_rows.cc its parts.
#pragma once

#include <vector>

#include "declare.h"
#include "hookline/config/settings.h"

namespace hookline::config {

/// hookline.yaml as written: the settings, and the globs of the definition files.
struct SettingsDraft {
  Settings settings;
  std::vector<Text> webhooks, policies, templates;
};
const Section<SettingsDraft>& settings_section();

Type<std::vector<KafkaProperty>> kafka_properties();
Type<Topics> topics();
Type<Admin> admin();
Type<std::array<std::vector<std::pair<std::string, std::vector<Text>>>, 4>> attributes();

/// The names of the four kinds, as keys of the configuration and in the order of event::Kind.
inline constexpr std::array<std::string_view, 4> kind_keys{"alarm", "audit", "detection", "incident"};

}  // namespace hookline::config
