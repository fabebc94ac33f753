// The Disk port in memory, with what a real disk may do to unsynced data. Each file has a durable content and a list of
// pending sector images (512 bytes, atomic); each folder has durable names and pending name changes. A power cut keeps the
// durable part and any subset of the pending units, in their order; `crash` builds the disk that a process then finds.
// A failed sync abandons its units: a later sync that succeeds does not make them durable (promises.md P16, P18).

import { type Disk, type DiskFile, type DiskOperation, diskError, folderOf, type OpenMode } from "./disk.ts";

export const SECTOR_BYTES = 512;

/** What a step can be made to do: fail with a system code (a write first stores `partialBytes`), or cut the power. */
export type DiskFault = { readonly code: "EIO" | "ENOSPC" | "EROFS" | "POWER_CUT"; readonly partialBytes?: number };

/** One operation that changes the disk, in order of their start; asked before it takes effect. */
export type DiskStep = { readonly index: number; readonly operation: DiskOperation; readonly path: string };

/** Something that a power cut may lose. */
export type PendingUnit = { readonly kind: "sector" | "truncate" | "name"; readonly path: string };

/** What becomes of a pending unit: a torn sector is half there, the other half of its new bytes is rubbish. */
export type UnitFate = "kept" | "lost" | "torn";

type Content = { bytes: Uint8Array; length: number };
type ContentUnit =
  | {
      readonly kind: "sector";
      readonly path: string;
      readonly offset: number;
      readonly image: Uint8Array;
      abandoned: boolean;
    }
  | { readonly kind: "truncate"; readonly path: string; readonly size: number; abandoned: boolean };
type Inode = { readonly visible: Content; readonly durable: Content; pending: ContentUnit[] };
type NameUnit = {
  readonly kind: "name";
  readonly path: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly inode: Inode | undefined;
};

const RUBBISH = 0xa5;

function setLength(content: Content, length: number): void {
  if (length > content.bytes.length) {
    const grown = new Uint8Array(Math.max(length, content.bytes.length * 2, SECTOR_BYTES));
    grown.set(content.bytes.subarray(0, content.length));
    content.bytes = grown;
  }
  if (length < content.length) content.bytes.fill(0, length, content.length);
  content.length = length;
}

function put(content: Content, offset: number, bytes: Uint8Array): void {
  if (offset + bytes.length > content.length) setLength(content, offset + bytes.length);
  content.bytes.set(bytes, offset);
}

const copyOf = (content: Content): Content => ({
  bytes: content.bytes.slice(0, content.length),
  length: content.length,
});
const emptyInode = (): Inode => ({
  visible: { bytes: new Uint8Array(0), length: 0 },
  durable: { bytes: new Uint8Array(0), length: 0 },
  pending: [],
});

function applyUnit(content: Content, unit: ContentUnit, fate: UnitFate): void {
  if (fate === "lost") return;
  if (unit.kind === "truncate") {
    setLength(content, unit.size);
    return;
  }
  const image = unit.image.slice();
  // Sectors are atomic for what they held before; only bytes that are new in this write can be torn.
  const old = Math.max(0, Math.min(image.length, content.length - unit.offset));
  if (fate === "torn") image.fill(RUBBISH, Math.max(old, image.length >> 1));
  put(content, unit.offset, image);
}

/** A disk in memory whose crashes and faults a test controls. */
export class MemoryDisk implements Disk {
  #names = new Map<string, Inode>();
  #durableNames = new Map<string, Inode>();
  #pendingNames: NameUnit[] = [];
  #steps = 0;
  #dead = false;
  #fault: (step: DiskStep) => DiskFault | undefined = () => undefined;

  /** Decides, before each changing step, whether it fails. */
  setFault(fault: (step: DiskStep) => DiskFault | undefined): void {
    this.#fault = fault;
  }

  /** How many changing steps were started. */
  get steps(): number {
    return this.#steps;
  }

  /** What a power cut now could lose, in order; the indices are those that `crash` asks about. */
  get pending(): PendingUnit[] {
    return this.#units().map(({ kind, path }) => ({ kind, path }));
  }

  /** The visible content of a file, or undefined. */
  contentOf(path: string): Uint8Array | undefined {
    const inode = this.#names.get(path);
    return inode?.visible.bytes.slice(0, inode.visible.length);
  }

  /** Damages a stored file, as bit rot does: durable and visible bytes alike. */
  damage(path: string, offset: number, mask = 1): void {
    const inode = this.#names.get(path);
    if (inode === undefined) throw new RangeError(`no file ${path}`);
    for (const content of [inode.visible, inode.durable]) {
      if (offset < content.length) content.bytes[offset] = (content.bytes[offset] ?? 0) ^ mask;
    }
  }

