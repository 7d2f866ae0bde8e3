// How this process does: rates, lag and work in hand as small live charts; workers, what holds a partition,
// and endpoints with their circuits.
import { chart } from "./chart.js";
import { badge, cells, fill, h, heading, notice, table } from "./dom.js";
import { interval, rates, samples, sum_of, watch } from "./live.js";
import { ago, bytes, number, plural, seconds, time } from "./text.js";

const all = (which) => (sample) => [...sample.webhooks.values()].reduce((sum, counts) => sum + counts[which], 0);
const lag_of = ({ status }) => sum_of(status.partitions, (p) => p.lag);
const in_hand = ({ status }) => sum_of(status.endpoints, (e) => e.in_flight + e.queued + e.waiting);

function charts() {
  return [
    chart("Deliveries", rates(all("delivered")), "per second"),
    chart("Failed attempts", rates(all("failed")), "per second"),
    chart("Lag", samples.map(lag_of), "records"),
    chart("In hand", samples.map(in_hand), "deliveries"),
  ];
}

function facts(status) {
  const rows = [["Version", status.version], ["Group", status.group_id], ["Cluster", status.cluster_id], ["Since", `${time(status.started_at)} (${ago(status.started_at)})`], ["Webhooks", number(status.webhooks)], ["Waits on retry topics", backlog(status)], ["Produces under way", number(status.producer_pending ?? 0)]];
  return h("dl", { class: "facts" }, rows.map(([name, text]) => [h("dt", {}, name), h("dd", {}, text)]));
}

const held_text = (held) => [held.webhook && `${held.webhook}${held.endpoint && held.endpoint !== "0" ? ` / ${held.endpoint}` : ""}`, held.attempts > 0 && plural(held.attempts, "attempt"), held.error].filter(Boolean).join(", ");

function partitions(status, only_busy) {
  const shown = status.partitions.filter((p) => !only_busy || p.lag > 0 || p.open > 0 || p.held_by || p.paused);
  if (shown.length === 0) return h("p", { class: "muted" }, `All ${plural(status.partitions.length, "partition")} are read to the end, and nothing is open.`);
  return table("Partitions", ["Topic", "Partition", "Worker", "Lag", "Committed", "Open", "Held by"], shown.map((p) => h("tr", {}, cells(
    p.topic, p.partition, p.worker, p.lag === null ? "–" : number(p.lag), number(p.committed), [number(p.open), p.paused ? [" ", badge("warn", "paused")] : ""],
    p.held_by ? [`offset ${p.held_by.offset} for ${seconds(p.held_by.open_seconds)}`, h("div", { class: "muted" }, held_text(p.held_by))] : "–"))));
}

const circuit_of = (endpoint) => endpoint.circuit ?? null;
const named = (endpoint) => `${endpoint.webhook}${endpoint.endpoint === "0" ? "" : ` / ${endpoint.endpoint}`}`;
const listed = (names) => names.slice(0, 5).join(", ") + (names.length > 5 ? ` and ${names.length - 5} more` : "");

function endpoints(status) {
  if (status.endpoints.length === 0) return h("p", { class: "muted" }, "Nothing has been sent since this process started.");
  return table("Endpoints", ["Webhook", "Endpoint", "Circuit", "Delivered", "Failed attempts", "In flight", "Waiting", "Last error"], status.endpoints.map((e) => {
    const circuit = circuit_of(e);
    return h("tr", {}, cells(e.webhook, e.endpoint, circuit === null ? "–" : badge(circuit === "closed" ? "good" : circuit === "open" ? "bad" : "warn", circuit.replaceAll("_", " ")), number(e.delivered), number(e.failed_attempts), number(e.in_flight), number(e.queued + e.waiting),
      e.last_error_at ? [e.last_error, h("div", { class: "muted" }, ago(e.last_error_at))] : "–"));
  }));
}

const workers = (status) => table("Workers", ["Worker", "State", "Partitions", "Deliveries", "Dead letters under way", "Held"], status.workers.map((w) => h("tr", {}, cells(
  w.worker, w.draining ? badge("warn", "draining") : w.assigned ? badge("good", "assigned") : badge("warn", "waits for the group"), number(w.partitions), number(w.deliveries), number(w.dead_letters_pending), bytes(w.held_bytes)))));

export async function show(_, signal) {
  const place = h("div", {}, h("p", { class: "muted" }, "Loading…"));
  const drawn = h("div", { class: "charts" });
  const busy_only = h("input", { type: "checkbox", checked: true, onchange: () => draw(samples.at(-1)?.status) });
  const filter = h("label", { class: "check" }, busy_only, h("span", {}, "only partitions with lag or open records"));
  const trouble = h("div");
  const parts = { facts: h("div"), workers: h("div"), partitions: h("div"), endpoints: h("div") };
  const draw = (status) => {
    if (!status) return;
    fill(trouble, told(status));
    fill(drawn, ...charts());
    fill(parts.facts, facts(status));
    fill(parts.workers, workers(status));
    fill(parts.partitions, partitions(status, busy_only.checked));
    fill(parts.endpoints, endpoints(status));
    if (place.childElementCount === 1) fill(place, h("h2", {}, "Endpoints"), parts.endpoints, h("h2", {}, "Partitions"), filter, parts.partitions, h("h2", {}, "Workers"), parts.workers, h("h2", {}, "This process"), parts.facts);
  };
  watch(signal, (status, problem) => (problem ? fill(trouble, notice("bad", problem.message)) : draw(status)));
  return [heading("Status"), trouble, drawn, place, h("p", { class: "muted" }, `Of this process; renewed every ${interval} seconds. Other processes of the group have pages of their own.`)];
}

/// What the process wants known: intake that was stopped because nearly everything fails, circuits.
function told(status) {
  return [
    status.ready ? "" : notice("bad", `Not ready: ${status.reasons.join("; ")}`),
    circuits_told(status.endpoints.filter((e) => e.circuit === "open" || e.circuit === "half_open").map(named)),
    ...(status.warnings ?? []).map((text) => notice("warn", sentence(text))),
  ];
}

const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

const circuits_told = (names) => (names.length === 0 ? "" : notice("warn", `Circuit open: ${listed(names)}. Nothing but failures came from there, so one request at a time tries again; all else for it waits, is not lost, and goes out when a try succeeds.`));

/// What waits on the retry topics, by the wait.
function backlog(status) {
  const tiers = Object.entries(status.retry_backlog ?? {}).filter(([, waiting]) => waiting > 0);
  return tiers.length ? tiers.map(([tier, waiting]) => `${number(waiting)} in ${tier}`).join(", ") : "nothing";
}
