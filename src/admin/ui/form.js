// A form over a definition (a JSON tree): fields are bound to places in it, and what the server finds
// wrong is shown at the field that the JSON pointer names.
import { fill, fresh_id, h } from "./dom.js";

export const pointer_of = (path) => path.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

export class Form {
  /// `changed()` is called after every change of the document.
  constructor(document, changed) {
    this.document = document;
    this.changed = changed;
    this.fields = [];  // {pointer, box, input, error}
  }

  get(path) {
    return path.reduce((tree, key) => tree?.[key], this.document);
  }

  /// undefined takes the key out, and objects that are empty then.
  set(path, value, quiet = false) {
    const trees = [this.document];
    for (const key of path.slice(0, -1)) {
      const tree = trees.at(-1);
      if (typeof tree[key] !== "object" || tree[key] === null) tree[key] = {};
      trees.push(tree[key]);
    }
    if (value === undefined) delete trees.at(-1)[path.at(-1)];
    else trees.at(-1)[path.at(-1)] = value;
    for (let i = trees.length - 1; i > 0 && !Array.isArray(trees[i]) && Object.keys(trees[i]).length === 0; --i) {
      if (!Array.isArray(trees[i - 1])) delete trees[i - 1][path[i - 1]];
    }
    if (!quiet) this.changed();
  }

  /// A label, an input, a hint, and room for what is wrong.
  field(pointer, label, input, { hint, after } = {}) {
    const target = input.matches("input, select, textarea") ? input : input.querySelector("input, select, textarea, button") ?? input;
    if (!target.id) target.id = fresh_id();
    const error = h("p", { class: "error", id: fresh_id("error") });
    const hint_element = hint && h("p", { class: "hint", id: fresh_id("hint") }, hint);
    target.setAttribute("aria-describedby", [error.id, hint_element?.id].filter(Boolean).join(" "));
    const box = h("div", { class: "field" }, h("label", { for: target.id }, label), input, error, hint_element, after);
    this.fields.push({ pointer, box, input: target, error });
    return box;
  }

  /// Where mistakes below `pointer` go that no field of its own has: a part of the form.
  part(pointer, box) {
    const error = h("p", { class: "error" });
    box.append(error);
    this.fields.push({ pointer, box, input: null, error });
    return box;
  }

  text(path, label, { hint, placeholder, type = "text", list, pointer, after, required } = {}) {
    const input = h("input", { type, value: String(this.get(path) ?? ""), placeholder, list, required, autocomplete: "off", spellcheck: "false",
      oninput: () => this.set(path, input.value === "" ? undefined : input.value) });
    return this.field(pointer ?? pointer_of(path), label, input, { hint, after });
  }

  number(path, label, { hint, placeholder, step = "1" } = {}) {
    const input = h("input", { type: "number", step, min: "0", value: this.get(path) ?? "", placeholder,
      oninput: () => this.set(path, input.value === "" ? undefined : Number(input.value)) });
    return this.field(pointer_of(path), label, input, { hint });
  }

  area(path, label, { hint, placeholder, rows = 8, after } = {}) {
    const input = h("textarea", { rows, class: "code", spellcheck: "false", value: this.get(path) ?? "", placeholder,
      oninput: () => this.set(path, input.value === "" ? undefined : input.value) });
    return this.field(pointer_of(path), label, input, { hint, after });
  }

  /// `options`: [value, text]; the first is the default and is not written.
  choice(path, label, options, { hint, convert = (value) => value } = {}) {
    const input = h("select", { onchange: () => this.set(path, input.value === "" ? undefined : convert(input.value)) },
      options.map(([value, text]) => h("option", { value }, text)));
    input.value = String(this.get(path) ?? "");
    if (input.value === "" && this.get(path) !== undefined) {  // a value that the list has not got stays
      input.append(h("option", { value: String(this.get(path)) }, String(this.get(path))));
      input.value = String(this.get(path));
    }
    return this.field(pointer_of(path), label, input, { hint });
  }

  /// A secret: goes in and never comes out. `***` is what the server shows of one that it has.
  secret(path, label, { hint, placeholder } = {}) {
    const stored = this.get(path) === "***";
    const input = h("input", { type: "password", autocomplete: "new-password", value: stored ? "" : this.get(path) ?? "",
      placeholder: stored ? "stored; type to replace it" : placeholder,
      oninput: () => this.set(path, input.value === "" ? (stored ? "***" : undefined) : input.value) });
    return this.field(pointer_of(path), label, input, { hint: hint ?? "Never shown again once saved. A reference such as ${env:HOOKLINE_TOKEN} works too." });
  }

