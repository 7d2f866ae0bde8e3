// Which outside item (a ticket, say) belongs to which story or incident: looked up, forgotten, set by hand.
import { Problem, call, get, get_all, query } from "./api.js";
import { busy, button, cells, confirm, empty, fill, fresh_id, h, heading, notice, settled, table, toast } from "./dom.js";
import { lacks, may } from "./rights.js";
import { ago, time } from "./text.js";

const page_size = 100;

const labelled = (label, input, hint) => {
  input.id = fresh_id();
  return h("div", { class: "field" }, h("label", { for: input.id }, label), input, hint && h("p", { class: "hint" }, hint));
};

/// Webhooks that create items: their own correlation, or their template's, says where the id stands in the answer.
async function creators(signal) {
  const [webhooks, templates] = await Promise.all([get_all("webhooks", signal).catch(() => []), get_all("templates", signal).catch(() => [])]);
  const of_template = new Map(templates.map(({ name, correlation }) => [name, correlation]));
  return webhooks.filter(({ correlation, template }) => (correlation ?? of_template.get(template))?.response_id).map(({ name }) => name);
}

const place_of = (webhook, key) => `correlations?${query({ webhook, key })}`;

/// Sets an id by hand; `done()` is called when it stands.
function set_form(names, done) {
  const webhook = h("select", {}, names.map((name) => h("option", { value: name }, name)));
  const key = h("input", { type: "text", required: true, autocomplete: "off", spellcheck: "false", placeholder: "st-2201" });
  const id = h("input", { type: "text", required: true, autocomplete: "off", spellcheck: "false", placeholder: "46e18c0fa9fe19810066a0083f76bd56" });
  const text = h("input", { type: "text", autocomplete: "off", placeholder: "INC0010023" });
  const wrong = h("p", { class: "error", role: "alert" });
  async function set() {
    wrong.textContent = "";
    const [wanted, item] = [{ webhook: webhook.value, key: key.value.trim() }, id.value.trim()];
    if (!wanted.key || !item) return void (wrong.textContent = "A key and an id are needed.");
    try {
      const { items } = await get(`correlations?${query({ ...wanted, limit: 1 })}`);
      const before = items[0];
      if (before && before.id !== item && !await confirm({ title: `Replace the id of ${wanted.key}?`, text: `Later updates of it go to ${item}, and no longer to ${before.id}.`, action: "Replace", danger: true })) return;
      await call("PUT", place_of(wanted.webhook, wanted.key), { body: { id: item, ...(text.value.trim() ? { text: text.value.trim() } : {}) } });
      toast("good", `Updates of ${wanted.key} go to ${item}.`);
      for (const input of [key, id, text]) input.value = "";
      done();
    } catch (error) {
      wrong.textContent = `It is as it was: ${error.message}`;
    }
  }
  const send = h("button", { class: "primary" }, "Set the id");
  return h("details", { class: "card" }, h("summary", {}, "Set an id by hand"),
    names.length === 0 ? h("p", { class: "hint" }, "No webhook creates items: one that does has a “correlation” with an id in the answer, as the ticket templates have.") : h("form", { "aria-label": "Set an id by hand", onsubmit: (event) => { event.preventDefault(); busy(send, set); } },
      h("p", { class: "hint" }, "For an item that was made by other means, or whose answer was lost: later events of that key update it."),
      h("div", { class: "fields" }, labelled("Webhook that creates", webhook), labelled("Key of the story or incident", key), labelled("Id of the item", id, "As the receiver's API names it."), labelled("Its number, for people", text, "Optional.")), wrong, send));
}

export async function show(_, signal) {
  const soon = settled(300, () => load());
  const webhook = h("input", { type: "text", placeholder: "any", autocomplete: "off", oninput: soon });
  const key = h("input", { type: "text", placeholder: "any", autocomplete: "off", oninput: soon });
  const refresh = button("Refresh", () => busy(refresh, () => load()));
  const filters = h("form", { class: "filters", role: "search", "aria-label": "Correlations", onsubmit: (event) => { event.preventDefault(); load(); } }, labelled("Webhook", webhook), labelled("Key", key), refresh);
  const place = h("div", { role: "status" });
  const items = [];
  let run = null;
  async function load(after = "") {
    const this_run = (run = {});
    try {
      const page = await get(`correlations?${query({ limit: page_size, after, webhook: webhook.value.trim(), key: key.value.trim() })}`, signal);
      if (this_run !== run) return;
      if (!after) items.length = 0;
      items.push(...page.items);
      draw(page.next);
    } catch (error) {
      if (error instanceof Problem) fill(place, error.missing ? notice("", "This process does not tell its correlations.") : notice("bad", error.message));
    }
  }
  function draw(next) {
    if (items.length === 0 && (webhook.value.trim() || key.value.trim())) return fill(place, empty("Nothing like that", "No correlation has this webhook and key; both are compared whole."));
    if (items.length === 0) {
      return fill(place, empty("No correlations", h("p", {}, "When a webhook with “correlation” creates a ticket, the ticket's id is remembered here for the story or incident, so that later events update the same ticket.")));
    }
    fill(place, table("Correlations", ["Webhook", "Key", "Id", "Since", "Until", ""], items.map((item) => h("tr", {}, cells(
      item.webhook, h("code", {}, item.key), [h("code", {}, String(item.id)), item.text && h("div", { class: "muted" }, item.text)],
      [h("span", { title: time(item.at) }, ago(item.at)), item.by && item.by !== "local" && h("div", { class: "muted" }, `set by ${item.by}`)], item.expires === null ? "for good" : time(item.expires),
      may("operate") && h("div", { class: "actions" }, button("Forget", () => forget(item), { class: "quiet", "aria-label": `Forget ${item.key}` })))))),
      next !== null && button("Load more", () => load(next)));
  }
  async function forget(item) {
    const sure = await confirm({ title: `Forget ${item.key}?`, text: `Later updates of it will not find ${item.id}; the next create makes a new item.`, action: "Forget", danger: true });
    if (!sure) return;
    try {
      await call("DELETE", place_of(item.webhook, item.key));
      toast("good", `${item.key} is forgotten.`);
      load();
    } catch (error) {
      toast("bad", `${item.key} is as it was: ${error.message}`);
    }
  }
  const [names] = await Promise.all([may("operate") ? creators(signal) : [], load()]);
  return [heading("Correlations"), filters, place, may("operate") ? set_form(names, load) : h("p", { class: "hint" }, lacks("operate", "forget or set ids"))];
}