  /** The disk that is found after the power came back, when `fate` decides over each pending unit. */
  crash(fate: (unit: PendingUnit, index: number) => UnitFate): MemoryDisk {
    const units = this.#units();
    const names = new Map(this.#durableNames);
    const contents = new Map<Inode, Content>();
    const contentOf = (inode: Inode): Content => {
      const known = contents.get(inode) ?? copyOf(inode.durable);
      contents.set(inode, known);
      return known;
    };
    units.forEach((unit, index) => {
      const what = fate({ kind: unit.kind, path: unit.path }, index);
      if (unit.kind !== "name") applyUnit(contentOf(unit.inode), unit.unit, what);
      else if (what !== "lost") applyName(names, unit.unit);
    });
    const disk = new MemoryDisk();
    for (const [path, inode] of names) {
      const content = contentOf(inode);
      const fresh: Inode = { visible: copyOf(content), durable: copyOf(content), pending: [] };
      disk.#names.set(path, fresh);
      disk.#durableNames.set(path, fresh);
    }
    return disk;
  }

  async open(path: string, mode: OpenMode): Promise<DiskFile> {
    if (mode === "create") {
      if (this.#names.has(path)) throw diskError("open", path, { code: "EEXIST" });
      this.#step("open", path);
      const inode = emptyInode();
      this.#changeName({ kind: "name", path, from: undefined, to: path, inode });
      return this.#file(path, inode);
    }
    const inode = this.#names.get(path);
    if (this.#dead) throw diskError("open", path, { code: "POWER_CUT" });
    if (inode === undefined) throw diskError("open", path, { code: "ENOENT" });
    return this.#file(path, inode);
  }

  async list(folder: string): Promise<string[]> {
    if (this.#dead) throw diskError("list", folder, { code: "POWER_CUT" });
    return [...this.#names.keys()]
      .filter((path) => folderOf(path) === folder)
      .map((path) => path.slice(folder === "" ? 0 : folder.length + 1))
      .sort();
  }

  async makeFolder(folder: string): Promise<void> {
    // Folders have no entries of their own here: a name carries its folder.
    if (this.#dead) throw diskError("makeFolder", folder, { code: "POWER_CUT" });
  }

  async rename(from: string, to: string): Promise<void> {
    this.#step("rename", from);
    const inode = this.#names.get(from);
    if (inode === undefined) throw diskError("rename", from, { code: "ENOENT" });
    this.#changeName({ kind: "name", path: to, from, to, inode });
  }

  async remove(path: string): Promise<void> {
    this.#step("remove", path);
    if (this.#names.has(path)) this.#changeName({ kind: "name", path, from: path, to: undefined, inode: undefined });
  }

  async syncFolder(folder: string): Promise<void> {
    this.#step("syncFolder", folder);
    const mine = (unit: NameUnit): boolean => folderOf(unit.path) === folder;
    for (const unit of this.#pendingNames.filter(mine)) applyName(this.#durableNames, unit);
    this.#pendingNames = this.#pendingNames.filter((unit) => !mine(unit));
  }

  #units(): (
    | { kind: "name"; path: string; unit: NameUnit }
    | { kind: "sector" | "truncate"; path: string; unit: ContentUnit; inode: Inode }
  )[] {
    // An inode can have lost all its names and still be named durably: a lost removal brings it back.
    const inodes = new Set([...this.#durableNames.values(), ...this.#names.values()]);
    for (const unit of this.#pendingNames) if (unit.inode !== undefined) inodes.add(unit.inode);
    const content = [...inodes].flatMap((inode) =>
      inode.pending.map((unit) => ({ kind: unit.kind, path: unit.path, unit, inode })),
    );
    return [...this.#pendingNames.map((unit) => ({ kind: unit.kind, path: unit.path, unit })), ...content];
  }

  #changeName(unit: NameUnit): void {
    applyName(this.#names, unit);
    this.#pendingNames.push(unit);
  }

  /** Counts a step and lets the fault take its effect; returns how much of a write still happens. */
  #step(operation: DiskOperation, path: string): void {
    const fault = this.#consult(operation, path);
    if (fault !== undefined) throw diskError(operation, path, { code: fault.code });
  }

  #consult(operation: DiskOperation, path: string): DiskFault | undefined {
    if (this.#dead) return { code: "POWER_CUT" };
    const fault = this.#fault({ index: this.#steps, operation, path });
    this.#steps += 1;
    if (fault?.code === "POWER_CUT") this.#dead = true;
    return fault;
  }

  #file(path: string, inode: Inode): DiskFile {
    const { visible } = inode;
    return {
      path,
      size: async () => visible.length,
      read: async (offset, length) => {
        if (this.#dead) throw diskError("read", path, { code: "POWER_CUT" });
        return visible.bytes.slice(Math.min(offset, visible.length), Math.min(offset + length, visible.length));
      },
      write: async (offset, bytes) => {
        const fault = this.#consult("write", path);
        const done = fault === undefined ? bytes : bytes.subarray(0, Math.min(bytes.length, fault.partialBytes ?? 0));
        this.#write(path, inode, { offset, bytes: done });
        if (fault !== undefined) throw diskError("write", path, { code: fault.code });
      },
      truncate: async (size) => {
        this.#step("truncate", path);
        setLength(visible, size);
        inode.pending.push({ kind: "truncate", path, size, abandoned: false });
      },
      sync: async () => {
        const fault = this.#consult("sync", path);
        if (fault !== undefined) {
          for (const unit of inode.pending) unit.abandoned = true;
          throw diskError("sync", path, { code: fault.code });
        }
        for (const unit of inode.pending) if (!unit.abandoned) applyUnit(inode.durable, unit, "kept");
        inode.pending = inode.pending.filter((unit) => unit.abandoned);
      },
      close: async () => {},
    };
  }

  #write(path: string, inode: Inode, what: { offset: number; bytes: Uint8Array }): void {
    if (what.bytes.length === 0) return;
    put(inode.visible, what.offset, what.bytes);
    const end = what.offset + what.bytes.length;
    for (let sector = Math.floor(what.offset / SECTOR_BYTES) * SECTOR_BYTES; sector < end; sector += SECTOR_BYTES) {
      const image = inode.visible.bytes.slice(sector, Math.min(sector + SECTOR_BYTES, inode.visible.length));
      inode.pending.push({ kind: "sector", path, offset: sector, image, abandoned: false });
    }
  }
}

function applyName(names: Map<string, Inode>, unit: NameUnit): void {
  if (unit.from !== undefined) names.delete(unit.from);
  if (unit.to !== undefined && unit.inode !== undefined) names.set(unit.to, unit.inode);
}

/** An empty disk in memory. */
export function createMemoryDisk(): MemoryDisk {
  return new MemoryDisk();
}
