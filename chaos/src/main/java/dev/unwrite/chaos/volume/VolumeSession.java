package dev.unwrite.chaos.volume;

import dev.unwrite.chaos.cluster.HostId;
import dev.unwrite.nbd.NbdClient;
import java.io.Closeable;
import java.io.IOException;

/**
 * A connection to the volume in one life of the machine: a host ends all of them when it stops being primary. For any
 * number of threads.
 */
final class VolumeSession implements Closeable {
    private final HostId host;
    private final long term;
    private final NbdClient volume;
    private volatile boolean over;

    VolumeSession(HostId host, long term, NbdClient volume) {
        this.host = host;
        this.term = term;
        this.volume = volume;
    }

    HostId host() {
        return host;
    }

    long term() {
        return term;
    }

    NbdClient volume() {
        return volume;
    }

    /** Whether it makes sense to ask for more. */
    boolean isOpen() {
        return !over && volume.isConnected();
    }

    /** Nothing more is asked for; requests that are on the way fail soon. */
    @Override
    public void close() {
        over = true;
        // To take leave of a host that is gone takes time, and nobody needs to wait for it.
        Thread.ofVirtual().start(() -> {
            try {
                volume.close();
            } catch (IOException e) {
                // It is of no use any more either way.
            }
        });
    }
}
