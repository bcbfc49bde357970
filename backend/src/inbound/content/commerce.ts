import type { proto } from '@whiskeysockets/baileys';
import { lines, textOr, type ContentRow, type Handlers } from './handler.js';
import { imageRow } from './media.js';
import { compact, isoFromSeconds, protoJson, safeNumber, type Numeric } from './proto-values.js';

/** Products, orders and payments. */
export const commerce: Handlers<
  | 'productMessage'
  | 'orderMessage'
  | 'invoiceMessage'
  | 'sendPaymentMessage'
  | 'requestPaymentMessage'
  | 'declinePaymentRequestMessage'
  | 'cancelPaymentRequestMessage'
  | 'paymentInviteMessage'
> = {
  productMessage: { as: 'row', row: productRow },
  orderMessage: { as: 'row', row: orderRow },
  invoiceMessage: {
    as: 'row',
    row: (invoice) => ({
      tipo: 'TEXTO',
      subtipo: 'FATURA',
      conteudo: `Fatura: ${textOr(invoice.note, 'sem descrição')}`,
      dados: { fatura: protoJson(invoice) },
    }),
  },
  sendPaymentMessage: { as: 'row', row: paymentRow },
  requestPaymentMessage: { as: 'row', row: paymentRequestRow },
  declinePaymentRequestMessage: {
    as: 'row',
    row: (decline) => paymentNotice('Pedido de pagamento recusado', decline.key),
  },
  cancelPaymentRequestMessage: {
    as: 'row',
    row: (cancel) => paymentNotice('Pedido de pagamento cancelado', cancel.key),
  },
  paymentInviteMessage: {
    as: 'row',
    row: (invite) => ({
      tipo: 'TEXTO',
      subtipo: 'PAGAMENTO',
      conteudo: 'Convite para ativar pagamentos',
      dados: compact({ expiraEm: isoFromSeconds(invite.expiryTimestamp) }),
    }),
  },
};

/** An amount in thousandths, as WhatsApp counts money. */
function money(amount1000: Numeric, currency: string | null | undefined): string | null {
  const thousandths = safeNumber(amount1000);
  if (!thousandths) return null;
  const amount = (thousandths / 1000).toFixed(2).replace('.', ',');
  return currency === 'BRL' ? `R$ ${amount}` : `${currency ?? ''} ${amount}`.trim();
}

function productRow(message: proto.Message.IProductMessage): ContentRow {
  const product = message.product;
  const picture = product?.productImage ?? message.catalog?.catalogImage;
  const price = money(product?.salePriceAmount1000 ?? product?.priceAmount1000, product?.currencyCode);
  const title = textOr(product?.title, textOr(message.catalog?.title, 'sem nome'));
  const conteudo = lines(`Produto: ${title}${price ? ` (${price})` : ''}`, message.body, product?.url);
  const dados = {
    produto: compact({
      id: product?.productId,
      codigo: product?.retailerId,
      titulo: product?.title,
      descricao: product?.description,
      preco: price,
      url: product?.url,
      loja: message.businessOwnerJid,
    }),
  };
  if (!picture) return { tipo: 'TEXTO', subtipo: 'PRODUTO', conteudo, dados };
  const row = imageRow(picture);
  return { ...row, subtipo: 'PRODUTO', conteudo, dados: { ...row.dados, ...dados } };
}

function orderRow(order: proto.Message.IOrderMessage): ContentRow {
  const total = money(order.totalAmount1000, order.totalCurrencyCode);
  const items = order.itemCount ?? 0;
  const heading = `Pedido: ${textOr(order.orderTitle, order.orderId ?? 'sem número')}`;
  return {
    tipo: 'TEXTO',
    subtipo: 'PEDIDO',
    conteudo: lines(
      `${heading} — ${items} ${items === 1 ? 'item' : 'itens'}${total ? `, ${total}` : ''}`,
      order.message,
    ),
    dados: {
      pedido: compact({
        id: order.orderId,
        titulo: order.orderTitle,
        itens: items,
        total,
        token: order.token,
        vendedor: order.sellerJid,
        situacao: order.status,
      }),
    },
  };
}

function paymentRow(payment: proto.Message.ISendPaymentMessage): ContentRow {
  return {
    tipo: 'TEXTO',
    subtipo: 'PAGAMENTO',
    conteudo: lines('Pagamento enviado', noteOf(payment.noteMessage)),
    dados: compact({ pedidoDePagamento: payment.requestMessageKey?.id, transacao: payment.transactionData }),
  };
}

function paymentRequestRow(request: proto.Message.IRequestPaymentMessage): ContentRow {
  const amount = money(request.amount1000, request.currencyCodeIso4217);
  return {
    tipo: 'TEXTO',
    subtipo: 'PAGAMENTO',
    conteudo: lines(`Pedido de pagamento${amount ? `: ${amount}` : ''}`, noteOf(request.noteMessage)),
    dados: {
      pagamento: compact({ valor: amount, de: request.requestFrom, expiraEm: isoFromSeconds(request.expiryTimestamp) }),
    },
  };
}

function paymentNotice(conteudo: string, key: proto.IMessageKey | null | undefined): ContentRow {
  return { tipo: 'TEXTO', subtipo: 'PAGAMENTO', conteudo, dados: compact({ pedidoDePagamento: key?.id }) };
}

function noteOf(note: proto.IMessage | null | undefined): string | null {
  return note?.extendedTextMessage?.text ?? note?.conversation ?? null;
}
