#include "hookline/event/catalogue.h"

#include <algorithm>
#include <array>

#include "hookline/core/embedded.h"
#include "hookline/json/write.h"

namespace hookline::event {

/// config/samples/, compiled in.
std::span<const core::EmbeddedFile> sample_files();

namespace {

// Each type also has a sample in config/samples/ and a schema in schemas/events/. docs/events.md
// lists them; a test compares.
// clang-format off
constexpr std::array<TypeInfo, 65> types{{
    // alarm
    {"high_severity_alarm", Kind::alarm, "HIGH SEVERITY ALARM DETECTED", "Evidence holds alarms of high severity."},
    {"suspicious_severity_event", Kind::alarm, "SUSPICIOUS SEVERITY EVENT DETECTED", "Evidence holds events of suspicious severity."},
    {"processing_with_alarms", Kind::alarm, "PROCESSING FINISHED WITH ALARMS", "Evidence was processed and holds alarms."},
    {"processing_finished", Kind::alarm, "PROCESSING FINISHED", "Evidence was processed."},
    {"processing_failed", Kind::alarm, "PROCESSING FAILED", "Evidence could not be processed."},
    {"check_evaluation", Kind::alarm, "CHECK EVALUATION", "Data quality checks were evaluated."},
    {"new_hits", Kind::alarm, "NEW HITS DETECTED", "Malicious requests were detected."},
    {"vuln", Kind::alarm, "VULNERABILITY DETECTED", "A vulnerability was found."},
    {"security_issue", Kind::alarm, "SECURITY ISSUE DETECTED", "A security issue was found."},
    {"ip_blocked", Kind::alarm, "IP BLOCKED", "A trigger blocked an address."},
    {"attacks_exceeded", Kind::alarm, "ATTACKS EXCEEDED", "A trigger counted more attacks than allowed."},
    {"rule_matched", Kind::alarm, "RULE MATCHED", "A detection rule matched."},
    {"notification", Kind::alarm, "NOTIFICATION", "An alarm that names no type."},
    // audit
    {"admin_login", Kind::audit, "ADMIN LOGIN", "An administrator logged in."},
    {"audit_event_create", Kind::audit, "AUDIT EVENT CREATE", "Something was created."},
    {"audit_event_update", Kind::audit, "AUDIT EVENT UPDATE", "Something was changed."},
    {"audit_event_delete", Kind::audit, "AUDIT EVENT DELETE", "Something was deleted."},
    {"audit_event_login", Kind::audit, "AUDIT EVENT LOGIN", "A user logged in."},
    {"audit_event_logout", Kind::audit, "AUDIT EVENT LOGOUT", "A user logged out."},
    {"audit_event_download", Kind::audit, "AUDIT EVENT DOWNLOAD", "A file was downloaded."},
    {"audit_event_reboot", Kind::audit, "AUDIT EVENT REBOOT", "A machine was rebooted."},
    {"audit_event_upgrade", Kind::audit, "AUDIT EVENT UPGRADE", "A machine was upgraded."},
    {"audit_event_import", Kind::audit, "AUDIT EVENT IMPORT", "Something was imported."},
    {"audit_event_tested", Kind::audit, "AUDIT EVENT TESTED", "Something was tested."},
    {"audit_event_upload", Kind::audit, "AUDIT EVENT UPLOAD", "A file was uploaded."},
    {"audit_event_cancel", Kind::audit, "AUDIT EVENT CANCEL", "A task was cancelled."},
    {"audit_event_rerun", Kind::audit, "AUDIT EVENT RERUN", "A task was run again."},
    {"user_locked", Kind::audit, "USER LOCKED", "A user was locked out."},
    {"admin_locked", Kind::audit, "ADMIN LOCKED", "An administrator was locked out."},
    {"license_updated", Kind::audit, "LICENSE UPDATED", "The licence was changed."},
    {"create_user", Kind::audit, "CREATE USER", "A user was created."},
    {"contract_published", Kind::audit, "CONTRACT PUBLISHED", "A data contract was published."},
    {"contract_updated", Kind::audit, "CONTRACT UPDATED", "A data contract was updated."},
    {"webhook_disabled", Kind::audit, "WEBHOOK DISABLED", "Hookline disabled a webhook (disable_after)."},
    {"webhook_failing", Kind::audit, "WEBHOOK FAILING", "Deliveries of a webhook fail."},
    {"webhook_recovered", Kind::audit, "WEBHOOK RECOVERED", "Deliveries of a webhook succeed again."},
    {"webhook_created", Kind::audit, "WEBHOOK CREATED", "A webhook was made through the admin API."},
    {"webhook_updated", Kind::audit, "WEBHOOK UPDATED", "A webhook was changed through the admin API."},
    {"webhook_deleted", Kind::audit, "WEBHOOK DELETED", "A webhook was deleted through the admin API."},
    {"webhook_switched_on", Kind::audit, "WEBHOOK SWITCHED ON", "Somebody enabled a webhook."},
    {"webhook_switched_off", Kind::audit, "WEBHOOK SWITCHED OFF", "Somebody disabled a webhook."},
    // detection
    {"detection_created", Kind::detection, "DETECTION CREATED", "A detection was made."},
    {"detection_updated", Kind::detection, "DETECTION UPDATED", "A detection was changed."},
    {"detection_group_created", Kind::detection, "DETECTION GROUP CREATED", "A group of detections was made."},
    {"detection_group_updated", Kind::detection, "DETECTION GROUP UPDATED", "A group of detections was changed."},
    {"story_created", Kind::detection, "STORY CREATED", "A story was created."},
    {"story_updated", Kind::detection, "STORY UPDATED", "A story was updated."},
    // incident
    {"incident_triggered", Kind::incident, "INCIDENT TRIGGERED", "An incident was triggered."},
    {"incident_reassigned", Kind::incident, "INCIDENT REASSIGNED", "An incident was reassigned."},
    {"incident_acknowledged", Kind::incident, "INCIDENT ACKNOWLEDGED", "An incident was acknowledged."},
    {"incident_resolved", Kind::incident, "INCIDENT RESOLVED", "An incident was resolved."},
    {"incident_created", Kind::incident, "INCIDENT CREATED", "A data quality incident was created."},
    {"incident_updated", Kind::incident, "INCIDENT UPDATED", "A data quality incident was updated."},
    {"incident_tags_updated", Kind::incident, "INCIDENT TAGS UPDATED", "The tags of an incident were changed."},
    {"incident_notes_created", Kind::incident, "INCIDENT NOTES CREATED", "A note of an incident was created."},
    {"incident_notes_updated", Kind::incident, "INCIDENT NOTES UPDATED", "A note of an incident was updated."},
    {"incident_notes_deleted", Kind::incident, "INCIDENT NOTES DELETED", "A note of an incident was deleted."},
    {"incident_task_created", Kind::incident, "INCIDENT TASK CREATED", "A task of an incident was created."},
    {"incident_task_updated", Kind::incident, "INCIDENT TASK UPDATED", "A task of an incident was updated."},
    {"incident_task_deleted", Kind::incident, "INCIDENT TASK DELETED", "A task of an incident was deleted."},
    {"incident_communication_channel_created", Kind::incident, "INCIDENT COMMUNICATION CHANNEL CREATED", "A channel of an incident was created."},
    {"incident_communication_channel_updated", Kind::incident, "INCIDENT COMMUNICATION CHANNEL UPDATED", "A channel of an incident was updated."},
    {"incident_communication_channel_deleted", Kind::incident, "INCIDENT COMMUNICATION CHANNEL DELETED", "A channel of an incident was deleted."},
    {"incident_slo_violating_created", Kind::incident, "INCIDENT SLO VIOLATING CREATED", "An incident was marked as violating a service level objective."},
    {"incident_statuspage_updated", Kind::incident, "INCIDENT STATUSPAGE UPDATED", "The status page entry of an incident was changed."},
}};
// clang-format on

}  // namespace

std::span<const TypeInfo> catalogue() {
  return types;
}

const TypeInfo* find_type(std::string_view name) {
  const auto* found = std::ranges::find(types, name, &TypeInfo::name);
  return found == types.end() ? nullptr : found;
}

std::string title_of(std::string_view type) {
  if (const auto* known = find_type(type)) return std::string(known->title);
  std::string title(type);
  for (char& c : title) {
    if (c == '_') c = ' ';
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return title;
}

std::optional<std::string> sample(std::string_view type) {
  const auto files = sample_files();
  const auto found = std::ranges::find(files, std::string(type) + ".json", &core::EmbeddedFile::name);
  if (found == files.end()) return std::nullopt;
  std::string text;
  json::append_compact(found->contents, text);
  return text;
}

}  // namespace hookline::event
