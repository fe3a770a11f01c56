package ampoule.worker;

import io.nuclio.EventHandler;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A worker of the processor: loads the handler, then runs it for what comes in. See README.md. */
public final class Main {
    private Main() {}

    public static void main(String[] args) throws Exception {
        MappedByteBuffer memory = Descriptors.sharedMemory();
        Inbox inbox = new Inbox(new FileInputStream(Descriptors.of(Descriptors.EVENTS)));
        Outbox outbox = new Outbox(memory, new FileOutputStream(Descriptors.of(Descriptors.ANSWERS)));
        Map<String, Object> start = startOf(inbox);
        if (start == null) return;
        WorkerContext context = new WorkerContext(
                new WorkerLogger(text(start, "functionName")),
                new WorkerPlatform(outbox),
                ((Number) start.get("workerId")).intValue(),
                text(start, "functionName"));
        EventHandler handler;
        try {
            handler = new HandlerLoader(Path.of(text(start, "folder"))).load(text(start, "handler"));
            init(handler, context);
        } catch (LoadFailure failure) {
            outbox.sendControl(failure.message());
            System.exit(1);
            return;
        }
        outbox.sendControl(Map.of("kind", "ready"));
        new Watch().start();
        int status = 0;
        try {
            new Runner(inbox, outbox, new Claims(memory), context, handler, triggersOf(start)).run();
        } catch (IOException | UncheckedIOException error) {
            status = 1;
        }
        // Threads of the function must not keep a worker whose processor is gone.
        System.exit(status);
    }

    /** The first frame says what this worker is. Null where the processor is gone already. */
    private static Map<String, Object> startOf(Inbox inbox) throws IOException {
        while (inbox.read()) {
            ByteBuffer frame = inbox.next();
            if (frame == null) continue;
            int length = frame.capacity() - Frames.HEADER_BYTES;
            return JsonReader.objectOf(new String(frame.array(), Frames.HEADER_BYTES, length, StandardCharsets.UTF_8));
        }
        return null;
    }

    private static void init(EventHandler handler, WorkerContext context) throws LoadFailure {
        try {
            handler.initContext(context);
        } catch (Throwable error) {
            throw LoadFailure.broken("initContext failed", Outputs.traceOf(error));
        }
    }

    @SuppressWarnings("unchecked")
    private static Trigger[] triggersOf(Map<String, Object> start) {
        List<Map<String, Object>> given = (List<Map<String, Object>>) start.get("triggers");
        Trigger[] triggers = new Trigger[given.size()];
        for (Map<String, Object> each : given) {
            int index = ((Number) each.get("index")).intValue();
            if (index < triggers.length) triggers[index] = new Trigger(text(each, "kind"), text(each, "name"));
        }
        return triggers;
    }

    private static String text(Map<String, Object> object, String name) {
        return (String) object.get(name);
    }
}
