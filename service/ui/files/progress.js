// A job on its way: how far it is, and a way to stop it.

import { ask, path } from "./api.js";
import { h } from "./dom.js";
import { follow } from "./events.js";
import { attempt, refusal } from "./states.js";
import { criterion, percent } from "./words.js";

const WAITING = "Waiting for its turn…";
const NOBODY = "Nobody is there to do this yet. It begins by itself as soon as the engine is back; you may leave this page.";
const LOST = "The service cannot be reached. Looking again…";
const CANCELLED = "Cancelled. Nothing was kept; change what you like and start again.";
const PATIENCE_MS = 3000;

// Show a job in a place until it is finished; gives its result, or undefined where there is none.
export async function watch(place, started, left) {
  const bar = h("progress", { max: 1, value: 0, "aria-label": "Progress" });
  const stage = h("p", { role: "status" }, WAITING);
  const trouble = h("div");
  const stop = h("button", { type: "button", class: "quiet", click: () => cancel(started.job, stop, trouble) }, "Cancel");
  place.replaceChildren(h("div", { class: "panel progress" }, stage, bar, stop, trouble));
  const late = setTimeout(explain, PATIENCE_MS, stage);
  const seen = (job) => { bar.value = job.progress ?? bar.value; say(stage, words(job)); };
  const job = await follow(started.job, seen, left).finally(() => clearTimeout(late));
  place.replaceChildren(...ended(job));
  return job.state === "succeeded" ? job.result : undefined;
}

function words({ state, stage, progress }) {
  if (state === "lost") return LOST;
  if (state === "queued" || !stage) return WAITING;
  return `${criterion(stage)}… ${percent(Math.floor(progress * 100) / 100)}`;
}

// What has not changed is not said again: somebody may be listening.
function say(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

async function explain(stage) {
  const readiness = await fetch("/readyz").then((answer) => answer.json()).catch(() => ({}));
  if (stage.textContent === WAITING && readiness.engine === "unavailable") say(stage, NOBODY);
}

async function cancel(job, stop, trouble) {
  stop.disabled = true;
  await attempt(trouble, () => ask(`${path("jobs", job)}/cancel`, { method: "POST" }));
  stop.disabled = false;
}

function ended(job) {
  if (job.state === "cancelled") return [h("p", { class: "panel", role: "status" }, CANCELLED)];
  return job.state === "failed" ? [refusal({ ...job.problem, total: job.problem?.n_errors })] : [];
}
