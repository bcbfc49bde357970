const ROUTING_INTRO = Buffer.from('ED');
const ROUTING_HEADER_BYTES = 7;
const WA_HEADER_BYTES = 4;
const LENGTH_BYTES = 3;

/** Cuts the client's byte stream into frames. A WebSocket message may hold several frames or a part of one; the very
 *  first bytes are an intro, `[ED 00 01 len24 routing] 'WA' version version` (Baileys' Utils/noise-handler.js). */
export class FrameReader {
  #bytes: Buffer = Buffer.alloc(0);
  #introSeen = false;

  /** @returns the frames that are complete now, without their length prefix. */
  push(chunk: Buffer): Buffer[] {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    if (!this.#introSeen) this.#introSeen = this.#skipIntro();
    const frames: Buffer[] = [];
    while (this.#introSeen && this.#bytes.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + this.#bytes.readUIntBE(0, LENGTH_BYTES);
      if (this.#bytes.length < end) break;
      frames.push(this.#bytes.subarray(LENGTH_BYTES, end));
      this.#bytes = this.#bytes.subarray(end);
    }
    return frames;
  }

  #skipIntro(): boolean {
    let intro = WA_HEADER_BYTES;
    if (this.#bytes.subarray(0, 2).equals(ROUTING_INTRO)) {
      if (this.#bytes.length < ROUTING_HEADER_BYTES) return false;
      intro += ROUTING_HEADER_BYTES + this.#bytes.readUIntBE(4, 3);
    }
    if (this.#bytes.length < intro) return false;
    this.#bytes = this.#bytes.subarray(intro);
    return true;
  }
}

/** Prefixes one frame with its 3-byte big-endian length. */
export function frame(payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(LENGTH_BYTES + payload.length);
  bytes.writeUIntBE(payload.length, 0, LENGTH_BYTES);
  bytes.set(payload, LENGTH_BYTES);
  return bytes;
}
