// The frame around the pages: which page the address names, the navigation, the log-in. The address is
// behind the `#`: /webhooks, /webhooks/new, /webhooks/NAME, /webhooks/NAME/log, /dead-letters, …
import { Problem, forget_token, has_token, on_unauthorized } from "./api.js";
import * as correlations from "./correlations.js";
import * as dead_letters from "./dead_letters.js";
import * as deliveries from "./deliveries.js";
import { button, empty, every, fill, fresh_id, h, heading, link } from "./dom.js";
import * as policies from "./policies.js";
import * as policy_form from "./policy_form.js";
import { described, lacks, learn, may } from "./rights.js";
import * as status from "./status.js";
import * as webhook_form from "./webhook_form.js";
import * as webhooks from "./webhooks.js";

const main = document.getElementById("main");

const navigation = [
  ["/webhooks", "Webhooks"],
  ["/deliveries", "Deliveries"],
  ["/dead-letters", "Dead letters"],
  ["/policies", "Policies"],
  ["/correlations", "Correlations"],
  ["/status", "Status"],
];

// Pattern of the path, and the page: show({name}, signal, parameters) resolves to its elements.
const routes = [
  [/^\/webhooks$/, webhooks.show],
  [/^\/webhooks\/new$/, webhook_form.show_new],
  [/^\/webhooks\/(?<name>[^/]+)$/, webhook_form.show_existing],
  [/^\/webhooks\/(?<name>[^/]+)\/log$/, deliveries.show],
  [/^\/deliveries$/, deliveries.show],
  [/^\/dead-letters$/, dead_letters.show],
  [/^\/policies$/, policies.show],
  [/^\/policies\/new$/, policy_form.show_new],
  [/^\/policies\/(?<name>[^/]+)$/, policy_form.show_existing],
  [/^\/correlations$/, correlations.show],
  [/^\/status$/, status.show],
];

function draw_navigation(path) {
  const nav = document.getElementById("nav");
  fill(nav, ...navigation.map(([to, text]) =>
    link(text, `#${to}`, { "aria-current": path === to || path.startsWith(`${to}/`) ? "page" : null })));
  nav.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });  // on a narrow screen they do not all fit
  document.getElementById("logout").hidden = !has_token();
  document.getElementById("who").textContent = has_token() ? described() : "";
}

function failed(error) {
  const text = error instanceof Problem ? error.message : `${error.name}: ${error.message}`;
  if (!(error instanceof Problem)) console.error(error);
  if (error.status === 401) return [heading("Not logged in"), empty("This Hookline wants a token", h("p", {}, button("Log in", open_page, { class: "primary" })))];
  const title = error.status === 403 ? "Not allowed" : error.status === 404 ? "Not found" : "This did not work";
  return [heading(title), empty(text, h("p", {}, button("Try again", open_page, { class: "primary" }), " ", link("All webhooks", "#/webhooks")))];
}

function blind() {
  return [heading("Not allowed"), empty(lacks("read", "look"), h("p", {}, button("Log in with another token", log_out, { class: "primary" })))];
}

let page = new AbortController();

async function open_page() {
  page.abort();
  page = new AbortController();
  const signal = page.signal;
  const [path, parameters = ""] = (location.hash.slice(1) || "/webhooks").split("?");
  draw_navigation(path);
  main.setAttribute("aria-busy", "true");
  const found = routes.map(([pattern, show]) => [pattern.exec(path), show]).find(([match]) => match);
  let content;
  try {
    await learn(signal);
    const names = Object.fromEntries(Object.entries(found?.[0].groups ?? {}).map(([key, text]) => [key, decodeURIComponent(text)]));
    content = !may("read") ? blind() : found ? await found[1](names, signal, new URLSearchParams(parameters)) : [heading("Not found"), empty("There is no such page.", link("All webhooks", "#/webhooks"))];
  } catch (error) {
    if (signal.aborted) return;
    content = failed(error);
  }
  if (signal.aborted) return;
  fill(main, content);
  main.removeAttribute("aria-busy");
  draw_navigation(path);
  main.querySelector("h1")?.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

/// Resolves to the token that was given, or null.
function ask_for_token(refused) {
  return new Promise((resolve) => {
    const title = fresh_id("login"), input = h("input", { type: "password", id: fresh_id(), autocomplete: "off", required: true });
    const dialog = h("dialog", { "aria-labelledby": title, onclose: () => { dialog.remove(); resolve(dialog.returnValue === "yes" ? input.value.trim() : null); } },
      h("h2", { id: title }, "Log in"),
      h("p", {}, "This Hookline wants a token: one of ", h("code", {}, "admin.token"), " or ", h("code", {}, "admin.tokens"), " in its configuration. It is kept for this tab only."),
      refused && h("p", { class: "error", role: "alert" }, "The server does not know that token."),
      h("form", { method: "dialog", onsubmit: (event) => { event.preventDefault(); dialog.close("yes"); } },
        h("div", { class: "field" }, h("label", { for: input.id }, "Token"), input),
        h("div", { class: "actions" }, h("button", { class: "primary" }, "Log in"))));
    document.body.append(dialog);
    dialog.showModal();
    input.focus();
  });
}

function log_out() {
  forget_token();
  open_page();
}

async function draw_health() {
  const place = document.getElementById("health");
  try {
    const answer = await fetch("readyz");
    const { ready, reasons } = await answer.json();
    const text = ready ? "ready" : `not ready: ${reasons.join("; ")}`;
    if (place.textContent !== text) place.textContent = text;
    place.className = `health ${ready ? "good" : "bad"}`;
    place.title = text;
  } catch {
    place.textContent = "no answer";
    place.className = "health bad";
  }
}

on_unauthorized(ask_for_token);
document.getElementById("logout").addEventListener("click", log_out);
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
window.addEventListener("hashchange", open_page);
open_page();
every(5, new AbortController().signal, draw_health);
