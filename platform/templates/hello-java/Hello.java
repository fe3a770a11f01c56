import io.nuclio.Context;
import io.nuclio.Event;
import io.nuclio.EventHandler;
import io.nuclio.Response;
import java.nio.charset.StandardCharsets;

public class Hello implements EventHandler {
    @Override
    public Response handleEvent(Context context, Event event) {
        String body = new String(event.getBody(), StandardCharsets.UTF_8);
        String name = body.isEmpty() ? "world" : body;
        context.getLogger().info("Saying hello to " + name);
        return new Response().setBody("Hello, " + name + "!");
    }
}
