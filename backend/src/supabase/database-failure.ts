import { type ErrorCode, GatewayError } from '../lib/errors.js';
import { inWords } from './database-reasons.js';
import { classifyFailure, type FailedAnswer, type FailureClass } from './failure-class.js';

/** What the writer of a batch does next; a duplicate inside a batch is found by bisecting like a dead item. */
export type DatabaseRetryClass = Exclude<FailureClass, 'duplicate'>;

/** The database did not take (or give) what was asked. API callers are shown its code and SQLSTATE, not its message. */
export class DatabaseFailure extends GatewayError {
  readonly retryClass: DatabaseRetryClass;
  /** SQLSTATE, `PGRST…`, `SUP`; '' when the answer had none. Safe to log, unlike the message, which may quote a value. */
  readonly sqlstate: string;
  readonly httpStatus: number;

  /** The reason and what to do, in Portuguese. */
  get inWords(): string {
    return inWords({ status: this.httpStatus, code: this.sqlstate, message: this.message });
  }

  constructor(answer: FailedAnswer, failureClass: FailureClass = classifyFailure(answer)) {
    const retryClass = failureClass === 'duplicate' ? 'dead' : failureClass;
    super(errorCode(retryClass, answer), shorten(answer.message), {
      details: { sqlstate: answer.code, httpStatus: answer.status },
    });
    this.name = 'DatabaseFailure';
    this.retryClass = retryClass;
    this.sqlstate = answer.code;
    this.httpStatus = answer.status;
  }
}

/** Missing tables, columns and functions: migrations were not applied. */
const SCHEMA_CODES = /^(42P01|42703|42883|42704|PGRST20[0-5])$/;

function errorCode(retryClass: DatabaseRetryClass, answer: FailedAnswer): ErrorCode {
  if (retryClass === 'retry') return 'DATABASE_UNAVAILABLE';
  return SCHEMA_CODES.test(answer.code) ? 'SCHEMA_OUTDATED' : 'DATABASE_REFUSED';
}

/** The first line; an error page as a whole would be no message. */
function shorten(message: string): string {
  if (/^\s*</.test(message)) return 'Something between the gateway and the database answered with an HTML page.';
  return message.split('\n')[0]?.slice(0, 300) ?? '';
}
