package dev.unwrite.chaos.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * A storage and two nodes that run the ledger, wherever their processes are. Thread-safe for reading ({@link #status});
 * one thread starts and kills.
 */
public interface Cluster extends Closeable {
    /** Starts the storage; returns when it accepts connections. */
    void startStorage();

    /** Starts a node and returns at once. */
    void startNode(HostId host, boolean bootstrap);

    /** The node gets SIGKILL; returns when its process is gone. */
    void kill(HostId host);

    /** How the node is. */
    SeenStatus status(HostId host);

    /** Asks a node for a checkpoint, failover, switchover or protect; returns its answer when it is done. */
    JsonNode post(HostId host, String what, Duration within) throws IOException;

    /** Why the run cannot go on (a process that should be there has ended), or nothing. */
    List<String> problems();

    /** Where clients find the ledger, whichever host runs it. */
    List<InetSocketAddress> ledgerServers();

    /** The file behind the shared volume. */
    Path volume();

    /** Where the node puts copies of the volume: one at each cut, one after each rollback. */
    Path witness(HostId host);

    /** Where the nodes leave their traces. */
    Path traces();

    /** Where to look when something went wrong. */
    String whereToLook();

    /** Ends every process. */
    @Override
    void close();
}
