// Which outside item (a ticket, say) belongs to which story or incident.
import { Problem, call, get, query } from "./api.js";
import { button, cells, confirm, empty, fill, fresh_id, h, heading, notice, settled, table, toast } from "./dom.js";
import { ago, time } from "./text.js";

const page_size = 100;

export async function show(_, signal) {
  const webhook = h("input", { id: fresh_id(), type: "text", placeholder: "any", autocomplete: "off", oninput: settled(300, () => load()) });
  const key = h("input", { id: fresh_id(), type: "text", placeholder: "any", autocomplete: "off", oninput: settled(300, () => load()) });
  const filters = h("form", { class: "filters", role: "search", "aria-label": "Correlations", onsubmit: (event) => { event.preventDefault(); load(); } },
    h("div", { class: "field" }, h("label", { for: webhook.id }, "Webhook that created"), webhook), h("div", { class: "field" }, h("label", { for: key.id }, "Key"), key));
  const place = h("div", { role: "status" });
  const items = [];
  async function load(after = "") {
    if (!after) items.length = 0;
    try {
      const page = await get(`correlations?${query({ limit: page_size, after, webhook: webhook.value.trim(), key: key.value.trim() })}`, signal);
      items.push(...page.items);
      draw(page.next);
    } catch (error) {
      if (error instanceof Problem) fill(place, error.missing ? notice("", "This process does not tell its correlations.") : notice("bad", error.message));
    }
  }
  function draw(next) {
    if (items.length === 0) {
      return fill(place, empty("No correlations", h("p", {}, "When a webhook with “correlation” creates a ticket, the ticket's id is remembered here for the story or incident, so that later events update the same ticket.")));
    }
    fill(place, table("Correlations", ["Webhook", "Key", "Id", "Since", "Until", ""], items.map((item) => h("tr", {}, cells(
      item.webhook, h("code", {}, item.key), [h("code", {}, String(item.id)), item.text && h("div", { class: "muted" }, item.text)],
      [h("span", { title: time(item.at) }, ago(item.at)), item.by && h("div", { class: "muted" }, `set by ${item.by}`)], item.expires === null ? "for good" : time(item.expires),
      button("Forget", () => forget(item), { class: "quiet", "aria-label": `Forget ${item.key}` }))))),
      next !== null && button("Load more", () => load(next)));
  }
  async function forget(item) {
    const sure = await confirm({ title: `Forget ${item.key}?`, text: `Later updates of it will not find ${item.id}; the next create makes a new item.`, action: "Forget", danger: true });
    if (!sure) return;
    try {
      await call("DELETE", `correlations?${query({ webhook: item.webhook, key: item.key })}`);
      toast("good", `${item.key} is forgotten.`);
      load();
    } catch (error) {
      toast("bad", `${item.key} is as it was: ${error.message}`);
    }
  }
  await load();
  return [heading("Correlations"), filters, place];
}
