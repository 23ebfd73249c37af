package dev.unwrite.node.peer;

import dev.unwrite.node.peer.PeerMessage.Hello;
import org.jspecify.annotations.Nullable;

/** Who this host is and whom it talks to. Thread-safe. */
final class PeerIdentity {
    private final PeerConfig config;
    private final Hello own;
    private @Nullable String peerName;

    PeerIdentity(PeerConfig config, long incarnation) {
        this.config = config;
        own = new Hello(config.group(), config.name(), incarnation);
        peerName = config.peerName();
    }

    Hello own() {
        return own;
    }

    synchronized @Nullable String peerName() {
        return peerName;
    }

    /** Null if this is the peer, else why not. A peer whose name is not configured keeps the name that it says first. */
    synchronized @Nullable String refusal(Hello hello) {
        if (!hello.group().equals(config.group())) {
            return "this is host " + config.name() + " of group " + config.group() + ", not of group " + hello.group();
        }
        if (hello.from().equals(config.name())) {
            return "this is host " + config.name() + " itself, or another one of that name; check --name and --peer";
        }
        if (peerName == null) {
            peerName = hello.from();
        }
        return peerName.equals(hello.from())
                ? null
                : "the peer of host " + config.name() + " is " + peerName + ", not " + hello.from();
    }
}