  /// Texts in one line, separated by commas.
  list(path, label, { hint, placeholder } = {}) {
    const input = h("input", { type: "text", value: (this.get(path) ?? []).join(", "), placeholder, autocomplete: "off", spellcheck: "false",
      oninput: () => {
        const items = input.value.split(",").map((item) => item.trim()).filter(Boolean);
        this.set(path, items.length ? items : undefined);
      } });
    return this.field(pointer_of(path), label, input, { hint });
  }

  clear_mistakes() {
    for (const { input, error, box } of this.fields) {
      fill(error);
      box.classList.remove("wrong");
      input?.removeAttribute("aria-invalid");
    }
  }

  /// Shows mistakes ([{pointer, detail, remedy}]) at their fields. Answers those that have no field.
  show_mistakes(mistakes, below = "") {
    this.clear_mistakes();
    this.fields = this.fields.filter(({ box }) => box.isConnected);
    const homeless = [];
    for (const mistake of mistakes) {
      const inside = mistake.pointer.startsWith(below) ? mistake.pointer.slice(below.length) : mistake.pointer;
      const missing = /^the key '([^']+)' is missing/.exec(mistake.detail)?.[1];  // told of the object; it belongs to the key's field
      const pointer = missing ? `${inside}/${missing}` : inside;
      const field = this.fields.filter((f) => pointer === f.pointer || pointer.startsWith(`${f.pointer}/`) || (pointer !== "" && f.pointer.startsWith(`${pointer}/`)))
        .sort((a, b) => Math.abs(a.pointer.length - pointer.length) - Math.abs(b.pointer.length - pointer.length))[0];
      if (!field) {
        homeless.push(mistake);
        continue;
      }
      field.error.append(h("span", {}, mistake.detail, mistake.remedy && h("span", { class: "remedy" }, ` ${mistake.remedy}`)));
      field.box.classList.add("wrong");
      field.input?.setAttribute("aria-invalid", "true");
      for (let parent = field.box.closest("details"); parent; parent = parent.parentElement.closest("details")) parent.open = true;
    }
    return homeless;
  }

  focus_first_mistake() {
    const wrong = this.fields.filter(({ box }) => box.classList.contains("wrong") && box.isConnected)
      .sort((a, b) => (a.box.compareDocumentPosition(b.box) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1))[0];
    const target = wrong?.input ?? wrong?.box.querySelector("input, select, textarea, button");
    target?.focus();
    wrong?.box.scrollIntoView({ block: "center" });
  }
}

/// Pairs of name and value, e.g. headers. `secret`: values are hidden and stay when they are not replaced.
export function pairs(form, path, label, { secret = false, name_hint = "X-Team", value_hint = "sre" } = {}) {
  const rows = Object.entries(form.get(path) ?? {});
  const box = h("div", { class: "pairs", role: "group", "aria-label": label });
  const store = () => {
    const whole = rows.filter(([name]) => name !== "");
    form.set(path, whole.length ? Object.fromEntries(whole) : undefined);
  };
  const draw = () => fill(box,
    ...rows.map((row, i) => {
      const stored = secret && row[1] === "***";
      const name = h("input", { type: "text", value: row[0], placeholder: name_hint, "aria-label": `${label}: name ${i + 1}`, autocomplete: "off", spellcheck: "false", oninput: () => { row[0] = name.value.trim(); store(); } });
      const value = h("input", { type: secret ? "password" : "text", value: stored ? "" : String(row[1]), placeholder: stored ? "stored; type to replace it" : value_hint, "aria-label": `${label}: value ${i + 1}`, autocomplete: secret ? "new-password" : "off", oninput: () => { row[1] = value.value || (stored ? "***" : ""); store(); } });
      return h("div", { class: "pair" }, name, value, h("button", { type: "button", class: "quiet", "aria-label": `Remove ${row[0] || "this line"}`, onclick: () => { rows.splice(i, 1); store(); draw(); box.querySelector("button:last-child")?.focus(); } }, "×"));
    }),
    h("button", { type: "button", onclick: () => { rows.push(["", ""]); draw(); [...box.querySelectorAll(".pair input")].at(-2)?.focus(); } }, `+ ${label.replace(/s$/, "")}`));
  draw();
  return form.part(pointer_of(path), h("div", { class: "field" }, h("span", { class: "label" }, label), box));
}
