package ampoule.worker;

enum Level {
    DEBUG("debug"),
    INFO("info"),
    WARN("warn"),
    ERROR("error");

    final String text;

    Level(String text) {
        this.text = text;
    }

    /** Null where there is no such level. */
    static Level of(String text) {
        for (Level level : values()) if (level.text.equals(text)) return level;
        return null;
    }
}
