import type { ScheduledMessages } from '../integration/schedule/scheduled-messages.js';
import type { MessageTemplates } from '../integration/templates/message-templates.js';

/** What the routes call of `ScheduledMessages`. */
export type ScheduledPort = Pick<ScheduledMessages, keyof ScheduledMessages>;

/** What the routes call of `MessageTemplates`. */
export type TemplatesPort = Pick<MessageTemplates, 'list' | 'get' | 'create' | 'update' | 'delete'>;
