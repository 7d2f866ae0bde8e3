// Which events: whole kinds, types of the catalogue, and names or patterns of one's own. The same for the
// `events` of a webhook and the `on` of a policy.
import { fill, fresh_id, h, taken_by_enter } from "./dom.js";
import { pointer_of } from "./form.js";
import { plural } from "./text.js";

const kinds = [
  ["incident", "Incidents", "something broke, was acknowledged, resolved"],
  ["alarm", "Alarms", "high severity, processing, hits, blocks, notifications"],
  ["detection", "Detections and stories", "found, grouped, updated"],
  ["audit", "Audit", "who logged in, changed or deleted something"],
];

/// `types`: the catalogue, empty if the server does not tell it.
export function events_picker(form, path, types, legend) {
  const chosen = new Set(form.get(path) ?? []);
  const summary = h("p", { class: "chips", role: "status" });
  const store = () => {
    form.set(path, chosen.size ? [...chosen] : undefined);
    tell();
  };
  const tell = () => fill(summary, ...(chosen.size ? [...chosen].map((name) => h("code", {}, name)) : ["No events yet: choose at least one."]));
  const catalogued = new Set([...kinds.map(([kind]) => kind), ...types.map(({ type }) => type)]);
  const box = h("fieldset", { class: "events" }, h("legend", {}, legend), kinds.map(([kind, title, about]) => kind_element(kind, title, about)));

  function kind_element(kind, title, about) {
    const own = types.filter((type) => type.kind === kind);
    const boxes = own.map(({ type, title: name, about: text }) => {
      const input = h("input", { type: "checkbox", id: fresh_id(), checked: chosen.has(type), onchange: () => { input.checked ? chosen.add(type) : chosen.delete(type); store(); count(); } });
      return { type, input, element: h("label", { class: "check" }, input, h("span", {}, h("code", {}, type), " ", h("span", { class: "muted" }, text || name))) };
    });
    const whole = h("input", { type: "checkbox", checked: chosen.has(kind), onchange: () => {
      whole.checked ? chosen.add(kind) : chosen.delete(kind);
      if (whole.checked) own.forEach(({ type }) => chosen.delete(type));  // the kind says it already
      store();
      count();
    } });
    const caption = h("summary", {});
    const count = () => {
      boxes.forEach(({ type, input }) => { input.disabled = whole.checked; input.checked = whole.checked || chosen.has(type); });
      const some = boxes.filter(({ type }) => chosen.has(type)).length;
      caption.textContent = whole.checked ? `all ${plural(own.length, "type")}` : some ? `${some} of ${plural(own.length, "type")}` : `or single types (${own.length})`;
    };
    count();
    const single = own.some(({ type }) => chosen.has(type));
    return h("div", { class: "kind" },
      h("label", { class: "check" }, whole, h("span", {}, h("strong", {}, title), " ", h("span", { class: "muted" }, about))),
      own.length > 0 && h("details", { open: single }, caption, boxes.map(({ element }) => element)));
  }

  const others = h("input", { type: "text", value: [...chosen].filter((name) => !catalogued.has(name)).join(", "), placeholder: "incident_notes_*, my_own_type", autocomplete: "off", spellcheck: "false", onkeydown: taken_by_enter,
    onchange: () => {
      for (const name of [...chosen]) if (!catalogued.has(name)) chosen.delete(name);
      for (const name of others.value.split(",").map((text) => text.trim()).filter(Boolean)) chosen.add(name);
      store();
    } });
  tell();
  box.append(form.field("/-others", "Other types or patterns", others, { hint: "Separated by commas. * stands for anything: story_* is every type that begins with story_." }), summary);
  return form.part(pointer_of(path), box);
}
