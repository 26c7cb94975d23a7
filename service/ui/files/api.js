// The public API, and the key where one is needed.

import { askForKey, storedKey } from "./key.js";

export class Problem extends Error {
  constructor(body, status) {
    super(body.detail ?? body.title);
    Object.assign(this, { title: body.title, detail: body.detail, errors: body.errors ?? [], total: body.n_errors, status });
  }
}

const UNREACHABLE = { title: "The service cannot be reached.", detail: "See whether it is still running, then try again." };
const UNREADABLE = { title: "The service gave an answer that cannot be read.", detail: "Try again in a moment." };

export function path(...parts) {
  return `/v1/${parts.map((part) => encodeURIComponent(part)).join("/")}`;
}

export async function send(address, { method = "GET", json, body, headers = {}, signal } = {}) {
  const sent = json === undefined ? { body, headers } : { body: JSON.stringify(json), headers: { ...headers, "Content-Type": "application/json" } };
  const key = storedKey();
  const answer = await attempt(address, { method, signal, body: sent.body, headers: { ...sent.headers, ...authorization(key) } });
  if (answer.status === 401 && await otherKey(key)) return send(address, { method, json, body, headers, signal });
  if (!answer.ok) throw new Problem(await problemOf(answer), answer.status);
  return answer;
}

export async function ask(address, options) {
  const answer = await send(address, options);
  return answer.status === 204 ? null : answer.json();
}

// Every page of a list, as one array.
export async function list(address, noun) {
  const found = [];
  let token = null;
  do {
    const query = new URLSearchParams({ page_size: 1000, ...(token && { page_token: token }) });
    const page = await ask(`${address}?${query}`);
    found.push(...page[noun]);
    token = page.next_page_token;
  } while (token);
  return found;
}

export function start(address, json) {
  return ask(address, { method: "POST", json, headers: { Prefer: "respond-async" } });
}

// Another request may have been given a new key while this one was on its way.
async function otherKey(refused) {
  return storedKey() !== refused || askForKey();
}

function authorization(key) {
  return key ? { Authorization: `Bearer ${key}` } : {};
}

async function attempt(address, options) {
  try {
    return await fetch(address, options);
  } catch (error) {
    throw error.name === "AbortError" ? error : new Problem(UNREACHABLE, 0);
  }
}

async function problemOf(answer) {
  try {
    const body = await answer.json();
    return body.title ? body : UNREADABLE;
  } catch {
    return UNREADABLE;
  }
}
