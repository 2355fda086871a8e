// Ask the service over GraphQL, and write over REST.

import { parse } from "./json.js";

const TOKEN = "reprise.token";

/** Be what went wrong, in words; `code` is the problem's name, `after` where a reader goes on. */
export class Problem extends Error {
  constructor(message, code = "", after = null) {
    super(message);
    this.code = code;
    this.after = after;
  }

  /** Tell whether a valid token is what is missing. */
  get needsToken() {
    return this.code === "UNAUTHENTICATED";
  }
}

/** The bearer token; it is gone with the tab. */
export const token = {
  get: () => sessionStorage.getItem(TOKEN) ?? "",
  set: (text) => sessionStorage.setItem(TOKEN, text),
};

/** Name the token as a header does, where there is one. */
export const authorization = () => (token.get() ? { authorization: `Bearer ${token.get()}` } : {});

/** Ask one GraphQL question; return its data, raise Problem. */
export async function ask(query, variables = {}) {
  const body = JSON.stringify({ query, variables });
  const answer = await request("POST", "/graphql", body);
  if (answer.errors?.length) throw problemOf(answer.errors);
  return answer.data;
}

/** Write over REST under a key, so that a repeat is one write; raise Problem. */
export function write(path, body, key, headers = {}) {
  return request("POST", path, JSON.stringify(body), { "Idempotency-Key": key, ...headers });
}

async function request(method, path, body, headers = {}) {
  const all = { "Content-Type": "application/json", ...authorization(), ...headers };
  let response;
  try {
    response = await fetch(path, { method, body, headers: all });
  } catch {
    throw new Problem("The service cannot be reached: see that `reprise up` runs.", "UNREACHABLE");
  }
  const text = await response.text();
  const answer = text ? read(text) : {};
  if (response.ok || answer.errors) return answer;
  const code = response.status === 401 ? "UNAUTHENTICATED" : String(response.status);
  throw new Problem(answer.detail ?? `The service answered with status ${response.status}.`, code);
}

function read(text) {
  try {
    return parse(text);
  } catch {
    return {};
  }
}

/** Return the first of GraphQL's errors as a Problem. */
export function problemOf(errors) {
  const [first] = errors;
  return new Problem(first.message, first.extensions?.code, first.extensions?.after ?? null);
}
