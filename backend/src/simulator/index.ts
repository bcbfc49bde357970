/** A WhatsApp server for tests, the demo and benchmarks. */
export { Simulator, type SimulatorOptions } from './simulator.js';
export type { Burst, BurstOptions } from './burst.js';
export type { Companion } from './companion.js';
export type { Contact, ContactOptions, ReceiptType, SendOptions } from './contact.js';
export type { Faults } from './faults.js';
export type { Group, GroupOptions } from './group.js';
export type { History, SimulatorEvent, SimulatorFact } from './history.js';
export type { ReceivedMessage } from './inbox.js';
export type { MediaFields } from './media/media-server.js';
export type { Content } from './message-shape.js';
export type { Phone } from './phone.js';
export { sealedEdit, sealedReaction, sealedAnswer, withSecret } from './sealed-change.js';
export type { SentMessage } from './sent-message.js';
