// Elements without a framework. Whatever is not an element becomes a text node: data from outside is
// never markup.

const svg_space = "http://www.w3.org/2000/svg";
let counter = 0;

/// An id that no other element has, for labels and descriptions.
export const fresh_id = (prefix = "f") => `${prefix}-${++counter}`;

function apply(element, attributes) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
}

/// What is not there is left out, so that parts can be written as `condition && part`.
const present = (children) => children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false && child !== "");

/// An element: `h("button", {type: "button", onclick: go}, "Go")`. A key `onNAME` is a listener.
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  element.append(...present(children));
  apply(element, attributes);  // after the children: a select takes its value only when its options are there
  return element;
}

/// Puts these in the place of what is in the element.
export const fill = (element, ...children) => element.replaceChildren(...present(children));

/// The same for drawings.
export function svg(tag, attributes, ...children) {
  const element = document.createElementNS(svg_space, tag);
  for (const [name, value] of Object.entries(attributes ?? {})) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export const button = (text, onclick, attributes) => h("button", { type: "button", onclick, ...attributes }, text);
export const link = (text, href, attributes) => h("a", { href, ...attributes }, text);

/// A page's head: its title, which takes the focus when the page opens, and what can be done there.
export function heading(title, ...actions) {
  document.title = `${title} · Hookline`;
  return h("div", { class: "heading" }, h("h1", { tabindex: "-1" }, title), h("div", { class: "actions" }, actions));
}

export const notice = (kind, ...content) => h("div", { class: `notice ${kind}`, role: kind === "bad" ? "alert" : "note" }, content);
export const badge = (kind, text) => h("span", { class: `badge ${kind}` }, text);
export const empty = (title, ...content) => h("div", { class: "empty" }, h("h2", {}, title), content);

/// Text as it is; JSON set out in lines.
export function code(value, label) {
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  return h("pre", { tabindex: "0", role: "region", "aria-label": label ?? "Text" }, text);
}

/// A table whose rows become cards on a narrow screen: each cell names its column.
export function table(caption, columns, rows) {
  for (const row of rows) {
    [...row.cells].forEach((cell, i) => columns[i] && cell.setAttribute("data-column", columns[i]));
  }
  return h("div", { class: "scroll" }, h("table", {}, h("caption", { class: "unseen" }, caption),
    h("thead", {}, h("tr", {}, columns.map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, rows)));
}

export const cells = (...contents) => contents.map((content) => h("td", {}, content));

/// A line that goes by itself, or when its link is followed; one that is bad stays until it is closed.
export function toast(kind, ...content) {
  const box = h("div", { class: `toast ${kind}` }, h("div", {}, content),
    button("×", () => box.remove(), { class: "quiet", "aria-label": "Close this message" }));
  document.getElementById("toasts").append(box);
  const link = box.querySelector("a");
  link?.addEventListener("click", () => box.remove());
  if (kind !== "bad") setTimeout(() => box.remove(), link ? 24000 : 12000);
}

/// Asks before something happens; resolves to whether it shall. The safe answer has the focus.
export function confirm({ title, text, action, danger = false }) {
  return new Promise((resolve) => {
    const heading_id = fresh_id("dialog");
    const dialog = h("dialog", { "aria-labelledby": heading_id, onclose: () => { dialog.remove(); resolve(dialog.returnValue === "yes"); } },
      h("h2", { id: heading_id }, title), h("p", {}, text),
      h("div", { class: "actions" },
        button("Cancel", () => dialog.close("no"), { autofocus: true }),
        button(action, () => dialog.close("yes"), { class: danger ? "danger" : "primary" })));
    document.body.append(dialog);
    dialog.showModal();
  });
}

/// For a field whose Enter takes what was typed, and does not save the whole form.
export const taken_by_enter = (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  event.target.dispatchEvent(new Event("change"));
};

/// Runs `action` now and every so many seconds, while the page is open and in sight.
export async function every(seconds, signal, action) {
  while (!signal.aborted) {
    if (!document.hidden) await action();
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  }
}

/// Opens the page that is open once more.
export const open_again = () => window.dispatchEvent(new HashChangeEvent("hashchange"));

/// Calls `action` when there has been no call for so many milliseconds.
export function settled(milliseconds, action) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(action, milliseconds);
  };
}

/// While it works the button cannot be pressed again.
export async function busy(pressed, action) {
  pressed.disabled = true;
  pressed.setAttribute("aria-busy", "true");
  try {
    return await action();
  } finally {
    pressed.disabled = false;
    pressed.removeAttribute("aria-busy");
  }
}
