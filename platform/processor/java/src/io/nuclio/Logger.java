package io.nuclio;

/**
 * Logs at four levels. The first four take a format of {@link String#format} with its arguments, the others a message with names and
 * values in turn: {@code infoWith("stored", "key", key, "bytes", size)}.
 */
public interface Logger {
    void error(String format, Object... args);

    void warn(String format, Object... args);

    void info(String format, Object... args);

    void debug(String format, Object... args);

    void errorWith(String format, Object... vars);

    void warnWith(String format, Object... vars);

    void infoWith(String format, Object... vars);

    void debugWith(String format, Object... vars);
}
