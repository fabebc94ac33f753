// The names of this package that others read: metrics, and the protocol named in the TLS handshake.

/** Application protocol of the TLS handshake (RFC 7301). */
export const ALPN_PROTOCOL = "bystack/1";

/** Metric names; labels in docs/reference/metrics.md. */
export const NETWORK_METRICS = {
  peers: "network_peers",
  sentBytes: "network_sent_bytes_total",
  receivedBytes: "network_received_bytes_total",
  sentMessages: "network_sent_messages_total",
  receivedMessages: "network_received_messages_total",
  dropped: "network_dropped_total",
  refused: "network_refused_total",
  disconnects: "network_disconnects_total",
  dials: "network_dials_total",
  bans: "network_bans_total",
} as const;
