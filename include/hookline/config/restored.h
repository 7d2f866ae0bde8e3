// A definition that comes back from its readers: they were shown *** for its secrets, and where they left *** standing,
// what is stored stands again. Never another secret than the one that was shown there, and never one that would go
// where it did not go before. Any thread; no state.
#pragma once

#include <string>
#include <vector>

#include "hookline/config/load.h"
#include "hookline/core/seal.h"
#include "hookline/json/tree.h"

namespace hookline::config {

/// `document` with each masked text, as masked_document() shows it, replaced by what `stored` (null: nothing) has there.
/// Within a list an entry is found by its `name`, else by its place while every mask stands where it stood, else by being
/// the only one that is shown so. Problems, with the place in `document`:
/// - *** in a changed list could be any of several secrets;
/// - *** stands in a secret, and nothing that is stored is shown so there;
/// - a stored secret would go to another host, token URL or proxy than the stored definition sends it to, both with
///   what `templates` give them;
/// - `${sealed:` in `document`: only Hookline writes that.
/// Sealed secrets that moved within the document of `owner` ("webhook/NAME") are sealed for their new place.
json::Tree restored_document(json::Tree document, const json::Tree& stored, const std::string& owner, const core::SealingKeys& keys,
                             const std::vector<TemplateSource>& templates, const std::string& label, Problems& problems);

/// Would secrets of `document` go elsewhere if the templates were `after` instead of `before`?
bool diverts_secrets(const json::Tree& document, const std::vector<TemplateSource>& before, const std::vector<TemplateSource>& after);

/// `document`, and `secret_url: true` in it where only its template says so: what seals and masks looks at the document.
json::Tree marked_document(json::Tree document, const std::vector<TemplateSource>& templates);

}  // namespace hookline::config
