/** A JSON object of Evolution's API. */
export type Json = Record<string, unknown>;
let counter = 0;

/** The body of an event as an Evolution server of 2.3.6 posts it. Each is a second later than the one before. */
export function anEnvelope(event: string, instance: string, data: unknown, more: Json = {}): Json {
  counter += 1;
  return {
    ...{ event, instance, data, destination: 'https://gateway.example/api/webhook/evolution' },
    date_time: new Date(Date.UTC(2026, 10, 21, 9) + counter * 1000).toISOString(),
    ...{ sender: '5511900000000@s.whatsapp.net', server_url: 'http://localhost:8080', apikey: null },
    ...more,
  };
}
