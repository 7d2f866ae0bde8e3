// A save that came too late: somebody has changed the definition since the form was opened (412). Nothing is
// overwritten; what they changed is told, and both ways on are offered.
import { call } from "./api.js";
import { button, code, h, notice, open_again } from "./dom.js";
import { ago } from "./text.js";

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

const by = ({ changed_by: name }) => (!name || name === "local" ? "somebody" : name);  // "local": there are no tokens, so nobody has a name

/// The keys in which two definitions differ.
function changes(before, after) {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((key) => !same(before[key], after[key]));
}

/// Theirs, with what was changed here on top.
function on_top(theirs, base, mine) {
  const merged = structuredClone(theirs);
  for (const key of changes(base, mine)) {
    if (key in mine) merged[key] = mine[key];
    else delete merged[key];
  }
  return merged;
}

/// `path` of the definition; `stripped(answer)` is it without what Hookline adds; `base` is what the form was opened with, `mine` what stands in it.
/// `keep(answer, etag, document)` draws the form anew; answer is null if the definition is gone.
export async function conflict({ path, stripped, base, mine, keep }) {
  let theirs, etag;
  try {
    ({ body: theirs, etag } = await call("GET", path));
  } catch (error) {
    if (error.status !== 404) return notice("bad", `Not saved: somebody has changed it meanwhile. It could not be loaded: ${error.message}`);
    return notice("bad", h("p", {}, "Not saved: somebody has deleted it meanwhile."), h("div", { class: "actions" }, button("Make it anew from this", () => keep(null, null, mine))));
  }
  const document = stripped(theirs), changed = changes(base, document);
  const both = changed.filter((key) => changes(base, mine).includes(key) && !same(document[key], mine[key]));
  return notice("bad",
    h("p", {}, h("strong", {}, "Not saved: "), `${by(theirs)} has changed it ${theirs.changed_at ? ago(theirs.changed_at) : "meanwhile"}, after you opened it: `,
      changed.length ? changed.map((key, i) => [i > 0 && ", ", h("code", {}, key)]) : "in something that is not shown, such as a secret", ". Nothing is overwritten."),
    both.length > 0 && h("p", {}, "You both changed ", both.map((key, i) => [i > 0 && ", ", h("code", {}, key)]), ". With “Keep my changes” yours stays there."),
    both.length > 0 && h("details", {}, h("summary", {}, "What they wrote there"), code(Object.fromEntries(both.map((key) => [key, document[key] ?? null])), "What they wrote")),
    h("div", { class: "actions" }, button("Keep my changes, on top of theirs", () => keep(theirs, etag, on_top(document, base, mine)), { class: "primary" }), button("Load theirs, drop mine", open_again)));
}
