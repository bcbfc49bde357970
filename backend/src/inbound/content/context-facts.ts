import type { proto } from '@whiskeysockets/baileys';
import { shortLine } from '../../lib/text.js';
import { Cuts } from './caps.js';
import type { Describe, Facts } from './handler.js';
import { base64, compact, protoJson } from './proto-values.js';

/** What a message's `contextInfo` says: the quoted message, mentions, forwards, expiry and the ad it came from. */
export interface ContextFacts {
  /** whatsapp_id of the quoted message. */
  respostaA: string | null;
  dados: Facts;
}

export function contextFacts(context: proto.IContextInfo, describe: Describe): ContextFacts {
  const expiration = context.expiration ?? 0;
  const cuts = new Cuts();
  return {
    respostaA: context.stanzaId || null,
    dados: compact({
      citacao: context.stanzaId ? quotation(context, describe) : null,
      mencoes: cuts.take('mencoes', context.mentionedJid),
      // `@todos`: everybody in the group, whoever they are.
      mencaoATodos: (context.nonJidMentions ?? 0) > 0,
      mencoesGrupo: cuts
        .take('mencoesGrupo', context.groupMentions)
        .map((mention) => compact({ jid: mention.groupJid, nome: mention.groupSubject })),
      encaminhada: Boolean(context.isForwarded) || (context.forwardingScore ?? 0) > 0,
      encaminhamentos: context.forwardingScore || null,
      efemera: expiration > 0,
      expiraEmSegundos: expiration || null,
      anuncio: advertisement(context),
      canalOrigem: forwardedChannel(context.forwardedNewsletterMessageInfo),
      ...cuts.facts(),
    }),
  };
}

/** Enough of the quoted message to read the answer without it. */
function quotation(context: proto.IContextInfo, describe: Describe): Facts {
  const quoted = context.quotedMessage;
  const row = quoted && Object.keys(quoted).length > 0 ? describe(quoted) : null;
  return compact({
    autor: context.participant,
    chat: context.remoteJid,
    tipo: row?.tipo,
    subtipo: row?.subtipo,
    conteudo: row && shortLine(row.conteudo),
    mencoes: row?.dados?.['mencoes'],
    cortes: row?.dados?.['cortes'],
  });
}

/**
 * Where a lead came from: click-to-WhatsApp ads put it into the first message only, so what is dropped here is lost
 * for good (EvolutionAPI/evolution-api#2721). A plain `externalAdReply` without an ad's marks is a link preview.
 */
function advertisement(context: proto.IContextInfo): Facts | null {
  const ad = context.externalAdReply;
  const marked = [ad, context.quotedAd, context.utm, context.ctwaSignals, context.conversionData];
  const origins = [
    context.conversionSource,
    context.entryPointConversionSource,
    context.entryPointConversionExternalSource,
  ];
  if (!marked.some(Boolean) && !origins.some(Boolean)) return null;
  const facts = compact({
    ...(ad ? adFacts(ad) : {}),
    origem: context.conversionSource,
    entrada: context.entryPointConversionSource,
    entradaApp: context.entryPointConversionApp,
    entradaFonteExterna: context.entryPointConversionExternalSource,
    entradaMeioExterno: context.entryPointConversionExternalMedium,
    dadosConversao: base64(context.conversionData),
    sinaisCtwa: context.ctwaSignals,
    utm: context.utm && protoJson(context.utm),
    anuncioCitado:
      context.quotedAd && compact({ anunciante: context.quotedAd.advertiserName, texto: context.quotedAd.caption }),
  });
  return Object.keys(facts).length > 0 ? facts : null;
}

function adFacts(ad: proto.ContextInfo.IExternalAdReplyInfo): Facts {
  return {
    titulo: ad.title,
    texto: ad.body,
    url: ad.sourceUrl,
    sourceId: ad.sourceId,
    sourceType: ad.sourceType,
    sourceApp: ad.sourceApp,
    ctwaClid: ad.ctwaClid,
    ref: ad.ref,
    midiaUrl: ad.mediaUrl,
    miniaturaUrl: ad.thumbnailUrl,
    saudacao: ad.greetingMessageBody,
  };
}

function forwardedChannel(info: proto.ContextInfo.IForwardedNewsletterMessageInfo | null | undefined): Facts | null {
  return info ? compact({ jid: info.newsletterJid, nome: info.newsletterName }) : null;
}
