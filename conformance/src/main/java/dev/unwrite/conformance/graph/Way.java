package dev.unwrite.conformance.graph;

import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.OwnershipRecord;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The states of all hosts' code, as real steps led to them. Two paths to one state of the specification may leave
 * different ones: the code remembers more, for example the record as it last saw it.
 *
 * @param hosts in the order of the hosts' names; of a host that is down, what it will find when it starts
 * @param asked by host, the change of the record that it proposed and has no answer to
 */
record Way(List<HostState> hosts, Map<String, Asked> asked) {
    /**
     * A compare-and-set under way.
     *
     * @param expectedVersion the version of the record that it expects
     * @param record what the record shall become
     * @param done whether the storage has done it, and only the answer is missing
     */
    record Asked(long expectedVersion, OwnershipRecord record, boolean done) {}

    Way {
        hosts = List.copyOf(hosts);
        asked = Map.copyOf(asked);
    }

    static Way of(HostState one, HostState other) {
        return new Way(List.of(one, other), Map.of());
    }

    HostState host(String name) {
        return hosts.get(index(name));
    }

    @Nullable
    Asked asked(String name) {
        return asked.get(name);
    }

    /** This way with another state of a host; a host without a proposal waits for no answer. */
    Way with(HostState host) {
        List<HostState> changed = new ArrayList<>(hosts);
        changed.set(index(host.name()), host);
        Map<String, Asked> waiting = new HashMap<>(asked);
        if (host.proposal() == null) {
            waiting.remove(host.name());
        }
        return new Way(changed, waiting);
    }

    /** This way, in which the host waits for an answer. */
    Way asking(HostState host, Asked what) {
        Map<String, Asked> waiting = new HashMap<>(asked);
        waiting.put(host.name(), what);
        return new Way(with(host).hosts, waiting);
    }

    /** Whether the host is between the halves of no step. */
    static boolean atRest(HostState host) {
        return host.proposal() == null
                && host.committing() < 0
                && host.flushing().isEmpty();
    }

    private int index(String name) {
        for (int i = 0; i < hosts.size(); i++) {
            if (hosts.get(i).name().equals(name)) {
                return i;
            }
        }
        throw new IllegalArgumentException("no host " + name);
    }
}
