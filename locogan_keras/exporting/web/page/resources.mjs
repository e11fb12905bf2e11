// What the page is made of: elements of a single file, or files beside the page; checked.

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let word = index;
  for (let bit = 0; bit < 8; bit++) word = (word >>> 1) ^ (word & 1 ? 0xedb88320 : 0);
  return word;
});

// As of gzip and PNG.
export function crc32(bytes) {
  let word = 0xffffffff;
  for (let index = 0; index < bytes.length; index++) {
    word = (word >>> 8) ^ TABLE[(word ^ bytes[index]) & 0xff];
  }
  return (word ^ 0xffffffff) >>> 0;
}

export async function text(name) {
  return new TextDecoder().decode(await load(name));
}

// An address for a link to a file as it is.
export async function addressOf(name, type) {
  if (!document.getElementById(name)) return name;
  return URL.createObjectURL(new Blob([await load(name)], { type }));
}

// A file of the settings' list, unpacked, or an error in one sentence.
export async function checked(settings, name) {
  const told = settings.files[name];
  let bytes;
  try {
    bytes = await unpacked(await load(told.file));
  } catch (error) {
    if (error instanceof Missing) throw error;
  }
  if (bytes?.length !== told.bytes || crc32(bytes) !== told.crc32) {
    throw new Error(`${told.file} is damaged: it is not the file that was exported.`);
  }
  return bytes;
}

class Missing extends Error {}

async function load(name) {
  const element = document.getElementById(name);
  if (element) return Uint8Array.from(atob(element.textContent), (each) => each.charCodeAt(0));
  if (location.protocol === "file:") {
    throw new Missing(
      "A browser reads no files beside a page that it opens from a disk: serve this folder, as " +
        "with python -m http.server, or export with --single-file.",
    );
  }
  let answer;
  try {
    answer = await fetch(name);
  } catch {
    throw new Missing(`${name} cannot be loaded: the host does not answer.`);
  }
  if (!answer.ok) throw new Missing(`${name} is missing: the host answers ${answer.status}.`);
  return new Uint8Array(await answer.arrayBuffer());
}

// Some hosts unpack what ends in .gz by themselves.
async function unpacked(bytes) {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
