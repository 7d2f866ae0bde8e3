// The delivery log of a webhook: newest first, by outcome, type, time and text; each with its attempts,
// what was sent and what was answered; delivered again from here.
import { Problem, call, get, get_all, query } from "./api.js";
import { badge, busy, button, code, confirm, empty, fill, fresh_id, h, heading, link, notice, settled, toast } from "./dom.js";
import { request_element } from "./preview.js";
import { lacks, may } from "./rights.js";
import { ago, plural, reasons, seconds, time } from "./text.js";
import { outcome_badge, path_of } from "./webhooks.js";

const page_size = 50;

/// An attempt: when, how it went, what was sent, what was answered.
export function attempt_element(attempt, open) {
  const good = attempt.status >= 200 && attempt.status < 300;
  const verdict = attempt.status === null ? "no answer" : `HTTP ${attempt.status}`;
  return h("details", { class: "attempt", open },
    h("summary", {}, `Attempt ${attempt.number} `, badge(good ? "good" : "bad", verdict), h("span", { class: "muted" }, ` ${time(attempt.at)}, ${seconds(attempt.duration_ms / 1000)}`)),
    attempt.error && h("p", { class: "error" }, attempt.error),
    h("h4", {}, "Sent"),
    attempt.rendered_again && h("p", { class: "hint" }, "This request was not kept: it is what today's definition makes of the event."),
    attempt.request ? request_element(attempt.request) : h("p", { class: "hint" }, "Not kept (delivery_log.bodies)."),
    h("h4", {}, "Answered"),
    attempt.response === null ? h("p", { class: "hint" }, attempt.status === null ? "There was no answer." : "Not kept, or empty.") : attempt.response === "" ? h("p", { class: "hint" }, "An empty body.") : code(attempt.response, "The answer"));
}

/// Sends it once more; true if it is on its way.
async function redeliver(delivery) {
  const sure = await confirm({ title: "Deliver again?", text: `The event is sent to ${delivery.webhook} once more, with the same webhook-id, in about ten seconds.`, action: "Deliver again" });
  if (!sure) return false;
  try {
    const { body } = await call("POST", `deliveries/${encodeURIComponent(delivery.id)}/redeliver`);
    toast("good", `On its way: in about ${seconds(body.after_seconds ?? 10)}. What comes of it appears here.`);
    return true;
  } catch (error) {
    toast("bad", `It was not sent again: ${error.message}`);
    return false;
  }
}

/// Waits for what comes of a delivery that was sent again, while its entry is open; `shown(delivery)` is called then.
async function follow(before, place, shown) {
  for (let tries = 0; tries < 60 && place.isConnected; ++tries) {
    await new Promise((resolve) => setTimeout(resolve, 2000));
    const now = await get(`deliveries/${encodeURIComponent(before.id)}`).catch(() => null);
    if (now && now.outcome !== "waiting" && now.attempts.length > before.attempts.length) return shown(now);
  }
}

/// All of a delivery, asked for when it is opened; `changed(delivery)` is told when it has been delivered again.
export async function delivery_detail(id, place, changed) {
  fill(place, h("p", { class: "muted" }, "Loading…"));
  try {
    draw_detail(await get(`deliveries/${encodeURIComponent(id)}`), place, changed);
  } catch (error) {
    fill(place, notice("bad", error.message));
  }
}

function draw_detail(delivery, place, changed) {
  const after = h("span", { class: "muted", role: "status" });
  const again = button("Deliver again", async () => {
    if (!await busy(again, () => redeliver(delivery))) return;
    again.disabled = true;
    after.textContent = "on its way…";
    await follow(delivery, place, (now) => { changed(now); draw_detail(now, place, changed); });
    again.disabled = false;
    after.textContent = "";
  });
  const { topic, partition, offset, timestamp } = delivery.origin;
  fill(place,
    h("dl", { class: "facts" }, h("dt", {}, "Id"), h("dd", {}, h("code", {}, delivery.id)), h("dt", {}, "Event"), h("dd", {}, `${topic}, partition ${partition}, offset ${offset}, of ${time(timestamp)}`),
      h("dt", {}, "Endpoint"), h("dd", {}, delivery.endpoint), delivery.reason && [h("dt", {}, "Reason"), h("dd", {}, reasons[delivery.reason] ?? delivery.reason)], delivery.error && [h("dt", {}, "Error"), h("dd", {}, delivery.error)]),
    ...delivery.attempts.map((attempt, i) => attempt_element(attempt, i === delivery.attempts.length - 1)),
    delivery.attempts.length === 0 ? h("p", { class: "hint" }, "No attempt was made.") : "",
    may("operate") ? h("div", { class: "actions" }, again, after) : h("p", { class: "hint" }, lacks("operate", "deliver it again")));
}

