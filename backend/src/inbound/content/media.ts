import type { proto } from '@whiskeysockets/baileys';
import { safeFileName } from '../../lib/file-name.js';
import type { TipoMensagem } from '../../supabase/evento.js';
import { textOr, type ContentRow, type Facts, type Handlers } from './handler.js';
import { base64, compact, count, isoFromSeconds, type Numeric } from './proto-values.js';

/** Fields that all of WhatsApp's encrypted files share. */
interface EncryptedFile {
  url?: string | null;
  directPath?: string | null;
  mimetype?: string | null;
  mediaKey?: Uint8Array | null;
  fileSha256?: Uint8Array | null;
  fileEncSha256?: Uint8Array | null;
  fileLength?: Numeric;
  mediaKeyTimestamp?: Numeric;
  height?: number | null;
  width?: number | null;
  seconds?: number | null;
  jpegThumbnail?: Uint8Array | null;
  pngThumbnail?: Uint8Array | null;
  viewOnce?: boolean | null;
}

/** Baileys' names of the key derivations (`downloadContentFromMessage`). */
type MediaKind = 'image' | 'video' | 'ptv' | 'audio' | 'document' | 'sticker' | 'sticker-pack';

/** Larger previews stay with WhatsApp: `dados` is read with every list of messages. */
const MAX_THUMBNAIL_BYTES = 12_288;

/** Pictures, films, sounds, files and stickers: the row says what it is, `dados.midia` how to fetch the bytes. */
export const media: Handlers<
  | 'imageMessage'
  | 'videoMessage'
  | 'ptvMessage'
  | 'audioMessage'
  | 'documentMessage'
  | 'stickerMessage'
  | 'stickerPackMessage'
  | 'albumMessage'
> = {
  imageMessage: { as: 'row', row: imageRow },
  videoMessage: { as: 'row', row: videoRow },
  ptvMessage: {
    as: 'row',
    row: (video) => file('VIDEO', 'RECADO_DE_VIDEO', textOr(video.caption, 'Recado de vídeo'), video, 'ptv'),
  },
  audioMessage: { as: 'row', row: audioRow },
  documentMessage: { as: 'row', row: documentRow },
  stickerMessage: { as: 'row', row: stickerRow },
  stickerPackMessage: { as: 'row', row: stickerPackRow },
  albumMessage: { as: 'row', row: albumRow },
};

export function imageRow(image: proto.Message.IImageMessage): ContentRow {
  return file('IMAGEM', null, textOr(image.caption, 'Imagem'), image, 'image');
}

export function videoRow(video: proto.Message.IVideoMessage): ContentRow {
  const gif = video.gifPlayback === true;
  return file('VIDEO', gif ? 'GIF' : null, textOr(video.caption, gif ? 'GIF' : 'Vídeo'), video, 'video');
}

export function documentRow(document: proto.Message.IDocumentMessage): ContentRow {
  const name = safeFileName(textOr(document.fileName, textOr(document.title, ''))) ?? '';
  const row = file('DOCUMENTO', null, textOr(document.caption, textOr(name, 'Documento')), document, 'document', {
    paginas: document.pageCount || null,
    titulo: document.title,
    contato: document.contactVcard === true,
  });
  return { ...row, midia_nome: name || null };
}

function audioRow(audio: proto.Message.IAudioMessage): ContentRow {
  const voice = audio.ptt === true;
  return file('AUDIO', voice ? 'VOZ' : null, voice ? 'Mensagem de voz' : 'Áudio', audio, 'audio', {
    onda: base64(audio.waveform),
  });
}

function stickerRow(sticker: proto.Message.IStickerMessage): ContentRow {
  return file('IMAGEM', 'FIGURINHA', 'Figurinha', sticker, 'sticker', {
    animada: sticker.isAnimated === true || sticker.isLottie === true,
    lottie: sticker.isLottie === true,
    avatar: sticker.isAvatar === true,
    descricao: sticker.accessibilityLabel,
  });
}

function stickerPackRow(pack: proto.Message.IStickerPackMessage): ContentRow {
  const conteudo = `Pacote de figurinhas: ${textOr(pack.name, 'sem nome')}`;
  return file('IMAGEM', 'PACOTE_DE_FIGURINHAS', textOr(pack.caption, conteudo), pack, 'sticker-pack', {
    pacote: compact({ id: pack.stickerPackId, autor: pack.publisher, descricao: pack.packDescription }),
    figurinhas: pack.stickers?.length || null,
  });
}

/** The pictures of an album follow as messages of their own, each naming the album as its `dados.associacao`. */
function albumRow(album: proto.Message.IAlbumMessage): ContentRow {
  const images = album.expectedImageCount ?? 0;
  const videos = album.expectedVideoCount ?? 0;
  return {
    tipo: 'TEXTO',
    subtipo: 'ALBUM',
    conteudo: `Álbum: ${images} ${images === 1 ? 'imagem' : 'imagens'} e ${videos} ${videos === 1 ? 'vídeo' : 'vídeos'}`,
    dados: { album: { imagens: images, videos } },
  };
}

function file(
  tipo: TipoMensagem,
  subtipo: string | null,
  conteudo: string,
  content: EncryptedFile,
  kind: MediaKind,
  facts: Facts = {},
): ContentRow {
  return {
    tipo,
    subtipo,
    conteudo,
    midia_tipo: content.mimetype || null,
    midia_nome: null,
    midia_tamanho: count(content.fileLength),
    dados: compact({
      ...facts,
      duracao: count(content.seconds),
      largura: count(content.width),
      altura: count(content.height),
      visualizacaoUnica: content.viewOnce === true,
      midia: fetchFacts(content, kind),
    }),
  };
}

/** What a later download needs: WhatsApp sends it once, in this message. */
function fetchFacts(content: EncryptedFile, kind: MediaKind): Facts {
  const thumbnail = content.jpegThumbnail ?? content.pngThumbnail;
  return compact({
    classe: kind,
    url: content.url,
    directPath: content.directPath,
    mediaKey: base64(content.mediaKey),
    mediaKeyEm: isoFromSeconds(content.mediaKeyTimestamp),
    fileSha256: base64(content.fileSha256),
    fileEncSha256: base64(content.fileEncSha256),
    miniatura: thumbnail && thumbnail.length <= MAX_THUMBNAIL_BYTES ? base64(thumbnail) : null,
  });
}
