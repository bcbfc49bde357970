import { addressesOf, type StoredMember } from '../journal/group-records.js';
import { digitsOfJid } from '../lib/phone-number.js';
import type { MemberOutcome, WhatsAppGroup } from '../whatsapp/group-calls.js';

/** A group as the API shows it. Times are ISO 8601; null = WhatsApp does not say. */
export interface GroupSummary {
  id: string;
  subject: string;
  description: string | null;
  /** How many members it has. */
  size: number;
  /** Only admins write. */
  announce: boolean;
  /** Only admins change subject, description and settings. */
  locked: boolean;
  /** Which address its members are known by. */
  addressing: 'pn' | 'lid';
  owner: string | null;
  createdAt: string | null;
  /** When WhatsApp was asked for it; its notifications have been applied since. */
  fetchedAt: string | null;
}

export interface GroupMemberResource {
  /** Its address in this group. */
  jid: string;
  numero: string | null;
  lid: string | null;
  admin: 'admin' | 'superadmin' | null;
  /** As `whatsapp_contatos` knows it: address book, else the business's name, else what they call themselves. */
  nome: string | null;
  /** This number itself. */
  eu: boolean;
}

export interface GroupResource extends GroupSummary {
  participants: GroupMemberResource[];
}

/** What became of one person who was to be added, removed, promoted or demoted. */
export interface MemberResultResource {
  /** As the caller named them. */
  participant: string;
  jid: string | null;
  ok: boolean;
  /** WhatsApp's: 200, 403, 404, 408, 409, …; 404 also when the number is not on WhatsApp. */
  status: string;
  /** In Portuguese; null when it was done. */
  motivo: string | null;
  /** For a 403: this invitation lets them come in by themselves. */
  invite: { code: string; expiresAt: string } | null;
}

export function presentGroup(group: WhatsAppGroup, fetchedAt: number | null): GroupSummary {
  const { id, subject, desc, announce, restrict, addressingMode, owner, creation, participants } = group;
  return {
    ...{ id, subject, description: desc ?? null, size: participants.length },
    ...{
      announce: announce === true,
      locked: restrict === true,
      addressing: String(addressingMode) === 'lid' ? 'lid' : 'pn',
    },
    owner: owner ?? null,
    createdAt: creation ? new Date(creation * 1000).toISOString() : null,
    fetchedAt: fetchedAt === null ? null : new Date(fetchedAt).toISOString(),
  };
}

export function presentMember(
  member: StoredMember,
  nome: string | null,
  me: { id: string; lid: string | null } | null,
): GroupMemberResource {
  const { pn, lid } = addressesOf(member);
  const mine = me ? [me.id, me.lid].map((jid) => jid && digitsOfJid(jid)) : [];
  const eu = [pn, lid].some((jid) => jid !== null && mine.includes(digitsOfJid(jid)));
  return { jid: member.id, numero: pn && digitsOfJid(pn), lid, admin: member.admin ?? null, nome, eu };
}

/** Why WhatsApp did not do it, per status. */
const REASONS: Record<string, string> = {
  '401': 'Esta pessoa bloqueou este número.',
  '403': 'Esta pessoa não permite que qualquer um a adicione: envie o convite.',
  '404': 'Não está no WhatsApp ou não participa deste grupo.',
  '408': 'Esta pessoa saiu do grupo há pouco: envie o link de convite.',
  '409': 'Já participa deste grupo.',
  '500': 'O grupo está cheio.',
};

export function presentOutcome(participant: string, outcome: MemberOutcome | null): MemberResultResource {
  const { jid = null, status = '404', invite = null } = outcome ?? {};
  const ok = status === '200';
  return {
    ...{ participant, jid, ok, status },
    motivo: ok ? null : (REASONS[status] ?? `O WhatsApp recusou (${status}).`),
    invite: invite && { code: invite.code, expiresAt: new Date(invite.expiresAt).toISOString() },
  };
}
