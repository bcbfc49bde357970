import type { proto } from '@whiskeysockets/baileys';
import { lines, textOr, type ContentRow, type Facts, type Handlers } from './handler.js';
import { compact, isoFromSeconds } from './proto-values.js';

/** Positions on the map and events with a place and a time. */
export const places: Handlers<'locationMessage' | 'liveLocationMessage' | 'eventMessage'> = {
  locationMessage: { as: 'row', row: locationRow },
  liveLocationMessage: {
    as: 'row',
    row: (live) => ({
      tipo: 'TEXTO',
      subtipo: 'LOCALIZACAO_AO_VIVO',
      conteudo: lines(`📍 Localização em tempo real: ${coordinates(live)}`, live.caption),
      dados: { localizacao: position(live) },
    }),
  },
  eventMessage: { as: 'row', row: eventRow },
};

interface Position {
  degreesLatitude?: number | null;
  degreesLongitude?: number | null;
  accuracyInMeters?: number | null;
  speedInMps?: number | null;
}

function coordinates(at: Position): string {
  return `${(at.degreesLatitude ?? 0).toFixed(6)}, ${(at.degreesLongitude ?? 0).toFixed(6)}`;
}

function position(at: Position): Facts {
  return {
    latitude: at.degreesLatitude ?? 0,
    longitude: at.degreesLongitude ?? 0,
    ...compact({ precisaoMetros: at.accuracyInMeters || null, velocidadeMps: at.speedInMps || null }),
  };
}

export function locationRow(location: proto.Message.ILocationMessage): ContentRow {
  const place = [location.name, location.address].filter((text) => text).join(', ');
  const live = location.isLive === true;
  return {
    tipo: 'TEXTO',
    subtipo: live ? 'LOCALIZACAO_AO_VIVO' : 'LOCALIZACAO',
    conteudo: lines(
      `📍 Localização${live ? ' em tempo real' : ''}: ${textOr(place, coordinates(location))}`,
      location.comment,
    ),
    dados: {
      localizacao: {
        ...position(location),
        ...compact({ nome: location.name, endereco: location.address, url: location.url }),
      },
    },
  };
}

function eventRow(event: proto.Message.IEventMessage): ContentRow {
  const start = isoFromSeconds(event.startTime);
  const place = event.location ? textOr(event.location.name, coordinates(event.location)) : null;
  const title = `Evento${event.isCanceled ? ' cancelado' : ''}: ${textOr(event.name, 'sem nome')}`;
  return {
    tipo: 'TEXTO',
    subtipo: 'EVENTO',
    conteudo: lines(title, start && `Início: ${start}`, place && `Local: ${place}`, event.description),
    dados: {
      evento: compact({
        nome: event.name,
        descricao: event.description,
        inicio: start,
        fim: isoFromSeconds(event.endTime),
        cancelado: event.isCanceled === true,
        link: event.joinLink,
        local: event.location && {
          ...position(event.location),
          ...compact({ nome: event.location.name, endereco: event.location.address }),
        },
      }),
    },
  };
}
