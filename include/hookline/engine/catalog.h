// All definitions of this process in one place: those of the files, those of PREFIX.webhooks, and the switches
// of webhooks; merged and compiled into one revision at each change. What cannot be loaded here (a secret that
// this machine has not got) is replaced by the last version that could, and told.
//
// Any thread; a mutex, off the data path.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "hookline/config/load.h"
#include "hookline/core/seal.h"
#include "hookline/engine/definitions.h"
#include "hookline/state/store.h"

namespace hookline::engine {

/// A definition as people see it.
struct Listed {
  state::Name name;
  bool from_file = false;
  std::uint64_t revision = 0;         ///< of the stored definition; 0: from a file
  std::uint64_t switch_revision = 0;  ///< 0: nobody has touched the switch
  Switch position = Switch::on;       ///< webhooks only
  std::string reason;                 ///< why it was tripped or switched off, if anybody said
  std::string by;                     ///< who changed the definition last; empty: a file
  core::WallTime at{};
  json::Tree document;                ///< masked
  std::string trouble;                ///< why it is not in force here; empty: it is
  std::optional<config::DisableAfter> disable_after;
  std::vector<std::string> failure_email;
  core::WallTime switched_at{};       ///< when the switch was touched last
};
using Listing = std::map<state::Name, Listed>;

/// One revision of everything.
struct Edition {
  std::shared_ptr<const Definitions> definitions;
  std::shared_ptr<const Listing> listing;
  std::vector<std::string> troubles;  ///< what is stored and does not load here: one line each
  std::vector<std::string> notes;     ///< what an operator should know besides
  /// false: a stored webhook that has never been loaded in this process would be passed over silently.
  bool whole = true;
};

class Catalog {
 public:
  /// `files` is free of errors.
  explicit Catalog(config::Configuration files);

  Edition set_files(config::Configuration files);
  Edition set_stored(std::shared_ptr<const state::Snapshot> stored);
  /// The same again: a secret file may be there by now.
  Edition renew();

  std::shared_ptr<const Listing> listing() const;
  /// The stored document of a name, with its references; null if it is not stored.
  json::Tree stored_document(const state::Name& name) const;
  /// A webhook that is stored nowhere, compiled alone as it would be here; nullptr, and `problems` say why not.
  std::shared_ptr<const Definitions> compile_unsaved(const json::Tree& document, config::Problems& problems) const;
  /// A document as a user sends it, with what is stored where it still shows ***; and what forbids that.
  json::Tree restored(const state::Name& name, json::Tree document, config::Problems& problems) const;
  /// A document as it is to be stored: its secrets sealed, if this process has a key.
  json::Tree sealed(const state::Name& name, json::Tree document) const;
  /// Everything that `validate` would say of a document that is to be stored; of a template also what it would do to
  /// the stored webhooks that use it.
  config::Problems check(state::Sort sort, const json::Tree& document) const;
  /// What cannot do without a webhook (webhooks that update what it creates, policies that name it) or a template:
  /// "the policy 'NAME'".
  std::vector<std::string> dependents(const state::Name& name) const;

 private:
  /// A stored definition as it was last loaded.
  struct Good {
    std::uint64_t revision = 0;
    std::uint64_t generation = 0;  ///< of files and templates
    config::Webhook webhook;
  };

  Edition compile();
  void add_templates(Edition& edition, Listing& listing);
  void add_webhook(const state::Name& name, const state::Version& version, Edition& edition, Listing& listing);
  void add_policies(Edition& edition, Listing& listing);
  std::map<std::string, Switch> add_switches(Listing& listing) const;
  std::shared_ptr<const Definitions> compile_alone(const json::Tree& document, const std::string& label,
                                                   const std::vector<config::TemplateSource>& templates, config::Problems& problems,
                                                   std::optional<config::Webhook>& webhook) const;
  std::optional<config::Webhook> load_webhook(const json::Tree& document, const std::string& label,
                                              const std::vector<config::TemplateSource>& templates, config::Problems& problems) const;
  void check_users(const config::TemplateSource& changed, const std::string& label, config::Problems& problems) const;
  bool is_stored_webhook(const state::Name& name) const;
  void check_notifiers(const config::Webhook& webhook, const std::string& label, config::Problems& problems) const;
  std::vector<std::string> updaters_of(const std::string& webhook) const;
  json::Tree find_stored(const state::Name& name) const;
  std::optional<config::Policy> load_policy(const json::Tree& document, const std::string& label, config::Problems& problems) const;
  std::optional<config::TemplateSource> load_template(const json::Tree& document, config::Problems& problems) const;
  config::SecretSource secrets() const { return config::SecretSource::within(files_.settings.secrets); }

  const core::SealingKeys keys_;
  mutable std::mutex mutex_;
  config::Configuration files_;
  config::Configuration merged_;  ///< the files with what is stored, as last compiled
  std::shared_ptr<const state::Snapshot> stored_;
  std::map<std::string, Good> good_;
  std::uint64_t generation_ = 1;
  std::vector<std::pair<std::string, std::uint64_t>> templates_seen_;  ///< stored ones, with revisions
  std::shared_ptr<const Listing> listing_;
};

}  // namespace hookline::engine
