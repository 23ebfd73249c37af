package dev.unwrite.conformance.cluster;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * One thing that happens in a simulated run. Numbers are taken modulo what there is to choose from, so that every move is
 * possible in every run, and a list of moves from which some were removed is a run too: that is what makes it shrink.
 *
 * @param kind what happens
 * @param host 0 is A, 1 is B; where the move concerns a host
 * @param a a choice, meaning by kind
 * @param b a further choice
 */
public record Move(Kind kind, int host, int a, int b) {
    /** What can happen. */
    public enum Kind {
        /** Time passes, the more the larger {@code a}; everything arrives in order, and everybody does what is to be done. */
        RUN("a"),
        /** A client at the host asks for something: {@code a} says for what, {@code b} where. */
        ASK("hab"),
        /** Clients at the host ask for {@code a} things at once, from {@code b} on. */
        LOAD("hab"),
        /** A message between the hosts arrives: from the host, of a state if {@code a} is odd. */
        MESSAGE("ha"),
        /** A message that arrived or was lost arrives (once more); {@code a} says which, see {@link FormerMessages}. */
        AGAIN("a"),
        /** A request arrives at the storage; any that is under way. */
        REQUEST("a"),
        /** An answer of the storage arrives; any that is under way. */
        ANSWER("a"),
        /** The disk of the host does a job, or some appends at once; the host learns of it if {@code a} is odd. */
        DISK("ha"),
        /** What is to be done in the host's process besides is done. */
        LATER("h"),
        /** A little time passes, and nothing else happens but what is due. */
        TIME("a"),

        // ---- People.

        /** Somebody orders a checkpoint, with a state if {@code a} is odd. */
        CHECKPOINT("ha"),
        /** Somebody orders this host to take over, cold if {@code a} is odd. */
        FAILOVER("ha"),
        /** Somebody orders the host that runs the machine to hand over. */
        SWITCHOVER("h"),
        /** Somebody waits for protection. */
        PROTECT("h"),
        /** The process is stopped in good order. */
        LEAVE("h"),

        // ---- Faults of hosts.

        /** The process dies and its system with it; of what was not synced, {@code a} says what is left. */
        CRASH("ha"),
        /** As CRASH, with {@code b} for what is left, but at the {@code a}-th operation of its disk from now. */
        CRASH_AT("hab"),
        /** The process is killed, and its system goes on. */
        KILL("h"),
        /** The process starts again. */
        RESTART("h"),
        /** A host that is down gets an empty disk. */
        REPLACE("h"),
        /** Somebody copies the folder of the host, as it is on the disk. */
        BACK_UP("h"),
        /** A host that is down gets its folder back as it was when it was last copied. */
        PUT_BACK("h"),
        /** The process stands still, or goes on: nothing is lost meanwhile. */
        FREEZE("ha"),
        /** The clock of the host jumps ahead. */
        JUMP("ha"),
        /** The disk of the host is full, or has room again. */
        FULL("ha"),
        /** The disk of the host can only be read, or be written again. */
        READ_ONLY("ha"),
        /** The {@code a}-th operation of the disk of the host from now fails, and no other. */
        EIO("ha"),
        /** A bit of the undo log of a host that is down changes. */
        FLIP("hab"),
        /** The next write of the undo log lands in the wrong place. */
        MISDIRECT("ha"),

        // ---- Faults of the network.

        /** The connection from the host to the other breaks; the host learns of it later. */
        BREAK("h"),
        /** Nothing passes from the host to the other any more, or everything again. */
        CUT("ha"),
        /** States travel only when a move says so, or as all else. */
        SLOW_STATE("a"),
        /** The connections of the host to the storage break. */
        HANG_UP("h"),
        /** Nothing passes between the host and the storage any more, or everything again. */
        CUT_OFF("ha"),

        // ---- Faults of the storage.

        /** Its next answer is lost with the connection; what was asked for is carried out if {@code a} is odd. */
        LOSE("a"),
        /** Requests of one kind do not arrive unless a move says so. */
        HOLD("a"),
        /** The next {@code b} requests of one kind fail. */
        FAIL("ab"),
        /** The next {@code a} times it says that the host's name is in use. */
        NAME_IN_USE("ha"),
        /** It crashes and starts again; {@code a} says which unflushed blocks are lost. */
        STORAGE_CRASH("a"),
        /** It makes a block durable of its own accord. */
        DESTAGE("a"),
        /** Whatever is cut, held, slow or failing is so no more. */
        HEAL(""),

        /** How both hosts are started; from the beginning on, wherever this stands. */
        CONFIG("a");

        final boolean hasHost;
        final boolean hasA;
        final boolean hasB;

        Kind(String numbers) {
            hasHost = numbers.contains("h");
            hasA = numbers.contains("a");
            hasB = numbers.contains("b");
        }
    }

    /** Unused numbers become 0, so that equal moves are equal. */
    public Move {
        host = kind.hasHost ? host & 1 : 0;
        a = kind.hasA ? a : 0;
        b = kind.hasB ? b : 0;
        if (a < 0 || b < 0) {
            throw new IllegalArgumentException("the numbers of a move are not negative");
        }
    }

    /** As in {@code ask:A:3:1}; what {@link #parse} reads. */
    @Override
    public String toString() {
        String text = kind.name().toLowerCase(Locale.ROOT);
        text += kind.hasHost ? ":" + (host == 0 ? "A" : "B") : "";
        text += kind.hasA ? ":" + a : "";
        return text + (kind.hasB ? ":" + b : "");
    }

    /** Moves separated by commas or blanks. Throws {@link IllegalArgumentException} with one line. */
    public static List<Move> parse(String text) {
        List<Move> moves = new ArrayList<>();
        for (String word : text.trim().split("[,\\s]+")) {
            if (!word.isEmpty()) {
                moves.add(one(word));
            }
        }
        return moves;
    }

    private static Move one(String word) {
        String[] parts = word.split(":");
        try {
            Kind kind = Kind.valueOf(parts[0].toUpperCase(Locale.ROOT));
            int next = 1;
            int host = kind.hasHost ? hostOf(parts[next++]) : 0;
            int a = kind.hasA ? Integer.parseInt(parts[next++]) : 0;
            int b = kind.hasB ? Integer.parseInt(parts[next++]) : 0;
            if (next != parts.length) {
                throw new IllegalArgumentException("too many parts");
            }
            return new Move(kind, host, a, b);
        } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
            throw new IllegalArgumentException("no move of a run: " + word + " (ask, for example, ask:A:3:1)", e);
        }
    }

    private static int hostOf(String name) {
        return switch (name) {
            case "A" -> 0;
            case "B" -> 1;
            default -> throw new IllegalArgumentException("no host " + name);
        };
    }
}
