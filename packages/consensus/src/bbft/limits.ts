// Every limit of the BBFT engine, with its unit and its reason. A table that a peer can fill has its cap here.

/** Views above the present one for which votes are kept; farther ones come back as certificates. */
export const VIEWS_AHEAD_MAX = 32;
/** Views below the present one for which votes are kept: a day of failed views at 2 s each would be 43,200. */
export const VIEWS_BEHIND_MAX = 4096;
/**
 * Blocks held above the last final one: proposals seen, fetched ancestors and answers of a sync. Beyond it only what extends
 * the highest certificate is taken, up to the end of the epoch, and leaders fill nothing in.
 */
export const BLOCKS_MAX = 512;
/** How often a leader halves the fill of its blocks at most: a thousandth is next to nothing. */
export const HALVINGS_MAX = 10;
/** Missing blocks that are asked for at the same time. */
export const WANTED_MAX = 64;

/** Votes in one message. */
export const MESSAGE_VOTES_MAX = 512;
/** Certificates in one message: a rebroadcast carries every NULLIFY certificate above the highest NOTARIZE. */
export const MESSAGE_CERTIFICATES_MAX = 256;
/** Block hashes in one FETCH. */
export const FETCH_HASHES_MAX = 16;
/** Views in one FETCH. */
export const FETCH_VIEWS_MAX = 64;
/** Blocks in one answer of a sync. */
export const SYNC_BLOCKS_MAX = 64;
/** Bytes of one message: a block of 4 MB with its certificates, or a sync answer that has to be long. */
export const MESSAGE_BYTES_MAX = 16 * 1024 * 1024;
/**
 * Bytes of one sync answer at which a server stops adding blocks, the certificate's own excepted. A message is one frame,
 * and a vote to the same peer waits behind a frame that is under way: 0.1 s at 100 Mbit/s.
 */
export const SYNC_BYTES_SOFT_MAX = 1024 * 1024;

/** Timeouts grow to this (bbft.md section 6). */
export const TIMEOUT_MAX_MS = 2000;
/** A rebroadcast's interval doubles to this. */
export const REBROADCAST_MAX_MS = 4000;
/** |header time - own clock| while voting (bbft.md section 5). */
export const CLOCK_TOLERANCE_MS = 500;
/** A silence after a restart is lifted after this long without a higher certificate (bbft.md S5). */
export const BAR_PATIENCE_MS = 10_000;
/** ASK is repeated this often until enough have answered. */
export const ASK_INTERVAL_MS = 500;
/** A missing block or certificate is asked for again after this. */
export const FETCH_INTERVAL_MS = 300;
/** One peer gets at most one answer of final blocks in this time. */
export const SERVE_INTERVAL_MS = 100;
/** Bytes of blocks and certificates that one peer may fetch in a second, and at once: some blocks of the largest size. */
export const FETCH_BYTES_PER_SECOND = 32 * 1024 * 1024;
/** Peers whose last answer is remembered for the lines above. */
export const SERVED_PEERS_MAX = 1024;
/** Record entries after which the record is rewritten at the next stored final block. */
export const RECORD_COMPACT_ENTRIES = 256;
/** Entries waiting for the next vote after which they are written without one. */
export const RECORD_PENDING_MAX = 1024;
