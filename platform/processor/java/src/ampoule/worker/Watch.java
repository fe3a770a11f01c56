package ampoule.worker;

import java.util.Optional;

/** Ends this process with the processor. That shows in the socket too, but only when a handler has ended. */
final class Watch extends Thread {
    private static final long PERIOD_MS = 500;

    Watch() {
        super("processor-watch");
        setDaemon(true);
    }

    @Override
    public void run() {
        Optional<ProcessHandle> processor = ProcessHandle.current().parent();
        while (ProcessHandle.current().parent().equals(processor)) {
            try {
                Thread.sleep(PERIOD_MS);
            } catch (InterruptedException error) {
                // Threads of the function may interrupt any thread.
            }
        }
        Runtime.getRuntime().halt(1);
    }
}
