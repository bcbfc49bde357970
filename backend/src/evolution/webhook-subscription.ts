/** What a server is asked to tell (subscription names of evolution-api 2.3.6). */
const EVENTS = [
  ...['QRCODE_UPDATED', 'CONNECTION_UPDATE', 'STATUS_INSTANCE', 'LOGOUT_INSTANCE', 'REMOVE_INSTANCE'],
  ...['MESSAGES_UPSERT', 'MESSAGES_EDITED', 'MESSAGES_UPDATE', 'MESSAGES_DELETE'],
  ...['SEND_MESSAGE', 'SEND_MESSAGE_UPDATE'],
  ...['CONTACTS_UPSERT', 'CONTACTS_UPDATE', 'GROUPS_UPSERT', 'GROUP_UPDATE'],
];

/**
 * Body of `POST /webhook/set/{instance}`: everything that becomes rows or a state, with files inside.
 * @param url where this gateway takes events @param secret what the server proves itself with there
 */
export function webhookSubscription(url: string, secret: string): object {
  const webhook = { enabled: true, url, byEvents: false, base64: true, events: EVENTS };
  return { webhook: { ...webhook, headers: { 'x-webhook-secret': secret } } };
}
