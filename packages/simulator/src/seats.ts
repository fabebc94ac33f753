// Who sits in the committee of each epoch, by place in the simulation. Places never change; seats do: the seat is what a
// vote's signer and a bitmap's bit mean in one epoch.

/** Places in committee order. */
export type Seats = readonly number[];

/** Committees that are certain: those of the first two epochs, and of e + 2 once the last block of e can only be final. */
export class SeatMap {
  readonly #byEpoch = new Map<number, Seats>();
  readonly #first: Seats;
  readonly #rotates: boolean;

  constructor(first: Seats, rotates: boolean) {
    this.#first = first;
    this.#rotates = rotates;
    this.set(1, first);
    this.set(2, first);
  }

  set(epoch: number, seats: Seats): void {
    this.#byEpoch.set(epoch, seats);
  }

  /** Undefined for an epoch whose committee is not certain yet. */
  of(epoch: number): Seats | undefined {
    return this.#rotates ? this.#byEpoch.get(epoch) : this.#first;
  }

  /** Place of the one who has a seat; undefined for a seat that does not exist. */
  placeOf(epoch: number, seat: number): number | undefined {
    return this.of(epoch)?.[seat];
  }

  /** Seat of a place in an epoch; -1 when it has none or the committee is not certain yet. */
  seatOf(epoch: number, place: number): number {
    return this.of(epoch)?.indexOf(place) ?? -1;
  }
}
