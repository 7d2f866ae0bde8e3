// The parts of a webhook's form below its events: where it sends, how it logs in, what it sends, and what
// most people leave as it is. Each answers an element, bound to the form's document.
import { button, fill, fresh_id, h } from "./dom.js";
import { pairs } from "./form.js";
import { about } from "./template_picker.js";

/// Takes one out. Those behind it keep who they are: without a name of its own an endpoint is known by its position.
function take_out(all, i) {
  const left = all.map((endpoint, at) => (at > i && endpoint.name === undefined ? { ...endpoint, name: String(at) } : endpoint));
  left.splice(i, 1);
  return left;
}

/// One more; with a name if another has its position for a name.
function one_more(all) {
  const taken = new Set(all.map(({ name }, at) => String(name ?? at)));
  let name = all.length;
  while (taken.has(String(name))) ++name;
  return [...all, name === all.length ? {} : { name: String(name) }];
}

/// Endpoints; one line for the first, which is all that most webhooks have.
export function endpoints(form, origins, template) {
  const list_id = fresh_id("origins");
  const box = h("div", { class: "endpoints" });
  const all = () => form.get(["endpoints"]) ?? [];
  if (all().length === 0 && !template().endpoints) form.set(["endpoints"], [{}], true);
  const draw = () => {
    const { url, where } = about(form.get(["template"]));
    const many = all().length > 1;
    fill(box,
      h("datalist", { id: list_id }, origins.map((value) => h("option", { value }))),
      ...all().map((endpoint, i) => {
        const secret = endpoint.url?.endsWith("/***") || endpoint.url === "***";
        const hint = secret ? "The URL is a secret: only its host is shown. Leave it to keep it, or paste a new one." : i === 0 ? where ?? "http or https. Path and query may hold placeholders: …/${service}." : null;
        return h("div", { class: "endpoint", role: "group", "aria-label": many ? `Endpoint ${i + 1}` : "Endpoint" },
          form.text(["endpoints", i, "url"], many ? `URL ${i + 1}` : "URL", { placeholder: url, hint, list: list_id, pointer: `/endpoints/${i}/url` }),
          form.choice(["endpoints", i, "method"], "Method", [["", "POST"], ["PUT", "PUT"], ["PATCH", "PATCH"]]),
          (many || endpoint.name) && form.text(["endpoints", i, "name"], "Name", { placeholder: String(i), hint: "Keeps its identity when the URL changes." }),
          many && button("Remove", () => { form.set(["endpoints"], take_out(all(), i)); draw(); box.querySelector("input")?.focus(); }, { class: "quiet", "aria-label": `Remove endpoint ${i + 1}` }));
      }),
      all().length === 0 && h("p", { class: "hint" }, "The template names the endpoint: ", (template().endpoints ?? []).map((e) => h("code", {}, e.url))),
      button(all().length === 0 ? "Send somewhere else" : "+ Endpoint", () => { form.set(["endpoints"], one_more(all())); draw(); box.querySelector(".endpoint:last-of-type input")?.focus(); }, { class: "quiet" }),
      all().length > 0 && h("p", { class: "hint" }, "Each endpoint gets its own delivery of every event, with retries of its own."));
  };
  draw();
  return { element: form.part("/endpoints", h("div", {}, box)), draw, focus_empty: () => [...box.querySelectorAll("input[list]")].find(({ value }) => value === "")?.focus() };
}

const auth_forms = [
  ["", "none"], ["bearer", "Bearer token"], ["basic", "user name and password (Basic)"], ["headers", "headers of its own, e.g. an API key"], ["oauth2", "OAuth 2.0 client credentials"],
];

/// How requests log in. Secrets go in and never come out.
export function auth(form) {
  const fields = h("div", { class: "fields" });
  const kept = {};
  let chosen = Object.keys(form.get(["auth"]) ?? {})[0] ?? "";
  const select = h("select", { onchange: () => {
    if (chosen) kept[chosen] = form.get(["auth", chosen]);
    chosen = select.value;
    form.set(["auth"], chosen && kept[chosen] ? { [chosen]: kept[chosen] } : undefined);
    draw();
  } }, auth_forms.map(([value, text]) => h("option", { value }, text)));
  select.value = chosen;
  const draw = () => fill(fields, ...{
    "": () => [],
    bearer: () => [form.secret(["auth", "bearer"], "Token", { placeholder: "${env:HOOKLINE_TICKETS_TOKEN}" })],
    basic: () => [form.text(["auth", "basic", "username"], "User name"), form.secret(["auth", "basic", "password"], "Password")],
    headers: () => [pairs(form, ["auth", "headers"], "Credential headers", { secret: true, name_hint: "X-Api-Key", value_hint: "the key, or ${env:HOOKLINE_KEY}" })],
    oauth2: () => [form.text(["auth", "oauth2", "token_url"], "Token URL", { placeholder: "https://login.example.com/oauth/token" }), form.text(["auth", "oauth2", "client_id"], "Client id"),
      form.secret(["auth", "oauth2", "client_secret"], "Client secret"), form.text(["auth", "oauth2", "scope"], "Scope", { hint: "Optional." })],
  }[chosen]());
  draw();
  return h("div", { class: "auth" }, form.field("/auth", "Log-in", select), fields);
}

