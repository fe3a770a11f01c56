package io.nuclio;

public interface TriggerInfo {
    /** `sync` for HTTP, `async` for all else. */
    String getClassName();

    /** Such as `http` or `kafka-cluster`. */
    String getKindName();

    default String getName() {
        return "";
    }
}
