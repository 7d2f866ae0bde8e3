// Definitions outside of files: JSON documents as the admin API takes them and PREFIX.webhooks keeps them.
// The same declaration reads them as reads YAML. Any thread; no state.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hookline/config/load.h"
#include "hookline/json/tree.h"

namespace hookline::config {

/// One definition each; nullopt, and problems with JSON pointers, if it is not right. `label` is what
/// problems call the file.
std::optional<Webhook> parse_webhook(const json::Tree& document, const std::string& label,
                                     const std::vector<TemplateSource>& templates, Problems& problems,
                                     const SecretSource& secrets);
std::optional<Policy> parse_policy(const json::Tree& document, const std::string& label, Problems& problems,
                                   const SecretSource& secrets);
std::optional<TemplateSource> parse_template(const json::Tree& document, const std::string& label,
                                             Problems& problems, const SecretSource& secrets);

/// The documents of a YAML text as JSON, references and placeholders as written.
std::vector<json::Tree> parse_documents(std::string_view yaml, const std::string& file_name, Problems& problems);

/// Reports each secret of a webhook or template that stands there as itself, or in part, instead of as a reference: what
/// is stored without being sealed is read by whoever may read the topic.
void refuse_literal_secrets(const json::Tree& document, const std::string& label, Problems& problems);

/// The document with *** where references and sealed secrets stand; of a secret URL scheme and host.
/// restored_document() takes it back.
json::Tree masked_document(const json::Tree& document);

}  // namespace hookline::config
