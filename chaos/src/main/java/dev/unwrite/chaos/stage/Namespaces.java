package dev.unwrite.chaos.stage;

import java.io.Closeable;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A network of namespaces around a bridge. The bridge has a namespace of its own: on the host itself a Docker engine's
 * firewall may drop what crosses a bridge. This process is connected to it too.
 */
final class Namespaces implements Closeable {
    /** Begins the names of namespaces; the harness's process id follows. */
    static final String PREFIX = "unwrite-";

    private final String prefix = PREFIX + ProcessHandle.current().pid() + "-";
    private final String subnet;
    private final String rootLink;
    private final List<String> names = new ArrayList<>();

    /** A namespace and its address. */
    record Home(String namespace, String address) {}

    private Namespaces(String subnet) {
        this.subnet = subnet;
        this.rootLink = "uw" + ProcessHandle.current().pid() % 1_000_000;
    }

    static boolean possible() {
        if (!Tools.isRoot() || !Tools.have("ip", "iptables", "tc", "nsenter")) {
            return false;
        }
        String probe = PREFIX + ProcessHandle.current().pid() + "-probe";
        boolean made = Tools.attempt(List.of("ip", "netns", "add", probe)).ok();
        boolean filters = made
                && Tools.attempt(List.of("ip", "netns", "exec", probe, "iptables", "-w", "-L", "-n"))
                        .ok();
        if (made) {
            Tools.attempt(List.of("ip", "netns", "del", probe));
        }
        return filters;
    }

    static Namespaces open() {
        String routes = Tools.run("ip", "-4", "addr");
        String subnet;
        do {
            subnet = "10.213." + ThreadLocalRandom.current().nextInt(1, 255);
        } while (routes.contains(subnet + "."));
        Namespaces made = new Namespaces(subnet);
        try {
            made.bridge();
        } catch (StageException e) {
            made.close();
            throw e;
        }
        return made;
    }

    private void bridge() {
        String hub = prefix + "hub";
        names.add(hub);
        Tools.run("ip", "netns", "add", hub);
        Tools.run("ip", "-n", hub, "link", "add", "br0", "type", "bridge");
        Tools.run("ip", "-n", hub, "link", "set", "br0", "up");
        Tools.run("ip", "link", "add", rootLink, "type", "veth", "peer", "name", "root", "netns", hub);
        Tools.run("ip", "-n", hub, "link", "set", "root", "master", "br0", "up");
        Tools.run("ip", "addr", "add", harness() + "/24", "dev", rootLink);
        Tools.run("ip", "link", "set", rootLink, "up");
    }

    /** A new namespace with the next address. */
    Home add(String name) {
        String namespace = prefix + name;
        String address = subnet + "." + (1 + names.size());
        String hub = prefix + "hub";
        String link = "to" + names.size();
        Tools.run("ip", "netns", "add", namespace);
        names.add(namespace);
        Tools.run("ip", "-n", namespace, "link", "set", "lo", "up");
        Tools.run("ip", "-n", namespace, "link", "add", "eth0", "type", "veth", "peer", "name", link, "netns", hub);
        Tools.run("ip", "-n", hub, "link", "set", link, "master", "br0", "up");
        Tools.run("ip", "-n", namespace, "addr", "add", address + "/24", "dev", "eth0");
        Tools.run("ip", "-n", namespace, "link", "set", "eth0", "up");
        return new Home(namespace, address);
    }

    String harness() {
        return subnet + ".1";
    }

    @Override
    public void close() {
        Tools.attempt(List.of("ip", "link", "del", rootLink));
        names.reversed().forEach(name -> Tools.attempt(List.of("ip", "netns", "del", name)));
    }
}
