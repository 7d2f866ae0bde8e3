// Delivering dead letters again: all that the filters select, at a rate, with its progress.
import { call, get } from "./api.js";
import { busy, button, code, confirm, fill, fresh_id, h, notice, toast } from "./dom.js";
import { lacks, may } from "./rights.js";
import { plural } from "./text.js";

const quoted = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;

/// The same from the shell, for a process that does not do it.
export function command_of(selection) {
  const options = Object.entries(selection).filter(([, value]) => value !== "").map(([name, value]) => `--${name} ${quoted(value)}`);
  return ["hookline dead-letters replay --config hookline.yaml", ...options].join(" ");
}

/// "tickets s-7 is INC4711, …"
const items_of = ({ count, items }) => items.map(({ webhook, key, id }) => `${webhook} ${key} is ${id}`).join(", ") + (count > items.length ? `, and ${count - items.length} more` : "");

const ended = new Set(["done", "cancelled", "failed"]);

/// `selection()`: what the filters of the page say; `done()`: called when a replay has ended.
export function replay_part({ selection, done }) {
  const rate = h("input", { id: fresh_id(), type: "number", min: "1", value: "50" });
  const start_button = button("Replay", () => busy(start_button, start), { class: "primary" });
  const progress = h("div", { role: "status" });
  const line = h("div", { class: "replay" }, h("label", { for: rate.id }, "per second, at most"), rate, start_button);
  const element = h("div", { hidden: true }, may("operate") ? line : h("p", { class: "hint" }, lacks("operate", "replay them")), progress);

  async function start() {
    const wanted = selection();
    const body = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== ""));
    try {
      const { body: survey } = await call("POST", "dead-letters/replay", { body: { ...body, dry_run: true } });
      if (survey.selected === 0) return fill(progress, notice("", `There is nothing to replay: ${plural(survey.replayed_before, "dead letter")} of this selection ${survey.replayed_before === 1 ? "was" : "were"} replayed before.`));
      const left_out = survey.replayed_before > 0 ? ` ${plural(survey.replayed_before, "dead letter")} replayed before ${survey.replayed_before === 1 ? "is" : "are"} left out.` : "";
      const exist = survey.skipped_creates.count > 0 ? ` ${plural(survey.skipped_creates.count, "create")} would make what exists, and ${survey.skipped_creates.count === 1 ? "is" : "are"} not sent (${items_of(survey.skipped_creates)}).` : "";
      const sure = await confirm({ title: `Deliver ${plural(survey.selected, "dead letter")} again?`, text: `They go through their webhooks as they are now, under the same ids, at most ${rate.value} per second.${left_out}${exist}`, action: "Replay" });
      if (!sure) return;
      const { body: job } = await call("POST", "dead-letters/replay", { body: { ...body, rate: `${rate.value || 50}/s` } });
      follow(job);
    } catch (error) {
      if (error.missing) fill(progress, notice("", h("p", {}, "This process does not replay. From the shell:"), code(command_of(wanted), "Command")));
      else fill(progress, notice("bad", error.message, (error.errors ?? []).map(({ detail, remedy }) => h("p", {}, detail, " ", remedy))));
    }
  }

  async function turn(job, state) {
    try {
      draw((await call("PATCH", `replays/${encodeURIComponent(job.id)}`, { body: { state } })).body);
    } catch (error) {
      toast("bad", `The replay is as it was: ${error.message}`);
    }
  }

  function draw(job) {
    const { total, done: finished, sent, skipped, skipped_creates: creates } = job.counts;
    const reasons = Object.entries(skipped).map(([why, count]) => `${count} ${why.replaceAll("_", " ")}`);
    if (creates?.count > 0) reasons.push(`${plural(creates.count, "create")} of what exists (${items_of(creates)})`);
    const left_out = reasons.join(", ");
    fill(progress, h("div", { class: "card" }, h("p", {}, `Replay ${job.state}: ${finished} of ${total} looked at, ${sent} sent again${left_out ? `; left out: ${left_out}` : ""}.`),
      h("progress", { max: Math.max(1, total), value: ended.has(job.state) && total === 0 ? 1 : finished, "aria-label": "Progress of the replay" }),
      job.error && h("p", { class: "error" }, job.error),
      !ended.has(job.state) && h("div", { class: "actions" }, job.state === "paused" ? button("Go on", () => turn(job, "running")) : button("Pause", () => turn(job, "paused")), button("Cancel", () => turn(job, "cancelled"), { class: "danger quiet" }))));
  }

  async function follow(job) {
    draw(job);
    while (element.isConnected && !ended.has(job.state)) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      try {
        job = await get(`replays/${encodeURIComponent(job.id)}`);
        draw(job);
      } catch (error) {
        return progress.append(notice("bad", error.message));
      }
    }
    done();
  }

  return { element, update: (count) => {
    element.hidden = count === 0 && progress.childElementCount === 0;
    line.hidden = count === 0;
    start_button.textContent = `Replay ${plural(count, "dead letter")}…`;
  } };
}
