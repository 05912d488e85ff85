// Failures in the words of the person who asked: no paths of JSON, no names of HTTP.

const settings = {
  temperature: "Temperature",
  top_p: "Top-p",
  max_tokens: "Tokens of an answer",
  max_dynamic_patch: "Tiles of a picture",
  num_frames: "Frames of a clip",
};

const codes = {
  request_too_large: "The pictures are too large for this server. Attach fewer or smaller ones.",
  out_of_memory: "The model has no memory left for this question. Attach fewer pictures, or start a new chat.",
  timeout: "The time for this answer is over. Ask again, or ask for less.",
  body_too_slow: "The question took too long to reach the server. Try again, with smaller pictures.",
  shutting_down: "The server is shutting down. Ask again when it is back.",
  engine_stopped: "The model has stopped. Restart the server.",
  unknown_host: "This server answers its own machine only. Open the page there, or start the server with API keys.",
};

export const unreachable = "The server cannot be reached. Check that it runs, and ask again.";
export const brokenOff = "The connection ended before the answer did. Ask again.";

function ended(text) {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function sentence(text) {
  return ended(text.charAt(0).toUpperCase() + text.slice(1));
}

/** The file that a path such as messages[2].content[1].image_url.url is about. */
function fileAt(path, sent) {
  const place = /^messages\[(\d+)\]\.content\[(\d+)\]/.exec(path);
  return place ? sent[Number(place[1])]?.files[Number(place[2])] : undefined;
}

/**
 * A failure in words.
 *
 * @param status the status of HTTP
 * @param error the server's error, or null where it sent none
 * @param wait the seconds after which it helps to try again, or null
 * @param key whether a key was sent
 * @param sent for each message that was sent, the file of each part or undefined
 */
export function inWords({ status, error, wait, key, sent = [] }) {
  const message = error?.message ?? "";
  if (status === 401) {
    return key
      ? "The server does not accept this API key. Correct it in Settings."
      : "This server requires an API key. Enter it in Settings.";
  }
  if (status === 429) return `The server is busy. Ask again in ${wait ?? 1} s.`;
  if (codes[error?.code]) return codes[error.code];
  if (status >= 500) {
    const id = /request id (\S+)/.exec(message)?.[1];
    return `The server failed to answer.${id ? ` Its log has the cause under ${id}.` : ""}`;
  }
  if (/^the prompt must be shorter than the context/.test(message)) {
    return "The chat is too long for this model. Start a new chat, attach fewer pictures, or lower the tiles in Settings.";
  }
  const param = error?.param ?? "";
  const rest = message.startsWith(param) ? message.slice(param.length).trim() : message;
  const setting = settings[param.slice(param.lastIndexOf(".") + 1)];
  if (setting) return sentence(`${setting} in Settings ${rest.replace(/^is out of range: \w+ /, "")}`);
  const file = fileAt(param, sent);
  if (file) return ended(`${file.name} ${rest.replace("data: URL: ", "")}`);
  return message ? sentence(param ? `the question ${rest}` : rest) : "The server did not understand the question.";
}
