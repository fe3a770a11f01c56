package io.nuclio;

import java.io.IOException;

/** The part of the context that reaches out of the function. */
public interface Platform {
    /** Calls another function of the same namespace and gives its answer, whatever its status. */
    Response callFunction(String functionName, Request request) throws IOException, InterruptedException;

    /** Acknowledges a message of a stream whose trigger leaves that to the handler. Any thread may call it. */
    void explicitAck(QualifiedOffset offset);

    /** The callback runs before partitions are handed to another processor. */
    void setDrainCallback(Runnable callback);

    /** The callback runs before the processor ends. */
    void setTerminationCallback(Runnable callback);
}
