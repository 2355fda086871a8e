// Read a reply while it is being written: what its JSON says so far, in an order that a person can follow.

const ESCAPES = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
const TOKEN = /\s+|[{}[\],:]|"(?:[^"\\]|\\.)*["\\]?|[^\s{}[\],:"]+/sy;

/**
 * Return the values so far, each as `{ item, label, text }`: in which object of a list it stands, counted from 1 and 0
 * for none, and under which name. What is no JSON is one text without a name.
 */
export function spoken(text) {
  if (!text.trimStart().startsWith("{")) return text.trim() ? [{ item: 0, label: "", text: text.trim() }] : [];
  return read(text, []);
}

/** Return the values of a text whose beginning is lost: where it begins in a string, the end of that comes first. */
export function fragment(text) {
  const [closing, opening] = [/"\s*[,}\]:]/, /[{[,:]\s*"/].map((each) => text.search(each));
  if (closing < 0 && opening < 0) return [{ item: 0, label: "", text }];
  const inString = closing >= 0 && (opening < 0 || closing < opening);
  return read(inString ? `"${text}` : text, [{ list: false, named: inString, label: "", item: 0, count: 0 }]);
}

function read(text, open) {
  const found = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match; match = TOKEN.exec(text)) take(match[0], open, found);
  return found.filter((each) => each.text.trim());
}

function take(token, open, found) {
  const level = open.at(-1);
  if (token === "{" || token === "[") open.push(opened(token, level));
  else if (token === "}" || token === "]") open.pop();
  else if (!level || !token.trim()) return;
  else if (token === ":") level.named = true;
  else if (token === ",") level.named = false;
  else if (level.list || level.named) found.push({ item: level.item, label: level.label, text: unescaped(token) });
  else level.label = unescaped(token);
}

/** Begin an object or a list: the objects of the first list within which it stands are counted. */
function opened(token, level) {
  const counts = token === "{" && level?.list && !level.item;
  if (counts) level.count += 1;
  return {
    list: token === "[",
    named: false,
    label: level?.label ?? "",
    item: counts ? level.count : (level?.item ?? 0),
    count: 0,
  };
}

/** Return what a string says, or a bare word, as far as it goes. */
const unescaped = (token) =>
  /^"?((?:[^"\\]|\\.)*)/s
    .exec(token)[1]
    .replace(/\\u[0-9a-fA-F]{0,3}$/, "")
    .replace(/\\(?:u([0-9a-fA-F]{4})|(.))/gs, (_, unit, sign) =>
      unit ? String.fromCharCode(Number.parseInt(unit, 16)) : (ESCAPES[sign] ?? sign),
    );

const HEADLINES = ["goal", "answer", "result", "claim"];

/** Tell whether a value says by itself what it is. */
export const isHeadline = (label) => !label || HEADLINES.includes(label);
