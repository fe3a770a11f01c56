package io.nuclio;

/** The place of a message in its stream. The offset is a Long, or a String where the source has no numbers. */
public record QualifiedOffset(String topic, long partition, Object offset) {
    public static QualifiedOffset of(Event event) {
        return new QualifiedOffset(event.getTopic(), event.getShardID(), event.getOffset());
    }
}
