// Tell a session from its events: pure functions, so that any version can be told again.

/** What is known before the first event. */
export const NOTHING = {
  version: 0,
  goal: "",
  stage: "queued",
  paused: false,
  steps: [],
  asked: [],
  letters: [],
  questions: [],
  spent: { modelCalls: 0, toolCalls: 0, tokens: 0 },
};

/** Tell the session up to a version. */
export function tell(events, version = Infinity) {
  let story = NOTHING;
  for (const event of events) {
    if (event.version > version) break;
    story = advance(story, event);
  }
  return story;
}

/** Add an event behind the last; one that is known already changes nothing. */
export const add = (events, event) => (event.version <= (events.at(-1)?.version ?? 0) ? events : [...events, event]);

/** Say what a session is doing, as its read model does. */
export function statusOf(story) {
  if (ENDED.includes(story.stage)) return story.stage;
  if (story.paused) return "paused";
  const open = story.steps.filter((step) => OPEN(step)).length;
  return story.asked.length && story.asked.length >= open ? "waiting" : story.stage;
}

/** Name an event's type without its aggregate and first version; of a later one we do not know what it means. */
export const nameOf = (event) => event.type.replace(/^session\./, "").replace(/\.v1$/, "");

/** Return the step of a call's name, `call-3-1`, or 0. */
export const stepOf = (call) => Number(/^[a-z]+-(\d+)-\d+$/.exec(call ?? "")?.[1] ?? 0);

/** Return what an event says beside its envelope; whatever is unknown says nothing. */
export const dataOf = (event) => event.event?.data ?? {};

/** Return the story with one more event; one of a type that we do not know changes its version only. */
export function advance(story, event) {
  const next = { ...story, version: event.version, updatedAt: event.at };
  const name = nameOf(event);
  return Object.hasOwn(CHANGES, name) ? { ...next, ...CHANGES[name](next, dataOf(event), event) } : next;
}

export const ENDED = ["completed", "failed", "cancelled"];
const OVER = ["accepted", "failed", "cancelled"];
const OPEN = (step) => step.state !== "pending" && !OVER.includes(step.state);

const CHANGES = {
  "goal-submitted": (_, data, event) => ({
    goal: data.goal,
    user: data.user,
    model: data.model,
    lane: data.lane ?? "standard",
    startedAt: event.at,
  }),
  "plan-proposed": (_, data) => ({ stage: "running", steps: data.steps.map(planned) }),
  "plan-revised": revised,
  "model-retry-scheduled": (story, data) => ({ stage: "running", ...onCall(story, data, later("retrying", data)) }),
  "model-call-requested": (story, data) => ({
    ...onStep(story, data.step, { ...asking(data), wait: null }),
    questions: [...story.questions, { step: 0, ...data, over: 0 }],
  }),
  "model-replied": attemptOver,
  "model-failed": attemptOver,
  "lease-lapsed": attemptOver,
  "model-call-attempted": (story, { call }) => {
    const asked = story.questions.find((each) => each.call === call);
    return asked ? onStep(story, asked.step, { ...asking(asked), wait: null }) : {};
  },
  "step-started": (story, data) => onStep(story, data.step, { state: "choosing", agent: data.agent }),
  "tool-chosen": (story, data) =>
    onStep(story, data.step, { state: "checking", tool: data.tool, arguments: data.arguments.value, attempts: [] }),
  "result-stated": (story, data) => onStep(story, data.step, { state: "under review" }),
  "arguments-checked": (story, data) => onCall(story, data, { operation: data.operation ?? "" }),
  "verdict-reached": (story, data) => onCall(story, data, { verdict: data }),
  "approval-requested": (story, data, event) => ({
    asked: [...story.asked, question(story, data, event)],
    ...onStep(story, data.step, { state: data.question === "outcome" ? "unknown" : "asking" }),
  }),
  "approval-granted": (story, data) => decided(story, data, "approved"),
  "approval-denied": (story, data) => decided(story, data, "denied"),
  "approval-expired": (story, data) => decided(story, data, "not answered in time"),
  "outcome-reported": answered,
  "call-rehearsed": (story, data) => onStep(story, data.step, { state: "rehearsed", operation: data.operation }),
  "call-requested": (story, data) => onStep(story, data.step, { state: "calling", operation: data.operation }),
  "call-attempted": (story, data) =>
    onCall(story, data, (step) => ({ state: "calling", wait: null, attempts: [...step.attempts, data.attempt] })),
  "call-retry-scheduled": (story, data) => onCall(story, data, later("retrying", data)),
  "call-deferred": (story, data) => onCall(story, data, later("deferred", data)),
  "call-succeeded": (story, data) => ({ ...answered(story, data), ...onCall(story, data, { state: "under review" }) }),
  "rework-requested": (story, data) =>
    onStep(story, data.step, { state: "choosing", round: data.round, attempts: [], verdict: null }),
  "repair-requested": (story, data) =>
    onStep(story, data.step, { state: "choosing", round: data.round, attempts: [], verdict: null }),
  "step-accepted": (story, data) => onStep(story, data.step, { state: "accepted", wait: null }),
  "step-failed": (story, data) => onStep(story, data.step, { state: "failed", wait: null, reason: data.reason }),
  "call-dead-lettered": (story, data) => letter(story, data.call, "open", data.reason),
  "dead-letter-replayed": (story, data) => letter(story, data.call, "replaying"),
  "dead-letter-resolved": (story, data) => letter(story, data.call, "resolved"),
  "dead-letter-discarded": (story, data) => letter(story, data.call, "discarded"),
  "budget-spent": (story, data) => ({
    spent: {
      modelCalls: story.spent.modelCalls + (data.model_calls ?? 0),
      toolCalls: story.spent.toolCalls + (data.tool_calls ?? 0),
      tokens: story.spent.tokens + (data.tokens ?? 0),
    },
  }),
  paused: () => ({ paused: true }),
  resumed: () => ({ paused: false }),
  completed: (story, data, event) => ended(story, "completed", marked(data), event),
  failed: (story, data, event) => ended(story, "failed", data.reason, event),
  cancelled: (story, data, event) => ended(story, "cancelled", data.reason, event),
};

