package ampoule.worker;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;

/**
 * Frames to the processor. Those that are not written yet lie in shared memory too, so that the end of this process does not lose them.
 * The layout of that memory is in src/engine/shared-progress.ts.
 */
final class Outbox {
    private static final int FILLED = 16;
    private static final int WRITTEN = 24;
    private static final int VERSION = 32;
    private static final int START = 64;

    private final MappedByteBuffer memory;
    private final OutputStream answers;
    private final ByteBuffer pending;
    private long written;
    private int version;

    Outbox(MappedByteBuffer memory, OutputStream answers) {
        this.memory = memory;
        this.answers = answers;
        this.pending = allocate(memory.capacity() - START);
    }

    synchronized void putAnswer(int sequence, Answer answer, int microseconds) {
        ByteBuffer target = room(Frames.length(answer));
        Frames.putAnswer(target, sequence, answer, microseconds);
        keep(target);
    }

    synchronized void putBatch(int sequence, Answer[] batch, int microseconds) {
        ByteBuffer target = room(Frames.length(batch));
        Frames.putBatch(target, sequence, batch, microseconds);
        keep(target);
    }

    synchronized void sendControl(Object message) {
        byte[] text = JsonWriter.bytesOf(message);
        ByteBuffer target = room(Frames.length(text));
        Frames.putControl(target, text);
        keep(target);
        flush();
    }

    synchronized void flush() {
        int filled = pending.position();
        if (filled == 0) return;
        // Emptied last, so that it can be told from the bytes that arrived what is missing.
        send(pending.array(), filled);
        pending.clear();
        changeVersion();
        memory.putInt(FILLED, 0);
        count(filled);
        changeVersion();
    }

    /** Where a frame goes: behind the others, or into a buffer of its own where it is too large for that. */
    private ByteBuffer room(int length) {
        if (length > pending.remaining()) flush();
        return length > pending.remaining() ? allocate(length) : pending;
    }

    private void keep(ByteBuffer target) {
        if (target == pending) {
            int from = memory.getInt(FILLED);
            memory.put(START + from, pending.array(), from, pending.position() - from);
            VarHandle.releaseFence();
            memory.putInt(FILLED, pending.position());
        } else {
            send(target.array(), target.position());
            count(target.position());
        }
    }

    private void send(byte[] content, int length) {
        try {
            answers.write(content, 0, length);
        } catch (IOException error) {
            throw new UncheckedIOException("The processor is gone", error);
        }
    }

    private void changeVersion() {
        version += 1;
        VarHandle.fullFence();
        memory.putInt(VERSION, version);
        VarHandle.fullFence();
    }

    private void count(int length) {
        written += length;
        memory.putLong(WRITTEN, written);
    }

    private static ByteBuffer allocate(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
