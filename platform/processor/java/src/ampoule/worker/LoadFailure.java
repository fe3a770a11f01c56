package ampoule.worker;

import java.util.LinkedHashMap;
import java.util.Map;

/** Why there is no handler, in the words of the processor's errors. */
final class LoadFailure extends Exception {
    private static final long serialVersionUID = 1;

    private final transient Map<String, Object> message = new LinkedHashMap<>();

    private LoadFailure(String code, String what, String why, String fix) {
        super(what);
        message.put("kind", "failed");
        message.put("code", code);
        message.put("what", what);
        message.put("why", why);
        message.put("fix", fix);
    }

    static LoadFailure missing(String what, String why) {
        return new LoadFailure("AMP_HANDLER_MISSING", what, why, "Name a class that implements io.nuclio.EventHandler in spec.handler.");
    }

    static LoadFailure broken(String what, String why) {
        return new LoadFailure("AMP_HANDLER_LOAD", what, why, "Correct the code of the function, then deploy it again.");
    }

    /** For the processor. */
    Map<String, Object> message() {
        return message;
    }
}
