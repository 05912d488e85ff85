// The chat page: what happens when.

import { ask, labels, modelName, sample } from "./api.js";
import { filesOf, read } from "./media.js";
import * as store from "./store.js";
import * as view from "./view.js";

const $ = (selector) => document.querySelector(selector);

const ideas = {
  "shapes.png": [
    "Please describe the image shortly.",
    "What color is the star?",
    "Please provide the bounding box coordinate of the region this sentence describes: <ref>red circle</ref>",
  ],
  "chart.png": ["Which bar is the tallest?", "Please describe the image shortly."],
  "word.png": ["What does the text say?", "Please describe the image shortly."],
  "": ["Please describe the image shortly.", "Please describe the image in detail.", "What does the text say?"],
};

let settings = store.settings();
let chat = freshChat();
let attached = [];
let running = null; // what stops the answer that is coming

function freshChat() {
  return { id: `${Date.now()}-${Math.random().toString(36).slice(2)}`, title: "", messages: [] };
}

function say(text) {
  $("#status").textContent = text;
}

async function showChats() {
  try {
    view.showChats(await store.chats(), chat.id, choose, remove);
  } catch {
    view.showChats([], chat.id, choose, remove); // a browser that keeps nothing
  }
}

async function keep(changed) {
  try {
    await store.keep(changed);
  } catch {
    say("This browser does not keep chats.");
  }
  await showChats();
}

/** The names of the pictures in the chat, those of the next question included. */
function label() {
  return labels([...chat.messages.filter((message) => !message.failed), { files: attached }]);
}

function show(next) {
  running?.abort();
  chat = next;
  view.showChat(chat.messages, again, label());
  nameChat();
  closeMenu();
  return showChats();
}

function nameChat() {
  $("#title").textContent = chat.title || "InternVL";
  document.title = chat.title ? `${chat.title} · InternVL` : "InternVL";
}

function choose(kept) {
  show(kept);
  $("#question").focus();
}

async function remove(kept) {
  await store.forget(kept.id);
  await (kept.id === chat.id ? show(freshChat()) : showChats());
}

function attach(files) {
  attached = [...attached, ...files];
  view.showAttached(attached, (index) => attach.only(attached.filter((file, other) => other !== index)), label());
  view.showLabels(chat.messages, label());
  suggest();
}

/** Suggests questions about the picture that is attached, and samples where none is. */
function suggest() {
  const picture = attached.find((file) => file.kind === "image");
  $("#samples").hidden = attached.length > 0;
  $("#ideas").hidden = !picture;
  $("#ideas").replaceChildren(
    ...(picture ? (ideas[picture.name] ?? ideas[""]) : []).map((idea) => {
      const made = document.createElement("button");
      Object.assign(made, { type: "button", textContent: idea });
      made.addEventListener("click", () => {
        $("#question").value = idea;
        fit();
        $("#question").focus();
      });
      return made;
    }),
  );
}

attach.only = (files) => {
  attached = [];
  attach(files);
};

async function add(files) {
  attach(await read(files, refuse));
  $("#question").focus();
}

function refuse(reason) {
  say(reason);
  const item = view.showMessage({ role: "assistant", text: reason, failed: true });
  item.classList.add("failed");
  $("#empty").hidden = true;
}

async function send() {
  const question = $("#question");
  const text = question.value.trim();
  if (running || (!text && attached.length === 0)) return;
  chat.messages.push({ role: "user", text, files: attached });
  chat.title ||= text.slice(0, 120) || attached[0].name;
  nameChat();
  question.value = "";
  fit();
  attach.only([]);
  view.showChat(chat.messages, again, label());
  await answer();
}

/** Shows a message as it grows, at most four times a second, since each time parses all of it. */
function painter(item, message) {
  let due = false;
  let last = -Infinity;
  const paint = () => {
    due = false;
    last = performance.now();
    if (item.classList.contains("waiting")) view.setText(item, message);
  };
  return () => {
    if (due) return;
    due = true;
    setTimeout(() => requestAnimationFrame(paint), Math.max(0, last + 250 - performance.now()));
  };
}

