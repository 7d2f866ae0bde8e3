// Beside a webhook's form: what it would send for an event, why it would or would not, how often it would
// have lately, and a test that really sends.
import { Problem, call, get, query } from "./api.js";
import { badge, busy, button, code, fill, fresh_id, h, settled } from "./dom.js";
import { lacks, may } from "./rights.js";
import { plural, seconds, time } from "./text.js";

const looked_at = 500;  // newest events of which those that match are counted
const preview_url = "https://url-still-to-come.example.com/";

/// `form`: the webhook's; `types`: the catalogue; `begun()`: whether what is missing yet may be made up; `mistakes(problem)` is told what the server finds wrong with
/// the definition, or null; `saved()`: the name, if what is in the form is what is saved.
export class Preview {
  constructor({ form, types, signal, begun, mistakes, saved }) {
    Object.assign(this, { form, types, signal, begun, mistakes, saved });
    this.source = "sample";
    this.verdict = h("div", { class: "verdict", role: "status" });
    this.requests = h("div", {});
    this.recent = h("p", { class: "hint" });
    this.tested = h("div", { role: "status" });
    this.subject = h("div", {});
    this.soon = settled(350, () => this.refresh());
    this.element = h("aside", { class: "card preview", "aria-label": "Preview" }, h("h2", {}, "Preview"), this.source_choice(), this.subject, this.verdict, this.recent, this.requests, this.test_part());
    this.draw_subject();
  }

  source_choice() {
    const name = fresh_id("source");
    return h("div", { class: "tabs", role: "radiogroup", "aria-label": "Event to preview with" }, [["sample", "A sample"], ["past", "A real event"], ["paste", "Paste one"]].map(([value, text]) =>
      h("label", {}, h("input", { type: "radio", name, checked: value === this.source, onchange: () => { this.source = value; this.draw_subject(); this.refresh(); } }), h("span", {}, text))));
  }

  /// What names the event in the request.
  chosen() {
    if (this.source === "sample") return this.type?.value ? { type: this.type.value } : {};
    if (this.source === "past") return this.past?.value ? { record: JSON.parse(this.past.value) } : null;
    if (!this.pasted.value.trim()) return null;
    return { event: JSON.parse(this.pasted.value), ...(this.kind.value ? { kind: this.kind.value } : {}) };
  }

  draw_subject() {
    if (this.source === "sample") {
      this.type = h("select", { "aria-label": "Sample event", onchange: () => this.refresh() }, h("option", { value: "" }, "the first type that it takes"), this.types.map(({ type }) => h("option", { value: type }, type)));
      fill(this.subject, this.type);
    } else if (this.source === "past") {
      this.past = h("select", { "aria-label": "Real event", onchange: () => this.refresh() });
      fill(this.subject, this.past);
      this.load_past();
    } else {
      this.pasted = h("textarea", { class: "code", rows: 6, spellcheck: "false", "aria-label": "Event as JSON", placeholder: '{"event_type": "incident_triggered", …}', oninput: () => this.soon() });
      this.kind = h("select", { "aria-label": "Kind of the event", onchange: () => this.refresh() }, h("option", { value: "" }, "kind: by its type"), ["alarm", "audit", "detection", "incident"].map((kind) => h("option", { value: kind }, kind)));
      fill(this.subject, this.pasted, this.kind);
    }
  }

  async load_past() {
    const select = this.past;
    try {
      const { items } = await get(`events?${query({ limit: 50 })}`, this.signal);
      fill(select, ...items.map((e) => h("option", { value: JSON.stringify({ topic: e.topic, partition: e.partition, offset: e.offset }) }, `${time(e.at)} · ${e.type} · ${(e.title ?? "").slice(0, 60)}`)));
      if (items.length === 0) select.replaceWith(h("p", { class: "hint" }, "No event has come yet. Publish one, or use a sample."));
      else this.refresh();
    } catch (error) {
      select.replaceWith(h("p", { class: "hint" }, error.missing ? "This process cannot read past events." : error.message));
    }
  }

  /// The definition as it would be saved; what a preview needs and is not there yet is made up.
  definition(for_preview) {
    const document = structuredClone(this.form.document);
    if (!for_preview || !this.begun()) return document;
    document.name ||= "new-webhook";
    if (!document.endpoints) return document;
    document.endpoints = document.endpoints.map((endpoint) => (endpoint.url ? endpoint : { ...endpoint, url: preview_url }));
    return document;
  }

  async refresh() {
    this.running?.abort();
    this.running = new AbortController();
    const { signal } = this.running;
    try {
      const subject = this.chosen();
      if (subject === null) return this.say("muted", "Choose an event to see what would be sent.");
      const webhook = this.saved() ?? this.definition(true);
      const { body } = await call("POST", "render", { body: { webhook, ...subject, last: looked_at }, signal });
      this.mistakes(null);
      this.show(body);
    } catch (error) {
      if (error.name === "AbortError") return;
      if (error instanceof SyntaxError) return this.say("warn", `That is no JSON: ${error.message}`);
      if (!(error instanceof Problem)) throw error;
      if (error.missing) return this.say("muted", "This process cannot preview.");
      this.fail(error);
    }
  }

