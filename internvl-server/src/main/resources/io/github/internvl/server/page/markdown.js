// Markdown of an answer as elements. An answer is a stranger's text: markup in it is shown as the text that it is, and the
// sanitizer lets through the elements of Markdown alone.

import { Marked } from "./marked.esm.js";
import DOMPurify from "./purify.es.mjs";

const elements =
  "a blockquote br code del em h1 h2 h3 h4 h5 h6 hr li ol p pre strong table tbody td th thead tr ul";
const longest = 200_000; // characters; a longer text is shown as it is

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

/** The elements of a text in Markdown. */
export function rendered(text) {
  if (text.length > longest) return document.createTextNode(text);
  return purifier.sanitize(parser.parse(text), {
    ALLOWED_TAGS: elements.split(" "),
    ALLOWED_ATTR: ["href", "align", "start"],
    ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
    RETURN_DOM_FRAGMENT: true,
  });
}
