// What the token in use may do. The pages show what it may see and leave out what it may not do; the server
// refuses by itself, this only saves the reader the try.
import { get } from "./api.js";

const everything = { name: "local", scopes: ["read", "operate", "admin"] };
let known = everything;

/// Asks the server; one that does not tell is tried.
export async function learn(signal) {
  try {
    known = await get("token", signal);
  } catch (error) {
    if (!error.missing) throw error;
    known = everything;
  }
  return known;
}

export const may = (scope) => known.scopes.includes(scope);

/// Why something is not there, in words.
export const lacks = (scope, what) => `The token “${known.name}” may not ${what}: it has not got the scope ${scope}.`;

/// Whose token it is and what it may, short; empty if there are no tokens.
export const described = () => (known.name === "local" ? "" : `${known.name}: ${may("admin") ? "may everything" : known.scopes.join(", ") || "nothing"}`);
