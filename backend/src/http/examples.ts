/** Bodies that work as they are, by the words that Swagger shows for them. */
type Examples = Record<string, Record<string, unknown>>;

const TO = '5511988887777';
const ANA = '11111111-1111-4111-8111-111111111111';
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
/** The smallest files of their kinds: heads without pictures or sound. */
const MP4 = 'AAAAIGZ0eXBpc29tAAACAGlzb21pc28yYXZjMW1wNDE=';
const MP3 = 'SUQzBAAAAAAAAP/7kGQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==';
const OGG = 'T2dnUwACAAAAAAAAAAABAAAAAAAAAAAAAAABE09wdXNIZWFkAQE4AYC7AAAAAAA=';
const WEBP = 'UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA';
const PDF = 'JVBERi0xLjQKJSVFT0YK';
const KEY = { id: '3EB0C767D097B7C7C3' };

/** One message of each kind that needs no other message. */
const NEW_MESSAGES: Examples = {
  text: { to: TO, type: 'text', content: 'Olá! Como posso ajudar?' },
  image: { to: TO, type: 'image', mediaBase64: PNG, caption: 'Nossa vitrine' },
  video: { to: TO, type: 'video', mediaBase64: MP4, caption: 'Como chegar' },
  audio: { to: TO, type: 'audio', mediaBase64: MP3 },
  voice: { to: TO, type: 'voice', mediaBase64: OGG },
  sticker: { to: TO, type: 'sticker', mediaBase64: WEBP },
  document: { to: TO, type: 'document', mediaBase64: PDF, fileName: 'nota.pdf', caption: 'A nota' },
  location: { to: TO, type: 'location', location: { latitude: -23.55, longitude: -46.63, name: 'Sé' } },
  contact: { to: TO, type: 'contact', contacts: [{ name: 'Bia', numbers: ['+55 11 97777-6666'] }] },
  poll: { to: TO, type: 'poll', poll: { question: 'Qual?', options: ['doce', 'salgado'] } },
};

/** What names a message that is there, by its `whatsappId`. */
const ABOUT_MESSAGES: Examples = {
  reply: { to: TO, type: 'text', content: 'Sim!', replyTo: KEY.id },
  reaction: { type: 'reaction', messageId: KEY.id, emoji: '👍' },
  edit: { type: 'edit', messageId: KEY.id, content: 'Olá, tudo bem?' },
  forward: { to: TO, type: 'forward', messageId: KEY.id },
  delete: { type: 'delete', messageId: KEY.id },
};

/** Scheduled messages have to be within a year. */
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
const by = (connectionId: string, examples: Examples): Examples =>
  Object.fromEntries(Object.entries(examples).map(([name, body]) => [name, { connectionId, ...body }]));
const one = (body: Record<string, unknown>): Examples => ({ example: body });

const EVENT = one({
  event: 'messages.upsert',
  instance: 'user_123',
  data: {
    key: { remoteJid: `${TO}@s.whatsapp.net`, fromMe: false, id: KEY.id },
    pushName: 'Ana',
    message: { conversation: 'oi' },
    messageTimestamp: 1_795_262_400,
  },
});

