package ampoule.worker;

import java.nio.ByteBuffer;

/** The layout of src/engine/frames.ts, and how answers are written. Buffers are little-endian. */
final class Frames {
    static final int EVENT = 1;
    static final int ANSWER = 2;
    static final int BATCH = 3;
    static final int CONTROL = 4;
    /** Bytes after this number, sequence, kind, flags, trigger or status. */
    static final int HEADER_BYTES = 12;
    /** With timestamp and the lengths of method, target, head, attributes and body. */
    static final int EVENT_BYTES = HEADER_BYTES + 24;
    /** With duration and the lengths of head and body. */
    private static final int ANSWER_BYTES = HEADER_BYTES + 12;
    private static final int LENGTH_BYTES = 4;

    private Frames() {}

    static int length(Answer answer) {
        return ANSWER_BYTES + answer.head().length + answer.body().length;
    }

    static int length(Answer[] answers) {
        int length = HEADER_BYTES;
        for (Answer answer : answers) length += length(answer);
        return length;
    }

    static int length(byte[] message) {
        return HEADER_BYTES + message.length;
    }

    static void putAnswer(ByteBuffer buffer, int sequence, Answer answer, int microseconds) {
        putHeader(buffer, length(answer), sequence, ANSWER, answer.status());
        buffer.putInt(microseconds).putInt(answer.head().length).putInt(answer.body().length);
        buffer.put(answer.head()).put(answer.body());
    }

    static void putBatch(ByteBuffer buffer, int sequence, Answer[] answers, int microseconds) {
        putHeader(buffer, length(answers), sequence, BATCH, 0);
        for (int i = 0; i < answers.length; i += 1) putAnswer(buffer, i, answers[i], microseconds);
    }

    static void putControl(ByteBuffer buffer, byte[] message) {
        putHeader(buffer, length(message), 0, CONTROL, 0);
        buffer.put(message);
    }

    private static void putHeader(ByteBuffer buffer, int length, int sequence, int kind, int word) {
        buffer.putInt(length - LENGTH_BYTES).putInt(sequence).put((byte) kind).put((byte) 0).putShort((short) word);
    }
}
