#include "event/type_name.h"

#include <random>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "hookline/event/reader.h"

namespace hookline::event {
namespace {

TEST(NormaliseType, MakesSnakeCaseOfEverySpelling) {
  const std::pair<const char*, const char*> table[] = {
      {"incident_triggered", "incident_triggered"},
      {"incident.triggered", "incident_triggered"},
      {"incidentTriggered", "incident_triggered"},
      {"incident-triggered", "incident_triggered"},
      {"IncidentTriggered", "incident_triggered"},
      {"INCIDENT_TRIGGERED", "incident_triggered"},
      {"Incident Triggered", "incident_triggered"},
      {"checkEvaluation", "check_evaluation"},
      {"HTTPError", "http_error"},
      {"userID", "user_id"},
      {"v2Update", "v2_update"},
      {"ABC", "abc"},
      {"com.example/incident:triggered", "com_example_incident_triggered"},
      {"a..b--c__d", "a_b_c_d"},
      {"_private_", "private"},
      {"störung", "störung"},
      {"x", "x"},
      {"7", "7"},
      {"", ""},
      {"...", ""},
      {"\x01\x7f\"\\", ""},
  };
  for (const auto& [spelled, normal] : table)
    EXPECT_EQ(normalise_type(spelled), normal) << spelled;
}

TEST(NormaliseType, DropsADoubledFirstWord) {
  EXPECT_EQ(normalise_type("incident.incident_notes_created"), "incident_notes_created");
  EXPECT_EQ(normalise_type("incident_incident_notes_created"), "incident_notes_created");
  EXPECT_EQ(normalise_type("incidentIncidentTriggered"), "incident_triggered");
  EXPECT_EQ(normalise_type("alarm.alarm"), "alarm");
  EXPECT_EQ(normalise_type("in_incident"), "in_incident");
  EXPECT_EQ(normalise_type("incident_in"), "incident_in");
}

TEST(NormaliseType, IsTextThatJsonTakesAsItIsAndMatchesItself) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 20'000; ++round) {
    std::string spelled;
    for (auto i = random() % 12; i > 0; --i)
      spelled += "abAB9._- \"\\\n"[random() % 12];
    const auto normal = normalise_type(spelled);
    for (const char c : normal)
      ASSERT_TRUE((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_') << spelled;
    ASSERT_EQ(normal.find("__"), std::string::npos) << spelled;
    std::string buffer;
    ASSERT_EQ(normalise_type(spelled, buffer), normal) << spelled;
  }
}

TEST(NormaliseType, CopiesNothingWhereTheSpellingIsNormal) {
  const std::string_view spelled = "incident_triggered";
  std::string buffer;
  EXPECT_EQ(normalise_type(spelled, buffer).data(), spelled.data());
}

}  // namespace
}  // namespace hookline::event
