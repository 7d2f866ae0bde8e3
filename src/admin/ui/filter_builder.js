// The filter of a webhook, built by clicking or written: groups of conditions joined by "all" or "any",
// with the values that were seen lately to choose from. Shows the expression that it makes.
import { button, fill, fresh_id, h, taken_by_enter } from "./dom.js";
import { attributes, operators, read, write } from "./filter.js";
import { plural } from "./text.js";

const offered = 12;  // seen values under a condition
const new_condition = (attribute) => ({ attribute, operator: "is", values: [] });

/// `values()`: the answer of /api/v1/events/values, or null. `changed(expression)` is called at every change.
export class FilterBuilder {
  constructor({ expression, values, changed, label = "filter" }) {
    this.values = values;
    this.changed = changed;
    this.label = label;
    this.expression = expression;
    this.group = read(expression);
    this.as_text = this.group === null;
    this.refocus = null;
    this.element = h("div", { class: "filter" });
    this.draw();
  }

  /// The values seen have come.
  refresh() {
    if (!this.as_text) this.draw();
  }

  tell() {
    if (!this.as_text) this.expression = write(this.group);
    this.changed(this.expression);
    if (this.shown) this.shown.textContent = this.expression || "no filter: every event of the types above";
  }

  draw() {
    fill(this.element, ...(this.as_text ? this.text_parts() : this.builder_parts()));
  }

  redraw(focus) {
    this.tell();
    this.draw();
    if (focus) this.element.querySelector(focus)?.focus();
  }

  /// Draws anew and puts the focus where it was: `what` of a condition is attribute, operator, input or a value.
  redraw_at(condition, what) {
    this.refocus = { condition, what };
    this.redraw();
    this.refocus = null;
  }

  /// `element` is `what` of the condition: should it have the focus?
  place(condition, what, element) {
    if (this.refocus?.condition === condition && this.refocus.what === what) queueMicrotask(() => element.focus());
    return element;
  }

  text_parts() {
    const id = fresh_id();
    const area = h("textarea", { id, class: "code", rows: 3, spellcheck: "false", value: this.expression, placeholder: 'service in ["payments", "checkout"] && severity != "low"',
      oninput: () => { this.expression = area.value; this.tell(); } });
    const back = button("Use the builder", () => {
      const group = read(this.expression);
      if (group === null) return fill(this.note, "This expression says more than the builder can show. It stays text.");
      this.group = group;
      this.as_text = false;
      this.redraw("button");
    });
    this.shown = null;
    this.note = h("p", { class: "hint", role: "status" }, 'Names are attributes (service, severity, …) or fields of the event. Operators: == != < <= > >= in && || !, and contains(), startsWith(), matches().');
    return [h("label", { for: id, class: "unseen" }, `The ${this.label} as text`), area, this.note, back];
  }

  builder_parts() {
    const parts = [this.group_element(this.group, null)];
    this.shown = h("code", { class: "expression", "aria-label": `The ${this.label} it makes` });
    this.shown.textContent = this.expression || "no filter: every event of the types above";
    parts.push(h("div", { class: "expression-line" }, this.shown, button("Write it as text", () => { this.as_text = true; this.redraw("textarea"); }, { class: "quiet" })));
    return parts;
  }

  group_element(group, parent) {
    const box = h("div", { class: "group", role: "group", "aria-label": parent ? "A group of conditions" : "Conditions" });
    if (group.items.length > 1 || parent) {
      const how = h("select", { "aria-label": "How the conditions are joined", onchange: () => { group.all = how.value === "all"; this.redraw(); } },
        h("option", { value: "all" }, "all of these (AND)"), h("option", { value: "any" }, "any of these (OR)"));
      how.value = group.all ? "all" : "any";
      box.append(h("div", { class: "how" }, how, parent && button("Remove the group", () => { parent.items.splice(parent.items.indexOf(group), 1); this.redraw("button"); }, { class: "quiet" })));
    }
    group.items.forEach((item, i) => {
      if (i > 0) box.append(h("div", { class: "joint", "aria-hidden": "true" }, group.all ? "AND" : "OR"));
      box.append(item.items ? this.group_element(item, group) : this.condition_element(item, group));
    });
    const add = (attribute) => () => { group.items.push(new_condition(attribute)); this.redraw(); box.querySelector(".condition:last-of-type select")?.focus(); };
    box.append(h("div", { class: "actions" },
      button("+ Service", add("service")), button("+ Alert source", add("alert_source")), button("+ Severity", add("severity")), button("+ Other", add("status"), { "aria-label": "Add a condition on another attribute" }),
      button("+ Group", () => { group.items.push({ all: !group.all, items: [new_condition("service")] }); this.redraw(); }, { class: "quiet" })));
    return box;
  }

