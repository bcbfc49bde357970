/** When people answer: per weekday the open intervals, local time. `"22:00"–"02:00"` goes on into the next day. */
export interface BusinessHours {
  dias: Partial<Record<Weekday, [from: string, to: string][]>>;
  /** `2026-12-25` (once) or `12-25` (every year): closed all day. */
  feriados?: string[] | undefined;
}
export const WEEKDAYS = ['dom', 'seg', 'ter', 'qua', 'qui', 'sex', 'sab'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** `since` is the local time at which the closed time began (`2026-11-20T18:00`): the name of that window. */
export type Opening = { open: true } | { open: false; since: string };

const DAY_MINUTES = 24 * 60;
/** A business that is closed for longer has one window. */
const LOOK_BACK_DAYS = 30;

/** Whether people answer at this moment, by Intl's time zones (summer time included). @param zone IANA name */
export function openingAt(hours: BusinessHours, zone: string, at: Date): Opening {
  const now = localTime(zone, at);
  let since: { day: string; minute: number } | null = null;
  // From yesterday's night shift back to the last closing time.
  for (let back = 0; back <= LOOK_BACK_DAYS; back++) {
    const day = addDays(now.day, -back);
    const passed = now.minute + back * DAY_MINUTES;
    for (const [from, to] of intervalsOf(hours, day)) {
      if (from <= passed && passed < to) return { open: true };
      if (to <= passed && (since === null || isLater(day, to, since))) since = endOf(day, to);
    }
    // An interval of the day before could still end later than one found today, so one more day is looked at.
    if (since !== null && back > 0) break;
  }
  return { open: false, since: since ? `${since.day}T${clock(since.minute)}` : 'sempre' };
}

function endOf(day: string, to: number): { day: string; minute: number } {
  return to < DAY_MINUTES ? { day, minute: to } : { day: addDays(day, 1), minute: to - DAY_MINUTES };
}

function isLater(day: string, to: number, than: { day: string; minute: number }): boolean {
  const end = endOf(day, to);
  return end.day > than.day || (end.day === than.day && end.minute > than.minute);
}

/** In minutes from the day's beginning; past midnight they go on counting. */
function intervalsOf({ dias, feriados = [] }: BusinessHours, day: string): [number, number][] {
  if (feriados.includes(day) || feriados.includes(day.slice(5))) return [];
  const weekday = WEEKDAYS[new Date(`${day}T12:00:00Z`).getUTCDay()]!;
  return (dias[weekday] ?? []).map(([from, to]) => {
    const [start, end] = [minutes(from), minutes(to)];
    return [start, end > start ? end : end + DAY_MINUTES];
  });
}

function minutes(text: string): number {
  const [hour = 0, minute = 0] = text.split(':').map(Number);
  return hour * 60 + minute;
}

function clock(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
}

function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T12:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** Day and minute as a clock on the wall there shows them. */
export function localTime(zone: string, at: Date): { day: string; minute: number } {
  const format = new Intl.DateTimeFormat('en-CA', {
    ...{ timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit' },
    ...{ hour: '2-digit', minute: '2-digit' },
  });
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const day = `${part['year']}-${part['month']}-${part['day']}`;
  return { day, minute: minutes(`${part['hour']}:${part['minute']}`) };
}
