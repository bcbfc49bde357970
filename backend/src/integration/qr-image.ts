/** Trying every PNG filter on every line (the default) blocks the event loop ten times as long, for a black and white
 *  picture that needs none. The option is pngjs'; the typings of qrcode do not know it. */
const PNG = { errorCorrectionLevel: 'M', margin: 2, width: 360, rendererOpts: { filterType: 0 } as object } as const;

/** A code that a phone scans, as a PNG data URL. */
export async function qrImage(code: string): Promise<string> {
  const { default: qrcode } = await import('qrcode');
  return qrcode.toDataURL(code, PNG);
}
