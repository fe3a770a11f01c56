import io.nuclio.*;
import java.util.*;
import java.util.stream.*;

public class Outputter implements BatchEventHandler {
    private static final byte[] BYTES = {0, 1, 127, (byte) 128, (byte) 254, (byte) 255};
    private final List<String> ticks = new ArrayList<>();

    @Override
    public Response handleEvent(Context context, Event event) {
        if (event.getTriggerInfo().getKindName().equals("cron")) {
            ticks.add(shown(event));
            return new Response().setBody("ticked");
        }
        if (event.getPath().startsWith("/event")) return new Response().setContentType("application/json").setBody(shown(event));
        return output(context, event);
    }

    @Override
    public List<Response> handleBatch(Context context, List<Event> events) {
        if (events.stream().anyMatch(event -> event.getPath().equals("/exception"))) throw new RuntimeException("some exception");
        List<Response> responses = new ArrayList<>();
        for (Event event : events) {
            String body = new String(event.getBody()) + " of " + events.size();
            if (!event.getPath().equals("/unanswered")) responses.add(0, new Response().setBody(body).setEventID(event.getID()));
        }
        return responses;
    }

    private Response output(Context context, Event event) {
        Response response = new Response();
        return switch (event.getPath()) {
            case "/text" -> response.setBody("grüße €");
            case "/empty" -> response.setBody("");
            case "/bytes" -> response.setBody(BYTES);
            case "/nothing" -> null;
            case "/status-text" -> response.setStatusCode(201).setBody("made");
            case "/status-bytes" -> response.setStatusCode(203).setBody(BYTES);
            case "/no-content" -> response.setStatusCode(204);
            case "/response" -> response.setStatusCode(203).setContentType("text/html").setBody("<b>")
                .setHeaders(Map.of("X-Text", "v 1", "x-number", 7));
            case "/response-bytes" -> response.setContentType("image/png").setBody(BYTES);
            case "/response-type" -> response.setHeaders(Map.of("Content-Type", "text/csv")).setBody("a,b");
            case "/response-length" -> response.setHeaders(Map.of("Content-Length", "1", "Connection", "close")).setBody("abc");
            case "/bad-status" -> response.setStatusCode(999);
            case "/interim-status" -> response.setStatusCode(102);
            case "/bad-header" -> response.setHeaders(Map.of("x-a", "1\r\nx-b: 2"));
            case "/error" -> response.setStatusCode(500).setBody("some error");
            case "/exception" -> throw new RuntimeException("some exception");
            case "/exit" -> exited();
            case "/print" -> {
                System.out.println("a print");
                yield response.setBody("printed");
            }
            case "/echo" -> response.setBody(event.getBody());
            case "/log" -> logged(context.getLogger(), response);
            case "/log-much" -> {
                for (int i = 0; i < 50; i += 1) context.getLogger().info("x".repeat(100));
                yield response.setBody("logged");
            }
            case "/ticks" -> response.setBody("[" + String.join(",", ticks) + "]");
            case "/slow" -> rested(300_000);
            case "/pause" -> rested(600);
            default -> throw new NoSuchElementException(event.getPath());
        };
    }

    private static Response logged(Logger logger, Response response) {
        logger.debug("Debug message");
        logger.infoWith("Info message", "source", "rabbit", "weight", 7);
        logger.warn("Warn message");
        logger.errorWith("Error message", "nested", Map.of("a", List.of(1)));
        return response.setBody("logged");
    }

    private static Response exited() {
        Runtime.getRuntime().halt(3);
        return null;
    }

    private static Response rested(long milliseconds) {
        try {
            Thread.sleep(milliseconds);
        } catch (InterruptedException error) {
            throw new IllegalStateException(error);
        }
        return new Response().setBody("rested");
    }

    private static String shown(Event event) {
        TriggerInfo trigger = event.getTriggerInfo();
        Map<String, Object> all = new HashMap<>();
        all.put("id", event.getID());
        all.put("type", event.getType());
        all.put("method", event.getMethod());
        all.put("path", event.getPath());
        all.put("url", event.getURL());
        all.put("size", event.getBody().length);
        all.put("contentType", event.getContentType());
        all.put("headers", event.getHeaders());
        all.put("fields", event.getFields());
        all.put("body", new String(event.getBody()));
        all.put("trigger", Map.of("kind", trigger.getKindName(), "name", trigger.getName()));
        all.put("timestamp", event.getTimestamp().getTime());
        return json(all);
    }

    private static String json(Object value) {
        if (value instanceof Number) return value.toString();
        if (!(value instanceof Map<?, ?> map)) return '"' + value.toString().replace("\\", "\\\\").replace("\"", "\\\"") + '"';
        Stream<String> members = map.entrySet().stream().map(each -> json(each.getKey()) + ":" + json(each.getValue()));
        return members.collect(Collectors.joining(",", "{", "}"));
    }
}
