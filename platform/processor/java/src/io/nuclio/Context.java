package io.nuclio;

/** What a handler sees beside the event. There is one for each worker. */
public interface Context {
    Logger getLogger();

    Platform getPlatform();

    int getWorkerID();

    String getFunctionName();
}
