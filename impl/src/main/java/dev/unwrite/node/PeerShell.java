package dev.unwrite.node;

import dev.unwrite.host.PeerChannel;
import dev.unwrite.host.Reply;
import dev.unwrite.host.Saved;
import dev.unwrite.host.Trouble;
import dev.unwrite.peer.MessageId;
import dev.unwrite.peer.PeerLink;
import dev.unwrite.peer.PeerMessage;
import java.io.Closeable;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/** Carries messages between a host and the link to the other one. */
final class PeerShell implements PeerChannel, PeerLink.Listener, Closeable {
    /** As many parts of a state may be on the way to the disk (4 MiB); while they are, no more is received. */
    private static final int PARTS_MAX = 16;

    private final Loop loop;
    private final DiskShell disk;
    private final Semaphore parts = new Semaphore(PARTS_MAX);
    private volatile @Nullable PeerLink link;
    /** For the loop's thread. */
    private boolean connected;

    /** What was sent in this turn. For the loop's thread. */
    private List<PeerMessage> sending = new ArrayList<>();
    /** What has come and is to be handed over. For the thread of the link that receives. */
    private List<Runnable> coming = new ArrayList<>();

    PeerShell(Loop loop, DiskShell disk) {
        this.loop = loop;
        this.disk = disk;
        loop.events().atEndOfTurn(this::flush);
    }

    /** The link, which may have called already. */
    void connect(PeerLink opened) {
        link = opened;
    }

    @Override
    public void send(PeerMessage message) {
        sending.add(message);
    }

    /** Messages of one turn go together. */
    private void flush() {
        PeerLink out = link;
        if (!sending.isEmpty()) {
            List<PeerMessage> all = sending;
            sending = new ArrayList<>();
            if (out != null) {
                out.send(all);
            }
        }
    }

    @Override
    public void sendState(long term, long epoch, Saved state, Reply<Long> reply) {
        PeerLink out = link;
        if (out == null || !(state instanceof SavedState saved)) {
            loop.post(() -> reply.failed(new Trouble(Trouble.Kind.LOST, "there is no connection to the other host")));
            return;
        }
        StateStream stream = new StateStream(
                out, term, epoch, sent -> loop.post(() -> loop.host().stateSent(term, epoch, sent)));
        long connection = out.connection();
        Thread.ofVirtual().name("state").start(() -> stream.send(connection, saved, loop, reply));
    }

    @Override
    public boolean isConnected() {
        return connected;
    }

    @Override
    public void received(PeerMessage message, MessageId id) {
        if (message instanceof PeerMessage.StateChunk) {
            drained();
            parts.acquireUninterruptibly();
            loop.post(() -> {
                try {
                    loop.host().received(message, id.incarnation());
                } finally {
                    disk.whenWritten(parts::release);
                }
            });
        } else {
            coming.add(() -> loop.host().received(message, id.incarnation()));
        }
    }

    /** What came together is one event. */
    @Override
    public void drained() {
        if (!coming.isEmpty()) {
            List<Runnable> all = coming;
            coming = new ArrayList<>();
            loop.post(() -> all.forEach(Runnable::run));
        }
    }

    @Override
    public void outgoingUp(PeerMessage.Hello peer, long connection) {
        loop.post(() -> {
            connected = true;
            loop.host().peerUp(peer);
        });
    }

    @Override
    public void outgoingLost() {
        loop.post(() -> {
            connected = false;
            loop.host().peerDown();
        });
    }

    /** On return the link calls no more. */
    @Override
    public void close() {
        // The link waits for its thread, which may wait here for a loop that has ended.
        parts.release(Integer.MAX_VALUE / 2);
        PeerLink closing = link;
        if (closing != null) {
            closing.close();
        }
    }
}
