// Server-sent events over fetch: the browser's own EventSource cannot send a key.

import { ask, path, send } from "./api.js";

const PAUSE_MS = 1000;
const UNFINISHED = ["queued", "running"];
const LOST = { state: "lost" };

// Follow a job until it is finished, however often the line breaks; `seen` is told of each change.
export async function follow(id, seen, signal) {
  for (;;) {
    try {
      await stream(id, seen, signal);
      const job = await ask(path("jobs", id), { signal });
      seen(job);
      if (!UNFINISHED.includes(job.state)) return job;
    } catch (error) {
      if (!passing(error)) throw error;
      if (error.status !== undefined) seen(LOST);
    }
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

// What may be over in a moment: a broken line, a service that starts anew.
function passing({ name, status = 0 }) {
  return name !== "AbortError" && (status === 0 || status === 429 || status >= 500);
}
