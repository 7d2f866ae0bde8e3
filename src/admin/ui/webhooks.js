// The list of webhooks: state, where they go, how it goes; switched and deleted from here.
import { call, get, get_all, query } from "./api.js";
import { sparkline } from "./chart.js";
import { badge, busy, button, cells, confirm, empty, fill, h, heading, link, notice, open_again, table, toast } from "./dom.js";
import { interval, watch, webhook_rates } from "./live.js";
import { lacks, may } from "./rights.js";
import { ago, host, number, plural } from "./text.js";

export const path_of = (name, rest = "") => `webhooks/${encodeURIComponent(name)}${rest}`;
const states = { on: ["good", "on"], off: ["", "off"], tripped: ["bad", "stopped: too much failed"] };

/// Turns a webhook on or off; answers it as it is then. Asks before events stop reaching somebody.
export async function flip(webhook) {
  const on = webhook.state !== "on";
  const sure = on || await confirm({
    title: `Disable ${webhook.name}?`,
    text: "New events are not matched while it is off, and are not sent later. What is already waiting goes out, or to the dead letters.",
    action: "Disable",
  });
  if (!sure) return webhook;
  try {
    const { body } = await call("PATCH", path_of(webhook.name), { body: { enabled: on } });
    toast("good", `${webhook.name} is ${body.state}.`);
    return body;
  } catch (error) {
    toast("bad", `${webhook.name} could not be switched: ${error.message}`);
    return webhook;
  }
}

/// The switch of a webhook. `changed(webhook)` is called with what it is after a flip.
export function switch_of(webhook, changed) {
  const on = webhook.state === "on";
  const element = h("button", {
    type: "button", role: "switch", class: "switch", "aria-checked": String(on), "aria-label": `${webhook.name} is on`, disabled: !may("operate"), title: may("operate") ? null : lacks("operate", "switch"),
    onclick: async () => changed(await busy(element, () => flip(webhook))),
  });
  return element;
}

/// Deletes after a question. True if it is gone.
export async function remove(webhook) {
  const sure = await confirm({
    title: `Delete ${webhook.name}?`,
    text: "Its definition is gone for good. What still waits for it becomes dead letters (reason: disabled). To stop it for a while, disable it instead.",
    action: "Delete",
    danger: true,
  });
  if (!sure) return false;
  try {
    await call("DELETE", path_of(webhook.name));
    toast("good", `${webhook.name} is deleted.`);
    return true;
  } catch (error) {
    toast("bad", `${webhook.name} could not be deleted: ${error.message}`);
    return false;
  }
}

/// One line of the list. Its numbers are set by `update`.
class Row {
  constructor(webhook) {
    this.webhook = webhook;
    this.state = h("div", { class: "state" });
    this.rate = h("div", { class: "rate" });
    this.result = h("div", {}, h("span", { class: "muted" }, "–"));
    this.circuit = h("div", {});
    this.counted = null;
    const targets = (webhook.endpoints ?? []).map((endpoint) => host(endpoint.url));
    this.element = h("tr", {}, cells(
      this.state,
      [link(webhook.name, `#/${path_of(webhook.name)}`, { class: "name" }), webhook.description && h("div", { class: "muted" }, webhook.description),
        webhook.trouble && h("div", { class: "error" }, webhook.trouble)],
      webhook.trigger === "policy" ? "what policies send" : h("div", { class: "chips" }, (webhook.events ?? []).map((name) => h("code", {}, name))),
      h("div", {}, [...new Set(targets)].join(", "), webhook.template && h("div", { class: "muted" }, `template ${webhook.template}`)),
      this.rate, [this.result, this.circuit],
      h("div", { class: "actions" },
        link(webhook.source === "file" || !may("admin") ? "Open" : "Edit", `#/${path_of(webhook.name)}`, { class: "button", "aria-label": `Edit ${webhook.name}` }),
        link("Log", `#/${path_of(webhook.name, "/log")}`, { class: "button", "aria-label": `Deliveries of ${webhook.name}` }),
        webhook.source === "api" && may("admin") && button("Delete", async () => { if (await remove(this.webhook)) open_again(); }, { class: "quiet", "aria-label": `Delete ${webhook.name}` })),
    ));
    this.show_state();
  }

