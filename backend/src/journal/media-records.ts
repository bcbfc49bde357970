/** A file of a message as it lies in the media store. */
export interface StoredMedia {
  /** `<owner>/<session>/<year>/<month>/<row id>.<extension>`; for good. */
  caminho: string;
  /** MIME type as the bytes say. */
  tipo: string;
  tamanho: number;
  /** The sender's file name; null when it has none. */
  nome: string | null;
}

/** Where the bytes of a message's file come from. */
export type MediaSource =
  | {
      kind: 'whatsapp';
      /** Baileys' name of the key derivation: image, video, ptv, audio, document, sticker, sticker-pack. */
      classe: string;
      url: string | null;
      directPath: string | null;
      mediaKey: Uint8Array;
      fileSha256: Uint8Array | null;
      fileEncSha256: Uint8Array | null;
      fileLength: number | null;
    }
  /** It lies among the staged ones under this name: sent by API, or come with a webhook of an Evolution server. */
  | { kind: 'staged'; file: string }
  /** Where an Evolution server has put it, unencrypted (S3, MinIO). */
  | { kind: 'url'; url: string };

/** The file of one message on its way into the media store; goes on after a crash. */
export interface MediaJob {
  connectionId: string;
  /** `whatsapp_mensagens.id`. */
  rowId: string;
  whatsappId: string;
  state: 'waiting' | 'done' | 'failed';
  source: MediaSource;
  /** For asking the phone: the chat, and in groups the author, as WhatsApp addressed them. */
  chatJid: string;
  participant: string | null;
  fromMe: boolean;
  /** As the message claims; the bytes decide. */
  mimetype: string | null;
  nome: string | null;
  /** The message's own time, ms since the epoch. */
  timestamp: number;
  /** Failures so far, by the name of the rule that judged them (src/media/failure-table.ts). */
  failures: Record<string, number>;
  /** Not before, ms since the epoch. */
  dueAt: number;
  error: string | null;
  /** When it was queued, ms since the epoch. */
  at: number;
}

/** A history that the phone has announced: to be fetched, and its messages put into the log. */
export interface HistoryJob {
  connectionId: string;
  /** Of the message that announced it. */
  id: string;
  /** Encoded proto.Message.HistorySyncNotification. */
  notification: Uint8Array;
  me: { id: string; lid: string | null };
  /** When it was announced, ms since the epoch. */
  at: number;
}
