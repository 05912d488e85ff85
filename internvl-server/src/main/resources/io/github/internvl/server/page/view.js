// Messages as they are shown. A question is set as text; an answer is Markdown, whose markup is text too.

import { rendered } from "./markdown.js";
import { shown } from "./media.js";

const talk = document.querySelector("#talk");
const list = document.querySelector("#messages");

function element(tag, name, text) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text !== undefined) made.textContent = text;
  return made;
}

function button(text, action) {
  const made = element("button", "", text);
  made.type = "button";
  made.addEventListener("click", action);
  return made;
}

// The end stays in sight while something is added, or a picture gets its size, unless the reader has scrolled away.
let atEnd = true;
talk.addEventListener("scroll", () => {
  atEnd = talk.scrollHeight - talk.scrollTop - talk.clientHeight < 60;
});
new ResizeObserver(() => {
  if (atEnd) talk.scrollTop = talk.scrollHeight;
}).observe(list);

/** Goes to the end, and stays there. */
export function toEnd() {
  atEnd = true;
  talk.scrollTop = talk.scrollHeight;
}

/** Numbers of an answer in words; the times are those that the server measured. */
export function figures({ usage, timings, finish }) {
  const words = [];
  if (usage) words.push(usage.completion_tokens === 1 ? "1 token" : `${usage.completion_tokens} tokens`);
  if (timings) {
    const first = timings.preprocess_ms + timings.queued_ms + timings.vision_ms + timings.prefill_ms;
    if (timings.tokens_per_second) words.push(`${timings.tokens_per_second} tokens/s`);
    words.push(`first after ${(first / 1000).toFixed(2)} s`);
  }
  if (usage) {
    const details = usage.prompt_tokens_details ?? {};
    const parts = [];
    if (details.visual_tokens) parts.push(`${details.visual_tokens} visual`);
    if (details.cached_tokens) parts.push(`${details.cached_tokens} cached`);
    words.push(`prompt ${usage.prompt_tokens}${parts.length ? ` (${parts.join(", ")})` : ""}`);
  }
  if (finish === "length") words.push("cut at the limit of tokens");
  if (finish === "timeout") words.push("cut at the limit of time");
  if (finish === "loop") words.push("ended, as it repeated itself");
  if (finish === "stopped") words.push("stopped");
  return words.join(" · ");
}

/** The picture again, with the boxes of an answer; their numbers are thousandths. */
function boxed(file, boxes) {
  const figure = element("div", "boxes");
  figure.append(shown(file));
  for (const box of boxes) {
    const frame = element("div", box.y1 < 90 ? "box high" : "box");
    frame.style.left = `${box.x1 / 10}%`;
    frame.style.top = `${box.y1 / 10}%`;
    frame.style.width = `${(box.x2 - box.x1) / 10}%`;
    frame.style.height = `${(box.y2 - box.y1) / 10}%`;
    if (box.label) frame.append(element("span", "", box.label));
    figure.append(frame);
  }
  return figure;
}

/** The one picture that boxes can be about. */
function pictureBefore(messages, index) {
  const asked = messages.slice(0, index).filter((message) => message.files?.length).pop();
  return asked?.files.length === 1 && asked.files[0].kind === "image" ? asked.files[0] : null;
}

/** A picture or a clip with its name in the chat, where it has one. */
function named(file, label) {
  const figure = element("figure");
  figure.append(shown(file));
  if (label) figure.append(element("figcaption", "", label));
  return figure;
}

/** Names all pictures of the chat, which the next question may change. */
export function showLabels(messages, label) {
  messages.forEach((message, index) => {
    const files = list.children[index]?.querySelector(".shown");
    if (message.files?.length && files) files.replaceChildren(...message.files.map((file) => named(file, label(file))));
  });
}

/** Shows a chat; again is called to ask its last question once more. */
export function showChat(messages, again, label) {
  list.replaceChildren();
  document.querySelector("#empty").hidden = messages.length > 0;
  messages.forEach((message, index) => {
    const item = showMessage(message);
    if (message.role === "assistant") finish(item, messages, index, again);
  });
  showLabels(messages, label);
  toEnd();
}

/** Shows one message and gives its element. */
export function showMessage(message) {
  const item = element("li", `message ${message.role}`);
  if (message.role === "user") item.append(element("div", "shown"));
  item.append(element("div", "text"));
  list.append(item);
  if (message.thinking) setThinking(item, message.thinking);
  setText(item, message);
  return item;
}

/** Shows the text of a message so far. */
export function setText(item, { role, text, failed }) {
  const place = item.querySelector(":scope > .text");
  if (role === "user" || failed) place.textContent = text;
  else place.replaceChildren(rendered(text));
}

/** Shows the thinking before an answer: open while it comes, folded once the answer begins. */
export function setThinking(item, thinking) {
  let folded = item.querySelector(".thinking");
  if (!folded) {
    folded = element("details", "thinking");
    folded.append(element("summary", "", "Thinking"), element("div", "text"));
    item.prepend(folded);
  }
  folded.querySelector(".text").textContent = thinking;
  return folded;
}

/** Adds what follows an answer: boxes, figures, and what can be done with it. */
export function finish(item, messages, index, again) {
  const message = messages[index];
  item.classList.remove("waiting");
  setText(item, message);
  if (!message.text.trim() && !message.stopped) {
    item.querySelector(":scope > .text").append(element("em", "blank", "The model gave an empty answer."));
  }
  item.classList.toggle("failed", Boolean(message.failed));
  const picture = message.boxes?.length ? pictureBefore(messages, index) : null;
  if (picture) item.append(boxed(picture, message.boxes));
  const foot = element("div", "foot");
  if (!message.failed) foot.append(button("Copy", () => navigator.clipboard?.writeText(message.text)));
  if (index === messages.length - 1) foot.append(button("Again", again));
  if (message.figures) foot.append(element("span", "figures", message.figures));
  item.append(foot);
}

/** The list of chats at the side. */
export function showChats(chats, current, choose, remove) {
  document.querySelector("#chats").replaceChildren(
    ...chats.map((chat) => {
      const item = element("li", chat.id === current ? "current" : "");
      const title = button(chat.title, () => choose(chat));
      title.className = "title";
      if (chat.id === current) title.setAttribute("aria-current", "true");
      const cross = button("✕", () => remove(chat));
      cross.className = "delete";
      cross.setAttribute("aria-label", `Delete ${chat.title}`);
      item.append(title, cross);
      return item;
    }),
  );
}

/** The files that the next question will have. */
export function showAttached(files, remove, label) {
  document.querySelector("#attached").replaceChildren(
    ...files.map((file, index) => {
      const item = element("li");
      const picture = named(file, label(file));
      picture.firstChild.removeAttribute("controls");
      const cross = button("✕", () => remove(index));
      cross.setAttribute("aria-label", `Remove ${file.name}`);
      item.append(picture, cross);
      return item;
    }),
  );
}
