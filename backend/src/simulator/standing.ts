import { S_WHATSAPP_NET, type BinaryNode } from '@whiskeysockets/baileys';
import { node, seconds } from './stanzas.js';

/** A quota of new chats, as WhatsApp words it. */
export interface ChatCap {
  status: 'NONE' | 'FIRST_WARNING' | 'SECOND_WARNING' | 'CAPPED';
  total: number;
  used: number;
  /** When the cycle ends, ms since the epoch. */
  endsAt: number;
}

/** Whether an account may write to people who have not written to it. */
export class Standing {
  /** End of the reach-out time-lock, ms since the epoch; null = none. */
  lockedUntil: number | null = null;
  cap: ChatCap = { status: 'NONE', total: 1000, used: 0, endsAt: 0 };
  #told = 0;

  get locked(): boolean {
    return this.lockedUntil !== null && this.lockedUntil > Date.now();
  }

  /** The answer to both of Baileys' questions (`w:mex`). */
  get answer(): Record<string, unknown> {
    return {
      xwa2_fetch_account_reachout_timelock: this.#timelock(),
      xwa2_message_capping_info: {
        total_quota: this.cap.total,
        used_quota: this.cap.used,
        capping_status: this.cap.status,
        cycle_end_timestamp: seconds(this.cap.endsAt),
      },
    };
  }

  /** `<notification type="mex">`: the lock began or ended. */
  timelockNotification(): BinaryNode {
    const data = { xwa2_notify_account_reachout_timelock: this.#timelock() };
    return this.#notification('NotificationUserReachoutTimelockUpdate', data);
  }

  /** `<notification type="mex">`: the quota changed. */
  capNotification(): BinaryNode {
    const data = { xwa2_notify_new_chat_messages_capping_info_update: this.answer['xwa2_message_capping_info'] };
    return this.#notification('MessageCappingInfoNotification', data);
  }

  #timelock() {
    if (!this.locked) return { is_active: false };
    return { is_active: true, time_enforcement_ends: seconds(this.lockedUntil!), enforcement_type: 'BIZ_QUALITY' };
  }

  #notification(op_name: string, data: unknown): BinaryNode {
    const attrs = { from: S_WHATSAPP_NET, type: 'mex', id: `mex-${++this.#told}`, t: seconds() };
    return node('notification', attrs, [node('update', { op_name }, Buffer.from(JSON.stringify({ data })))]);
  }
}
