package ampoule.worker;

import io.nuclio.BatchEventHandler;
import io.nuclio.Event;
import io.nuclio.EventHandler;
import io.nuclio.TriggerInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Runs the handler: one event after the other. */
final class Runner {
    /** What is finished is handed over at least this often while events are at hand. */
    private static final long FLUSH_NS = 500_000;
    private static final Trigger UNKNOWN = new Trigger("http", "");
    private static final Map<String, String> DONE = Map.of("drain", "drained", "resume", "resumed", "terminate", "terminated");

    private final Inbox inbox;
    private final Outbox outbox;
    private final Claims claims;
    private final WorkerContext context;
    private final EventHandler handler;
    private final Trigger[] triggers;
    private final EventLogs.Finder finder = new EventLogs.Finder();

    Runner(Inbox inbox, Outbox outbox, Claims claims, WorkerContext context, EventHandler handler, Trigger[] triggers) {
        this.inbox = inbox;
        this.outbox = outbox;
        this.claims = claims;
        this.context = context;
        this.handler = handler;
        this.triggers = triggers;
    }

    /** Returns when the processor has no more. */
    void run() throws IOException {
        long flushedAt = System.nanoTime();
        do {
            for (ByteBuffer frame = inbox.next(); frame != null; frame = inbox.next()) {
                run(frame);
                if (System.nanoTime() - flushedAt > FLUSH_NS) {
                    outbox.flush();
                    flushedAt = System.nanoTime();
                }
            }
            outbox.flush();
        } while (inbox.read());
    }

    private void run(ByteBuffer frame) {
        int sequence = frame.getInt(4);
        switch (frame.get(8)) {
            case Frames.EVENT -> {
                if (claims.begin(sequence)) runEvent(sequence, eventAt(frame, 0, true));
            }
            case Frames.BATCH -> {
                if (claims.begin(sequence)) runBatch(sequence, eventsIn(frame));
            }
            default -> {
                int length = frame.capacity() - Frames.HEADER_BYTES;
                String text = new String(frame.array(), Frames.HEADER_BYTES, length, StandardCharsets.UTF_8);
                signal((String) JsonReader.objectOf(text).get("kind"));
            }
        }
    }

    private void runEvent(int sequence, FrameEvent event) {
        long started = System.nanoTime();
        Level level = event.logLevel(finder);
        Answer answer = level == null ? answerTo(event) : answerWithLogs(event, level);
        outbox.putAnswer(sequence, answer, microsecondsSince(started));
    }

    private Answer answerTo(FrameEvent event) {
        context.platform().setInHand(event);
        try {
            return Outputs.answerOf(handler.handleEvent(context, event));
        } catch (Throwable error) {
            return failed(error);
        }
    }

    private Answer answerWithLogs(FrameEvent event, Level level) {
        EventLogs logs = new EventLogs(level);
        context.logger().collectInto(logs);
        Answer answer = answerTo(event);
        context.logger().collectInto(null);
        return logs.addTo(answer);
    }

    /** A handler that knows no batches gets the events one after the other. */
    private void runBatch(int sequence, List<Event> events) {
        long started = System.nanoTime();
        Answer[] answers = new Answer[events.size()];
        if (handler instanceof BatchEventHandler batches) {
            context.platform().setInHand(null);
            try {
                answers = Outputs.answersOf(batches.handleBatch(context, events), events);
            } catch (Throwable error) {
                Arrays.fill(answers, failed(error));
            }
        } else for (int i = 0; i < answers.length; i += 1) answers[i] = answerTo((FrameEvent) events.get(i));
        outbox.putBatch(sequence, answers, microsecondsSince(started));
    }

    private Answer failed(Throwable error) {
        // What a handler leaves interrupted must not interrupt the next one.
        Thread.interrupted();
        context.logger().errorWith("The handler failed", "error", error.toString(), "stack", Outputs.traceOf(error));
        return Outputs.failureOf(error);
    }

    private void signal(String kind) {
        Runnable callback = context.platform().callbackOf(kind);
        try {
            if (callback != null) callback.run();
        } catch (Throwable error) {
            context.logger().errorWith("The " + kind + " callback failed", "error", error.toString());
        }
        outbox.sendControl(Map.of("kind", DONE.get(kind)));
    }

    private List<Event> eventsIn(ByteBuffer frame) {
        List<Event> events = new ArrayList<>();
        for (int at = Frames.HEADER_BYTES; at < frame.capacity(); ) {
            int next = at + 4 + frame.getInt(at);
            events.add(eventAt(frame, at, next == frame.capacity()));
            at = next;
        }
        return events;
    }

    private FrameEvent eventAt(ByteBuffer frame, int at, boolean isLast) {
        int index = frame.getShort(at + 10) & 0xffff;
        TriggerInfo trigger = index < triggers.length && triggers[index] != null ? triggers[index] : UNKNOWN;
        return new FrameEvent(frame, at, trigger, isLast);
    }

    private static int microsecondsSince(long started) {
        return (int) Math.min((System.nanoTime() - started) / 1000, Integer.MAX_VALUE);
    }
}
