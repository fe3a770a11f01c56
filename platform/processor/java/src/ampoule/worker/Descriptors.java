package ampoule.worker;

import java.io.FileDescriptor;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.reflect.Field;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel.MapMode;

/** What the processor leaves open for this process. */
final class Descriptors {
    static final int EVENTS = 3;
    static final int ANSWERS = 4;
    private static final String SHARED = "/proc/self/fd/5";

    private Descriptors() {}

    /** Java makes descriptors of files and addresses alone; a socket that was inherited has neither. The manifest opens java.io for this. */
    static FileDescriptor of(int number) throws ReflectiveOperationException {
        FileDescriptor descriptor = new FileDescriptor();
        Field field = FileDescriptor.class.getDeclaredField("fd");
        field.setAccessible(true);
        field.setInt(descriptor, number);
        return descriptor;
    }

    static MappedByteBuffer sharedMemory() throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(SHARED, "rw")) {
            MappedByteBuffer memory = file.getChannel().map(MapMode.READ_WRITE, 0, file.length());
            memory.order(ByteOrder.LITTLE_ENDIAN);
            return memory;
        }
    }
}
