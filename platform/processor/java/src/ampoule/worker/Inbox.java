package ampoule.worker;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Cuts what comes from the processor into frames, as many at a time as there are. */
final class Inbox {
    private static final int READ_BYTES = 1 << 16;

    private final InputStream events;
    private ByteBuffer buffer = wrap(new byte[READ_BYTES]);
    private int filled;
    private int at;

    Inbox(InputStream events) {
        this.events = events;
    }

    /** Waits for bytes. False where there will be none any more. */
    boolean read() throws IOException {
        makeRoom();
        int count = events.read(buffer.array(), filled, buffer.capacity() - filled);
        if (count > 0) filled += count;
        return count > 0;
    }

    /** The next whole frame in an array of its own, which handlers may keep, or null. */
    ByteBuffer next() {
        if (filled - at < Frames.HEADER_BYTES) return null;
        int length = frameLength();
        if (filled - at < length) return null;
        if (length == buffer.capacity()) return release();
        ByteBuffer frame = wrap(Arrays.copyOfRange(buffer.array(), at, at + length));
        at += length;
        return frame;
    }

    /** A large frame fills a buffer alone, so there is no need to copy it. */
    private ByteBuffer release() {
        ByteBuffer frame = buffer;
        buffer = wrap(new byte[READ_BYTES]);
        filled = 0;
        at = 0;
        return frame;
    }

    private void makeRoom() {
        int rest = filled - at;
        int wanted = rest < Frames.HEADER_BYTES ? READ_BYTES : Math.max(frameLength(), READ_BYTES);
        byte[] source = buffer.array();
        if (buffer.capacity() != wanted) buffer = wrap(new byte[wanted]);
        System.arraycopy(source, at, buffer.array(), 0, rest);
        at = 0;
        filled = rest;
    }

    private int frameLength() {
        return 4 + buffer.getInt(at);
    }

    private static ByteBuffer wrap(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
