package dev.unwrite.chaos.cluster;

/** The two hosts of a pair. */
public enum HostId {
    /** The one that starts first. */
    A,
    /** The one that joins it. */
    B;

    /** The other one. */
    public HostId other() {
        return this == A ? B : A;
    }
}
