package io.nuclio;

import java.util.List;

/** A function whose triggers may hand it several events at once. */
public interface BatchEventHandler extends EventHandler {
    /** Responses with an event's ID answer that event; without any ID they are in the order of the events. */
    List<Response> handleBatch(Context context, List<Event> events);

    @Override
    default Response handleEvent(Context context, Event event) {
        List<Response> responses = handleBatch(context, List.of(event));
        return responses == null || responses.isEmpty() ? null : responses.get(0);
    }
}
