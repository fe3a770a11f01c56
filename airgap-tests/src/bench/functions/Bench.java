import io.nuclio.Context;
import io.nuclio.Event;
import io.nuclio.EventHandler;
import io.nuclio.Response;

public class Bench implements EventHandler {
    @Override
    public Response handleEvent(Context context, Event event) {
        if (event.getMethod().equals("GET")) {
            return new Response().setBody("hello");
        }
        byte[] body = event.getBody();
        return event.getPath().equals("/echo") ? new Response().setBody(body) : new Response().setBody(String.valueOf(body.length));
    }
}
