// Secrets that stand in a stored definition as themselves: sealed before they are stored, opened when they are
// used, `${sealed:…}` in between. A sealed secret belongs to its definition and its place there (core/seal.h).
// Any thread; no state.
#pragma once

#include <string>
#include <vector>

#include "hookline/config/load.h"
#include "hookline/core/seal.h"
#include "hookline/json/tree.h"

namespace hookline::config {

/// The keys of HOOKLINE_SECRET_KEY, or of the file that HOOKLINE_SECRET_KEY_FILE names; none if neither is set. What
/// is wrong with them is a problem of `file`.
core::SealingKeys sealing_keys(const SecretSource& secrets, const std::string& file, Problems& problems);

/// `document` with its literal secrets sealed. `owner` names the definition: "webhook/NAME". What `stored` has at the
/// same place and opens to the same secret is taken over, so that the same again changes nothing.
json::Tree sealed_document(json::Tree document, const json::Tree& stored, const std::string& owner, const core::SealingKeys& keys);

/// `document` with its sealed secrets opened; each is also added to `opened`. One that cannot be opened stays, and is a
/// problem. Where a URL was sealed, `secret_url` is set.
json::Tree opened_document(json::Tree document, const std::string& owner, const core::SealingKeys& keys, const std::string& label,
                           Problems& problems, std::vector<std::string>& opened);

/// Takes the secrets out of the words of problems.
void mask_problems(Problems& problems, const std::vector<std::string>& secrets);

}  // namespace hookline::config
