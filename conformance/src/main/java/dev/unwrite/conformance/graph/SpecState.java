package dev.unwrite.conformance.graph;

import dev.unwrite.conformance.graph.SpecHost.Message;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A state of the specification.
 *
 * @param number of the state in the graph
 * @param blocks how many blocks there are
 * @param record the ownership record
 * @param session by host, the newest session that the storage gave it
 * @param hosts by name
 * @param wire writes on their way to the storage
 * @param replies answers of the storage
 * @param net messages that were ever sent
 * @param spent what was used of the model's bounds
 */
record SpecState(
        int number,
        int blocks,
        SpecRecord record,
        Map<String, Long> session,
        Map<String, SpecHost> hosts,
        Set<Write> wire,
        Set<Write> replies,
        Set<Message> net,
        Map<String, Long> spent) {

    /** The ownership record; {@code owner} and {@code secondary} are empty for None. */
    record SpecRecord(long term, String owner, String mode, String secondary, long base) {}

    /** A write on its way, or its answer. */
    record Write(String host, long session, long term, int block, int value, boolean fua) {}

    SpecHost host(String name) {
        SpecHost host = hosts.get(name);
        if (host == null) {
            throw new IllegalArgumentException("no host " + name);
        }
        return host;
    }

    /** Whether the host's session is the newest that the storage gave it. */
    boolean connected(String name) {
        long mine = host(name).mine();
        return mine != 0 && mine == session.getOrDefault(name, 0L);
    }

    /** Whether the record names the host as the owner in its term, in the given mode. */
    boolean owns(String name, String mode) {
        return record.owner().equals(name)
                && record.term() == host(name).term()
                && record.mode().equals(mode);
    }

    /** The content of all blocks before the first write. */
    List<Integer> fresh() {
        return java.util.Collections.nCopies(blocks, 1);
    }
}
