package ampoule.worker;

/** An answer as the processor wants it: status, header lines and body. */
record Answer(int status, byte[] head, byte[] body) {}
