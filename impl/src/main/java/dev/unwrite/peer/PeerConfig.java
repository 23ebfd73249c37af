package dev.unwrite.peer;

import java.net.InetSocketAddress;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How a host reaches its peer.
 *
 * @param group the group of volumes; a peer of another group is refused
 * @param name this host
 * @param peerName the other host; null: whoever of the group speaks first, but not this host's own name
 * @param listen where the peer connects to; port 0 lets the system choose
 * @param peer where this host connects to, asked before each attempt; an unresolved address is resolved each time
 * @param machine what runs here, in a few words; a peer where something else runs is refused
 * @param ids whose data folder this process has and what it holds, asked before each handshake
 */
public record PeerConfig(
        String group,
        String name,
        @Nullable String peerName,
        InetSocketAddress listen,
        Supplier<InetSocketAddress> peer,
        String machine,
        Supplier<PeerMessage.Ids> ids) {
    /** For a host without a data folder. */
    public PeerConfig(
            String group,
            String name,
            @Nullable String peerName,
            InetSocketAddress listen,
            Supplier<InetSocketAddress> peer) {
        this(group, name, peerName, listen, peer, "none", () -> PeerMessage.Ids.NONE);
    }

    /** Checks the names. */
    public PeerConfig {
        PeerMessage.Names.check(group);
        PeerMessage.Names.check(name);
        if (peerName != null) {
            PeerMessage.Names.check(peerName);
            if (peerName.equals(name)) {
                throw new IllegalArgumentException("a host cannot be its own peer: " + name);
            }
        }
    }
}
