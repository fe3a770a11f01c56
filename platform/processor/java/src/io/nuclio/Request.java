package io.nuclio;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;

/** What a handler sends to another function. */
public class Request {
    private String method;
    private String path = "/";
    private byte[] body = new byte[0];
    private String contentType = "text/plain";
    private Map<String, Object> headers = Map.of();
    private Duration timeout = Duration.ofSeconds(60);
    private String serviceName;

    /** `POST` where there is a body, else `GET`, unless it is set. */
    public Request setMethod(String method) {
        this.method = method;
        return this;
    }

    public String getMethod() {
        return method != null ? method : body.length > 0 ? "POST" : "GET";
    }

    public Request setPath(String path) {
        this.path = path;
        return this;
    }

    public String getPath() {
        return path;
    }

    public Request setBody(byte[] body) {
        this.body = body;
        return this;
    }

    public Request setBody(String body) {
        return setBody(body.getBytes(StandardCharsets.UTF_8));
    }

    public byte[] getBody() {
        return body;
    }

    public Request setContentType(String contentType) {
        this.contentType = contentType;
        return this;
    }

    public String getContentType() {
        return contentType;
    }

    public Request setHeaders(Map<String, Object> headers) {
        this.headers = headers;
        return this;
    }

    public Map<String, Object> getHeaders() {
        return headers;
    }

    public Request setTimeout(Duration timeout) {
        this.timeout = timeout;
        return this;
    }

    public Duration getTimeout() {
        return timeout;
    }

    /** Host, or host and port, of a service that is not named after the function. */
    public Request setServiceName(String serviceName) {
        this.serviceName = serviceName;
        return this;
    }

    public String getServiceName() {
        return serviceName;
    }
}
