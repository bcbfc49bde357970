import { proto } from '@whiskeysockets/baileys';
import type { Field } from '../../src/inbound/content/handler.js';
import { ANA, GROUP, T } from '../unit/inbound/entries.js';

const BYTES = new Uint8Array([1, 2, 3, 4]);
const KEY = { remoteJid: ANA.pn, fromMe: false, id: 'ALVO' };
const INNER = { message: { conversation: 'por dentro' } };
const FILE = {
  url: 'https://mmg.whatsapp.net/x',
  directPath: '/x',
  mediaKey: BYTES,
  fileSha256: BYTES,
  fileLength: 1234,
};
const VCARD =
  'BEGIN:VCARD\nVERSION:3.0\nN:Silva;Bia;;;\nFN:Bia Silva\nTEL;type=CELL;waid=5521922222222:+55 21 92222-2222\nEND:VCARD';
const POLL = { name: 'Almoço?', options: [{ optionName: 'Sim' }, { optionName: 'Não' }], selectableOptionsCount: 1 };
const PLACE = { degreesLatitude: -23.5505, degreesLongitude: -46.6333 };

/**
 * One message of every content field of `proto.Message`, and what an agent reads; null = it makes no row of its own: it
 * changes the message `ALVO` of its chat, or speaks to devices. The type demands every field of the pinned Baileys.
 */
