package dev.unwrite.chaos.stage;

import java.io.Closeable;
import java.nio.file.Path;
import java.util.Set;

/** A network with its computers. Whatever happens, {@link #close} leaves nothing of it on this machine. */
public interface Stage extends Closeable {
    /** docker, namespaces or plain. */
    String kind();

    /** What it can do. */
    Set<Ability> abilities();

    /** One of the computers; made on first use. */
    Place place(String name);

    /** Where the computers reach this process. */
    String harness();

    /** All files of the run. */
    Path dir();

    /** Takes everything down. */
    @Override
    void close();
}
