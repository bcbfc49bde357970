import type { Readable } from 'node:stream';

/** Part of a file, both ends included, as in an HTTP Range. */
export interface ByteRange {
  start: number;
  end: number;
}

/**
 * Where the files of messages lie for good, by their path `<owner>/<session>/<year>/<month>/<id>.<extension>`: a folder, or
 * a bucket of Supabase Storage.
 */
export interface MediaStore {
  /**
   * Copies a local file there; the same path again replaces it. Durable when the promise resolves.
   * @throws GatewayError `MEDIA_STORE_FAILED`
   */
  put(path: string, file: string, about: { type: string; size: number }): Promise<void>;
  /** The bytes; whoever opens the stream ends it. @throws GatewayError `MEDIA_NOT_FOUND`, `MEDIA_STORE_FAILED` */
  open(path: string, range?: ByteRange): Promise<Readable>;
  /**
   * An address of the store's own that gives the file to anybody for so many seconds. Absent: it has none, and the gateway
   * signs links to itself. @throws GatewayError `MEDIA_NOT_FOUND`, `MEDIA_STORE_FAILED`
   */
  sign?(path: string, seconds: number, about: { type: string; name: string }): Promise<string>;
}
