// What a webhook sends: cards of templates, grouped by what people look for. Choosing one gives hints for
// the rest of the form.
import { fresh_id, h } from "./dom.js";

// How the templates that come with Hookline are shown; others are listed by their name.
export const known = {
  slack: { title: "Slack", text: "A message in a channel", url: "https://hooks.slack.com/services/T000/B000/XXXX", where: "In Slack: Apps → Incoming Webhooks → Add to a channel → copy the URL." },
  teams: { title: "Microsoft Teams", text: "A card in a channel", url: "https://example.webhook.office.com/…", where: "In Teams: the channel's Workflows → “Post to a channel when a webhook request is received” → copy the URL." },
  discord: { title: "Discord", text: "A message in a channel", url: "https://discord.com/api/webhooks/…", where: "In Discord: the channel's settings → Integrations → Webhooks → copy the URL." },
  jira: { title: "Jira", text: "An issue per event", url: "https://acme.atlassian.net/rest/api/3/issue", where: "The address of your Jira's REST API; log in with e-mail and API token (Basic)." },
  "servicenow-create": { title: "ServiceNow: create", text: "An incident per story", url: "https://acme.service-now.com/api/now/table/incident", where: "Your instance's Table API; log in with Basic or OAuth 2.0." },
  "servicenow-update": { title: "ServiceNow: update", text: "Later news into its incident", url: "https://acme.service-now.com/api/now/table/incident/${correlationId}", where: "Name in “correlation” the webhook that creates the incidents." },
  "zendesk-create": { title: "Zendesk: create", text: "A ticket per story", url: "https://acme.zendesk.com/api/v2/tickets.json", where: "Your Zendesk's API; log in with e-mail/token and the API token (Basic)." },
  "zendesk-update": { title: "Zendesk: update", text: "Later news into its ticket", url: "https://acme.zendesk.com/api/v2/tickets/${correlationId}.json", where: "Name in “correlation” the webhook that creates the tickets." },
  pagerduty: { title: "PagerDuty", text: "Opens and resolves incidents", url: "https://events.pagerduty.com/v2/enqueue", where: "The integration key of the service goes into “Log-in” as a header of its own, X-Routing-Key." },
  squadcast: { title: "Squadcast", text: "Opens and resolves incidents", url: "https://api.squadcast.com/v2/incidents/api/…", where: "In Squadcast: the service's alert source “Incident Webhook” → copy the URL." },
  alertmanager: { title: "Alertmanager", text: "The payload of Prometheus Alertmanager", url: "https://receiver.example.com/alerts" },
  basic: { title: "Basic JSON", text: "Title, message and a few facts", url: "https://receiver.example.com/events" },
  "all-fields": { title: "All fields", text: "Every field of the event", url: "https://receiver.example.com/events" },
  cloudevents: { title: "CloudEvents", text: "The event in the CNCF envelope", url: "https://receiver.example.com/events" },
  wallarm: { title: "Hits and vulnerabilities", text: "An array of summary, description, details", url: "https://receiver.example.com/events" },
  soda: { title: "Data quality", text: "Checks and contracts as they came", url: "https://receiver.example.com/events" },
};

const groups = [
  ["Chat", ["slack", "teams", "discord"]],
  ["Tickets", ["jira", "servicenow-create", "servicenow-update", "zendesk-create", "zendesk-update"]],
  ["On call", ["pagerduty", "squadcast", "alertmanager"]],
  ["Any receiver", ["basic", "all-fields", "cloudevents", "wallarm", "soda", ""]],
];

const plain = { title: "The event itself", text: "Its own JSON, or a payload you write", url: "https://receiver.example.com/events" };
export const about = (name) => (name ? known[name] ?? { title: name, text: "A template of your own", url: "https://receiver.example.com/events" } : plain);

/// `picked(name)` is called with the template's name, or an empty text for none.
export function template_picker(templates, chosen, picked) {
  const there = new Set(templates.map(({ name }) => name));
  const own = [...there].filter((name) => !known[name]);
  const rows = [...(own.length ? [["Your own", own]] : []), ...groups];
  const group_name = fresh_id("template");
  const card = (name) => {
    const { title, text } = about(name);
    const input = h("input", { type: "radio", name: group_name, checked: name === chosen, onchange: () => picked(name) });
    return h("label", { class: "card" }, input, h("strong", {}, title), h("span", { class: "muted" }, text));
  };
  return rows.map(([title, names]) => {
    const shown = names.filter((name) => name === "" || there.has(name));
    return shown.length > 0 && h("div", { class: "template-group", role: "group", "aria-label": title }, h("h3", {}, title), h("div", { class: "cards" }, shown.map(card)));
  });
}
