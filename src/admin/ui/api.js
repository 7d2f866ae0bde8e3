// The admin API (schemas/openapi.yaml). The token is kept for this tab only (sessionStorage), and only
// asked for when the server wants one.

/// An answer that is an error: a problem document, or no answer at all (status 0).
export class Problem extends Error {
  constructor(status, detail, errors = []) {
    super(detail);
    this.status = status;
    this.errors = errors;  // [{pointer, detail, remedy}]
  }
  /// The process does not know the path: it is older than this page, or has it not.
  get missing() {
    return this.status === 404 && this.message.startsWith("no such path");
  }
}

let ask_for_token = async () => null;
let asking = null;

/// `ask(refused)` resolves to a token, or null if none is given; `refused`: the server does not know the one before.
export function on_unauthorized(ask) {
  ask_for_token = ask;
}

export const has_token = () => sessionStorage.getItem("token") !== null;
export const forget_token = () => sessionStorage.removeItem("token");

async function log_in(refused) {
  asking ??= ask_for_token(refused).finally(() => { asking = null; });  // one dialog for all that wait
  const token = await asking;
  if (token) sessionStorage.setItem("token", token);
  return Boolean(token);
}

async function problem_of(answer) {
  const body = await answer.json().catch(() => ({}));
  return new Problem(answer.status, body.detail ?? body.title ?? `HTTP ${answer.status}`, body.errors ?? []);
}

/// Sends one request. Answers {body, etag}; throws a Problem, or an AbortError when `signal` says so.
export async function call(method, path, { body, etag, signal } = {}) {
  const headers = {};
  const token = sessionStorage.getItem("token");
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (etag) headers["If-Match"] = etag;
  let answer;
  try {
    answer = await fetch(`api/v1/${path}`, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, "Hookline does not answer: is it running?");
  }
  if (answer.status === 401) {
    if (sessionStorage.getItem("token") === token) forget_token();
    if (sessionStorage.getItem("token") || await log_in(token !== null)) return call(method, path, { body, etag, signal });
  }
  if (!answer.ok) throw await problem_of(answer);
  return { body: answer.status === 204 ? null : await answer.json(), etag: answer.headers.get("ETag") };
}

export const get = async (path, signal) => (await call("GET", path, { signal })).body;

/// All pages of a list of definitions.
export async function get_all(path, signal) {
  const items = [];
  for (let after = null; ;) {
    const page = await get(`${path}?limit=500${after === null ? "" : `&after=${encodeURIComponent(after)}`}`, signal);
    items.push(...page.items);
    if (page.next === null || page.items.length === 0) return items;
    after = page.next;
  }
}

/// `{a: 1, b: ""}` as `a=1`.
export function query(parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return new URLSearchParams(given).toString();
}
