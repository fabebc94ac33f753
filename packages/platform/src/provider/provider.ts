// The DeployProvider port (platform.md section 3): what runs nodes. Verbs are idempotent by node id; a provider knows
// folders, processes and ports, and nothing about chains.

/** What a provider needs to know of a node. `config` is the node's own options file, opaque here. */
export type NodeSpec = {
  readonly id: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly memoryMiB: number;
};

/** Public halves of the keys that the node made on its own side, by purpose, in hexadecimal. */
export type NodeIdentity = Readonly<Record<string, string>>;

/** A node as it was applied: its options file and its public keys. */
export type AppliedNode = { readonly config: Readonly<Record<string, unknown>>; readonly identity: NodeIdentity };

export type NodePorts = Readonly<Record<string, number>>;

export type NodeInstance = {
  readonly pid: number;
  /** Changes at every start; the node answers it at /v1/info, which tells it from a stranger on the same port. */
  readonly instance: string;
  readonly ports: NodePorts;
  readonly startedAtMs: number;
  /** Kernel's start time of the pid, so that a reused pid is not taken for the node. */
  readonly processStart: string;
};

export type NodeExit = {
  readonly code: number | null;
  readonly signal: string | null;
  readonly atMs: number;
  readonly meaning: string;
  /** Last lines the node wrote. */
  readonly tail: readonly string[];
};

export type NodePhase = "absent" | "created" | "running" | "stopped";

export type NodeStatus = {
  readonly id: string;
  readonly phase: NodePhase;
  readonly instance: NodeInstance | undefined;
  readonly exit: NodeExit | undefined;
  readonly rssBytes: number | undefined;
};

export type DeployProvider = {
  /** Makes the folder, writes the options, lets the node make its keys on first use. */
  apply(spec: NodeSpec): Promise<NodeIdentity>;
  /** What `apply` has made of a node; undefined when it is not there. */
  applied(id: string): Promise<AppliedNode | undefined>;
  /** Starts the node and waits until it has said where it listens. A running node is left alone. */
  start(id: string, deadlineMs: number): Promise<NodeInstance>;
  /** Asks the node to end, kills it after the grace time. A stopped node is left alone. */
  stop(id: string, graceMs?: number): Promise<void>;
  remove(id: string): Promise<void>;
  status(ids?: readonly string[]): Promise<NodeStatus[]>;
  logs(id: string, tail: number): Promise<string[]>;
  /** Called when a node that this provider started or adopted is gone. */
  onExit(listener: (id: string, exit: NodeExit) => void): void;
  /** Sends a signal, for tests of recovery. */
  perturb(id: string, how: "kill" | "pause" | "resume"): Promise<void>;
};
