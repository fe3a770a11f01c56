package ampoule.worker;

import io.nuclio.Logger;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.IllegalFormatException;
import java.util.LinkedHashMap;
import java.util.Map;

/** Writes a JSON object a line to the standard output. */
final class WorkerLogger implements Logger {
    private final String name;
    private final FileOutputStream out = new FileOutputStream(FileDescriptor.out);
    private volatile EventLogs collecting;

    WorkerLogger(String name) {
        this.name = name;
    }

    /** Keeps what is logged from now on, by whichever thread; null ends that. */
    void collectInto(EventLogs logs) {
        collecting = logs;
    }

    @Override
    public void error(String format, Object... args) {
        write(Level.ERROR, filled(format, args), Map.of());
    }

    @Override
    public void warn(String format, Object... args) {
        write(Level.WARN, filled(format, args), Map.of());
    }

    @Override
    public void info(String format, Object... args) {
        write(Level.INFO, filled(format, args), Map.of());
    }

    @Override
    public void debug(String format, Object... args) {
        write(Level.DEBUG, filled(format, args), Map.of());
    }

    @Override
    public void errorWith(String format, Object... vars) {
        write(Level.ERROR, format, fieldsOf(vars));
    }

    @Override
    public void warnWith(String format, Object... vars) {
        write(Level.WARN, format, fieldsOf(vars));
    }

    @Override
    public void infoWith(String format, Object... vars) {
        write(Level.INFO, format, fieldsOf(vars));
    }

    @Override
    public void debugWith(String format, Object... vars) {
        write(Level.DEBUG, format, fieldsOf(vars));
    }

    private void write(Level level, String message, Map<String, Object> fields) {
        Map<String, Object> record = new LinkedHashMap<>();
        String time = now();
        record.put("time", time);
        record.put("level", level.text);
        record.put("name", name);
        record.put("message", message);
        if (!fields.isEmpty()) record.put("with", fields);
        print(lineOf(record));
        EventLogs logs = collecting;
        if (logs == null) return;
        // As Nuclio does: the fields beside the rest, and the time in milliseconds.
        Map<String, Object> kept = new LinkedHashMap<>(fields);
        kept.put("time", Instant.parse(time).toEpochMilli());
        kept.put("level", level.text);
        kept.put("name", name);
        kept.put("message", message);
        logs.keep(level, kept);
    }

    /** A collection that another thread changes cannot be read. */
    private static String lineOf(Map<String, Object> record) {
        try {
            return JsonWriter.textOf(record) + "\n";
        } catch (RuntimeException error) {
            record.put("with", error.toString());
            return JsonWriter.textOf(record) + "\n";
        }
    }

    /** In one piece, so that lines of several workers do not mix. */
    private void print(String line) {
        System.out.flush();
        try {
            out.write(line.getBytes(StandardCharsets.US_ASCII));
        } catch (IOException error) {
            // Nobody reads it any more.
        }
    }

    /** Handlers log anything; what does not fit must not make them fail. */
    private static String filled(String format, Object[] args) {
        if (args == null || args.length == 0) return format;
        try {
            return String.format(format, args);
        } catch (IllegalFormatException error) {
            return format + " " + JsonWriter.textOf(args);
        }
    }

    /** Names and values in turn. */
    private static Map<String, Object> fieldsOf(Object[] vars) {
        Map<String, Object> fields = new LinkedHashMap<>();
        for (int i = 0; vars != null && i < vars.length; i += 2) {
            fields.put(String.valueOf(vars[i]), i + 1 < vars.length ? vars[i + 1] : null);
        }
        return fields;
    }

    /** A DateTimeFormatter takes longer to load than all else of a first log. */
    private static String now() {
        long milliseconds = System.currentTimeMillis();
        LocalDateTime time = LocalDateTime.ofEpochSecond(milliseconds / 1000, 0, ZoneOffset.UTC);
        StringBuilder text = new StringBuilder();
        add(text, time.getYear(), 4).append('-');
        add(text, time.getMonthValue(), 2).append('-');
        add(text, time.getDayOfMonth(), 2).append('T');
        add(text, time.getHour(), 2).append(':');
        add(text, time.getMinute(), 2).append(':');
        add(text, time.getSecond(), 2).append('.');
        return add(text, (int) (milliseconds % 1000), 3).append('Z').toString();
    }

    private static StringBuilder add(StringBuilder text, int number, int digits) {
        String shown = Integer.toString(number);
        return text.append("0".repeat(digits - shown.length())).append(shown);
    }
}
