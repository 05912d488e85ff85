// Files that people attach, as data: URLs.

const largest = 6 * 1024 * 1024;
const longestSide = 4096;

function dataUrl(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

/** A big picture in fewer bytes: more pixels than this the model does not see. */
async function smaller(file) {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, longestSide / Math.max(bitmap.width, bitmap.height));
  const canvas = new OffscreenCanvas(Math.round(bitmap.width * scale), Math.round(bitmap.height * scale));
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.93 });
}

/** What can be attached, of some files; the others are told. */
export async function read(files, refuse) {
  const taken = [];
  for (const file of files) {
    const kind = file.type.split("/")[0];
    if (kind !== "image" && kind !== "video") {
      refuse(`${file.name || "the file"} is neither a picture nor a clip. Attach a PNG, JPEG, WebP or MP4 file.`);
      continue;
    }
    try {
      const whole = kind === "image" && file.size > largest ? await smaller(file) : file;
      taken.push({ kind, name: file.name || kind, url: await dataUrl(whole) });
    } catch {
      refuse(`${file.name || "the file"} cannot be read. It may be damaged, or of a format that this browser does not know.`);
    }
  }
  return taken;
}

/** The files of a drop or a paste. */
export function filesOf(transfer) {
  return [...(transfer?.files ?? [])];
}

/** A picture or a clip to look at. */
export function shown(file) {
  if (file.kind === "video") {
    const video = document.createElement("video");
    Object.assign(video, { src: file.url, controls: true, muted: true, title: file.name });
    return video;
  }
  const image = document.createElement("img");
  Object.assign(image, { src: file.url, alt: file.name });
  return image;
}
