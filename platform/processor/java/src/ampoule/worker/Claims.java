package ampoule.worker;

import java.lang.invoke.VarHandle;
import java.nio.MappedByteBuffer;
import java.util.concurrent.locks.LockSupport;

/** Tells the processor which events have begun, so that it can take back the others; see src/engine/shared-progress.ts. */
final class Claims {
    private static final int BEGUN = 0;
    private static final int GENERATION = 4;
    private static final int DECIDED = 5;
    private static final int PASSED = 6;
    private static final int FIRST = 8;
    private static final int END = 12;
    private static final int LAST_SEQUENCE = 0x7fffffff;
    private static final int HALF = 1 << 30;
    private static final long PAUSE_NS = 50_000;

    private final MappedByteBuffer memory;
    private byte passed;

    Claims(MappedByteBuffer memory) {
        this.memory = memory;
    }

    /** Claims an event. False where the processor has taken it back. */
    boolean begin(int sequence) {
        memory.putInt(BEGUN, sequence);
        // The processor looks at the first after it has written the second.
        VarHandle.fullFence();
        return memory.get(GENERATION) == passed || isLeft(sequence);
    }

    private boolean isLeft(int sequence) {
        byte generation = memory.get(GENERATION);
        while (memory.get(DECIDED) != generation) {
            LockSupport.parkNanos(PAUSE_NS);
            VarHandle.fullFence();
        }
        VarHandle.fullFence();
        int first = memory.getInt(FIRST);
        int taken = (memory.getInt(END) - first) & LAST_SEQUENCE;
        int place = (sequence - first) & LAST_SEQUENCE;
        if (place >= taken - 1 && place < HALF) {
            passed = generation;
            memory.put(PASSED, generation);
        }
        return place >= taken;
    }
}
