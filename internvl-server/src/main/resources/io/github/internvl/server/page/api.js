// Talks to the server that this page comes from, and to no other.

import { brokenOff, inWords, unreachable } from "./failures.js";

const base = new URL(".", document.baseURI);
const statuses = { rate_limit_error: 429, invalid_request_error: 400 }; // of errors inside a stream

function headers(key) {
  return key ? { "content-type": "application/json", authorization: `Bearer ${key}` } : { "content-type": "application/json" };
}

async function failure(response, key, sent) {
  let error = null;
  try {
    error = (await response.json()).error;
  } catch {
    // no JSON: the status says it
  }
  return new Error(inWords({ status: response.status, error, wait: response.headers.get("retry-after"), key, sent }));
}

/** A response whose status is good. */
async function fetched(path, options, sent) {
  let response;
  try {
    response = await fetch(new URL(path, base), options);
  } catch (cause) {
    throw cause.name === "AbortError" ? cause : new Error(unreachable, { cause });
  }
  if (!response.ok) throw await failure(response, Boolean(options.headers?.authorization), sent);
  return response;
}

export async function modelName(key) {
  const response = await fetched("v1/models", { headers: headers(key) });
  return (await response.json()).data[0].id;
}

/** A sample picture of the server as a file. */
export async function sample(name) {
  const response = await fetched(`page/${name}`, {});
  return new File([await response.blob()], name, { type: "image/png" });
}

/** The parts of a message, each with the file that it stands for, if any. Pictures of a chat with several have numbers. */
function parts(message, settings, number) {
  const made = [];
  for (const file of message.files ?? []) {
    const source = { url: file.url };
    if (settings.tiles && file.kind === "image") source.max_dynamic_patch = Number(settings.tiles);
    if (file.kind === "video") source.num_frames = Number(settings.frames) || 8;
    const label = number(file);
    if (label) made.push({ json: { type: "text", text: `${label}:` } });
    made.push({ json: { type: `${file.kind}_url`, [`${file.kind}_url`]: source }, file });
  }
  made.push({ json: { type: "text", text: message.text } });
  return made;
}

/** The messages as the protocol has them, and for each of them the files of its parts. */
function written(messages, settings) {
  const answered = messages.filter((message) => !message.failed);
  const label = labels(answered);
  const system = settings.system ? [{ json: { role: "system", content: settings.system }, files: [] }] : [];
  const all = answered.map((message) => {
    if (!message.files?.length) return { json: { role: message.role, content: message.text }, files: [] };
    const made = parts(message, settings, label);
    return { json: { role: "user", content: made.map((part) => part.json) }, files: made.map((part) => part.file) };
  });
  return [...system, ...all];
}

/** The name of each picture, Image-1 and so on; empty where the messages have a single one. */
export function labels(messages) {
  const pictures = messages.flatMap((message) => message.files ?? []).filter((file) => file.kind === "image");
  return (file) => (pictures.length > 1 && pictures.includes(file) ? `Image-${pictures.indexOf(file) + 1}` : "");
}

function body(sent, settings) {
  const request = { messages: sent.map((message) => message.json), stream: true, stream_options: { include_usage: true } };
  if (settings.temperature !== "") request.temperature = Number(settings.temperature);
  // Any top_p switches sampling on, also 1, which changes nothing else.
  if (request.temperature > 0 && settings.topP !== "" && Number(settings.topP) !== 1) request.top_p = Number(settings.topP);
  if (settings.maxTokens) request.max_tokens = Number(settings.maxTokens);
  return JSON.stringify(request);
}

/**
 * Asks, and calls onText with each piece of the answer and onThinking with each piece of the thinking before it. Gives
 * { usage, timings, finish, boxes }; the signal stops it. Times are the server's.
 */
export async function ask(messages, settings, signal, onText, onThinking) {
  const sent = written(messages, settings);
  const files = sent.map((message) => ({ files: message.files }));
  const options = { method: "POST", headers: headers(settings.key), body: body(sent, settings), signal };
  const response = await fetched("v1/chat/completions", options, files);
  const result = { usage: null, timings: null, finish: null, boxes: [] };
  for await (const data of events(response.body)) {
    const chunk = JSON.parse(data);
    if (chunk.error) throw new Error(inWords({ status: statuses[chunk.error.type] ?? 500, error: chunk.error, sent: files }));
    if (chunk.usage) {
      result.usage = chunk.usage;
      result.timings = chunk.timings ?? null;
    }
    const choice = chunk.choices?.[0];
    if (choice?.delta?.reasoning_content) onThinking(choice.delta.reasoning_content);
    if (choice?.delta?.content) onText(choice.delta.content);
    if (choice?.finish_reason) {
      result.finish = choice.stop_reason ?? choice.finish_reason;
      result.boxes = choice.boxes ?? [];
    }
  }
  return result;
}

/** The data of server-sent events up to [DONE]. */
async function* events(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read().catch((cause) => {
      throw cause.name === "AbortError" ? cause : new Error(brokenOff, { cause });
    });
    if (done) throw new Error(brokenOff);
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (line === "data: [DONE]") return;
      if (line.startsWith("data: ")) yield line.slice(6);
    }
  }
}
