package ampoule.worker;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Logs of one event for the one who sent it: header X-Nuclio-Log-Level asks for them. */
final class EventLogs {
    /** Nuclio leaves the logs out where they are as long as this. */
    private static final int LIMIT_BYTES = 4096;

    private final Level from;
    private final List<Map<String, Object>> records = new ArrayList<>();

    EventLogs(Level from) {
        this.from = from;
    }

    synchronized void keep(Level level, Map<String, Object> record) {
        if (level.compareTo(from) >= 0) records.add(record);
    }

    /** Adds header x-nuclio-logs to an answer. */
    synchronized Answer addTo(Answer answer) {
        String text = JsonWriter.textOf(records);
        if (text.length() >= LIMIT_BYTES) return answer;
        byte[] line = ("x-nuclio-logs: " + text + "\r\n").getBytes(StandardCharsets.ISO_8859_1);
        byte[] head = Arrays.copyOf(answer.head(), answer.head().length + line.length);
        System.arraycopy(line, 0, head, answer.head().length, line.length);
        return new Answer(answer.status(), head, answer.body());
    }

    /** Tells from heads which level they ask for. Heads of one client are mostly the same. */
    static final class Finder {
        private static final byte[] NONE = {};

        private byte[] lastHead = NONE;
        private Level lastLevel;
        private Pattern wanted;

        /** Null where the head does not ask for logs. */
        Level find(byte[] frame, int from, int to) {
            if (from == to) return null;
            if (Arrays.equals(frame, from, to, lastHead, 0, lastHead.length)) return lastLevel;
            lastHead = Arrays.copyOfRange(frame, from, to);
            lastLevel = levelOf(new String(lastHead, StandardCharsets.ISO_8859_1));
            return lastLevel;
        }

        private Level levelOf(String head) {
            if (wanted == null) wanted = Pattern.compile("^x-nuclio-log-level:[ \\t]*(\\w+)", Pattern.CASE_INSENSITIVE | Pattern.MULTILINE);
            Matcher found = wanted.matcher(head);
            return found.find() ? Level.of(found.group(1).toLowerCase(Locale.ROOT)) : null;
        }
    }
}