  condition_element(condition, group) {
    const known = attributes.includes(condition.attribute);
    const path = h("input", { type: "text", "aria-label": "Path of the field", placeholder: "labels.team", value: known ? "" : condition.attribute, hidden: known, onkeydown: taken_by_enter,
      onchange: () => { condition.attribute = path.value.trim() || "service"; this.redraw(); } });
    const attribute = h("select", { "aria-label": "Attribute", onchange: () => {
      if (attribute.value === "") { path.hidden = false; return path.focus(); }
      condition.attribute = attribute.value;
      condition.values = [];
      this.redraw_at(condition, "attribute");
    } }, attributes.map((name) => h("option", { value: name }, name.replaceAll("_", " "))), h("option", { value: "" }, "a field of the event…"));
    this.place(condition, "attribute", attribute).value = known ? condition.attribute : "";
    const operator = h("select", { "aria-label": "Comparison", onchange: () => { condition.operator = operator.value; condition.values = condition.values.slice(0, operators[operator.value].most); this.redraw_at(condition, "operator"); } },
      Object.entries(operators).map(([name, { label }]) => h("option", { value: name }, label)));
    this.place(condition, "operator", operator).value = condition.operator;
    const gone = button("×", () => { group.items.splice(group.items.indexOf(condition), 1); this.redraw(".actions button"); }, { class: "quiet", "aria-label": `Remove the condition on ${condition.attribute}` });
    return h("div", { class: "condition" }, h("div", { class: "line" }, attribute, path, operator, gone), operators[condition.operator].most > 0 && this.values_element(condition));
  }

  values_element(condition) {
    const most = operators[condition.operator].most;
    const seen = this.values()?.[condition.attribute] ?? [];
    const one_more = (value) => [...condition.values, value].slice(most === 1 ? -1 : 0);
    const toggle = (value) => {
      condition.values = condition.values.includes(value) ? condition.values.filter((v) => v !== value) : one_more(value);
      this.redraw_at(condition, condition.values.includes(value) || seen.some((s) => s.value === value) ? value : "input");
    };
    const chip = (value, count) => this.place(condition, value, h("button", { type: "button", class: "chip", "aria-pressed": String(condition.values.includes(value)), onclick: () => toggle(value), title: count ? `seen in ${plural(count, "event")}` : null }, String(value), count && h("small", {}, ` ${count}`)));
    const chosen = condition.values.filter((value) => !seen.slice(0, offered).some((s) => s.value === value));
    const typed = () => {
      const text = input.value.trim();
      input.value = "";
      if (!text || condition.values.includes(text)) return null;
      condition.values = one_more(text);
      return text;
    };
    const input = this.place(condition, "input", h("input", { type: "text", "aria-label": `Value of ${condition.attribute}`, placeholder: seen.length ? "or type another, then Enter" : "type a value, then Enter",
      onkeydown: (event) => {
        if (event.key !== "Enter" && event.key !== ",") return;
        event.preventDefault();
        if (typed() !== null) this.redraw_at(condition, "input");
      },
      onblur: () => {  // nothing is drawn anew: what takes the focus has to stay
        const text = typed();
        if (text === null) return;
        if (most === 1) input.parentElement.querySelectorAll(".chip[aria-pressed=true]").forEach((old) => old.remove());
        input.before(chip(text));
        this.tell();
      } }));
    return h("div", { class: "values" }, seen.length > 0 && h("span", { class: "muted" }, "seen lately:"), seen.slice(0, offered).map(({ value, count }) => chip(value, count)), chosen.map((value) => chip(value)), input);
  }
}
