package ampoule.worker;

import io.nuclio.Event;
import io.nuclio.Platform;
import io.nuclio.QualifiedOffset;
import io.nuclio.Request;
import io.nuclio.Response;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

final class WorkerPlatform implements Platform {
    static final String TRACE_PARENT = "traceparent";
    static final String TRACE_STATE = "tracestate";
    private static final String PORT = ":8080";
    private static final String TARGET = "X-Nuclio-Target";

    private final Outbox outbox;
    private final Map<String, Runnable> callbacks = new HashMap<>();
    private HttpClient client;
    private volatile Event inHand;

    WorkerPlatform(Outbox outbox) {
        this.outbox = outbox;
    }

    @Override
    public Response callFunction(String functionName, Request request) throws IOException, InterruptedException {
        String service = request.getServiceName() == null ? "nuclio-" + functionName : request.getServiceName();
        String host = service.contains(":") ? service : service + PORT;
        HttpRequest.Builder call = HttpRequest.newBuilder(URI.create("http://" + host + Targets.encoded(request.getPath())))
                .timeout(request.getTimeout())
                .method(request.getMethod(), BodyPublishers.ofByteArray(request.getBody()))
                .setHeader(TARGET, functionName);
        addTrace(call, request.getHeaders());
        for (Map.Entry<String, Object> header : request.getHeaders().entrySet()) {
            String name = header.getKey();
            if (!Headers.isOurs(name) && !name.equalsIgnoreCase("host")) call.setHeader(name, String.valueOf(header.getValue()));
        }
        call.setHeader("Content-Type", request.getContentType());
        return responseOf(client().send(call.build(), BodyHandlers.ofByteArray()));
    }

    @Override
    public void explicitAck(QualifiedOffset offset) {
        Map<String, Object> message = new LinkedHashMap<>();
        message.put("kind", "ack");
        message.put("topic", offset.topic());
        message.put("partition", offset.partition());
        message.put("offset", offset.offset());
        outbox.sendControl(message);
    }

    @Override
    public void setDrainCallback(Runnable callback) {
        callbacks.put("drain", callback);
    }

    @Override
    public void setTerminationCallback(Runnable callback) {
        callbacks.put("terminate", callback);
    }

    /** The event that the handler runs for; null for a list of events. */
    void setInHand(Event event) {
        inHand = event;
    }

    /** A header of the event in hand, or null. */
    String headerInHand(String name) {
        Event event = inHand;
        return event == null ? null : event.getHeaderString(name);
    }

    /** What the function wants to be called at a signal, or null. */
    Runnable callbackOf(String signal) {
        return callbacks.get(signal);
    }

    /** Passes the trace on, unless the headers name one already. */
    private void addTrace(HttpRequest.Builder call, Map<String, Object> headers) {
        String parent = headerInHand(TRACE_PARENT);
        if (parent == null) return;
        for (String name : headers.keySet()) if (name.equalsIgnoreCase(TRACE_PARENT)) return;
        call.setHeader(TRACE_PARENT, parent);
        String state = headerInHand(TRACE_STATE);
        if (state != null) call.setHeader(TRACE_STATE, state);
    }

    private synchronized HttpClient client() {
        if (client == null) client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        return client;
    }

    private static Response responseOf(HttpResponse<byte[]> answer) {
        Map<String, Object> headers = new LinkedHashMap<>();
        for (Map.Entry<String, List<String>> header : answer.headers().map().entrySet()) {
            headers.put(Headers.canonical(header.getKey()), String.join(", ", header.getValue()));
        }
        return new Response()
                .setStatusCode(answer.statusCode())
                .setHeaders(headers)
                .setContentType(answer.headers().firstValue("Content-Type").orElse("text/plain"))
                .setBody(answer.body());
    }
}
