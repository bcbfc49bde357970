import type { BinaryNode } from '@whiskeysockets/baileys';
import { randomBytes } from 'node:crypto';
import type { Phone } from './phone.js';
import { node, seconds } from './stanzas.js';

export interface CallOptions {
  video?: boolean;
  /** The group in which it rings. */
  group?: string;
}

/** How a call that rings ends: nobody answers, the caller hangs up, or somebody does it on another device. */
export type CallEnd = 'timeout' | 'hangup' | 'accepted_elsewhere' | 'rejected_elsewhere';

/** The two addresses of whoever calls; `jid` is the one that is used. */
export interface Caller {
  jid: string;
  pn: string | undefined;
  name: string | undefined;
}

/** A call that rings on all devices of an account (`<call>` stanzas, as Baileys' `handleCall` reads them). */
export class PhoneCall {
  readonly id = randomBytes(16).toString('hex').toUpperCase();

  constructor(
    private readonly caller: Caller,
    private readonly phone: Phone,
    private readonly options: CallOptions = {},
  ) {}

  /** @internal */
  ring(): this {
    const group = this.options.group === undefined ? {} : { type: 'group', 'group-jid': this.options.group };
    const media = [node('audio', { enc: 'opus', rate: '16000' }), ...(this.options.video ? [node('video')] : [])];
    this.#post(node('offer', { ...this.#about(), ...group }, media));
    return this;
  }

  end(how: CallEnd): void {
    this.#post(node('terminate', { ...this.#about(), reason: how === 'hangup' ? undefined : how }));
  }

  #about(): Record<string, string | undefined> {
    return { 'call-id': this.id, 'call-creator': this.caller.jid, caller_pn: this.caller.pn };
  }

  #post(child: BinaryNode): void {
    for (const { mailbox } of this.phone.companions) {
      const attrs = {
        id: randomBytes(8).toString('hex'),
        from: this.caller.jid,
        t: seconds(),
        notify: this.caller.name,
      };
      mailbox.post({ stanza: node('call', attrs, [child]) });
    }
  }
}
