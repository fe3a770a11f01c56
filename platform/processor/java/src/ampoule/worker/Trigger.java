package ampoule.worker;

import io.nuclio.TriggerInfo;

record Trigger(String kind, String name) implements TriggerInfo {
    @Override
    public String getClassName() {
        return kind.equals("http") ? "sync" : "async";
    }

    @Override
    public String getKindName() {
        return kind;
    }

    @Override
    public String getName() {
        return name;
    }
}