const names = ["$Title", "$Event", "${severity:none}", "${service:none}", "${status:}", "${url:}", "$contentText", "$contentMarkdown", "$id", "$time", "$type", "${document}"];

/// What is sent: the template's payload, or one of the webhook's own.
export function payload(form, template) {
  const box = h("div", {});
  const insert = (area, name) => {
    area.setRangeText(name, area.selectionStart, area.selectionEnd, "end");
    form.set(["payload"], area.value);
    area.focus();
  };
  const draw = () => {
    const own = form.get(["payload"]) !== undefined, from = template().payload;
    if (!own) {
      return fill(box,
        form.part("/payload", h("div", {}, from === undefined
          ? h("p", { class: "hint" }, "The event's own JSON is sent, byte for byte.")
          : h("details", {}, h("summary", {}, "The template's payload"), h("pre", { tabindex: "0" }, from)))),
        button(from === undefined ? "Write a payload" : "Change the payload", () => { form.set(["payload"], from ?? '{\n  "title": "$Title",\n  "text": "$Event",\n  "severity": "${severity:none}"\n}\n'); draw(); box.querySelector("textarea").focus(); }));
    }
    const field = form.area(["payload"], "Payload", { rows: 10, hint: "JSON with placeholders. ${severity:none} gives “none” where an event has no severity; ${document} is the whole event." });
    const area = field.querySelector("textarea");
    fill(box, field,
      h("div", { class: "values" }, h("span", { class: "muted" }, "insert:"), names.map((name) => button(name, () => insert(area, name), { class: "chip" }))),
      button(from === undefined ? "Send the event itself" : "Back to the template's payload", () => { form.set(["payload"], undefined); draw(); box.querySelector("button").focus(); }, { class: "quiet" }));
  };
  draw();
  return { element: box, draw };
}

const presets = { "": "5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h; passing failures only", squadcast: "5 s, 30 s, 2 min; any failure", wallarm: "three cycles of short waits over about 45 minutes; any failure" };

/// When a failed delivery is tried again.
export function retry(form) {
  const schedule = form.get(["retry", "schedule"]);
  const fields = h("div", { class: "fields" });
  const hint = h("p", { class: "hint" });
  const select = h("select", { onchange: () => { form.set(["retry"], { "": undefined, own: { schedule: ["1s", "5s", "30s", "2m"] }, never: { schedule: [] } }[select.value] ?? (select.value ? { preset: select.value } : undefined)); draw(); } },
    h("option", { value: "" }, "standard: up to 28 hours"), h("option", { value: "squadcast" }, "squadcast: three times within 3 minutes"), h("option", { value: "wallarm" }, "wallarm: three cycles"), h("option", { value: "own" }, "a schedule of its own"), h("option", { value: "never" }, "never: one attempt is all"));
  select.value = schedule !== undefined ? (schedule.length > 0 ? "own" : "never") : form.get(["retry", "preset"]) ?? "";
  if (select.selectedIndex < 0) select.value = "";  // `standard`, spelled out
  const draw = () => {
    hint.textContent = select.value === "never" ? "What fails becomes a dead letter at once, and can be replayed." : select.value === "own" ? "Waits before the second, third, … attempt." : presets[select.value];
    fill(fields, select.value !== "never" && [select.value === "own" && form.list(["retry", "schedule"], "Waits", { placeholder: "1s, 5s, 30s, 2m" }),
      form.choice(["retry", "on"], "Try again after", [["", "what the schedule says"], ["transient", "408, 425, 429, 5xx and failed connections"], ["any_failure", "anything but 2xx"]]),
      form.text(["retry", "max_age"], "Give up after", { placeholder: "twice the schedule, at least 15m" })]);
  };
  draw();
  return h("div", {}, form.field("/retry", "When an attempt fails, try again", select), hint, fields);
}

