// The state of this process, asked for every few seconds while a page wants it, and its last minutes.
// One poll for all: numbers go on when the reader changes the page.
import { get, Problem } from "./api.js";
import { every } from "./dom.js";

const kept = 100;
export const interval = 3;

/// Samples, oldest first: {at, status, endpoints: Map of webhook → {delivered, failed}}.
export const samples = [];

function totals_of(status) {
  const webhooks = new Map();
  for (const e of status.endpoints) {
    const sum = webhooks.get(e.webhook) ?? { delivered: 0, failed: 0 };
    sum.delivered += e.delivered ?? 0;
    sum.failed += e.failed_attempts ?? 0;
    webhooks.set(e.webhook, sum);
  }
  return webhooks;
}

/// Calls `show(status, problem)` with each new state; one of both is null.
export function watch(signal, show) {
  return every(interval, signal, async () => {
    try {
      const status = await get("status", signal);
      samples.push({ at: Date.now(), status, webhooks: totals_of(status) });
      if (samples.length > kept) samples.shift();
      if (!signal.aborted) show(status, null);
    } catch (error) {
      if (error instanceof Problem && !signal.aborted) show(null, error);
    }
  });
}

/// What was counted per second between the samples: `count(sample)` never falls but at a restart.
export function rates(count) {
  const out = [];
  for (let i = 1; i < samples.length; ++i) {
    const span = (samples[i].at - samples[i - 1].at) / 1000;
    if (span > 0.2) out.push(Math.max(0, count(samples[i]) - count(samples[i - 1])) / span);
  }
  return out;
}

/// The same for a webhook, in deliveries or failed attempts.
export const webhook_rates = (name, which) => rates((sample) => sample.webhooks.get(name)?.[which] ?? 0);

export const sum_of = (items, value) => items.reduce((sum, item) => sum + (value(item) ?? 0), 0);
