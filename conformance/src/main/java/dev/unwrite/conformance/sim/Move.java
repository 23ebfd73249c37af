package dev.unwrite.conformance.sim;

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
    /** A {@link Kind#RUN} has at most so many rounds. */
    static final int MOST_ROUNDS = 8;

    /** What can happen. */
    public enum Kind {
        /** So many rounds without any fault: each host does what it has to, all messages and requests arrive. */
        RUN(false, true, false),
        /** The machine of the host writes blocks from {@code a} on, {@code b} of them. */
        WRITE(true, true, true),
        /** The host cuts a checkpoint, if all is written and flushed. */
        CUT(true, false, false),
        /** The host does one of the things that it has to do. */
        JOB(true, true, false),
        /** A message between the hosts arrives; any that is under way. */
        DELIVER(false, true, false),
        /** A message arrives, and will arrive again. */
        REPEAT(false, true, false),
        /** A message that arrived before arrives once more; {@code a} counts back from the last one. */
        AGAIN(false, true, false),
        /** A message is lost. */
        DROP(false, true, false),
        /** A request arrives at the storage; any that is under way. */
        STORE(false, true, false),
        /** An answer of the storage arrives; any that is under way. */
        REPLY(false, true, false),
        /** The next answer to a flush or to a write, or the next request for one, is put aside on its way to or from the storage. */
        HOLD(false, true, false),
        /** A request or an answer that was put aside arrives. */
        LATE(false, true, false),
        /** The failure notification: the host is told that the other has failed, rightly or not. */
        TAKE_OVER(true, false, false),
        /** The host gives its secondary up. */
        GO_ALONE(true, false, false),
        /** The host gives up the join that is under way. */
        ABORT_JOIN(true, false, false),
        /** A person has the owner start from its disk. */
        FORCE_COLD(true, false, false),
        /** The connection of the host to the storage breaks. */
        RECONNECT(true, false, false),
        /** The process dies and its system with it; of what was not synced, {@code a} says what is left. */
        CRASH(true, true, false),
        /** As CRASH, with {@code b} for what is left, but at the {@code a}-th operation of its disk from now. */
        CRASH_AT(true, true, true),
        /** The process starts again. */
        RESTART(true, false, false),
        /** The storage crashes; {@code a} says which unflushed blocks are lost. */
        STORAGE_CRASH(false, true, false),
        /** The storage makes a block durable of its own accord. */
        DESTAGE(false, true, false),
        /** Nothing passes from the host to the other any more. */
        CUT_LINK(true, false, false),
        /** Of the machine's state nothing arrives, or everything again: a checkpoint that travels for long. */
        SLOW_STATE(false, true, false),
        /** Everything passes again. */
        HEAL(false, false, false),
        /** The disk of the host is full, or has room again. */
        FULL(true, true, false),
        /** The disk of the host can only be read, or be written again: nothing can be kept, and nothing deleted. */
        READ_ONLY(true, true, false),
        /** A bit of the undo log of a host that is down changes. */
        FLIP(true, true, true),
        /** The next write of the undo log lands in the wrong place. */
        MISDIRECT(true, true, false),

        // Those that a replay of a recording needs; no schedule draws them.

        /** The volume has so many blocks, if these are more than it always has; from the beginning on, wherever this stands. */
        VOLUME(false, true, false),
        /** The host does this one of the things that it may have to do, and nothing if there is none of it. */
        DO(true, true, false),
        /** The host sends the write that is the {@code a}-th to be sent; of what it owes, {@code b} neighbours too. */
        SEND(true, true, true),
        /** The host takes the next step of the {@code a}-th copy that it was asked for: it reads the block, or stores it. */
        COPY(true, true, false),
        /** The links of the host break and are there again: it says once more what was not answered. */
        RESEND(true, false, false),
        /** A host that is down gets an empty disk. */
        REPLACE(true, false, false);

        final boolean hasHost;
        final boolean hasA;
        final boolean hasB;

        Kind(boolean hasHost, boolean hasA, boolean hasB) {
            this.hasHost = hasHost;
            this.hasA = hasA;
            this.hasB = hasB;
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

    /** As in {@code write:A:3:1}; what {@link #parse} reads. */
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
            throw new IllegalArgumentException("no move of a run: " + word + " (write, for example, write:A:3:1)", e);
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
