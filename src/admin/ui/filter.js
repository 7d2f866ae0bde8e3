// Filters as groups of conditions, and as expressions: one is made of the other (docs/filters.md has the
// language). What the builder cannot show stays text. No page, no state: pure functions.

// A group is {all: true|false, items: [condition or group]}: all of them (&&), or any (||).
// A condition is {attribute, operator, values: [text, number or boolean]}.

const quoted = (value) => JSON.stringify(value);
const guarded = (attribute, test) => `(${attribute} != null && ${test})`;

// Operator, what it is called, how many values it takes (Infinity: any number), and its expression.
export const operators = {
  is: { label: "is one of", most: Infinity, write: (a, v) => (v.length === 1 ? `${a} == ${quoted(v[0])}` : `${a} in [${v.map(quoted).join(", ")}]`) },
  is_not: { label: "is none of", most: Infinity, write: (a, v) => (v.length === 1 ? `${a} != ${quoted(v[0])}` : `!(${a} in [${v.map(quoted).join(", ")}])`) },
  contains: { label: "contains", most: 1, write: (a, v) => guarded(a, `${a}.contains(${quoted(v[0])})`) },
  starts: { label: "starts with", most: 1, write: (a, v) => guarded(a, `${a}.startsWith(${quoted(v[0])})`) },
  matches: { label: "matches the pattern", most: 1, write: (a, v) => guarded(a, `${a}.matches(${quoted(v[0])})`) },
  network: { label: "is in the network", most: 1, write: (a, v) => guarded(a, `cidr(${quoted(v[0])}).containsIP(${a})`) },
  given: { label: "is given", most: 0, write: (a) => `${a} != null` },
  missing: { label: "is missing", most: 0, write: (a) => `${a} == null` },
};

export const attributes = ["service", "alert_source", "severity", "status", "type", "site", "host", "source_ip", "title", "message", "service_name", "alert_source_type", "kind"];

/// A condition without the values that it needs says nothing yet, and is left out.
const complete = (condition) => operators[condition.operator].most === 0 || condition.values.length > 0;

/// The expression of a group; empty if there is no whole condition in it.
export function write(group) {
  const parts = group.items.map((item) => (item.items ? nested(item) : complete(item) ? operators[item.operator].write(item.attribute, item.values) : "")).filter(Boolean);
  return parts.join(group.all ? " && " : " || ");
}

function nested(group) {
  const text = write(group);
  const whole = group.items.filter((item) => item.items ? write(item) : complete(item));
  return text && whole.length > 1 ? `(${text})` : text;
}

const token = /\s*(?:(&&|\|\||==|!=|[!()[\],.])|("(?:[^"\\]|\\.)*")|('(?:[^'\\]|\\.)*')|(-?\d+(?:\.\d+)?)|([A-Za-z_]\w*))/y;

function tokens_of(text) {
  const out = [];
  token.lastIndex = 0;
  for (let end = 0; end < text.trimEnd().length; end = token.lastIndex) {
    const found = token.exec(text);
    if (!found) throw new SyntaxError("not of the builder");
    const [, sign, double, single, digits, word] = found;
    if (sign) out.push({ sign });
    else if (double) out.push({ value: JSON.parse(double) });
    else if (single) out.push({ value: JSON.parse(`"${single.slice(1, -1).replaceAll("\\'", "'").replaceAll('"', '\\"')}"`) });
    else if (digits) out.push({ value: Number(digits) });
    else if (word === "true" || word === "false") out.push({ value: word === "true" });
    else out.push({ word });
  }
  return out;
}

/// Reads what `write` writes, and what people write like it. Throws at anything else.
class Reader {
  constructor(text) {
    this.tokens = tokens_of(text);
    this.at = 0;
  }
  is(sign) { return this.tokens[this.at]?.sign === sign; }
  take(sign) { return this.is(sign) && ++this.at > 0; }
  need(sign) { if (!this.take(sign)) throw new SyntaxError("not of the builder"); }
  word(wanted) {
    const word = this.tokens[this.at]?.word;
    if (!word || (wanted && word !== wanted)) throw new SyntaxError("not of the builder");
    ++this.at;
    return word;
  }
  value() {
    const found = this.tokens[this.at++];
    if (found?.value === undefined) throw new SyntaxError("not of the builder");
    return found.value;
  }
  list() {
    this.need("[");
    const values = [this.value()];
    while (this.take(",")) values.push(this.value());
    this.need("]");
    return values;
  }

  any() { return this.chain("||", false, () => this.chain("&&", true, () => this.one())); }
  chain(sign, all, part) {
    const items = [part()];
    while (this.take(sign)) items.push(part());
    return items.length === 1 ? items[0] : unguarded({ all, items });
  }
  one() {
    if (this.take("!")) {
      this.need("(");
      const inner = this.any();
      this.need(")");
      if (inner.operator === "is") return { ...inner, operator: "is_not" };
      throw new SyntaxError("not of the builder");
    }
    if (this.take("(")) {
      const inner = this.any();
      this.need(")");
      return inner;
    }
    return this.condition();
  }
  condition() {
    if (this.tokens[this.at]?.word === "cidr") return this.network();
    let attribute = this.word();
    while (this.take(".")) {
      const name = this.word();
      const operator = { contains: "contains", startsWith: "starts", matches: "matches" }[name];
      if (operator && this.take("(")) {
        const values = [this.value()];
        this.need(")");
        return { attribute, operator, values };
      }
      attribute += `.${name}`;
    }
    if (this.tokens[this.at]?.word === "in") {
      ++this.at;
      return { attribute, operator: "is", values: this.list() };
    }
    const equal = this.take("==");
    if (!equal) this.need("!=");
    if (this.tokens[this.at]?.word === "null") {
      ++this.at;
      return { attribute, operator: equal ? "missing" : "given", values: [] };
    }
    return { attribute, operator: equal ? "is" : "is_not", values: [this.value()] };
  }
  network() {
    this.word("cidr");
    this.need("(");
    const values = [this.value()];
    this.need(")");
    this.need(".");
    this.word("containsIP");
    this.need("(");
    let attribute = this.word();
    while (this.take(".")) attribute += `.${this.word()}`;
    this.need(")");
    return { attribute, operator: "network", values };
  }
}

/// `a != null && a.contains("x")` is the one condition that `write` made it of.
function unguarded(group) {
  const [first, second] = group.items;
  const one = group.all && group.items.length === 2 && first.operator === "given" && first.attribute === second.attribute &&
    ["contains", "starts", "matches", "network"].includes(second.operator);
  return one ? second : group;
}

/// The group of an expression; null if the builder cannot show it.
export function read(text) {
  if (text.trim() === "") return { all: true, items: [] };
  try {
    const reader = new Reader(text);
    const found = reader.any();
    if (reader.at !== reader.tokens.length) return null;
    return found.items ? found : { all: true, items: [found] };
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