const asking = ({ purpose }) => ({ state: purpose === "review" ? "under review" : "choosing" });

/** Note that an attempt of a question has ended, well or not: what it said is an event, or nothing. */
function attemptOver(story, { call, attempt }) {
  return { questions: story.questions.map((each) => (each.call === call ? { ...each, over: attempt } : each)) };
}

const planned = (step, index) => ({
  number: index + 1,
  goal: step.goal,
  agent: step.agent,
  after: step.after ?? [],
  criteria: step.criteria ?? "",
  state: "pending",
  round: 1,
  attempts: [],
  wait: null,
  verdict: null,
});

/** Add the steps of a plan that was made anew; some of those that waited are left out, or others take their place. */
function revised(story, { steps, first, changed = [], removed = [] }) {
  const left = [...removed, ...changed.map((each) => each.step)];
  const kept = story.steps.map((step) => (left.includes(step.number) ? { ...step, state: "cancelled" } : step));
  return { stage: "running", steps: [...kept, ...steps.map((step, index) => planned(step, first - 1 + index))] };
}

const later = (state, data) => ({
  state,
  wait: { at: data.until ?? data.not_before, reason: data.reason ?? data.fault ?? "" },
});

const onCall = (story, data, changes) => onStep(story, stepOf(data.call), changes);

/** Change a step that is not over: what is sent again for a dead letter leaves its step as it was. */
function onStep(story, number, changes) {
  if (!number) return {};
  const changed = (step) =>
    OVER.includes(step.state) ? step : { ...step, ...(typeof changes === "function" ? changes(step) : changes) };
  return { steps: story.steps.map((step) => (step.number === number ? changed(step) : step)) };
}

function letter(story, call, status, reason) {
  const others = story.letters.filter((each) => each.call !== call);
  return { letters: [...others, { call, status, reason }] };
}

function question(story, data, event) {
  const step = story.steps[data.step - 1];
  return {
    id: data.approval,
    kind: data.question,
    step: data.step,
    call: data.call,
    digest: data.request_digest,
    reason: data.reason,
    expiresAt: data.expires_at,
    at: event.at,
    tool: step?.tool ?? "",
    operation: step?.operation ?? "",
    arguments: step?.arguments,
    rules: step?.verdict?.rules ?? [],
    differences: data.differences ?? [],
    demands: data.terms?.demands ?? [],
    proof: data.proof ?? "",
  };
}

function decided(story, data, state) {
  const step = story.asked.find((each) => each.id === data.approval)?.step;
  return { ...answered(story, data), ...onStep(story, step, { state }) };
}

function answered(story, data) {
  return { asked: story.asked.filter((each) => each.id !== data.approval && each.call !== data.call) };
}

/** Say behind an answer where it came from, where others may have written into that. */
function marked({ answer, label }) {
  const tools = (label?.sources ?? []).filter((each) => each.startsWith("tool:")).map((each) => each.slice(5));
  if (!label || label.trusted || !tools.length) return answer;
  return `${answer} (It draws on what others may have written; sources: ${tools.join(", ")}.)`;
}

function ended(story, stage, text, event) {
  const close = (step) => (OVER.includes(step.state) ? step : { ...step, state: "cancelled", wait: null });
  const steps = story.steps.map(close);
  return { stage, outcome: text, finishedAt: event.at, asked: [], steps };
}
