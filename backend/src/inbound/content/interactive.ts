import type { proto } from '@whiskeysockets/baileys';
import { Cuts } from './caps.js';
import { lines, textOr, type ContentRow, type Facts, type Handlers } from './handler.js';
import { documentRow, imageRow, videoRow } from './media.js';
import { locationRow } from './places.js';
import { protoJson } from './proto-values.js';

/** Messages with buttons and lists, as businesses send them. */
export const interactive: Handlers<
  'buttonsMessage' | 'listMessage' | 'templateMessage' | 'interactiveMessage' | 'highlyStructuredMessage'
> = {
  buttonsMessage: { as: 'row', row: buttonsRow },
  listMessage: { as: 'row', row: listRow },
  templateMessage: { as: 'row', row: templateRow },
  interactiveMessage: { as: 'row', row: interactiveRow },
  highlyStructuredMessage: { as: 'row', row: structuredRow },
};

interface Header {
  imageMessage?: proto.Message.IImageMessage | null;
  videoMessage?: proto.Message.IVideoMessage | null;
  documentMessage?: proto.Message.IDocumentMessage | null;
  locationMessage?: proto.Message.ILocationMessage | null;
}

/** The header's picture, film or file gives the row its type; the text is the message's. */
function withHeader(header: Header | null | undefined, subtipo: string, text: string, facts: Facts): ContentRow {
  const head = headerRow(header);
  const conteudo = textOr(text, head?.conteudo ?? 'Mensagem interativa');
  if (head === null) return { tipo: 'TEXTO', subtipo, conteudo, dados: facts };
  return { ...head, subtipo, conteudo, dados: { ...head.dados, ...facts } };
}

function headerRow(header: Header | null | undefined): ContentRow | null {
  if (header?.imageMessage) return imageRow(header.imageMessage);
  if (header?.videoMessage) return videoRow(header.videoMessage);
  if (header?.documentMessage) return documentRow(header.documentMessage);
  return header?.locationMessage ? locationRow(header.locationMessage) : null;
}

function buttonsRow(message: proto.Message.IButtonsMessage): ContentRow {
  const cuts = new Cuts();
  const buttons = cuts.take('botoes', message.buttons).map((button) => ({
    id: button.buttonId ?? '',
    texto: button.buttonText?.displayText ?? button.nativeFlowInfo?.name ?? '',
  }));
  const text = lines(
    message.text,
    message.contentText,
    message.footerText,
    ...bullets(buttons.map(({ texto }) => texto)),
  );
  return withHeader(message, 'BOTOES', text, { botoes: buttons, ...cuts.facts() });
}

function listRow(message: proto.Message.IListMessage): ContentRow {
  const cuts = new Cuts();
  const rows = (message.sections ?? []).map((section) => section.rows);
  const options = cuts.takeOf('opcoes', rows).map((row) => ({
    id: row.rowId ?? '',
    texto: row.title ?? '',
    descricao: row.description ?? '',
  }));
  const sections = message.productListInfo?.productSections ?? [];
  const inSections = sections.reduce((sum, section) => sum + (section.products?.length ?? 0), 0);
  const products = cuts.takeOf(
    'produtos',
    sections.map((section) => section.products),
  );
  const text = lines(
    message.title,
    message.description,
    message.footerText,
    ...bullets(options.map(({ texto }) => texto)),
    inSections > 0 ? `${inSections} produtos` : null,
  );
  return {
    tipo: 'TEXTO',
    subtipo: 'LISTA',
    conteudo: textOr(text, textOr(message.buttonText, 'Lista')),
    dados: {
      opcoes: options,
      ...(products.length > 0 ? { produtos: products.map(({ productId }) => productId) } : {}),
      ...cuts.facts(),
    },
  };
}

function templateRow(message: proto.Message.ITemplateMessage): ContentRow {
  if (message.interactiveMessageTemplate) return interactiveRow(message.interactiveMessageTemplate);
  const hydrated = message.hydratedTemplate ?? message.hydratedFourRowTemplate;
  if (!hydrated) return fourRowTemplate(message.fourRowTemplate);
  const cuts = new Cuts();
  const buttons = cuts.take('botoes', hydrated.hydratedButtons).map((button) => ({
    texto:
      button.quickReplyButton?.displayText ?? button.urlButton?.displayText ?? button.callButton?.displayText ?? '',
    id: button.quickReplyButton?.id ?? button.urlButton?.url ?? button.callButton?.phoneNumber ?? '',
  }));
  const text = lines(
    hydrated.hydratedTitleText,
    hydrated.hydratedContentText,
    hydrated.hydratedFooterText,
    ...bullets(buttons.map(({ texto }) => texto)),
  );
  return withHeader(hydrated, 'MODELO', text, { botoes: buttons, ...cuts.facts() });
}

function fourRowTemplate(template: proto.Message.TemplateMessage.IFourRowTemplate | null | undefined): ContentRow {
  const cuts = new Cuts();
  const parts = [template?.highlyStructuredMessage, template?.content, template?.footer];
  const text = lines(...parts.map((part) => structuredText(part, cuts)));
  const facts = { modelo: protoJson(template ?? {}), ...cuts.facts() };
  return withHeader(template, 'MODELO', textOr(text, 'Mensagem de modelo'), facts);
}

function interactiveRow(message: proto.Message.IInteractiveMessage): ContentRow {
  const cuts = new Cuts();
  const buttons = cuts.take('botoes', message.nativeFlowMessage?.buttons).map((button) => ({
    nome: button.name ?? '',
    parametros: button.buttonParamsJson ?? '',
  }));
  const cards = cuts.take('cartoes', message.carouselMessage?.cards);
  const text = lines(
    message.header?.title,
    message.header?.subtitle,
    message.body?.text,
    message.footer?.text,
    ...bullets(buttons.map(({ nome, parametros }) => textOr(displayText(parametros), nome))),
    ...cards.map((card) => `▪ ${textOr(lines(card.header?.title, card.body?.text).replaceAll('\n', ': '), 'cartão')}`),
  );
  return withHeader(message.header, 'INTERATIVA', text, {
    botoes: buttons,
    ...(cards.length > 0 ? { cartoes: protoJson(cards) } : {}),
    ...(message.shopStorefrontMessage ? { loja: protoJson(message.shopStorefrontMessage) } : {}),
    ...(message.collectionMessage ? { colecao: protoJson(message.collectionMessage) } : {}),
    ...cuts.facts(),
  });
}

/** Native-flow buttons keep their label inside a JSON text. */
function displayText(parameters: string): string | null {
  try {
    const parsed: unknown = JSON.parse(parameters);
    const label = (parsed as { display_text?: unknown } | null)?.display_text;
    return typeof label === 'string' ? label : null;
  } catch {
    // Whoever wrote the button wrote no JSON: its name is shown instead.
    return null;
  }
}

function structuredRow(message: proto.Message.IHighlyStructuredMessage): ContentRow {
  if (message.hydratedHsm) return templateRow(message.hydratedHsm);
  const cuts = new Cuts();
  const conteudo = textOr(structuredText(message, cuts), 'Mensagem de modelo');
  return { tipo: 'TEXTO', subtipo: 'MODELO', conteudo, dados: { modelo: protoJson(message), ...cuts.facts() } };
}

function structuredText(message: proto.Message.IHighlyStructuredMessage | null | undefined, cuts: Cuts): string {
  return lines(message?.elementName, ...cuts.take('campos', message?.params));
}

function bullets(texts: string[]): string[] {
  return texts.filter((text) => text.trim() !== '').map((text) => `• ${text}`);
}
