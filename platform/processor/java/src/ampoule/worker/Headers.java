package ampoule.worker;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Header lines, {@code Name: value\r\n} in ISO 8859-1, to a map and back. */
final class Headers {
    private static final String CONTENT_TYPE = "content-type";
    private static final String NAME_SIGNS = "!#$%&'*+-.^_`|~";
    /** Of the connection or made from the body, so that handlers cannot set them. */
    private static final Set<String> OURS =
            Set.of("content-length", "transfer-encoding", "connection", "keep-alive", "date", "server");

    private Headers() {}

    /** Names in canonical form. A name that comes more than once has its values joined by commas. */
    static Map<String, Object> parse(byte[] frame, int from, int to) {
        Map<String, Object> headers = new LinkedHashMap<>();
        String head = new String(frame, from, to - from, StandardCharsets.ISO_8859_1);
        for (int at = 0; at < head.length(); ) {
            int end = head.indexOf("\r\n", at);
            if (end < 0) end = head.length();
            int colon = head.indexOf(':', at);
            if (colon >= 0 && colon < end) {
                String name = canonical(head.substring(at, colon));
                String value = head.substring(colon + 1, end).trim();
                Object before = headers.get(name);
                headers.put(name, before == null ? value : before + ", " + value);
            }
            at = end + 2;
        }
        return headers;
    }

    /** Such as `X-Request-Id`. */
    static String canonical(String name) {
        StringBuilder text = new StringBuilder(name.length());
        boolean isFirst = true;
        for (int i = 0; i < name.length(); i += 1) {
            char sign = name.charAt(i);
            text.append(isFirst ? Character.toUpperCase(sign) : Character.toLowerCase(sign));
            isFirst = sign == '-';
        }
        return text.toString();
    }

    /**
     * Header lines of an answer; a header's own content type wins.
     *
     * @throws IllegalArgumentException where HTTP does not allow a header
     */
    static byte[] headOf(String contentType, Map<String, Object> headers) {
        Map<String, String> values = new LinkedHashMap<>();
        for (Map.Entry<String, Object> header : headers.entrySet()) {
            String name = header.getKey().toLowerCase(Locale.ROOT);
            Object value = header.getValue();
            if (value != null && !OURS.contains(name)) values.put(name, textOf(value));
        }
        values.putIfAbsent(CONTENT_TYPE, contentType);
        StringBuilder head = new StringBuilder();
        for (Map.Entry<String, String> header : values.entrySet()) addLine(head, header.getKey(), header.getValue());
        return head.toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    static boolean isOurs(String name) {
        return OURS.contains(name.toLowerCase(Locale.ROOT));
    }

    private static String textOf(Object value) {
        return value instanceof byte[] bytes ? new String(bytes, StandardCharsets.ISO_8859_1) : value.toString();
    }

    private static void addLine(StringBuilder head, String name, String value) {
        if (!isName(name)) throw new IllegalArgumentException("Invalid header name " + name);
        if (!isValue(value)) throw new IllegalArgumentException("Invalid value of header " + name);
        head.append(name).append(": ").append(value).append("\r\n");
    }

    private static boolean isName(String name) {
        for (int i = 0; i < name.length(); i += 1) {
            char sign = name.charAt(i);
            boolean isLetter = sign >= 'a' && sign <= 'z' || sign >= '0' && sign <= '9';
            if (!isLetter && NAME_SIGNS.indexOf(sign) < 0) return false;
        }
        return !name.isEmpty();
    }

    private static boolean isValue(String value) {
        for (int i = 0; i < value.length(); i += 1) {
            char sign = value.charAt(i);
            boolean isAllowed = sign == '\t' || sign >= 0x20 && sign <= 0x7e || sign >= 0x80 && sign <= 0xff;
            if (!isAllowed) return false;
        }
        return true;
    }
}