/** By operation. Every operation with a body is here, and each body is sent by a test. */
export const EXAMPLES: Readonly<Record<string, Examples>> = {
  sendMessage: { ...by('loja-1', NEW_MESSAGES), ...by('loja-1', ABOUT_MESSAGES) },
  sendByClient: { ...NEW_MESSAGES, ...ABOUT_MESSAGES },
  sendByAny: NEW_MESSAGES,
  scheduleMessage: one({
    ...{ connectionId: 'loja-1', to: TO, content: 'Sua consulta é amanhã.', sendAt: inDays(180) },
  }),
  changeScheduled: one({ sendAt: inDays(181) }),
  createTemplate: one({ nome: 'lembrete', texto: '{{saudacao}}, {{nome}}! Seu horário: {{horario}}.' }),
  updateTemplate: one({ texto: 'Oi, {{nome}}! Até as {{horario}}.' }),
  createConnection: one({ connectionId: 'loja-1', name: 'Loja 1' }),
  changeConnection: one({ settings: { ignorarGrupos: true } }),
  requestPairingCode: one({ phoneNumber: '+55 11 97777-1234' }),
  createClient: one({ clientId: 'loja-2' }),
  markRead: one({ connectionId: 'loja-1', messageIds: [KEY.id] }),
  sendPresence: one({ connectionId: 'loja-1', to: TO, state: 'composing' }),
  connectInstance: one({ userId: ANA }),
  notifyUser: one({ userId: ANA, title: 'Pedido novo', message: 'O pedido 1001 foi pago.' }),
  createApiKey: one({ name: 'CRM', grants: ['read', 'send'] }),
  rotateApiKey: one({ graceHours: 1 }),
  setRobot: one({
    ...{ autoResposta: true, boasVindas: '{{saudacao}}, {{primeiro_nome}}!', ausencia: 'Voltamos às 8h.' },
    horario: { dias: { seg: [['08:00', '18:00']] }, feriados: ['12-25'] },
  }),
  createGroup: one({ subject: 'Equipe', participants: [TO] }),
  changeGroup: one({ subject: 'Equipe 2', description: 'Só trabalho', announce: false, locked: true }),
  changeGroupMembers: one({ action: 'add', participants: [TO] }),
  joinGroup: one({ invite: 'https://chat.whatsapp.com/AbCdEfGhIjKlMnOpQrStUv' }),
  assignAtendimento: one({ atendenteId: ANA }),
  startAtendimento: one({ atendenteId: ANA }),
  transferAtendimento: one({ atendenteId: ANA, texto: 'é com ela' }),
  prioritizeAtendimento: one({ prioridade: 5 }),
  tagAtendimento: one({ adicionar: ['vip'], remover: ['novo'] }),
  noteAtendimento: one({ texto: 'ligar amanhã' }),
  finishAtendimento: one({ texto: 'resolvido' }),
  cancelAtendimento: one({}),
  createWebhook: one({ url: 'https://example.com/hooks/whatsapp', events: ['messageReceived', 'messageStatus'] }),
  updateWebhook: one({ active: true, secret: 'rotate' }),
  replayDeliveries: one({ since: '2026-01-01T00:00:00Z', state: 'failed' }),
  takeWebhook: EVENT,
  takeEvolutionWebhook: EVENT,
  takeUserWebhook: one({ event: 'connection.update', data: { state: 'open' } }),
  testWebhookIn: EVENT,
  evolutionCreateInstance: one({ instanceName: 'loja-evo', qrcode: true }),
  evolutionSendText: one({ number: TO, text: 'Olá!' }),
  evolutionSendMedia: one({ number: TO, mediatype: 'image', media: PNG, caption: 'Nossa vitrine' }),
  evolutionSendAudio: one({ number: TO, audio: 'https://example.com/voz.ogg' }),
  evolutionSendSticker: one({ number: TO, sticker: 'https://example.com/figurinha.webp' }),
  evolutionSendLocation: one({ number: TO, latitude: -23.55, longitude: -46.63, name: 'Sé', address: 'São Paulo' }),
  evolutionSendContact: one({ number: TO, contact: [{ fullName: 'Bia', phoneNumber: '+55 11 97777-6666' }] }),
  evolutionSendPoll: one({ number: TO, name: 'Qual?', selectableCount: 1, values: ['doce', 'salgado'] }),
  evolutionSendReaction: one({ key: KEY, reaction: '👍' }),
  evolutionUpdateMessage: one({ key: KEY, text: 'Olá, tudo bem?' }),
  evolutionDeleteMessage: one(KEY),
  evolutionNumbers: one({ numbers: [TO] }),
  evolutionMarkRead: one({ readMessages: [KEY] }),
  evolutionSendPresence: one({ number: TO, presence: 'composing' }),
  evolutionFindMessages: one({ where: { key: { fromMe: false } }, page: 1, offset: 20 }),
  evolutionFindChats: one({}),
  evolutionMediaBase64: one({ message: { key: KEY } }),
  evolutionSetWebhook: one({
    webhook: { enabled: true, url: 'https://example.com/hook', events: ['MESSAGES_UPSERT'] },
  }),
};
