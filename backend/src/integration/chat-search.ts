import type { ChatReads } from '../supabase/chat-reads.js';

export type { FoundChat, FoundMessage } from '../supabase/chat-reads.js';

/** Messages and chats of one connection by address and page number; what is not the caller's is not found. */
export type ChatSearch = Pick<ChatReads, 'messages' | 'chats'>;
