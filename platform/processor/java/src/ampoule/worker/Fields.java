package ampoule.worker;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** Fields of a query and of a form. */
final class Fields {
    private Fields() {}

    /** The last of several with the same name wins; those of the form come after those of the query. */
    static Map<String, Object> parse(String query, String form) {
        Map<String, Object> fields = new LinkedHashMap<>();
        add(fields, query);
        add(fields, form);
        return fields;
    }

    private static void add(Map<String, Object> fields, String text) {
        for (String pair : text.split("&")) {
            if (pair.isEmpty()) continue;
            int equals = pair.indexOf('=');
            if (equals < 0) fields.put(decoded(pair), "");
            else fields.put(decoded(pair.substring(0, equals)), decoded(pair.substring(equals + 1)));
        }
    }

    /** What is not encoded as it should be stays as it is. */
    private static String decoded(String text) {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException error) {
            return text;
        }
    }
}
