package io.nuclio;

import java.nio.charset.StandardCharsets;
import java.util.Map;

/** What a handler answers. */
public class Response {
    private long statusCode = 200;
    private String contentType = "text/plain";
    private byte[] body = new byte[0];
    private Map<String, Object> headers = Map.of();
    private String eventID;

    public Response setBody(byte[] body) {
        this.body = body;
        return this;
    }

    public Response setBody(String body) {
        this.body = body.getBytes(StandardCharsets.UTF_8);
        return this;
    }

    public byte[] getBody() {
        return body;
    }

    public Response setStatusCode(long statusCode) {
        this.statusCode = statusCode;
        return this;
    }

    public long getStatusCode() {
        return statusCode;
    }

    public Response setHeaders(Map<String, Object> headers) {
        this.headers = headers;
        return this;
    }

    public Map<String, Object> getHeaders() {
        return headers;
    }

    public Response setContentType(String contentType) {
        this.contentType = contentType;
        return this;
    }

    public String getContentType() {
        return contentType;
    }

    /** Tells which event of a batch this answers. */
    public Response setEventID(String eventID) {
        this.eventID = eventID;
        return this;
    }

    public String getEventID() {
        return eventID;
    }
}