export const CORPUS: { [F in Field]: [value: proto.IMessage[F], reads: string | RegExp | null] } = {
  conversation: ['Olá 😀', 'Olá 😀'],
  extendedTextMessage: [{ text: 'veja https://x.br', matchedText: 'https://x.br', title: 'X' }, 'veja https://x.br'],
  chat: [{ displayName: 'Loja', id: 'x' }, 'Conversa: Loja'],
  richResponseMessage: [{ submessages: [{ messageText: 'da IA' }] }, 'da IA'],
  imageMessage: [{ ...FILE, mimetype: 'image/jpeg', caption: 'foto' }, 'foto'],
  videoMessage: [{ ...FILE, mimetype: 'video/mp4', seconds: 9 }, 'Vídeo'],
  ptvMessage: [{ ...FILE, mimetype: 'video/mp4' }, 'Recado de vídeo'],
  audioMessage: [{ ...FILE, mimetype: 'audio/ogg; codecs=opus', ptt: true, seconds: 3 }, 'Mensagem de voz'],
  documentMessage: [{ ...FILE, mimetype: 'application/pdf', fileName: 'nota.pdf' }, 'nota.pdf'],
  stickerMessage: [{ ...FILE, mimetype: 'image/webp' }, 'Figurinha'],
  stickerPackMessage: [{ ...FILE, name: 'Gatos' }, 'Pacote de figurinhas: Gatos'],
  albumMessage: [{ expectedImageCount: 2, expectedVideoCount: 1 }, 'Álbum: 2 imagens e 1 vídeo'],
  contactMessage: [{ displayName: 'Bia', vcard: VCARD }, '👤 Contato: Bia (5521922222222)'],
  contactsArrayMessage: [{ contacts: [{ vcard: VCARD }] }, '👤 Contatos: Bia Silva (5521922222222)'],
  groupInviteMessage: [{ groupJid: GROUP, groupName: 'Vendas', inviteCode: 'abc' }, 'Convite para o grupo Vendas'],
  newsletterAdminInviteMessage: [{ newsletterName: 'Novidades' }, 'Convite para administrar o canal Novidades'],
  newsletterFollowerInviteMessageV2: [{ newsletterName: 'Novidades' }, 'Convite para seguir o canal Novidades'],
  requestPhoneNumberMessage: [{}, 'Pediu o seu número de telefone'],
  locationMessage: [{ ...PLACE, name: 'Sé', address: 'São Paulo' }, '📍 Localização: Sé, São Paulo'],
  liveLocationMessage: [PLACE, '📍 Localização em tempo real: -23.550500, -46.633300'],
  eventMessage: [
    { name: 'Reunião', startTime: T, location: { ...PLACE, name: 'Sé' } },
    /^Evento: Reunião\nInício: 2026-/,
  ],
  pollCreationMessage: [POLL, 'Enquete: Almoço?\n• Sim\n• Não'],
  pollCreationMessageV2: [POLL, /^Enquete: Almoço/],
  pollCreationMessageV3: [POLL, /^Enquete: Almoço/],
  pollCreationMessageV4: [{ message: { pollCreationMessage: POLL } }, /^Enquete: Almoço/],
  pollCreationMessageV5: [POLL, /^Enquete: Almoço/],
  pollResultSnapshotMessage: [
    { name: 'Almoço?', pollVotes: [{ optionName: 'Sim', optionVoteCount: 3 }] },
    'Resultado da enquete: Almoço?\n• Sim: 3',
  ],
  pollResultSnapshotMessageV3: [{ name: 'Almoço?' }, 'Resultado da enquete: Almoço?'],
  call: [{ callKey: BYTES }, 'Chamada recebida'],
  callLogMesssage: [{ isVideo: true, callOutcome: 1 }, 'Chamada de vídeo perdida'],
  bcallMessage: [{ sessionId: 'x' }, 'Chamada em grupo'],
  scheduledCallCreationMessage: [{ title: 'Demo', scheduledTimestampMs: T * 1000 }, /^Chamada agendada: Demo \(2026-/],
  scheduledCallEditMessage: [{ key: KEY, editType: 1 }, 'Chamada agendada cancelada'],
  buttonsMessage: [
    { contentText: 'Escolha', buttons: [{ buttonId: '1', buttonText: { displayText: 'Comprar' } }] },
    'Escolha\n• Comprar',
  ],
  listMessage: [{ title: 'Menu', sections: [{ rows: [{ rowId: 'a', title: 'Pizza' }] }] }, 'Menu\n• Pizza'],
  templateMessage: [
    {
      hydratedTemplate: {
        hydratedContentText: 'Promo',
        hydratedButtons: [{ quickReplyButton: { displayText: 'Quero' } }],
      },
    },
    'Promo\n• Quero',
  ],
  interactiveMessage: [
    {
      header: { title: 'Oferta' },
      body: { text: 'Só hoje' },
      nativeFlowMessage: { buttons: [{ name: 'cta_url', buttonParamsJson: '{"display_text":"Ver"}' }] },
    },
    'Oferta\nSó hoje\n• Ver',
  ],
  highlyStructuredMessage: [{ elementName: 'aviso', params: ['Ana'] }, 'aviso\nAna'],
  buttonsResponseMessage: [{ selectedButtonId: '1', selectedDisplayText: 'Comprar' }, 'Comprar'],
  listResponseMessage: [{ title: 'Pizza', singleSelectReply: { selectedRowId: 'a' } }, 'Pizza'],
  templateButtonReplyMessage: [{ selectedId: '1', selectedDisplayText: 'Quero' }, 'Quero'],
  interactiveResponseMessage: [{ nativeFlowResponseMessage: { name: 'menu', paramsJson: '{}' } }, 'menu'],
  questionResponseMessage: [{ key: KEY, text: 'minha resposta' }, 'minha resposta'],
  statusQuestionAnswerMessage: [{ key: KEY, text: 'minha resposta' }, 'minha resposta'],
  productMessage: [
    { product: { title: 'Caneca', currencyCode: 'BRL', priceAmount1000: 35_900 } },
    'Produto: Caneca (R$ 35,90)',
  ],
  orderMessage: [
    { orderTitle: 'Loja', itemCount: 2, totalAmount1000: 10_000, totalCurrencyCode: 'BRL' },
    'Pedido: Loja — 2 itens, R$ 10,00',
  ],
  invoiceMessage: [{ note: 'novembro' }, 'Fatura: novembro'],
  sendPaymentMessage: [{ noteMessage: { conversation: 'pago' } }, 'Pagamento enviado\npago'],
  requestPaymentMessage: [{ amount1000: 5000, currencyCodeIso4217: 'BRL' }, 'Pedido de pagamento: R$ 5,00'],
  declinePaymentRequestMessage: [{ key: KEY }, 'Pedido de pagamento recusado'],
  cancelPaymentRequestMessage: [{ key: KEY }, 'Pedido de pagamento cancelado'],
  paymentInviteMessage: [{}, 'Convite para ativar pagamentos'],
  placeholderMessage: [{ type: 0 }, 'Mensagem disponível somente no celular'],
  statusMentionMessage: [INNER, 'Mencionou você no status'],
  groupStatusMentionMessage: [INNER, 'Mencionou o grupo no status'],
  statusNotificationMessage: [{ type: 1 }, 'Reagiu ao seu status'],
  statusQuotedMessage: [{ text: 'sobre o status' }, 'sobre o status'],
  statusStickerInteractionMessage: [{ key: KEY }, 'Interagiu com uma figurinha do status'],
  messageHistoryBundle: [{ messageHistoryMetadata: { messageCount: 12 } }, 'Histórico de mensagens compartilhado (12)'],
  messageHistoryNotice: [{}, 'Histórico de mensagens compartilhado'],
  encCommentMessage: [{ targetMessageKey: KEY, encPayload: BYTES }, 'Comentário (conteúdo cifrado)'],
  deviceSentMessage: [INNER, 'por dentro'],
  ephemeralMessage: [INNER, 'por dentro'],
  viewOnceMessage: [INNER, 'por dentro'],
  viewOnceMessageV2: [INNER, 'por dentro'],
  viewOnceMessageV2Extension: [INNER, 'por dentro'],
  documentWithCaptionMessage: [INNER, 'por dentro'],
  editedMessage: [INNER, 'por dentro'],
  groupMentionedMessage: [INNER, 'por dentro'],
  botInvokeMessage: [INNER, 'por dentro'],
  botTaskMessage: [INNER, 'por dentro'],
  botForwardedMessage: [INNER, 'por dentro'],
  lottieStickerMessage: [{ message: { stickerMessage: FILE } }, 'Figurinha'],
  eventCoverImage: [{ message: { imageMessage: FILE } }, 'Imagem'],
  pollCreationOptionImageMessage: [{ message: { imageMessage: FILE } }, 'Imagem'],
  associatedChildMessage: [{ message: { imageMessage: FILE } }, 'Imagem'],
  statusAddYours: [INNER, 'por dentro'],
  groupStatusMessage: [INNER, 'por dentro'],
  groupStatusMessageV2: [INNER, 'por dentro'],
  limitSharingMessage: [INNER, 'por dentro'],
  questionMessage: [INNER, 'por dentro'],
  questionReplyMessage: [INNER, 'por dentro'],
  commentMessage: [{ ...INNER, targetMessageKey: KEY }, 'por dentro'],
  reactionMessage: [{ key: KEY, text: '👍' }, null],
  encReactionMessage: [{ targetMessageKey: KEY, encPayload: BYTES, encIv: BYTES }, null],
  pollUpdateMessage: [{ pollCreationMessageKey: KEY, vote: { encPayload: BYTES, encIv: BYTES } }, null],
  encEventResponseMessage: [{ eventCreationMessageKey: KEY, encPayload: BYTES }, null],
  secretEncryptedMessage: [{ targetMessageKey: KEY, encPayload: BYTES, secretEncType: 2 }, null],
  pinInChatMessage: [{ key: KEY, type: 1 }, null],
  keepInChatMessage: [{ key: KEY, keepType: 1 }, null],
  protocolMessage: [{ type: proto.Message.ProtocolMessage.Type.REVOKE, key: { ...KEY, fromMe: true } }, null],
  senderKeyDistributionMessage: [{ groupId: GROUP }, null],
  fastRatchetKeySenderKeyDistributionMessage: [{ groupId: GROUP }, null],
  stickerSyncRmrMessage: [{ rmrSource: 'x' }, null],
  messageContextInfo: [{ deviceListMetadataVersion: 2 }, 'Mensagem de um tipo ainda não suportado'],
};

/** The content fields as the proto itself has them. */
export const CONTENT_FIELDS = Object.keys(proto.Message.prototype).filter((field) => field !== 'toJSON') as Field[];
