package dev.unwrite.peer;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The link over TCP. */
final class TcpPeerLink implements PeerLink {
    /** A connection over which so long no sign of life came is given up. */
    static final long SILENCE_NANOS_MAX = TimeUnit.SECONDS.toNanos(2);

    private final long incarnation = new SecureRandom().nextLong();
    private final LifeSigns signs = new LifeSigns();
    private final SendQueue queue = new SendQueue();
    private final PeerIdentity identity;
    private final Incoming incoming;
    private final Outgoing outgoing;
    private final Thread dialer;

    TcpPeerLink(PeerConfig config, Listener listener, long silenceNanosMax) throws IOException {
        identity = new PeerIdentity(config, incarnation);
        incoming = new Incoming(config, identity, signs, listener);
        outgoing = new Outgoing(config, identity, signs, queue, listener, silenceNanosMax);
        dialer = Thread.ofPlatform().daemon().name("unwrite-peer-out").unstarted(outgoing);
    }

    void start() {
        Thread.ofPlatform().daemon().name("unwrite-peer-accept").start(incoming::accept);
        Thread.ofPlatform().daemon().name("unwrite-peer-tick").start(incoming::tick);
        dialer.start();
    }

    @Override
    public MessageId send(PeerMessage message) {
        checkKind(message);
        return new MessageId(incarnation, queue.send(message));
    }

    @Override
    public void send(List<PeerMessage> messages) {
        messages.forEach(TcpPeerLink::checkKind);
        queue.send(messages);
    }

    @Override
    public MessageId sendBlocking(long connection, PeerMessage message) throws IOException, InterruptedException {
        checkKind(message);
        return new MessageId(incarnation, queue.sendBlocking(connection, message));
    }

    private static void checkKind(PeerMessage message) {
        if (message instanceof PeerMessage.Hello) {
            throw new IllegalArgumentException("the link itself says Hello");
        }
    }

    @Override
    public long connection() {
        return queue.connectionNumber();
    }

    @Override
    public long lastHeardNanos() {
        return signs.lastNanos();
    }

    @Override
    public boolean everHeard() {
        return signs.ever();
    }

    @Override
    public @Nullable String peerName() {
        return identity.peerName();
    }

    @Override
    public long incarnation() {
        return incarnation;
    }

    @Override
    public InetSocketAddress listenAddress() {
        return incoming.address();
    }

    @Override
    public void close() {
        outgoing.close();
        incoming.close();
        boolean interrupted = false;
        while (!Thread.currentThread().equals(dialer) && dialer.isAlive()) {
            try {
                dialer.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
