// Chats and settings, kept in this browser.

const defaults = { tiles: "", frames: "8", temperature: "0", topP: "1", maxTokens: "1024", system: "", theme: "" };

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("internvl", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("chats", { keyPath: "id" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function run(mode, action) {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction("chats", mode);
      const request = action(transaction.objectStore("chats"));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

/** All chats, the latest first. */
export async function chats() {
  const all = await run("readonly", (store) => store.getAll());
  return all.sort((one, other) => other.changed - one.changed);
}

export function keep(chat) {
  return run("readwrite", (store) => store.put({ ...chat, changed: Date.now() }));
}

export function forget(id) {
  return run("readwrite", (store) => store.delete(id));
}

export function settings() {
  let kept = {};
  try {
    kept = JSON.parse(localStorage.getItem("internvl.settings")) ?? {};
  } catch {
    // damaged: the defaults
  }
  return { ...defaults, ...kept, key: sessionStorage.getItem("internvl.key") ?? "" };
}

export function keepSettings({ key, ...others }) {
  localStorage.setItem("internvl.settings", JSON.stringify(others));
  sessionStorage.setItem("internvl.key", key);
}