  say(kind, ...content) {
    fill(this.verdict, h("p", { class: kind }, content));
    fill(this.requests);
    fill(this.recent);
  }

  fail(error) {
    const of_webhook = error.errors.filter(({ pointer }) => pointer === "/webhook" || pointer.startsWith("/webhook/"));
    const rest = error.errors.filter((mistake) => !of_webhook.includes(mistake));
    const homeless = this.mistakes(new Problem(error.status, error.message, of_webhook)) ?? [];
    if (error.errors.length === 0) return this.say("error", error.message);
    const lines = [...rest, ...homeless].map(({ detail, remedy }) => h("li", {}, detail, " ", h("span", { class: "remedy" }, remedy)));
    this.say("muted", of_webhook.length ? "The preview comes when the form is filled in; what is missing stands at its field." : "This event does not work:", h("ul", {}, lines));
  }

  show(answer) {
    const { explain } = answer;
    fill(this.verdict,
      h("p", {}, answer.matched ? badge("good", "would be sent") : badge("warn", "would not be sent"), " ", h("code", {}, answer.type), " ", h("span", { class: "muted" }, explain.why)),
      explain.terms.length > 0 && h("ul", { class: "terms" }, explain.terms.map(({ term, depth, result, seen }) =>
        h("li", { class: `depth-${Math.min(depth, 5)}` }, badge(result === "true" ? "good" : result === "false" ? "" : "warn", result), " ", h("code", {}, term), seen.length > 0 && h("span", { class: "muted" }, ` ${[seen].flat().join(", ")}`)))),
      h("details", {}, h("summary", {}, "The event"), code(answer.event, "The event")));
    const { recent } = answer;
    this.recent.textContent = !recent ? "" : recent.examined === 0 ? "No events have come yet." : `Of the last ${plural(recent.examined, "event")}, ${recent.matched} would have matched.`;
    fill(this.requests, ...answer.requests.map((request) => request_element(request, answer.requests.length > 1)));
  }

  /// To where the test is, with what would be sent above it.
  jump() {
    this.element.querySelector(".test").scrollIntoView({ block: "center" });
  }

  test_part() {
    if (!may("operate")) return h("div", { class: "test" }, h("h3", {}, "Test"), h("p", { class: "hint" }, lacks("operate", "send tests")));
    const send = button("Send a test", () => busy(send, () => this.test()), { class: "primary" });
    return h("div", { class: "test" }, h("h3", {}, "Test"), h("p", { class: "hint" }, "Really sends a sample, marked [Test message], the way events are sent."), send, this.tested);
  }

  async test() {
    fill(this.tested, h("p", { class: "muted" }, "Sending…"));
    try {
      const saved = this.saved();
      const type = this.source === "sample" && this.type.value ? { type: this.type.value } : {};
      const { body } = saved
        ? await call("POST", `webhooks/${encodeURIComponent(saved)}/test`, { body: type })
        : await call("POST", "test", { body: { webhook: this.definition(false), ...type } });
      const good = body.status >= 200 && body.status < 300;
      fill(this.tested,
        h("p", {}, badge(good ? "good" : "bad", good ? `delivered: HTTP ${body.status}` : body.status ? `refused: HTTP ${body.status}` : "not delivered"), " ", h("span", { class: "muted" }, `${body.type} in ${seconds(body.duration_ms / 1000)}`)),
        body.error && h("p", { class: "error" }, body.error),
        body.response !== null && (body.response === "" ? h("p", { class: "hint" }, "The answer had no body.") : h("div", {}, h("p", { class: "hint" }, "The receiver's answer:"), code(body.response, "The receiver's answer"))),
        body.request && h("details", {}, h("summary", {}, "What was sent"), request_element(body.request)));
    } catch (error) {
      const left = error.errors?.length ? this.mistakes(new Problem(error.status, error.message, error.errors)) ?? [] : [];
      fill(this.tested, h("p", { class: "error" }, error.missing ? "This process cannot test." : error.errors?.length ? "Not sent: see what is wrong in the form." : error.message), ...left.map(({ detail, remedy }) => h("p", { class: "error" }, detail, " ", remedy)));
      if (error.errors?.length) this.form.focus_first_mistake();
    }
  }
}

/// A request: method, URL, headers, body.
export function request_element(request, named = false) {
  if (request.error) return h("div", { class: "request" }, named && h("h3", {}, request.endpoint), h("p", { class: "error" }, request.error));
  const made_up = request.url.startsWith(preview_url);
  return h("div", { class: "request" }, named && h("h3", {}, `Endpoint ${request.endpoint}`),
    h("p", { class: "url" }, badge("", request.method), " ", h("code", {}, made_up ? "(the URL is still to come)" : request.url)),
    h("details", {}, h("summary", {}, plural(Object.keys(request.headers).length, "header")), h("dl", { class: "headers" }, Object.entries(request.headers).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]))),
    request.body === null || request.body === undefined ? h("p", { class: "hint" }, "The body was not kept.") : code(request.body, "Body of the request"));
}