/** Gets the answer to the last question. */
async function answer() {
  const asked = chat;
  const message = { role: "assistant", text: "", thinking: "" };
  const item = view.showMessage(message);
  item.classList.add("waiting");
  view.toEnd();
  running = new AbortController();
  busy(true);
  say("Answering");
  try {
    const paint = painter(item, message);
    const result = await ask(
      asked.messages,
      settings,
      running.signal,
      (piece) => {
        if (!message.text) item.querySelector(".thinking")?.removeAttribute("open");
        message.text += piece;
        paint();
      },
      (piece) => {
        if (!message.thinking) view.setThinking(item, "").open = true;
        message.thinking += piece;
        view.setThinking(item, message.thinking);
      },
    );
    message.boxes = result.boxes;
    message.figures = view.figures(result);
    say(message.text ? `Answer: ${message.text}` : "The model gave an empty answer.");
  } catch (failure) {
    if (failure.name === "AbortError") {
      message.stopped = true;
      message.figures = view.figures({ finish: "stopped" });
      say("Stopped");
    } else {
      message.failed = true;
      message.text = message.text ? `${message.text}\n\n${failure.message}` : failure.message;
      say(failure.message);
    }
  }
  running = null;
  busy(false);
  asked.messages.push(message);
  view.finish(item, asked.messages, asked.messages.length - 1, again);
  await keep(asked);
}

/** Asks the last question once more. */
async function again() {
  if (running) return;
  while (chat.messages.at(-1)?.role === "assistant") chat.messages.pop();
  view.showChat(chat.messages, again, label());
  await answer();
}

function busy(on) {
  $("#send").hidden = on;
  $("#stop").hidden = !on;
}

function fit() {
  const question = $("#question");
  question.style.height = "auto";
  question.style.height = `${question.scrollHeight}px`;
}

function openMenu() {
  $("#history").classList.add("open");
  $("#menu").setAttribute("aria-expanded", "true");
  $("#shade").hidden = false;
  $("#new").focus();
}

function closeMenu() {
  $("#history").classList.remove("open");
  $("#menu").setAttribute("aria-expanded", "false");
  $("#shade").hidden = true;
}

function appear() {
  document.documentElement.dataset.theme = settings.theme;
}

function openSettings() {
  const form = $("#settings form");
  for (const [name, value] of Object.entries(settings)) form.elements[name].value = value;
  $("#settings").showModal();
}

function closeSettings() {
  const form = $("#settings form");
  settings = Object.fromEntries(Object.keys(settings).map((name) => [name, form.elements[name].value]));
  store.keepSettings(settings);
  appear();
  nameModel();
}

async function nameModel() {
  try {
    $("#model").textContent = await modelName(settings.key);
  } catch (failure) {
    $("#model").textContent = "";
    say(failure.message);
  }
}

function wireComposer() {
  $("#composer").addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  $("#question").addEventListener("input", fit);
  $("#question").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      send();
    }
  });
  $("#stop").addEventListener("click", () => running?.abort());
  $("#attach").addEventListener("click", () => $("#files").click());
  $("#files").addEventListener("change", async () => {
    await add([...$("#files").files]);
    $("#files").value = "";
  });
  for (const button of document.querySelectorAll("#samples button")) {
    button.addEventListener("click", () => {
      sample(button.dataset.name).then(
        (file) => add([file]),
        (failure) => refuse(failure.message),
      );
    });
  }
}

function wirePage() {
  document.addEventListener("paste", (event) => {
    const files = filesOf(event.clipboardData);
    if (files.length) {
      event.preventDefault();
      add(files);
    }
  });
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    $("#drop").hidden = false;
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) $("#drop").hidden = true;
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    $("#drop").hidden = true;
    add(filesOf(event.dataTransfer));
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !$("#settings").open) {
      running?.abort();
      closeMenu();
    }
  });
  $("#new").addEventListener("click", () => choose(freshChat()));
  $("#menu").addEventListener("click", openMenu);
  $("#shade").addEventListener("click", closeMenu);
  $("#settings-open").addEventListener("click", openSettings);
  $("#settings").addEventListener("close", closeSettings);
}

appear();
wireComposer();
wirePage();
showChats();
nameModel();
if (matchMedia("(pointer: fine)").matches) $("#question").focus();
