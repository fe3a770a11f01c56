package ampoule.worker;

import io.nuclio.Event;
import io.nuclio.Response;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What handlers give, as answers. */
final class Outputs {
    private static final String TEXT = "text/plain";
    private static final byte[] TEXT_HEAD = Headers.headOf(TEXT, Map.of());
    private static final byte[] NOTHING = {};
    private static final Answer EMPTY = new Answer(200, TEXT_HEAD, NOTHING);
    private static final Answer MISSING = failure("The handler gave no answer to this event of the batch");
    private static final int MOST_CAUSES = 16;
    private static final int MOST_CALLS = 100;

    private Outputs() {}

    /** @throws IllegalArgumentException where HTTP does not allow a header or status */
    static Answer answerOf(Response response) {
        if (response == null) return EMPTY;
        long status = response.getStatusCode();
        // Below 200 are those after which a client waits for the answer proper.
        if (status < 200 || status > 599) throw new IllegalArgumentException("Invalid status code " + status);
        byte[] body = response.getBody();
        return new Answer((int) status, headOf(response), body == null ? NOTHING : body);
    }

    private static byte[] headOf(Response response) {
        String type = response.getContentType() == null ? TEXT : response.getContentType();
        Map<String, Object> headers = response.getHeaders() == null ? Map.of() : response.getHeaders();
        return headers.isEmpty() && type.equals(TEXT) ? TEXT_HEAD : Headers.headOf(type, headers);
    }

    /** Responses that carry an event's ID go to that event; a list without any is in the order of the events. */
    static Answer[] answersOf(List<Response> responses, List<Event> events) {
        List<Response> given = responses == null ? List.of() : responses;
        Map<String, Response> byID = new HashMap<>();
        for (Response each : given) if (each != null && each.getEventID() != null) byID.put(each.getEventID(), each);
        Answer[] answers = new Answer[events.size()];
        for (int i = 0; i < answers.length; i += 1) {
            boolean isGiven = byID.isEmpty() ? i < given.size() : byID.containsKey(events.get(i).getID());
            if (!isGiven) answers[i] = MISSING;
            else answers[i] = answerOf(byID.isEmpty() ? given.get(i) : byID.get(events.get(i).getID()));
        }
        return answers;
    }

    /** The answer to an event whose handler failed. */
    static Answer failureOf(Throwable error) {
        return failure("Error in handler: " + traceOf(error));
    }

    private static Answer failure(String text) {
        return new Answer(500, TEXT_HEAD, text.getBytes(StandardCharsets.UTF_8));
    }

    /** The stack of an error as far as it is in the code of the function. */
    static String traceOf(Throwable error) {
        Throwable each = error;
        for (int i = 0; each != null && i < MOST_CAUSES; i += 1, each = each.getCause()) {
            each.setStackTrace(ofFunction(each.getStackTrace()));
        }
        StringWriter text = new StringWriter();
        error.printStackTrace(new PrintWriter(text, true));
        return text.toString().stripTrailing();
    }

    private static StackTraceElement[] ofFunction(StackTraceElement[] trace) {
        int end = trace.length;
        while (end > 0 && isOurs(trace[end - 1].getClassName())) end -= 1;
        // An error of the wrapper's own, such as an invalid header, keeps its place.
        return end == 0 ? trace : Arrays.copyOf(trace, Math.min(end, MOST_CALLS));
    }

    private static boolean isOurs(String name) {
        return name.startsWith("ampoule.worker.") || name.startsWith("java.lang.reflect.") || name.startsWith("jdk.internal.reflect.");
    }
}
