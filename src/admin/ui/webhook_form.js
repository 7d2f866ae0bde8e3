// Making, changing and reading a webhook: the form, with its preview beside it.
import { call, get, get_all } from "./api.js";
import { conflict } from "./conflict.js";
import { busy, button, code, empty, fill, h, heading, link, notice, settled, toast } from "./dom.js";
import { events_picker } from "./events_picker.js";
import { FilterBuilder } from "./filter_builder.js";
import { Form, pairs } from "./form.js";
import { Preview } from "./preview.js";
import { lacks, may } from "./rights.js";
import { about, template_picker } from "./template_picker.js";
import { time } from "./text.js";
import { advanced, auth, endpoints, payload, retry } from "./webhook_parts.js";
import { path_of, remove, switch_of } from "./webhooks.js";

const added = ["source", "state", "reason", "revision", "changed_by", "changed_at", "trouble", "warnings", "enabled"];

/// The definition without what Hookline adds. `enabled` goes too: the switch has it.
export function definition_of(webhook) {
  return Object.fromEntries(Object.entries(webhook).filter(([key]) => !added.includes(key)));
}

const stored = (value) => value === "***" || (typeof value === "string" && /^https?:\/\/[^/]+\/\*\*\*$/.test(value));

/// Without secrets: they belong to the one that is copied, and have to be given anew.
function without_secrets(tree) {
  if (Array.isArray(tree)) return tree.filter((item) => !stored(item)).map(without_secrets);
  if (typeof tree !== "object" || tree === null) return tree;
  return Object.fromEntries(Object.entries(tree).filter(([, value]) => !stored(value)).map(([key, value]) => [key, without_secrets(value)]));
}

/// As it may be shown: secrets that have just been typed are hidden.
function shown(document) {
  const hidden = (tree) => (typeof tree === "string" ? "***" : Array.isArray(tree) ? tree.map(hidden) : Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, hidden(value)])));
  return { ...document, ...(document.auth && { auth: hidden(document.auth) }), ...(document.signing && { signing: hidden(document.signing) }) };
}

