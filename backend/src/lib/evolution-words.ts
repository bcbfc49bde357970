/** What Evolution API v2 (2.3.6) calls our statuses of a message's row. */
export const EVOLUTION_STATUSES: Readonly<Record<string, string>> = {
  PENDENTE: 'PENDING',
  ENVIADA: 'SERVER_ACK',
  ENTREGUE: 'DELIVERY_ACK',
  RECEBIDA: 'DELIVERY_ACK',
  LIDA: 'READ',
  REPRODUZIDA: 'PLAYED',
  ERRO: 'ERROR',
};

/** What it calls the content of a message whose row has this `tipo`; what is not here is `conversation`. */
export const EVOLUTION_MEDIA: Readonly<Record<string, string>> = {
  IMAGEM: 'imageMessage',
  VIDEO: 'videoMessage',
  AUDIO: 'audioMessage',
  DOCUMENTO: 'documentMessage',
};

const CONNECTING = new Set(['initializing', 'pairing', 'qr_ready', 'authenticated', 'reconnecting']);

/** Which of its three states an instance has when a connection has this `estado`. */
export function evolutionState(estado: string): 'open' | 'connecting' | 'close' {
  return estado === 'ready' ? 'open' : CONNECTING.has(estado) ? 'connecting' : 'close';
}
