/** Sends since the start. */
export class SendCounter {
  #accepted = 0;
  #sent = 0;
  #failed = 0;

  accepted(): void {
    this.#accepted += 1;
  }
  sent(): void {
    this.#sent += 1;
  }
  failed(): void {
    this.#failed += 1;
  }

  /** `successRate` is sent / (sent + failed), 0 to 1; null before the first outcome. */
  get figures(): { accepted: number; sent: number; failed: number; successRate: number | null } {
    const finished = this.#sent + this.#failed;
    const successRate = finished === 0 ? null : this.#sent / finished;
    return { accepted: this.#accepted, sent: this.#sent, failed: this.#failed, successRate };
  }
}
