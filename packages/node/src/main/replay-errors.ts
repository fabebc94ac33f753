// What a replay of a recorded chain can end with.

import { type ErrorTable, errorFactory } from "@bystack/utils/errors";

export const REPLAY_ERRORS = {
  REPLAY_FILE_INVALID: {
    kind: "invalid",
    fault: "local",
    message: "The file is no recorded chain.",
    next: "Name a file like vectors/bytom/blocks-solonet.json, and for a reorganisation one like reorg-solonet.json.",
  },
  REPLAY_DIFFERS: {
    kind: "invalid",
    fault: "local",
    message: "The replay does not give what was recorded.",
    next: "Compare the recording with its origin; if it is sound, this is a defect of Bystack.",
  },
  REPLAY_OPTION_INVALID: {
    kind: "invalid",
    fault: "local",
    message: "An option of the replay has no meaning.",
    next: "See bystack replay --help.",
  },
} as const satisfies ErrorTable;

export const replayError = errorFactory(REPLAY_ERRORS);
