package ampoule.worker;

import java.lang.reflect.Array;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** JSON of anything, in ASCII: what JSON does not have becomes its text. */
final class JsonWriter {
    /** Objects may hold themselves. */
    private static final int DEEPEST = 32;

    private final StringBuilder json = new StringBuilder();

    private JsonWriter() {}

    static String textOf(Object value) {
        JsonWriter writer = new JsonWriter();
        writer.write(value, 0);
        return writer.json.toString();
    }

    static byte[] bytesOf(Object value) {
        return textOf(value).getBytes(StandardCharsets.US_ASCII);
    }

    private void write(Object value, int depth) {
        if (value == null || value instanceof Boolean) json.append(value);
        else if (value instanceof Number number) writeNumber(number);
        else if (depth > DEEPEST) writeString("...");
        else if (value instanceof Map<?, ?> map) writeMap(map, depth);
        else if (value instanceof Iterable<?> items) writeItems(items, depth);
        else if (value instanceof byte[] bytes) writeString(new String(bytes, StandardCharsets.UTF_8));
        else if (value.getClass().isArray()) writeArray(value, depth);
        else writeString(shown(value));
    }

    private void writeNumber(Number number) {
        boolean isFinite = !(number instanceof Double || number instanceof Float) || Double.isFinite(number.doubleValue());
        if (isFinite) json.append(number);
        else writeString(number.toString());
    }

    private void writeMap(Map<?, ?> map, int depth) {
        char separator = '{';
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            json.append(separator);
            writeString(shown(entry.getKey()));
            json.append(':');
            write(entry.getValue(), depth + 1);
            separator = ',';
        }
        json.append(separator == '{' ? "{}" : "}");
    }

    private void writeItems(Iterable<?> items, int depth) {
        char separator = '[';
        for (Object item : items) {
            json.append(separator);
            write(item, depth + 1);
            separator = ',';
        }
        json.append(separator == '[' ? "[]" : "]");
    }

    private void writeArray(Object array, int depth) {
        json.append('[');
        for (int i = 0; i < Array.getLength(array); i += 1) {
            if (i > 0) json.append(',');
            write(Array.get(array, i), depth + 1);
        }
        json.append(']');
    }

    private void writeString(String text) {
        json.append('"');
        for (int i = 0; i < text.length(); i += 1) {
            char sign = text.charAt(i);
            switch (sign) {
                case '"' -> json.append("\\\"");
                case '\\' -> json.append("\\\\");
                case '\n' -> json.append("\\n");
                case '\r' -> json.append("\\r");
                case '\t' -> json.append("\\t");
                default -> {
                    if (sign >= ' ' && sign < 0x7f) json.append(sign);
                    else writeCode(sign);
                }
            }
        }
        json.append('"');
    }

    private void writeCode(char sign) {
        json.append("\\u");
        for (int shift = 12; shift >= 0; shift -= 4) json.append(Character.forDigit(sign >> shift & 0xf, 16));
    }

    /** What a function hands over may fail to say what it is. */
    private static String shown(Object value) {
        try {
            return String.valueOf(value);
        } catch (RuntimeException | StackOverflowError error) {
            return value.getClass().getName();
        }
    }
}
