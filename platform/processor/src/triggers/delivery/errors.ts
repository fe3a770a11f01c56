import { errorsOf } from '@ampoule/lib/errors';

export const triggerErrorCodes = {
  AMP_TRIGGER_URL: 'The url of a trigger is not one that its kind can connect to.',
  AMP_TRIGGER_CONNECT: 'A trigger cannot take events from its broker; the message says why.',
  AMP_TRIGGER_BACKLOG: 'Nobody can say how much waits for a trigger at its broker, so its function does not sleep; the message says why.',
  AMP_TRIGGER_CHECKPOINT: 'The file in which a trigger notes how far it came cannot be read or written; the message says why.',
  AMP_CRON_SCHEDULE: 'A cron trigger needs either an interval or a schedule, and this one has none that can be read.',
  AMP_TRIGGER_KIND_RETIRED: 'The service behind this kind of trigger no longer exists.',
  AMP_TRIGGER_KIND_UNTESTED: 'This kind of trigger needs a service that there is no server of to test against, so it is not supported.',
  AMP_CLOUDEVENT_INVALID: 'An event says that it is a CloudEvent and is none; the message says what is wrong.',
} as const;

export const triggerError = errorsOf(triggerErrorCodes);
