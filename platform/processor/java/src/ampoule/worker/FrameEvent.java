package ampoule.worker;

import io.nuclio.Event;
import io.nuclio.TriggerInfo;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Date;
import java.util.Map;
import java.util.UUID;

/** An event that reads from its frame what the handler asks for. */
final class FrameEvent implements Event {
    private final ByteBuffer frame;
    private final int start;
    private final TriggerInfo trigger;
    private final boolean isLast;
    private final int targetAt;
    private final int headAt;
    private final int attributesAt;
    private final int bodyAt;
    private final int end;
    private Map<String, Object> headers;
    private Map<String, Object> fields;
    private Map<String, Object> attributes;
    private String id;

    FrameEvent(ByteBuffer frame, int start, TriggerInfo trigger, boolean isLast) {
        this.frame = frame;
        this.start = start;
        this.trigger = trigger;
        this.isLast = isLast;
        targetAt = start + Frames.EVENT_BYTES + (frame.getShort(start + 20) & 0xffff);
        headAt = targetAt + (frame.getShort(start + 22) & 0xffff);
        attributesAt = headAt + frame.getInt(start + 24);
        bodyAt = attributesAt + frame.getInt(start + 28);
        end = bodyAt + frame.getInt(start + 32);
    }

    /** The level from which on the logs of this event are wanted, or null. */
    Level logLevel(EventLogs.Finder finder) {
        return finder.find(frame.array(), headAt, attributesAt);
    }

    @Override
    public String getID() {
        if (id == null) id = attribute("id");
        if (id.isEmpty()) id = UUID.randomUUID().toString();
        return id;
    }

    @Override
    public TriggerInfo getTriggerInfo() {
        return trigger;
    }

    @Override
    public String getContentType() {
        String given = attribute("contentType");
        if (!given.isEmpty()) return given;
        String header = getHeaderString("Content-Type");
        return header == null ? "" : header;
    }

    @Override
    public byte[] getBody() {
        return Arrays.copyOfRange(frame.array(), bodyAt, end);
    }

    @Override
    public Object getHeader(String key) {
        return headersOnce().get(Headers.canonical(key));
    }

    @Override
    public String getHeaderString(String key) {
        return (String) getHeader(key);
    }

    @Override
    public byte[] getHeaderBytes(String key) {
        return bytesOf(getHeader(key), false);
    }

    @Override
    public long getHeaderLong(String key) {
        return longOf(getHeader(key));
    }

    @Override
    public Map<String, Object> getHeaders() {
        return headersOnce();
    }

    @Override
    public Object getField(String key) {
        return getFields().get(key);
    }

    @Override
    public String getFieldString(String key) {
        return (String) getField(key);
    }

    @Override
    public byte[] getFieldBytes(String key) {
        return bytesOf(getField(key), true);
    }

    @Override
    public long getFieldLong(String key) {
        return longOf(getField(key));
    }

    @Override
    public Map<String, Object> getFields() {
        if (fields == null) {
            boolean isForm = getContentType().startsWith("application/x-www-form-urlencoded");
            fields = Fields.parse(query(), isForm ? new String(frame.array(), bodyAt, end - bodyAt, StandardCharsets.UTF_8) : "");
        }
        return fields;
    }

    @Override
    public Date getTimestamp() {
        return new Date((long) frame.getDouble(start + 12));
    }

    @Override
    public String getPath() {
        String given = attribute("path");
        if (!given.isEmpty()) return given;
        String target = target();
        int query = target.indexOf('?');
        String path = query < 0 ? target : target.substring(0, query);
        return path.isEmpty() ? "/" : path;
    }

    @Override
    public String getURL() {
        String given = attribute("url");
        if (!given.isEmpty()) return given;
        String host = getHeaderString("Host");
        return "http://" + (host == null ? "" : host) + target();
    }

    @Override
    public String getMethod() {
        return text(start + Frames.EVENT_BYTES, targetAt);
    }

    @Override
    public long getShardID() {
        return number("shardId");
    }

    @Override
    public long getTotalNumShards() {
        return number("numShards");
    }

    @Override
    public String getType() {
        return attribute("type");
    }

    @Override
    public String getTypeVersion() {
        return attribute("typeVersion");
    }

    @Override
    public String getVersion() {
        return attribute("version");
    }

    @Override
    public String getTopic() {
        return attribute("topic");
    }

    @Override
    public Object getOffset() {
        Object offset = attributes().get("offset");
        return offset == null ? Long.valueOf(0) : offset;
    }

    @Override
    public boolean isLastInBatch() {
        return isLast;
    }

    private String attribute(String name) {
        return attributes().get(name) instanceof String text ? text : "";
    }

    private long number(String name) {
        return attributes().get(name) instanceof Number number ? number.longValue() : 0;
    }

    private Map<String, Object> attributes() {
        if (attributesAt == bodyAt) return Map.of();
        if (attributes == null) {
            attributes = JsonReader.objectOf(new String(frame.array(), attributesAt, bodyAt - attributesAt, StandardCharsets.UTF_8));
        }
        return attributes;
    }

    private Map<String, Object> headersOnce() {
        if (headers == null) headers = Headers.parse(frame.array(), headAt, attributesAt);
        return headers;
    }

    private String query() {
        String target = target();
        int query = target.indexOf('?');
        return query < 0 ? "" : target.substring(query + 1);
    }

    private String target() {
        return text(targetAt, headAt);
    }

    private String text(int from, int to) {
        return new String(frame.array(), from, to - from, StandardCharsets.ISO_8859_1);
    }

    private static byte[] bytesOf(Object text, boolean isUtf8) {
        if (text == null) return null;
        return ((String) text).getBytes(isUtf8 ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1);
    }

    private static long longOf(Object text) {
        return text == null ? 0 : Long.parseLong((String) text);
    }
}
