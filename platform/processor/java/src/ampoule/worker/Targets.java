package ampoule.worker;

import java.nio.charset.StandardCharsets;

/** Paths of calls to other functions. */
final class Targets {
    private static final String NOT_IN_A_URI = "\"<>[\\]^`{|}";

    private Targets() {}

    /**
     * The path and query as a URI may have them. Paths of events are decoded, so one that is passed on may hold anything; what is
     * encoded already stays.
     */
    static String encoded(String path) {
        byte[] bytes = path.getBytes(StandardCharsets.UTF_8);
        StringBuilder text = new StringBuilder(bytes.length);
        for (int i = 0; i < bytes.length; i += 1) {
            int each = bytes[i] & 0xff;
            boolean isAllowed = each > ' ' && each < 0x7f && NOT_IN_A_URI.indexOf(each) < 0;
            if (isAllowed && (each != '%' || isEscape(bytes, i))) text.append((char) each);
            else text.append(String.format("%%%02X", each));
        }
        return text.toString();
    }

    private static boolean isEscape(byte[] bytes, int at) {
        return at + 2 < bytes.length && Character.digit(bytes[at + 1], 16) >= 0 && Character.digit(bytes[at + 2], 16) >= 0;
    }
}
