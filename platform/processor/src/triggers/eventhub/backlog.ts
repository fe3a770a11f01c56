import type { BacklogQuestion } from '../backlog/backlog.ts';
import { KafkaBacklog } from '../kafka/backlog.ts';
import { eventHubSettingsOf } from './attributes.ts';

/** Asks Event Hubs by its Kafka endpoint. */
export class EventHubBacklog extends KafkaBacklog {
  override async ask(question: BacklogQuestion): Promise<number> {
    const { kafka } = eventHubSettingsOf(question.config, question.name);
    return super.ask({ ...question, config: kafka, annotations: {} });
  }
}
