package dev.unwrite.chaos.bench;

import java.io.IOException;
import java.util.Map;

/** A way of serving a disk over NBD that is measured against the others. Used by one thread. */
interface Setup {
    /** A short name that stays as it is, for programs. */
    String id();

    /** For people. */
    String title();

    /** Starts its processes; returns when the disk can be written. */
    void start() throws IOException;

    /** Returns when the next write to each block is the first one since a moment that could be gone back to. */
    void freshen() throws IOException;

    /** Where fio finds the disk. */
    String uri();

    /** Whether it gets faster while it runs. */
    boolean warmsUp();

    /** Its processes, by the names of their roles. */
    Map<String, Process> processes();

    /** How many copies of 4 KiB there are since {@link #freshen}; -1 where nobody keeps any, or says so. */
    long copies();

    /** The others have their turn now. */
    void rest();
}
