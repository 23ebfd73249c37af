package dev.unwrite.chaos.stage;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A computer on the stage. It runs one program at a time, always the same one, and keeps its disk when the program dies.
 * Thread-safe: a nemesis may heal from one thread what another one broke.
 */
public interface Place {
    /** storage, A, B or clients. */
    String name();

    /** Where others reach it. */
    String address();

    /** Says which {@code unwrite} command, or which class with its arguments, runs here; before the first {@link #start}. */
    void program(List<String> words);

    /** Starts the program; it must not be running. */
    void start();

    /** Whether the program runs; one that is stopped or frozen does. */
    boolean isRunning();

    /** SIGKILL; returns when the program is gone. Nothing where it is gone already. */
    void kill();

    /** Finds the process that runs now, for {@link #shoot}. */
    void aim();

    /** SIGKILL within microseconds to what {@link #aim} found, for whoever wants to hit a moment; does not wait for its end. */
    void shoot();

    /** Sends STOP or CONT. */
    void signal(String name);

    /** Stops everything at once, without a signal that a program could see. */
    void freeze();

    /** Ends {@link #freeze}; fine where nothing is frozen. */
    void thaw();

    /** What to put before a command so that it works on this computer's network; empty while it has none. */
    Optional<List<String>> network();

    /** The folder for what must survive a crash; on {@link #disk} if there is one. */
    Path data();

    /** Its disk, on stages that have {@link Ability#DISK}. */
    Optional<LoopDisk> disk();

    /** What its program printed. */
    Path log();

    /** While this file is there, a storage's reads, writes and syncs of its files fail. */
    Path errors();

    /** How many have failed so. */
    long failures();

    /** The file that holds the clock's error in seconds, such as {@code -90}; absent for none. Read at each start. */
    Path clock();
}
