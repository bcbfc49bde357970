import type { TextContent } from './text-message.js';

/** A message that already exists, as WhatsApp names it. */
export interface Target {
  id: string;
  chatJid: string;
  /** Written by this number. */
  fromMe: boolean;
  /** Its author, in groups. */
  participant: string | null;
}

export interface ContactCard {
  name: string;
  /** In any spelling, as they are shown. */
  numbers: string[];
  /** Which account each of them is, as WhatsApp spells it: the card's "message" button. null = none; absent = as written. */
  accounts?: (string | null)[] | undefined;
  organization?: string | undefined;
}

/** An encrypted file as it will lie on WhatsApp's servers, all of it known before the upload. */
export interface SealedFile {
  /** Name among the staged files. */
  file: string;
  mediaKey: Uint8Array;
  fileSha256: Uint8Array;
  fileEncSha256: Uint8Array;
  fileLength: number;
  mimetype: string;
}

export type MediaKind = 'image' | 'video' | 'audio' | 'voice' | 'document' | 'sticker';

export interface MediaContent {
  kind: MediaKind;
  sealed: SealedFile;
  caption?: string | undefined;
  fileName?: string | undefined;
  viewOnce?: boolean | undefined;
  /** Seconds, of sounds and films. */
  seconds?: number | undefined;
  width?: number | undefined;
  height?: number | undefined;
  /** JPEG, small. */
  thumbnail?: Uint8Array | undefined;
  /** Of voice messages: 64 bars from 0 to 100. */
  waveform?: Uint8Array | undefined;
  /** Of films: played silently and again and again. */
  gifPlayback?: true | undefined;
}

/** What a message says. `reaction`, `edit` and `delete` change another message and are no row of their own. */
export type OutgoingContent =
  | { kind: 'text'; text: string }
  | {
      kind: 'location';
      latitude: number;
      longitude: number;
      name?: string | undefined;
      address?: string | undefined;
    }
  | { kind: 'contact'; contacts: ContactCard[] }
  | { kind: 'poll'; question: string; options: string[]; selectable: number }
  | MediaContent
  | { kind: 'reaction'; target: Target; emoji: string }
  | { kind: 'edit'; target: Target; text: string }
  | { kind: 'delete'; target: Target };

/** What any message may have beside its content. */
export interface MessageContext extends Pick<TextContent, 'mentions' | 'quoted'> {
  /** Shown as forwarded. */
  forwarded?: boolean | undefined;
  /** How long the chat shows "typing…" (of a voice message "recording…") before it goes, in ms. */
  typingMs?: number | undefined;
}

/** Kinds that change another message. */
export const ROWLESS: ReadonlySet<OutgoingContent['kind']> = new Set(['reaction', 'edit', 'delete']);
