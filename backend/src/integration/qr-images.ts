import { qrImage } from './qr-image.js';

/** The last picture of each client's code: a page that asks every few seconds has it drawn once. */
export class QrImages {
  readonly #drawn = new WeakMap<object, { code: string; image: Promise<string> }>();

  /** @param client whose code it is; the picture goes with it. @returns a PNG data URL */
  of(client: object, code: string): Promise<string> {
    const drawn = this.#drawn.get(client);
    if (drawn?.code === code) return drawn.image;
    const image = qrImage(code);
    this.#drawn.set(client, { code, image });
    return image;
  }
}