/// What a line of the log says before it is opened.
function summary_of(delivery) {
  const last = delivery.attempts.at(-1);
  return [outcome_badge(delivery), h("code", {}, delivery.type || "–"), h("span", { class: "grow muted" }, [last?.status ? `HTTP ${last.status}` : last?.error, delivery.attempts.length > 1 && plural(delivery.attempts.length, "attempt"), delivery.endpoint !== "0" && delivery.endpoint].filter(Boolean).join(" · ")),
    h("time", { datetime: delivery.at, title: time(delivery.at) }, ago(delivery.at))];
}

function delivery_element(delivery) {
  const place = h("div", { class: "detail" }), summary = h("summary", {}, summary_of(delivery));
  const element = h("details", { class: "entry" }, summary, place);
  element.addEventListener("toggle", () => { if (element.open) delivery_detail(delivery.id, place, (now) => fill(summary, summary_of(now))); });
  return element;
}

class Log {
  constructor(name, signal, types) {
    this.name = name;
    this.signal = signal;
    this.entries = h("div", { class: "entries" });
    this.end = h("div", { class: "end", role: "status" });
    const soon = settled(300, () => this.load());
    const refresh = button("Refresh", () => busy(refresh, () => this.load()));
    const labelled = (label, input) => { input.id = fresh_id(); return h("div", { class: "field" }, h("label", { for: input.id }, label), input); };
    this.outcome = h("select", { onchange: () => this.load() }, [["", "any"], ["delivered", "delivered"], ["waiting", "waiting to try again"], ["dead_lettered", "dead letters"]].map(([value, text]) => h("option", { value }, text)));
    const list = fresh_id("types");
    this.type = h("input", { type: "text", list, placeholder: "any", autocomplete: "off", oninput: soon });
    this.since = h("select", { onchange: () => this.load() }, [["", "always"], ["15m", "15 minutes"], ["1h", "an hour"], ["24h", "a day"], ["7d", "a week"]].map(([value, text]) => h("option", { value }, text)));
    this.text = h("input", { type: "search", placeholder: "id, error, URL, request, answer", oninput: soon });
    this.filters = h("form", { class: "filters", role: "search", "aria-label": "Deliveries", onsubmit: (event) => { event.preventDefault(); this.load(); } },
      labelled("Outcome", this.outcome), labelled("Type", this.type), h("datalist", { id: list }, types.map(({ type }) => h("option", { value: type }))), labelled("Since", this.since), labelled("Containing", this.text), refresh);
  }

  async load(after = "") {
    const run = (this.run = {});
    if (!after) this.end.textContent = "Loading…";
    const wanted = query({ limit: page_size, after, outcome: this.outcome.value, type: this.type.value.trim(), since: this.since.value, text: this.text.value.trim() });
    try {
      const page = await get(`${path_of(this.name, "/deliveries")}?${wanted}`, this.signal);
      if (run !== this.run) return;
      const elements = page.items.map(delivery_element);
      if (after) this.entries.append(...elements);
      else fill(this.entries, ...elements);
      this.draw_end(page);
    } catch (error) {
      if (!(error instanceof Problem) || run !== this.run) return;
      fill(this.end, error.missing ? notice("", "This process keeps no delivery log.") : notice("bad", error.message));
    }
  }

  draw_end(page) {
    const filtered = this.outcome.value || this.type.value || this.since.value || this.text.value;
    if (page.next !== null) {
      const more = button("Load older", () => busy(more, () => this.load(page.next)));
      return fill(this.end, more, page.reached ? h("span", { class: "muted" }, ` searched back to ${time(page.reached)}`) : "");
    }
    if (this.entries.childElementCount > 0) return fill(this.end, h("span", { class: "muted" }, "That is all that the log holds."));
    fill(this.end, filtered ? empty("Nothing like that", "No delivery in the log fits these filters.") : empty("Nothing delivered yet", h("p", {}, "When an event matches, its delivery appears here with every attempt. A test is answered in the form and is not in the log."), link("Open the form and test", `#/${path_of(this.name)}`, { class: "button" })));
  }
}

export async function show({ name }, signal) {
  const [webhooks, types] = await Promise.all([get_all("webhooks", signal), get("event-types", signal).catch(() => ({ items: [] }))]);
  if (!name && webhooks.length === 0) return [heading("Deliveries"), empty("No webhooks yet", link("Create the first one", "#/webhooks/new", { class: "button primary" }))];
  if (!name) return [heading("Deliveries"), h("p", { class: "lead" }, "Each webhook has its log. Whose?"), h("ul", { class: "choices" }, webhooks.map((webhook) => h("li", {}, link(webhook.name, `#/${path_of(webhook.name, "/log")}`), h("span", { class: "muted" }, ` ${webhook.description ?? ""}`))))];
  const log = new Log(name, signal, types.items);
  const choose = h("select", { "aria-label": "Webhook", onchange: () => { location.hash = `#/${path_of(choose.value, "/log")}`; } }, webhooks.map((webhook) => h("option", { value: webhook.name }, webhook.name)));
  choose.value = name;
  log.load();
  return [heading(`Deliveries of ${name}`, choose, link("Webhook", `#/${path_of(name)}`, { class: "button" })), log.filters, log.entries, log.end];
}
