// Talks to the server that this page comes from, and to no other.

const base = new URL(".", document.baseURI);

function headers(key) {
  return key ? { "content-type": "application/json", authorization: `Bearer ${key}` } : { "content-type": "application/json" };
}

async function failure(response) {
  let message = `the server answered with status ${response.status}`;
  try {
    message = (await response.json()).error.message;
  } catch {
    // no JSON: the status says it
  }
  const wait = response.headers.get("retry-after");
  return new Error(response.status === 401 ? `${message} (Settings, API key)` : wait ? `${message} (in ${wait} s)` : message);
}

export async function modelName(key) {
  const response = await fetch(new URL("v1/models", base), { headers: headers(key) });
  if (!response.ok) throw await failure(response);
  return (await response.json()).data[0].id;
}

/** One message as the protocol has it. */
function written(message, settings) {
  if (message.role !== "user" || !message.files?.length) return { role: message.role, content: message.text };
  const parts = message.files.map((file) => {
    const source = { url: file.url };
    if (settings.tiles && file.kind === "image") source.max_dynamic_patch = Number(settings.tiles);
    if (file.kind === "video") source.num_frames = Number(settings.frames) || 8;
    return { type: `${file.kind}_url`, [`${file.kind}_url`]: source };
  });
  return { role: "user", content: [...parts, { type: "text", text: message.text }] };
}

function body(messages, settings) {
  const system = settings.system ? [{ role: "system", content: settings.system }] : [];
  const answered = messages.filter((message) => !message.failed);
  const request = {
    messages: [...system, ...answered.map((message) => written(message, settings))],
    stream: true,
    stream_options: { include_usage: true },
  };
  if (settings.temperature !== "") request.temperature = Number(settings.temperature);
  if (settings.maxTokens) request.max_tokens = Number(settings.maxTokens);
  return JSON.stringify(request);
}

/**
 * Asks, and calls onText with each piece. Gives { usage, finish, boxes, firstMillis, millis }; the signal stops it.
 */
export async function ask(messages, settings, signal, onText) {
  const start = performance.now();
  const response = await fetch(new URL("v1/chat/completions", base), {
    method: "POST",
    headers: headers(settings.key),
    body: body(messages, settings),
    signal,
  });
  if (!response.ok) throw await failure(response);
  const result = { usage: null, finish: null, boxes: [], firstMillis: 0, millis: 0 };
  for await (const data of events(response.body)) {
    const chunk = JSON.parse(data);
    if (chunk.error) throw new Error(chunk.error.message);
    if (chunk.usage) result.usage = chunk.usage;
    const choice = chunk.choices?.[0];
    if (choice?.delta?.content) {
      result.firstMillis ||= performance.now() - start;
      onText(choice.delta.content);
    }
    if (choice?.finish_reason) {
      result.finish = choice.stop_reason ?? choice.finish_reason;
      result.boxes = choice.boxes ?? [];
    }
  }
  result.millis = performance.now() - start;
  return result;
}

/** The data of server-sent events up to [DONE]. */
async function* events(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error("the connection ended before the answer did");
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (line === "data: [DONE]") return;
      if (line.startsWith("data: ")) yield line.slice(6);
    }
  }
}