function correlation(form, webhooks) {
  const fields = h("div", { class: "fields" });
  const kept = form.get(["correlation"]);
  const select = h("select", { onchange: () => { form.set(["correlation"], select.value === "" ? undefined : { key: kept?.key ?? "story_id", ...(select.value === "create" ? { response_id: kept?.response_id ?? "id" } : { from: kept?.from ?? webhooks[0] ?? "" }) }); draw(); } },
    h("option", { value: "" }, "as the template says, or none"), h("option", { value: "create" }, "creates items: remember their id"), h("option", { value: "update" }, "updates items of another webhook"));
  select.value = kept === undefined ? "" : kept.from === undefined ? "create" : "update";
  const draw = () => fill(fields, ...(select.value === "" ? [] : [form.text(["correlation", "key"], "Key", { placeholder: "story_id", hint: "What the events of one item have in common." })]),
    ...(select.value === "create" ? [form.text(["correlation", "response_id"], "Id in the answer", { placeholder: "result.sys_id" }), form.text(["correlation", "expires"], "Remember for", { placeholder: "90d" })] : []),
    ...(select.value === "update" ? [form.choice(["correlation", "from"], "Webhook that creates", [["", "choose…"], ...webhooks.map((name) => [name, name])]), form.text(["correlation", "wait"], "Wait for the item", { placeholder: "1m" }),
      form.choice(["correlation", "on_404"], "If the item is gone", [["", "fail"], ["create", "create it again"]])] : []));
  draw();
  return h("div", {}, form.field("/correlation", "Correlation", select, { hint: "Joins the webhook that creates a ticket with the one that updates it, by ${correlationId} in URL or payload." }), fields);
}

/// What most webhooks never need.
export function advanced(form, webhooks) {
  const yes_no = (value) => value === "true";
  return h("details", { class: "card" }, h("summary", {}, "Advanced: order, batches, limits, signing, TLS"),
    h("div", { class: "fields" },
      form.choice(["trigger"], "Reached by", [["", "the events above"], ["policy", "policies only"]]),
      form.choice(["ordering"], "Order", [["", "as they come (or as the template says)"], ["none", "none"], ["key", "one after another per record key"]]),
      form.choice(["format"], "Body", [["", "one payload"], ["array", "JSON array of payloads"], ["ndjson", "one payload per line"]]),
      form.number(["batch", "max_events"], "Events per request", { placeholder: "1", hint: "More than one needs an array or lines." }),
      form.text(["batch", "max_wait"], "A batch waits for", { placeholder: "0s" }),
      form.choice(["event_formatting"], "What $Event holds", [["", "the message, else the whole event"], ["default", "default, checked"], ["slack", "nothing: title only"], ["jira", "a description for Jira"]]),
      form.number(["concurrency"], "Requests at once", { placeholder: "64", hint: "Per endpoint and worker." }),
      form.text(["rate_limit"], "Rate limit", { placeholder: "none, or 100/s", hint: "Per endpoint and process." }),
      form.text(["timeout", "connect"], "Connect within", { placeholder: "5s" }), form.text(["timeout", "request"], "Answer within", { placeholder: "15s" }),
      form.list(["failure_email"], "Mail failures to", { placeholder: "oncall@example.com" }),
      form.text(["proxy"], "Proxy", { placeholder: "none" }),
      form.choice(["secret_url"], "The URL is a secret", [["", "as the template says"], ["true", "yes: show only its host"], ["false", "no"]], { convert: yes_no }),
      form.choice(["tls", "verify"], "Check the certificate", [["", "yes"], ["false", "no (tests only)"]], { convert: yes_no }),
      form.choice(["http2"], "HTTP/2", [["", "no"], ["true", "offer it"]], { convert: yes_no })),
    h("h3", {}, "Stop by itself when too much fails"),
    h("div", { class: "fields" }, form.number(["disable_after", "failure_ratio"], "Share of failed attempts", { step: "0.05", placeholder: "never; 0.6 is 60 %" }), form.text(["disable_after", "window"], "Within", { placeholder: "12h" }), form.number(["disable_after", "min_attempts"], "Attempts at least", { placeholder: "20" })),
    h("h3", {}, "Items that are updated"), correlation(form, webhooks),
    h("h3", {}, "Signing"), signing(form));
}

function signing(form) {
  const stored = form.get(["signing", "secrets"])?.length > 0;
  const input = h("input", { type: "password", autocomplete: "new-password", placeholder: stored ? "stored; type to replace it" : "whsec_…", oninput: () => {
    const secrets = input.value.split(/[\s,]+/).filter(Boolean);
    form.set(["signing", "secrets"], secrets.length ? secrets : before);
  } });
  const before = form.get(["signing", "secrets"]);
  return form.field("/signing", "Standard Webhooks secret", input, { hint: "Each request is signed: header webhook-signature. Several, separated by commas, while rotating." });
}
