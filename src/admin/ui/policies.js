// The list of policies: which events they name, and whom they notify.
import { call, get_all } from "./api.js";
import { badge, button, cells, confirm, empty, h, heading, link, open_again, table, toast } from "./dom.js";
import { lacks, may } from "./rights.js";

export const policy_path = (name) => `policies/${encodeURIComponent(name)}`;

/// The source of a policy in words.
export function source_text(source) {
  if (!source || source === "any") return "anywhere";
  const [[form, values]] = Object.entries(source);
  return `${{ host: "host", ip: "address", ip_range: "network", site: "site" }[form] ?? form} ${values.join(", ")}`;
}

export async function remove_policy(policy) {
  const sure = await confirm({ title: `Delete ${policy.name}?`, text: "From then on it notifies nobody. Its webhooks stay.", action: "Delete", danger: true });
  if (!sure) return false;
  try {
    await call("DELETE", policy_path(policy.name));
    toast("good", `${policy.name} is deleted.`);
    return true;
  } catch (error) {
    toast("bad", `${policy.name} could not be deleted: ${error.message}`);
    return false;
  }
}

function row_of(policy) {
  const { threshold } = policy;
  return h("tr", {}, cells(
    [link(policy.name, `#/${policy_path(policy.name)}`, { class: "name" }), policy.description && h("div", { class: "muted" }, policy.description), policy.enabled === false && badge("", "off"), policy.origin === "file" && h("span", { class: "muted" }, "file"), policy.trouble && h("div", { class: "error" }, policy.trouble)],
    h("div", { class: "chips" }, (policy.on ?? []).map((name) => h("code", {}, name))),
    [source_text(policy.source), policy.criteria && h("div", {}, h("code", {}, String(policy.criteria)))],
    threshold ? `${threshold.count} within ${threshold.within}${threshold.per ? ` per ${threshold.per}` : ""}` : "every event",
    h("div", { class: "chips" }, (policy.notify ?? []).map((name) => link(name, `#/webhooks/${encodeURIComponent(name)}`))),
    h("div", { class: "actions" }, link(policy.origin === "file" || !may("admin") ? "Open" : "Edit", `#/${policy_path(policy.name)}`, { class: "button", "aria-label": `Edit ${policy.name}` }), policy.origin === "api" && may("admin") && button("Delete", async () => { if (await remove_policy(policy)) open_again(); }, { class: "quiet", "aria-label": `Delete ${policy.name}` }))));
}

export async function show(_, signal) {
  const policies = await get_all("policies", signal);
  const head = heading("Policies", may("admin") && link("New policy", "#/policies/new", { class: "button primary" }));
  if (policies.length === 0) {
    return [head, empty("No policies yet",
      h("p", {}, "A policy decides from where an event comes, and from its values, which webhooks are notified: for one list of hosts, say, or only when something happens a hundred times within ten minutes. Webhooks with events of their own need none."),
      may("admin") ? link("Create the first policy", "#/policies/new", { class: "button primary" }) : h("p", {}, lacks("admin", "make one")))];
  }
  return [head, table("Policies", ["Policy", "On", "From, and if", "When", "Notifies", ""], policies.map(row_of))];
}
