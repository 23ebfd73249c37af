package dev.unwrite.chaos.stage;

/** What a stage can do to those who play on it; faults say what they need. */
public enum Ability {
    /** Packets between computers can be dropped, refused and slowed down. */
    NETWORK("a network of its own for each host (root, iproute2, iptables)"),
    /** Each computer has a disk of its own that can be full, slow, hung, read-only or without power. */
    DISK("a disk of its own for each host (root, loop devices, e2fsprogs, xfsprogs)"),
    /** All of a computer's processes can be frozen at once. */
    FREEZER("containers (a Docker engine)");

    private final String needs;

    Ability(String needs) {
        this.needs = needs;
    }

    /** What has to be there for it. */
    public String needs() {
        return needs;
    }
}
