// What could not be delivered: by cause, searched, shown with its event, and delivered again.
import { Problem, get, query } from "./api.js";
import { badge, busy, button, cells, code, empty, fill, fresh_id, h, heading, link, notice, settled, table } from "./dom.js";
import { replay_part } from "./replay.js";
import { ago, number, plural, reasons, time } from "./text.js";

const page_size = 50;

class DeadLetters {
  constructor(signal, given) {
    this.signal = signal;
    const labelled = (label, input, hint) => { input.id = fresh_id(); return h("div", { class: "field" }, h("label", { for: input.id }, label), input, hint); };
    const soon = settled(350, () => this.load());
    const refresh = button("Refresh", () => busy(refresh, () => this.load()));
    this.webhook = h("input", { type: "text", value: given.get("webhook") ?? "", placeholder: "any", autocomplete: "off", oninput: soon });
    this.reason = h("select", { onchange: () => this.load() }, h("option", { value: "" }, "any"), Object.keys(reasons).map((value) => h("option", { value }, value)));
    this.reason.value = given.get("reason") ?? "";
    this.status = h("input", { type: "number", min: "100", max: "599", value: given.get("status") ?? "", placeholder: "any", oninput: soon });
    this.since = h("select", { onchange: () => this.load() }, [["", "always"], ["1h", "an hour"], ["24h", "a day"], ["7d", "a week"]].map(([value, text]) => h("option", { value }, text)));
    this.where = h("input", { type: "text", class: "code", value: given.get("where") ?? "", placeholder: 'service == "card-payments"', autocomplete: "off", spellcheck: "false", oninput: soon });
    this.wrong = h("p", { class: "error", role: "status" });
    this.filters = h("form", { class: "filters", role: "search", "aria-label": "Dead letters", onsubmit: (event) => { event.preventDefault(); this.load(); } },
      labelled("Webhook", this.webhook), labelled("Reason", this.reason), labelled("Status", this.status), labelled("Since", this.since), labelled("Where", this.where, this.wrong), refresh, button("Clear", () => this.choose({})));
    this.groups = h("div", {});
    this.entries = h("div", { class: "entries" });
    this.end = h("div", { class: "end", role: "status" });
    this.replay = replay_part({ selection: () => this.selection(), done: () => this.load() });
  }

  selection() {
    const status = this.status.value;
    return { webhook: this.webhook.value.trim(), reason: this.reason.value, status: status === "" ? "" : Number(status), since: this.since.value, where: this.where.value.trim() };
  }

  choose({ webhook = "", reason = "", status = "" }) {
    this.webhook.value = webhook;
    this.reason.value = reason;
    this.status.value = status ?? "";
    this.where.value = "";
    this.load();
    this.entries.scrollIntoView({ block: "nearest" });
  }

  async load(after = "") {
    const run = (this.run = {});
    this.wrong.textContent = "";
    if (!after) this.end.textContent = "Loading…";
    const selection = this.selection();
    try {
      const [groups, page] = await Promise.all([after ? null : get(`dead-letters/groups?${query(selection)}`, this.signal), get(`dead-letters?${query({ ...selection, limit: page_size, after })}`, this.signal)]);
      if (run !== this.run) return;
      if (groups) this.draw_groups(groups);
      const elements = page.items.map(letter_element);
      if (after) this.entries.append(...elements);
      else fill(this.entries, ...elements);
      this.draw_end(page, Object.values(selection).some((value) => value !== ""));
    } catch (error) {
      if (!(error instanceof Problem) || run !== this.run) return;
      this.fail(error);
    }
  }

  fail(error) {
    if (error.status === 422) {
      this.wrong.textContent = error.errors.map(({ detail, remedy }) => `${detail} ${remedy}`).join(" ") || error.message;
      return fill(this.end);
    }
    fill(this.end, error.missing ? notice("", "This process cannot read dead letters: hookline dead-letters list does, from the shell.") : notice("bad", error.message));
  }

  draw_groups({ items, total }) {
    this.replay.update(total);
    if (items.length === 0) return fill(this.groups);
    const rows = items.map((group) => h("tr", {}, cells(
      [badge("bad", group.reason), h("div", { class: "muted" }, reasons[group.reason] ?? "")], group.webhook ? [link(group.webhook, `#/webhooks/${encodeURIComponent(group.webhook)}`), group.endpoint && group.endpoint !== "0" ? ` / ${group.endpoint}` : ""] : "–",
      group.status ?? "–", h("strong", {}, number(group.count)), h("span", { title: time(group.last) }, ago(group.last)), h("span", { class: "clip" }, group.error),
      button("Show", () => this.choose(group), { "aria-label": `Show ${group.reason} of ${group.webhook || "no webhook"}` }))));
    fill(this.groups, h("h2", {}, `By cause: ${plural(total, "dead letter")}`), table("Dead letters by cause", ["Reason", "Webhook", "Status", "Count", "Newest", "Error of the newest", ""], rows), h("h2", {}, "One by one"));
  }

  draw_end(page, filtered) {
    if (page.next !== null) return fill(this.end, button("Load older", () => this.load(page.next)));
    if (this.entries.childElementCount > 0) return fill(this.end, h("span", { class: "muted" }, "That is all."));
    fill(this.end, filtered ? empty("Nothing like that", "No dead letter fits these filters.") : empty("No dead letters", "Everything that matched has been delivered, or is still being tried."));
  }
}

function letter_element(letter) {
  const place = h("div", { class: "detail" });
  const element = h("details", { class: "entry" },
    h("summary", {}, badge("bad", letter.reason), h("span", {}, letter.webhook || "–"), h("span", { class: "grow muted clip" }, letter.error), h("time", { datetime: letter.failed_at, title: time(letter.failed_at) }, ago(letter.failed_at))), place);
  element.addEventListener("toggle", () => { if (element.open) letter_detail(letter, place); });
  return element;
}

async function letter_detail(letter, place) {
  fill(place, h("p", { class: "muted" }, "Loading…"));
  try {
    const whole = await get(`dead-letters/${encodeURIComponent(letter.id)}`);
    const { topic, partition, offset, timestamp } = whole.origin;
    const facts = [["Why", reasons[whole.reason] ?? whole.reason], ["Error", whole.error], ["Id", whole.id || "–"], ["Attempts", String(whole.attempts)], ["Status", whole.status === null ? "–" : String(whole.status)],
      ["Event", `${topic}, partition ${partition}, offset ${offset}, of ${time(timestamp)}`], ["Failed", time(whole.failed_at)], ["Key", whole.key ?? "–"]];
    fill(place, h("dl", { class: "facts" }, facts.map(([name, text]) => [h("dt", {}, name), h("dd", {}, text)])), h("h4", {}, "The event"), code(whole.event ?? "", "The event"),
      h("details", {}, h("summary", {}, "Headers of the record"), code(whole.headers, "Headers of the record")),
      whole.webhook ? h("div", { class: "actions" }, link("Its webhook", `#/webhooks/${encodeURIComponent(whole.webhook)}`, { class: "button" }), link("Its log", `#/webhooks/${encodeURIComponent(whole.webhook)}/log`, { class: "button" })) : "");
  } catch (error) {
    fill(place, notice("bad", error.message));
  }
}

export async function show(_, signal, parameters) {
  const letters = new DeadLetters(signal, parameters);
  letters.load();
  return [heading("Dead letters"), letters.filters, letters.replay.element, letters.groups, letters.entries, letters.end];
}
