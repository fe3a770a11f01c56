package io.nuclio;

import java.util.Date;
import java.util.Map;

/** An event. Texts that it has not are empty, numbers are 0. */
public interface Event {
    String getID();

    TriggerInfo getTriggerInfo();

    String getContentType();

    byte[] getBody();

    /** A header by its name in any case, or null. */
    Object getHeader(String key);

    String getHeaderString(String key);

    byte[] getHeaderBytes(String key);

    /** 0 where there is no such header. Throws NumberFormatException where it holds no number. */
    long getHeaderLong(String key);

    /** Names are in canonical form, such as `X-Request-Id`. */
    Map<String, Object> getHeaders();

    /** A field of the query or of a form, or null. */
    Object getField(String key);

    String getFieldString(String key);

    byte[] getFieldBytes(String key);

    /** 0 where there is no such field. Throws NumberFormatException where it holds no number. */
    long getFieldLong(String key);

    Map<String, Object> getFields();

    Date getTimestamp();

    String getPath();

    String getURL();

    String getMethod();

    long getShardID();

    long getTotalNumShards();

    String getType();

    String getTypeVersion();

    String getVersion();

    /** Topic, subject or queue. */
    default String getTopic() {
        return "";
    }

    /** A Long, or a String where the source has no numbers. */
    default Object getOffset() {
        return 0L;
    }

    default boolean isLastInBatch() {
        return true;
    }
}
