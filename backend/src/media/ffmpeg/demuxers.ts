import { GatewayError } from '../../lib/errors.js';

/** How ffmpeg reads files of one type. */
export interface Demuxer {
  /** ffmpeg's name of the format. */
  format: string;
  /** ffmpeg's names of the only decoders that it may use. */
  codecs: readonly string[];
  /** The format keeps its index at the end, so that the input must be seekable. */
  seeks?: true;
}

const PCM = [
  ...['u8', 's16le', 's16be', 's24le', 's24be', 's32le', 's32be', 'f32le', 'f32be', 'f64le', 'f64be', 's8'],
  ...['alaw', 'mulaw'],
].map((kind) => `pcm_${kind}`);
const ADPCM = ['adpcm_ms', 'adpcm_ima_wav', 'adpcm_g726', 'adpcm_ima_qt', 'gsm_ms', 'libgsm_ms'];
const MP3 = ['mp3float', 'mp3', 'mp2float', 'mp2', 'mp1float', 'mp1'];
const AAC = ['aac', 'aac_latm', 'aac_fixed'];
const AMR = ['amrnb', 'amrwb', 'libopencore_amrnb', 'libopencore_amrwb'];
const AC3 = ['ac3', 'ac3_fixed', 'eac3'];
const XIPH = ['opus', 'libopus', 'vorbis', 'libvorbis', 'flac', 'speex', 'libspeex'];
const FILM = [
  ...['h264', 'hevc', 'mpeg4', 'h263', 'mjpeg', 'vp8', 'vp9', 'libvpx', 'libvpx-vp9'],
  ...['av1', 'libdav1d', 'libaom-av1', 'mpeg1video', 'mpeg2video', 'theora', 'flv', 'prores', 'dvvideo'],
  ...['wmv1', 'wmv2', 'wmv3', 'vc1', 'msmpeg4', 'msmpeg4v2'],
];
const SOUND_OF_FILM = [...AAC, ...MP3, ...AC3, ...AMR, ...XIPH, 'alac', 'wmav1', 'wmav2', ...PCM, ...ADPCM];

const MOV: Demuxer = { format: 'mov', codecs: [...FILM, ...SOUND_OF_FILM], seeks: true };
const MATROSKA: Demuxer = { format: 'matroska', codecs: [...FILM, ...SOUND_OF_FILM] };
const OGG: Demuxer = { format: 'ogg', codecs: [...XIPH, 'theora'] };
const ASF: Demuxer = { format: 'asf', codecs: ['wmav1', 'wmav2', 'wmapro', 'wmalossless', 'wmavoice', ...FILM] };
const MPEG: Demuxer = { format: 'mpeg', codecs: [...FILM, ...SOUND_OF_FILM] };

/**
 * The one way in which ffmpeg reads each sniffed type. Left to itself ffmpeg chooses by what it finds: bytes that begin like
 * FLAC were played as a playlist that names other files. Formats whose content is the names of other files (HLS, DASH, concat,
 * SDP, picture sequences) have no row and never get one.
 */
export const DEMUXERS: Readonly<Record<string, Demuxer>> = {
  'audio/mpeg': { format: 'mp3', codecs: MP3 },
  'audio/wav': { format: 'wav', codecs: [...PCM, ...ADPCM, ...MP3] },
  'audio/flac': { format: 'flac', codecs: ['flac'] },
  'audio/ogg': OGG,
  'audio/ogg; codecs=opus': OGG,
  'video/ogg': OGG,
  'audio/mp4': MOV,
  'audio/x-m4a': MOV,
  'video/mp4': MOV,
  'video/x-m4v': MOV,
  'video/quicktime': MOV,
  'video/3gpp': MOV,
  'video/3gpp2': MOV,
  'audio/aac': { format: 'aac', codecs: AAC },
  'audio/amr': { format: 'amr', codecs: AMR },
  'audio/aiff': { format: 'aiff', codecs: PCM },
  'audio/vnd.dolby.dd-raw': { format: 'ac3', codecs: AC3 },
  'audio/wavpack': { format: 'wv', codecs: ['wavpack'] },
  'audio/ape': { format: 'ape', codecs: ['ape'], seeks: true },
  'audio/x-ms-asf': ASF,
  'video/x-ms-asf': ASF,
  'video/webm': MATROSKA,
  'video/matroska': MATROSKA,
  'video/vnd.avi': { format: 'avi', codecs: [...FILM, ...SOUND_OF_FILM], seeks: true },
  'video/x-flv': { format: 'flv', codecs: [...FILM, ...SOUND_OF_FILM] },
  'video/mp2t': { format: 'mpegts', codecs: [...FILM, ...SOUND_OF_FILM] },
  'video/mpeg': MPEG,
  'video/MP1S': MPEG,
  'video/MP2P': MPEG,
  'image/gif': { format: 'gif', codecs: ['gif'] },
};

/** Decoders refuse larger pictures; 8K has 33 million. */
const MAX_PIXELS = 40_000_000;
/** Of one allocation. */
const MAX_ALLOCATION = 400 << 20;

/**
 * ffmpeg's arguments up to its input, which is its standard input: no protocol that could open a file or an address is
 * allowed, and neither another format than that of the type nor other decoders.
 * @param type as sniffed
 * @throws GatewayError `UNSUPPORTED_TYPE` when ffmpeg is not to read such a file
 */
export function inputArguments(type: string): string[] {
  const demuxer = Object.hasOwn(DEMUXERS, type) ? DEMUXERS[type] : undefined;
  if (!demuxer) throw new GatewayError('UNSUPPORTED_TYPE', `Files of type ${type} are not converted.`);
  const { format, codecs, seeks } = demuxer;
  return [
    ...['-max_alloc', String(MAX_ALLOCATION)],
    // `cache` keeps what has gone by in an unnamed file.
    ...(seeks ? ['-protocol_whitelist', 'cache,pipe', '-read_ahead_limit', '-1'] : ['-protocol_whitelist', 'pipe']),
    ...['-format_whitelist', format, '-codec_whitelist', codecs.join(',')],
    ...(format === 'mov' ? ['-enable_drefs', '0', '-use_absolute_path', '0'] : []),
    ...['-max_pixels', String(MAX_PIXELS), '-threads', '1', '-f', format],
    ...['-i', seeks ? 'cache:pipe:0' : 'pipe:0'],
  ];
}