const nothing = { items: [] };
const origin_of = (url) => /^https?:\/\/[^/?#]+/.exec(url ?? "")?.[0];

/// What the form offers to choose from. A list that does not come is an empty one: the form works without.
async function surroundings(signal) {
  const [templates, types, webhooks] = await Promise.all([
    get_all("templates", signal).catch(() => []), get("event-types", signal).catch(() => nothing), get_all("webhooks", signal).catch(() => [])]);
  const origins = [...new Set(webhooks.flatMap((webhook) => (webhook.endpoints ?? []).map(({ url }) => origin_of(url))))].filter(Boolean);
  return { templates, types: types.items, webhooks, origins: origins.map((origin) => `${origin}/`) };
}

class WebhookForm {
  /// `webhook`: what the server answered; null: a new one, begun from `document`. `fresh`: nothing is chosen for its maker;
  /// `keep(webhook, etag, document)` draws the form anew.
  constructor(around, signal, { webhook = null, etag = null, document, fresh = false, keep = null }) {
    Object.assign(this, { around, signal, webhook, etag, fresh, keep });
    this.read_only = webhook?.source === "file" || !may("admin");
    this.saved = webhook ? JSON.stringify(definition_of(webhook)) : null;
    this.touched = webhook !== null;
    this.form = new Form(document, () => this.changed());
    this.preview = new Preview({
      form: this.form, types: around.types, signal, begun: () => !this.touched,
      saved: () => (this.saved !== null && (this.read_only || JSON.stringify(this.form.document) === this.saved) ? webhook.name : null),
      mistakes: (problem) => this.show_mistakes(problem, "/webhook"),
    });
    this.general = h("div", {});
    this.remember = settled(0, () => this.draw_definition());
  }

  template() {
    return this.around.templates.find(({ name }) => name === this.form.get(["template"])) ?? {};
  }

  changed() {
    this.preview.soon();
    this.remember?.();
  }

  /// Before the first try to save, fields that nobody has filled in yet are not called wrong.
  show_mistakes(problem, below = "") {
    if (this.refused === JSON.stringify(this.form.document)) return [];  // what the save was told stands until something is changed: it knows more than a preview
    if (!problem) {
      this.form.clear_mistakes();
      if (this.refused) fill(this.general);  // a conflict, or a server that was not there, is told until the next save
      this.refused = null;
      return [];
    }
    const shown = this.touched ? problem.errors : problem.errors.filter(({ pointer }) => this.form.get(pointer.slice(below.length).split("/").slice(1)) !== undefined);
    return this.form.show_mistakes(shown, below);
  }

  element() {
    const { form, around } = this;
    this.events_place = h("div", {});
    this.draw_events();
    this.endpoints = endpoints(form, around.origins, () => this.template());
    this.payload = payload(form, () => this.template());
    this.filter = this.make_filter();
    this.definition = h("div", {});
    this.draw_definition();
    const parts = h("fieldset", { class: "plain", disabled: this.read_only },
      this.part("What it sends", this.template_place(), this.template_note = h("p", { class: "hint" }), this.payload.element),
      this.part("Where to", this.endpoints.element, auth(form), pairs(form, ["headers"], "Headers")),
      this.part("Its name", h("div", { class: "fields" }, this.name_field(), form.text(["description"], "Description", { placeholder: "What it is for", hint: "Optional, for people." }))),
      this.part("Which events", this.events_place, h("h3", {}, "Only those with"), form.part("/filter", h("div", { class: "field" }, this.filter.element))),
      this.part("When it fails", retry(form)),
      advanced(form, around.webhooks.map(({ name }) => name)));
    this.draw_note();
    const save = h("button", { class: "primary" }, this.webhook ? "Save" : "Create webhook");
    const bar = h("div", { class: "savebar" }, this.general, h("div", { class: "actions" }, save, link("Cancel", "#/webhooks", { class: "button" }),
      button("Preview & test", () => this.preview.jump(), { class: "quiet jump" })));
    this.preview.refresh();
    this.load_values();
    return h("div", { class: "split" },
      h("form", { novalidate: true, onsubmit: (event) => { event.preventDefault(); busy(save, () => this.save()); } }, parts,
        h("details", { class: "card" }, h("summary", {}, "The definition as JSON"), h("p", { class: "hint" }, "The same tree as its YAML; hookline webhooks apply takes it."), this.definition),
        !this.read_only && bar),
      this.preview.element);
  }

  part(title, ...content) {
    return h("section", { class: "card" }, h("h2", {}, title), content);
  }

  name_field() {
    const field = this.form.text(["name"], "Name", { placeholder: "payments-chat", hint: "Letters, digits, dot, dash. It stands in logs and metrics and does not change later.", required: true });
    this.name_input = field.querySelector("input");
    this.name_input.readOnly = this.webhook !== null;
    this.name_input.addEventListener("input", () => { this.named = true; });
    return field;
  }

  draw_events() {
    fill(this.events_place, events_picker(this.form, ["events"], this.around.types, "Events"));
  }

  make_filter() {
    const hidden = this.form.get(["filter"]);
    return new FilterBuilder({ expression: hidden === undefined ? "" : String(hidden), values: () => this.values, changed: (text) => this.form.set(["filter"], text.trim() === "" ? undefined : text) });
  }

  async load_values() {
    try {
      this.values = await get("events/values", this.signal);
      this.filter.refresh();
    } catch { /* the builder works without: values are typed */ }
  }

  template_place() {
    const now = this.form.get(["template"]) ?? (this.fresh ? null : "");  // null: nobody has chosen yet
    const pick = (name) => {
      this.form.set(["template"], name || undefined);
      if (!this.webhook && !this.named) this.suggest_name(name);
      const urls = (this.form.get(["endpoints"]) ?? []).some(({ url }) => url);
      if (!urls) this.form.set(["endpoints"], this.template().endpoints ? undefined : [{}], true);
      this.endpoints.draw();
      this.payload.draw();
      this.draw_note();
    };
    const summary = h("summary", {}), place = h("details", { open: this.webhook === null });
    const say = () => { summary.textContent = place.open ? "Choose one" : `${about(this.form.get(["template"])).title}${this.read_only ? "" : " (choose another)"}`; };
    let by_pointer = false;  // with the arrow keys one walks through all of them: then the list stays
    place.addEventListener("pointerdown", () => { by_pointer = true; });
    place.addEventListener("keydown", () => { by_pointer = false; });
    place.addEventListener("toggle", say);
    place.append(summary, ...template_picker(this.around.templates, now, (name) => {
      pick(name);
      say();
      if (!by_pointer) return;
      place.open = false;
      this.endpoints.focus_empty();
    }).filter(Boolean));
    say();
    return place;
  }

  suggest_name(template) {
    const base = template || "webhook", taken = new Set(this.around.webhooks.map(({ name }) => name));
    let name = base;
    for (let i = 2; taken.has(name); ++i) name = `${base}-${i}`;
    this.name_input.value = name;
    this.form.set(["name"], name);
  }

  draw_note() {
    const parts = (this.template().description ?? "").split("`");  // between backticks: as it is written
    fill(this.template_note, parts.map((part, i) => (i % 2 ? h("code", {}, part) : part)));
  }

  draw_definition() {
    fill(this.definition, code(shown(this.form.document), "The definition"));
  }

  async save() {
    this.touched = true;
    this.refused = null;
    fill(this.general);
    const name = this.form.get(["name"]) ?? "";
    const document = this.form.document;
    try {
      const { body } = this.webhook
        ? await call("PUT", path_of(name), { body: document, etag: this.etag })
        : await call("POST", "webhooks", { body: document });
      const warnings = (body.warnings ?? []).map(({ detail, remedy }) => h("p", {}, `Note: ${detail}. ${remedy}`));
      toast(warnings.length ? "warn" : "good", h("p", {}, `${body.name} is ${this.webhook ? "saved" : "made"} and ${body.state}. `, link("Its deliveries", `#/${path_of(body.name, "/log")}`)), warnings);
      location.hash = "#/webhooks";
    } catch (error) {
      await this.not_saved(error);
    }
  }

  async not_saved(error) {
    if (error.status === 412) {
      this.form.clear_mistakes();
      return fill(this.general, await conflict({ path: path_of(this.webhook.name), stripped: definition_of, base: JSON.parse(this.saved), mine: this.form.document, keep: this.keep }));
    }
    const mistakes = error.status === 409 && !this.webhook ? [{ pointer: "/name", detail: "there is a webhook of this name.", remedy: "Choose another name." }] : error.errors ?? [];
    this.refused = mistakes.length ? JSON.stringify(this.form.document) : null;
    const homeless = this.form.show_mistakes(mistakes);
    const text = mistakes.length ? `Not saved: ${mistakes.length === 1 ? "one thing is" : `${mistakes.length} things are`} to mend.` : `Not saved: ${error.message}`;
    fill(this.general, notice("bad", text, homeless.map(({ pointer, detail, remedy }) => h("p", {}, h("code", {}, pointer), ` ${detail} ${remedy}`))));
    this.form.focus_first_mistake();
  }
}

/// A new one takes incidents until its maker says otherwise: most begin with them.
export async function show_new(_, signal, parameters) {
  if (!may("admin")) return [heading("New webhook"), empty("Not allowed", h("p", {}, lacks("admin", "make one")))];
  const around = await surroundings(signal);
  const origin = parameters.get("from");
  const from = origin ? around.webhooks.find(({ name }) => name === origin) : null;
  const { name: _name, ...document } = from ? without_secrets(definition_of(from)) : { events: ["incident"] };
  const form = new WebhookForm(around, signal, { document, fresh: !from });
  const element = form.element();
  if (from) form.suggest_name(from.name);
  return [heading("New webhook"), h("p", { class: "lead" }, from ? `A copy of ${from.name}; its secrets are not copied.` : "Choose what to send and paste the address. The preview shows what will go out."), element];
}

export async function show_existing({ name }, signal) {
  const [around, { body, etag: tag }] = await Promise.all([surroundings(signal), call("GET", path_of(name), { signal })]);
  const place = h("div", {});
  const keep = (webhook, etag, document) => {
    if (webhook === null) return fill(place, anew(name, around, signal, document));
    const form = new WebhookForm(around, signal, { webhook, etag, document, keep });
    fill(place, head_of(webhook), form.element());
  };
  keep(body, tag, definition_of(body));
  return [place];
}

/// Of one that was deleted while it was edited.
function anew(name, around, signal, document) {
  const form = new WebhookForm(around, signal, { document: without_secrets(document) });
  return [heading("New webhook"), h("p", { class: "lead" }, `${name} was deleted by somebody; this makes it anew. Its secrets have to be given again.`), form.element()];
}

function head_of(webhook) {
  const { name } = webhook;
  const state = h("span", { class: "state" });
  const draw_state = (now) => {
    webhook.state = now.state;
    fill(state, switch_of(webhook, (changed) => { draw_state(changed); state.firstChild.focus(); }), h("span", { class: "word" }, now.state === "on" ? "on" : now.state === "off" ? "off" : "stopped: too much failed"));
  };
  draw_state(webhook);
  return [
    heading(name, state, link("Deliveries", `#/${path_of(name, "/log")}`, { class: "button" }), may("admin") && link("Copy", `#/webhooks/new?from=${encodeURIComponent(name)}`, { class: "button" }),
      webhook.source === "api" && may("admin") && button("Delete", async () => { if (await remove(webhook)) location.hash = "#/webhooks"; }, { class: "danger quiet" })),
    webhook.trouble && notice("bad", `It is not in force in this process: ${webhook.trouble}`),
    webhook.state === "tripped" && notice("warn", `It was stopped: ${webhook.reason ?? "too much failed"}. New events become dead letters until it is turned on.`),
    webhook.source === "file" ? notice("", `This webhook is in a file of the service's configuration: change it there. ${may("admin") ? "It can be switched, tested and copied here." : may("operate") ? "It can be switched and tested here." : ""}`)
      : !may("admin") && notice("", lacks("admin", "change it")),
    webhook.changed_by && h("p", { class: "muted" }, `Changed ${time(webhook.changed_at)}${webhook.changed_by === "local" ? "" : ` by ${webhook.changed_by}`}.`),
  ];
}
