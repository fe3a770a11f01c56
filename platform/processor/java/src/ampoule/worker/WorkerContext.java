package ampoule.worker;

import io.nuclio.Context;

record WorkerContext(WorkerLogger logger, WorkerPlatform platform, int workerID, String functionName) implements Context {
    @Override
    public WorkerLogger getLogger() {
        return logger;
    }

    @Override
    public WorkerPlatform getPlatform() {
        return platform;
    }

    @Override
    public int getWorkerID() {
        return workerID;
    }

    @Override
    public String getFunctionName() {
        return functionName;
    }

    @Override
    public String getTraceParent() {
        return platform.headerInHand(WorkerPlatform.TRACE_PARENT);
    }

    @Override
    public String getTraceState() {
        return platform.headerInHand(WorkerPlatform.TRACE_STATE);
    }
}