  show_state() {
    const [kind, text] = states[this.webhook.state] ?? ["", this.webhook.state];
    fill(this.state,
      switch_of(this.webhook, (webhook) => { this.webhook = webhook; this.show_state(); this.state.firstChild.focus(); }),
      h("span", { class: `word ${kind}`, title: this.webhook.reason }, text),
      this.webhook.source === "file" && h("span", { class: "muted", title: "It is defined in a file: change it there" }, "file"));
  }

  update(status) {
    const own = status.endpoints.filter((e) => e.webhook === this.webhook.name);
    const delivered = own.reduce((sum, e) => sum + e.delivered, 0), failed = own.reduce((sum, e) => sum + e.failed_attempts, 0);
    const rates = webhook_rates(this.webhook.name, "delivered");
    const recent = rates.slice(-20);
    const per_minute = recent.length ? (recent.reduce((a, b) => a + b, 0) / recent.length) * 60 : 0;
    fill(this.rate,
      sparkline(rates, `Deliveries of ${this.webhook.name} in the last minutes`),
      h("div", {}, `${number(Math.round(per_minute))}/min`),
      h("div", { class: "muted" }, `${number(delivered)} delivered`, failed > 0 && h("span", { class: "error" }, `, ${plural(failed, "failed attempt")}`)));
    const open = own.some((e) => e.circuit === "open" || e.circuit === "half_open");
    fill(this.circuit, open && link("circuit open", "#/status", { class: "badge bad", title: "Nothing but failures: one request at a time tries again, the rest waits" }));
    const counted = `${delivered} ${failed}`;
    if (this.counted !== counted) this.ask_result(own);
    this.counted = counted;
  }

  /// What came of the newest delivery, from the log; without a log, the newest error.
  async ask_result(own) {
    try {
      const { items } = await get(`${path_of(this.webhook.name, "/deliveries")}?${query({ limit: 1 })}`);
      if (items.length) return fill(this.result, outcome_badge(items[0]), h("div", { class: "muted" }, ago(items[0].at)));
    } catch { /* no log here: the error below is what there is */ }
    const error = own.filter((e) => e.last_error_at).sort((a, b) => b.last_error_at.localeCompare(a.last_error_at))[0];
    if (error) fill(this.result, badge("bad", error.last_error), h("div", { class: "muted" }, ago(error.last_error_at)));
  }
}

export function outcome_badge(delivery) {
  if (delivery.outcome === "delivered") return badge("good", "delivered");
  if (delivery.outcome === "waiting") return badge("warn", "waiting to try again");
  return badge("bad", `dead letter: ${delivery.reason ?? "failed"}`);
}

function first_time() {
  return empty("No webhooks yet",
    h("p", {}, "A webhook sends the events you choose, as Slack messages, tickets or any JSON, to an address you name."),
    h("p", {}, may("admin") ? link("Create the first webhook", "#/webhooks/new", { class: "button primary" }) : lacks("admin", "make one")));
}

export async function show(_, signal) {
  const webhooks = await get_all("webhooks", signal);
  const head = heading("Webhooks", may("admin") && link("New webhook", "#/webhooks/new", { class: "button primary" }));
  if (webhooks.length === 0) return [head, first_time()];
  const rows = webhooks.map((webhook) => new Row(webhook));
  const trouble = h("div");
  watch(signal, (status, problem) => {
    if (problem) return fill(trouble, notice("bad", problem.message));
    fill(trouble);
    for (const row of rows) row.update(status);
  });
  const search = h("input", { type: "search", placeholder: "Find by name, event or address", "aria-label": "Find webhooks", oninput: () => {
    const wanted = search.value.toLowerCase();
    for (const row of rows) row.element.hidden = !row.element.textContent.toLowerCase().includes(wanted);
  } });
  return [head, trouble, rows.length > 7 && search,
    table("Webhooks", ["State", "Webhook", "Events", "Sends to", "Rate", "Last result", ""], rows.map((row) => row.element)),
    h("p", { class: "muted" }, `Numbers are of this process since it started, and come every ${interval} seconds.`)];
}
