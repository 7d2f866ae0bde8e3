// Times, numbers and names as people read them.

export const number = (value) => (value === null || value === undefined ? "–" : value.toLocaleString("en"));

export function time(text) {
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? String(text ?? "–") : at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}

export function seconds(value) {
  if (value < 1) return `${Math.round(value * 1000)} ms`;
  if (value < 90) return `${Math.round(value)} s`;
  if (value < 5400) return `${Math.round(value / 60)} min`;
  if (value < 129600) return `${Math.round(value / 3600)} h`;
  return `${Math.round(value / 86400)} days`;
}

export function ago(text) {
  const past = (Date.now() - new Date(text).getTime()) / 1000;
  if (Number.isNaN(past)) return "–";
  return past < 2 ? "just now" : `${seconds(past)} ago`;
}

export function bytes(value) {
  if (value < 1024) return `${value} B`;
  return value < 1048576 ? `${(value / 1024).toFixed(1)} KiB` : `${(value / 1048576).toFixed(1)} MiB`;
}

/// Where a URL leads, without what may be long or secret behind it.
export function host(url) {
  return /^https?:\/\/([^/?#]+)/.exec(url ?? "")?.[1] ?? url ?? "–";
}

export const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

/// Why deliveries become dead letters.
export const reasons = {
  decode: "The event cannot be read",
  render: "The request cannot be made from the event",
  exhausted: "All attempts failed",
  rejected: "The receiver refused it for good",
  egress: "The address is not allowed (egress.allow)",
  correlation: "The item to update is not known",
  disabled: "The webhook was disabled or deleted",
  expired: "It took too long",
  overflow: "Too much was waiting for the endpoint",
  too_large: "The record is too large",
};
