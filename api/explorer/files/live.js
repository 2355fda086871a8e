// Hear what happens as it happens: subscriptions over graphql-transport-ws, resumed wherever they stopped.

import { authorization, problemOf } from "./asking.js";
import { parse } from "./json.js";

const PATIENCE_MS = [300, 600, 1_200, 2_500, 5_000];
const SILENCE_MS = 20_000;

/** Hold one socket open, for as long as the page is; each subscription goes on where it stopped. */
export class Live {
  #socket = null;
  #subscriptions = new Map();
  #number = 0;
  #failures = 0;
  #timer = 0;
  #silence = 0;
  #hear;

  /** `hear` is told "connecting", "live", "reconnecting", or "locked" and why. */
  constructor(hear) {
    this.#hear = hear;
    addEventListener("online", () => this.#socket || this.connect());
  }

  /** Connect now, with the token of now. */
  connect() {
    clearTimeout(this.#timer);
    this.#ready = false;
    this.#socket?.close();
    this.#hear(this.#failures ? "reconnecting" : "connecting");
    const url = new URL("/graphql", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url, "graphql-transport-ws");
    this.#socket = socket;
    socket.onopen = () => this.#send({ type: "connection_init", payload: authorization() });
    socket.onmessage = ({ data }) => socket === this.#socket && this.#heard(parse(data));
    socket.onclose = ({ code, reason }) => socket === this.#socket && this.#lost(code, reason);
  }

  /**
   * Subscribe: `next` gets the data, `fail` a Problem, both until the returned function is called.
   * `variables` is asked at each connection, so that it names the position that was reached by then.
   */
  subscribe(query, variables, next, fail) {
    const subscription = { query, variables, next, fail, id: "", ended: false };
    this.#start(subscription);
    return () => this.#stop(subscription);
  }

  #start(subscription) {
    if (subscription.ended) return;
    this.#subscriptions.delete(subscription.id);
    subscription.id = String((this.#number += 1));
    this.#subscriptions.set(subscription.id, subscription);
    if (this.#ready) this.#request(subscription);
  }

  #stop(subscription) {
    subscription.ended = true;
    const known = this.#subscriptions.delete(subscription.id);
    if (known && this.#ready) this.#send({ id: subscription.id, type: "complete" });
  }

  #ready = false;

  #request({ id, query, variables }) {
    this.#send({ id, type: "subscribe", payload: { query, variables: variables() } });
  }

  #send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #heard(message) {
    this.#watch();
    const subscription = this.#subscriptions.get(message.id);
    switch (message.type) {
      case "connection_ack":
        this.#ready = true;
        this.#failures = 0;
        this.#hear("live");
        for (const each of this.#subscriptions.values()) this.#request(each);
        break;
      case "ping":
        this.#send({ type: "pong" });
        break;
      case "next":
        if (message.payload.errors?.length) this.#refused(subscription, message.payload.errors);
        else subscription?.next(message.payload.data);
        break;
      case "error":
        this.#refused(subscription, message.payload);
        break;
      case "complete":
        this.#subscriptions.delete(message.id);
        break;
    }
  }

  /** Go on behind a resync, ask for a token where that is missing, and leave the rest to the subscriber. */
  #refused(subscription, errors) {
    if (!subscription) return;
    const problem = problemOf(errors);
    this.#subscriptions.delete(subscription.id);
    if (problem.needsToken) {
      this.#subscriptions.set(subscription.id, subscription);
      this.#lock(problem.message);
    } else if (problem.code === "RESYNC") {
      this.#start(subscription);
    } else if (problem.code === "UNAVAILABLE") {
      setTimeout(() => this.#start(subscription), PATIENCE_MS[2]);
    } else {
      subscription.fail(problem, () => this.#start(subscription));
    }
  }

  #lock(reason) {
    const socket = this.#socket;
    this.#socket = null;
    this.#ready = false;
    clearTimeout(this.#silence);
    socket?.close();
    this.#hear("locked", reason);
  }

  #lost(code, reason) {
    this.#ready = false;
    this.#socket = null;
    clearTimeout(this.#silence);
    if (code === 4401 || code === 4403) return this.#hear("locked", reason);
    const patience = PATIENCE_MS[Math.min(this.#failures, PATIENCE_MS.length - 1)];
    this.#failures += 1;
    this.#hear("reconnecting");
    this.#timer = setTimeout(() => this.connect(), patience * (0.75 + Math.random() / 2));
  }

  /** Ask whether the other side is there when it has been silent, and connect again when it stays so. */
  #watch() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      this.#send({ type: "ping" });
      this.#silence = setTimeout(() => this.#abandon(), SILENCE_MS);
    }, SILENCE_MS);
  }

  #abandon() {
    const socket = this.#socket;
    this.#lost();
    socket?.close();
  }
}
