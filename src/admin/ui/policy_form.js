// Making, changing and reading a policy.
import { call, get, get_all } from "./api.js";
import { conflict } from "./conflict.js";
import { busy, button, empty, fill, h, heading, link, notice, toast } from "./dom.js";
import { events_picker } from "./events_picker.js";
import { FilterBuilder } from "./filter_builder.js";
import { Form } from "./form.js";
import { policy_path, remove_policy } from "./policies.js";
import { lacks, may } from "./rights.js";

const added = ["origin", "revision", "changed_by", "changed_at", "trouble", "warnings"];
const definition_of = (policy) => Object.fromEntries(Object.entries(policy).filter(([key]) => !added.includes(key)));

function source_field(form) {
  const given = form.get(["source"]);
  const fields = h("div", {});
  const select = h("select", { onchange: () => { form.set(["source"], undefined); draw(); } }, [["", "anywhere"], ["host", "these hosts"], ["ip", "these addresses"], ["ip_range", "these networks"], ["site", "these sites"]].map(([value, text]) => h("option", { value }, text)));
  select.value = typeof given === "object" && given !== null ? Object.keys(given)[0] : "";
  const hints = { host: "web-3, web-4", ip: "10.1.2.3", ip_range: "10.0.0.0/8", site: "Berlin" };
  const draw = () => fill(fields, ...(select.value ? [form.list(["source", select.value], "Which", { placeholder: hints[select.value], hint: "Separated by commas." })] : []));
  draw();
  return h("div", { class: "fields" }, form.field("/source", "From", select), fields);
}

function notify_field(form, webhooks) {
  const chosen = new Set(form.get(["notify"]) ?? []);
  const names = [...new Set([...webhooks.map(({ name }) => name), ...chosen])];
  const box = h("fieldset", { class: "events" }, h("legend", {}, "Webhooks to notify"), names.length === 0 ? h("p", { class: "hint" }, "There is no webhook yet. ", link("Create one", "#/webhooks/new")) : names.map((name) => {
    const input = h("input", { type: "checkbox", checked: chosen.has(name), onchange: () => { input.checked ? chosen.add(name) : chosen.delete(name); form.set(["notify"], chosen.size ? [...chosen] : undefined); } });
    return h("label", { class: "check" }, input, h("span", {}, name));
  }));
  return form.part("/notify", box);
}

/// `base`: as it was opened; null: a new one. `keep(policy, etag, document)` draws the form anew.
function form_element({ document, base = null, etag, read_only, around, keep }, signal) {
  const known = base !== null;
  const form = new Form(document, () => {});
  let values = null;
  const filter = new FilterBuilder({ expression: String(document.criteria ?? ""), values: () => values, label: "criteria", changed: (text) => form.set(["criteria"], text.trim() === "" ? undefined : text) });
  get("events/values", signal).then((seen) => { values = seen; filter.refresh(); }).catch(() => {});
  const general = h("div", {});
  const name = form.text(["name"], "Name", { placeholder: "critical-hosts", required: true });
  name.querySelector("input").readOnly = known;
  const section = (title, ...content) => h("section", { class: "card" }, h("h2", {}, title), content);
  const save = h("button", { class: "primary" }, known ? "Save" : "Create policy");
  const store = () => busy(save, async () => {
    try {
      const { body } = known ? await call("PUT", policy_path(document.name), { body: document, etag }) : await call("POST", "policies", { body: document });
      toast("good", `${body.name} is ${known ? "saved" : "made"}.`, (body.warnings ?? []).map(({ detail, remedy }) => h("p", {}, `Note: ${detail}. ${remedy}`)));
      window.location.hash = "#/policies";
    } catch (error) {
      if (error.status === 412) return fill(general, await conflict({ path: policy_path(document.name), stripped: definition_of, base, mine: document, keep }));
      const homeless = form.show_mistakes(error.errors ?? []);
      const text = error.errors?.length ? "Not saved: what is wrong stands at its field." : `Not saved: ${error.message}`;
      fill(general, notice("bad", text, homeless.map(({ pointer, detail, remedy }) => h("p", {}, h("code", {}, pointer), ` ${detail} ${remedy}`))));
      form.focus_first_mistake();
    }
  });
  return h("form", { class: "narrow", novalidate: true, onsubmit: (event) => { event.preventDefault(); store(); } },
    h("fieldset", { class: "plain", disabled: read_only },
      section("Its name", h("div", { class: "fields" }, name, form.text(["description"], "Description", { hint: "Optional, for people." }), form.choice(["enabled"], "State", [["", "on"], ["false", "off"]], { convert: (value) => value === "true" }))),
      section("When", events_picker(form, ["on"], around.types, "On these events"), source_field(form), h("h3", {}, "Only if"), form.part("/criteria", h("div", { class: "field" }, filter.element))),
      section("How often", h("p", { class: "hint" }, "Left empty, every event notifies. Otherwise once per window and group, on the event that reaches the count."),
        h("div", { class: "fields" }, form.number(["threshold", "count"], "Count", { placeholder: "100" }), form.text(["threshold", "within"], "Within", { placeholder: "10m" }), form.text(["threshold", "per"], "Counted per", { placeholder: "source_ip", hint: "An attribute; empty: all together." }))),
      section("Whom", notify_field(form, around.webhooks))),
    !read_only && h("div", { class: "savebar" }, general, h("div", { class: "actions" }, save, link("Cancel", "#/policies", { class: "button" }))));
}

async function surroundings(signal) {
  const [types, webhooks] = await Promise.all([get("event-types", signal).catch(() => ({ items: [] })), get_all("webhooks", signal).catch(() => [])]);
  return { types: types.items, webhooks };
}

export async function show_new(_, signal) {
  if (!may("admin")) return [heading("New policy"), empty("Not allowed", h("p", {}, lacks("admin", "make one")))];
  const around = await surroundings(signal);
  return [heading("New policy"), form_element({ document: {}, around }, signal)];
}

export async function show_existing({ name }, signal) {
  const [around, { body, etag: tag }] = await Promise.all([surroundings(signal), call("GET", policy_path(name), { signal })]);
  const place = h("div", {});
  const keep = (policy, etag, document) => {
    if (policy === null) return fill(place, heading("New policy"), h("p", {}, `${name} was deleted by somebody; this makes it anew.`), form_element({ document, around }, signal));
    const read_only = policy.origin === "file" || !may("admin");
    fill(place, heading(policy.name, !read_only && button("Delete", async () => { if (await remove_policy(policy)) location.hash = "#/policies"; }, { class: "danger quiet" })),
      policy.origin === "file" ? notice("", "This policy is in a file of the service's configuration: change it there.") : read_only && notice("", lacks("admin", "change it")),
      policy.trouble && notice("bad", policy.trouble), form_element({ document, base: definition_of(policy), etag, read_only, around, keep }, signal));
  };
  keep(body, tag, definition_of(body));
  return [place];
}
