package io.nuclio;

/** A function. There is one instance for each worker, and it handles one event after the other. */
public interface EventHandler {
    /** Runs once, before the first event. */
    default void initContext(Context context) throws Exception {}

    /** Nothing (null) is an empty answer; what is thrown is answered with status 500. */
    Response handleEvent(Context context, Event event);
}
