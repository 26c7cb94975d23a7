// Server-sent events over fetch: the browser's own EventSource cannot send a key.

import { ask, path, send } from "./api.js";

const PAUSE_MS = 1000;
const UNFINISHED = ["queued", "running"];

// Follow a job until it is finished, however often the line breaks; `seen` is told of each change.
export async function follow(id, seen, signal) {
  for (;;) {
    await stream(id, seen, signal).catch(passing);
    const job = await ask(path("jobs", id), { signal });
    seen(job);
    if (!UNFINISHED.includes(job.state)) return job;
    await new Promise((resolve) => { setTimeout(resolve, PAUSE_MS); });
  }
}

async function stream(id, seen, signal) {
  const answer = await send(`${path("jobs", id)}/events`, { headers: { Accept: "text/event-stream" }, signal });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split(/\r?\n\r?\n/);
    rest = blocks.pop();
    blocks.map(dataOf).filter(Boolean).forEach((data) => seen(JSON.parse(data)));
  }
}

function dataOf(block) {
  return block.split(/\r?\n/).filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trimStart()).join("\n");
}

function passing(error) {
  if (error.name === "AbortError" || error.status >= 400) throw error;
}
