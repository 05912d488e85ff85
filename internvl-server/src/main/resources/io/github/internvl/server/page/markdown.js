// Markdown of an answer as elements. An answer is a stranger's text: markup in it is shown as the text that it is, and the
// sanitizer lets through the elements of Markdown alone.

import { Marked } from "./marked.esm.js";
import DOMPurify from "./purify.es.mjs";

const elements =
  "a blockquote br code del em h1 h2 h3 h4 h5 h6 hr li ol p pre strong table tbody td th thead tr ul";

// Texts that the parser takes long for, or for which its stack is too short, are shown as they are.
const longest = 20_000; // characters
const deepest = 40; // quotes and lists in one another at the start of a line
const mostOpen = 200; // marks of emphasis and links that nothing closes
const nest = new RegExp(`^(?:[ \\t]*(?:>|(?:[-+*]|\\d{1,9}[.)])(?=\\s|$))){${deepest}}`, "m");

function isCostly(text) {
  if (text.length > longest || nest.test(text)) return true;
  const open = { emphasis: 0, link: 0 };
  for (const { 0: mark, index } of text.matchAll(/[*_]+|\]\(|\)/g)) {
    const kind = mark === "](" || mark === ")" ? "link" : "emphasis";
    const closes = kind === "link" ? mark === ")" : /\S/.test(text[index - 1] ?? " ");
    const opens = kind === "link" ? mark === "](" : /\S/.test(text[index + mark.length] ?? " ");
    if (closes && (!opens || open[kind] > 0)) open[kind] = Math.max(0, open[kind] - 1);
    else if (opens) open[kind]++;
    if (open[kind] > mostOpen) return true;
  }
  return false;
}

function escaped(text) {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

const parser = new Marked({
  gfm: true,
  breaks: true,
  renderer: {
    html: ({ text }) => escaped(text),
    image: ({ text, href }) => escaped(`${text} (${href})`), // the page asks no other server for pictures
    checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
  },
});

const purifier = DOMPurify(window);
purifier.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName === "A") {
    node.target = "_blank";
    node.rel = "noopener noreferrer nofollow";
  }
});

/** The text as it is, in an element that no Markdown becomes. */
function plain(text) {
  const made = document.createElement("span");
  made.textContent = text;
  return made;
}

/** The elements of a text in Markdown; the text alone where it cannot be parsed in reasonable time. */
export function rendered(text) {
  if (isCostly(text)) return plain(text);
  try {
    return purifier.sanitize(parser.parse(text), {
      ALLOWED_TAGS: elements.split(" "),
      ALLOWED_ATTR: ["href", "align", "start"],
      ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
      RETURN_DOM_FRAGMENT: true,
    });
  } catch {
    return plain(text); // an exhausted stack: an answer must not be lost for its looks
  }
}
