// JSON as it was written: numbers that JavaScript would round or shorten keep their digits.

/** Parse JSON; a number that would not print as it was written becomes a raw one. */
export function parse(text) {
  return JSON.parse(text, (_key, value, context) =>
    typeof value === "number" && context?.source !== undefined && context.source !== String(value)
      ? JSON.rawJSON(context.source)
      : value,
  );
}

/** Write a value on one line. */
export const inline = (value) => (value === undefined ? "" : seen(JSON.stringify(value)));

/** Write a value with indents. */
export const indented = (value) => seen(JSON.stringify(value, null, 2));

/** Escape what cannot be seen, or turns around how the rest reads: whoever approves a request sees all of it. */
const seen = (json) => json.replace(UNSEEN, (each) => each.split("").map(escape).join(""));
const escape = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
const UNSEEN =
  /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|\udb40[\udc00-\udfff]/g;

/** Yield the lines of a value written with indents, each with the JSON pointer of what stands on it. */
export function* lines(value, path = "", indent = "", name = "", end = "") {
  const entries = isBranch(value) ? Object.entries(value) : [];
  if (!entries.length) {
    yield { path, text: `${indent}${name}${inline(value)}${end}` };
    return;
  }
  const list = Array.isArray(value);
  yield { path, text: `${indent}${name}${list ? "[" : "{"}` };
  for (const [index, [key, held]] of entries.entries()) {
    const comma = index < entries.length - 1 ? "," : "";
    yield* lines(held, `${path}/${escaped(key)}`, `${indent}  `, list ? "" : `${inline(key)}: `, comma);
  }
  yield { path, text: `${indent}${list ? "]" : "}"}${end}` };
}

const isBranch = (value) => typeof value === "object" && value !== null && !JSON.isRawJSON?.(value);
const escaped = (key) => key.replaceAll("~", "~0").replaceAll("/", "~1");
