package io.nuclio;

/** What a handler sees beside the event. There is one for each worker. */
public interface Context {
    Logger getLogger();

    Platform getPlatform();

    int getWorkerID();

    String getFunctionName();

    /**
     * The trace that the event in hand is part of (https://www.w3.org/TR/trace-context/), or null; for a list of events, their headers have
     * it. Calls of other functions pass it on.
     */
    String getTraceParent();

    String getTraceState();
}
