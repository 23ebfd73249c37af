package dev.unwrite.host;

import dev.unwrite.peer.PeerMessage;
import dev.unwrite.protocol.Extent;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Preserve requests and their acknowledgments: those of one turn go together, before any message that is sent after them. One
 * message for many copies costs the other host one step of the protocol instead of many.
 */
final class CopyMessages {
    /** Adjacent extents become one, of at most this many blocks (64 KiB): one read and one append instead of many. */
    private static final int MERGED_BLOCKS_MAX = 16;

    private final LocalStore store;
    private final Consumer<PeerMessage> send;
    private final Gathered requests = new Gathered();
    private final Gathered acknowledgments = new Gathered();
    private long requestsSent;
    private long blocksAcknowledged;

    CopyMessages(LocalStore store, Consumer<PeerMessage> send) {
        this.store = store;
        this.send = send;
    }

    /** Extents of one term and epoch. */
    private static final class Gathered {
        final List<Extent> extents = new ArrayList<>();
        long term;
        long epoch;

        boolean isOf(long otherTerm, long otherEpoch) {
            return extents.isEmpty() || (term == otherTerm && epoch == otherEpoch);
        }

        void add(long ofTerm, long ofEpoch, List<Extent> more) {
            term = ofTerm;
            epoch = ofEpoch;
            more.forEach(this::add);
        }

        private void add(Extent next) {
            Extent last = extents.isEmpty() ? null : extents.getLast();
            if (last != null
                    && last.volume() == next.volume()
                    && last.end() == next.first()
                    && last.count() + next.count() <= MERGED_BLOCKS_MAX) {
                extents.set(extents.size() - 1, new Extent(last.volume(), last.first(), last.count() + next.count()));
            } else {
                extents.add(next);
            }
        }

        /** What is gathered, in parts that fit into a message; nothing is gathered afterwards. */
        List<List<Extent>> take() {
            List<List<Extent>> parts = new ArrayList<>();
            for (int from = 0; from < extents.size(); from += PeerMessage.EXTENTS_MAX) {
                parts.add(List.copyOf(extents.subList(from, Math.min(extents.size(), from + PeerMessage.EXTENTS_MAX))));
            }
            extents.clear();
            return parts;
        }
    }

    /** Asks the secondary for copies. */
    void preserve(long term, long epoch, List<Extent> extents) {
        if (!requests.isOf(term, epoch)) {
            sendAll();
        }
        requests.add(term, epoch, extents);
    }

    /** Tells the primary that copies are stored. */
    void preserved(long term, long epoch, List<Extent> extents) {
        if (!acknowledgments.isOf(term, epoch)) {
            sendAll();
        }
        acknowledgments.add(term, epoch, extents);
    }

    /** Sends what is gathered. */
    void sendAll() {
        for (List<Extent> part : requests.take()) {
            requestsSent++;
            send.accept(new PeerMessage.Preserve(requests.term, requests.epoch, part));
        }
        for (List<Extent> part : acknowledgments.take()) {
            part.forEach(extent -> blocksAcknowledged += extent.count());
            send.accept(new PeerMessage.Preserved(
                    store.position(), store.usedBytes(), acknowledgments.term, acknowledgments.epoch, part));
        }
    }

    /** The number of preserve requests sent. */
    long requestsSent() {
        return requestsSent;
    }

    /** The number of blocks acknowledged. */
    long blocksAcknowledged() {
        return blocksAcknowledged;
    }
}
