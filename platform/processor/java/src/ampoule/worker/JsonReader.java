package ampoule.worker;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads the JSON that the processor writes: Map, List, String, Long, Double, Boolean, null. */
final class JsonReader {
    private final String text;
    private int at;

    private JsonReader(String text) {
        this.text = text;
    }

    @SuppressWarnings("unchecked")
    static Map<String, Object> objectOf(String text) {
        return (Map<String, Object>) new JsonReader(text).value();
    }

    private Object value() {
        return switch (sign()) {
            case '{' -> object();
            case '[' -> list();
            case '"' -> string();
            case 't' -> word("true", Boolean.TRUE);
            case 'f' -> word("false", Boolean.FALSE);
            case 'n' -> word("null", null);
            default -> number();
        };
    }

    private Map<String, Object> object() {
        Map<String, Object> object = new LinkedHashMap<>();
        at += 1;
        while (sign() != '}') {
            String name = string();
            expect(':');
            object.put(name, value());
            if (sign() != '}') expect(',');
        }
        at += 1;
        return object;
    }

    private List<Object> list() {
        List<Object> list = new ArrayList<>();
        at += 1;
        while (sign() != ']') {
            list.add(value());
            if (sign() != ']') expect(',');
        }
        at += 1;
        return list;
    }

    private String string() {
        expect('"');
        int end = text.indexOf('"', at);
        int escape = text.indexOf('\\', at);
        if (escape < 0 || escape > end) {
            String plain = text.substring(at, end);
            at = end + 1;
            return plain;
        }
        StringBuilder string = new StringBuilder();
        for (char sign = text.charAt(at++); sign != '"'; sign = text.charAt(at++)) string.append(sign == '\\' ? escaped() : sign);
        return string.toString();
    }

    private char escaped() {
        char sign = text.charAt(at++);
        return switch (sign) {
            case 'n' -> '\n';
            case 't' -> '\t';
            case 'r' -> '\r';
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'u' -> {
                at += 4;
                yield (char) Integer.parseInt(text.substring(at - 4, at), 16);
            }
            default -> sign;
        };
    }

    private Object number() {
        int start = at;
        boolean isWhole = true;
        for (; at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0; at += 1) {
            if (".eE".indexOf(text.charAt(at)) >= 0) isWhole = false;
        }
        String number = text.substring(start, at);
        if (isWhole) return Long.valueOf(number);
        return Double.valueOf(number);
    }

    private Object word(String word, Object value) {
        at += word.length();
        return value;
    }

    /** The next sign that is not a space; it is not passed. */
    private char sign() {
        while (text.charAt(at) <= ' ') at += 1;
        return text.charAt(at);
    }

    private void expect(char expected) {
        if (sign() != expected) throw new IllegalArgumentException("No " + expected + " at " + at + " of " + text);
        at += 1;
    }
}
