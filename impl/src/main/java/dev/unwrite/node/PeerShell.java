package dev.unwrite.node;

import dev.unwrite.host.PeerChannel;
import dev.unwrite.host.Reply;
import dev.unwrite.host.Saved;
import dev.unwrite.host.Trouble;
import dev.unwrite.peer.MessageId;
import dev.unwrite.peer.PeerLink;
import dev.unwrite.peer.PeerMessage;
import java.io.Closeable;
import org.jspecify.annotations.Nullable;

/** Carries messages between a host and the link to the other one, which the loop serves: all here is its thread's. */
final class PeerShell implements PeerChannel, PeerLink.Listener, Closeable {
    /** As many parts of a state may be on the way to the disk (4 MiB); while they are, no more is received. */
    private static final int PARTS_MAX = 16;

    private final Loop loop;
    private final DiskShell disk;
    private volatile @Nullable PeerLink link;
    private boolean connected;
    private int parts;

    PeerShell(Loop loop, DiskShell disk) {
        this.loop = loop;
        this.disk = disk;
    }

    /** The link; before the loop starts. */
    void connect(PeerLink opened) {
        link = opened;
    }

    /** Messages of one turn go together. */
    @Override
    public void send(PeerMessage message) {
        PeerLink out = link;
        if (out != null) {
            out.send(message);
        }
    }

    @Override
    public void sendState(long term, long epoch, long base, Saved state, Reply<Long> reply) {
        PeerLink out = link;
        if (out == null || !(state instanceof SavedState saved)) {
            loop.post(() -> reply.failed(new Trouble(Trouble.Kind.LOST, "there is no connection to the other host")));
            return;
        }
        StateStream stream = new StateStream(
                out, term, epoch, base, sent -> loop.post(() -> loop.host().stateSent(term, epoch, sent)));
        long connection = out.connection();
        Thread.ofVirtual().name("state").start(() -> stream.send(connection, saved, loop, reply));
    }

    @Override
    public boolean isConnected() {
        return connected;
    }

    @Override
    public void received(PeerMessage message, MessageId id) {
        if (!(message instanceof PeerMessage.StateChunk)) {
            loop.post(() -> loop.host().received(message, id.incarnation()));
            return;
        }
        hold(++parts >= PARTS_MAX);
        loop.post(() -> {
            try {
                loop.host().received(message, id.incarnation());
            } finally {
                disk.whenWritten(() -> loop.post(this::partWritten));
            }
        });
    }

    private void partWritten() {
        hold(--parts >= PARTS_MAX);
    }

    private void hold(boolean on) {
        PeerLink in = link;
        if (in != null) {
            in.hold(on);
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
        PeerLink closing = link;
        if (closing != null) {
            closing.close();
        }
    }
}
