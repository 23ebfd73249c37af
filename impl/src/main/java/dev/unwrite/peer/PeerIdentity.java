package dev.unwrite.peer;

import dev.unwrite.peer.PeerMessage.Hello;
import org.jspecify.annotations.Nullable;

/** Who this host is and whom it talks to. Thread-safe. */
final class PeerIdentity {
    private final PeerConfig config;
    private final long incarnation;
    private @Nullable String peerName;

    PeerIdentity(PeerConfig config, long incarnation) {
        this.config = config;
        this.incarnation = incarnation;
        peerName = config.peerName();
    }

    /** As it is at this moment: what a host holds changes. */
    Hello own() {
        return new Hello(
                config.group(),
                config.name(),
                incarnation,
                config.machine(),
                config.ids().get());
    }

    /** Null if this is the peer, else why not. A peer whose name is not configured keeps the name that it says first. */
    synchronized @Nullable String refusal(Hello hello) {
        if (!hello.group().equals(config.group())) {
            return "this is host " + config.name() + " of group " + config.group() + ", not of group " + hello.group();
        }
        if (hello.from().equals(config.name())) {
            return "this is host " + config.name() + " itself, or another one of that name; check --name and --peer";
        }
        PeerMessage.Ids own = config.ids().get();
        if (belongsToNone(own)) {
            return "host " + config.name() + " has not reached its storage yet";
        }
        if (belongsToNone(hello.ids())) {
            return "host " + hello.from() + " has not reached its storage yet";
        }
        if (!hello.ids().storage().equals(own.storage())) {
            return "host " + config.name() + " belongs to storage " + own.storage() + ", host " + hello.from()
                    + " to storage " + hello.ids().storage();
        }
        if (!own.folder().isEmpty() && hello.ids().folder().equals(own.folder())) {
            return "hosts " + config.name() + " and " + hello.from()
                    + " have copies of one data folder: give one of them an empty one";
        }
        if (!hello.machine().equals(config.machine())) {
            return "the machine of host " + config.name() + " is " + config.machine() + ", that of host " + hello.from()
                    + " " + hello.machine() + ": only the same can go on at the other host";
        }
        if (peerName == null) {
            peerName = hello.from();
        }
        return peerName.equals(hello.from())
                ? null
                : "the peer of host " + config.name() + " is " + peerName + ", not " + hello.from();
    }

    /** Two hosts that do not know their storage yet may come to know two. */
    private static boolean belongsToNone(PeerMessage.Ids ids) {
        return !ids.folder().isEmpty() && ids.storage().isEmpty();
    }
}
