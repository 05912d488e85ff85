// Messages as they are shown. Texts are set as text, never as markup.

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

/** Numbers of an answer in words. */
export function figures({ usage, finish, firstMillis, millis }) {
  const words = [];
  if (usage) {
    const decode = (millis - firstMillis) / 1000;
    words.push(`${usage.completion_tokens} tokens`);
    if (usage.completion_tokens > 1 && decode > 0) {
      words.push(`${((usage.completion_tokens - 1) / decode).toFixed(1)} tokens/s`);
    }
    words.push(`first after ${(firstMillis / 1000).toFixed(2)} s`);
    const details = usage.prompt_tokens_details ?? {};
    const parts = [];
    if (details.visual_tokens) parts.push(`${details.visual_tokens} visual`);
    if (details.cached_tokens) parts.push(`${details.cached_tokens} cached`);
    words.push(`prompt ${usage.prompt_tokens}${parts.length ? ` (${parts.join(", ")})` : ""}`);
  }
  if (finish === "length") words.push("cut at the limit of tokens");
  if (finish === "timeout") words.push("cut at the limit of time");
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

/** Shows a chat; again is called to ask its last question once more. */
export function showChat(messages, again) {
  list.replaceChildren();
  document.querySelector("#empty").hidden = messages.length > 0;
  messages.forEach((message, index) => {
    const item = showMessage(message);
    if (message.role === "assistant") finish(item, messages, index, again);
  });
  toEnd();
}

/** Shows one message and gives its element. */
export function showMessage(message) {
  const item = element("li", `message ${message.role}`);
  if (message.role === "user") {
    const files = element("div", "shown");
    files.append(...(message.files ?? []).map(shown));
    item.append(files);
  }
  item.append(element("div", "text", message.text));
  list.append(item);
  return item;
}

export function setText(item, text) {
  item.querySelector(".text").textContent = text;
}

/** Adds what follows an answer: boxes, figures, and what can be done with it. */
export function finish(item, messages, index, again) {
  const message = messages[index];
  item.classList.remove("waiting");
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
export function showAttached(files, remove) {
  document.querySelector("#attached").replaceChildren(
    ...files.map((file, index) => {
      const item = element("li");
      const picture = shown(file);
      picture.removeAttribute("controls");
      const cross = button("✕", () => remove(index));
      cross.setAttribute("aria-label", `Remove ${file.name}`);
      item.append(picture, cross);
      return item;
    }),
  );
}
