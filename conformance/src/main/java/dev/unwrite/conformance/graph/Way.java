package dev.unwrite.conformance.graph;

import dev.unwrite.protocol.HostState;
import java.util.List;

/**
 * The states of all hosts' code, as real steps led to them. Two paths to one state of the specification may leave
 * different ones: the code remembers more, for example the record as it last saw it.
 *
 * @param hosts in the order of the hosts' names; of a host that is down, what it will find when it starts
 */
record Way(List<HostState> hosts) {
    Way {
        hosts = List.copyOf(hosts);
    }

    HostState host(String name) {
        return hosts.get(index(name));
    }

    Way with(HostState host) {
        List<HostState> changed = new java.util.ArrayList<>(hosts);
        changed.set(index(host.name()), host);
        return new Way(changed);
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
